"""Supergroups, segments and subgroups as figures and page show them: code, words, size, colour, marker."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pandas as pd

from gp_segmentation.figures._style import MARKERS, Key, clean, code_order, segment_keys
from gp_segmentation.schemas import LEVEL_COLUMNS, Results

#: From coarse to fine.
LEVELS = tuple(LEVEL_COLUMNS)
SUBGROUPS_ARE_FOR = (
    "Subgroups are for finding similar practices; the borders between subgroups are not found again when "
    "practices are redrawn."
)


@dataclass(frozen=True)
class Group:
    """A group of practices on one of `LEVELS`.

    Attributes
    ----------
    parent : code of the group above, "" where there is none.
    number : of the segment in the tables, 0 for other levels.
    name : how it differs from England, or a subgroup from the rest of its segment.
    apart : how it differs from the other groups of its parent, "" where there are none.
    """

    level: str
    code: str
    parent: str
    number: int
    name: str
    apart: str
    practices: int
    patients: int
    colour: str
    marker: str


def groups_by_level(results: Results) -> dict[str, list[Group]]:
    """Return level -> its groups in the order of their codes, levels from coarse to fine.

    A level whose groups are all segments is left out: supergroups of one segment each, segments with one
    subgroup each. A run without levels has segments only.

    A segment has its own colour, a supergroup that of its first segment, a subgroup that of its segment:
    codes tell subgroups apart, and within a segment markers do.
    """
    keys = {key.code: key for key in segment_keys(results.segments)}
    rows = sorted(_rows(results, keys), key=lambda row: code_order(row["code"]))
    found: dict[str, list[Group]] = {level: [] for level in LEVELS}
    for (level, parent), siblings in groupby(rows, key=lambda row: (row["level"], row["parent"])):
        for place, row in enumerate(siblings):
            if level == "subgroup":
                look = (keys[parent].colour, MARKERS[place % len(MARKERS)])
            else:
                key = keys[row["code"]] if level == "segment" else _first_of(row["code"], rows, keys)
                look = (key.colour, key.marker)
            found[level].append(Group(**row, colour=look[0], marker=look[1]))
    shown = {level: len(found[level]) for level in LEVELS}
    return {
        level: groups
        for level, groups in found.items()
        if groups and (level == "segment" or shown[level] != shown["segment"])
    }


def parts_of(group: Group, groups: Mapping[str, Sequence[Group]]) -> list[Group]:
    """Return the groups of the next level that `group` is made of, of those that `groups_by_level` shows."""
    levels = list(groups)
    below = levels[levels.index(group.level) + 1 :][:1]
    return [child for level in below for child in groups[level] if child.parent == group.code]


def _rows(results: Results, keys: dict[str, Key]) -> Iterator[dict[str, Any]]:
    if results.levels.empty:
        sizes = results.segments.groupby("segment")["practice_code"].agg(list)
        lists = results.practices.set_index("practice_code")["list_size"]
        for key in keys.values():
            codes = sizes[key.number]
            words = {"level": "segment", "code": key.code, "parent": "", "number": key.number}
            words |= {"name": clean(key.name), "apart": ""}
            yield words | {"practices": len(codes), "patients": int(lists.reindex(codes).sum())}
        return
    for row in results.levels.to_dict("records"):
        words = {name: "" if pd.isna(row[name]) else clean(row[name]) for name in ("parent", "name", "apart")}
        number = 0 if pd.isna(row["segment"]) else int(row["segment"])
        counts = {name: int(row[name]) for name in ("practices", "patients")}
        yield {"level": row["level"], "code": str(row["code"]), "number": number, **words, **counts}


def _first_of(code: str, rows: list[dict[str, Any]], keys: dict[str, Key]) -> Key:
    """The key of the first, and largest, segment of a supergroup."""
    return keys[next(row["code"] for row in rows if row["level"] == "segment" and row["parent"] == code)]
