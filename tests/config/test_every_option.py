"""Every option of every group composes into the whole configuration, and every object it names is built."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gp_segmentation import config

ROOT = Path(__file__).resolve().parents[2]
GROUPS = sorted(
    folder.name for folder in (ROOT / "conf").iterdir() if folder.is_dir() and folder.name != "hydra"
)
OPTIONS = [
    (group, path.stem)
    for group in GROUPS
    for path in sorted((ROOT / "conf" / group).glob("*.yaml"))
    if not path.stem.startswith("_")  # a base that others share, no option of its own
]


def named_objects(node: object, path: str = "") -> dict[str, dict]:
    """Every outermost node with a `_target_`, by its path."""
    if isinstance(node, dict):
        if "_target_" in node:
            return {path: node}
        children = node.items()
    elif isinstance(node, list):
        children = enumerate(node)
    else:
        return {}
    return {k: v for key, child in children for k, v in named_objects(child, f"{path}.{key}").items()}


@cache
def composition(number: int) -> dict[str, Any]:
    """The whole configuration with the option of this number of every group (the last of shorter groups)."""
    of_group = {name: [option for group, option in OPTIONS if group == name] for name in GROUPS}
    of_group.pop("experiment")  # which chooses other groups' options
    return config.compose_config(
        ROOT, [f"{group}={options[min(number, len(options) - 1)]}" for group, options in of_group.items()]
    )


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_composes_and_every_object_is_built(group, option):
    if group == "experiment":
        composed = config.compose_config(ROOT, [f"experiment={option}"])
    else:
        composed = composition([name for of, name in OPTIONS if of == group].index(option))
    if group != "experiment":
        assert composed[group]["name"] == option, "an option is called by its file's name"
        assert option not in ("true", "false", "null")
    found = named_objects(composed)
    assert found
    for path, node in found.items():
        assert config.build(node) is not None, path


def test_no_group_is_empty():
    assert {group for group, _ in OPTIONS} == set(GROUPS)


def test_params_and_conf_agree():
    """params.yaml is what conf composes to: the committed one is the default."""
    assert config.load_params(ROOT / "params.yaml") == config.compose_config(ROOT)
