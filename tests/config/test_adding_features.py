"""Adding a feature set, or a block, touches one file."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from numpy.testing import assert_allclose

from gp_segmentation import config, features
from gp_segmentation.features import build_features

CONF = Path(__file__).resolve().parents[2] / "conf"

SET = """\
defaults:
  - need
  - _self_
name: need_and_smoking
label: Need, with smoking
description: The blocks of need, and a Fingertips indicator.
blocks:
  smoking:
    _target_: gp_segmentation.features.context.Context
    weight: 0.5
    measures: [smoking_percent]
    transform: logit
"""

BLOCK = '''\
"""Block: patients per register entry, made up for a test."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gp_segmentation.features.base import BlockFeatures, Tables


@dataclass(frozen=True)
class Burden:
    weight: float = 1.0

    def __call__(self, tables: Tables) -> BlockFeatures:
        total = tables.registers.groupby("practice_code")["register"].sum().reindex(tables.index)
        natural = pd.DataFrame({"burden": total / tables.list_size})
        return BlockFeatures(np.log(natural), natural, {"burden": "Register entries"}, "per patient", "log")
'''


def copy_of_conf(folder: Path) -> Path:
    shutil.copytree(CONF, folder / "conf")
    return folder


def build(root, small_tables, *overrides):
    composed = config.compose_config(root, list(overrides))
    blocks = {name: config.build(node) for name, node in composed["features"]["blocks"].items()}
    return build_features(blocks, small_tables, config.build(composed["selection"]))


def test_a_feature_set_is_one_yaml(tmp_path, small_tables):
    root = copy_of_conf(tmp_path)
    (root / "conf" / "features" / "need_and_smoking.yaml").write_text(SET, encoding="utf-8")
    made = build(root, small_tables, "features=need_and_smoking")
    assert made.weights["smoking"] == 0.5
    need = build(root, small_tables, "features=need")
    assert set(made.features) - set(need.features) == {"smoking_percent"}
    percent = small_tables.context.set_index("practice_code")["smoking_percent"]
    assert_allclose(made.natural["smoking_percent"], percent.reindex(made.natural.index))


def test_a_block_is_one_module(tmp_path, small_tables, monkeypatch):
    (tmp_path / "burden.py").write_text(BLOCK, encoding="utf-8")
    monkeypatch.setattr(features, "__path__", [*features.__path__, str(tmp_path)])
    node = "{_target_: gp_segmentation.features.burden.Burden, weight: 2}"
    made = build(CONF.parent, small_tables, "features=demographics", f"+features.blocks.burden={node}")
    assert made.weights["burden"] == 2
    assert np.isfinite(made.features["burden"]).all()
