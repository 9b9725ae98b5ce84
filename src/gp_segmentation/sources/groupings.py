"""Groupings of one's own, such as localities or future boards: CSV files of practice codes and groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field

from gp_segmentation import schemas
from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.sources.files.archive import TextFile
from gp_segmentation.sources.files.delimited import delimited_records
from gp_segmentation.sources.raw_folder import PresentFiles
from gp_segmentation.sources.registrations import Day
from gp_segmentation.utils.wording import plain_name, visible_name

#: Columns of a grouping's CSV by what they hold, as `plain_name` writes them.
CODE_COLUMNS = ("practicecode", "practice", "code", "gpcode", "gppracticecode", "odscode", "organisationcode")
GROUP_COLUMNS = (
    *(
        "group",
        "groupname",
        "locality",
        "localityname",
        "neighbourhood",
        "neighbourhoodname",
        "neighbourhoodteam",
    ),
    *("place", "cluster", "area", "name"),
)


@dataclass(frozen=True)
class GroupTable:
    """Practice code -> group, on one day ("2026-04-01"); `label` is what the grouping is called."""

    groups: dict[str, str]
    label: str
    date: str
    quality: pd.DataFrame = field(default_factory=partial(schemas.empty, "quality"))


def read_groups(path: Path, *, title: Annotated[str, Field(min_length=1)], date: Day) -> GroupTable:
    """Read a file of a source with the role grouping, by the rules of `group_by_code`.

    Parameters
    ----------
    title : what people call the grouping ("Localities"); its label. date : the day of the membership
        ("2026-04-01"). Both must be given: whether today's members are right for the data's year is for the
        analyst to say.
    """
    return GroupTable(group_by_code(path), visible_name(title), date)


def group_by_code(path: Path) -> dict[str, str]:
    """Read a CSV with a column of practice codes and a column of groups, or a list of codes: one group.

    Codes become capitals, other columns are not read, and a practice without a group is left out.

    Raises
    ------
    InputError : the file is missing, has no such columns or no row, or a practice in two groups.
    """
    if not path.is_file():
        raise InputError("is missing", file=str(path), remedy="Give a CSV with a practice code and a group")
    with TextFile(path).open() as stream:
        records = enumerate(delimited_records(stream), start=1)
        rows = [(number, row) for number, row in records if any(map(str.strip, row))]
    if len(rows) < 2:
        raise InputError("has no row", file=str(path), remedy="Give a heading and a row per practice")
    (_, header), *rows = rows
    heading = {plain_name(name): number for number, name in reversed(list(enumerate(header)))}
    code = _column(path, header, heading, CODE_COLUMNS)
    # A list of codes alone is one group, called as its file.
    group = None if len(header) == 1 else _column(path, header, heading, GROUP_COLUMNS)
    found: dict[str, str] = {}
    for number, row in rows:
        cells = [row[at].strip() if at < len(row) else "" for at in (code, code if group is None else group)]
        if not all(cells):
            continue  # a practice without a group is in none, and counted so
        practice, name = cells[0].upper(), path.stem if group is None else visible_name(cells[1])
        if found.setdefault(practice, name) != name:
            raise InputError(
                f"{practice} is in {found[practice]!r} and in {name!r}",
                file=str(path),
                row=number,
                remedy="Leave one row per practice",
            )
    return found


def of_known_practices(groups: Mapping[str, str], practices: pd.Series, file: str) -> dict[str, str]:
    """Return the groups of `practices` alone, by code; raise InputError where there is none."""
    known = set(practices)
    found = {practice: group for practice, group in sorted(groups.items()) if practice in known}
    if not found:
        first = next(iter(groups), "none")
        raise InputError(
            f"none of its {len(groups):,} practice codes is in the data, such as {first}",
            file=file,
            remedy="Check that it has ODS codes of practices of the data's year, each with a group",
        )
    return found


def join_groupings(raw: PresentFiles, practices: pd.Series) -> pd.DataFrame:
    """Return the groupings of a source (schema ``groupings``); what does not match is counted in `raw`.

    Parameters
    ----------
    practices : codes of the source's practices.

    Raises
    ------
    ConfigError : two groupings have one title. InputError : no practice of a file is in the data.
    """
    names = {file: name for name, file in raw.entries.items()}
    parts, labels = [schemas.empty("groupings")], dict[str, str]()
    for file, table in raw.read_all("grouping"):
        name = names[file]
        if labels.setdefault(table.label, name) != name:
            raise ConfigError(
                f"files.{name}.reader.title is {table.label!r}, which is that of {labels[table.label]}. "
                "Give each grouping a title of its own"
            )
        groups = of_known_practices(table.groups, practices, file)
        raw.note(file, "practices left out: not among the practices", sorted(table.groups.keys() - groups))
        raw.note(file, f"practices in no group of {name}", practices[~practices.isin(list(groups))])
        about = f"{table.label}: {len(set(groups.values())):,} groups"
        raw.note(file, f"practices grouped as on {table.date}", list(groups), about)
        rows = pd.DataFrame({"practice_code": list(groups), "group": list(groups.values())}, dtype="str")
        parts.append(rows.assign(grouping=name, label=table.label, date=table.date))
    joined = pd.concat(parts, ignore_index=True)[list(parts[0].columns)]
    return joined.sort_values(["grouping", "practice_code"], ignore_index=True)


def _column(path: Path, header: list[str], heading: Mapping[str, int], names: tuple[str, ...]) -> int:
    for name in names:
        if name in heading:
            return heading[name]
    raise InputError(
        f"has the columns {', '.join(header)}, none of them {' or '.join(names[:3])}",
        file=str(path),
        row=1,
        remedy="Call one column practice_code and one group",
    )
