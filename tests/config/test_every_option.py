"""Every option of every group composes into the whole configuration, and every object it names is built."""

from __future__ import annotations

from pathlib import Path

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


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_composes_and_every_object_is_built(compositions, group, option):
    if group == "experiment":
        composed = config.compose_config(ROOT, [f"experiment={option}"])
    else:
        composed = compositions[[name for of, name in OPTIONS if of == group].index(option)]
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
