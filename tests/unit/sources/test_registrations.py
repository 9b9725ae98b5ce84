"""Registered patients: the age bands of practices, never the rows that repeat them."""

from __future__ import annotations

from datetime import date

import pytest

from gp_segmentation import schemas
from gp_segmentation.errors import InputError
from gp_segmentation.sources.registrations import read_registrations

PRACTICES = {"E83003": (1, 2), "A81001": (30, 20)}


@pytest.fixture
def quin_age_zip(tmp_path, write_zip, quin_age):
    """Write the zip of two practices, its text changed by `old` -> `new` pairs; return its path."""

    def build(*changes: tuple[str, str], **options) -> object:
        text = quin_age(PRACTICES, **options)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return write_zip(tmp_path / "gp-reg-pat-prac-quin-age.zip", {"gp-reg-pat-prac-quin-age.csv": text})

    return build


def test_bands_of_practices_are_taken_and_nothing_else(quin_age_zip):
    found = read_registrations(quin_age_zip())
    frame = schemas.check("age_sex", found.age_sex)
    assert len(frame) == 2 * 2 * 20  # practices x sexes x bands: no ALL row, no ICB
    assert frame["age_band"].head(20).tolist() == list(schemas.AGE_BANDS)  # by age, not as text
    by_practice = frame.groupby(["practice_code", "sex"])["patients"].sum()
    assert by_practice["A81001", "FEMALE"] == 20 * 30
    assert by_practice["E83003", "MALE"] == 20 * 2
    assert found.totals.to_dict() == {"A81001": 20 * (30 + 20), "E83003": 20 * (1 + 2)}
    assert found.postcodes.to_dict() == {"A81001": "TS18 1HU", "E83003": "TS18 1HU"}
    assert found.quality["count"].tolist() == [2]  # the two rows of the ICB


@pytest.mark.parametrize("written", ["2025-04-01", "01APR2025", "01Apr2025"])
def test_the_three_formats_of_the_day(quin_age_zip, written):
    assert read_registrations(quin_age_zip(date=written)).extract_date == date(2025, 4, 1)


def test_a_list_of_another_day_is_counted(quin_age_zip):
    found = read_registrations(quin_age_zip(date="2025-03-01"), expected_date="2025-04-01")
    row = found.quality[found.quality["check"] == "registrations of another day"]
    assert row["detail"].tolist() == ["2025-03-01, not 2025-04-01"]


def test_other_formats_of_a_band(quin_age_zip):
    path = quin_age_zip((",5_9,", ",05-09,"), (",95+,", ",95_plus,"))
    assert read_registrations(path).age_sex["patients"].sum() == 20 * 53


def test_a_total_that_differs_a_little_is_counted(quin_age_zip):
    path = quin_age_zip(("ALL,ALL,1000\r\n", "ALL,ALL,1005\r\n"))
    row = read_registrations(path).quality.set_index("check")
    check = "practices whose age bands differ from their ALL row"
    assert row.loc[check, ["count", "detail"]].tolist() == [1, "5 patients"]


def test_totals_far_apart_are_refused(quin_age_zip):
    path = quin_age_zip(("ALL,ALL,1000\r\n", "ALL,ALL,1200\r\n"))
    with pytest.raises(
        InputError, match=r"age bands and ALL rows differ by 200 of 1,260 patients.*cut short"
    ):
        read_registrations(path)


def test_bands_without_a_row_hold_no_patients_and_are_counted(quin_age_zip):
    path = quin_age_zip(("GP_PRAC_PAT_LIST,2025-04-01,GP,E83003,,TS18 1HU,MALE,95+,2\r\n", ""))
    found = read_registrations(path)
    assert len(found.age_sex) == 2 * 2 * 20
    assert found.age_sex.iloc[-1].tolist() == ["E83003", "MALE", "95+", 0]
    assert "age bands without a row, taken as no patients" in found.quality["check"].tolist()


def test_patients_of_another_sex_are_counted(quin_age_zip):
    path = quin_age_zip(("MALE,95+,2\r\n", "INDETERMINATE,95+,2\r\n"))
    row = read_registrations(path).quality.set_index("check")
    check = "patients of neither female nor male sex left out of age bands"
    assert row.loc[check, ["count", "detail"]].tolist() == [2, "INDETERMINATE"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",10_14,", ",10_19,", r"column AGE_GROUP_5: '10_19' is not a five-year age band"),
        (",10_14,", ",5_9,", r"comes more than once"),
        (",GP,", ",PCN,", r"has no row of ORG_TYPE GP"),
        (
            "2025-04-01,GP,E",
            "1 April,GP,E",
            r"column EXTRACT_DATE: should be one day such as 2025-04-01.*found 1 April, 2025-04-01",
        ),
        (
            "MALE,95+,2\r",
            "MALE,95+,-2\r",
            r"column NUMBER_OF_PATIENTS: -2.* for E83003 MALE 95\+ is not a count",
        ),
    ],
)
def test_impossible_content_is_named(quin_age_zip, old, new, message):
    with pytest.raises(InputError, match=message):
        read_registrations(quin_age_zip((old, new)))
