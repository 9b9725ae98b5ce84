"""The QOF archive: every year's dialect gives the same frames, and errors name their cause."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from gp_segmentation import config, schemas
from gp_segmentation.errors import InputError
from gp_segmentation.sources.nhs_england import read_qof

ROOT = Path(__file__).resolve().parents[3]
NAN = float("nan")

REGISTERS = pd.DataFrame(
    [
        ("A81001", "DM", 240, "17OV", 3200),
        ("A81001", "HYP", 600, "TOTAL", 4000),
        ("E83003", "DM", 30, "17OV", 700),
        ("E83003", "HYP", 90, "TOTAL", 900),
    ],
    columns=["practice_code", "group_code", "register", "list_type", "denominator"],
)
ACHIEVEMENT = pd.DataFrame(
    [
        ("A81001", "HYP001", NAN, NAN, NAN, 6.0),
        ("A81001", "HYP008", 300.0, 400.0, 20.0, 11.63),
        ("E83003", "HYP008", 0.0, 0.0, NAN, 0.0),  # no PCAS row: absent, not zero
    ],
    columns=["practice_code", "indicator_code", "numerator", "denominator", "pcas", "points"],
)


def reader(source: str):
    """Build the reader that `conf/source/<source>.yaml` describes."""
    composed = config.compose_config(ROOT, [f"source={source}"], name="data")
    return config.build(composed["source"]["files"]["qof"]["reader"])


def test_every_official_year_has_a_fixture(qof_years):
    files = (ROOT / "conf" / "source").glob("nhs_*.yaml")
    assert sorted(path.stem for path in files) == sorted(qof_years)


@pytest.mark.parametrize(
    "source", sorted(path.stem for path in (ROOT / "conf" / "source").glob("nhs_*.yaml"))
)
def test_every_year_is_read_in_its_own_dialect(build_qof, source):
    qof = reader(source)(path=build_qof(source))
    assert_frame_equal(qof.prevalence, REGISTERS)
    assert_frame_equal(qof.achievement, ACHIEVEMENT)
    assert qof.list_sizes.to_dict() == {"A81001": 4000, "E83003": 900}
    # Line feeds and tabs within quotes are blanks only once the tables are joined.
    assert [" ".join(text.split()) for text in qof.indicators["description"]] == [
        "Keeps a register, of patients with hypertension",
        "Blood pressure is 140/90 mmHg or less",
    ]
    places = qof.geographies.set_index("practice_code").loc["E83003"]
    assert places[["sub_icb_code", "sub_icb_name", "icb_code", "pcn_code"]].tolist() == [
        "93C",
        "Camden",
        "QMJ",
        "U",
    ]
    assert places["icb_name"] == "NHS North Central, London Integrated Care Board"
    for name, frame in (("registers", qof.prevalence), ("achievement", qof.achievement)):
        schemas.check(name, frame)
    schemas.check("indicators", qof.indicators)
    schemas.check("quality", qof.quality)


def test_tolerated_irregularities_are_counted(build_qof):
    counted = read_qof(build_qof(), suffix="2425").quality.set_index("check")
    assert counted["count"].to_dict() == {
        "registers that this year does not have": 21 - 2,
        "ACHIEVEMENT rows read": 6 + 4,
        "practice x indicator without ACHIEVED_POINTS": 2 * 2 - 3,
        "PCAS absent where DENOMINATOR stands": 1,
        "denominator of zero": 1,
    }
    assert counted.loc["ACHIEVEMENT rows read", "detail"] == (
        "ACHIEVED_POINTS 3; DENOMINATOR 2; NUMERATOR 2; PCAS 1; REGISTER 2"
    )


def test_practices_left_out_by_the_publisher_are_counted(build_qof):
    left_out = "PRACTICE_CODE,RULE,DESCRIPTION\nA85023,1,x\nA85023,2,x\nB83621,1,x\n"
    path = build_qof(extra={"PRACTICE_VALIDATION_OUTCOMES_2425.csv": left_out})
    counted = read_qof(path, suffix="2425").quality.set_index("check")["count"]
    assert counted["practices left out by the publisher"] == 2


def test_latin_1_names_are_read(build_qof):
    places = (
        "England,Y63,NE,QHM,NE ICB,16C,Tees,U1,Café PCN,A81001,Söhne\n"
        "England,Y56,L,QMJ,L ICB,93C,C,U2,P,E83003,X\n"
    )
    qof = read_qof(build_qof(places=places, encoding="latin-1"), suffix="2425")
    assert qof.geographies.loc[0, ["pcn_name", "practice_name"]].tolist() == ["Café PCN", "Söhne"]


def test_a_missing_member_is_named(build_qof):
    path = build_qof(extra={"MAPPING_INDICATORS_2425.csv": None})
    with pytest.raises(
        InputError, match=r"QOF2425\.zip: no member matches .*MAPPING_INDICATORS_2425.*found: ACH"
    ):
        read_qof(path, suffix="2425")


def test_another_years_archive_is_refused(build_qof):
    with pytest.raises(
        InputError, match=r"no member matches .*PREVALENCE_2324.*Check that it is the file of"
    ):
        read_qof(build_qof(), suffix="2324")


def test_a_missing_region_is_named(build_qof):
    path = build_qof(extra={"ACHIEVEMENT_LONDON_2425.csv": None})
    message = (
        r"no practice of London has achievement \(members read: ACHIEVEMENT_NORTH_EAST_AND_YORKSHIRE_2425"
    )
    with pytest.raises(InputError, match=message):
        read_qof(path, suffix="2425")


def test_an_archive_without_achievement_is_read_with_a_note(build_qof):
    gone = {f"ACHIEVEMENT_{region}_2425.csv": None for region in ("LONDON", "NORTH_EAST_AND_YORKSHIRE")}
    qof = read_qof(build_qof(extra=gone), suffix="2425")
    assert_frame_equal(qof.prevalence, REGISTERS)
    schemas.check("achievement", qof.achievement)
    assert len(qof.achievement) == 0
    noted = qof.quality.set_index("check").loc["no ACHIEVEMENT member"]
    assert noted[["count", "detail"]].tolist() == [1, "only feature sets without achievement can be used"]


def test_registers_that_the_year_does_not_have_are_named(build_qof):
    rows = "".join(f"A81001,{code},1,TOTAL,9\n" for code in schemas.REGISTERS if code not in ("CAN", "RA"))
    header = "PRACTICE_CODE,GROUP_CODE,REGISTER_SIZE,PATIENT_LIST_TYPE,PRACTICE_LIST_SIZE\n"
    qof = read_qof(build_qof("nhs_2025_26", extra={"PREVALENCE_2526.csv": header + rows}), suffix="2526")
    noted = qof.quality.set_index("check").loc["registers that this year does not have"]
    assert noted[["count", "detail"]].tolist() == [2, "CAN, RA"]
    assert len(qof.prevalence) == 21 - 2


PREVALENCE = "PRACTICE_CODE,GROUP_CODE,REGISTER,PATIENT_LIST_TYPE,PRACTICE_LIST_SIZE\n"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("A1X,DM,1,TOTAL,9\nA1X,DM,1,TOTAL,9\n", r"A1X DM comes more than once \(surplus rows in total: 1\)"),
        (
            "A1X,DM,1.5,TOTAL,9\n",
            r"column REGISTER or REGISTER_SIZE: 1\.5 for A1X DM is not a count of patients",
        ),
        ("A1X,DM,1,TOTAL,-9\n", r"column PRACTICE_LIST_SIZE: -9 for A1X DM is not a count"),
        ("A1X,DM,1,TOTAL,9\nA1X,AF,1,TOTAL,8\n", r"A1X has TOTAL lists of 8 and 9 patients"),
        ("A1X,DM,many,TOTAL,9\n", r"PREVALENCE_2425\.csv, row 2, column REGISTER: 'many' is not a number"),
    ],
)
def test_an_impossible_register_is_named(build_qof, rows, message):
    path = build_qof(extra={"PREVALENCE_2425.csv": PREVALENCE + rows})
    with pytest.raises(InputError, match=message):
        read_qof(path, suffix="2425")


def test_suppressed_registers_are_left_out_and_counted(build_qof):
    rows = "A81001,DM,*,17OV,3200\nA81001,LD,3,TOTAL,2\nE83003,DM,7,TOTAL,70\n"
    qof = read_qof(build_qof(extra={"PREVALENCE_2425.csv": PREVALENCE + rows}), suffix="2425")
    assert qof.prevalence["group_code"].tolist() == ["LD", "DM"]
    counted = qof.quality.set_index("check")["count"]
    assert counted["registers not given"] == 1
    assert counted["register larger than its list"] == 1  # 3 of 2: an institution, not an error
    assert_series_equal(
        qof.list_sizes,
        pd.Series([2, 70], pd.Index(["A81001", "E83003"], name="practice_code"), name="list_size"),
    )


ACH = "PRACTICE_CODE,INDICATOR_CODE,MEASURE,VALUE\n"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "E83003,HYP008,PCAS,1\nE83003,HYP008,PCAS,1\n",
            r"LONDON_2425.csv: E83003 HYP008 PCAS comes 2 times",
        ),
        ("E83003,HYP008,PCAS,-1\n", r"E83003 HYP008 PCAS is -1, below zero"),
        ("A81001,HYP008,PCAS,1\n", r"A81001 HYP008 is in more than one of: ACHIEVEMENT_LONDON"),
        ("E83003,HYP008,PCAS,x\n", r"LONDON_2425.csv, row 2, column VALUE: 'x' is not a number"),
    ],
)
def test_an_impossible_achievement_is_named(build_qof, rows, message):
    with pytest.raises(InputError, match=message):
        read_qof(build_qof(extra={"ACHIEVEMENT_LONDON_2425.csv": ACH + rows}), suffix="2425")


def test_unknown_measures_and_missing_values_are_counted(build_qof):
    cells = ["NUMERATOR,5", "DENOMINATOR,4", "MOOD,1", "PCAS,:"]
    rows = "".join(f"E83003,HYP008,{cell}\n" for cell in cells) + ",,,\n"
    qof = read_qof(build_qof(extra={"ACHIEVEMENT_LONDON_2425.csv": ACH + rows}), suffix="2425")
    counted = qof.quality.set_index("check")["count"]
    assert counted["rows of an unknown measure left out"] == 1
    assert counted["ACHIEVEMENT values not given"] == 1
    assert counted["blank rows left out"] == 1
    assert counted["numerator larger than denominator"] == 1
    assert qof.achievement.iloc[-1]["numerator"] == 5
    assert pd.isna(qof.achievement.iloc[-1]["pcas"])


def test_a_practice_in_two_regions_is_counted(build_qof):
    rows = "E83003,HYP008,NUMERATOR,5\nA81001,DM006,NUMERATOR,5\n"
    qof = read_qof(build_qof(extra={"ACHIEVEMENT_LONDON_2425.csv": ACH + rows}), suffix="2425")
    split = qof.quality.set_index("check").loc["practices in more than one ACHIEVEMENT member"]
    assert split[["count", "detail"]].tolist() == [1, "A81001"]


def test_a_missing_column_is_named(build_qof):
    path = build_qof(
        extra={"PREVALENCE_2425.csv": "PRACTICE_CODE,GROUP_CODE,PATIENT_LIST_TYPE\nA1X,DM,TOTAL\n"}
    )
    message = (
        r"QOF2425\.zip: PREVALENCE_2425\.csv, column REGISTER or REGISTER_SIZE: is missing "
        r"\(found: PRACTICE_CODE, GROUP_CODE, PATIENT_LIST_TYPE\)"
    )
    with pytest.raises(InputError, match=message):
        read_qof(path, suffix="2425")
