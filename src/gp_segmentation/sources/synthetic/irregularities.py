"""Gaps and oddities of the real publications, planted so that readers meet them in synthetic data too."""

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gp_segmentation.sources.synthetic.achievement import DrawnCounts
from gp_segmentation.sources.synthetic.calibration import Calibration
from gp_segmentation.utils.arrays import Floats, Ints

Flags = NDArray[np.bool_]
#: Numbers of practices and of missing rows in the real England of 2024-25.
WITHOUT_IMD, WITHOUT_ETHNICITY, DORMANT = 45, 3, 39
ABSENT_PCAS_ROWS, ABSENT_POINTS_ROWS = 183, 282
#: Share of practice postcodes that Code-Point Open does not have.
LOST_POSTCODES = 0.005
NO_REGISTERS, ABOVE_LIST = "all registers zero", "register above its list"


@dataclass(frozen=True)
class Irregularities:
    """One flag per practice and irregularity."""

    not_in_qof: Flags
    unallocated: Flags
    without_imd: Flags
    without_ethnicity: Flags
    without_point: Flags
    dormant: Flags
    no_registers: Flags
    above_list: Flags


def draw_irregularities(
    calibration: Calibration, special: NDArray[np.str_], not_in_qof: int, rng: np.random.Generator
) -> Irregularities:
    """Choose practices for each irregularity: the numbers of 2024-25 scaled to this England, at least one.

    As in reality, the practice without registers is a homeless service, and the practice with more patients
    on a register than on its list is a care-home list.
    """
    n = len(special)

    def choose(among: Ints, count: int) -> Flags:
        flags = np.zeros(n, dtype=bool)
        flags[rng.choice(among, size=min(count, len(among)), replace=False)] = True
        return flags

    left_out = choose(np.flatnonzero(special == ""), not_in_qof)
    published = np.flatnonzero(~left_out)

    def scaled(count: float) -> Flags:
        return choose(published, max(1, round(count * n / calibration.registered_practices)))

    return Irregularities(
        not_in_qof=left_out,
        unallocated=scaled(calibration.without_pcn),
        without_imd=scaled(WITHOUT_IMD),
        without_ethnicity=scaled(WITHOUT_ETHNICITY),
        without_point=choose(np.arange(n), max(1, round(LOST_POSTCODES * n))),
        dormant=scaled(DORMANT),
        no_registers=choose(np.flatnonzero(special == "homeless_inclusion"), 1),
        above_list=choose(np.flatnonzero(special == "care_home_list"), 1),
    )


def disturb_registers(
    registers: dict[str, Ints], list_size: Ints, planted: Irregularities
) -> dict[str, Ints]:
    """Set one practice's registers to zero and another's learning disability register above its list."""
    disturbed = {group: np.where(planted.no_registers, 0, count) for group, count in registers.items()}
    return disturbed | {"LD": np.where(planted.above_list, list_size + 1, disturbed["LD"])}


def drop_rows(counts: DrawnCounts, scale: float, rng: np.random.Generator) -> DrawnCounts:
    """Leave out rows of personalised care adjustments and of points where no patient is eligible.

    As many rows are dropped as are missing in the real England times `scale`, the size of this England over
    the real one; all candidates if there are fewer.
    """
    nobody = (counts.denominator + counts.pcas == 0) | (counts.register == 0)

    def blank(values: Floats, candidates: Flags, count: float) -> Floats:
        values, rows = values.copy(), np.flatnonzero(candidates)
        values.flat[rng.choice(rows, size=min(round(count), len(rows)), replace=False)] = np.nan
        return values

    pcas = blank(counts.pcas, nobody & (counts.pcas == 0), ABSENT_PCAS_ROWS * scale)
    points = blank(counts.points, nobody & (counts.points >= 0), ABSENT_POINTS_ROWS * scale)
    return dataclasses.replace(counts, pcas=pcas, points=np.where(nobody & (points > 0), 0.0, points))
