"""A whole synthetic England in memory: every step in turn, before anything is written."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from gp_segmentation.errors import ConfigError
from gp_segmentation.sources.synthetic import ages, naming
from gp_segmentation.sources.synthetic.achievement import Achievement, Population, draw_achievement
from gp_segmentation.sources.synthetic.calibration import Calibration, load, stream
from gp_segmentation.sources.synthetic.geography import Geography, draw_geography
from gp_segmentation.sources.synthetic.irregularities import (
    ABOVE_LIST,
    NO_REGISTERS,
    Quirks,
    disturb_registers,
    draw_quirks,
    drop_rows,
)
from gp_segmentation.sources.synthetic.latent import draw_latent, to_variables
from gp_segmentation.sources.synthetic.registers import count_registers, register_list_types
from gp_segmentation.sources.synthetic.special import list_sizes, plant_special
from gp_segmentation.utils.arrays import Floats, Ints


class Practice(NamedTuple):
    """A row of `England.practices`, typed."""

    practice_code: str
    practice_name: str
    in_qof: bool
    status: str
    region: int
    icb: int
    sub_icb: int
    pcn_code: str
    pcn_name: str
    postcode: str
    longitude: float
    latitude: float
    on_map: bool
    list_size: int
    imd: float
    nonwhite_share: float
    archetype: int
    special: str
    quirk: str


@dataclass(frozen=True)
class England:
    """One drawn England.

    Attributes
    ----------
    practices : one row per registered practice in the order of their codes: practice_code, practice_name,
        in_qof (False: known to the registrations only), status, region, icb and sub_icb (numbers into
        `calibration` and of the location), pcn_code, pcn_name, postcode, longitude, latitude, on_map (False:
        the postcode is missing from Code-Point Open), list_size, imd and nonwhite_share (NaN: not
        published), archetype (1..5), special (class or ""), quirk (what was planted or "").
    patients : (n, 2, 20) women then men by five-year band.
    lists : practice by list type, patients.
    registers : practice by register group, patients.
    achievement : counts of every practice, in the order of `practices`.
    """

    calibration: Calibration
    practices: pd.DataFrame
    patients: Ints
    lists: pd.DataFrame
    registers: pd.DataFrame
    achievement: Achievement

    def records(self) -> list[Practice]:
        """The rows of `practices`, in order."""
        return [Practice(*row) for row in self.practices.itertuples(index=False, name=None)]


@dataclass(frozen=True)
class _People:
    """Counts of each practice: its list, patients by sex and band, list types and registers."""

    size: Ints
    patients: Ints
    lists: dict[str, Ints]
    registers: Ints
    groups: tuple[str, ...]


def draw_england(seed: int, practices: int = 6200) -> England:
    """Draw an England of `practices` practices in QOF, and in proportion those in the registrations only.

    The same seed and number give the same England; every step has its own random numbers.

    Raises
    ------
    ConfigError
        when `practices` is smaller than the number of ICBs.
    """
    calibration = load()
    total = practices + _only_registered(calibration, practices)
    place = draw_geography(calibration, total, stream(seed, "geography"))
    archetype, z = draw_latent(calibration, place, stream(seed, "latent"))
    variables = to_variables(calibration.archetypes, z)
    x, special = plant_special(calibration, variables, stream(seed, "special"))
    quirks = draw_quirks(calibration, special, total - practices, stream(seed, "quirks"))
    value = dict(zip(calibration.archetypes.names, x.T, strict=True))
    people = _people(calibration, x, list_sizes(value["log_list"], special), quirks, seed)
    imd, nonwhite = value["sqrt_imd"] ** 2, expit(value["nonwhite"])
    aged_65 = people.patients[:, :, 13:].sum(axis=(1, 2)) / people.size
    population = Population(
        icb=place.icb,
        pcn=place.pcn,
        patients=people.patients,
        registers=people.registers,
        groups=people.groups,
        covariates=np.column_stack([imd, nonwhite, aged_65]),
    )
    achievement = draw_achievement(calibration, population, seed)
    frame = _practices(calibration, place, quirks, seed).assign(
        list_size=people.size,
        imd=np.where(quirks.without_imd, np.nan, imd),
        nonwhite_share=np.where(quirks.without_ethnicity, np.nan, nonwhite),
        archetype=archetype + 1,
        special=special,
        quirk=_quirk_names(quirks),
    )
    index = pd.Index(frame["practice_code"])
    return England(
        calibration=calibration,
        practices=frame,
        patients=people.patients,
        lists=pd.DataFrame(people.lists, index=index),
        registers=pd.DataFrame(people.registers, index=index, columns=list(people.groups)),
        achievement=drop_rows(achievement, total / calibration.registered_practices, stream(seed, "rows")),
    )


def _only_registered(calibration: Calibration, practices: int) -> int:
    """How many practices stand in the registrations and not in QOF."""
    if practices < len(calibration.icbs):
        raise ConfigError(
            f"practices={practices}: a synthetic England has at least one practice in each of "
            f"{len(calibration.icbs)} ICBs. Ask for {len(calibration.icbs)} or more"
        )
    return max(1, round((calibration.registered_practices / calibration.practices - 1) * practices))


def _people(calibration: Calibration, x: Floats, size: Ints, quirks: Quirks, seed: int) -> _People:
    ages_first = calibration.archetypes.names.index("age65p")
    age_logits = x[:, ages_first : ages_first + 5]
    female = x[:, calibration.archetypes.names.index("female")]
    patients = ages.draw_patients(calibration, size, age_logits, female, stream(seed, "age bands"))
    lists = ages.list_types(calibration, patients, stream(seed, "list types"))
    groups = tuple(register_list_types(calibration))
    registers = disturb_registers(count_registers(calibration, x, lists), groups, size, quirks)
    return _People(size, patients, lists, registers, groups)


def _practices(calibration: Calibration, place: Geography, quirks: Quirks, seed: int) -> pd.DataFrame:
    n = len(place.icb)
    sites = naming.draw_sites(calibration, place.icb, place.component, place.pcn, stream(seed, "sites"))
    lost = np.isin(sites.postcode, sites.postcode[quirks.without_point])
    regions = [region["code"] for region in calibration.regions]
    return pd.DataFrame(
        {
            "practice_code": naming.practice_codes(n),
            "practice_name": naming.practice_names(n, stream(seed, "names")),
            "in_qof": ~quirks.not_in_qof,
            "status": np.where(quirks.dormant, "DORMANT", "ACTIVE"),
            "region": [regions.index(calibration.icbs[g].region) for g in place.icb],
            "icb": place.icb,
            "sub_icb": place.sub_icb_of_component[place.component],
            "pcn_code": np.where(quirks.unallocated, "U", naming.pcn_codes(place.pcn)),
            "pcn_name": np.where(quirks.unallocated, "Unallocated", naming.pcn_names(place.pcn)),
            "postcode": sites.postcode,
            "longitude": _round(place.longitude[sites.owner]),
            "latitude": _round(place.latitude[sites.owner]),
            "on_map": ~lost,
        }
    )


def _round(degrees: Floats) -> Floats:
    """Degrees to about ten centimetres, so that the last bits of a sine cannot move a point."""
    return np.round(degrees, 6)


def _quirk_names(quirks: Quirks) -> list[str]:
    flags = zip(quirks.no_registers, quirks.above_list, strict=True)
    return [NO_REGISTERS if none else ABOVE_LIST if above else "" for none, above in flags]
