"""ODS, OHID, Ordnance Survey and ONS: small files of each, with the irregularities of the real ones."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from gp_segmentation.errors import InputError
from gp_segmentation.sources.ods import read_organisations
from gp_segmentation.sources.ohid import read_indicator
from gp_segmentation.sources.ons import read_boundaries
from gp_segmentation.sources.os_codepoint import read_postcodes


def epraccur_row(code: str, status: str, setting: str, *, close: str = "", postcode: str = "TS18 1HU") -> str:
    fields = [""] * 27
    fields[0:4] = [code, f"SURGERY, {code}", "Y63", "QHM"]
    fields[9:13] = [postcode, "19740401", close, status]
    fields[14], fields[25] = "16C", setting
    return ",".join(f'"{field}"' for field in fields)


@pytest.mark.parametrize(
    ("statuses", "settings", "newline"),
    [("A C D P", "4 4 0 4", "\n"), ("ACTIVE INACTIVE DORMANT PROPOSED", "RO76 RO64|RO76 0 RO76", "\r\n")],
)
def test_both_dialects_of_epraccur_give_the_same(tmp_path, write_zip, statuses, settings, newline):
    codes = ["A81001", "A81002", "A81003", "A81004"]
    rows = [
        epraccur_row(code, status, setting, close="20171031" if code == "A81002" else "")
        for code, status, setting in zip(codes, statuses.split(), settings.split(), strict=True)
    ]
    path = write_zip(tmp_path / "epraccur.zip", {"epraccur.csv": newline.join([*rows, ""])})
    frame = read_organisations(path).frame
    assert frame["status"].tolist() == ["ACTIVE", "INACTIVE", "DORMANT", "PROPOSED"]
    assert frame["setting"].tolist() == ["GP practice", "GP practice", "0", "GP practice"]
    first = frame.iloc[1]
    assert first[["practice_code", "name", "postcode", "icb_code", "sub_icb_code"]].tolist() == [
        "A81002", "SURGERY, A81002", "TS18 1HU", "QHM", "16C",
    ]  # fmt: skip
    assert (first["open_date"], first["close_date"]) == (pd.Timestamp(1974, 4, 1), pd.Timestamp(2017, 10, 31))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([epraccur_row("A1X", "OPEN", "4")], r"epraccur\.csv, column 12: status OPEN is not known"),
        ([epraccur_row("A1X", "A", "4", close="soon")], r"row 1, column 11: 'soon' is not a date"),
        ([epraccur_row("A1X", "A", "4")] * 2, r"A1X comes more than once"),
        (['"A1X","too short"'], r"row 1: has 2 fields where there should be 27"),
    ],
)
def test_an_invalid_epraccur_is_named(tmp_path, rows, message):
    path = tmp_path / "epraccur.csv"
    path.write_text("\n".join([*rows, ""]), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_organisations(path)


FINGERTIPS = """\
Indicator ID,Indicator Name,Parent Code,Area Code,Area Type,Sex,Category,Time period,Value,\
Time period Sortable
93553,Deprivation,,E92000001,England,Persons,,2019,21.7,20190000
93553,Deprivation,E92000001,E92000001,England,Persons,,2019,21.7,20190000
93553,Deprivation,E92000001,A81001,GP,Persons,,2015,30.0,20150000
93553,Deprivation,E92000001,A81001,GP,Persons,,2019,32.5,20190000
93553,Deprivation,X,A81001,GPs,Persons,,2019,32.5,20190000
93553,Deprivation,E92000001,A81002,GPs,Persons,,2019,,20190000
93553,Deprivation,E92000001,E83003,GPs,Persons,,2019,18.25,20190000
91280,Smoking,E92000001,A81001,GPs,Persons,,2022,14.0,20220000
91280,Smoking,E92000001,A81001,GPs,Male,,2022,17.0,20220000
"""


@pytest.fixture
def fingertips(tmp_path):
    path = tmp_path / "fingertips.csv"
    path.write_text(FINGERTIPS, encoding="utf-8")
    return path


def test_the_latest_period_of_one_indicator_for_practices(fingertips):
    table = read_indicator(fingertips, indicator_id=93553, measure="imd_score", unit="score")
    expected = pd.DataFrame({"practice_code": ["A81001", "E83003"], "imd_score": [32.5, 18.25]})
    assert_frame_equal(table.frame, expected)
    assert table.dictionary.iloc[0].tolist() == ["imd_score", "Deprivation", "score"]
    counted = table.quality.set_index("check")["count"].to_dict()
    assert counted == {"values not published": 1, "rows that repeat another": 1}


def test_a_chosen_period_and_sex(fingertips):
    earlier = read_indicator(fingertips, indicator_id=93553, measure="imd", unit="score", period="2015")
    assert earlier.frame["imd"].tolist() == [30.0]
    men = read_indicator(fingertips, indicator_id=91280, measure="smoking_men", unit="%", sex="Male")
    assert men.frame["smoking_men"].tolist() == [17.0]


@pytest.mark.parametrize(
    ("old", "new"), [(",20190000", ","), (",20150000", ","), (",2019,", ",,"), (",2015,", ",,")]
)
def test_rows_without_a_period_are_never_the_latest(fingertips, old, new):
    fingertips.write_text(FINGERTIPS.replace(old, new), encoding="utf-8")
    table = read_indicator(fingertips, indicator_id=93553, measure="imd_score", unit="score")
    assert table.frame["imd_score"].tolist() == ([30.0] if "2019" in old else [32.5, 18.25])


def test_a_file_without_any_period_is_refused(fingertips):
    fingertips.write_text(FINGERTIPS.replace(",20190000", ",").replace(",20150000", ","), encoding="utf-8")
    with pytest.raises(InputError, match=r"column Time period Sortable: no row of a practice has both"):
        read_indicator(fingertips, indicator_id=93553, measure="imd_score", unit="score")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"indicator_id": 94240}, r"has no indicator 94240 \(found: 91280, 93553\)"),
        ({"period": "2010"}, r"column Time period: has no period 2010 \(found: 2015, 2019\)"),
        ({"sex": "Female"}, r"has no rows of practices"),
        ({"valid_range": [20, 100]}, r"column Value: 18\.25 for E83003 lies outside 20 to 100"),
    ],
)
def test_a_request_outside_the_fingertips_file_is_named(fingertips, options, message):
    arguments = {"indicator_id": 93553, "measure": "imd", "unit": "score"} | options
    with pytest.raises(InputError, match=message):
        read_indicator(fingertips, **arguments)


def test_two_different_values_of_one_practice_are_refused(fingertips):
    fingertips.write_text(
        FINGERTIPS.replace("GPs,Persons,,2019,32.5", "GPs,Persons,,2019,33"), encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"A81001 has different values: 32\.5 and 33"):
        read_indicator(fingertips, indicator_id=93553, measure="imd", unit="score")


@pytest.fixture
def code_point(tmp_path, write_zip):
    return write_zip(
        tmp_path / "codepo_gb.zip",
        {
            "Doc/Code-Point_Open_Column_Headers.csv": "PC,PQ,EA,NO,CY,RH,LH,CC,DC,WC\n",
            "Data/CSV/sw.csv": '"SW1A2AA",10,530047,179951,"E92000001","","","","E09000033",""\r\n',
            "Data/CSV/b.csv": '"B1  1AA",10,406500,286900,"E92000001","","","","E08000025",""\r\n'
            '"B11 1AA",90,0,0,"E92000001","","","","",""\r\n',
        },
    )


def test_postcodes_become_degrees(code_point):
    found = read_postcodes(code_point)
    assert found.frame["postcode"].tolist() == ["B11AA", "SW1A2AA"]
    # SW1A 2AA is 10 Downing Street: 51.5034 N, 0.1276 W on every map.
    assert_allclose(
        found.frame.iloc[1][["longitude", "latitude"]].astype(float), [-0.1276, 51.5034], atol=2e-3
    )
    assert found.quality.iloc[0].tolist() == ["codepo_gb.zip", "postcodes without coordinates", 1, ""]


def test_only_wanted_postcodes_are_kept(code_point):
    assert read_postcodes(code_point, wanted={"SW1A2AA", "ZZ99ZZ"}).frame["postcode"].tolist() == ["SW1A2AA"]


def test_a_zip_without_area_files_is_refused(tmp_path, write_zip):
    path = write_zip(tmp_path / "c.zip", {"readme.txt": ""})
    with pytest.raises(InputError, match=r"c\.zip: holds no area file such as al\.csv"):
        read_postcodes(path)


def boundaries(properties: dict[str, str]) -> str:
    square = [[[0, 51], [1, 51], [1, 52], [0, 52], [0, 51]]]
    geometry = {"type": "Polygon", "coordinates": square}
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    return json.dumps({"type": "FeatureCollection", "features": [feature]})


@pytest.mark.parametrize("year", ["23", "24"])
def test_boundaries_of_any_year(tmp_path, year):
    path = tmp_path / "icb.geojson"
    path.write_text(
        boundaries({f"ICB{year}CD": "E54000050", f"ICB{year}NM": "NHS Tees Integrated Care Board"}),
        encoding="utf-8",
    )
    frame = read_boundaries(path).frame
    assert frame[["icb_name", "ons_code"]].iloc[0].tolist() == ["NHS Tees Integrated Care Board", "E54000050"]
    assert frame["icb_code"].isna().all()
    assert frame.crs.to_epsg() == 4326
    assert_allclose(frame.total_bounds, [0, 51, 1, 52])


def test_boundaries_of_something_else_are_refused(tmp_path):
    path = tmp_path / "region.geojson"
    path.write_text(boundaries({"RGN23CD": "E12000001", "RGN23NM": "North East"}), encoding="utf-8")
    with pytest.raises(InputError, match=r"no property matches ICB.*\(found: RGN23CD, RGN23NM\)"):
        read_boundaries(path)
    path.write_text("<html>", encoding="utf-8")
    with pytest.raises(InputError, match=r"region\.geojson: is not GeoJSON"):
        read_boundaries(path)
