"""Raw files joined into the tables of one source."""

from __future__ import annotations

import zipfile
from functools import partial

import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from gp_segmentation import schemas
from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.sources import read_source
from gp_segmentation.sources.assemble import comparable_name
from gp_segmentation.sources.local import read_local_table
from gp_segmentation.sources.nhs_england import read_qof
from gp_segmentation.sources.ods import read_organisations
from gp_segmentation.sources.ons import read_boundaries
from gp_segmentation.sources.os_codepoint import read_postcodes
from gp_segmentation.sources.registrations import read_registrations

TABLES = (
    "practices",
    "organisations",
    "registers",
    "achievement",
    "indicators",
    "age_sex",
    "context",
    "context_dictionary",
    "groupings",
    "quality",
)


def entry(role, filename, reader, *, required=False, **options):
    return {
        "role": role,
        "filename": filename,
        "required": required,
        "reader": partial(reader, **options),
    }


def files() -> dict[str, dict[str, object]]:
    return {
        "qof": entry("qof", "qof.zip", read_qof, required=True, suffix="2425"),
        "registrations": entry("registrations", "quin-age.csv", read_registrations),
        "organisations": entry("organisations", "epraccur.csv", read_organisations),
        "postcodes": entry("postcodes", "codepo.zip", read_postcodes),
        "boundaries": entry("boundaries", "icb.geojson", read_boundaries),
        "imd": entry(
            "context", "imd.csv", read_local_table, code="code", columns={"imd_score": {"unit": "score"}}
        ),
        "gps": entry("context", "gps.csv", read_local_table, code="code", columns={"gps": {"unit": "GPs"}}),
    }


def ods_row(code: str, postcode: str, status: str = "ACTIVE") -> str:
    return ",".join(
        [code, "NAME", "Y63", "QHM", *[""] * 5, postcode, "19740401", "", status, *[""] * 12, "RO76", ""]
    )


BOUNDARY = (
    '{"type": "Feature", "properties": {"ICB23CD": "%s", "ICB23NM": "%s"}, "geometry": '
    '{"type": "Polygon", "coordinates": [[[0, 51], [1, 51], [1, 52], [0, 51]]]}}'
)


@pytest.fixture
def raw(tmp_path, build_qof, quin_age, write_zip):
    """Return a folder named after its source with every file of `files`."""
    folder = tmp_path / "nhs_2024_25"
    build_qof(path=folder / "qof.zip")
    # A81001 and a practice that QOF does not have; E83003 is missing.
    (folder / "quin-age.csv").write_text(
        quin_age({"A81001": (3, 2), "B99999": (1, 1)}, postcode="AL1 1AA"), encoding="utf-8"
    )
    (folder / "epraccur.csv").write_text(
        f"{ods_row('A81001', '')}\n{ods_row('E83003', 'sw1a  2aa', 'DORMANT')}\n", encoding="utf-8"
    )
    area = '"SW1A2AA",10,530047,179951,"","","","","",""\n"SW1A1AA",10,529090,179645,"","","","","",""\n'
    write_zip(folder / "codepo.zip", {"Data/CSV/sw.csv": area})
    shapes = [
        BOUNDARY % ("E54000050", "NHS North East and North Cumbria ICB"),
        BOUNDARY % ("E54000099", "NHS Elsewhere Integrated Care Board"),
    ]
    collection = '{"type": "FeatureCollection", "features": [%s]}' % ",".join(shapes)  # noqa: UP031
    (folder / "icb.geojson").write_text(collection, encoding="utf-8")
    (folder / "imd.csv").write_text("code,imd_score\nE83003,18.25\nB99999,40\n", encoding="utf-8")
    (folder / "gps.csv").write_text("code,gps\nA81001,3\nE83003,1\n", encoding="utf-8")
    return folder


def counts(prepared) -> dict[str, int]:
    return prepared.quality.set_index("check")["count"].to_dict()


def test_every_table_is_valid_and_sorted(raw):
    prepared = read_source(files(), raw)
    for name in TABLES:
        frame = getattr(prepared, name)
        assert_frame_equal(schemas.check(name, frame), frame)
    for name in ("practices", "registers", "achievement", "age_sex", "context"):
        assert getattr(prepared, name)["practice_code"].is_monotonic_increasing


def test_practices_are_joined(raw):
    practices = read_source(files(), raw).practices.set_index("practice_code")
    assert practices["list_size"].to_dict() == {"A81001": 4000, "E83003": 900}
    assert practices["region_name"].to_dict() == {"A81001": "North East and Yorkshire", "E83003": "London"}
    # A81001 has no postcode in ODS: the registrations' is taken. It is not in Code-Point Open.
    assert practices["postcode"].to_dict() == {"A81001": "AL1 1AA", "E83003": "SW1A 2AA"}
    assert practices["longitude"].isna().to_dict() == {"A81001": True, "E83003": False}
    assert_allclose(
        practices.loc["E83003", ["longitude", "latitude"]].astype(float), [-0.1276, 51.5034], atol=2e-3
    )


