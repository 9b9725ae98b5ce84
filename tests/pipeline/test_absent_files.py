"""Every optional file of a source may be absent, and others with it: the rest is whole, and it is said.

A core of them always runs; with GPSEG_EXHAUSTIVE nothing is absent, then every file by itself, then every
pair (`make reliability`).
"""

from __future__ import annotations

import os
import re
import runpy
from collections.abc import Collection
from html import unescape
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest

from gp_segmentation import config
from gp_segmentation.errors import InputError
from gp_segmentation.pipeline.order import stage
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import read_json

HERE = Path(__file__)
ROOT = HERE.parents[2]
MADE = runpy.run_path(str(HERE.parents[1] / "fixtures" / "partial_england.py"))
PARTS = MADE["PARTS"]

#: What is said of a part that is absent.
SAID = {
    "registrations": "No registrations by age and sex: age structure, prevalence adjusted for age, and "
    "special practices found by the age or sex of their patients are left out.",
    "registers": "No registers: prevalence, and special practices found by their registers, are left out.",
    "achievement": "No achievement: opportunities, outliers and all other figures of achievement are left "
    "out.",
    "denominators": "No indicator with a denominator: opportunities, outliers and all other figures of "
    "achievement are left out.",
    "pcas": "No personalised care adjustments: their rates, and achievement that counts such patients as "
    "eligible, are left out.",
    "organisations": "No list of organisations: it is not known which practices have closed.",
    "postcodes": "No positions of practices: maps, and how segments lie in space, are left out.",
}
#: A part that is absent wherever another is: a list of practices has neither registers nor achievement.
WITHOUT = {"registers": "achievement"}
CORE = (
    ("registrations", "denominators", "imd_2025"),
    ("achievement", "postcodes"),
    ("pcas", "organisations", "small_areas", "localities"),
    tuple(part for part in PARTS if part not in ("denominators", "pcas")),
)
EXHAUSTIVE = "GPSEG_EXHAUSTIVE" in os.environ
CASES = [(), *((part,) for part in PARTS), *combinations(PARTS, 2)] if EXHAUSTIVE else CORE
#: Figures that show what may be absent; the page draws the others from what is always there.
FIGURES = ["map", "age_explained", "opportunities", *(["icb_shares", "made_of", "use_beyond"] * EXHAUSTIVE)]


def said_of(absent: Collection[str]) -> list[str]:
    """The sentences on what is absent."""
    lost = {*absent} | {more for part, more in WITHOUT.items() if part in absent}
    if {"organisations", "registrations"} <= lost:
        lost.add("postcodes")  # nothing says where a practice is
    if "achievement" in lost:
        lost -= {"denominators", "pcas"}
    if "denominators" in lost:
        lost.discard("pcas")
    sentences = [text for part, text in SAID.items() if part in lost]
    if others := sorted(lost & set(MADE["FILES"]) - set(SAID)):
        sentences.append(f"Files not given, and all that rests on them left out: {', '.join(others)}.")
    return sentences


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """The configuration of the England that has all, and the folder of its files."""
    cfg, folder = MADE["configuration"](), tmp_path_factory.mktemp("england") / "everything"
    cfg["report"]["figures"] = FIGURES
    MADE["write_all"](cfg, folder)
    return cfg, folder


def ready(everything, tmp_path, absent, **changed):
    """Configuration and workspace of the England without some of its files."""
    cfg, folder = everything
    return MADE["without"](cfg, folder, tmp_path / "raw", absent) | changed, Workspace(tmp_path)


@pytest.mark.parametrize("absent", CASES, ids=lambda absent: "-".join(absent) or "nothing")
def test_all_else_is_whole_and_log_and_page_say_what_is_left_out(absent, everything, tmp_path):
    cfg, ws = ready(everything, tmp_path, absent)
    told = MADE["run_all"](cfg, ws)
    expected = said_of(absent)
    assert sorted(read_json(ws.prepared / "source.json")["absent"]) == sorted(expected)
    assert {message for message in told if message.startswith("prepare: ")} == {
        f"prepare: {sentence}" for sentence in expected
    }
    page = unescape((ws.report / "report.html").read_text(encoding="utf-8"))
    assert [sentence for sentence in expected if f"<li>{sentence}</li>" not in page] == []
    assert ("What this source does not have" in page) == bool(expected)
    assert re.findall(r">\s*(?:nan|NaN|None|NaT|<NA>)\s*<", page) == []

    segments, practices = ws.segment_table(), ws.prepared_table("practices")
    assert set(segments["practice_code"]) == set(practices["practice_code"])
    no_rates = {"achievement", "denominators", "registers"} & {*absent}
    assert (len(pd.read_csv(ws.insight / "opportunities.csv")) == 0) == bool(no_rates)
    assert ("so there are no opportunities to calculate" in page) == bool(no_rates)
    quintiles = (ws.insight / "profiles_by_quintile.csv").is_file()
    assert quintiles == ("imd_2025" not in absent)
    blocks = set(ws.dictionary()["block"])
    expected_blocks = {"prevalence": "registers", "deprivation": "imd_2025", "ethnicity": "ethnicity"}
    assert blocks == {"list_size"} | {name for name, part in expected_blocks.items() if part not in absent}
    references = {row["reference"] for row in read_json(ws.evidence / "evidence.json")["made_of"]["alone"]}
    assert ("age" in references) == ("registrations" not in absent)
    figures = {path.stem for path in ws.figures.glob("*.svg")}
    assert ("age_explained" in figures) == (not {"registrations", "registers"} & {*absent})


def test_a_feature_set_is_refused_before_anything_is_written_with_all_that_it_lacks(everything, tmp_path):
    cfg, ws = ready(everything, tmp_path, ("registrations", "imd_2025"))
    stage("prepare")(cfg, ws)
    demographics = config.compose_config(ROOT, ["features=demographics"])["features"]
    with pytest.raises(InputError) as caught:
        stage("features")({**cfg, "features": demographics}, ws)
    assert str(caught.value) == (
        "features: the source has no registrations by age and sex (block age_structure, sex); measure "
        "imd_score is missing (found: non_white_percent, payments_per_patient, rural_percent) (block "
        "deprivation). Put the file named under `registrations` in the source's YAML beside the others and "
        "prepare again, or choose a feature set that needs no registrations, such as "
        "features=prevalence_crude or panel_core. Add a file with it to the source, or leave its block out "
        "of the feature set (optional: true)"
    )
    assert not ws.features.exists()


def test_networks_are_pooled_from_what_is_there(everything, tmp_path):
    absent, changed = ("registrations", "registers", "imd_2025"), ["scope=networks", "special=small_lists"]
    composed = config.compose_config(ROOT, changed)
    cfg, ws = ready(everything, tmp_path, absent, scope=composed["scope"], special=composed["special"])
    told = MADE["run_all"](cfg, ws, ("prepare", "features"))
    assert set(said_of(absent)) <= {message.removeprefix("prepare: ") for message in told}
    practices = ws.prepared_table("practices")
    assert practices["practice_code"].tolist() == sorted(set(practices["pcn_code"]))
