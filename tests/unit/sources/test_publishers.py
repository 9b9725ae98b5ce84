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
    assert table.dictionary.iloc[0].tolist() == ["imd_score", "Deprivation, 2019", "score"]
    counted = table.quality.set_index("check")["count"].to_dict()
    assert counted == {"periods left out": 1, "values not published": 1, "rows that repeat another": 1}
    assert "2019 is read; left out: 2015" in table.quality["detail"].tolist()


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
        ({"sex": "Female"}, r"column Sex: practices have no value for Female \(found: Persons\)"),
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


HEADER = (
    "Indicator ID,Indicator Name,Area Code,Area Type,Sex,Age,Category,Time period,Value,Time period Sortable"
)


def fingertips_of(tmp_path, *rows: str, header: str = HEADER + ",Time period range"):
    path = tmp_path / "rows.csv"
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


YEAR = "5,Demo,{},GPs,Persons,All,,2023/24,{},20230000,1y"
QUARTER = "5,Demo,{},GPs,Persons,All,,2023/24 Q4,{},20230400,3m"
NEXT_YEAR = "5,Demo,{},GPs,Persons,All,,2024/25,{},20240000,1y"


@pytest.mark.parametrize("stated", [True, False], ids=["range stated", "range told by its form"])
def test_periods_of_one_kind_are_read_and_the_others_counted(tmp_path, stated):
    rows = [YEAR.format("A81001", 10), YEAR.format("A81002", 11), QUARTER.format("A81001", 2.5)]
    rows.append(NEXT_YEAR.format("A81001", ""))  # published without values
    header = HEADER + ",Time period range" if stated else HEADER
    path = fingertips_of(
        tmp_path, *(row if stated else row.rpartition(",")[0] for row in rows), header=header
    )
    table = read_indicator(path, indicator_id=5, measure="demo", unit="%")
    assert table.frame["demo"].tolist() == [10, 11]
    assert table.dictionary["label"].tolist() == ["Demo, 2023/24"]
    noted = table.quality.set_index("check").loc["periods left out"]
    assert noted[["count", "detail"]].tolist() == [2, "2023/24 is read; left out: 2023/24 Q4, 2024/25"]
    quarter = read_indicator(path, indicator_id=5, measure="demo", unit="%", period="2023/24 Q4")
    assert quarter.frame["demo"].tolist() == [2.5]


def test_quarters_are_read_where_they_cover_more_practices(tmp_path):
    rows = [YEAR.format("A81001", 10), QUARTER.format("A81001", 2), QUARTER.format("A81002", 3)]
    table = read_indicator(fingertips_of(tmp_path, *rows), indicator_id=5, measure="demo", unit="%")
    assert table.frame["demo"].tolist() == [2, 3]
    assert table.dictionary["label"].tolist() == ["Demo, 2023/24 Q4"]


@pytest.mark.parametrize("sex", ["Female", "Male"])
def test_an_indicator_of_one_sex_says_which_and_how(tmp_path, sex):
    england = "5,Demo,E92000001,England,Persons,All,,2023/24,70,20230000,1y"
    path = fingertips_of(tmp_path, england, YEAR.format("A81001", 71.5).replace("Persons", sex))
    message = rf"column Sex: practices have no value for Persons \(found: {sex}\)\. Set `sex: {sex}` in the"
    with pytest.raises(InputError, match=message):
        read_indicator(path, indicator_id=5, measure="demo", unit="%")
    table = read_indicator(path, indicator_id=5, measure="demo", unit="%", sex=sex)
    assert table.frame["demo"].tolist() == [71.5]


def test_an_indicator_by_age_says_which_and_how(tmp_path):
    rows = [
        YEAR.format("A81001", 70).replace("All", "50-52"),
        YEAR.format("A81001", 72).replace("All", "53+"),
    ]
    path = fingertips_of(tmp_path, *rows)
    with pytest.raises(
        InputError, match=r"different values: 70 and 72\. Set `age` .* to one of: 50-52, 53\+"
    ):
        read_indicator(path, indicator_id=5, measure="demo", unit="%")
    table = read_indicator(path, indicator_id=5, measure="demo", unit="%", age="53+")
    assert table.frame["demo"].tolist() == [72]
    with pytest.raises(
        InputError, match=r"column Age: practices have no value for 60 \(found: 50-52, 53\+\)"
    ):
        read_indicator(path, indicator_id=5, measure="demo", unit="%", age="60")


