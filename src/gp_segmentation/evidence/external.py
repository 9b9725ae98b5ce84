"""The segments against what is known besides: the blocks they are made of, and measures they were not."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.evidence.composition import block_shares, reproduced_from
from gp_segmentation.evidence.json_values import json_records
from gp_segmentation.evidence.variance_explained import comparators, explained, mean_explained
from gp_segmentation.features import BlockFeatures, Tables


def composition(
    X: pd.DataFrame,
    labels: pd.Series,
    features: pd.DataFrame,
    dictionary: pd.DataFrame,
    references: Mapping[str, BlockFeatures],
    *,
    seed: int = 0,
    jobs: int | None = 1,
) -> dict[str, Any]:
    """What the segments are made of.

    Parameters
    ----------
    X : fitted rows of the matrix; labels : their segments, same index.
    features, dictionary : the features, and what each is (schema ``dictionary``).
    references : from `build_blocks`; each is tried alone, and so is each block of the feature set.

    Returns
    -------
    dict: ``blocks`` (rows of `block_shares`) and ``alone`` (rows of `reproduced_from`).
    """
    blocks = dict(zip(dictionary["feature"], dictionary["block"], strict=True))
    clustered = X if set(X.columns) <= set(blocks) else _weighted(features.loc[X.index], dictionary)
    alone = {
        str(name): features.loc[X.index, list(rows["feature"])]
        for name, rows in dictionary.groupby("block", sort=False)
        if len(set(dictionary["block"])) > 1
    }
    alone |= {name: block.values for name, block in references.items()}
    found = reproduced_from(alone, labels, seed=seed, jobs=jobs)
    return {"blocks": json_records(block_shares(clustered, labels, blocks)), "alone": json_records(found)}


def _weighted(features: pd.DataFrame, dictionary: pd.DataFrame) -> pd.DataFrame:
    """Features in standard deviations, each block at its weight: where components were clustered."""
    z = (features - features.mean()) / features.std(ddof=0)
    sizes = dictionary.groupby("block")["feature"].transform("size")
    root = pd.Series(np.sqrt((dictionary["weight"] / sizes).to_numpy()), index=dictionary["feature"])
    scaled: pd.DataFrame = z.fillna(0.0) * root
    return scaled[list(dictionary["feature"])]


def external_validity(
    labels: pd.Series,
    features: pd.DataFrame,
    tables: Tables,
    outcomes: Mapping[str, BlockFeatures],
    options: Mapping[str, Any],
    *,
    seed: int = 0,
    jobs: int | None = 1,
) -> dict[str, Any]:
    """What the segments explain that they were not made of, beside simpler groupings.

    Parameters
    ----------
    labels : practice code -> segment, fitted practices.
    features : what the segments were made of. A context measure among them, or as good as one of them (see
        ``max_correlation``), is left out; a block of `outcomes` that shares one is left out whole, since
        segments made of half the indicators are no test on the other half.
    outcomes : from `build_blocks`.
    options : the node ``external`` of ``conf/evidence``; ``max_correlation`` is the rank correlation from
        which a context measure counts as another edition of a feature, or of the deprivation compared with.

    Returns
    -------
    dict: ``measures`` (rows of `explained` with label and block) and ``means`` (`mean_explained`).
    """
    values, words = _measures(tables, set(map(str, features.columns)), outcomes, bool(options["context"]))
    values = values.reindex(labels.index)
    values = values.drop(columns=_other_editions(values, words, features, tables, options))
    values = values.loc[:, values.notna().sum() > 1]
    if values.empty:
        return {"measures": [], "means": {}}
    groupings = comparators(tables.practices, tables.context, options["comparators"]).reindex(labels.index)
    groupings.insert(0, "segments", labels)
    table = explained(
        values, groupings, folds=int(options["folds"]), draws=int(options["draws"]), seed=seed, jobs=jobs
    )
    table = table.merge(words, on="measure", how="left")
    return {"measures": json_records(table), "means": mean_explained(table)}


def _measures(
    tables: Tables, used: set[str], outcomes: Mapping[str, BlockFeatures], context: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Values by practice code, and measure, label, block of each."""
    parts, rows = [], []
    if context:
        known = tables.context.set_index("practice_code")
        labels = tables.context_dictionary.set_index("measure")["label"]
        kept = [str(name) for name in known if name not in used]
        parts.append(known[kept])
        rows += [(name, str(labels.get(name, name)), "context") for name in kept]
    for name, block in outcomes.items():
        if not used & set(block.values.columns):
            parts.append(block.values)
            rows += [(str(column), block.labels[str(column)], name) for column in block.values]
    words = pd.DataFrame(rows, columns=["measure", "label", "block"], dtype="str")
    return (pd.concat(parts, axis=1) if parts else pd.DataFrame()), words


def _other_editions(
    values: pd.DataFrame,
    words: pd.DataFrame,
    features: pd.DataFrame,
    tables: Tables,
    options: Mapping[str, Any],
) -> list[str]:
    """Context measures that are another edition of a feature or of the deprivation compared with."""
    compared = str(options["comparators"]["deprivation"])
    known = tables.context.set_index("practice_code")[[compared]] if compared in tables.context else None
    against = features.reindex(values.index).rank()
    if known is not None:
        against = against.assign(**{compared: known[compared].reindex(values.index).rank()})
    found = []
    for name in words.loc[words["block"] == "context", "measure"]:
        if (
            name != compared
            and against.corrwith(values[name].rank()).abs().max() >= options["max_correlation"]
        ):
            found.append(str(name))
    return found
