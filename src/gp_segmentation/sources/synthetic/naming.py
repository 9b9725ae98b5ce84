"""Codes, names and postcodes that look official and belong to nobody."""

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
#: One postcode area per region: no area of the United Kingdom begins with Z but Shetland's ZE, left out.
AREAS = ("ZA", "ZB", "ZC", "ZD", "ZF", "ZG", "ZH")
#: Letters an inward code may end with.
UNIT_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
UNITS = 10 * len(UNIT_LETTERS) ** 2
#: Share of practices that may share a building with another of their network.
SHARED_BUILDINGS = 0.1


def practice_codes(count: int) -> list[str]:
    """Codes Z00001, Z00002, ...: the shape of practice codes, of which no real one begins with Z."""
    return [f"Z{number:05d}" for number in range(1, count + 1)]


def practice_names(count: int, rng: np.random.Generator) -> list[str]:
    """Names such as SYNTHETIC MEDICAL CENTRE 00042, numbered as the codes are."""
    kinds = rng.integers(len(KINDS), size=count)
    return [f"SYNTHETIC {KINDS[kind]} {number:05d}" for number, kind in enumerate(kinds, start=1)]


def pcn_codes(pcn: Ints) -> list[str]:
    """Codes ZP0001, ZP0002, ... of the networks numbered from zero."""
    return [f"ZP{number + 1:04d}" for number in pcn]


def pcn_names(pcn: Ints) -> list[str]:
    """Names such as SYNTHETIC 0042 PCN."""
    return [f"SYNTHETIC {number + 1:04d} PCN" for number in pcn]


def icb_name(icb: Icb) -> str:
    """The official name of an ICB."""
    return f"NHS {icb.name}" if icb.name.endswith(" ICB") else f"NHS {icb.name} Integrated Care Board"


def sub_icb_code(number: int) -> str:
    """Codes ZS001, ZS002, ... of the sub-ICB locations numbered from zero."""
    return f"ZS{number + 1:03d}"


def sub_icb_ons(number: int) -> str:
    """ONS-like codes that end in a number no real location has."""
    return f"E38999{number + 1:03d}"


def sub_icb_name(icb: Icb, number: int) -> str:
    """The official pattern: the ICB's name and the location's code."""
    return f"NHS {icb.name.removesuffix(' ICB')} ICB - {sub_icb_code(number)}"


@dataclass(frozen=True)
class Sites:
    """Postcode of each practice, and the practice whose place it shares (itself, for most)."""

    postcode: NDArray[np.str_]
    owner: Ints


def draw_sites(
    calibration: Calibration, icb: Ints, component: Ints, pcn: Ints, rng: np.random.Generator
) -> Sites:
    """A postcode for each practice: area by region, district by location component.

    Some practices share the building, and so the postcode, of another one in their network.
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
