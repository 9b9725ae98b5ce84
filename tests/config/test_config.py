"""Composing, flattening and building configuration."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from gp_segmentation import config
from gp_segmentation.errors import ConfigError
from gp_segmentation.utils.root import project_root

ROOT = Path(__file__).resolve().parents[2]


def test_flatten_joins_keys_with_dots():
    nested = {"a": {"b": 1, "c": {"d": [1, 2]}}, "e": {}, "f": None}
    assert config.flatten(nested) == {"a.b": 1, "a.c.d": [1, 2], "e": {}, "f": None}


def test_build_drops_what_only_describes():
    node = {
        "name": "standard",
        "label": "z-scores",
        "_target_": "sklearn.preprocessing.StandardScaler",
        "with_std": False,
    }
    assert config.build(node).with_std is False


def test_build_names_the_object_and_the_cause():
    node = {"_target_": "sklearn.preprocessing.StandardScaler", "no_such": 1}
    with pytest.raises(ConfigError, match=r"StandardScaler.*no_such"):
        config.build(node)


def test_the_root_is_found_upwards(tmp_path, monkeypatch):
    monkeypatch.delenv("GPSEG_ROOT", raising=False)
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text("seed: 1\n", encoding="utf-8")
    assert project_root(inner) == tmp_path
    monkeypatch.setenv("GPSEG_ROOT", str(inner))
    assert project_root() == inner


def test_params_missing_says_how_to_write_them(tmp_path):
    with pytest.raises(ConfigError, match="dvc repro configure"):
        config.load_params(Path(tmp_path) / "params.yaml")


#: Settings of a source, and how the command that fetches it has them; those of a list go together.
TYPED = [
    {
        "source.label='null'": "'source.label=\"null\"'",
        "source.simulated=[achievement]": "'source.simulated=[\"achievement\"]'",
        "source.files.qof.filename=mine.zip": "source.files.qof.filename=mine.zip",
        "source.files.qof.url=https://example.org/a.zip": (
            "'source.files.qof.url=\"https://example.org/a.zip\"'"
        ),
        "+source.files.qof.aliases=[a.zip]": "'+source.files.qof.aliases=[\"a.zip\"]'",
    },
    {"source.simulated=[]": "'source.simulated=[]'"},
    {"source.files.qof.sha256=null": ""},  # as it is without
]


@pytest.mark.parametrize("typed", TYPED)
def test_the_command_that_fetches_a_source_says_what_was_set_and_composes_to_it(typed):
    source = config.compose_config(ROOT, ["source=nhs_2024_25", *typed], "data")["source"]
    command = config.fetch_command(source, ROOT)
    assert command == " ".join(["gpseg data source=nhs_2024_25", *filter(None, typed.values())])
    assert config.compose_config(ROOT, shlex.split(command)[2:], "data")["source"] == source
