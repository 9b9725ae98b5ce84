"""`scope.unit=pcn`: the stage pools the synthetic England, says so, and logs what it left out."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from gp_segmentation.pipeline.stages import prepare
from gp_segmentation.storage.workspace import PREPARED, Workspace
from gp_segmentation.utils.files import read_json

Tables = dict[str, Any]


def prepared(cfg: Tables, raw: Path, folder: Path) -> tuple[Tables, Tables]:
    ws = Workspace(folder, raw_folder=raw)
    prepare.run(cfg, ws)
    return {name: ws.prepared_table(name) for name in PREPARED}, read_json(ws.prepared / "source.json")


def test_the_synthetic_england_is_pooled_exactly(
    small_england: tuple[Tables, Path],
    tmp_path: Path,
    sums: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    cfg, raw = small_england
    recorded_before = {key: value for key, value in cfg.items() if key != "scope"}
    practices, one = prepared(recorded_before, raw, tmp_path / "practices")
    with caplog.at_level(logging.WARNING, "gpseg"):
        networks, other = prepared(cfg | {"scope": {"unit": "pcn"}}, raw, tmp_path / "networks")

    sums["networks_add_up"](practices, networks)
    outside = practices["practices"][practices["practices"]["pcn_code"].isna()]
    within = practices["practices"]["pcn_code"].nunique()
    assert (one["unit"], one["practices"]) == ("practice", 150)
    assert (other["unit"], other["practices"]) == ("pcn", within)
    assert other["label"] == f"{one['label']}, primary care networks"
    assert other["patients"] == one["patients"] - outside["list_size"].sum()
    assert len(outside) == 1
    assert f"in no primary care network: practices 1, patients {outside['list_size'].sum():,}" in caplog.text
    # The rules for special practices read the pooled figures.
    small = networks["practices"]["list_size"] < 1000
    reasons = networks["practices"]["special"].fillna("").str.contains("list under 1,000")
    assert (reasons == small).all()
