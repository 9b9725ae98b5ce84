"""Patients by sex and five-year age band, QOF list types and disease registers (steps 6 to 8)."""

import numpy as np
from scipy.special import expit, logit

from gp_segmentation.sources.synthetic.calibration import Calibration
from gp_segmentation.utils.arrays import Floats, Ints

BROAD_AGES = ("a0_14", "a15_24", "a25_44", "a45_64", "a65_74", "a75p")
#: Part of the spread of a band's share that is drawn; the rest comes from the broad ages.
BAND_SPREAD = 0.9


def broad_age_shares(age_logits: Floats) -> Floats:
    """Return shares of six broad ages (n, 6), which sum to one, from the five nested logits (n, 5)."""
    p65, p75, child, young, middle = expit(age_logits).T
    under, adult = 1 - p65, (1 - p65) * (1 - child)
    return np.column_stack(
        [
            under * child,
            adult * young,
            adult * (1 - young) * (1 - middle),
            adult * (1 - young) * middle,
            p65 * (1 - p75),
            p65 * p75,
        ]
    )


def draw_patients(
    calibration: Calibration,
    list_size: Ints,
    age_logits: Floats,
    female_logit: Floats,
    rng: np.random.Generator,
) -> Ints:
    """Draw patients of each practice by sex (female, male) and band: (n, 2, 20), summing to `list_size`.

    A broad age is split into bands by England's shares, each times a log-normal error. Women's share of a
    band is England's, shifted on the logit scale so that women's share of the list is the practice's.
    """
    fine = calibration.raw["fine_structure"]
    broad = np.array([BROAD_AGES.index(name) for name in fine["broad_age_of_band"]])
    spread = BAND_SPREAD * np.array(fine["sd_log_share_within_broad_age"])
    split = np.array(fine["share_within_broad_age"]) * np.exp(
        spread * rng.standard_normal((len(list_size), len(broad)))
    )
    for group in range(len(BROAD_AGES)):
        split[:, broad == group] /= split[:, broad == group].sum(axis=1, keepdims=True)
    bands = broad_age_shares(age_logits)[:, broad] * split
    women = _women(bands, logit(np.array(fine["female_share_of_band"])), female_logit)
    cells: Floats = np.concatenate([bands * women, bands * (1 - women)], axis=1) * list_size[:, None]
    return whole_numbers(cells, list_size).reshape(len(cells), 2, -1)


def _women(bands: Floats, england: Floats, wanted: Floats) -> Floats:
    """Return women's share of each band (n, 20), with logit share of the whole list `wanted` (n,)."""
    shift = np.zeros_like(wanted)
    for _ in range(6):
        share = (bands * expit(england + shift[:, None])).sum(axis=1)
        shift = shift + wanted - logit(share)
    return expit(england + shift[:, None])


def whole_numbers(cells: Floats, totals: Ints) -> Ints:
    """Round each row of `cells` to whole numbers that sum to its total, by largest remainders."""
    whole = np.floor(cells).astype(np.int64)
    missing = totals - whole.sum(axis=1)
    place = np.argsort(np.argsort(whole - cells, axis=1, kind="stable"), axis=1, kind="stable")
    return whole + (place < missing[:, None])


def list_types(calibration: Calibration, patients: Ints, rng: np.random.Generator) -> dict[str, Ints]:
    """Draw the size of each QOF list type of each practice, ``TOTAL`` and those from an age on.

    A list that begins inside a band lacks the band's younger patients, whose number is drawn year by year.
    """
    part = calibration.raw["fine_structure"]["list_types"]
    band = patients.sum(axis=1)
    total = band.sum(axis=1)
    from_15 = total - band[:, :3].sum(axis=1)
    teens, younger, lists = band[:, 3], np.zeros_like(total), {"TOTAL": total}
    lists["06OV"] = total - band[:, 0] - rng.binomial(band[:, 1], part["part_of_5_9_under_6"])
    passed = 0.0
    for age in (16, 17, 18):
        reached = part[f"part_of_15_19_under_{age}"]
        younger = younger + rng.binomial(teens - younger, (reached - passed) / (1 - passed))
        passed = reached
        lists[f"{age}OV"] = from_15 - younger
    lists["50OV"] = band[:, 10:].sum(axis=1)
    return lists


def register_list_types(calibration: Calibration) -> dict[str, str]:
    """Return the list type on which each register's prevalence is counted, by register group, sorted."""
    return dict(sorted(calibration.raw["fine_structure"]["list_types"]["register_list_type"].items()))


def count_registers(calibration: Calibration, x: Floats, lists: dict[str, Ints]) -> dict[str, Ints]:
    """Return patients on each register (n,), by group: p (d + 1) - 1/2 rounded, clipped to 0..d.

    d is the size of the register's list type. This inverts the latent scale,
    logit p = logit((register + 1/2) / (d + 1)).
    """
    registers = {}
    for group, list_type in register_list_types(calibration).items():
        share = expit(x[:, calibration.archetypes.names.index(f"prev_{group}")])
        register = np.rint(share * (lists[list_type] + 1) - 0.5).astype(np.int64)
        registers[group] = np.clip(register, 0, lists[list_type])
    return registers