def test_the_status_of_every_practice_is_kept(raw):
    found = read_source(files(), raw).organisations
    assert dict(zip(found["practice_code"], found["status"], strict=True)) == {
        "A81001": "ACTIVE",
        "E83003": "DORMANT",
    }
    (raw / "epraccur.csv").unlink()
    unknown = read_source(files(), raw).organisations
    assert list(unknown["practice_code"]) == ["A81001", "E83003"]
    assert unknown["status"].isna().all()


def test_unallocated_is_not_a_network(raw):
    practices = read_source(files(), raw).practices.set_index("practice_code")
    assert practices.loc["A81001", ["pcn_code", "pcn_name"]].tolist() == ["U89141", "Stockton PCN"]
    assert practices.loc["E83003", ["pcn_code", "pcn_name"]].isna().all()


@pytest.mark.parametrize(("min_list", "special"), [(1000, "list under 1,000"), (900, None)])
def test_short_lists_are_special(raw, min_list, special):
    practices = read_source(files(), raw, min_list=min_list).practices.set_index("practice_code")
    assert pd.isna(practices.loc["A81001", "special"])
    found = practices.loc["E83003", "special"]
    assert found == special if special else pd.isna(found)


def test_context_has_a_row_for_every_practice(raw):
    prepared = read_source(files(), raw)
    expected = pd.DataFrame(
        {"practice_code": ["A81001", "E83003"], "imd_score": [float("nan"), 18.25], "gps": [3.0, 1.0]}
    )
    assert_frame_equal(prepared.context, expected)
    assert prepared.context_dictionary.to_dict("records") == [
        {"measure": "imd_score", "label": "imd_score", "unit": "score", "file": "imd.csv"},
        {"measure": "gps", "label": "gps", "unit": "GPs", "file": "gps.csv"},
    ]


def test_boundaries_are_joined_by_name_to_ods_codes(raw):
    shapes = read_source(files(), raw).boundaries
    assert shapes["icb_name"].tolist() == [
        "NHS Elsewhere Integrated Care Board",
        "NHS North East and North Cumbria ICB",
    ]
    assert pd.isna(shapes["icb_code"].iloc[0])
    assert shapes["icb_code"].iloc[1] == "QHM"


def test_every_tolerated_irregularity_is_counted(raw):
    found = counts(read_source(files(), raw))
    assert {
        "practices of registrations left out: not among the practices": 1,  # B99999
        "practices without registrations": 1,  # E83003
        "practices left out: not among the practices": 1,  # B99999 in imd.csv
        "practices without imd_score": 1,  # A81001
        "practices in no primary care network": 1,
        "practices with a list under 1,000": 1,
        "practices now DORMANT": 1,
        "postcodes taken from the registrations": 1,
        "practices without a point on the map": 1,
        "boundaries named like no practice's ICB": 1,
        "ICBs without a boundary": 1,
    }.items() <= found.items()


def test_indicators_and_groups_without_a_description_are_counted(raw, build_qof):
    prevalence = (
        "PRACTICE_CODE,GROUP_CODE,REGISTER,PATIENT_LIST_TYPE,PRACTICE_LIST_SIZE\n"
        "A81001,HYP,600,TOTAL,4000\nE83003,HYP,90,TOTAL,900\nE83003,GOUT,9,TOTAL,900\n"
    )
    achievement = (
        "PRACTICE_CODE,INDICATOR_CODE,MEASURE,VALUE\nE83003,HYP008,NUMERATOR,5\nE83003,GOUT001,NUMERATOR,5\n"
    )
    changed = {"PREVALENCE_2425.csv": prevalence, "ACHIEVEMENT_LONDON_2425.csv": achievement}
    build_qof(path=raw / "qof.zip", extra=changed)
    quality = read_source(files(), raw).quality.set_index("check")["detail"]
    assert quality["indicators with achievement but no description"] == "GOUT001"
    assert quality["groups with registers but no description"] == "GOUT"


def test_a_practice_in_no_region_is_refused(raw, build_qof, qof_years):
    places = qof_years["nhs_2024_25"].places.replace("Y56,London", ",")
    build_qof(path=raw / "qof.zip", places=places)
    with pytest.raises(InputError, match=r"qof\.zip \(table practices\).*region_"):
        read_source(files(), raw)


def test_optional_files_may_be_absent_and_are_named(raw):
    for name in ("quin-age.csv", "epraccur.csv", "codepo.zip", "icb.geojson", "imd.csv", "gps.csv"):
        (raw / name).unlink()
    prepared = read_source(files(), raw)
    assert prepared.age_sex.empty
    assert prepared.boundaries is None
    assert prepared.practices[["postcode", "longitude"]].isna().all(axis=None)
    assert list(prepared.context.columns) == ["practice_code"]
    absent = prepared.quality[prepared.quality["check"] == "file not given"]
    assert sorted(absent["file"]) == [
        "codepo.zip", "epraccur.csv", "gps.csv", "icb.geojson", "imd.csv", "quin-age.csv",
    ]  # fmt: skip


