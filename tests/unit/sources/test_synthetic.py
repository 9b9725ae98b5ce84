"""A small synthetic England: its layouts, its sums, and that it is the same bytes every time."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from numpy.testing import assert_allclose, assert_array_equal

from gp_segmentation import config
from gp_segmentation.errors import ConfigError
from gp_segmentation.sources import read_source
from gp_segmentation.sources.download.manifest import read_manifest, verify
from gp_segmentation.sources.synthetic import draw_england, write_england
from gp_segmentation.sources.synthetic.irregularities import ABOVE_LIST, NO_REGISTERS

PRACTICES, SEED = 300, 7
YAML = Path(__file__).parents[3] / "conf" / "source" / "synthetic.yaml"
QOF, REGISTRATIONS = "SYNTHETIC_QOF2425.zip", "SYNTHETIC_gp-reg-pat-prac-quin-age.zip"
REGIONS = (
    "EAST_OF_ENGLAND", "LONDON", "MIDLANDS", "NORTH_EAST_AND_YORKSHIRE", "NORTH_WEST", "SOUTH_EAST",
    "SOUTH_WEST",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("england")
    write_england(place, seed=SEED, practices=PRACTICES)
    return place


@pytest.fixture(scope="module")
def england() -> Any:
    return draw_england(SEED, PRACTICES)


@pytest.fixture(scope="module")
def prepared(folder: Path) -> Any:
    files = yaml.safe_load(YAML.read_text(encoding="utf-8"))["files"]
    return read_source(
        {key: {**node, "reader": config.build(node["reader"])} for key, node in files.items()}, folder
    )


def text_of(folder: Path, archive: str, member: str) -> str:
    with zipfile.ZipFile(folder / archive) as opened:
        return opened.read(member).decode("utf-8")


def table(folder: Path, archive: str, member: str) -> pd.DataFrame:
    text = text_of(folder, archive, member)
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


# --- files and layouts


def test_every_file_says_that_it_is_synthetic(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "SYNTHETIC_94240_imd2025.csv",
        "SYNTHETIC_QOF2425.zip",
        "SYNTHETIC_codepo_gb.zip",
        "SYNTHETIC_epraccur.zip",
        "SYNTHETIC_gp-reg-pat-prac-map.zip",
        "SYNTHETIC_gp-reg-pat-prac-quin-age.zip",
        "SYNTHETIC_practice_ethnicity.csv",
        "SYNTHETIC_truth.csv",
        "manifest.json",
    ]


def test_members_have_their_official_names(folder: Path) -> None:
    with zipfile.ZipFile(folder / QOF) as archive:
        assert archive.namelist() == [
            *(f"ACHIEVEMENT_{region}_2425.csv" for region in REGIONS),
            "MAPPING_INDICATORS_2425.csv",
            "MAPPING_NHS_GEOGRAPHIES_2425.csv",
            "ORGANISATION_REFERENCE_2425.csv",
            "PRACTICE_VALIDATION_OUTCOMES_2425.csv",
            "PREVALENCE_2425.csv",
        ]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    ("archive", "member", "line"),
    [
        (QOF, "PREVALENCE_2425.csv", r"Z\d{5},[A-Z]+,\d+\.0,(TOTAL|\d\dOV),\d+"),
        (
            QOF,
            "ACHIEVEMENT_NORTH_WEST_2425.csv",
            r"Y62,E40000014,NORTH_WEST,Z\d{5},[A-Z]+\d{3},"
            r"((REGISTER|NUMERATOR|DENOMINATOR|PCAS|NEWLY_DIAGNOSED),\d+\.0|ACHIEVED_POINTS,\d+\.\d\d?)",
        ),
        (QOF, "ORGANISATION_REFERENCE_2425.csv", r"Z\d{5},635(\.0)?"),
        (
            REGISTRATIONS,
            "gp-reg-pat-prac-quin-age.csv",
            r"GP_PRAC_PAT_LIST,2025-04-01,[A-Za-z_ ]+,\w+,(E\d{8})?,([A-Z]{2}\d+ \d[A-Z]{2})?,"
            r"(ALL|FEMALE|MALE),(ALL|\d+_\d+|95\+),\d+",
        ),
    ],
)
def test_lines_are_written_as_in_the_official_file(
    folder: Path, archive: str, member: str, line: str
) -> None:
    lines = text_of(folder, archive, member).split("\r\n")
    assert lines[-1] == ""
    assert [found for found in lines[1:-1] if re.fullmatch(line, found) is None] == []


def test_geographies_nest_and_practices_are_named_synthetic(folder: Path) -> None:
    places = table(folder, QOF, "MAPPING_NHS_GEOGRAPHIES_2425.csv")
    assert len(places) == PRACTICES
    assert places["ICB_ODS_CODE"].nunique() == 42
    assert places["PRACTICE_NAME"].str.contains("SYNTHETIC").all()
    assert places["PRACTICE_CODE"].str.fullmatch(r"Z\d{5}").all()
    for inner, outer in (("PCN", "SUB_ICB"), ("SUB_ICB", "ICB"), ("ICB", "REGION")):
        grouped = places[places["PCN_ODS_CODE"] != "U"].groupby(f"{inner}_ODS_CODE")
        assert grouped[f"{outer}_ODS_CODE"].nunique().eq(1).all()


def test_ods_list_has_27_quoted_columns_and_other_organisations(folder: Path, england: Any) -> None:
    text = text_of(folder, "SYNTHETIC_epraccur.zip", "epraccur.csv")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert {len(row) for row in rows} == {27}
    assert text.startswith('"Z00001","SYNTHETIC ')
    codes = [row[0] for row in rows]
    assert len(set(codes)) == len(codes)
    assert set(england.practices["practice_code"]) < set(codes)
    assert {(row[12], row[25]) for row in rows} == {
        ("ACTIVE", "RO76"), ("DORMANT", "RO76"), ("INACTIVE", "RO76"), ("ACTIVE", "RO247"),
    }  # fmt: skip


def test_postcodes_have_seven_characters_or_eight_and_one_file_per_area(folder: Path) -> None:
    with zipfile.ZipFile(folder / "SYNTHETIC_codepo_gb.zip") as archive:
        areas = [name for name in archive.namelist() if name.startswith("Data/CSV/")]
        for name in areas:
            lines = archive.read(name).decode().splitlines()
            pattern = rf'"{Path(name).stem.upper()}\d[\d ]\d[A-Z]{{2}}",10,\d+,\d+,"E92000001",(""?,?)*'
            assert [line for line in lines if re.fullmatch(pattern, line) is None] == []
    assert len(areas) == 7


def test_fingertips_has_england_twice_and_practices_once(folder: Path) -> None:
    frame = pd.read_csv(folder / "SYNTHETIC_94240_imd2025.csv", dtype=str, keep_default_na=False)
    assert frame.shape[1] == 27
    assert frame["Area Type"].value_counts().to_dict() == {"GP": PRACTICES - 2, "England": 2}
    assert frame["Area Code"][frame["Area Type"] == "GP"].is_unique


# --- the same bytes every time


def test_the_same_seed_gives_the_same_bytes_in_any_environment(folder: Path, tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from gp_segmentation.sources.synthetic import write_england; "
        f"write_england(Path({str(tmp_path)!r}), seed={SEED}, practices={PRACTICES})"
    )
    strange = {
        "TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "42", "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "2", "PYTHONUTF8": "0",
    }  # fmt: skip
    subprocess.run([sys.executable, "-c", code], env=os.environ | strange, check=True)
    assert hashes(tmp_path) == hashes(folder)


def test_writing_again_replaces_the_files_by_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_england(tmp_path, seed=SEED + 1, practices=PRACTICES)
    other = hashes(tmp_path)
    assert not set(other.values()) & set(hashes(folder).values())
    write_england(tmp_path, seed=SEED, practices=PRACTICES)
    assert hashes(tmp_path) == hashes(folder)


def test_the_manifest_is_that_of_the_files_and_holds_no_time(folder: Path) -> None:
    rows = read_manifest(folder)
    assert len(rows) == 8
    assert verify(folder) == []
    assert {(row.address, row.retrieved) for row in rows} == {
        (f"synthetic England, seed {SEED}, {PRACTICES} practices", None)
    }


# --- sums and quirks, through the readers of official files


def test_the_readers_find_every_practice(prepared: Any) -> None:
    assert len(prepared.practices) == PRACTICES
    assert len(prepared.registers) == 21 * PRACTICES
    assert len(prepared.age_sex) == 40 * PRACTICES
    assert prepared.practices["list_size"].min() < 1000


def test_what_is_read_is_what_was_drawn(prepared: Any, england: Any) -> None:
    drawn = england.practices.set_index("practice_code").loc[prepared.practices["practice_code"]]
    assert_array_equal(prepared.practices["list_size"], drawn["list_size"])
    on_map = drawn["on_map"].to_numpy()
    assert not prepared.practices["longitude"][~on_map].notna().any()
    # A grid reference in whole metres is good to half a metre, 0.0000075 degrees of longitude.
    assert_allclose(prepared.practices["longitude"][on_map], drawn["longitude"][on_map], atol=2e-5)
    assert_allclose(prepared.practices["latitude"][on_map], drawn["latitude"][on_map], atol=2e-5)
    assert_allclose(prepared.context["imd_score"], drawn["imd"], atol=5e-4)
    registers = prepared.registers.pivot_table(index="practice_code", columns="group_code", values="register")
    assert_array_equal(registers, england.registers.loc[registers.index, registers.columns])


def test_bands_add_to_the_list_at_every_level(folder: Path, england: Any) -> None:
    frame = table(folder, REGISTRATIONS, "gp-reg-pat-prac-quin-age.csv")
    frame["NUMBER_OF_PATIENTS"] = frame["NUMBER_OF_PATIENTS"].astype(int)
    whole = int(england.practices["list_size"].sum())
    assert len(england.practices) > PRACTICES
    for _, level in frame.groupby("ORG_TYPE"):
        totals = (level["SEX"] == "ALL") | (level["AGE_GROUP_5"] == "ALL")
        everybody = level["NUMBER_OF_PATIENTS"][(level["SEX"] == "ALL") & (level["AGE_GROUP_5"] == "ALL")]
        assert everybody.sum() == whole
        assert level["NUMBER_OF_PATIENTS"][~totals].sum() == whole
    assert set(frame["ORG_TYPE"]) == {"Comm Region", "ICB", "SUB_ICB_LOCATION_CODE", "PCN", "GP"}
    assert frame.groupby(["ORG_TYPE", "ORG_CODE"]).size().eq(43).all()


def test_registers_stay_within_their_list_but_for_the_planted_one(prepared: Any, england: Any) -> None:
    above = prepared.registers[prepared.registers["register"] > prepared.registers["denominator"]]
    planted = england.practices["practice_code"][england.practices["quirk"] == ABOVE_LIST]
    assert above["practice_code"].tolist() == planted.tolist()
    assert above["group_code"].tolist() == ["LD"]
    empty = prepared.registers.groupby("practice_code")["register"].sum().eq(0)
    none = england.practices["practice_code"][england.practices["quirk"] == NO_REGISTERS]
    assert empty.index[empty].tolist() == none.tolist()


def test_lists_from_an_age_on_are_nested(england: Any) -> None:
    nested = england.lists[["50OV", "18OV", "17OV", "16OV", "06OV", "TOTAL"]].to_numpy()
    assert (np.diff(nested, axis=1) >= 0).all()
    assert_array_equal(england.lists["TOTAL"], england.practices["list_size"])


def test_counts_of_indicators_are_possible(prepared: Any) -> None:
    counted = prepared.achievement.dropna(subset="denominator")
    assert (counted["numerator"] <= counted["denominator"]).all()
    maximum = prepared.achievement["indicator_code"].map(
        prepared.indicators.set_index("indicator_code")["points"]
    )
    points = prepared.achievement["points"]
    assert (points.isna() | points.between(0, maximum)).all()
    assert counted["denominator"].eq(0).any()
    assert counted["pcas"].isna().any()
    assert points.isna().any()


def test_the_truth_names_archetypes_and_special_practices(folder: Path, england: Any) -> None:
    truth = pd.read_csv(folder / "SYNTHETIC_truth.csv", keep_default_na=False)
    assert truth.columns.tolist() == ["practice_code", "archetype", "special", "quirk"]
    assert truth["practice_code"].tolist() == england.practices["practice_code"].tolist()
    assert set(truth["archetype"]) == {1, 2, 3, 4, 5}
    assert set(truth["special"]) == {
        "", "student", "digital_or_young_adult_large", "older_or_care_home", "few_children_working_age",
        "care_home_list", "homeless_inclusion",
    }  # fmt: skip
    tiny = england.practices["list_size"].lt(1000)
    assert set(truth["special"][tiny]) == {"care_home_list", "homeless_inclusion"}


def test_an_england_has_at_least_one_practice_per_icb() -> None:
    assert draw_england(1, 42).practices["icb"].nunique() == 42
    with pytest.raises(ConfigError, match=r"practices=41: .* at least one practice in each of 42 ICBs"):
        draw_england(1, 41)
