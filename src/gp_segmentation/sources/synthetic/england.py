"""A complete synthetic England in memory: all steps in order, before any file is written."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from gp_segmentation.errors import ConfigError
from gp_segmentation.sources.synthetic import naming, patients
from gp_segmentation.sources.synthetic.achievement import DrawnCounts, Population, draw_counts
from gp_segmentation.sources.synthetic.calibration import Calibration, load_calibration, stream
from gp_segmentation.sources.synthetic.geography import Geography, draw_geography
from gp_segmentation.sources.synthetic.irregularities import (
    ABOVE_LIST,
    NO_REGISTERS,
    Irregularities,
    disturb_registers,
    draw_irregularities,
    drop_rows,
)
from gp_segmentation.sources.synthetic.latent import draw_latent, list_sizes, plant_special, to_variables
from gp_segmentation.utils.arrays import Ints


@dataclass(frozen=True)
class England:
    """One drawn England.

    Attributes
    ----------
    practices : one row per registered practice, sorted by code: practice_code, practice_name, in_qof (False:
        in the registrations only), status, region and icb (positions in `calibration`), sub_icb (number of
        the location), pcn_code, pcn_name, postcode, longitude, latitude, on_map (False: the postcode is
        missing from Code-Point Open), list_size, imd and nonwhite_share (NaN: not published), archetype
        (1..5), special (class or ""), quirk (planted irregularity or "").
    patients : (n, 2, 20) women then men by five-year band.
    lists : practice by list type, patients.
    registers : practice by register group, patients.
    counts : indicators of every practice, in the order of `practices`.
    """

    calibration: Calibration
    practices: pd.DataFrame
    patients: Ints
    lists: pd.DataFrame
    registers: pd.DataFrame
    counts: DrawnCounts

    def records(self) -> list[Any]:
        """Return the rows of `practices` as named tuples."""
        return list(self.practices.itertuples(index=False, name="Practice"))


def draw_england(seed: int, practices: int = 6200) -> England:
    """Draw an England of `practices` practices in QOF, and in proportion those in the registrations only.

    The same seed and number give the same England; every step has its own random numbers.

    Raises
    ------
    ConfigError
        `practices` is smaller than the number of ICBs.
    """
    calibration = load_calibration()
    total = practices + _only_registered(calibration, practices)
    place = draw_geography(calibration, total, stream(seed, "geography"))
    archetype, z = draw_latent(calibration, place, stream(seed, "latent"))
    variables = to_variables(calibration.archetypes, z)
    x, special = plant_special(calibration, variables, stream(seed, "special"))
    planted = draw_irregularities(calibration, special, total - practices, stream(seed, "quirks"))
    names = calibration.archetypes.names
    value = dict(zip(names, x.T, strict=True))
    size = list_sizes(value["log_list"], special)
    age_logits = x[:, names.index("age65p") : names.index("age65p") + 5]
    people = patients.draw_patients(calibration, size, age_logits, value["female"], stream(seed, "age bands"))
    lists = patients.list_types(calibration, people, stream(seed, "list types"))
    registers = disturb_registers(patients.count_registers(calibration, x, lists), size, planted)
    imd, nonwhite = value["sqrt_imd"] ** 2, expit(value["nonwhite"])
    aged_65 = people[:, :, 13:].sum(axis=(1, 2)) / size
    population = Population(
        place.icb, place.pcn, people, registers, covariates=np.column_stack([imd, nonwhite, aged_65])
    )
    counts = draw_counts(calibration, population, seed)
    frame = _practices(calibration, place, planted, seed).assign(
        list_size=size,
        imd=np.where(planted.without_imd, np.nan, imd),
        nonwhite_share=np.where(planted.without_ethnicity, np.nan, nonwhite),
        archetype=archetype + 1,
        special=special,
        quirk=np.select([planted.no_registers, planted.above_list], [NO_REGISTERS, ABOVE_LIST], ""),
    )
    return England(
        calibration=calibration,
        practices=frame,
        patients=people,
        lists=pd.DataFrame(lists, index=frame["practice_code"]),
        registers=pd.DataFrame(registers, index=frame["practice_code"]),
        counts=drop_rows(counts, total / calibration.registered_practices, stream(seed, "rows")),
    )


def _only_registered(calibration: Calibration, practices: int) -> int:
    """Return how many practices are in the registrations and not in QOF."""
    if practices < len(calibration.icbs):
        raise ConfigError(
            f"practices={practices}: a synthetic England has at least one practice in each of "
            f"{len(calibration.icbs)} ICBs. Ask for {len(calibration.icbs)} or more"
        )
    return max(1, round((calibration.registered_practices / calibration.practices - 1) * practices))


def _practices(
    calibration: Calibration, place: Geography, planted: Irregularities, seed: int
) -> pd.DataFrame:
    n = len(place.icb)
    sites = naming.draw_sites(calibration, place.icb, place.component, place.pcn, stream(seed, "sites"))
    regions = [region["code"] for region in calibration.regions]
    return pd.DataFrame(
        {
            "practice_code": naming.practice_codes(n),
            "practice_name": naming.practice_names(n, stream(seed, "names")),
            "in_qof": ~planted.not_in_qof,
            "status": np.where(planted.dormant, "DORMANT", "ACTIVE"),
            "region": [regions.index(calibration.icbs[g].region) for g in place.icb],
            "icb": place.icb,
            "sub_icb": place.sub_icb_of_component[place.component],
            "pcn_code": np.where(planted.unallocated, "U", naming.pcn_codes(place.pcn)),
            "pcn_name": np.where(planted.unallocated, "Unallocated", naming.pcn_names(place.pcn)),
            "postcode": sites.postcode,
            # Six decimals (10 cm), so that the last bits of a sine cannot move a point.
            "longitude": np.round(place.longitude[sites.owner], 6),
            "latitude": np.round(place.latitude[sites.owner], 6),
            "on_map": ~np.isin(sites.postcode, sites.postcode[planted.without_point]),
        }
    )