def test_files_that_the_source_does_not_name_are_counted(raw):
    (raw / "practice_ethnicity.csv").write_text("practice_code,pct\nA81001,0.1\n", encoding="utf-8")
    quality = read_source(files(), raw).quality
    assert quality[quality["check"] == "file not used"].to_numpy().tolist() == [
        ["practice_ethnicity.csv", "file not used", 1,
         "not named by the source; name it in `files` of the source's YAML to use it"]
    ]  # fmt: skip


@pytest.mark.parametrize("required", [False, True])
def test_an_optional_file_without_rows_of_the_year_counts_as_absent_and_is_noted(raw, required):
    (raw / "gps.csv").write_text("code,Year,gps\nA81001,2023,4\nA81001,2024,5\n", encoding="utf-8")
    changed = files()
    changed["gps"] = entry(
        "context", "gps.csv", read_local_table, required=required, code="code", where={"Year": 2022},
        columns={"gps": {"unit": "GPs"}},
    )  # fmt: skip
    if required:
        with pytest.raises(InputError, match=r"^gps\.csv, column Year: no row has 2022"):
            read_source(changed, raw)
        return
    prepared = read_source(changed, raw)
    assert "gps" not in prepared.context
    assert prepared.quality[prepared.quality["file"] == "gps.csv"].to_numpy().tolist() == [
        ["gps.csv", "file without rows of this source", 1, "no row has 2022 (found: 2023, 2024)"]
    ]


def test_a_file_may_be_there_in_its_other_format(raw):
    plain = read_source(files(), raw).practices["postcode"]
    with zipfile.ZipFile(raw / "epraccur.zip", "w") as archive:
        archive.write(raw / "epraccur.csv", "epraccur.csv")
    (raw / "epraccur.csv").unlink()
    changed = files()
    changed["organisations"]["aliases"] = ["epraccur.zip"]
    packed = read_source(changed, raw)
    assert packed.practices["postcode"].tolist() == plain.tolist()
    assert plain.notna().any()
    assert "epraccur.csv" not in set(packed.quality["file"])


@pytest.mark.parametrize("required", [True, False])
def test_a_missing_qof_archive_is_named_with_the_remedy_whatever_the_configuration(raw, required):
    (raw / "qof.zip").unlink()
    changed = files()
    changed["qof"]["required"] = required
    with pytest.raises(InputError, match=r"^qof\.zip: is missing from .*gpseg data source=nhs_2024_25"):
        read_source(changed, raw)


def test_a_missing_required_file_is_named(raw):
    (raw / "imd.csv").unlink()
    changed = files()
    changed["imd"]["required"] = True
    with pytest.raises(InputError, match=r"^imd\.csv: is missing from "):
        read_source(changed, raw)


def test_practices_on_one_side_only_are_counted(raw, build_qof):
    header = "PRACTICE_CODE,GROUP_CODE,REGISTER,PATIENT_LIST_TYPE,PRACTICE_LIST_SIZE\n"
    prevalence = header + "A81001,HYP,600,TOTAL,4000\nC00001,HYP,600,TOTAL,4000\n"
    build_qof(path=raw / "qof.zip", extra={"PREVALENCE_2425.csv": prevalence})
    prepared = read_source(files(), raw)
    assert prepared.practices["practice_code"].tolist() == ["A81001"]
    assert prepared.achievement["practice_code"].unique().tolist() == ["A81001"]
    assert {
        "practices without a TOTAL list left out": 1,  # E83003
        "practices without a geography left out": 1,  # C00001
        "practices of PREVALENCE left out: not among the practices": 1,
        "practices of ACHIEVEMENT left out: not among the practices": 1,
    }.items() <= counts(prepared).items()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gps": {"role": "contxt"}},
         r"files\.gps\.role is 'contxt'; it may be one of: qof, practices, registrations"),
        ({"gps": {"role": "qof"}}, r"files\.gps\.role is qof, but another file has that role"),
        ({"imd": {"filename": "gps.csv",
                  "reader": partial(read_local_table, code="code", columns={"gps": {}})}},
         r"measure gps comes from gps\.csv and from gps\.csv"),
    ],
)  # fmt: skip
def test_contradictions_in_the_configuration_are_refused(raw, change, message):
    changed = files()
    for name, values in change.items():
        changed[name] |= values
    with pytest.raises(ConfigError, match=message):
        read_source(changed, raw)


def test_a_source_without_a_qof_archive_is_refused(raw):
    with pytest.raises(ConfigError, match="no file has role qof or practices"):
        read_source({"gps": files()["gps"]}, raw)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("NHS Sussex Integrated Care Board", "NHS Sussex ICB"),
        ("NHS Devon & Cornwall Integrated Care Board", "Devon and Cornwall"),
        ("NHS Hereford-shire, X Integrated Care Board", "NHS HEREFORD SHIRE X ICB"),
    ],
)
def test_names_of_one_board_agree(one, other):
    assert comparable_name(one) == comparable_name(other)


def test_names_of_two_boards_differ():
    assert comparable_name("NHS South East London ICB") != comparable_name("NHS South West London ICB")
