"""What real publications lack or get strange: chosen here, so that readers meet it in synthetic data too."""

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gp_segmentation.sources.synthetic.achievement import Achievement
from gp_segmentation.sources.synthetic.calibration import (
    ABSENT_PCAS_ROWS,
    ABSENT_POINTS_ROWS,
    DORMANT,
    WITHOUT_ETHNICITY,
    WITHOUT_IMD,
    Calibration,
)
from gp_segmentation.utils.arrays import Floats, Ints

Flags = NDArray[np.bool_]
#: Share of practice postcodes that Code-Point Open does not have.
LOST_POSTCODES = 0.005
NO_REGISTERS, ABOVE_LIST = "all registers zero", "register above its list"


@dataclass(frozen=True)
class Quirks:
    """One flag per practice and quirk."""

    not_in_qof: Flags
    unallocated: Flags
    without_imd: Flags
    without_ethnicity: Flags
    without_point: Flags
    dormant: Flags
    no_registers: Flags
    above_list: Flags


def draw_quirks(
    calibration: Calibration, special: NDArray[np.str_], not_in_qof: int, rng: np.random.Generator
) -> Quirks:
    """Choose practices for each quirk, in the numbers of 2024-25 scaled to this England, at least one each.

    The practice without registers is a homeless service, the one with more patients on a register than on
    its list a care-home list, as in reality.
    """
    n = len(special)
    ordinary = np.flatnonzero(special == "")
    left_out = _some(ordinary, not_in_qof, n, rng)
    published = np.flatnonzero(~left_out)

    def scaled(count: float) -> Flags:
        return _some(published, max(1, round(count * n / calibration.registered_practices)), n, rng)

    return Quirks(
        not_in_qof=left_out,
        unallocated=scaled(calibration.without_pcn),
        without_imd=scaled(WITHOUT_IMD),
        without_ethnicity=scaled(WITHOUT_ETHNICITY),
        without_point=_some(np.arange(n), max(1, round(LOST_POSTCODES * n)), n, rng),
        dormant=scaled(DORMANT),
        no_registers=_some(np.flatnonzero(special == "homeless_inclusion"), 1, n, rng),
        above_list=_some(np.flatnonzero(special == "care_home_list"), 1, n, rng),
    )


def _some(among: Ints, count: int, n: int, rng: np.random.Generator) -> Flags:
    flags = np.zeros(n, dtype=bool)
    flags[rng.choice(among, size=min(count, len(among)), replace=False)] = True
    return flags


def disturb_registers(registers: Ints, groups: tuple[str, ...], list_size: Ints, quirks: Quirks) -> Ints:
    """Registers with one practice's all zero and another's learning disability register above its list."""
    registers = registers.copy()
    registers[quirks.no_registers] = 0
    registers[quirks.above_list, groups.index("LD")] = list_size[quirks.above_list] + 1
    return registers


def drop_rows(achievement: Achievement, scale: float, rng: np.random.Generator) -> Achievement:
    """Leave out rows of personalised care adjustments and of points where nobody is eligible.

    `scale` is the size of this England over the real one: as many rows are dropped as are missing there, or
    all candidates when there are fewer.
    """
    nobody = (achievement.denominator + achievement.pcas == 0) | (achievement.register == 0)
    pcas = _blank(achievement.pcas, achievement.pcas == 0, nobody, ABSENT_PCAS_ROWS * scale, rng)
    points = _blank(achievement.points, achievement.points >= 0, nobody, ABSENT_POINTS_ROWS * scale, rng)
    earned = np.where(nobody & (points > 0), 0.0, points)
    return dataclasses.replace(achievement, pcas=pcas, points=earned)


def _blank(values: Floats, present: Flags, nobody: Flags, count: float, rng: np.random.Generator) -> Floats:
    values = values.copy()
    candidates = np.flatnonzero(present & nobody)
    chosen = rng.choice(candidates, size=min(round(count), len(candidates)), replace=False)
    values.flat[chosen] = np.nan
    return values
