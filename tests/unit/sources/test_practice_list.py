"""A practice list from any table, and a source that rests on it alone."""

from __future__ import annotations

from functools import partial

import pytest

from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.sources import read_source
from gp_segmentation.sources.local import read_local_table
from gp_segmentation.sources.practice_list import read_practice_list

LIST = """\
Code,Surgery,Patients,ICB,Region,Seen,Smoking
a81001,The Surgery,"4,000",QHM,North East,8000,20
A81002,,5000,QHM,North East,5000,10
A81003,Without patients,,QHM,,1,1
E83003,Elsewhere,900,,London,90,15
"""
MEASURES = {
    "seen_per_patient": {"column": "Seen", "per": "list_size"},
    "smoking": {"column": "Smoking", "unit": "%", "range": [0, 100]},
}


def files(**options):
    areas = {"icb_code": "ICB", "region_name": "Region"}
    keys = {"code": "Code", "name": "Surgery", "list_size": "Patients", "areas": areas, **options}
    entry = {"filename": "list.csv", "required": True}
    return {
        "practices": {**entry, "role": "practices", "reader": partial(read_practice_list, **keys)},
        "measures": {
            **entry,
            "role": "context",
            "reader": partial(read_local_table, code="Code", columns=MEASURES),
        },
    }


@pytest.fixture
def raw(tmp_path):
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    return tmp_path


def test_a_table_gives_the_practices_their_names_lists_and_areas(raw):
    found = read_source(files(), raw).practices.set_index("practice_code")
    assert found["practice_name"].to_dict() == {
        "A81001": "The Surgery",
        "A81002": "A81002",
        "E83003": "Elsewhere",
    }
    assert found["list_size"].to_dict() == {"A81001": 4000, "A81002": 5000, "E83003": 900}
    assert found["special"].dropna().to_dict() == {"E83003": "list under 1,000"}
    # A code without a name is its own name, and the other way round.
    assert found["icb_name"].to_dict() == {"A81001": "QHM", "A81002": "QHM", "E83003": "Area not given"}
    assert found["icb_code"].to_dict() == {"A81001": "QHM", "A81002": "QHM", "E83003": "UNKNOWN"}
    assert found["region_code"].tolist() == ["North East", "North East", "London"]
    assert found["sub_icb_name"].unique().tolist() == ["Area not given"]
    assert found["pcn_code"].isna().all()


def test_what_the_table_lacks_is_counted(raw):
    counted = read_source(files(), raw).quality.set_index("check")["count"]
    assert counted["practices left out: without a list size"] == 1
    assert counted["practices without icb_code or icb_name"] == 1
    assert counted["practices without sub_icb_code or sub_icb_name"] == 3
    assert counted["practices without PREVALENCE"] == 3


def test_the_same_table_may_give_measures_also_per_patient(raw):
    found = read_source(files(), raw)
    assert found.context.set_index("practice_code")["seen_per_patient"].tolist() == [
        8000 / 4000,
        5000 / 5000,
        90 / 900,
    ]
    assert found.context["smoking"].tolist() == [20, 10, 15]
    assert found.registers.empty and found.achievement.empty and found.age_sex.empty  # noqa: PT018


def test_a_practice_of_no_patients_has_no_rate(raw):
    (raw / "list.csv").write_text(LIST.replace("900", "0"), encoding="utf-8")
    context = read_source(files(), raw).context.set_index("practice_code")
    assert context["seen_per_patient"].isna().to_dict() == {"A81001": False, "A81002": False, "E83003": True}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"4,000"', "4000.5", r"list\.csv, row 2, column Patients: 4000\.5 is not a number of patients"),
        ('"4,000"', "-1", r"row 2, column Patients: -1 lies outside 0 to 1e\+08"),
        ('"4,000"', "many", r"row 2, column Patients: 'many' is not a number"),
        ("A81002", "A81001", r"column Code: A81001 has more than one row: 2, 3"),
        ("ICB,", "Board,", r"column ICB: is missing \(found: Code, Surgery, Patients, Board"),
    ],
)
def test_a_list_that_cannot_be_right_is_refused(raw, old, new, message):
    (raw / "list.csv").write_text(LIST.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_source(files(), raw)


def test_a_row_is_chosen_as_in_any_table(raw):
    found = read_source(files(where={"Region": "North East"}), raw)
    assert found.practices["practice_code"].tolist() == ["A81001", "A81002"]


def test_a_source_has_one_file_that_lists_the_practices(raw):
    listed = files()
    with pytest.raises(ConfigError, match="no file has role qof or practices"):
        read_source({"measures": listed["measures"]}, raw)
    both = {**listed, "qof": listed["practices"] | {"role": "qof"}}
    with pytest.raises(ConfigError, match="both roles qof and practices are given"):
        read_source(both, raw)
    with pytest.raises(InputError, match=r"list\.csv: is missing"):
        read_source({"practices": listed["practices"] | {"required": False}}, raw / "elsewhere")
