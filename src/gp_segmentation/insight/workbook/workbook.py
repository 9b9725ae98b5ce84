"""The accessible Excel workbook: cover, contents, notes and tables for looking things up.

Written with gptables, which follows the Government Analysis Function's guidance on releasing statistics in
spreadsheets: one table per sheet, marked up as a table, titles and units in words, no merged cells.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.errors import Pandas4Warning

from gp_segmentation.insight.workbook.long_tables import LONG, fill_rows, sample_rows
from gp_segmentation.utils.wording import UNCHECKED, data_kind, visible_name

#: Time of creation in the file: a constant, so that the same tables give the same bytes.
CREATED = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)
#: Shown for a missing figure (screen readers skip a blank cell).
MISSING = "[x]"
#: Smallest and largest width of columns in characters, and widths of the two sheets that gptables makes.
NARROW, WIDE = 14, 60
FIXED = {"Contents": (20, 60), "Notes": (14, 110)}
#: Letters of the longest text that Excel takes.
CELL = 32_767
#: Texts that gptables refuses (signs alone, or letters that are not Latin), makes a link of, or takes for a
#: note, and what it gets for them.
_OBEYED = re.compile(r"[^a-zA-Z0-9]*|.*(\]\(|\$\$).*")
_STAND_IN = "text"


@dataclass(frozen=True)
class WorkbookSheet:
    """One sheet: the table, its title, scope and the headers of its columns.

    A column whose header ends in "(%)" is a share, shown in percent. `whole_numbers` have no decimals.
    """

    table: pd.DataFrame
    title: str
    scope: str
    columns: Mapping[str, str]
    decimals: int = 1
    whole_numbers: tuple[str, ...] = ()


#: Kind of data -> what the cover says of it.
KINDS_OF_DATA = {
    "synthetic": "SYNTHETIC DATA: every practice, name and figure was drawn by computer. None is real.",
    "own": "Worked out from an analyst's own table of practices.",
    "unchecked": f"Worked out from figures of general practices. {UNCHECKED}.",
    "published": "Worked out from published figures of general practices.",
}
#: Header of a column -> the note that explains it.
NOTES = {
    "Segment": "A segment groups practices with similar patients or recorded care, so that like can be "
    "compared with like. No segment is better than another.",
    "Supergroup": "Segments that are most alike form a supergroup. The code of a segment begins with that of "
    "its supergroup: A1 and A2 are segments of A.",
    "Subgroup": "Part of a segment, for finding similar practices: A1a is part of segment A1. The borders "
    "between subgroups are not found again when practices are redrawn.",
    "Certainty (%)": "The probability that the practice belongs to its segment when its counts of patients, "
    "and the practices of England, are drawn again at random. Figures that are no counts (deprivation, list "
    "size) are taken as known. Not known for special practices.",
    "Belongs to": "The segments the practice may belong to, its own first, with the probability of each. "
    "From 90% on a segment is called certain.",
    "Margin": "1 at the centre of the practice's own segment, 0 half-way to the next nearest one. A practice "
    "near 0 fits either segment.",
    "Fitted": "Special practices (very small, care-home, student, homeless and digital ones) did not shape "
    "the segments. Each was put into the nearest one.",
    "Difference from England (SD)": "In standard deviations between practices, with its 95% interval. "
    "Segments were made to differ on the features used, so there the interval shows how exactly the "
    "difference is known.",
    "Additional patients, own segment": "Additional patients if practices below the upper quartile of their "
    "own segment reached it. Rates are shrunk for small numbers. A practice at or above the quartile adds "
    "nothing. The columns for England compare with the upper quartile of England. A patient can count for "
    "several indicators: do not add indicators up.",
    "Practices expected by drift alone": "How many of the segment's practices would be there next year if "
    "nothing happened but what commonly happens to practices from one year to the next, in no particular "
    "direction. More than that are more than drift explains.",
    "Moved beyond drift": "Drift explains these changes of segment with a probability under 10%.",
    "Target: upper quartile of the segment (%)": "The rate that a quarter of the practices of the segment "
    "reach, by shrunk rates. Additional patients are those it takes to reach it.",
    "Median of its peers (%)": "The median rate of the practices most like it (peers.parquet).",
    "Expected on the register": "Patients that would be on the register if those of the same age, sex and "
    "deprivation (where it is known) were on it as often as in England. A difference is something to look "
    "into: it can come from illness, from how conditions are found and coded, or from what is not adjusted "
    "for, such as ethnicity.",
    "Expected, interval from": "The recorded numbers of 95 in 100 areas lie in the interval, which allows "
    "for how areas ordinarily differ. Of segments and regions that cannot be told: many lie outside.",
    "Interval from": "The 95% interval. For additional patients it covers chance in what happened to the "
    "patients of that year (a bootstrap). It does not say what a change of care could achieve.",
}


def write_workbook(path: Path, sheets: Mapping[str, WorkbookSheet], source: Mapping[str, Any]) -> None:
    """Write `workbook_sheets` (name -> sheet) to `path`, the same bytes for the same tables.

    Parameters
    ----------
    source : contents of source.json: what the data are, whether they are synthetic or partly simulated.
    """
    with _ignore_gptables_warnings():
        import gptables

        tables = {name: _table(name, sheet, source) for name, sheet in sheets.items()}
        long = {name: parts["table"] for name, parts in tables.items() if len(parts["table"]) >= LONG}
        for name, table in long.items():
            tables[name] = {**tables[name], "table": sample_rows(table, MISSING)}
        set_aside = {name: _set_aside(parts["table"]) for name, parts in tables.items()}
        made = {name: gptables.GPTable(**parts) for name, parts in tables.items()}
        workbook = gptables.produce_workbook(
            path,
            sheets=made,
            cover=gptables.Cover(**_cover(source)),
            notes_table=_notes(sheets) if len(_notes(sheets)) else None,  # gptables fails at an empty table
            notesheet_options={"title": "Notes", "instructions": "What the terms in the tables mean."},
            contentsheet_options={"column_names": ["Sheet", "Table"]},
            auto_width=False,
            # A practice's name that looks like a formula or a link stays text.
            workbook_options={"strings_to_formulas": False, "strings_to_urls": False},
        )
        for name, widths in {**{name: _widths(s) for name, s in sheets.items()}, **FIXED}.items():
            for column, width in enumerate(widths):
                workbook.get_worksheet_by_name(name).set_column(column, column, width)
        for name, texts in set_aside.items():
            _write_back(workbook, name, made[name].data_range[0] + 1, texts)
        properties = {"title": _title(source), "created": CREATED, "author": "GP Practice Segmentation"}
        workbook.set_properties(properties)
        workbook.close()
    # Excel counts rows from 1, and the headings stand above the first.
    fill_rows(path, {name: (table, made[name].data_range[0] + 2) for name, table in long.items()})


def _notes(sheets: Mapping[str, WorkbookSheet]) -> pd.DataFrame:
    """The notes on columns that some sheet has."""
    headers = {header for sheet in sheets.values() for header in sheet.columns.values()}
    rows = [(header, text) for header, text in NOTES.items() if header in headers]
    return pd.DataFrame(rows, columns=["Note reference", "Note text"])


def _widths(sheet: WorkbookSheet) -> list[int]:
    """Characters wide enough for each column's texts, within `NARROW` and `WIDE`."""
    longest = (max(map(len, _texts(sheet.table[c])), default=0) for c in sheet.columns)
    return [min(max(NARROW, size + 2), WIDE) for size in longest]


