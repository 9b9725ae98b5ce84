"""Stability of the segments, together and one by one, and of every other number of segments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from gp_segmentation.clustering import Hierarchical
from gp_segmentation.evidence.labellings import Labellings
from gp_segmentation.utils.arrays import Ints
from gp_segmentation.validity import prediction_strength, resample, seed_agreement


@dataclass(frozen=True)
class StabilityResults:
    """How well the segments return in resamples, in halves and with other seeds.

    Attributes
    ----------
    by_k : index k: jaccard_min, jaccard_mean, prediction_strength, ari_seeds; NaN where not measured.
    segments : index segment: jaccard, jaccard_subsample.
    votes : (n, k) of the bootstrap samples at the chosen k, see `Resamples`.
    """

    by_k: pd.DataFrame
    segments: pd.DataFrame
    votes: Ints


def measure_stability(labellings: Labellings, options: Mapping[str, Any]) -> StabilityResults:
    """Measure stability by as many draws as `options` (the node ``conf/evidence``) ask for."""
    k = labellings.k
    others = [i for i in labellings.ks if i not in (1, k)]
    common: dict[str, Any] = {"seed": labellings.seed, "jobs": labellings.jobs}
    chosen = (labellings.values, {k: labellings.chosen}, {k: labellings.clusterer})
    bootstrap = resample(*chosen, draws=int(options["bootstraps"]), vote=[k], **common)
    share = float(options["subsample_share"])
    subsample = resample(*chosen, scheme="subsample", share=share, draws=int(options["subsamples"]), **common)
    at_other_ks = resample(
        labellings.values,
        {i: labellings.own[i] for i in others},
        {i: _with_fewer_starts(labellings, i, options) for i in others},
        draws=int(options["bootstraps_by_k"]) if others else 0,
        **common,
    )
    by_k = _jaccard_by_k(pd.concat([bootstrap.jaccard, at_other_ks.jaccard]), labellings.ks)
    rows = {i: _refitted(labellings, i, options, common) for i in sorted({*others, k})}
    refitted = pd.DataFrame.from_dict(rows, orient="index", columns=["prediction_strength", "ari_seeds"])
    means = {
        name: resamples.jaccard.astype({"jaccard": float}).groupby("segment")["jaccard"].mean()
        for name, resamples in (("jaccard", bootstrap), ("jaccard_subsample", subsample))
    }
    return StabilityResults(by_k.join(refitted).astype(float), pd.DataFrame(means), bootstrap.votes[k])


def _jaccard_by_k(draws: pd.DataFrame, ks: Sequence[int]) -> pd.DataFrame:
    means = draws.astype({"jaccard": float}).groupby(["k", "segment"])["jaccard"].mean().groupby("k")
    by_k = pd.DataFrame({"jaccard_min": means.min(), "jaccard_mean": means.mean()})
    return by_k.reindex(pd.Index(list(ks), name="k"))


def _with_fewer_starts(labellings: Labellings, k: int, options: Mapping[str, Any]) -> Any:
    """The clusterer of `k`; away from the chosen k it has fewer starts, to save time."""
    clusterer = labellings.clusterers[k]
    if k == labellings.k or "n_init" not in clusterer.get_params():
        return clusterer
    return clone(clusterer).set_params(n_init=int(options["n_init"]["by_k"]))


def _refitted(
    labellings: Labellings, k: int, options: Mapping[str, Any], common: Mapping[str, Any]
) -> tuple[float, float]:
    """Mean prediction strength, and mean agreement of fits with other seeds; NaN where not measured."""
    values, clusterer = labellings.values, _with_fewer_starts(labellings, k, options)
    too_slow = k != labellings.k and isinstance(labellings.clusterer, Hierarchical)  # a tree per half and k
    splits = 0 if too_slow else int(options["splits"])
    strength = prediction_strength(values, clusterer, splits=splits, **common)
    agreement = seed_agreement(values, clusterer, runs=int(options["seeds"]), **common)
    mean_strength, mean_agreement = (float(x.mean()) if len(x) else np.nan for x in (strength, agreement))
    return mean_strength, mean_agreement
