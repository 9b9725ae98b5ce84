"""Every reader refuses each corruption of its file with a clear error, or tolerates and counts it."""

from __future__ import annotations

import csv
import io
import re
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from gp_segmentation.errors import InputError

RAW = runpy.run_path(str(Path(__file__).resolve().parents[2] / "fixtures" / "raw_files.py"))
READERS = RAW["READERS"]

SAME = "same tables, nothing counted"
#: One more row, with a code that no other file has: joining the files leaves it out and counts it.
SAME_BUT_ONE = "the same tables and one more row"


class Counted(str):
    """Read without an error; the quality table has this check (a regular expression)."""


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def text_of(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def place(reader, column: str | int) -> int:
    return rows_of(reader.text)[0].index(column) if isinstance(column, str) else column


def with_value(value: str, column: str = "number") -> Callable:
    """Replace the last row's number or code by `value`."""

    def change(reader):
        named = getattr(reader, column)
        if named is None:
            return None
        rows = rows_of(reader.text)
        rows[-1][place(reader, named)] = value
        return text_of(rows)

    return change


def header_only(change: Callable) -> Callable:
    """Change the rows of files that have a header; leave out the others."""
    return lambda reader: text_of(change(rows_of(reader.text), reader)) if reader.header else None


def named_surgery(encoding: str) -> Callable:
    def change(reader):
        return reader.text.replace("Surgery", "Café").replace("SURGERY", "CAFÉ").encode(encoding)

    return lambda reader: change(reader) if "surgery" in reader.text.lower() else None


def appended(*rows: str) -> Callable:
    return lambda reader: (reader.text + "".join(f"{row}\n" for row in rows)).encode()


def total_row(code: str) -> Callable:
    """Repeat the last row as a total: its code is `code`."""

    def change(reader):
        rows = rows_of(reader.text)
        rows.append(list(rows[-1]))
        rows[-1][place(reader, reader.code)] = code
        return text_of(rows)

    return change


def only(name: str, *rows: str) -> Callable:
    """Append rows to the file of one reader."""
    return lambda reader: appended(*rows)(reader) if reader is READERS[name] else None


def replaced(name: str, old: str, new: str) -> Callable:
    """Replace every `old`, which must occur, by `new` in the file of one reader."""

    def change(reader):
        if reader is not READERS[name]:
            return None
        assert old in reader.text
        return reader.text.replace(old, new).encode()

    return change


def duplicated_column(rows, reader):
    at = place(reader, reader.code)
    return [[*row, row[at]] for row in rows]


def without_column(rows, reader):
    at = place(reader, reader.code)
    return [row[:at] + row[at + 1 :] for row in rows]


def renamed_column(rows, reader):
    rows[0][place(reader, reader.code)] = "SURGERY_ID"
    return rows


FIELDS = r"row \d+: has \d+ fields where there should be \d+"
MISSING = r"column [\w ]+( or \w+)*: is missing \(found: "
TOO_LONG = r"(one row has more than|has more than) [\d,]+ (characters|cells)"

#: Readers that cannot do without the number (an error), or that lose nothing without it.
NEEDED = {"registrations": "nothing for E83003 .* is not a count", "indicators": Counted("")}

#: Corruption -> (change to the intact file, result of most readers, results of the others).
TABLE: dict[str, tuple[Callable, str, dict[str, str]]] = {
    "byte-order mark": (lambda r: r.text.encode("utf-8-sig"), SAME, {}),
    "UTF-16": (lambda r: r.text.encode("utf-16"), SAME, {}),
    "UTF-16 without a mark": (
        lambda r: r.text.encode("utf-16-le"),
        MISSING,
        {"organisations": FIELDS + "|status", "postcodes": FIELDS + "|is not a number"},
    ),
    "UTF-16 cut within a character": (lambda r: r.text.encode("utf-16")[:-1], "is not text", {}),
    "latin-1": (named_surgery("latin-1"), Counted("bytes that are not UTF-8"), {}),
    "CR-only line ends": (lambda r: r.text.replace("\n", "\r").encode(), SAME, {}),
    "CRLF line ends": (lambda r: r.text.replace("\n", "\r\n").encode(), SAME, {}),
    "mixed line ends": (lambda r: r.text.replace("\n", "\r\n", 1).replace("\n", "\r", 2).encode(), SAME, {}),
    "no line end at the end": (lambda r: r.text.rstrip("\n").encode(), SAME, {}),
    "trailing empty lines": (lambda r: (r.text + "\n\n").encode(), SAME, {}),
    "trailing blank rows": (appended(",,", " , "), Counted("blank rows left out"), {}),
    "a footnote": (
        appended("Source: NHS England"),
        FIELDS,
        {"local": Counted("no value|left out by the filter")},
    ),
    "a total row without a code": (
        total_row(""),
        Counted("rows without .*left out"),
        {},
    ),
    "a total row under a name": (total_row("ENGLAND"), SAME_BUT_ONE, {}),
    "semicolons for commas": (
        lambda r: r.text.replace(",", ";").encode(),
        MISSING,
        {"organisations": FIELDS, "postcodes": FIELDS},
    ),
    "a numerator above its denominator": (
        replaced("achievement", "NUMERATOR,300.0", "NUMERATOR,401"),
        Counted("numerator larger than denominator"),
        {},
    ),
    "a denominator of zero": (
        replaced("achievement", "DENOMINATOR,60", "DENOMINATOR,0"),
        Counted("denominator of zero"),
        {},
    ),
    "personalised care adjustments without a row": (
        replaced("achievement", "North East,A81001,HYP008,PCAS,20.0\n", ""),
        Counted("PCAS absent where DENOMINATOR stands"),
        {},
    ),
    "an unknown measure": (
        only("achievement", "London,E83003,HYP008,MOOD,5"),
        Counted("rows of an unknown measure left out"),
        {},
    ),
    "a register above its list": (
        replaced("prevalence", "DM,30.0,17OV,700", "DM,701,17OV,700"),
        Counted("register larger than its list"),
        {},
    ),
    "two list sizes of one practice": (
        replaced("prevalence", "A81001,DM,240.0,17OV,3200", "A81001,DM,240.0,TOTAL,3999"),
        "A81001 has TOTAL lists of 3,999 and 4,000 patients",
        {},
    ),
    "a practice in two regions": (
        only("geographies", "A81001,Densham,U89141,Stockton PCN,16C,Tees,QHM,North Cumbria,Y56,London"),
        "A81001 comes more than once",
        {},
    ),
    "an unknown age band": (
        replaced("registrations", "FEMALE,95+", "FEMALE,ancient"),
        "'ANCIENT' is not a five-year age band",
        {},
    ),
    "an unknown sex": (
        only("registrations", "GP_PRAC_PAT_LIST,2025-04-01,GP,E83003,X,TS18 1HU,INDETERMINATE,0_4,1"),
        Counted("patients of neither female nor male sex"),
        {},
    ),
    "bands that do not add up to their total": (
        replaced("registrations", "ALL,ALL,420", "ALL,ALL,9000"),
        "age bands and ALL rows differ by 17,160 of 18,000 patients",
        {},
    ),
    "registrations of another day": (
        replaced("registrations", "2025-04-01", "2023-07-01"),
        Counted("registrations of another day"),
        {},
    ),
    "a point off Africa": (
        replaced("postcodes", "530047,179951", "0,-5000000"),
        "lies outside the National Grid",
        {},
    ),
    "another indicator's file": (
        replaced("fingertips", "93553", "90366"),
        "has no indicator 93553",
        {},
    ),
    "another year's table": (replaced("local", "2024", "2023"), "no row has 2024", {}),
    "a missing column": (header_only(without_column), MISSING, {}),
    "a renamed column": (header_only(renamed_column), MISSING + ".*SURGERY_ID", {}),
    "reordered columns": (header_only(lambda rows, _: [row[::-1] for row in rows]), SAME, {}),
    "an extra column": (header_only(lambda rows, _: [[*row, "x"] for row in rows]), SAME, {}),
    "two columns of the key's name": (header_only(duplicated_column), "is in the header", {}),
    "a header in small letters": (
        header_only(lambda rows, _: [[name.lower() for name in rows[0]], *rows[1:]]),
        SAME,
        {"local": MISSING},
    ),
    "ten million columns": (lambda r: b"A," * 10_000_000, TOO_LONG, {}),
    "a row of ten million columns": (lambda r: r.text.encode() + b"1," * 10_000_000, TOO_LONG, {}),
    "a value of ten million characters": (lambda r: r.text.encode() + b"x" * 10_000_000, TOO_LONG, {}),
    "a quote that never ends": (
        lambda r: (r.text + '"A\n').encode() + b"1,2\n" * 500_000,
        ".*(field|row)",
        {},
    ),
    "a row with a field too many": (
        lambda r: text_of([*rows_of(r.text)[:-1], [*rows_of(r.text)[-1], "x"]]),
        FIELDS,
        {},
    ),
    "a row cut short": (lambda r: r.text[: r.text.rstrip().rindex(",")].encode(), FIELDS, {"local": SAME}),
    "empty": (lambda r: b"", "is empty", {}),
    "blanks only": (
        lambda r: b"\n \n\n",
        "is empty|has no row",
        {},
    ),
    "a header alone": (
        header_only(lambda rows, _: rows[:1]),
        "has no row",
        {"achievement": "no practice of", "fingertips": "has no indicator 93553"},
    ),
    "a picture": (
        lambda r: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 500,
        MISSING + "|is not|not a table|characters|" + FIELDS,
        {"organisations": FIELDS + "|is not|cannot", "postcodes": FIELDS + "|is not|cannot"},
    ),
    "a thousands separator": (with_value("1,234"), "'1,234' is not a number", {"local": Counted("")}),
    "a word for a number": (with_value("many"), "'many' is not a number", {}),
    "an infinite number": (with_value("inf"), "'inf' is not a number", {}),
    "Python's own digits": (with_value("1_0"), "'1_0' is not a number", {}),
    "a negative number": (
        with_value("-5"),
        "-5",
        {"postcodes": "lies outside the National Grid", "indicators": "-5"},
    ),
    "a number too large": (with_value("1e300"), "1e\\+?300", {}),
    "a fraction of a patient": (
        with_value("1.5"),
        r"1\.5.* not a count",
        {
            "indicators": Counted(""),
            "fingertips": Counted(""),
            "local": Counted(""),
            "postcodes": Counted(""),
        },
    ),
    "* for a number": (with_value("*"), Counted("not given|no value|not published|without"), NEEDED),
    ": for a number": (with_value(":"), Counted("not given|no value|not published|without"), NEEDED),
    "blank for a number": (with_value(""), Counted("not given|no value|not published|without"), NEEDED),
    "a code twice": (
        lambda r: text_of([*rows_of(r.text), rows_of(r.text)[-1]]),
        "comes (more than once|2 times)|has more than one row",
        {"postcodes": Counted("come more than once"), "fingertips": Counted("rows that repeat another")},
    ),
}


def expected(corruption: str, name: str) -> str:
    _, most, others = TABLE[corruption]
    return others.get(name, most)


def corrupted(corruption: str, name: str) -> bytes | None:
    return TABLE[corruption][0](READERS[name])


CASES = [(c, n) for c in TABLE for n in READERS if corrupted(c, n) is not None]


def assert_same_tables(found, intact) -> None:
    assert found.keys() == intact.keys()
    for name in intact.keys() - {"quality"}:
        assert_frame_equal(found[name], intact[name])


def without_england(frames):
    """Leave out the rows of ENGLAND, and the quality table, which counts rows."""
    kept = {name: frame.reset_index() for name, frame in frames.items() if name != "quality"}
    kept = {name: frame[~frame.eq("ENGLAND").any(axis=1)] for name, frame in kept.items()}
    same = {name: frame.drop(columns="index", errors="ignore") for name, frame in kept.items()}
    return {name: frame.reset_index(drop=True) for name, frame in same.items()}


@pytest.mark.parametrize(("corruption", "name"), CASES)
def test_a_corrupted_text_is_refused_clearly_or_counted(tmp_path, corruption, name):
    reader, outcome = READERS[name], expected(corruption, name)
    path = reader.pack(tmp_path, corrupted(corruption, name))
    if outcome not in (SAME, SAME_BUT_ONE) and not isinstance(outcome, Counted):
        with pytest.raises(InputError, match=outcome) as refused:
            reader.read(path)
        assert reader.file in str(refused.value)
        return
    found = reader.read(path)
    if outcome in (SAME, SAME_BUT_ONE):
        (tmp_path / "intact").mkdir()
        intact = reader.read(reader.pack(tmp_path / "intact", reader.text.encode()))
        if outcome == SAME_BUT_ONE:
            assert any("ENGLAND" in frame.to_csv() for frame in found.values())
            assert_same_tables(without_england(found), without_england(intact))
            return
        assert_same_tables(found, intact)
        assert_frame_equal(found["quality"], intact["quality"])
    else:
        assert any(
            re.search(outcome, check)
            for check in [*found["quality"]["check"], ""][: len(found["quality"]) or 1]
        )
