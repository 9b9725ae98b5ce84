"""Keys that were renamed: the old one is refused, and the message names the new one."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from gp_segmentation import config
from gp_segmentation.errors import ConfigError
from gp_segmentation.storage.moved_names import MOVED, RENAMED_KEYS, present_config, present_key

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def keys() -> dict[str, object]:
    """The keys of the default configuration."""
    return config.flatten(config.compose_config(ROOT))


@pytest.mark.parametrize("old", RENAMED_KEYS)
@pytest.mark.parametrize("sign", ["", "+", "++", "~"])
def test_an_override_of_an_old_key_is_refused_with_the_new_one(old, sign):
    now = present_key(old)
    with pytest.raises(ConfigError, match=f"{old} is (called {now} now|no more)"):
        config.compose_config(ROOT, [f"{sign}{old}=1"])


@pytest.mark.parametrize("value", ["0.9", "null"])
def test_an_old_key_in_a_file_is_refused_with_the_new_one(value, tmp_path):
    (tmp_path / "params.yaml").write_text(f"selection: {{max_same: {value}}}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"selection\.max_same is called selection\.max_constant_share now"):
        config.load_params(tmp_path / "params.yaml")


def test_the_command_says_so_and_not_that_the_key_is_unknown():
    command = [str(Path(sys.executable).parent / "gpseg"), "selection.max_twin=0.9"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.returncode == 1
    assert (
        done.stderr == "gpseg: selection.max_twin is called selection.duplicate_correlation now. Rename it\n"
    )


@pytest.mark.parametrize(("old", "new"), RENAMED_KEYS.items())
def test_new_keys_are_there_and_old_ones_are_not(old, new, keys):
    assert not any(key == old or key.startswith(f"{old}.") for key in keys)
    now = present_key(old)
    assert (now is None) == (new is None)
    assert now is None or any(key == now or key.startswith(f"{now}.") for key in keys)


def test_a_recorded_configuration_keeps_every_value():
    #          old                              -> new
    recorded = {
        "evidence": {"beyond": {"too_like": 0.8, "folds": 5}, "null_n_init": 3, "starts_by_k": 4, "seeds": 2},
        "study": {"rule": {"between": "criterion", "criterion": "silhouette"}},
    }
    assert present_config(recorded) == {
        "evidence": {
            "external": {"max_correlation": 0.8, "folds": 5},
            "n_init": {"nulls": 3, "by_k": 4},
            "seeds": 2,
        },
        "study": {"rule": {"across_preparations": "criterion", "criterion": "silhouette"}},
    }


@pytest.mark.parametrize("name", MOVED.values())
def test_what_moved_is_where_it_is_said_to_be(name):
    try:
        found = importlib.import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        found = getattr(importlib.import_module(module), attribute)
    assert found is not None
