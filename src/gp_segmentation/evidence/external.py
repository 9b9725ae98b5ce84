"""The segments beside other data: the blocks they are made of, and measures they are not made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.evidence.composition import block_shares, single_block_agreement
from gp_segmentation.evidence.json_values import json_records
from gp_segmentation.evidence.variance_explained import comparators, explained_variance, mean_explained

#: A block of measures: values by practice code, and the label of each column.
Measures = tuple[pd.DataFrame, Mapping[str, str]]


def composition(
    X: pd.DataFrame,
    labels: pd.Series,
    features: pd.DataFrame,
    dictionary: pd.DataFrame,
    references: Mapping[str, pd.DataFrame],
    *,
    seed: int = 0,
    jobs: int | None = 1,
) -> dict[str, Any]:
    """Measure how much each block of features contributes to the segments.

    Parameters
    ----------
    X : fitted rows of the matrix; labels : their segments, same index.
    features : practice code -> features; dictionary : what each feature is (schema ``dictionary``).
    references : name -> columns by practice code. Segments are made from each of them, and from each block of
        the feature set, and compared with `labels`.

    Returns
    -------
    dict: ``blocks`` (rows of `block_shares`) and ``alone`` (rows of `single_block_agreement`).
    """
    blocks = dict(zip(dictionary["feature"], dictionary["block"], strict=True))
    clustered = X if set(X.columns) <= set(blocks) else _weighted(features.loc[X.index], dictionary)
    by_block = dictionary.groupby("block", sort=False)["feature"]
    single = {str(name): features.loc[X.index, list(names)] for name, names in by_block}
    tested = (single if len(single) > 1 else {}) | dict(references)
    agreement = single_block_agreement(tested, labels, seed=seed, jobs=jobs)
    return {"blocks": json_records(block_shares(clustered, labels, blocks)), "alone": json_records(agreement)}


def _weighted(features: pd.DataFrame, dictionary: pd.DataFrame) -> pd.DataFrame:
    """Features in standard deviations times their block's weight, for a matrix of principal components."""
    z = (features - features.mean()) / features.std(ddof=0)
    sizes = dictionary.groupby("block")["feature"].transform("size")
    root = pd.Series(np.sqrt((dictionary["weight"] / sizes).to_numpy()), index=dictionary["feature"])
    scaled: pd.DataFrame = z.fillna(0.0) * root
    return scaled[list(dictionary["feature"])]


@dataclass(frozen=True)
class UnusedMeasures:
    """Measures that the segments were not made of, and groupings to compare the segments with.

    Attributes
    ----------
    values : (n, m), NaN where not known. groupings : (n, g), see `comparators`; same index.
    words : measure -> columns label and block, in the order of `values`.
    """

    values: pd.DataFrame
    groupings: pd.DataFrame
    words: pd.DataFrame


def unused_measures(
    index: pd.Index,
    features: pd.DataFrame,
    practices: pd.DataFrame,
    context: pd.DataFrame,
    context_dictionary: pd.DataFrame,
    outcomes: Mapping[str, Measures],
    options: Mapping[str, Any],
) -> UnusedMeasures:
    """Gather the measures that segments made of `features` can be tested on.

    Parameters
    ----------
    index : codes of the fitted practices.
    features : of the segments. A context measure that is one of them, or nearly the same, is left out.
    practices, context, context_dictionary : tables of those schemas.
    outcomes : blocks of measures. One that shares a feature with `features` is left out whole: segments made
        of half the indicators are no test on the other half.
    options : the node ``external`` of ``conf/evidence``; from a rank correlation of ``max_correlation`` a
        context measure counts as another edition of a feature, or of the deprivation of the comparators.
    """
    used = set(map(str, features.columns))
    blocks: dict[str, Measures] = {n: b for n, b in outcomes.items() if not used & set(b[0].columns)}
    if options["context"]:
        known = context.set_index("practice_code")
        editions = _other_editions(known.reindex(index), features.reindex(index), options)
        new = known[[name for name in known if name not in {*used, *editions}]]
        names = context_dictionary.set_index("measure")["label"]
        blocks = {"context": (new, {str(name): str(names.get(name, name)) for name in new}), **blocks}
    frames = [pd.DataFrame(index=index), *(block for block, _ in blocks.values())]
    values = pd.concat(frames, axis=1).reindex(index)
    values = values.loc[:, values.notna().sum() > 1]
    rows = [(str(c), text[str(c)], name) for name, (block, text) in blocks.items() for c in block]
    words = pd.DataFrame(rows, columns=["measure", "label", "block"], dtype="str").set_index("measure")
    groupings = comparators(practices, context, options["comparators"]).reindex(index)
    return UnusedMeasures(values, groupings, words.loc[list(values)])


def external_validity(
    labels: pd.Series,
    unused: UnusedMeasures,
    options: Mapping[str, Any],
    *,
    seed: int = 0,
    jobs: int | None = 1,
) -> dict[str, Any]:
    """Measure how much variance of other measures the segments explain, beside simpler groupings.

    Parameters
    ----------
    labels : practice code -> segment, fitted practices, in the order of `unused`.
    options : the node ``external`` of ``conf/evidence``.

    Returns
    -------
    dict: ``measures`` (rows of `explained_variance` with label and block) and ``means`` (`mean_explained`).
    """
    if unused.values.empty:
        return {"measures": [], "means": {}}
    groupings = unused.groupings.copy()
    groupings.insert(0, "segments", labels)
    folds, draws = int(options["folds"]), int(options["draws"])
    table = explained_variance(unused.values, groupings, folds=folds, draws=draws, seed=seed, jobs=jobs)
    table = table.join(unused.words, on="measure")
    return {"measures": json_records(table), "means": mean_explained(table)}


def _other_editions(context: pd.DataFrame, features: pd.DataFrame, options: Mapping[str, Any]) -> set[str]:
    """Context measures that are another edition of a feature or of the deprivation of the comparators."""
    deprivation = str(options["comparators"]["deprivation"])
    references = features.assign(**{name: context[name] for name in context if name == deprivation}).rank()
    return {
        str(name)
        for name in context
        if name not in {*features, deprivation}
        and references.corrwith(context[name].rank()).abs().max() >= options["max_correlation"]
    }
