"""Stability of the segments, of each of them, and of every other number of segments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from gp_segmentation.clustering import Hierarchical
from gp_segmentation.evidence.labellings import Labellings
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.validity import prediction_strength, resample, seed_agreement


@dataclass(frozen=True)
class Stability:
    """What resamples, halves and other seeds make of the segments.

    Attributes
    ----------
    by_k : index k: jaccard_min, jaccard_mean, prediction_strength, ari_seeds; NaN where not measured.
    segments : index segment: jaccard, jaccard_subsample.
    votes : of the bootstraps at the chosen k, see `Resamples`.
    """

    by_k: pd.DataFrame
    segments: pd.DataFrame
    votes: Ints


def measure_stability(labellings: Labellings, options: Mapping[str, Any]) -> Stability:
    """Measure the stability that `options` (the node ``conf/evidence``) ask for."""
    k = labellings.k
    others = [i for i in labellings.ks if i not in (1, k)]
    common: dict[str, Any] = {"seed": labellings.seed, "jobs": labellings.jobs}
    here = (labellings.values, {k: labellings.chosen}, {k: labellings.clusterer})
    boot = resample(*here, draws=int(options["bootstraps"]), vote=[k], **common)
    share = float(options["subsample_share"])
    part = resample(*here, scheme="subsample", share=share, draws=int(options["subsamples"]), **common)
    beside = resample(
        labellings.values,
        {i: labellings.own[i] for i in others},
        {i: _lighter(labellings, i, options) for i in others},
        draws=int(options["bootstraps_by_k"]) if others else 0,
        **common,
    )
    by_k = _jaccard_by_k(pd.concat([boot.jaccard, beside.jaccard]), labellings.ks)
    several = sorted({*others, k})
    by_k["prediction_strength"] = pd.Series({i: _mean(_strength(labellings, i, options)) for i in several})
    by_k["ari_seeds"] = pd.Series({i: _mean(_seeds(labellings, i, options)) for i in several})
    means = {
        name: found.jaccard.astype({"jaccard": float}).groupby("segment")["jaccard"].mean()
        for name, found in (("jaccard", boot), ("jaccard_subsample", part))
    }
    return Stability(by_k.astype(float), pd.DataFrame(means), boot.votes[k])


def _jaccard_by_k(drawn: pd.DataFrame, ks: Sequence[int]) -> pd.DataFrame:
    means = drawn.astype({"jaccard": float}).groupby(["k", "segment"])["jaccard"].mean().groupby("k")
    by_k = pd.DataFrame({"jaccard_min": means.min(), "jaccard_mean": means.mean()})
    return by_k.reindex(pd.Index(list(ks), name="k"))


def _lighter(labellings: Labellings, k: int, options: Mapping[str, Any]) -> Any:
    """The clusterer of k; away from the chosen k with fewer starts, where many are only for a figure."""
    clusterer = labellings.clusterers[k]
    if k == labellings.k or "n_init" not in clusterer.get_params():
        return clusterer
    return clone(clusterer).set_params(n_init=int(options["n_init"]["by_k"]))


def _strength(labellings: Labellings, k: int, options: Mapping[str, Any]) -> Floats:
    if k != labellings.k and isinstance(labellings.clusterer, Hierarchical):
        return np.empty(0)  # a tree per half and k is too dear for a figure
    return prediction_strength(
        labellings.values,
        _lighter(labellings, k, options),
        splits=int(options["splits"]),
        seed=labellings.seed,
        jobs=labellings.jobs,
    )


def _seeds(labellings: Labellings, k: int, options: Mapping[str, Any]) -> Floats:
    return seed_agreement(
        labellings.values,
        _lighter(labellings, k, options),
        runs=int(options["seeds"]),
        seed=labellings.seed,
        jobs=labellings.jobs,
    )


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")
