"""What every column of an export holds: keys, types, units and meanings, as its dictionary.csv has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd
from geopandas.array import GeometryDtype
from pandas.api import types

from gp_segmentation.areas.membership import KINDS

#: Table of the star -> the columns that name a row, together.
KEYS: dict[str, tuple[str, ...]] = {
    "practice": ("practice_code",),
    "segment": ("code",),
    "area": ("code",),
    "practice_area": ("practice_code", "kind"),
    "measure": ("feature",),
    "value": ("practice_code", "feature"),
    "indicator": ("indicator_code",),
    "opportunity": ("practice_code", "indicator_code"),
    "register": ("group_code",),
    "expected": ("practice_code", "group_code"),
    "expected_area": ("kind", "area_code", "group_code"),
    "about": ("key",),
}
#: (table, column) -> the table, and the column of it, in which every one of its values is.
REFERENCES: dict[tuple[str, str], tuple[str, str]] = {
    **{("practice", column): ("segment", "code") for column in ("supergroup", "segment_code", "subgroup")},
    ("practice", "second_segment_code"): ("segment", "code"),
    **{("practice", f"{kind}_code"): ("area", "code") for kind in KINDS},
    ("segment", "parent"): ("segment", "code"),
    ("practice_area", "practice_code"): ("practice", "practice_code"),
    ("practice_area", "area_code"): ("area", "code"),
    ("value", "practice_code"): ("practice", "practice_code"),
    ("value", "feature"): ("measure", "feature"),
    ("opportunity", "practice_code"): ("practice", "practice_code"),
    ("opportunity", "indicator_code"): ("indicator", "indicator_code"),
    ("expected", "practice_code"): ("practice", "practice_code"),
    ("expected", "group_code"): ("register", "group_code"),
    ("expected_area", "area_code"): ("area", "code"),
    ("expected_area", "group_code"): ("register", "group_code"),
}
#: How the columns begin that the layer of areas has for every segment, and what is counted in them.
SHARES = {"practices_share_": "practices", "patients_share_": "registered patients"}
#: How groups of a grouping of the source are called.
GROUP_CODE = "of a group, the name of its grouping and its own: localities:North"
#: Unit of a part of a whole.
SHARE = "share, 0 to 1"


class Meaning(NamedTuple):
    """What a column holds, and its unit ("" where it has none)."""

    text: str
    unit: str = ""


#: Column, or table.column where a table means something else by it -> what it holds.
MEANINGS: dict[str, Meaning] = {
    "practice_code": Meaning("ODS code of the practice"),
    "practice_name": Meaning("Name of the practice"),
    "list_size": Meaning("Registered patients", "patients"),
    "postcode": Meaning("Postcode of the practice"),
    "longitude": Meaning("Longitude of the postcode (WGS 84); empty where it is not known", "degrees"),
    "latitude": Meaning("Latitude of the postcode (WGS 84); empty where it is not known", "degrees"),
    **{f"{kind}_code": Meaning(f"ODS code of its {word}") for kind, word in KINDS.items()},
    **{f"{kind}_name": Meaning(f"Name of its {word}") for kind, word in KINDS.items()},
    "segment": Meaning("Number of the segment, from 1; empty for a practice that belongs to none"),
    "segment.segment": Meaning("Number of the segment; empty for supergroups and subgroups"),
    "segment_code": Meaning("Code of the segment, such as A1"),
    "segment_name": Meaning("Name of the segment"),
    "supergroup": Meaning("Code of the supergroup of the segment, such as A"),
    "subgroup": Meaning("Code of the subgroup within the segment, such as A1a"),
    "certainty": Meaning(
        "Probability that the practice belongs to its segment, its counts and the practices drawn again; "
        "empty for special practices",
        SHARE,
    ),
    "second_segment_code": Meaning("Code of the next nearest segment"),
    "margin": Meaning("1 at the centre of the segment, 0 half-way to the next nearest one"),
    "fitted": Meaning("Whether the practice shaped the segments; special ones did not"),
    "special": Meaning("Why it is no ordinary practice; empty for ordinary ones"),
    "code": Meaning("Code of the group: supergroup, segment or subgroup"),
    "area.code": Meaning(f"ODS code of the area; {GROUP_CODE}"),
    "name": Meaning("Name of the group"),
    "area.name": Meaning("Name of the area"),
    "level": Meaning("supergroup, segment or subgroup"),
    "parent": Meaning("Code of the group that it is a part of; empty for supergroups"),
    "practices": Meaning("Practices of the group", "practices"),
    "patients": Meaning("Registered patients of the group's practices", "patients"),
    "kind": Meaning(f"Kind of area: {', '.join(KINDS)}; or group:NAME, a grouping of the source by its name"),
    "area_code": Meaning(f"ODS code of the area that the practice is in; {GROUP_CODE}"),
    "feature": Meaning("Name of the measure"),
    "label": Meaning("Name of the measure for people"),
    "unit": Meaning("Unit of the measure's values"),
    "block": Meaning("Block of measures that it belongs to; 'not used' if the segments were made without it"),
    "used": Meaning("Whether the segments were made from it"),
    "value": Meaning("Figure of the practice; empty where it is not known", "the measure's unit"),
    "segment_mean": Meaning("Mean of the ordinary practices of its segment", "the measure's unit"),
    "england_mean": Meaning("Mean of the ordinary practices of England", "the measure's unit"),
    "indicator_code": Meaning("Code of the QOF indicator"),
    "description": Meaning("What the indicator asks for"),
    "group_code": Meaning("Code of the condition"),
    "group_name": Meaning("Condition"),
    "domain_name": Meaning("QOF domain"),
    "points": Meaning("QOF points that it can bring", "points"),
    "numerator": Meaning("Eligible patients for whom it was achieved", "patients"),
    "eligible": Meaning("Eligible patients, without personalised care adjustments", "patients"),
    "rate": Meaning("numerator / eligible", SHARE),
    "shrunk_rate": Meaning("The rate, drawn towards that of its segment where numbers are small", SHARE),
    "target": Meaning("Upper quartile of the shrunk rates of the practice's own segment", SHARE),
    "peers_rate": Meaning("Median rate of the ten practices most like it", SHARE),
    "rank": Meaning("Rank of its rate in its segment, 1 the highest; equal rates share the better one"),
    "ranked": Meaning("Practices of its segment that have the indicator", "practices"),
    "condition": Meaning("Condition that the register is of"),
    "reference": Meaning("Whether it is an ordinary practice; over these, differences add up to zero"),
    "recorded": Meaning("Patients on the register", "patients"),
    "expected": Meaning(
        "Patients that would be on it if those of the same age, sex and deprivation (where it is known) were "
        "on it as often as in England",
        "patients",
    ),
    "difference": Meaning("recorded - expected: something to look into, not a finding", "patients"),
    **{
        f"{table}.{column}": Meaning(text, "patients")
        for table, where in (("expected", "practices"), ("expected_area", "areas of the kind"))
        for column, text in (
            ("patients", "Patients on the list that the register is of"),
            ("low", f"Lower end of the interval that has the recorded numbers of 95 in 100 {where}"),
            ("high", f"Upper end of the interval that has the recorded numbers of 95 in 100 {where}"),
        )
    },
    "expected_area.practices": Meaning("Ordinary practices of the area", "practices"),
    "additional_patients": Meaning(
        "Additional patients if the practice reached the target. A patient can count for several indicators: "
        "do not add indicators up",
        "patients",
    ),
    "low": Meaning("Lower end of the 95% interval of additional_patients", "patients"),
    "high": Meaning("Upper end of the 95% interval of additional_patients", "patients"),
    "standing": Meaning("open, or why nobody should write to the practice about this figure"),
    "key": Meaning("What is said of the whole export"),
    "about.value": Meaning("What it is"),
    "areas.icb_code": Meaning("ODS code of the integrated care board"),
    "areas.icb_name": Meaning("Name of the integrated care board"),
    "areas.practices": Meaning("Practices of the board", "practices"),
    "areas.patients": Meaning("Registered patients of the board's practices", "patients"),
    "areas.without_segment": Meaning("Practices of the board that belong to no segment", "practices"),
    "areas.shape": Meaning("official boundaries, or areas computed from the practices"),
    "geom": Meaning("Position of the postcode on the British National Grid (EPSG:27700)", "metres"),
    "areas.geom": Meaning("Shape on the British National Grid (EPSG:27700), for maps of England", "metres"),
}  # fmt: skip


def dictionary(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return a row per column of `tables`: table, column, type, unit, key, refers_to, meaning.

    Raises
    ------
    KeyError : a column has no meaning in `MEANINGS`.
    """
    rows = [
        {
            "table": name,
            "column": column,
            "type": _type(table[column]),
            "unit": _meaning(name, column).unit,
            "key": column in KEYS.get(name, ()),
            "refers_to": ".".join(REFERENCES.get((name, column), ())),
            "meaning": _meaning(name, column).text,
        }
        for name, table in tables.items()
        for column in map(str, table)
    ]
    return pd.DataFrame(rows)


def _meaning(table: str, column: str) -> Meaning:
    for prefix, counted in SHARES.items():
        if column.startswith(prefix):
            return Meaning(f"Share of the board's {counted} in segment {column.removeprefix(prefix)}", SHARE)
    return MEANINGS.get(f"{table}.{column}") or MEANINGS[column]


def _type(column: pd.Series) -> str:
    if isinstance(column.dtype, GeometryDtype):
        return "geometry"
    if types.is_bool_dtype(column):
        return "true or false"
    if types.is_integer_dtype(column):
        return "whole number"
    return "number" if types.is_float_dtype(column) else "text"
