"""The ways from features to a matrix that a configuration leaves open: options of steps, weights of blocks.

A step is open where its node has ``candidates`` (``conf/scaler/open.yaml``), a block's weight where it is
null. Every combination is a preparation; the study tries them all and chooses one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.schemas import WEIGHT, weights_of

#: What is done to features, in this order; block weights come before the reducer.
STEPS = ("imputer", "outliers", "scaler", "reducer")

#: Names that can be part of a folder's name, and joined by hyphens stay apart.
PLAIN = re.compile(r"\w[\w.]*")

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Preparation:
    """One way from features to a matrix.

    Attributes
    ----------
    name : of the folder of its matrix; None where nothing is open, and there is one way only.
    settings : what was left open and is settled here: step -> name of the candidate, ``weight.BLOCK`` ->
        weight.
    nodes : step -> its configuration node.
    """

    name: str | None
    settings: dict[str, Any] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)

    @property
    def weights(self) -> dict[str, float]:
        """Weights of the blocks whose weight was open."""
        return weights_of(self.settings)


def preparations(
    steps: Mapping[str, Node], weights: Mapping[str, float | None], candidates: Sequence[float] | None = None
) -> tuple[Preparation, ...]:
    """Return every combination of what is open, the last step's candidates changing fastest.

    Parameters
    ----------
    steps : the nodes of `STEPS`; one with ``candidates`` (name -> node, null drops it) is open.
    weights : block -> weight; None where it is open.
    candidates : the weights to try for a block whose weight is open (``study.weight``).

    Raises
    ------
    ConfigError : an open step without candidates or with a name that no folder can have; open weights and
        none to try, or no block whose weight is set: only their proportions matter.
    """
    options = {step: _candidates(step, steps[step]) for step in STEPS}
    opened: dict[str, Sequence[Any]] = {step: list(nodes) for step, nodes in options.items() if nodes}
    opened |= {WEIGHT + block: tried for block, tried in _open_weights(weights, candidates).items()}
    made = []
    for combination in product(*opened.values()):
        settings = dict(zip(opened, combination, strict=True))
        nodes = {step: options[step][settings[step]] if options[step] else steps[step] for step in STEPS}
        made.append(Preparation(_name(settings), settings, nodes))
    return tuple(made)


def settled(config: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a composed configuration with a preparation's `settings` in place of what it leaves open."""
    steps = {step: config[step]["candidates"][settings[step]] for step in STEPS if step in settings}
    weights = weights_of(settings)
    blocks = {
        name: {**node, "weight": weights[name]} if name in weights else node
        for name, node in config["features"]["blocks"].items()
    }
    return {**config, **steps, "features": {**config["features"], "blocks": blocks}}


def block_weights(dictionary: pd.DataFrame) -> dict[str, float | None]:
    """Return block -> weight of the `dictionary` of the features; None where it was left open."""
    first = dictionary.drop_duplicates("block")
    pairs = zip(first["block"], first["weight"], strict=True)
    return {str(block): None if pd.isna(weight) else float(weight) for block, weight in pairs}


def _candidates(step: str, node: Node) -> dict[str, Node]:
    """The candidates of an open step; none where it is not open."""
    if "candidates" not in node:
        return {}
    found = {str(name): one for name, one in (node["candidates"] or {}).items() if one is not None}
    if not found:
        raise ConfigError(f"{step} has no candidate. Set {step}=open, or name one option of conf/{step}")
    for name in found:
        _check_plain(f"{step}.candidates", name)
    return found


def _check_plain(where: str, name: str) -> None:
    if not PLAIN.fullmatch(name):
        problem = f"{where} has {name!r}, which cannot be part of a folder's name"
        raise ConfigError(f"{problem}. Use letters, digits, underscores and dots")


def _open_weights(
    weights: Mapping[str, float | None], candidates: Sequence[float] | None
) -> dict[str, list[float]]:
    opened = [block for block, weight in weights.items() if weight is None]
    if not opened:
        return {}
    for block in opened:
        _check_plain("features.blocks", block)
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


def _name(settings: Mapping[str, Any]) -> str | None:
    """``robust-pca-deprivation_0.5``: what is open, in the order of the steps; None where nothing is."""
    weights = [f"{block}_{weight:.12g}" for block, weight in weights_of(settings).items()]
    return "-".join([*(str(settings[step]) for step in STEPS if step in settings), *weights]) or None
