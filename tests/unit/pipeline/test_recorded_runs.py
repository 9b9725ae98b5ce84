"""A run recorded before modules moved and keys were renamed is still one that practices can be assigned to.

The run in fixtures/recorded_run (150 practices of a synthetic England, features of need, gaps filled from the
nearest practices) was recorded at commit febceb7 with

    gpseg imputer=knn study.n_clusters.high=4 study.rule.min_practices=5 evidence=quick

with 150 in place of the practices of conf/source/synthetic.yaml.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from gp_segmentation import config
from gp_segmentation.pipeline import queries

ROOT = Path(__file__).resolve().parents[3]
RUN = ROOT / "tests" / "fixtures" / "recorded_run"


def test_its_practices_are_assigned_to_the_segments_they_have(tmp_path, caplog):
    said = queries.assign_source(str(RUN), str(RUN / "prepared"), tmp_path / "assigned.csv", ROOT)
    assert f"No digest of its model was recorded with run {RUN}" in caplog.text
    assert "150 are in the run" in said
    assigned = pd.read_csv(tmp_path / "assigned.csv").set_index("practice_code")
    recorded = pd.read_csv(RUN / "segments" / "segments.csv").set_index("practice_code")
    pd.testing.assert_series_equal(assigned["segment"], recorded["segment"])
    assert (assigned["unchanged"] == recorded["fitted"]).all()
    # The run was recorded before there were supergroups and subgroups.
    assert list(assigned.columns[-3:]) == ["supergroup", "segment_code", "subgroup"]
    assert assigned[["supergroup", "segment_code", "subgroup"]].isna().all(axis=None)


def test_its_configuration_is_read_with_the_names_of_today():
    cfg = config.load_recorded(RUN / ".hydra" / "config.yaml")
    selection = cfg["selection"]
    assert (selection["max_constant_share"], selection["duplicate_correlation"]) == (0.99, 0.9999)
    assert "max_same" not in selection
    assert cfg["evidence"]["n_init"] == {"nulls": 1, "by_k": 1}
    assert cfg["evidence"]["external"]["max_correlation"] == 0.9
    assert "consensus_rows" not in cfg["evidence"]
    assert cfg["imputer"]["_target_"] == "gp_segmentation.matrix.transformers.knn_imputer"
    assert config.build(cfg["imputer"]) is not None
