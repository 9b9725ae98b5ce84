"""What the rule asks of single trials beyond their scores, measured when it asks, kept for the evidence."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans

from gp_segmentation.clustering import fit_labels
from gp_segmentation.study.inputs import Inputs
from gp_segmentation.study.search import StudyResult
from gp_segmentation.utils.arrays import Floats
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.validity import joint_exceedance, prediction_strength, resample, score_labellings

#: After the first third of the bootstrap samples, trials this far below the limit are sampled no further: the
#: mean of ten Jaccard coefficients errs by about .06. Neither are those that random data match: they cannot
#: pass.
HOPELESS = 0.15


@dataclass
class Measures:
    """Stability and comparison with random data, trial by trial.

    Parameters
    ----------
    draws : bootstrap samples; splits : random halves.
    null : preparation -> draws of the null, columns k and silhouette. null_starts : starts of K-means on
        them.
    gradient : the same of the null ``gradient``, drawn only where a trial exceeds `min_exceedance` of the
        first; None: it is not asked.
    min_jaccard, min_exceedance : see `HOPELESS`.

    Attributes
    ----------
    resamples : trial -> frame draw, segment (as the trial numbers it), jaccard.
    centroids : trial -> (draws, k, d) centroids of its segments in these samples (`validity.Resamples`).
    strengths : trial -> prediction strength. exceedances : trial -> share of random data sets.
    """

    inputs: Inputs
    result: StudyResult
    draws: int
    splits: int
    null: Callable[[str | None], pd.DataFrame]
    null_starts: int
    min_jaccard: float = 0.0
    gradient: Callable[[str | None], pd.DataFrame] | None = None
    min_exceedance: float = 0.0
    resamples: dict[int, pd.DataFrame] = field(default_factory=dict)
    centroids: dict[int, Floats] = field(default_factory=dict)
    strengths: dict[int, float] = field(default_factory=dict)
    exceedances: dict[int, float] = field(default_factory=dict)

    def jaccard_min(self, trials: Sequence[int]) -> dict[int, float]:
        """Mean Jaccard coefficient of the least stable segment of each trial over bootstrap samples."""
        new = [trial for trial in trials if trial not in self.resamples]
        first = self.draws // 3 if len(new) > 1 else self.draws
        for count, skip in ((first, 0), (self.draws - first, first)):
            going_on = [trial for trial in new if not skip or self._may_pass(trial)]
            if count and going_on:
                self._resample(going_on, count, skip)
        return {trial: self._least(trial) for trial in trials if trial in self.resamples}

    def complete(self, trial: int) -> None:
        """Draw what a trial lacks of `draws` bootstrap samples: two thirds, if it was `HOPELESS`."""
        drawn = self.resamples[trial]["draw"].nunique() if trial in self.resamples else 0
        if drawn < self.draws:
            self._resample([trial], self.draws - drawn, skip=drawn)

    def prediction_strength(self, trials: Sequence[int]) -> dict[int, float]:
        """Mean prediction strength of each trial's clusterer over random halves."""
        for trial in trials:
            if self.splits and trial not in self.strengths:
                preparation = self.result.points[trial].preparation
                rows = self.inputs.matrices[preparation][self.inputs.sampled_rows(preparation)]
                drawn = prediction_strength(
                    rows, self._clusterer(trial), splits=self.splits, **self._seed_and_jobs()
                )
                self.strengths[trial] = float(drawn.mean())
        return {trial: self.strengths[trial] for trial in trials if trial in self.strengths}

    def exceedance(self, trials: Sequence[int]) -> dict[int, float]:
        """Share of random data sets that each trial is more separate than, over all numbers of segments.

        Where `gradient` is asked, too, it is the lower of the two shares. Rows spread evenly along one axis,
        without a gap, are more separate than Gaussian ones with the same covariance and are cut at the same
        place every time.
        Trials that leave practices without a segment are not compared.
        """
        found: dict[int, float] = {}
        for preparation, own in self._by_preparation(trials):
            null = self.null(preparation)
            if null.empty or not self.inputs.space.ks:
                continue
            own = [trial for trial in own if not self._has_noise(trial)]  # the null leaves out no row
            silhouettes = self._with_the_starts_of_the_null(preparation)
            rows = self.result.trials.set_index("trial").loc[own]
            ks = rows["n_clusters"].to_numpy()
            of_kmeans = rows["clusterer"].eq("kmeans").to_numpy()
            values = np.where(of_kmeans, silhouettes.reindex(ks), rows["silhouette"].to_numpy(float))
            shares = joint_exceedance(values, ks, silhouettes, null)
            if self.gradient is not None and (shares >= self.min_exceedance).any():
                other = joint_exceedance(values, ks, silhouettes, self.gradient(preparation))
                shares = np.minimum(shares, other)
            found |= dict(zip(own, shares.tolist(), strict=True))
        self.exceedances |= {trial: value for trial, value in found.items() if np.isfinite(value)}
        return {trial: self.exceedances[trial] for trial in trials if trial in self.exceedances}

    def all_resamples(self) -> pd.DataFrame:
        """Columns trial, draw, segment, jaccard: every bootstrap sample so far."""
        parts = [frame.assign(trial=trial) for trial, frame in sorted(self.resamples.items())]
        columns = ["trial", "draw", "segment", "jaccard"]
        return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)

    def _with_the_starts_of_the_null(self, preparation: str | None) -> pd.Series:
        """Silhouette by number of segments of K-means from as many starts as on the null's draws.

        More starts find better partitions of any data, random ones too.
        """
        rows = self.inputs.matrices[preparation][self.inputs.sampled_rows(preparation)]
        ks, seed = self.inputs.space.ks, self.inputs.seed
        tasks = [(KMeans(k, n_init=self.null_starts, random_state=seed), rows) for k in ks]
        labels = np.stack(list(parallel_map(fit_labels, tasks, self.inputs.jobs)))
        scores = score_labellings(rows, labels, jobs=self.inputs.jobs)
        return pd.Series(scores.silhouette, index=ks)

    def _resample(self, trials: Sequence[int], draws: int, skip: int) -> None:
        for preparation, own in self._by_preparation(trials):
            sampled = self.inputs.sampled_rows(preparation)
            found = resample(
                self.inputs.matrices[preparation][sampled],
                {trial: self.result.labels[trial][sampled] for trial in own},
                {trial: self._clusterer(trial) for trial in own},
                draws=draws,
                skip=skip,
                trace=own,
                **self._seed_and_jobs(),
            )
            for trial, jaccard in found.jaccard.groupby("k"):
                number = int(str(trial))
                before = [self.resamples[number]] if skip else []
                self.resamples[number] = pd.concat([*before, jaccard.drop(columns="k")], ignore_index=True)
                earlier = [self.centroids[number]] if skip else []
                self.centroids[number] = np.concatenate([*earlier, found.centroids[number]])

    def _may_pass(self, trial: int) -> bool:
        separate = self.exceedances.get(trial, 1.0) >= self.min_exceedance
        return separate and self._least(trial) > self.min_jaccard - HOPELESS

    def _least(self, trial: int) -> float:
        return float(self.resamples[trial].groupby("segment")["jaccard"].mean().min())

    def _has_noise(self, trial: int) -> bool:
        return bool((self.result.labels[trial] < 0).any())

    def _clusterer(self, trial: int) -> Any:
        return self.inputs.estimator(self.result.points[trial])

    def _by_preparation(self, trials: Sequence[int]) -> Iterator[tuple[str | None, list[int]]]:
        groups: dict[str | None, list[int]] = {}
        for trial in trials:
            groups.setdefault(self.result.points[trial].preparation, []).append(trial)
        yield from groups.items()

    def _seed_and_jobs(self) -> dict[str, Any]:
        return {"seed": self.inputs.seed, "jobs": self.inputs.jobs}