def _texts(column: pd.Series) -> list[str]:
    """The different texts of a column; none of numbers, which are narrow."""
    return [str(text) for text in column.dropna().unique()] if pd.api.types.is_string_dtype(column) else []


@contextmanager
def _ignore_gptables_warnings() -> Iterator[None]:
    """Ignore warnings that gptables causes: it leaves a file open and uses deprecated pandas calls."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        warnings.simplefilter("ignore", Pandas4Warning)
        yield


def _title(source: Mapping[str, Any]) -> str:
    return f"Segments of general practices, {source['label']}"


def _cover(source: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": _title(source),
        "intro": [data_note(source), "Each sheet holds one table. The contents sheet lists them."],
        "about": [
            "Figures describe practices, not patients or clinicians. The Quality and Outcomes Framework is "
            "an incentive scheme, not a performance-management tool.",
            str(source["attribution"]),
            f"Licence: {source['licence']}.",
            *source.get("absent", []),
        ],
    }


def data_note(source: Mapping[str, Any]) -> str:
    """Say whether the data are synthetic, partly simulated, or published figures, and what a row is."""
    return " ".join(filter(None, [_kind_of_data(source), source.get("note")]))


def _kind_of_data(source: Mapping[str, Any]) -> str:
    kind, unchecked = data_kind(source), source.get("unchecked") and f"{UNCHECKED}."
    if kind == "simulated":
        return " ".join(filter(None, [str(source["warning"]), unchecked]))
    return KINDS_OF_DATA[kind]


def _table(name: str, sheet: WorkbookSheet, source: Mapping[str, Any]) -> dict[str, Any]:
    table = sheet.table[list(sheet.columns)].copy()
    for column, header in sheet.columns.items():
        if header.endswith("(%)"):
            table[column] = 100 * table[column]
        if pd.api.types.is_float_dtype(table[column]):
            table[column] = table[column].round(0 if column in sheet.whole_numbers else sheet.decimals)
        elif pd.api.types.is_bool_dtype(table[column]):
            table[column] = table[column].map({True: "yes", False: "no"})
        elif pd.api.types.is_string_dtype(table[column]):
            table[column] = table[column].map(
                {text: _cell_text(text) for text in table[column].dropna().unique()}
            )
    table = table.astype(object).where(table.notna(), MISSING).reset_index(drop=True)
    table = table.rename(columns=dict(sheet.columns))
    return {
        "table": table,
        "table_name": f"table_{name.lower().replace(' ', '_')}",
        "title": sheet.title + (" (synthetic data)" if source["synthetic"] else ""),
        "scope": sheet.scope,
        "source": str(source["attribution"]),
        "instructions": f"This sheet holds one table. {MISSING} means not known.",
        "index_columns": {1: 0},
        "table_notes": {header: f"$${header}$$" for header in NOTES if header in table},
    }


def _cell_text(text: str) -> str:
    text = visible_name(text)
    return text if len(text) <= CELL else text[: CELL - 1] + "…"


def _set_aside(table: pd.DataFrame) -> dict[tuple[int, int], str]:
    """Put a stand-in into every cell that gptables would not write as it is; return the texts by place."""
    texts = {
        (row, column): text
        for column, name in enumerate(table.columns)
        for row, text in enumerate(table[name])
        if isinstance(text, str) and _OBEYED.fullmatch(text)
    }
    for place in texts:
        table.iloc[place] = _STAND_IN
    return texts


def _write_back(workbook: Any, name: str, first_row: int, texts: Mapping[tuple[int, int], str]) -> None:
    """Write the texts that were set aside into their cells, which look like those beside them."""
    sheet, theme = workbook.get_worksheet_by_name(name), workbook.theme
    looks = [
        workbook.add_format({**look, "align": "left"}) for look in (theme.index_1_format, theme.data_format)
    ]
    for (row, column), text in texts.items():
        sheet.write_string(first_row + row, column, text, looks[column > 0])
