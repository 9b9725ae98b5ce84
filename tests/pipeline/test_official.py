"""The whole way on official files: a folder of them, one word of configuration, segments for England."""

from __future__ import annotations

import json

import pandas as pd
import pytest

#: England 2024-25 as published: register as a share of its list, in percent.
PREVALENCE = {"HYP": 15.23, "DEP": 14.27, "OB": 13.88, "DM": 7.89, "CKD": 4.64}


@pytest.fixture(scope="module")
def segmented(project, nhs_data):
    project.call("gpseg-data", "source=nhs_2024_25", f"from={nhs_data}")
    light = ("clusterer=kmeans", "clusterer.n_clusters=4", "evidence=off", "report.figures=[map]")
    least = ("study=silhouette", "study.certainty_draws=0", "insight.opportunities.draws=0")
    project.call("gpseg", "source=nhs_2024_25", *light, *least, "insight.peers.resamples=0")
    return project


@pytest.fixture(scope="module")
def folder(segmented):
    return next((segmented.root / "data" / "runs").glob("2*/*"))


@pytest.fixture(scope="module")
def prepared(segmented):
    return next((segmented.root / "data" / "cache" / "prepared").glob("*/"))


def test_england_comes_out_as_published(prepared):
    source = json.loads((prepared / "source.json").read_text(encoding="utf-8"))
    assert (source["practices"], source["patients"]) == (6188, 63_766_671)
    registers = pd.read_parquet(prepared / "registers.parquet")
    totals = registers.groupby("group_code")[["register", "denominator"]].sum()
    found = (100 * totals["register"] / totals["denominator"]).round(2)
    assert found[list(PREVALENCE)].to_dict() == PREVALENCE


def test_every_practice_gets_a_segment(folder, prepared):
    practices = pd.read_parquet(prepared / "practices.parquet")
    segments = pd.read_csv(folder / "segments" / "segments.csv")
    assert list(segments["practice_code"]) == list(practices["practice_code"])
    assert segments["segment"].notna().all()
    ordinary = practices["special"].isna().to_numpy()
    assert (segments["fitted"].to_numpy() == ordinary).all()


def test_every_number_can_be_walked_back_to_the_raw_file(segmented, prepared):
    run = segmented.runs()[0]
    assert run.data.tags["data_kind"] == "official"
    assert run.data.metrics["data/patients"] == 63_766_671
    manifest = json.loads(
        (segmented.root / "data/raw/nhs_2024_25/manifest.json").read_text(encoding="utf-8")
    )["files"]
    named = {
        row["filename"]: row["sha256"]
        for row in json.loads((prepared / "source.json").read_text(encoding="utf-8"))["files"]
    }
    assert named == {row["filename"]: row["sha256"] for row in manifest}
    page = next((segmented.root / "data" / "runs").glob("2*/*")) / "report" / "analyst.html"
    text = page.read_text(encoding="utf-8")
    assert named["QOF2425.zip"] in text
    assert "SYNTHETIC DATA" not in text
