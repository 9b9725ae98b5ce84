"""Stability of the segments, together and one by one, and of every other number of segments."""

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
class KnownStability:
    """What the study measured on the same rows to make its choice; it is not measured again.

    Attributes
    ----------
    rows : (m, d) fitted rows that it redrew. segments : (m,) of these, negative where a row is in none.
    jaccard : frame k, draw, segment, jaccard of bootstrap samples, by the chosen clusterer at each k; the
        segments of the chosen k are numbered as everywhere.
    strengths : k -> prediction strength, the mean of `splits` halves.
    """

    rows: Floats
    segments: Ints
    jaccard: pd.DataFrame
    strengths: Mapping[int, float]
    splits: int

    def drawn(self, k: int, least: int) -> pd.DataFrame | None:
        """The bootstrap samples at `k` if there are at least `least`."""
        rows = self.jaccard[self.jaccard["k"] == k]
        return rows if len(rows) and rows["draw"].nunique() >= least else None


@dataclass(frozen=True)
class StabilityResults:
    """How well the segments return in resamples, in halves and with other seeds.

    Attributes
    ----------
    by_k : index k: jaccard_min, jaccard_mean, prediction_strength, ari_seeds; NaN where not measured.
    segments : index segment: jaccard, jaccard_subsample.
    """

    by_k: pd.DataFrame
    segments: pd.DataFrame


def measure_stability(
    labellings: Labellings, options: Mapping[str, Any], known: KnownStability | None = None
) -> StabilityResults:
    """Measure stability by as many draws as `options` (the node ``conf/evidence``) ask for.

    Where the study made at least as many draws (`known`), they are used. Of the chosen segments its bootstrap
    samples are used in any case. Where `options` ask for more, the further samples go on from the study's.
    """
    k = labellings.k
    others = [i for i in labellings.ks if i not in (1, k)]
    common: dict[str, Any] = {"seed": labellings.seed, "jobs": labellings.jobs}
    chosen = (labellings.values, {k: labellings.chosen}, {k: labellings.clusterer})
    jaccard = _bootstrap(chosen, k, int(options["bootstraps"]), known, common)
    least = int(options["bootstraps_by_k"])
    given = [] if known is None else [rows for i in others if (rows := known.drawn(i, least)) is not None]
    new = [i for i in others if known is None or known.drawn(i, least) is None]
    share = float(options["subsample_share"])
    subsample = resample(*chosen, scheme="subsample", share=share, draws=int(options["subsamples"]), **common)
    at_other_ks = resample(
        labellings.values,
        {i: labellings.own[i] for i in new},
        {i: _with_fewer_starts(labellings, i, options) for i in new},
        draws=least if new else 0,
        **common,
    )
    by_k = _jaccard_by_k(pd.concat([jaccard, at_other_ks.jaccard, *given]), labellings.ks)
    refits = {i: _refitted(labellings, i, options, common, known) for i in sorted({*others, k})}
    refitted = pd.DataFrame.from_dict(refits, orient="index", columns=["prediction_strength", "ari_seeds"])
    means = {
        name: resamples.astype({"jaccard": float}).groupby("segment")["jaccard"].mean()
        for name, resamples in (("jaccard", jaccard), ("jaccard_subsample", subsample.jaccard))
    }
    return StabilityResults(by_k.join(refitted).astype(float), pd.DataFrame(means))


def _bootstrap(
    chosen: tuple[Any, ...], k: int, draws: int, known: KnownStability | None, common: Mapping[str, Any]
) -> pd.DataFrame:
    """Jaccard coefficients (k, draw, segment, jaccard) of the chosen segments."""
    given = known.drawn(k, 1) if known is not None and draws else None
    if known is None or given is None:
        return resample(*chosen, draws=draws, **common).jaccard
    drawn = given["draw"].nunique()
    if drawn >= draws:
        return given
    rows = (known.rows, {k: known.segments}, chosen[2])
    return pd.concat([given, resample(*rows, draws=draws - drawn, skip=drawn, **common).jaccard])


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
    labellings: Labellings,
    k: int,
    options: Mapping[str, Any],
    common: Mapping[str, Any],
    known: KnownStability | None,
) -> tuple[float, float]:
    """Mean prediction strength, and mean agreement of fits with other seeds; NaN where not measured."""
    values, clusterer = labellings.values, _with_fewer_starts(labellings, k, options)
    too_slow = k != labellings.k and isinstance(labellings.clusterer, Hierarchical)  # a tree per half and k
    splits = 0 if too_slow else int(options["splits"])
    if known is not None and splits and known.splits >= splits and k in known.strengths:
        strength = np.array([known.strengths[k]])
    else:
        strength = prediction_strength(values, clusterer, splits=splits, **common)
    agreement = seed_agreement(values, clusterer, runs=int(options["seeds"]), **common)
    mean_strength, mean_agreement = (float(x.mean()) if len(x) else np.nan for x in (strength, agreement))
    return mean_strength, mean_agreement
