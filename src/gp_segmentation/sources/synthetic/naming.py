"""Codes, names and postcodes in the official form that no real organisation has."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gp_segmentation.sources.synthetic.calibration import Calibration, Icb
from gp_segmentation.utils.arrays import Ints

#: Kinds of practice name; every name holds the word SYNTHETIC.
KINDS = (
    "SURGERY",
    "MEDICAL CENTRE",
    "HEALTH CENTRE",
    "MEDICAL PRACTICE",
    "FAMILY PRACTICE",
    "GROUP PRACTICE",
)
#: One postcode area per region. The only real area that begins with Z, Shetland's ZE, is left out.
AREAS = ("ZA", "ZB", "ZC", "ZD", "ZF", "ZG", "ZH")
#: Letters an inward code may end with.
UNIT_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
UNITS = 10 * len(UNIT_LETTERS) ** 2
#: Share of practices that may be in the building of another practice of their network.
SHARED_BUILDINGS = 0.1


def practice_codes(count: int) -> list[str]:
    """Return codes Z00001, Z00002, ...: the form of practice codes; no real one begins with Z."""
    return [f"Z{number:05d}" for number in range(1, count + 1)]


def practice_names(count: int, rng: np.random.Generator) -> list[str]:
    """Draw names such as SYNTHETIC MEDICAL CENTRE 00042, numbered like the codes."""
    kinds = rng.integers(len(KINDS), size=count)
    return [f"SYNTHETIC {KINDS[kind]} {number:05d}" for number, kind in enumerate(kinds, start=1)]


def pcn_codes(pcn: Ints) -> list[str]:
    """Return codes ZP0001, ZP0002, ... of the networks numbered from zero."""
    return [f"ZP{number + 1:04d}" for number in pcn]


def pcn_names(pcn: Ints) -> list[str]:
    """Return names such as SYNTHETIC 0042 PCN."""
    return [f"SYNTHETIC {number + 1:04d} PCN" for number in pcn]


def icb_name(icb: Icb) -> str:
    """Return the official name of an ICB."""
    return f"NHS {icb.name}" if icb.name.endswith(" ICB") else f"NHS {icb.name} Integrated Care Board"


def sub_icb_code(number: int) -> str:
    """Return the code (ZS001, ZS002, ...) of a sub-ICB location numbered from zero."""
    return f"ZS{number + 1:03d}"


def sub_icb_ons(number: int) -> str:
    """Return a code in the form of the ONS that no real location has."""
    return f"E38999{number + 1:03d}"


def sub_icb_name(icb: Icb, number: int) -> str:
    """Return a name in the official pattern: the ICB's name and the location's code."""
    return f"NHS {icb.name.removesuffix(' ICB')} ICB - {sub_icb_code(number)}"


@dataclass(frozen=True)
class Sites:
    """Postcode of each practice, and the practice whose building it shares (itself for most)."""

    postcode: NDArray[np.str_]
    owner: Ints


def draw_sites(
    calibration: Calibration, icb: Ints, component: Ints, pcn: Ints, rng: np.random.Generator
) -> Sites:
    """Draw a postcode for each practice: area by region, district by location component.

    Some practices share the building, and so the postcode, of another practice in their network.
    """
    regions = [region["code"] for region in calibration.regions]
    postcode, owner = np.empty(len(icb), dtype="U8"), np.arange(len(icb))
    districts = dict.fromkeys(regions, 0)
    for c in np.unique(component):
        members = np.flatnonzero(component == c)
        members = members[np.argsort(pcn[members], kind="stable")]
        region = calibration.icbs[icb[members[0]]].region
        districts[region] += 1
        outward = f"{AREAS[regions.index(region)]}{districts[region]}"
        units = rng.choice(UNITS, size=len(members), replace=False)
        postcode[members] = [f"{outward} {_inward(int(unit))}" for unit in units]
        shares = np.flatnonzero(rng.random(len(members)) < SHARED_BUILDINGS)
        for before, here in zip(members[shares - 1], members[shares], strict=True):
            owner[here] = owner[before] if pcn[before] == pcn[here] else here
    return Sites(postcode=postcode[owner], owner=owner)


def _inward(unit: int) -> str:
    rest, last = divmod(unit, len(UNIT_LETTERS))
    sector, first = divmod(rest, len(UNIT_LETTERS))
    return f"{sector}{UNIT_LETTERS[first]}{UNIT_LETTERS[last]}"
