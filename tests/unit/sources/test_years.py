"""Every data year of `conf/source`: the YAML builds its readers, and they read files in its dialect."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from gp_segmentation import config
from gp_segmentation.sources import read_source
from gp_segmentation.sources.achievement import read_achievement
from gp_segmentation.sources.files.archive import find_texts
from gp_segmentation.sources.nhs_england import DIALECT, read_qof
from gp_segmentation.sources.raw_folder import ROLES
from gp_segmentation.sources.tidy import QualityLog

ROOT = Path(__file__).resolve().parents[3]
YEARS = sorted(path.stem for path in (ROOT / "conf" / "source").glob("nhs_*.yaml"))
PREFIX = "https://files.digital.nhs.uk/"
#: The archives' official addresses.
QOF_ADDRESSES = {
    "nhs_2019_20": "E2/BF16AA/QOF_1920.zip",
    "nhs_2020_21": "AC/3C964F/QOF2021_v2.zip",
    "nhs_2021_22": "90/6F833F/QOF_2122_V2.zip",
    "nhs_2022_23": "32/40B931/QOF%202022-23%20Raw%20data%20.csv%20files.zip",
    "nhs_2023_24": "DA/975A29/QOF2324.zip",
    "nhs_2024_25": "95/4708D7/QOF2425.zip",
    "nhs_2025_26": "C6/77B386/QOF%202526.zip",
}
FINGERTIPS = (
    "Indicator ID,Indicator Name,Area Code,Area Type,Sex,Time period,Value,Time period Sortable\n"
    "{id},Deprivation,A81001,GPs,Persons,2019,32.5,20190000\n"
)


def composed(source: str) -> dict[str, object]:
    return config.compose_config(ROOT, [f"source={source}"], name="data")["source"]


@pytest.mark.parametrize("source", YEARS)
def test_a_year_describes_its_files(source):
    node = composed(source)
    assert node["name"] == source
    assert (node["label"], node["synthetic"]) == (f"England {node['period']}", False)
    assert node["period"] == source.removeprefix("nhs_").replace("_", "-")
    assert node["files"]["qof"]["url"] == PREFIX + QOF_ADDRESSES[source]
    for file in node["files"].values():
        keys = {"filename", "url", "sha256", "required", "max_bytes", "licence", "role", "reader"}
        assert set(file) - {"aliases"} == keys
        assert file["licence"].startswith("Open Government Licence v3.0. Contains information from ")
        assert file["role"] in ROLES
        assert 0 < file["max_bytes"] <= 200_000_000
        assert not file["required"] or file["url"]  # a required file can be fetched


@pytest.mark.parametrize("source", YEARS)
def test_a_year_is_prepared_from_files_in_its_dialect(tmp_path, build_qof, quin_age, write_zip, source):
    files = composed(source)["files"]
    folder = tmp_path / source
    build_qof(source, path=folder / files["qof"]["filename"])
    registered = quin_age(
        {"A81001": (3, 2), "E83003": (1, 1)}, date=files["registrations"]["reader"]["expected_date"]
    )
    write_zip(folder / files["registrations"]["filename"], {"gp-reg-pat-prac-quin-age.csv": registered})
    for name, indicator in (("imd_2019", 93553), ("imd_2025", 94240)):
        (folder / files[name]["filename"]).write_text(FINGERTIPS.format(id=indicator), encoding="utf-8")
    year = files["workforce"]["reader"]["where"]["Year"]
    texts = {
        "organisations": f"a81001,X,Y63,QHM{',' * 6}TS18 1HU,19740401,,A,,16C{',' * 11}4,\n",
        "ethnicity": "practice_code,pct_non_white\na81001,0.25\n",
        "workforce": "Practice.Code,Year,TOTAL_GP_EXTGL_FTE,TOTAL_ADMIN_FTE,TOTAL_PATIENTS\n"
        f"a81001,{year},2,4,4000\na81001,1999,9,9,9\n",
    }
    for name, text in texts.items():
        (folder / files[name]["filename"]).write_text(text, encoding="utf-8")
    built = {name: {**file, "reader": config.build(file["reader"])} for name, file in files.items()}
    prepared = read_source(built, folder)
    assert prepared.practices["list_size"].tolist() == [4000, 900]
    assert prepared.practices["sub_icb_code"].tolist() == ["16C", "93C"]
    assert len(prepared.registers) == 4
    assert prepared.achievement["numerator"].sum() == 300
    measures = ["imd_score", "non_white_percent", "gp_fte_per_10000", "admin_fte_per_10000"]
    assert prepared.context[measures].iloc[0].tolist() == [32.5, 25, 5, 10]
    assert prepared.organisations["status"].iloc[0] == "ACTIVE"
    assert prepared.practices["postcode"].iloc[0] == "TS18 1HU"
    assert "registrations of another day" not in prepared.quality["check"].tolist()


def test_the_deprivation_used_is_the_one_current_in_the_year():
    used = {}
    for source in YEARS:
        files = composed(source)["files"]
        used[source] = next(
            file["reader"]["indicator_id"]
            for file in files.values()
            if file["reader"].get("measure") == "imd_score"
        )
    assert used == dict.fromkeys(YEARS, 93553) | {"nhs_2024_25": 94240, "nhs_2025_26": 94240}


def test_one_national_member_gives_what_the_regions_give(build_qof):
    regional = read_qof(build_qof("nhs_2022_23"), suffix="2223").achievement
    national = read_qof(build_qof("nhs_2020_21"), suffix="2021").achievement
    assert_frame_equal(national, regional)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_achievement_rows_makes_no_difference(tmp_path, seed):
    values = (("PCAS", 1), ("NUMERATOR", 2), ("DENOMINATOR", 3), ("ACHIEVED_POINTS", 4))
    rows = [
        f"{practice},{indicator},{measure},{value}"
        for practice, indicator in itertools.product(("A1X", "B2Y", "C3Z"), ("AF006", "DM033"))
        for measure, value in values
    ]
    shuffled = random.Random(seed).sample(rows, len(rows))  # noqa: S311  not for secrets
    frames = []
    for order in (rows, shuffled):
        path = tmp_path / "achievement.csv"
        path.write_text(
            "\n".join(["PRACTICE_CODE,INDICATOR_CODE,MEASURE,VALUE", *order, ""]), encoding="utf-8"
        )
        log = QualityLog(path.name)
        frames.append(read_achievement(find_texts(path), DIALECT["achievement"], log))
    assert_frame_equal(*frames)
    assert frames[0]["practice_code"].tolist() == ["A1X", "A1X", "B2Y", "B2Y", "C3Z", "C3Z"]
    assert frames[0][["numerator", "denominator", "pcas", "points"]].to_numpy().tolist() == [[2, 3, 1, 4]] * 6
