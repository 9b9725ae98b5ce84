"""What only the data show to be impossible is told in words by the stage that first sees it."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from gp_segmentation import config
from gp_segmentation.errors import ConfigError, GpsegError
from gp_segmentation.pipeline.stages import insight, matrix
from gp_segmentation.storage.table_files import write_table

ROOT = Path(__file__).resolve().parents[3]
PRACTICES, FEATURES = 12, 20


@pytest.fixture
def workspace(tmp_path):
    """Twelve practices, ten of them fitted, and twenty features."""
    codes = pd.Index([f"A{number:05}" for number in range(PRACTICES)], name="practice_code")
    names = [f"f{number}" for number in range(FEATURES)]
    values = np.random.default_rng(0).normal(size=(PRACTICES, FEATURES))
    write_table(tmp_path / "features.parquet", pd.DataFrame(values, codes, names))
    fitted = pd.Series([True] * 10 + [False] * 2, codes)
    described = pd.DataFrame({"feature": names, "label": names, "block": "one", "weight": 1.0})
    return SimpleNamespace(
        features=tmp_path,
        matrix=tmp_path / "matrix",
        evidence=tmp_path,
        fitted=lambda: fitted,
        dictionary=lambda weights=None: described,
        feature_tables=lambda: (None, None, None),
        segment_table=lambda everyone: pd.DataFrame({"segment": 1, "fitted": fitted.to_numpy()}),
        prepared_table=lambda name: pd.DataFrame(columns=["practice_code", "imd_score"]),
    )


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (
            ["reducer=pca_count", "reducer.n_components=21"],
            "reducer.n_components is 21, but there are 20 features",
        ),
        (
            ["reducer=factor_analysis", "reducer.n_components=500"],
            "reducer.n_components is 500, but there are 20",
        ),
        (
            ["reducer=pca_count", "reducer.n_components=15"],
            "the features cannot be prepared by imputer=median, outliers=clip, scaler=standard, "
            "reducer=pca_count: n_components=15 must be between 0 and min(n_samples, n_features)=10",
        ),
    ],
)
def test_more_components_than_the_data_have_are_refused(workspace, overrides, told):
    with pytest.raises(ConfigError) as caught:
        matrix.run(config.compose_config(ROOT, overrides), workspace)
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("insight.peers.count=10", "insight.peers.count is 10, but a practice has 9 others. Lower it"),
        ("insight.spatial.neighbours=12", "insight.spatial.neighbours is 12, but a practice has 11 others."),
    ],
)
def test_more_peers_than_practices_are_refused(workspace, override, told):
    cfg = config.compose_config(ROOT, ["insight.peers.count=9", override])
    with pytest.raises(ConfigError) as caught:
        insight.run(cfg, workspace)
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize(("measure", "warned"), [("imd_score", False), ("non_white_percent", True)])
def test_a_measure_whose_optional_file_is_missing_is_told(workspace, caplog, measure, warned):
    cfg = config.compose_config(ROOT, [f"insight.deprivation={measure}", "insight.peers.count=9"])
    with caplog.at_level(logging.WARNING, "gpseg"), pytest.raises(GpsegError):  # no evidence
        insight.run(cfg, workspace)
    told = "insight.deprivation: no practice has non_white_percent, so quintiles are not known"
    of_deprivation = [message for message in caplog.messages if message.startswith("insight.deprivation")]
    assert of_deprivation == [told] * warned
