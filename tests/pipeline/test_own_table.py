"""A study from one table of one's own: no QOF archive, no registrations, two measures; the page included."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
import yaml

from gp_segmentation import config
from gp_segmentation.errors import InputError
from gp_segmentation.pipeline.order import STAGES, stage
from gp_segmentation.pipeline.years import other_sources
from gp_segmentation.schemas.configuration import configuration_problems
from gp_segmentation.storage.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]

SOURCE = """
name: mine
label: A table of ours
period: 2024-25
synthetic: false
licence: ours
attribution: ours
files:
  practices:
    filename: mine.csv
    role: practices
    reader:
      _target_: gp_segmentation.sources.practice_list.read_practice_list
      _partial_: true
      code: Code
      name: Practice
      list_size: Patients
  measures:
    filename: mine.csv
    role: context
    reader:
      _target_: gp_segmentation.sources.local.read_local_table
      _partial_: true
      code: Code
      columns:
        smoking: {column: Smoking, label: Smokers, unit: "%", range: [0, 100]}
        calls_per_patient: {column: Calls, label: Calls, unit: calls per patient, per: list_size}
"""
FEATURES = """
name: mine
label: Ours
description: Two measures.
blocks:
  smoking: {_target_: gp_segmentation.features.context.Context, measures: [smoking], transform: logit}
  calls: {_target_: gp_segmentation.features.context.Context, measures: [calls_per_patient], transform: log}
"""
#: No file gives deprivation, as `own_table` says; and little of everything that is drawn or repeated.
SHORT = (
    *("experiment=own_table", "evidence=off", "jobs=1"),
    *("study.n_clusters.high=3", "study.rule.stability_draws=3", "study.rule.splits=1"),
    *("study.null_model.draws=19", "insight.peers.resamples=2", "report.figures=[scatter,heatmap,map]"),
)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Configuration and workspace of 90 practices: 45 with many smokers, 45 with few."""
    cfg = config.compose_config(ROOT, list(SHORT))
    cfg |= {"source": yaml.safe_load(SOURCE), "features": yaml.safe_load(FEATURES)}
    ws = Workspace(tmp_path_factory.mktemp("own"))
    (ws.raw / "mine").mkdir(parents=True)
    rng = np.random.default_rng(1)
    many = np.arange(90) % 2 == 0
    table = {
        "Code": [f"A{81000 + i}" for i in range(90)],
        "Practice": [f"Surgery {i}" for i in range(90)],
        "Patients": 5000,
        "Smoking": np.where(many, 20, 10) + rng.normal(0, 0.5, 90),
        "Calls": np.where(many, 30_000, 10_000) + rng.normal(0, 900, 90),
    }
    pd.DataFrame(table).to_csv(ws.raw / "mine" / "mine.csv", index=False)
    return cfg, ws, many


@pytest.fixture(scope="module")
def finished(own):
    """The workspace after all stages, and what the stages told."""
    cfg, ws, _ = own
    told: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        for name in STAGES:
            stage(name)(cfg, ws)
    finally:
        logging.getLogger().removeHandler(handler)
    return ws, told


def test_the_yaml_of_such_a_source_is_accepted(own):
    assert configuration_problems(own[0], check=config.object_problems) == []


def test_the_table_alone_gives_the_two_segments_that_are_in_it(own, finished):
    many, (ws, _) = own[2], finished
    segments = ws.segment_table(everyone=True).sort_values("practice_code")
    assert len(segments) == 90
    assert segments["segment"].nunique() == 2
    assert segments["segment"][many].nunique() == segments["segment"][~many].nunique() == 1
    natural = pd.read_parquet(ws.features / "natural.parquet")
    assert natural["calls_per_patient"].mean() == pytest.approx((30_000 + 10_000) / 2 / 5000, rel=0.05)


def test_page_and_workbook_are_made_and_say_what_there_is_not(finished):
    ws, told = finished
    page = (ws.root / "report" / "report.html").read_text(encoding="utf-8")
    assert "The data are an analyst&#39;s own table of practices: A table of ours." in page
    assert "Smokers" in page
    assert "This source has no achievement indicators, so there are no opportunities to calculate." in page
    analyst = (ws.root / "report" / "analyst.html").read_text(encoding="utf-8")
    assert "practices without PREVALENCE" in analyst
    assert "insight: the source has no achievement, so opportunities and outliers are left out" in told
    assert "insight.deprivation: null, so quintiles are not known" in told
    book = openpyxl.load_workbook(ws.report / "segments.xlsx", read_only=True)
    cover = [str(cell) for row in book["Cover"].iter_rows(values_only=True) for cell in row]
    assert "Worked out from an analyst's own table of practices." in cover
    assert {"Lookup", "Segments", "Profiles"} <= set(book.sheetnames)
    assert not {"Opportunities", "England", "Care boards", "Deprivation"} & set(book.sheetnames)


def test_the_tables_of_what_there_is_not_have_their_columns(finished):
    ws, _ = finished
    table = pd.read_parquet(ws.insight / "practice_opportunities.parquet")
    assert len(table) == 0
    assert {"practice_code", "indicator_code", "additional_patients", "england_high", "standing"} <= set(
        table
    )


def test_a_feature_set_of_registers_is_refused_in_words(own, finished):
    cfg, ws, _ = own
    need = config.compose_config(ROOT, ["features=need"])["features"]
    with pytest.raises(InputError, match="the source has no registers"):
        stage("features")(cfg | {"features": need}, Workspace(ws.root / "need", prepared_folder=ws.prepared))


def test_a_run_of_another_source_can_be_asked_about_the_table(own, tmp_path):
    _, ws, _ = own
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    (tmp_path / "conf" / "source" / "mine.yaml").write_text(SOURCE, encoding="utf-8")
    shutil.copytree(ws.raw, tmp_path / "data" / "raw")
    run = config.compose_config(ROOT)  # with deprivation, which the table does not have
    prepared = other_sources.prepared_source("mine", run, tmp_path)
    assert len(pd.read_parquet(prepared / "practices.parquet")) == 90
