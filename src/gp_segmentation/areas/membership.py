"""Which practices an area has: regions, boards, sub-ICB locations, PCNs, and groupings of one's own."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.sources import group_by_code, of_known_practices
from gp_segmentation.utils.wording import plain_name, short_icb, visible_name

#: Kind of area -> what it is called. Its columns are KIND_code and KIND_name.
KINDS = {"region": "region", "icb": "integrated care board", "sub_icb": "sub-ICB location", "pcn": "PCN"}
#: So many names are given where one is not found.
NEAREST = 4


@dataclass(frozen=True)
class Area:
    """Some practices under one name.

    Attributes
    ----------
    kind : one of `KINDS`, or "group" of a grouping of one's own. code : its ODS code; of a group its name.
    practices : codes of its practices, in order.
    """

    kind: str
    code: str
    name: str
    practices: tuple[str, ...]


@dataclass(frozen=True)
class Grouping:
    """A grouping of one's own: practice code -> group.

    Attributes
    ----------
    name : of the file, without its ending; of a grouping of the source its label and date.
    groups : group of every practice that was found in the run.
    unmatched : codes of the file that the run does not have. outside : practices of the run without a group.
    """

    name: str
    groups: pd.Series
    unmatched: tuple[str, ...] = ()
    outside: int = 0

    def said(self) -> str:
        """What to know of it, in a sentence."""
        text = f"{self.name}: {len(self.groups):,} practices in {self.groups.nunique():,} groups"
        if self.unmatched:
            some = ", ".join(self.unmatched[:NEAREST]) + (", …" if len(self.unmatched) > NEAREST else "")
            text += f"; {len(self.unmatched):,} codes of the file are not in the run ({some})"
        return f"{text}; {self.outside:,} practices of the run are in no group"


def every_area(practices: pd.DataFrame, kind: str, grouping: Grouping | None = None) -> list[Area]:
    """Return every area of a kind, by code; practices without one are in none.

    Parameters
    ----------
    practices : with practice_code, KIND_code and KIND_name. grouping : of the kind "group".
    """
    if kind == "group":
        if grouping is None:
            raise ConfigError(
                "a group is of a grouping: give --grouping FILE.csv, or the name of one of the source"
            )
        groups = grouping.groups
        keyed = pd.DataFrame(
            {"practice_code": groups.index, "code": groups.to_numpy(), "name": groups.to_numpy()}
        )
    else:
        columns = {f"{kind}_code": "code", f"{kind}_name": "name"}
        keyed = practices[["practice_code", *columns]].rename(columns=columns).dropna(subset=["code"])
    return [
        Area(kind, str(code), visible_name(rows["name"].iloc[0]), tuple(sorted(rows["practice_code"])))
        for code, rows in keyed.groupby("code", sort=True)
    ]


def find_area(practices: pd.DataFrame, kind: str, wanted: str, grouping: Grouping | None = None) -> Area:
    """Return the area with a code or name, however it is written.

    A part of a name is enough where only one area has it ("birmingham" for a board).

    Raises
    ------
    ConfigError : no area is called so, or several are; the message has the nearest names.
    """
    areas = every_area(practices, kind, grouping)
    asked = plain_name(wanted)
    for exact in (
        [area for area in areas if area.code.casefold() == wanted.strip().casefold()],
        [area for area in areas if asked in (plain_name(area.name), plain_name(short_icb(area.name)))],
    ):
        if len(exact) == 1:
            return exact[0]
    part = [area for area in areas if asked and asked in plain_name(area.name)]
    if len(part) == 1:
        return part[0]
    label = "group" if kind == "group" else KINDS[kind]
    if part:
        names = "; ".join(f"{area.name} ({area.code})" for area in part[:NEAREST])
        raise ConfigError(f"{wanted!r} is a part of the names of {len(part)} areas: {names}. Give the code")
    by_name = {plain_name(text): area for area in areas for text in (area.name, area.code)}
    near = [by_name[text] for text in difflib.get_close_matches(asked, by_name, NEAREST, 0.5)]
    told = "; ".join(dict.fromkeys(f"{area.name} ({area.code})" for area in near or areas[:NEAREST]))
    raise ConfigError(
        f"no {label} has the code or name {wanted!r}. {'Did you mean' if near else 'There are'}: {told}"
    )


def read_grouping(path: Path, practices: pd.Series) -> Grouping:
    """Read a CSV of practice codes and groups (`sources.groupings.group_by_code`).

    Parameters
    ----------
    practices : codes of the run's practices.

    Raises
    ------
    InputError : the file cannot be used, or none of its practices is the run's.
    """
    found = group_by_code(path)
    groups = of_known_practices(found, practices, str(path))
    return _grouping(path.stem, groups, practices, tuple(sorted(found.keys() - groups)))


def source_grouping(groupings: pd.DataFrame, name: str, practices: pd.Series) -> Grouping:
    """Return the grouping of the run's source that is called `name`; see `read_grouping`.

    Parameters
    ----------
    groupings : schema ``groupings``, with a row of that name.
    """
    rows = groupings[groupings["grouping"] == name]
    groups = dict(zip(rows["practice_code"], rows["group"], strict=True))
    called = f"{rows['label'].iloc[0]}, members of {rows['date'].iloc[0]}"
    return _grouping(called, groups, practices)


def _grouping(
    name: str, groups: Mapping[str, str], practices: pd.Series, unmatched: tuple[str, ...] = ()
) -> Grouping:
    return Grouping(
        name, pd.Series(groups, dtype="str", name="group"), unmatched, len(set(practices)) - len(groups)
    )
