"""Blocks side by side: the feature set."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from threadpoolctl import threadpool_limits

from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.features.base import Block, BlockFeatures, FeatureSet, Tables
from gp_segmentation.features.selection import Selection


def build_features(
    blocks: Mapping[str, Block], tables: Tables, selection: Selection | None = None
) -> FeatureSet:
    """Build every block and put the features side by side, one row per practice, in order of code.

    No practice is ever lost: what is not known of one is NaN. Features that tell nothing are dropped,
    each with a reason (`selection`, by default only what is mostly missing, nearly constant or twice
    there). Everything that is estimated is estimated from practices that are not special.

    Raises ConfigError when two blocks make the same feature, InputError when nothing of a block is left.
    """
    if not blocks:
        raise ConfigError("the feature set has no blocks. Name at least one under features.blocks")
    # Sums of linear algebra may change with the number of threads; one thread keeps every byte.
    with threadpool_limits(1):
        made = {name: block(tables) for name, block in blocks.items()}
    features = pd.concat([part.values for part in made.values()], axis=1)
    natural = pd.concat([part.natural for part in made.values()], axis=1)
    twice = features.columns[features.columns.duplicated()]
    if len(twice):
        raise ConfigError(f"two blocks make the feature {twice[0]}. Keep it in one of them")
    weights = {name: float(block.weight) for name, block in blocks.items()}
    dictionary = pd.concat([_describe(n, part, weights[n]) for n, part in made.items()], ignore_index=True)
    ordinary = tables.ordinary.to_numpy()
    reasons = (selection or Selection()).drop(features[ordinary], natural[ordinary])
    kept = dictionary[~dictionary["feature"].isin(reasons)].reset_index(drop=True)
    _refuse_empty_blocks(made, kept, reasons)
    columns = list(kept["feature"])
    notes = [(name, note) for name, part in made.items() for note in part.notes]
    return FeatureSet(
        features=features[columns],
        natural=natural[columns],
        dictionary=kept,
        dropped=_dropped(made, dictionary, reasons),
        notes=pd.DataFrame(notes, columns=["block", "note"], dtype="str"),
    )


def _describe(name: str, part: BlockFeatures, weight: float) -> pd.DataFrame:
    features = list(part.values.columns)
    return pd.DataFrame(
        {
            "feature": pd.Series(features, dtype="str"),
            "label": pd.Series([part.labels[f] for f in features], dtype="str"),
            "unit": part.unit,
            "block": name,
            "weight": weight,
            "transform": part.transform,
        }
    )


def _dropped(
    made: Mapping[str, BlockFeatures], dictionary: pd.DataFrame, reasons: Mapping[str, str]
) -> pd.DataFrame:
    block_of = dict(zip(dictionary["feature"], dictionary["block"], strict=True))
    rows = [(feature, name, why) for name, part in made.items() for feature, why in part.dropped.items()]
    rows += [(feature, block_of[feature], why) for feature, why in reasons.items()]
    return pd.DataFrame(rows, columns=["feature", "block", "reason"], dtype="str")


def _refuse_empty_blocks(
    made: Mapping[str, BlockFeatures], kept: pd.DataFrame, reasons: Mapping[str, str]
) -> None:
    for name in made:
        if not (kept["block"] == name).any():
            why = "; ".join(f"{f}: {reasons[f]}" for f in made[name].values.columns)
            raise InputError(
                f"nothing is left of block {name} ({why})",
                file="features",
                remedy="Leave the block out, or choose a source that has its figures",
            )
