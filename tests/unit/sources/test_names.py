"""The door for names: seen, counted, and a blank one is its code; a mark of "no value" is a name."""

from __future__ import annotations

import pandas as pd
import pytest

from gp_segmentation.sources.files.archive import TextFile
from gp_segmentation.sources.files.delimited import MISSING, Csv
from gp_segmentation.sources.names import visible_tables
from gp_segmentation.sources.raw_folder import PresentFiles

NAMES = ["Oak\u202e Surgery", "", " The\tOak\n", "-", "L" * 10_000, None]


@pytest.fixture
def raw() -> PresentFiles:
    return PresentFiles(names={"qof": "QOF.zip"})


def practices(names: list[str | None]) -> pd.DataFrame:
    codes = [f"A8100{i}" for i in range(len(names))]
    places = {f"{place}_{part}": "QAA" for place in ("sub_icb", "icb", "region") for part in ("code", "name")}
    pcn = pd.Series(["U1", *[None] * (len(names) - 1)], dtype="str")
    return pd.DataFrame(
        {"practice_code": codes, "practice_name": pd.Series(names, dtype="str"), **places}
    ).assign(pcn_code=pcn, pcn_name=pd.Series([None] * len(names), dtype="str"), list_size=1000)


def noted(raw: PresentFiles) -> list[tuple[str, str, int, str]]:
    return [tuple(row) for frame in raw.quality for row in frame.itertuples(index=False)]


def test_names_are_made_visible_and_a_blank_one_is_the_code(raw):
    table = visible_tables({"practices": practices(NAMES)}, raw)["practices"]
    shown = ["Oak{U+202E} Surgery", "A81001", "The Oak", "-", "L" * 10_000, "A81005"]
    assert table["practice_name"].tolist() == shown
    assert table["list_size"].tolist() == [1000] * len(NAMES)


def test_a_network_without_a_name_is_its_code_and_none_stays_none(raw):
    table = visible_tables({"practices": practices(NAMES)}, raw)["practices"]
    assert table["pcn_name"].iloc[0] == "U1"
    assert table["pcn_name"].iloc[1:].isna().all()


def test_both_are_counted_and_plain_names_are_not(raw):
    visible_tables({"practices": practices(NAMES)}, raw)
    hidden = "practice_name with characters that cannot be seen, shown as their numbers"
    assert noted(raw) == [
        ("QOF.zip", hidden, 1, "Oak{U+202E} Surgery"),
        ("QOF.zip", "practice_name blank, the code stands in", 2, "A81001, A81005"),
        ("QOF.zip", "pcn_name blank, the code stands in", 1, "U1"),
    ]


def test_a_long_name_is_counted_in_short(raw):
    visible_tables({"practices": practices(["L" * 10_000 + "\x00", "two words " * 20 + "\x07"])}, raw)
    ((_, _, count, detail), _) = noted(raw)
    assert count == 2
    assert detail == "L" * 59 + "…, " + " ".join(["two words"] * 6) + "…"


def test_codes_and_descriptions_pass_the_same_door(raw):
    indicators = pd.DataFrame(
        {
            **{"indicator_code": ["HYP\u200b001"], "description": ["Keeps a\r\n\tregister"], "points": [6.0]},
            **{"group_code": ["HYP"], "group_name": [" "], "domain_code": ["CL"], "domain_name": ["\x1b[0m"]},
            "list_type": ["TOTAL"],
        }
    )
    (row,) = visible_tables({"indicators": indicators}, raw)["indicators"].to_dict("records")
    assert row == {
        **{"indicator_code": "HYP{U+200B}001", "description": "Keeps a register", "points": 6.0},
        **{"group_code": "HYP", "group_name": "HYP", "domain_code": "CL", "domain_name": "{U+001B}[0m"},
        "list_type": "TOTAL",
    }


@pytest.mark.parametrize("mark", MISSING)
def test_a_mark_of_no_value_is_a_name_but_no_code_and_no_number(mark, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f'CODE,NAME,LIST\nA1,"{mark}",{mark}\n{mark},b,1\nA2, {mark} ,2\n', encoding="utf-8")
    columns = {"code": "CODE", "name": "NAME", "list": "LIST"}
    table = Csv(TextFile(path), columns, numbers=frozenset({"list"}), names=frozenset({"name"})).frame()
    assert table["name"].fillna("").tolist() == [mark, "b", mark]
    assert table["name"].isna().tolist() == [not mark, False, not mark]
    assert table["code"].isna().tolist() == [False, True, False]
    assert table["list"].isna().tolist() == [True, False, False]


def test_a_row_of_marks_and_no_name_is_blank(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("CODE,NAME\nA1,a\n*,\n,\n-, \n", encoding="utf-8")
    source = Csv(TextFile(path), {"code": "CODE", "name": "NAME"}, names=frozenset({"name"}))
    assert source.frame().to_dict("list") == {"code": ["A1"], "name": ["a"]}
    assert (source.rows, source.blank_rows) == (1, 3)
