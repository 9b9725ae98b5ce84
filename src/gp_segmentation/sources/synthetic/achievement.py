"""QOF indicators: eligible patients, personalised care adjustments, numerators and points (step 9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from gp_segmentation.sources.synthetic.calibration import Calibration, stream, times
from gp_segmentation.utils.arrays import Floats, Ints

#: Sex and bands (0 = 0-4 years) that an indicator without a register of its own counts, by list type.
BOTH, WOMEN = (0, 1), (0,)
AGES_OF_LIST_TYPE = {
    "UN01": (BOTH, (0,)),
    "1_2": (BOTH, (0,)),
    "4_5": (BOTH, (0, 1)),
    "79_80": (BOTH, (15, 16)),
    "25_49_F": (WOMEN, (5, 6, 7, 8, 9)),
    "50_64_F": (WOMEN, (10, 11, 12)),
    "45OV": (BOTH, tuple(range(9, 20))),
}
#: Conditions that make a patient eligible, for indicators over several registers.
REGISTERS_OF = {
    "CHOL003": ("CHD", "CKD", "PAD", "STIA"),
    "CHOL004": ("CHD", "PAD", "STIA"),
    "SMOK002": ("AST", "CHD", "CKD", "COPD", "DM", "HYP", "MH", "PAD", "STIA"),
    "SMOK005": ("AST", "CHD", "CKD", "COPD", "DM", "HYP", "MH", "PAD", "STIA"),
}
AGED_15_OVER = (BOTH, tuple(range(3, 20)))
#: Lower and upper payment threshold in percent. Approximate, from memory of the QOF guidance: good enough for
#: points of the right size, but not those of any year's contract.
THRESHOLDS = {
    "AF006": (40, 90), "AF008": (70, 95), "AST007": (45, 70), "AST008": (45, 80), "AST011": (45, 80),
    "BP002": (50, 90), "CAN004": (50, 90), "CAN005": (70, 90), "CHD005": (56, 96), "CHD015": (40, 77),
    "CHD016": (46, 86), "CHOL003": (70, 95), "CHOL004": (20, 35), "COPD010": (50, 90), "COPD014": (40, 90),
    "CS005": (45, 80), "CS006": (45, 80), "DEM004": (35, 70), "DEP004": (45, 80), "DM006": (57, 97),
    "DM012": (50, 90), "DM014": (40, 90), "DM020": (35, 75), "DM021": (52, 92), "DM022": (50, 90),
    "DM023": (50, 90), "DM033": (38, 78), "HF003": (60, 92), "HF006": (60, 92), "HF007": (50, 90),
    "HF008": (50, 90), "HYP008": (40, 77), "HYP009": (40, 80), "MH002": (40, 90), "MH003": (50, 90),
    "MH006": (50, 90), "MH007": (50, 90), "MH011": (50, 90), "MH012": (50, 90), "MH021": (40, 90),
    "NDH002": (50, 90), "SMOK002": (50, 90), "SMOK004": (40, 90), "SMOK005": (56, 96), "STIA007": (57, 97),
    "STIA014": (40, 73), "STIA015": (46, 86), "VI001": (89, 96), "VI002": (86, 96), "VI003": (81, 96),
    "VI004": (50, 60),
}  # fmt: skip


@dataclass(frozen=True)
class Population:
    """What the indicators of each practice depend on: its ICB and PCN, its patients and its registers.

    `patients` (n, 2, 20) women then men by five-year band; `registers` group -> patients (n,); `covariates`
    (n, 3) IMD score, non-white share and share aged 65 or over.
    """

    icb: Ints
    pcn: Ints
    patients: Ints
    registers: dict[str, Ints]
    covariates: Floats


@dataclass(frozen=True)
class DrawnCounts:
    """Counts (n, indicators) in the order of `indicators`; NaN where the publication has no such row."""

    indicators: tuple[dict[str, Any], ...]
    register: Floats
    numerator: Floats
    denominator: Floats
    pcas: Floats
    newly_diagnosed: Floats
    points: Floats


def draw_counts(calibration: Calibration, population: Population, seed: int) -> DrawnCounts:
    """Draw every indicator of every practice; each part of the step has its own random numbers."""
    indicators = tuple(sorted(calibration.raw["achievement"]["indicators"], key=lambda i: i["code"]))
    columns = [j for j, entry in enumerate(indicators) if "denominator" in entry]
    rated = [indicators[j] for j in columns]
    eligible = _eligible(calibration, rated, population, stream(seed, "eligible"))
    pcas = _pcas(rated, population, eligible, stream(seed, "pcas"))
    denominator = eligible - pcas
    rate = _rates(calibration, rated, population, denominator, stream(seed, "rates"))
    numerator = stream(seed, "numerators").binomial(denominator, rate)
    new = _newly_diagnosed(rated, eligible, stream(seed, "newly diagnosed"))

    def all_indicators(values: Floats | Ints) -> Floats:
        table = np.full((len(population.icb), len(indicators)), np.nan)
        table[:, columns] = values
        return table

    share, maximum = _values(indicators, "points_achieved_share"), _values(indicators, "points")
    points = points_of_declarations(share, maximum, len(population.icb), stream(seed, "declarations"))
    codes = [entry["code"] for entry in rated]
    points[:, columns] = points_of_rates(codes, maximum[columns], numerator, denominator)
    absent = np.full(len(population.icb), np.nan)
    return DrawnCounts(
        indicators,
        register=np.column_stack(
            [population.registers[i["group"]] if "REGISTER" in i["measures"] else absent for i in indicators]
        ),
        numerator=all_indicators(numerator),
        denominator=all_indicators(denominator),
        pcas=all_indicators(pcas),
        newly_diagnosed=all_indicators(new),
        points=points,
    )


def _values(indicators: Sequence[dict[str, Any]], key: str) -> Floats:
    return np.array([entry[key] for entry in indicators], dtype=float)


def _eligible(
    calibration: Calibration, rated: list[dict[str, Any]], population: Population, rng: np.random.Generator
) -> Ints:
    """Draw the patients an indicator is about: a part of a register, of an age group or of several registers.

    The part is England's, times a log-normal error of the ICB.
    """
    base = np.column_stack([_base(entry, population) for entry in rated])
    part = np.array([_part(calibration, entry) for entry in rated])
    spread = _values(rated, "sd_icb_log_eligible_share")
    normals = rng.standard_normal((int(population.icb.max()) + 1, len(rated)))
    share = np.minimum(part * np.exp(spread * normals - spread**2 / 2), 1.0)
    return rng.binomial(base, share[population.icb])


def _base(entry: dict[str, Any], population: Population) -> Ints:
    """Return the patients of each practice (n,) of whom a part is eligible."""
    if "eligible_share_of_register" in entry and entry["group"] in population.registers:
        return population.registers[entry["group"]]
    if entry["code"] in REGISTERS_OF:
        return np.sum([population.registers[group] for group in REGISTERS_OF[entry["code"]]], axis=0)
    sexes, bands = AGES_OF_LIST_TYPE.get(entry["list_type"], AGED_15_OVER)
    return population.patients[:, sexes][:, :, bands].sum(axis=(1, 2))


def _part(calibration: Calibration, entry: dict[str, Any]) -> float:
    """Return England's eligible patients over England's patients of `_base`."""
    if "eligible_share_of_register" in entry:
        return float(entry["eligible_share_of_register"])
    eligible = entry["denominator"] + entry["pcas"]
    if entry["code"] in REGISTERS_OF:
        indicators = calibration.raw["achievement"]["indicators"]
        registers = {other["group"]: other["register"] for other in indicators if "register" in other}
        return float(eligible / sum(registers[group] for group in REGISTERS_OF[entry["code"]]))
    sexes, bands = AGES_OF_LIST_TYPE.get(entry["list_type"], AGED_15_OVER)
    fine = calibration.raw["fine_structure"]
    england = np.array([fine["female_england"], fine["male_england"]])
    return float(eligible / england[list(sexes)][:, list(bands)].sum())


def _pcas(
    rated: list[dict[str, Any]], population: Population, eligible: Ints, rng: np.random.Generator
) -> Ints:
    """Draw personalised care adjustments: binomial, with a logit rate that varies by ICB and practice."""
    normals = rng.standard_normal((int(population.icb.max()) + 1, len(rated)))
    of_icb = _values(rated, "sd_icb_pca") * normals
    of_practice = _values(rated, "sd_practice_pca_assumed") * rng.standard_normal(eligible.shape)
    score = _values(rated, "intercept_pca") + of_icb[population.icb] + of_practice
    return rng.binomial(eligible, at_level(score, eligible, _values(rated, "pca_rate")))


def _rates(
    calibration: Calibration,
    rated: list[dict[str, Any]],
    population: Population,
    denominator: Ints,
    rng: np.random.Generator,
) -> Floats:
    """Draw rates (n, rated): logit = intercept + beta . x_pcn + correlated errors of ICB, PCN, practice."""
    loadings, unique = _values(rated, "loadings"), np.sqrt(_values(rated, "unique"))

    def errors(units: int, sd: str) -> Floats:
        common = times(loadings, rng.standard_normal((units, loadings.shape[1])))
        own = unique * rng.standard_normal((units, len(rated)))
        return _values(rated, sd) * (common + own)

    covariates = _pcn_covariates(calibration, population)
    score = _values(rated, "intercept") + times(_values(rated, "beta"), covariates)
    score += errors(int(population.icb.max()) + 1, "sd_icb_model")[population.icb]
    score += errors(int(population.pcn.max()) + 1, "sd_pcn")[population.pcn]
    score += errors(len(population.icb), "sd_practice")
    return at_level(score, denominator, _values(rated, "rate"))


def at_level(score: Floats, weight: Ints, wanted: Floats) -> Floats:
    """Return rates from logits (n, m), each column shifted so that its weighted mean is `wanted` (m,).

    `wanted` is England's rate: the random effects of 42 ICBs and the slopes would otherwise move England by a
    percentage point. A column without weight is not shifted. Newton's method; the mean rises with the shift.
    """
    total = np.maximum(weight.sum(axis=0), 1)
    shift = np.zeros(score.shape[1])
    for _ in range(8):
        rate = expit(score + shift)
        mean = (weight * rate).sum(axis=0) / total
        slope = (weight * rate * (1 - rate)).sum(axis=0) / total
        shift = shift + np.where(slope > 0, (wanted - mean) / np.maximum(slope, 1e-6), 0.0)
    rates: Floats = expit(score + shift)
    return rates


def _pcn_covariates(calibration: Calibration, population: Population) -> Floats:
    """Return each network's list-weighted covariates minus England's, over their real SD between networks."""
    size = population.patients.sum(axis=(1, 2)).astype(float)
    of_pcn = np.bincount(population.pcn, size)
    columns = []
    spreads = calibration.raw["achievement"]["covariate_sd_pcn"]
    for column, sd in zip(population.covariates.T, spreads, strict=True):
        mean = (np.bincount(population.pcn, size * column) / of_pcn)[population.pcn]
        columns.append((mean - np.average(column, weights=size)) / sd)
    return np.column_stack(columns)


def _newly_diagnosed(rated: list[dict[str, Any]], eligible: Ints, rng: np.random.Generator) -> Floats:
    """Draw new diagnoses: the eligible patients and a further share of them, England's."""
    new = np.full(eligible.shape, np.nan)
    for j, entry in enumerate(rated):
        if "newly_diagnosed" in entry:
            further = entry["newly_diagnosed"] / (entry["denominator"] + entry["pcas"]) - 1
            new[:, j] = eligible[:, j] + rng.poisson(eligible[:, j] * further)
    return new


def points_of_rates(codes: list[str], maximum: Floats, numerator: Ints, denominator: Ints) -> Floats:
    """Return points of indicators with a rate: zero up to the lower threshold, `maximum` from the upper one.

    Linear in between; rounded to two decimals, as published; zero where the denominator is zero.
    """
    lower, upper = np.array([THRESHOLDS[code] for code in codes]).T / 100
    rate = numerator / np.maximum(denominator, 1)
    part = np.clip((rate - lower) / (upper - lower), 0, 1)
    points: Floats = np.round(np.where(denominator > 0, part, 0) * maximum, 2)
    return points


def points_of_declarations(
    share: Floats, maximum: Floats, practices: int, rng: np.random.Generator
) -> Floats:
    """Draw points of registers and quality improvement: `share` of the practices earn all, others none."""
    return np.where(rng.random((practices, len(share))) < share, maximum, 0.0)
