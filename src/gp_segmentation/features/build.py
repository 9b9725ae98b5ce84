"""All blocks side by side: the feature set."""

import logging
from collections.abc import Mapping

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from gp_segmentation.errors import ConfigError, GpsegError, InputError
from gp_segmentation.features.base import Block, BlockFeatures, FeatureSet, NotInSource, Tables
from gp_segmentation.features.selection import Selection

log = logging.getLogger(__name__)

#: Rows (block, note).
Notes = list[tuple[str, str]]

#: Sample skewness, in absolute value, above which a feature is noted.
SKEWED = 2.0


def build_features(
    blocks: Mapping[str, Block], tables: Tables, selection: Selection | None = None
) -> FeatureSet:
    """Build every block and put the features side by side, one row per practice, in order of code.

    Every practice is kept; an unknown figure is NaN. `selection` drops uninformative features, each with a
    reason; by default only those mostly missing, nearly constant or duplicate. All estimates are made from
    practices that are not special.

    An optional block is left out, with a note, where the source lacks its figures. A feature that is skewed
    on the analysis scale is kept, with a note that says why.

    Raises
    ------
    ConfigError
        When there are no blocks, or two blocks make the same feature.
    InputError
        When fewer than two practices are not special, when the source lacks the figures of blocks that are
        not optional (all are named), or no feature of one is left.
    """
    _check_ordinary(tables.practices)
    built, notes = _build_each(blocks, tables)
    if not built:
        raise ConfigError("the feature set has no blocks. Name at least one under features.blocks")
    features = pd.concat([part.values for part in built.values()], axis=1)
    natural = pd.concat([part.natural for part in built.values()], axis=1)
    repeated = features.columns[features.columns.duplicated()]
    if len(repeated):
        raise ConfigError(f"two blocks make the feature {repeated[0]}. Keep it in one of them")
    dictionary = pd.concat(
        [_dictionary(name, part, blocks[name].weight) for name, part in built.items()], ignore_index=True
    )
    ordinary = tables.ordinary.to_numpy()
    parts = set(dictionary.loc[dictionary["transform"] == "clr", "feature"])
    reasons = (selection or Selection()).drop(features[ordinary], natural[ordinary], parts)
    kept = dictionary[~dictionary["feature"].isin(reasons)].reset_index(drop=True)
    notes += _empty_blocks(blocks, built, kept, reasons)
    notes += _skewed(features[ordinary], kept)
    columns = list(kept["feature"])
    return FeatureSet(
        features=features[columns],
        natural=natural[columns],
        dictionary=kept,
        dropped=_dropped(built, dictionary, reasons),
        notes=pd.DataFrame(notes, columns=["block", "note"], dtype="str"),
    )


def _build_each(blocks: Mapping[str, Block], tables: Tables) -> tuple[dict[str, BlockFeatures], Notes]:
    """Return the blocks the source has figures for, and the notes of all blocks."""
    built: dict[str, BlockFeatures] = {}
    lacking: dict[str, NotInSource] = {}
    notes: Notes = []
    # Sums of linear algebra may change with the number of threads; one thread keeps every byte.
    with threadpool_limits(1):
        for name, block in blocks.items():
            try:
                built[name] = block(tables)
            except NotInSource as error:
                if getattr(block, "optional", False):
                    notes.append((name, f"left out: {error.problem}"))
                else:
                    lacking[name] = error
            else:
                notes += [(name, note) for note in built[name].notes]
    if lacking:
        raise _all_lacking(lacking)
    return built, notes


def _all_lacking(lacking: Mapping[str, NotInSource]) -> NotInSource:
    """The errors of several blocks as one, each problem and remedy once."""
    blocks: dict[str, list[str]] = {}
    for name, error in lacking.items():
        blocks.setdefault(error.problem, []).append(name)
    problems = [f"{problem} (block {', '.join(names)})" for problem, names in blocks.items()]
    remedies = dict.fromkeys(error.remedy for error in lacking.values() if error.remedy)
    return NotInSource("; ".join(problems), file="features", remedy=". ".join(remedies))


def _check_ordinary(practices: pd.DataFrame) -> None:
    """Raise InputError unless two practices are not special, and say what the others are."""
    ordinary = int(practices["special"].isna().sum())
    if ordinary >= 2:
        return
    reasons = practices["special"].dropna().str.split("; ").explode().value_counts()
    told = ", ".join(f"{reason} ({count:,})" for reason, count in reasons.head(3).items())
    raise InputError(
        f"only {ordinary} of {len(practices):,} practices are not special; segments need two. Most often: "
        f"{told or 'no practice'}",
        file="practices",
        remedy="Loosen the limits of conf/special (special=small_lists has fewer), or check the raw files",
    )


def _dictionary(name: str, block: BlockFeatures, weight: float | None) -> pd.DataFrame:
    rows = [(feature, block.labels[feature]) for feature in block.values.columns]
    return pd.DataFrame(rows, columns=["feature", "label"], dtype="str").assign(
        unit=block.unit,
        block=name,
        weight=np.nan if weight is None else float(weight),
        transform=block.transform,
    )


def _dropped(
    built: Mapping[str, BlockFeatures], dictionary: pd.DataFrame, reasons: Mapping[str, str]
) -> pd.DataFrame:
    block_of = dictionary.set_index("feature")["block"]
    rows = [(feature, name, why) for name, block in built.items() for feature, why in block.dropped.items()]
    rows += [(feature, block_of[feature], why) for feature, why in reasons.items()]
    return pd.DataFrame(rows, columns=["feature", "block", "reason"], dtype="str")


def _empty_blocks(
    blocks: Mapping[str, Block],
    built: Mapping[str, BlockFeatures],
    kept: pd.DataFrame,
    reasons: Mapping[str, str],
) -> Notes:
    """Note the optional blocks with no feature left; raise InputError for any other such block."""
    notes = []
    for name in built:
        if (kept["block"] == name).any():
            continue
        why = "; ".join(f"{feature}: {reasons[feature]}" for feature in built[name].values.columns)
        if not getattr(blocks[name], "optional", False):
            raise InputError(
                f"no feature of block {name} is left ({why})",
                file="features",
                remedy="Leave the block out, or choose a source that has its figures",
            )
        notes.append((name, f"left out: {why}"))
    return notes


def _skewed(features: pd.DataFrame, kept: pd.DataFrame) -> Notes:
    """Note which features are skewed on the analysis scale, block by block, and why."""
    skew = features.skew()
    notes = []
    for (block, transform), rows in kept.groupby(["block", "transform"], sort=False):
        extreme = [f"{name} {skew[name]:.1f}" for name in rows["feature"] if abs(skew[name]) > SKEWED]
        if extreme:
            why = "not transformed, as configured" if transform == "none" else f"even after {transform}"
            notes.append((str(block), f"skewed ({why}): {', '.join(extreme)}"))
    return notes


def build_blocks(blocks: Mapping[str, Block], tables: Tables) -> dict[str, BlockFeatures]:
    """Build feature blocks; one that cannot be built from this source is left out, and the log says why."""
    built = {}
    with threadpool_limits(1):
        for name, block in blocks.items():
            try:
                built[name] = block(tables)
            except GpsegError as error:
                log.warning("%s is left out: %s", name, error)
    return built
