"""Areas by code or name however written, and groupings of one's own with every practice accounted for."""

from __future__ import annotations

import pandas as pd
import pytest

from gp_segmentation.areas import every_area, find_area, read_grouping, source_grouping
from gp_segmentation.errors import ConfigError, InputError


@pytest.mark.parametrize(
    "wanted",
    [
        "QHL",
        "qhl",
        "NHS Birmingham and Solihull Integrated Care Board",
        "birmingham & solihull",
        "Birmingham",
    ],
)
def test_an_area_is_found_by_code_name_or_a_part_that_only_it_has(run, wanted):
    found = find_area(run.segments, "icb", wanted)
    assert (found.code, len(found.practices)) == ("QHL", 7)


def test_what_is_not_there_is_answered_with_what_is_near(run):
    with pytest.raises(
        ConfigError, match=r"no integrated care board .* 'NHS Birmingam.*Did you mean: NHS Birm.*\(QHL\)"
    ):
        find_area(run.segments, "icb", "NHS Birmingam and Solihul")
    with pytest.raises(ConfigError, match="a part of the names of 3 areas: Network U01"):
        find_area(run.segments, "pcn", "network")


def test_practices_without_an_area_are_in_none(run):
    areas = every_area(run.segments, "pcn")
    assert [(area.code, len(area.practices)) for area in areas] == [("U01", 4), ("U02", 3), ("U03", 4)]


@pytest.mark.parametrize(
    "text",
    [
        "practice_code,group\nA00001,North\na00002,North\nA00003,South\nB99999,South\nA00004,\n",
        "Locality,Practice Code,Note\nNorth,A00001,x\nNorth,A00002,\nSouth,A00003,\nSouth,B99999,\n",
        "\ufeffcode;x\n".replace(";", ",group,")
        + "A00001,North,\nA00002,North,\nA00003,South,\nB99999,South,\n",
    ],
    ids=["plain", "other names and order", "with a mark of order"],
)
def test_a_grouping_counts_what_it_does_not_match(run, tmp_path, text):
    path = tmp_path / "localities.csv"
    path.write_text(text, encoding="utf-8")
    found = read_grouping(path, run.segments["practice_code"])
    assert found.groups.to_dict() == {"A00001": "North", "A00002": "North", "A00003": "South"}
    assert (found.unmatched, found.outside) == (("B99999",), 9)
    assert found.said() == (
        "localities: 3 practices in 2 groups; 1 codes of the file are not in the run (B99999); "
        "9 practices of the run are in no group"
    )
    north = find_area(run.segments, "group", "north", found)
    assert (north.kind, north.code, north.practices) == ("group", "North", ("A00001", "A00002"))


def test_a_grouping_of_the_source_says_its_label_and_its_day(run):
    rows = [("teams", "A00001", "North"), ("teams", "A00002", "South"), ("boards", "A00003", "East")]
    table = pd.DataFrame(rows, columns=["grouping", "practice_code", "group"])
    table = table.assign(label="Neighbourhood teams", date="2026-04-01")
    found = source_grouping(table, "teams", run.segments["practice_code"])
    assert found.groups.to_dict() == {"A00001": "North", "A00002": "South"}
    assert found.said() == (
        "Neighbourhood teams, members of 2026-04-01: 2 practices in 2 groups; "
        "10 practices of the run are in no group"
    )


def test_a_list_of_codes_is_one_group_called_as_its_file(run, tmp_path):
    path = tmp_path / "my patch.csv"
    path.write_text("practice_code\nA00001\nA00005\n", encoding="utf-8")
    (area,) = every_area(run.segments, "group", read_grouping(path, run.segments["practice_code"]))
    assert (area.name, area.practices) == ("my patch", ("A00001", "A00005"))


def test_a_file_as_excel_in_britain_saves_it_is_read(run, tmp_path):
    path = tmp_path / "places.csv"
    path.write_bytes("practice_code,place\nA00001,Caf\xe9 Quarter\n".encode("cp1252"))
    assert read_grouping(path, run.segments["practice_code"]).groups.to_dict() == {"A00001": "Café Quarter"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "practice_code,group\nA00001,North\n\nA00001,South\n",
            r"row 4: A00001 is in 'North' and in 'South'",
        ),
        ("name,size\nA00001,3\n", r"row 1: has the columns name, size, none of them practicecode"),
        (
            "practice_code,group\nZ1,North\n",
            r"groups.csv: none of its 1 practice codes is in the data, such as Z1",
        ),
        ("practice_code,group\n", r"has no row"),
    ],
)
def test_a_grouping_that_cannot_be_used_says_why(run, tmp_path, text, words):
    path = tmp_path / "groups.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_grouping(path, run.segments["practice_code"])


def test_a_grouping_that_is_missing_and_a_group_without_one_are_told(run, tmp_path):
    with pytest.raises(InputError, match="is missing"):
        read_grouping(tmp_path / "none.csv", run.segments["practice_code"])
    with pytest.raises(ConfigError, match="--grouping FILE"):
        every_area(run.segments, "group")
