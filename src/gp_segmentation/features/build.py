"""Blocks side by side: the feature set."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from gp_segmentation.errors import ConfigError, GpsegError, InputError
from gp_segmentation.features.base import Block, BlockFeatures, FeatureSet, NotInSource, Tables
from gp_segmentation.features.selection import Selection

Notes = list[tuple[str, str]]

#: How the note on an optional block begins that the source has no figures for.
LEFT_OUT = "left out"
#: Sample skewness, in absolute value, above which a feature is mentioned.
SKEWED = 2.0


def build_features(
    blocks: Mapping[str, Block], tables: Tables, selection: Selection | None = None
) -> FeatureSet:
    """Build every block and put the features side by side, one row per practice, in order of code.

    No practice is ever lost: what is not known of one is NaN. Features that tell nothing are dropped,
    each with a reason (`selection`, by default only what is mostly missing, nearly constant or twice
    there). Everything that is estimated is estimated from practices that are not special.

    An optional block is left out, with a note, where the source does not have its figures. A feature that
    is skewed on the analysis scale is kept, with a note that says why.

    Raises ConfigError when two blocks make the same feature, InputError when nothing of a block is left.
    """
    made, notes = _make(blocks, tables)
    if not made:
        raise ConfigError("the feature set has no blocks. Name at least one under features.blocks")
    features = pd.concat([part.values for part in made.values()], axis=1)
    natural = pd.concat([part.natural for part in made.values()], axis=1)
    twice = features.columns[features.columns.duplicated()]
    if len(twice):
        raise ConfigError(f"two blocks make the feature {twice[0]}. Keep it in one of them")
    weights = {name: block.weight for name, block in blocks.items()}
    dictionary = pd.concat([_describe(n, part, weights[n]) for n, part in made.items()], ignore_index=True)
    ordinary = tables.ordinary.to_numpy()
    parts = set(dictionary.loc[dictionary["transform"] == "clr", "feature"])
    reasons = (selection or Selection()).drop(features[ordinary], natural[ordinary], parts)
    kept = dictionary[~dictionary["feature"].isin(reasons)].reset_index(drop=True)
    notes += _empty_blocks(blocks, made, kept, reasons)
    notes += _skewed(features[ordinary], kept)
    columns = list(kept["feature"])
    return FeatureSet(
        features=features[columns],
        natural=natural[columns],
        dictionary=kept,
        dropped=_dropped(made, dictionary, reasons),
        notes=pd.DataFrame(notes, columns=["block", "note"], dtype="str"),
    )


def _make(blocks: Mapping[str, Block], tables: Tables) -> tuple[dict[str, BlockFeatures], Notes]:
    """Build every block; return those that could be, and what there is to say of each."""
    made: dict[str, BlockFeatures] = {}
    notes: Notes = []
    # Sums of linear algebra may change with the number of threads; one thread keeps every byte.
    with threadpool_limits(1):
        for name, block in blocks.items():
            try:
                made[name] = block(tables)
            except NotInSource as missing:
                if not getattr(block, "optional", False):
                    raise
                notes.append((name, f"{LEFT_OUT}: {missing.problem}"))
            else:
                notes += [(name, note) for note in made[name].notes]
    return made, notes


def _describe(name: str, part: BlockFeatures, weight: float | None) -> pd.DataFrame:
    features = list(part.values.columns)
    return pd.DataFrame(
        {
            "feature": pd.Series(features, dtype="str"),
            "label": pd.Series([part.labels[f] for f in features], dtype="str"),
            "unit": part.unit,
            "block": name,
            "weight": np.nan if weight is None else float(weight),
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


def _empty_blocks(
    blocks: Mapping[str, Block],
    made: Mapping[str, BlockFeatures],
    kept: pd.DataFrame,
    reasons: Mapping[str, str],
) -> Notes:
    """Say which optional blocks have nothing left; of another block that is an error."""
    notes = []
    for name in made:
        if (kept["block"] == name).any():
            continue
        why = "; ".join(f"{f}: {reasons[f]}" for f in made[name].values.columns)
        if not getattr(blocks[name], "optional", False):
            raise InputError(
                f"nothing is left of block {name} ({why})",
                file="features",
                remedy="Leave the block out, or choose a source that has its figures",
            )
        notes.append((name, f"{LEFT_OUT}: {why}"))
    return notes


def _skewed(features: pd.DataFrame, kept: pd.DataFrame) -> Notes:
    """Say which features are skewed on the analysis scale, block by block, and why they are."""
    skew = features.skew()
    notes = []
    for (block, transform), rows in kept.groupby(["block", "transform"], sort=False):
        extreme = [f"{name} {skew[name]:.1f}" for name in rows["feature"] if abs(skew[name]) > SKEWED]
        if extreme:
            why = "in published units, as asked" if transform == "none" else f"even after {transform}"
            notes.append((str(block), f"skewed {why}: {', '.join(extreme)}"))
    return notes


def build_blocks(blocks: Mapping[str, Block], tables: Tables) -> dict[str, BlockFeatures]:
    """Build feature blocks; one whose figures the source does not have is left out."""
    found = {}
    for name, block in blocks.items():
        try:
            found[name] = block(tables)
        except GpsegError:
            continue
    return found
