"""What moved or was renamed: what recorded runs call it, and what it is called now."""

from collections.abc import Mapping
from typing import Any

#: Module, or object in one, in models and configurations of runs recorded before it moved -> where it is now.
MOVED = {
    "gp_segmentation.imputers.iterative": "gp_segmentation.matrix.transformers.iterative_imputer",
    "gp_segmentation.imputers.nearest": "gp_segmentation.matrix.transformers.knn_imputer",
    "gp_segmentation.imputers": "gp_segmentation.matrix.transformers",
    "gp_segmentation.model": "gp_segmentation.segments.model",
    "gp_segmentation.preprocessing": "gp_segmentation.matrix.transformers",
    "gp_segmentation.sources.local.read_table": "gp_segmentation.sources.local.read_local_table",
    "gp_segmentation.sources.nhs_england.read_registrations": (
        "gp_segmentation.sources.registrations.read_registrations"
    ),
}

#: Key of the configuration as it was called -> as it is called now; None: there is no such thing any more.
#: A key stands before the one it lies in.
RENAMED_KEYS: dict[str, str | None] = {
    "evidence.beyond.too_like": "evidence.beyond.max_correlation",
    "evidence.beyond": "evidence.external",
    "evidence.consensus_rows": None,
    "evidence.null_n_init": "evidence.n_init.nulls",
    "evidence.references": "evidence.single_block_references",
    "evidence.starts_by_k": "evidence.n_init.by_k",
    "evidence.stays_below": "evidence.min_stay_share",
    "evidence.thresholds.tied": "evidence.thresholds.max_tied_share",
    "insight.space": "insight.spatial",
    "selection.max_same": "selection.max_constant_share",
    "selection.max_twin": "selection.duplicate_correlation",
    "study.rule.between": "study.rule.across_preparations",
}


def present_name(name: str) -> str:
    """Return a dotted name as it is called now.

    >>> present_name("gp_segmentation.imputers.nearest")
    'gp_segmentation.matrix.transformers.knn_imputer'
    """
    for old, new in MOVED.items():
        if name == old or name.startswith(f"{old}."):
            return new + name[len(old) :]
    return name


def present_key(key: str) -> str | None:
    """Return a key of the configuration as it is called now; None where there is no such thing any more.

    >>> present_key("evidence.beyond.too_like"), present_key("evidence.bootstraps")
    ('evidence.external.max_correlation', 'evidence.bootstraps')
    """
    for old, new in RENAMED_KEYS.items():
        if key == old or key.startswith(f"{old}."):
            if new is None:
                return None
            key = new + key[len(old) :]
    return key


def renamed_keys(config: Mapping[str, Any]) -> list[str]:
    """Return the keys of `RENAMED_KEYS` that a configuration has."""
    parts = {key: key.rpartition(".") for key in RENAMED_KEYS}
    parents = {key: _lookup(config, parent.split(".")) for key, (parent, _, _) in parts.items()}
    return [key for key, parent in parents.items() if isinstance(parent, Mapping) and parts[key][2] in parent]


def present_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration of a recorded run, its keys and targets as they are called now."""
    result: dict[str, Any] = _with_present_targets(config)
    for old, new in RENAMED_KEYS.items():
        *path, last = old.split(".")
        parent = _lookup(result, path)
        if isinstance(parent, dict) and last in parent:
            value = parent.pop(last)
            if new is not None:
                *path, last = new.split(".")
                node = result
                for name in path:
                    node = node.setdefault(name, {})
                node[last] = value
    return result


def _lookup(config: Any, path: list[str]) -> Any:
    for name in path:
        config = config.get(name) if isinstance(config, Mapping) else None
    return config


def _with_present_targets(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {
            key: present_name(value)
            if key == "_target_" and isinstance(value, str)
            else _with_present_targets(value)
            for key, value in node.items()
        }
    return [_with_present_targets(value) for value in node] if isinstance(node, list) else node