@pytest.mark.parametrize("blank", ["", ".", "_"], ids=["fingertipsR", "base R", "tidyverse"])
def test_files_written_by_r_are_read(tmp_path, blank):
    header = HEADER.replace("Time period", "Timeperiod" if blank == "" else "Time period").replace(" ", blank)
    rows = ['"1",5,"x","A81001","GPs","Persons","All",NA,"2019",29.9,20190000']
    rows.append('"2",5,"x","A81002","GPs","Persons","All",NA,"2019",NA,20190000')
    path = fingertips_of(tmp_path, *rows, header='"",' + header)
    table = read_indicator(path, indicator_id=5, measure="demo", unit="%")
    assert table.frame.to_numpy().tolist() == [["A81001", 29.9]]
    assert table.quality.set_index("check")["count"].to_dict() == {"values not published": 1}


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
    message = (
        r"c\.zip: holds no area file such as al\.csv \(found: readme\.txt\)\. Use Code-Point Open as CSV"
    )
    with pytest.raises(InputError, match=message):
        read_postcodes(path)


@pytest.mark.parametrize(
    ("member", "header"),
    [
        ("Data/ONSPD_FEB_2025_UK.csv", "pcd,pcd2,pcds,doterm,lat,long"),
        ("Data/NSPL21_FEB_2025_UK.csv", "pcd7,pcd8,pcds,doterm,lat,long"),
    ],
)
def test_postcode_directories_are_read_instead(tmp_path, write_zip, member, header):
    rows = "SW1A2AA,SW1A 2AA,SW1A 2AA,,51.503541,-0.12767\nGY1 1AA,GY1  1AA,GY1 1AA,,99.999999,0.0\n"
    part = member.replace("Data/", "Data/multi_csv/").replace("_UK.csv", "_UK_SW.csv")
    text = f"{header}\n{rows}"
    path = write_zip(tmp_path / "directory.zip", {member: text, part: text, "Documents/codes.csv": "a\n"})
    found = read_postcodes(path)
    assert found.frame.to_numpy().tolist() == [["SW1A2AA", -0.12767, 51.503541]]
    assert found.quality.set_index("check")["count"].to_dict() == {"postcodes without coordinates": 1}
    alone = tmp_path / "NSPL.csv"
    alone.write_text(text, encoding="utf-8")
    assert read_postcodes(alone, wanted={"SW1A2AA"}).frame["postcode"].tolist() == ["SW1A2AA"]


def boundaries(properties: dict[str, str]) -> str:
    square = [[[0, 51], [1, 51], [1, 52], [0, 52], [0, 51]]]
    geometry = {"type": "Polygon", "coordinates": square}
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    return json.dumps({"type": "FeatureCollection", "features": [feature]})


@pytest.mark.parametrize("year", ["22", "23", "24", "26"])
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


@pytest.mark.parametrize("place", ["properties", "top"])
def test_boundaries_that_the_server_cut_off_are_refused(tmp_path, place):
    path = tmp_path / "icb.geojson"
    whole = json.loads(boundaries({"ICB22CD": "E54000050", "ICB22NM": "NHS Tees Integrated Care Board"}))
    path.write_text(json.dumps(whole | {"properties": {"exceededTransferLimit": False}}), encoding="utf-8")
    assert len(read_boundaries(path).frame) == 1
    cut = {"exceededTransferLimit": True}
    path.write_text(json.dumps(whole | ({"properties": cut} if place == "properties" else cut)), "utf-8")
    with pytest.raises(
        InputError, match=r"icb\.geojson: is cut short: .*\(1 boundary, .*&resultOffset=1 at the"
    ):
        read_boundaries(path)


def test_the_servers_refusal_in_the_place_of_boundaries_is_shown(tmp_path):
    path = tmp_path / "icb.geojson"
    path.write_text('{"error": {"code": 400, "message": "Invalid URL"}}', encoding="utf-8")
    with pytest.raises(InputError, match=r"is not GeoJSON \(the server answered: .*'Invalid URL'"):
        read_boundaries(path)


def test_boundaries_of_something_else_are_refused(tmp_path):
    path = tmp_path / "region.geojson"
    path.write_text(boundaries({"RGN23CD": "E12000001", "RGN23NM": "North East"}), encoding="utf-8")
    with pytest.raises(InputError, match=r"no property matches ICB.*\(found: RGN23CD, RGN23NM\)"):
        read_boundaries(path)
    path.write_text("<html>", encoding="utf-8")
    with pytest.raises(InputError, match=r"region\.geojson: is not GeoJSON"):
        read_boundaries(path)
