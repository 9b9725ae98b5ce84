"""From small areas to practices: patients by LSOA, means over them, LSOAs of two years, coverage."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from numpy.testing import assert_allclose

from gp_segmentation import config
from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.sources import read_source
from gp_segmentation.sources.local import read_local_table
from gp_segmentation.sources.nhs_england import read_qof
from gp_segmentation.sources.small_areas import read_lsoa_lookup, read_lsoa_registrations

ROOT = Path(__file__).resolve().parents[3]
HEADER = "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,PRACTICE_NAME,LSOA_CODE,SEX,NUMBER_OF_PATIENTS\r\n"
#: practice, LSOA, sex, patients. E01033769 and E01033770 are of 2021: they were E01000003 before.
PATIENTS = """\
A81001,E01000001,ALL,60
A81001,E01000002,ALL,20
A81001,E01033769,ALL,20
E83003,E01000001,ALL,30
E83003,E01033770,ALL,50
E83003,W01000489,ALL,15
E83003,CLOSED,ALL,5
Z99999,E01000002,ALL,7
"""
#: The score of 2021's areas; Wales has none.
SCORES = "LSOA code (2021),Score,Class\nE01000001,10,A1\ne01000002,20,D1\nE01033769,40,E1\nE01033770,30,C1\n"
#: The score of 2011's areas; E01000004 and E01000005 became one area, E01033771.
SCORES_2011 = "LSOA11CD,Score\nE01000001,10\nE01000002,20\nE01000003,40\nE01000004,6\nE01000005,8\n"
LOOKUP = """\
LSOA11CD,LSOA11NM,LSOA21CD,LSOA21NM,CHGIND
E01000001,One,E01000001,One,U
E01000002,Two,E01000002,Two,U
E01000003,Three,E01033769,Three A,S
E01000003,Three,E01033770,Three B,S
E01000004,Four,E01033771,Five,M
E01000005,Five,E01033771,Five,M
"""
COLUMNS = {"score": {"column": "Score", "unit": "score"}}


def registrations(rows: str = PATIENTS, date: str = "01/04/2025") -> str:
    lines = [line.split(",") for line in rows.splitlines()]
    return HEADER + "".join(
        f"GP_PRAC_PAT_LIST,{date},{code},THE SURGERY,{area},{sex},{patients}\r\n"
        for code, area, sex, patients in lines
    )


def entry(role: str, filename: str, reader, **options) -> dict[str, object]:
    required = role == "qof"
    return {"role": role, "filename": filename, "required": required, "reader": partial(reader, **options)}


def files(**table: object) -> dict[str, dict[str, object]]:
    options = {"weight_by": "patients", "code": "LSOA code (2021)", "columns": COLUMNS} | table
    return {
        "qof": entry("qof", "qof.zip", read_qof, suffix="2425"),
        "patients": entry("small_area_patients", "lsoa.csv", read_lsoa_registrations),
        "lookup": entry("small_area_lookup", "lookup.csv", read_lsoa_lookup),
        "scores": entry("context", "scores.csv", read_local_table, **options),
    }


@pytest.fixture
def raw(tmp_path: Path, build_qof) -> Path:
    """The folder of a source with practices A81001 and E83003."""
    folder = tmp_path / "nhs_2024_25"
    build_qof(path=folder / "qof.zip")
    (folder / "lsoa.csv").write_text(registrations(), encoding="utf-8")
    (folder / "scores.csv").write_text(SCORES, encoding="utf-8")
    return folder


def values(prepared, measure: str = "score") -> list[float]:
    assert prepared.context["practice_code"].tolist() == ["A81001", "E83003"]
    return prepared.context[measure].tolist()


def noted(prepared, file: str) -> dict[str, tuple[int, str]]:
    own = prepared.quality[prepared.quality["file"] == file]
    return {
        row.check: (row.count_, row.detail) for row in own.rename(columns={"count": "count_"}).itertuples()
    }


def test_a_practice_has_the_mean_over_its_patients(raw):
    found = read_source(files(min_coverage=0.8), raw)
    a81001 = (60 * 10 + 20 * 20 + 20 * 40) / (60 + 20 + 20)
    e83003 = (30 * 10 + 50 * 30) / (30 + 50)  # 15 patients in Wales and 5 nowhere have no score
    assert (a81001, e83003) == (18.0, 22.5)
    assert_allclose(values(found), [18.0, 22.5])
    assert found.context_dictionary["measure"].tolist() == ["score"]


def test_of_classes_it_is_the_percentage_of_patients_who_live_in_them(raw):
    rural = {"column": "Class", "unit": "%", "categories": {"A1": 0, "C1": 0, "D1": 100, "E1": 100}}
    found = read_source(files(columns={"rural_percent": rural}, min_coverage=0.8), raw)
    # D1 and E1 of A81001: 20 + 20 of 100; E83003 has no patient there.
    assert_allclose(values(found, "rural_percent"), [100 * (20 + 20) / 100, 0.0])


def test_below_the_limit_of_coverage_the_value_is_missing_and_each_practices_coverage_is_told(raw):
    found = read_source(files(), raw)
    assert_allclose(values(found), [18.0, float("nan")])
    assert noted(found, "scores.csv") == {
        "score: patients in small areas without a value": (
            20,
            "coverage of practices: median 90.0%, lowest E83003 80.0%, A81001 100.0%",
        ),
        "score: practices covered by less than 90%, left out": (1, "E83003 80.0%"),
        "practices without score": (1, "E83003"),
    }
    assert noted(found, "lsoa.csv") == {"patients not in a small area of England": (20, "W01000489, CLOSED")}


def test_measures_of_equal_coverage_are_told_of_together_and_others_apart(raw):
    (raw / "scores.csv").write_text(
        "LSOA code (2021),a,b,c\nE01000001,1,2,3\nE01033769,1,2,\n", encoding="utf-8"
    )
    (raw / "lsoa.csv").write_text(
        registrations("A81001,E01000001,ALL,9\nA81001,E01033769,ALL,1\n"), encoding="utf-8"
    )
    found = read_source(files(columns={"a": {}, "b": {}, "c": {}}), raw)
    checks = {
        check: count for check, (count, _) in noted(found, "scores.csv").items() if "patients in" in check
    }
    assert checks == {"c: patients in small areas without a value": 1}  # 9 of 10: just enough
    assert found.context.loc[0, ["a", "b", "c"]].tolist() == [1, 2, 3]
    (raw / "lsoa.csv").write_text(
        registrations("A81001,E01000001,ALL,9\nA81001,E01033770,ALL,4\n"), encoding="utf-8"
    )
    found = read_source(files(columns={"a": {}, "b": {}, "c": {}}), raw)
    checks = {
        check: count for check, (count, _) in noted(found, "scores.csv").items() if "patients in" in check
    }
    assert checks == {"a, b, c: patients in small areas without a value": 4}


@pytest.mark.parametrize(("limit", "kept"), [(0.8, True), (0.81, False)])
def test_coverage_at_the_limit_suffices(raw, limit, kept):
    assert pd.notna(values(read_source(files(min_coverage=limit), raw))[1]) is kept


def test_a_practice_without_patients_by_small_area_has_no_value(raw):
    (raw / "lsoa.csv").write_text(
        registrations("A81001,E01000001,ALL,5\nZ9,E01033769,ALL,1\n"), encoding="utf-8"
    )
    found = read_source(files(), raw)
    assert_allclose(values(found), [10.0, float("nan")])
    assert noted(found, "scores.csv")["practices without patients by small area"] == (1, "E83003")


def test_a_practice_with_patients_only_where_no_area_has_a_value_has_none(raw):
    (raw / "lsoa.csv").write_text(
        registrations("A81001,E01000001,ALL,5\nE83003,E01033799,ALL,3\n"), encoding="utf-8"
    )
    assert_allclose(values(read_source(files(min_coverage=0), raw)), [10.0, float("nan")])


def test_areas_of_2011_are_joined_to_patients_in_those_of_2021(raw):
    more = PATIENTS + "A81001,E01033771,ALL,100\n"
    (raw / "lsoa.csv").write_text(registrations(more), encoding="utf-8")
    (raw / "scores.csv").write_text(SCORES_2011, encoding="utf-8")
    (raw / "lookup.csv").write_text(LOOKUP, encoding="utf-8")
    found = read_source(files(code="LSOA11CD", min_coverage=0.8), raw)
    # Both parts of E01000003 have its 40; E01033771 has the mean of 6 and 8.
    a81001 = (60 * 10 + 20 * 20 + 20 * 40 + 100 * 7) / 200
    e83003 = (30 * 10 + 50 * 40) / 80
    assert_allclose(values(found), [a81001, e83003])
    check = "small areas of 2021 given the values of those of 2011"
    assert noted(found, "scores.csv")[check] == (3, "E01033769, E01033770, E01033771")


def test_areas_of_2021_are_joined_to_patients_in_those_of_2011(raw):
    (raw / "lsoa.csv").write_text(
        registrations("A81001,E01000001,ALL,30\nA81001,E01000003,ALL,70\n"), encoding="utf-8"
    )
    (raw / "lookup.csv").write_text(LOOKUP, encoding="utf-8")
    found = read_source(files(), raw)
    # E01000003 has the mean of its parts: (40 + 30) / 2.
    assert_allclose(values(found)[0], (30 * 10 + 70 * 35) / 100)
    check = "small areas of 2011 given the values of those of 2021"
    assert noted(found, "scores.csv")[check] == (1, "E01000003")


def test_without_a_lookup_a_table_of_another_year_is_left_out_and_that_is_said(raw):
    (raw / "scores.csv").write_text(SCORES_2011, encoding="utf-8")
    found = read_source(files(code="LSOA11CD"), raw)
    assert found.context.columns.tolist() == ["practice_code"]
    assert found.context_dictionary.empty
    check = "small areas of 2011 not weighted by patients in those of 2021"
    assert noted(found, "scores.csv") == {check: (5, "the source has no lookup (role small_area_lookup)")}


def test_without_patients_the_table_is_left_out_and_that_is_said(raw):
    (raw / "lsoa.csv").unlink()
    found = read_source(files(), raw)
    assert found.context.columns.tolist() == ["practice_code"]
    detail = "patients is not given, or not of patients"
    assert noted(found, "scores.csv") == {"small areas not weighted": (1, detail)}


def test_a_table_of_other_areas_is_refused(raw):
    (raw / "scores.csv").write_text("MSOA21CD,Score\nE02000001,10\nE02000002,20\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_source(files(code="MSOA21CD"), raw)
    assert str(caught.value) == (
        "scores.csv: no patient lives in one of its small areas (E02000001, E02000002). "
        "Name the column with codes of LSOAs as `code`"
    )


def test_weight_by_names_a_file_of_the_source(raw):
    with pytest.raises(ConfigError) as caught:
        read_source(files(weight_by="patient"), raw)
    assert str(caught.value) == (
        "scores.csv: weight_by is 'patient'. Name one of the source's files: qof, patients, lookup, scores"
    )


def test_a_measure_of_small_areas_is_not_per_list_size(raw):
    with pytest.raises(ConfigError) as caught:
        read_source(files(columns={"score": {"column": "Score", "per": "list_size"}}), raw)
    assert str(caught.value) == (
        "scores.csv: score has per: list_size. Name a column of this table of small areas"
    )


def read(tmp_path: Path, rows: str, **options):
    path = tmp_path / "lsoa.csv"
    path.write_text(registrations(rows), encoding="utf-8")
    return read_lsoa_registrations(path, **options)


def test_rows_of_all_are_taken_where_there_are_any_and_sexes_added_where_not(tmp_path):
    both = "A81001,E01000001,FEMALE,4\na81001,E01000001,MALE,3\n"
    for rows in (both, both + "A81001,E01000001,ALL,7\n"):
        found = read(tmp_path, rows)
        assert found.practices.tolist() == ["A81001"]
        assert found.weights.toarray().tolist() == [[7.0]]


def test_the_member_of_both_sexes_is_taken_from_the_official_zip(tmp_path, write_zip):
    members = {
        "gp-reg-pat-prac-lsoa-all.csv": registrations("A81001,E01000001,ALL,7\n"),
        "gp-reg-pat-prac-lsoa-female.csv": registrations("A81001,E01000001,FEMALE,4\n"),
        "gp-reg-pat-prac-lsoa-male.csv": registrations("A81001,E01000001,MALE,3\n"),
    }
    found = read_lsoa_registrations(write_zip(tmp_path / "lsoa.zip", members), expected_date="2025-07-01")
    assert found.weights.toarray().tolist() == [[7.0]]
    assert found.quality[["check", "detail"]].to_numpy().tolist() == [
        ["patients by small area of another day", "2025-04-01, not 2025-07-01"]
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "A81001,E01000001,ALL,7\nA81001,E01000001,ALL,7\n",
            "lsoa.csv: A81001 E01000001 ALL comes more than once (surplus rows in total: 1). "
            "Keep one row of each",
        ),
        (
            "A81001,E01000001,ALL,-1\n",
            "lsoa.csv, column NUMBER_OF_PATIENTS: -1 for A81001 E01000001 is not a count of patients. "
            "Correct the value",
        ),
        ("", "lsoa.csv: has no row with data. Delete it and fetch it again with gpseg data"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, rows, message):
    with pytest.raises(InputError) as caught:
        read(tmp_path, rows)
    assert str(caught.value) == message


TOTAL = "Ethnic group: Total: All usual residents"
GROUPS = {
    "white_percent": "Ethnic group: White",
    "asian_percent": "Ethnic group: Asian, Asian British or Asian Welsh",
    "black_percent": "Ethnic group: Black, Black British, Black Welsh, Caribbean or African",
    "mixed_percent": "Ethnic group: Mixed or Multiple ethnic groups",
    "other_ethnic_percent": "Ethnic group: Other ethnic group",
}
DENSITY = "Population Density: Persons per square kilometre; measures: Value"
DOMAINS = ("Income", "Employment", "Education", "Health", "Crime", "Barriers", "Living Environment")


def test_the_option_file_reads_the_published_layouts(tmp_path, build_qof, write_zip):
    source = config.compose_config(ROOT, ["source=tables_2024_25"], name="data")["source"]["files"]
    names = (
        "registrations_lsoa",
        "lsoa_lookup",
        "imd_domains",
        "census_ethnicity",
        "census_density",
        "rurality",
    )
    chosen = {name: {**source[name], "reader": config.build(source[name]["reader"])} for name in names}
    chosen["qof"] = entry("qof", build_qof().name, read_qof, suffix="2425")
    place = {name: tmp_path / str(file["filename"]) for name, file in chosen.items()}
    rows = "A81001,E01000001,ALL,75\nA81001,E01033769,ALL,25\nE83003,E01000001,ALL,10\n"
    write_zip(place["registrations_lsoa"], {"gp-reg-pat-prac-lsoa-all.csv": registrations(rows)})
    place["lsoa_lookup"].write_text(LOOKUP, encoding="utf-8")
    areas = pd.DataFrame({"LSOA code (2021)": ["E01000001", "E01033769"]})
    scores = {f"{name} Score - exponentially transformed": [10 + i, 50] for i, name in enumerate(DOMAINS)}
    with pd.ExcelWriter(place["imd_domains"]) as book:
        pd.DataFrame().to_excel(book, sheet_name="Notes")
        areas.assign(**scores).to_excel(book, sheet_name="IoD25 Transformed Domain Scores", index=False)
    codes = areas.set_axis(["geography code"], axis=1)
    ethnic = {name: [10.0 * (i + 1), 20.0] for i, name in enumerate(GROUPS.values())}
    write_zip(
        place["census_ethnicity"],
        {
            "census2021-ts021-msoa.csv": "geography code\n",
            "census2021-ts021-lsoa.csv": codes.assign(**{TOTAL: [200, 100]}, **ethnic).to_csv(index=False),
        },
    )
    density = codes.assign(**{DENSITY: [4000, 200]}).to_csv(index=False)
    write_zip(place["census_density"], {"census2021-ts006-lsoa.csv": density})
    place["rurality"].write_text("LSOA11CD,RUC11CD\nE01000001,A1\nE01000003,E2\n", encoding="utf-8")
    found = read_source(chosen, tmp_path).context.set_index("practice_code")
    assert found.loc["A81001"].to_dict() == pytest.approx(
        {
            **{
                f"imd_{name.lower().replace(' ', '_')}_score": 0.75 * (10 + i) + 0.25 * 50
                for i, name in enumerate(DOMAINS)
            },
            # Shares of the residents of each area: 10, 20, ... of 200; 20 of 100.
            **{name: 0.75 * 5 * (i + 1) + 0.25 * 20 for i, name in enumerate(GROUPS)},
            "population_density": 0.75 * 4000 + 0.25 * 200,
            "rural_percent": 25.0,  # E01033769 was part of E01000003
        }
    )
    assert found.loc["E83003", ["imd_crime_score", "rural_percent"]].tolist() == [14.0, 0.0]


def test_what_the_option_file_brings_is_described_with_publisher_and_licence():
    source = config.compose_config(ROOT, ["source=tables_2024_25"], name="data")["source"]["files"]
    own = {n: f for n, f in source.items() if "small_area" in f["role"] or "weight_by" in f["reader"]}
    assert list(own) == [
        *(
            "registrations_lsoa",
            "lsoa_lookup",
            "imd_domains",
            "census_ethnicity",
            "census_density",
            "rurality",
        )
    ]
    for file in own.values():
        assert file["licence"].startswith("Open Government Licence v3.0. Contains information from ")
        assert file["required"] is False
        assert file["reader"].get("weight_by", "registrations_lsoa") == "registrations_lsoa"


def test_rurality_is_a_comparator_where_the_source_has_it():
    rural = "evidence.external.comparators.rurality=rural_percent"
    composed = config.compose_config(ROOT, ["source=tables_2024_25", rural])
    assert composed["evidence"]["external"]["comparators"]["rurality"] == "rural_percent"
    with pytest.raises(ConfigError, match="rurality is 'rural_percent', which no file of the source gives"):
        config.compose_config(ROOT, ["source=nhs_2024_25", rural])


@pytest.mark.parametrize("value", ["1.1", "-0.1", "most"])
def test_the_limit_of_coverage_is_a_share(value):
    with pytest.raises(ConfigError, match=r"source\.files\.rurality\.reader"):
        config.compose_config(
            ROOT,
            ["source=tables_2024_25", f"+source.files.rurality.reader.min_coverage={value}"],
            name="data",
        )
