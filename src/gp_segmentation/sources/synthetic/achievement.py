"""Indicators: eligible patients, personalised care adjustments, numerators and points (step 9)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from gp_segmentation.sources.synthetic.calibration import Calibration, stream, times
from gp_segmentation.sources.synthetic.points import points_of_declarations, points_of_rates
from gp_segmentation.utils.arrays import Floats, Ints

#: Bands (0 = 0-4 years) whose patients an indicator without a register of its own counts, and whose sex.
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


@dataclass(frozen=True)
class Population:
    """What achievement depends on: per practice the units it belongs to, its patients and its registers.

    `patients` (n, 2, 20) women then men; `registers` (n, 21) with `groups` naming the columns;
    `covariates` (n, 3) IMD score, non-white share and share aged 65 or over.
    """

    icb: Ints
    pcn: Ints
    patients: Ints
    registers: Ints
    groups: tuple[str, ...]
    covariates: Floats


@dataclass(frozen=True)
class Achievement:
    """Counts (n, indicators) in the order of `indicators`; NaN where the publication has no such row."""

    indicators: tuple[dict[str, Any], ...]
    register: Floats
    numerator: Floats
    denominator: Floats
    pcas: Floats
    newly_diagnosed: Floats
    points: Floats


def draw_achievement(calibration: Calibration, population: Population, seed: int) -> Achievement:
    """Every indicator of every practice; `seed` gives each part of the step its own random numbers."""
    indicators = tuple(sorted(calibration.raw["achievement"]["indicators"], key=lambda i: i["code"]))
    counted = [j for j, entry in enumerate(indicators) if "denominator" in entry]
    rated = [indicators[j] for j in counted]
    eligible = _eligible(calibration, rated, population, stream(seed, "eligible"))
    pcas = _pcas(rated, population, eligible, stream(seed, "pcas"))
    denominator = eligible - pcas
    rate = _rates(calibration, rated, population, denominator, stream(seed, "rates"))
    numerator = stream(seed, "numerators").binomial(denominator, rate)

    shape = (len(population.icb), len(indicators))
    full = [np.full(shape, np.nan) for _ in range(3)]
    for target, values in zip(full, (numerator, denominator, pcas), strict=True):
        target[:, counted] = values
    points = points_of_declarations(
        np.array([entry["points_achieved_share"] for entry in indicators]),
        np.array([entry["points"] for entry in indicators], dtype=float),
        len(population.icb),
        stream(seed, "declarations"),
    )
    maximum = np.array([entry["points"] for entry in rated], dtype=float)
    codes = [entry["code"] for entry in rated]
    points[:, counted] = points_of_rates(codes, maximum, numerator, denominator)
    return Achievement(
        indicators,
        register=_register_rows(indicators, population),
        numerator=full[0],
        denominator=full[1],
        pcas=full[2],
        newly_diagnosed=_newly_diagnosed(indicators, population, full, stream(seed, "newly diagnosed")),
        points=points,
    )


def _eligible(
    calibration: Calibration, rated: list[dict[str, Any]], population: Population, rng: np.random.Generator
) -> Ints:
    """Patients an indicator asks about: a part of the register, of an age group or of several registers.

    The part is England's, times a log-normal error of the ICB.
    """
    base = np.column_stack([_base(entry, population) for entry in rated])
    part = np.array([_part(calibration, entry) for entry in rated])
    spread = np.array([entry["sd_icb_log_eligible_share"] for entry in rated])
    normals = rng.standard_normal((int(population.icb.max()) + 1, len(rated)))
    share = np.minimum(part * np.exp(spread * normals - spread**2 / 2), 1.0)
    return rng.binomial(base, share[population.icb])


def _base(entry: dict[str, Any], population: Population) -> Ints:
    if "eligible_share_of_register" in entry and entry["group"] in population.groups:
        return population.registers[:, population.groups.index(entry["group"])]
    if entry["code"] in REGISTERS_OF:
        columns = [population.groups.index(group) for group in REGISTERS_OF[entry["code"]]]
        return population.registers[:, columns].sum(axis=1)
    sexes, bands = AGES_OF_LIST_TYPE.get(entry["list_type"], AGED_15_OVER)
    return population.patients[:, sexes][:, :, bands].sum(axis=(1, 2))


def _part(calibration: Calibration, entry: dict[str, Any]) -> float:
    """Eligible patients in England over the patients of `_base` in England."""
    if "eligible_share_of_register" in entry:
        return float(entry["eligible_share_of_register"])
    eligible = entry["denominator"] + entry["pcas"]
    if entry["code"] in REGISTERS_OF:
        registers = {
            other["group"]: other["register"]
            for other in calibration.raw["achievement"]["indicators"]
            if "register" in other
        }
        return float(eligible / sum(registers[group] for group in REGISTERS_OF[entry["code"]]))
    sexes, bands = AGES_OF_LIST_TYPE.get(entry["list_type"], AGED_15_OVER)
    fine = calibration.raw["fine_structure"]
    england = np.array([fine["female_england"], fine["male_england"]])
    return float(eligible / england[list(sexes)][:, list(bands)].sum())


def _pcas(
    rated: list[dict[str, Any]], population: Population, eligible: Ints, rng: np.random.Generator
) -> Ints:
    """Personalised care adjustments: binomial, the logit of their rate varying between ICBs and practices."""
    between = np.array([entry["sd_icb_pca"] for entry in rated])
    within = np.array([entry["sd_practice_pca_assumed"] for entry in rated])
    level = np.array([entry["intercept_pca"] for entry in rated])
    of_icb = between * rng.standard_normal((int(population.icb.max()) + 1, len(rated)))
    of_practice = within * rng.standard_normal(eligible.shape)
    wanted = np.array([entry["pca_rate"] for entry in rated])
    return rng.binomial(eligible, at_level(level + of_icb[population.icb] + of_practice, eligible, wanted))


def _rates(
    calibration: Calibration,
    rated: list[dict[str, Any]],
    population: Population,
    denominator: Ints,
    rng: np.random.Generator,
) -> Floats:
    """Rates (n, rated): logit = intercept + beta . x_pcn + correlated errors of ICB, PCN and practice."""
    loadings = np.array([entry["loadings"] for entry in rated])
    unique = np.sqrt([entry["unique"] for entry in rated])

    def errors(units: int, sd: str) -> Floats:
        common = times(loadings, rng.standard_normal((units, loadings.shape[1])))
        own = unique * rng.standard_normal((units, len(rated)))
        return np.array([entry[sd] for entry in rated]) * (common + own)

    score = np.array([entry["intercept"] for entry in rated])
    score = score + times(
        np.array([entry["beta"] for entry in rated]), _pcn_covariates(calibration, population)
    )
    score += errors(int(population.icb.max()) + 1, "sd_icb_model")[population.icb]
    score += errors(int(population.pcn.max()) + 1, "sd_pcn")[population.pcn]
    score += errors(len(population.icb), "sd_practice")
    return at_level(score, denominator, np.array([entry["rate"] for entry in rated]))


def at_level(score: Floats, weight: Ints, wanted: Floats) -> Floats:
    """Rates from logits (n, m), each column moved so that its weighted mean is England's, `wanted` (m,).

    The random effects of 42 ICBs and the slopes would otherwise leave England a percentage point away. A
    column without weight is left where it is. Newton's method; the mean rises with the shift.
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
    """The network's list-weighted covariates, less England's, over their real spread between networks."""
    size = population.patients.sum(axis=(1, 2)).astype(float)
    of_pcn = np.bincount(population.pcn, size)
    columns = []
    for column, sd in zip(population.covariates.T, _spreads(calibration), strict=True):
        mean = (np.bincount(population.pcn, size * column) / of_pcn)[population.pcn]
        columns.append((mean - np.average(column, weights=size)) / sd)
    return np.column_stack(columns)


def _spreads(calibration: Calibration) -> list[float]:
    return list(calibration.raw["achievement"]["covariate_sd_pcn"])


def _register_rows(indicators: tuple[dict[str, Any], ...], population: Population) -> Floats:
    register = np.full((len(population.icb), len(indicators)), np.nan)
    for j, entry in enumerate(indicators):
        if "REGISTER" in entry["measures"]:
            register[:, j] = population.registers[:, population.groups.index(entry["group"])]
    return register


def _newly_diagnosed(
    indicators: tuple[dict[str, Any], ...],
    population: Population,
    counts: list[Floats],
    rng: np.random.Generator,
) -> Floats:
    """New diagnoses: the eligible patients and England's further share of them."""
    new = np.full((len(population.icb), len(indicators)), np.nan)
    for j, entry in enumerate(indicators):
        if "newly_diagnosed" in entry:
            eligible = counts[1][:, j] + counts[2][:, j]
            further = entry["newly_diagnosed"] / (entry["denominator"] + entry["pcas"]) - 1
            new[:, j] = eligible + rng.poisson(eligible * further)
    return new
