"""The ways to prepare the matrix: every combination of the steps and block weights left to the study.

A step is open where its node has ``candidates`` (``conf/scaler/open.yaml``). The weight of a block is open
where it is null. Each combination is a preparation; the study tries them all and chooses one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.schemas import WEIGHT, weights_of

#: Steps from features to matrix, in order; the block weights come before the reducer.
STEPS = ("imputer", "outliers", "scaler", "reducer")

#: Names that can be part of a folder's name; joining them by hyphens keeps them apart.
FOLDER_NAME = re.compile(r"\w[\w.]*")

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Preparation:
    """One way from features to a matrix.

    Attributes
    ----------
    settings : the value of everything left open: step -> name of a candidate, ``weight.BLOCK`` -> weight.
    nodes : step -> its configuration node.
    """

    settings: dict[str, Any]
    nodes: dict[str, Node]

    @property
    def weights(self) -> dict[str, float]:
        """Weights of the blocks whose weight was open."""
        return weights_of(self.settings)

    @property
    def name(self) -> str | None:
        """The name of the matrix's folder, ``robust-pca-deprivation_0.5``; None where nothing is open."""
        chosen = [str(self.settings[step]) for step in STEPS if step in self.settings]
        weights = [f"{block}_{weight:.12g}" for block, weight in self.weights.items()]
        return "-".join(chosen + weights) or None


def preparations(
    steps: Mapping[str, Node], weights: Mapping[str, float | None], candidates: Sequence[float] | None = None
) -> tuple[Preparation, ...]:
    """Return every combination of what is open; the last setting changes fastest.

    Parameters
    ----------
    steps : the nodes of `STEPS`; one with ``candidates`` (name -> node, null drops it) is open.
    weights : block -> weight; None where it is open.
    candidates : the weights to try for each block whose weight is open (``study.weight``).

    Raises
    ------
    ConfigError
        An open step has no candidates, a name cannot be part of a folder's name, weights are open without
        positive numbers to try, or every weight is open (only their proportions matter).
    """
    options = {step: _candidates(step, steps[step]) for step in STEPS}
    opened: dict[str, Sequence[Any]] = {step: list(nodes) for step, nodes in options.items() if nodes}
    opened |= {WEIGHT + block: tried for block, tried in _open_weights(weights, candidates).items()}
    combinations = [dict(zip(opened, values, strict=True)) for values in product(*opened.values())]
    return tuple(
        Preparation(settings, {s: options[s][settings[s]] if options[s] else steps[s] for s in STEPS})
        for settings in combinations
    )


def fill_in_preparation(config: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a composed configuration with the `settings` of a preparation filled in."""
    steps = {step: config[step]["candidates"][settings[step]] for step in STEPS if step in settings}
    weights = weights_of(settings)
    blocks = {
        name: {**node, "weight": weights[name]} if name in weights else node
        for name, node in config["features"]["blocks"].items()
    }
    return {**config, **steps, "features": {**config["features"], "blocks": blocks}}


def block_weights(dictionary: pd.DataFrame) -> dict[str, float | None]:
    """Return block -> weight from a table of schema ``dictionary``; None where the weight is open."""
    weights = dictionary.drop_duplicates("block").set_index("block")["weight"]
    return {str(block): None if pd.isna(weight) else float(weight) for block, weight in weights.items()}


def _candidates(step: str, node: Node) -> dict[str, Node]:
    """Return the candidates of a step; none where it is not open."""
    if "candidates" not in node:
        return {}
    candidates = {str(name): one for name, one in (node["candidates"] or {}).items() if one is not None}
    if not candidates:
        raise ConfigError(f"{step} has no candidate. Set {step}=open, or name one option of conf/{step}")
    _check_names(f"{step}.candidates", candidates)
    return candidates


def _open_weights(
    weights: Mapping[str, float | None], candidates: Sequence[float] | None
) -> dict[str, list[float]]:
    """Return block -> weights to try, for the blocks whose weight is open."""
    opened = [block for block, weight in weights.items() if weight is None]
    if not opened:
        return {}
    _check_names("features.blocks", opened)
    if len(opened) == len(weights):
        raise ConfigError(
            f"the weight of every block is null ({', '.join(opened)}), and only their proportions matter. "
            "Set one of them: features.blocks.BLOCK.weight=1"
        )
    tried = list(dict.fromkeys(float(weight) for weight in candidates or ()))
    if not tried or min(tried) <= 0:
        raise ConfigError(
            f"features.blocks.{opened[0]}.weight is null, and study.weight is {candidates!r}. Give positive "
            "numbers to try there, or set the weight"
        )
    return dict.fromkeys(opened, tried)


def _check_names(key: str, names: Iterable[str]) -> None:
    for name in names:
        if not FOLDER_NAME.fullmatch(name):
            problem = f"{key} has {name!r}, which cannot be part of a folder's name"
            raise ConfigError(f"{problem}. Use letters, digits, underscores and dots")
