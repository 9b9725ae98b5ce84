"""Which organisation follows which: the Organisation Data Service's successors in each of its layouts.

Its files `succ` (this year) and `succarc` (before) have five columns and no header: code, code that follows,
reason (R: reconfigured, F: another code, O: another type), date, and whether there was a further change. Its
interface answers with JSON, in which every organisation names its successors and predecessors. A table of
one's own has a header.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation import schemas
from gp_segmentation.sources.files.archive import TextFile, find_text
from gp_segmentation.sources.files.delimited import Csv, delimited_records, letters_of
from gp_segmentation.sources.tidy import QualityLog, read_keyed_rows

KEY = ["practice_code", "successor_code"]
COLUMNS = [*KEY, "date", "reason"]
_WIDTH = 5
_POSITIONS = {"practice_code": 0, "successor_code": 1, "reason": 2, "date": 3}
_HEADER = {
    "practice_code": ("practice_code", "organisation code", "predecessor code", "old code", "code"),
    "successor_code": ("successor_code", "successor organisation code", "succeeding organisation code"),
    "date": ("date", "effective date", "succession effective date", "legal start date"),
    "reason": ("reason", "succession reason", "reason code"),
}
_DATES = ("%Y%m%d", "%Y-%m-%d", "%d/%m/%Y")
_REMEDY = (
    "Give the list of successors of the Organisation Data Service, or a CSV with the columns practice_code "
    "and successor_code"
)


@dataclass(frozen=True)
class Successors:
    """`frame` is of schema ``successors``; an organisation that was divided has several rows."""

    frame: pd.DataFrame
    quality: pd.DataFrame


def read_successors(path: Path) -> Successors:
    """Read `succ` or `succarc` (CSV or zip), the interface's JSON, or a CSV of one's own with a header.

    Raises
    ------
    InputError : the file is none of these, or a date is none.
    """
    text = find_text(path, r".*\.(csv|json)")
    log = QualityLog(path.name)
    rows = _of_json(text) if _is_json(text) else _of_csv(text, log)
    rows = rows.assign(date=_dates(rows["date"], text), **{name: rows[name].str.upper() for name in KEY})
    own = rows["practice_code"] == rows["successor_code"]
    log.note_codes("organisations that follow themselves left out", rows.loc[own, "practice_code"])
    rows = rows[~own].drop_duplicates(KEY).sort_values(KEY, ignore_index=True)
    return Successors(rows[COLUMNS].astype("str"), log.frame)


def joined_successors(tables: Iterable[tuple[str, Successors]]) -> pd.DataFrame:
    """Return the rows of all files, each succession once."""
    frames = [table.frame for _, table in tables]
    if not frames:
        return schemas.empty("successors")
    return pd.concat(frames).drop_duplicates(KEY).sort_values(KEY, ignore_index=True)


def _of_csv(text: TextFile, log: QualityLog) -> pd.DataFrame:
    with text.open() as stream:
        first = next(delimited_records(stream), [])
    titles = {letters_of(name) for names in _HEADER.values() for name in names}
    published = len(first) == _WIDTH and not titles & set(map(letters_of, first))
    source = (
        Csv(text, _POSITIONS, width=_WIDTH)
        if published
        else Csv(text, _HEADER, optional=frozenset({"date", "reason"}))
    )
    return read_keyed_rows(source, KEY, log)


def _is_json(text: TextFile) -> bool:
    with text.open() as stream:
        return stream.read(1_000).lstrip()[:1] in (b"{", b"[")


def _of_json(text: TextFile) -> pd.DataFrame:
    with text.open() as stream:
        try:
            found = json.loads(stream.read())
        except ValueError as error:
            raise text.error(f"is not JSON ({error})", remedy=_REMEDY) from error
    try:
        rows = [row for organisation in _organisations(found) for row in _successions(organisation)]
    except (KeyError, TypeError, AttributeError) as error:
        raise text.error(f"has no organisations with an OrgId ({error!r})", remedy=_REMEDY) from error
    return pd.DataFrame(rows, columns=["practice_code", "successor_code", "date", "reason"], dtype="str")


def _organisations(found: Any) -> Iterator[dict[str, Any]]:
    for entry in _listed(found):
        inner = entry.get("Organisation", entry.get("Organisations"))
        yield from [entry] if inner is None else _organisations(inner)


def _successions(organisation: dict[str, Any]) -> Iterator[tuple[str, str, str | None, None]]:
    code = organisation["OrgId"]["extension"]
    for entry in _listed((organisation.get("Succs") or {}).get("Succ") or []):
        other = entry["Target"]["OrgId"]["extension"]
        dates = [date.get("Start") for date in _listed(entry.get("Date") or [])]
        pair = (code, other) if entry["Type"] == "Successor" else (other, code)
        yield (*pair, next(iter(dates), None), None)


def _listed(value: Any) -> list[Any]:
    """One entry stands without a list around it."""
    return value if isinstance(value, list) else [value]


def _dates(texts: pd.Series, text: TextFile) -> pd.Series:
    dates = pd.Series(pd.NaT, texts.index)
    for form in _DATES:
        dates = dates.fillna(pd.to_datetime(texts, format=form, errors="coerce"))
    bad = texts[dates.isna() & texts.notna()]
    if len(bad):
        problem = f"{bad.iloc[0]!r} is not a date such as 20250401"
        raise text.error(problem, row=int(bad.index[0]) + 1, remedy=_REMEDY)
    return dates.dt.strftime("%Y-%m-%d")
