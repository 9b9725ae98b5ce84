"""External validity: how much variance of other measures the segments explain, beside simpler groupings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.sparse import csr_array

from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.utils.progress import progress_bar

#: Groupings of `comparators` and the measure each is cut from, which it is not tested on.
SOURCES = {"deprivation": "imd_score", "list_size": "list_size"}
FIGURES = ("eta2", "low", "high", "cv", "cv_low", "cv_high")


@dataclass(frozen=True)
class CrossValidated:
    """Squared errors of predictions made from the other folds, and of those folds' mean; (folds, m) each."""

    errors: Floats
    baselines: Floats

    @property
    def explained(self) -> Floats:
        """Share of variance explained, all folds together: (m,); NaN for a constant."""
        return _share_explained(self.errors.sum(axis=0), self.baselines.sum(axis=0))

    @property
    def by_fold(self) -> Floats:
        """Share of variance explained in each fold: (folds, m)."""
        return _share_explained(self.errors, self.baselines)


def comparators(practices: pd.DataFrame, context: pd.DataFrame, options: Mapping[str, Any]) -> pd.DataFrame:
    """Return groupings that need no clustering, practice_code -> group; NA where not known.

    ``deprivation``: fifths of the measure ``options["deprivation"]``; ``icb``: integrated care board;
    ``list_size``: bands with the edges ``options["list_size"]`` (patients); ``rurality``: the classes of the
    measure ``options["rurality"]``, or its fifths if it has more than ten values. A measure that is not in
    the context gives no grouping.
    """
    about = practices.set_index("practice_code")
    edges = [-np.inf, *options["list_size"], np.inf]
    sizes = pd.cut(about["list_size"], edges, right=False, labels=False)
    groupings = {"icb": about["icb_code"].astype("str"), "list_size": sizes}
    values = context.set_index("practice_code").reindex(about.index)
    for name in ("deprivation", "rurality"):
        if options.get(name) in values:
            column = values[options[name]]
            are_classes = name == "rurality" and column.nunique() <= 10
            groupings[name] = column if are_classes else pd.qcut(column, 5, labels=False, duplicates="drop")
    return pd.DataFrame(groupings, index=about.index)


def explained_variance(
    measures: pd.DataFrame,
    groupings: pd.DataFrame,
    *,
    folds: int = 10,
    draws: int = 100,
    seed: int = 0,
    jobs: int | None = 1,
) -> pd.DataFrame:
    """Measure how much of each measure's variance each grouping explains.

    ``eta2`` = between-group sum of squares / total sum of squares, over practices with both values. It rises
    with the number of groups even by chance. ``cv`` does not: 1 - (squared error of the group means of the
    other folds) / (squared error of their overall mean), over `folds` random parts. ``low``, ``high``: 95%
    percentile interval of eta2 over bootstrap samples of practices. ``cv_low``, ``cv_high``: 95% t interval
    over the folds (`t_interval`). Every grouping has the same folds.

    Parameters
    ----------
    measures : (n, m), NaN where not known.
    groupings : (n, g), same index; NA where a practice has no group.
    folds, draws : parts of the cross-validation; bootstrap samples, of which 0 give no interval.
    seed, jobs : the result depends on `seed` alone.

    Returns
    -------
    frame measure, grouping, groups, practices, eta2, low, high, cv, cv_low, cv_high, without the pairs whose
    grouping was cut from the measure (`SOURCES`).
    """
    values = measures.to_numpy(dtype=np.float64)
    values = values - np.nanmean(values, axis=0)
    tasks = [(values, groupings[name], folds, draws, seed) for name in groupings]
    parts = []
    results = progress_bar(parallel_map(_explain, tasks, jobs), len(tasks), "variance explained")
    for name, table in zip(groupings, results, strict=True):
        part = pd.DataFrame(table).assign(measure=list(measures.columns), grouping=str(name))
        parts.append(part[part["measure"] != SOURCES.get(str(name))])
    columns = ("measure", "grouping", "groups", "practices", *FIGURES)
    return pd.concat(parts, ignore_index=True)[list(columns)]


def mean_explained(table: pd.DataFrame) -> dict[str, float]:
    """Mean of ``cv`` by grouping, over the measures that every grouping has."""
    wide = table.pivot_table(index="measure", columns="grouping", values="cv").dropna()
    return {str(name): float(value) for name, value in wide.mean().items()} if len(wide) else {}


def _explain(values: Floats, groups: pd.Series, folds: int, draws: int, seed: int) -> dict[str, Any]:
    codes, names = pd.factorize(groups, sort=True)
    grouped = codes >= 0
    sums = _GroupSums(values[grouped], codes[grouped], len(names))
    generator = np.random.default_rng(seed)
    n = int(grouped.sum())
    fold = random_folds(generator, len(values), folds)
    found = _cross_validated(sums, fold[grouped], folds)
    cross_validated = (found.explained, *t_interval(found.explained, found.by_fold))
    weights = (np.bincount(generator.integers(n, size=n), minlength=n) for _ in range(draws))
    samples = [_eta2(*sums.weighted(weight)) for weight in weights] or [np.full(values.shape[1], np.nan)]
    interval = np.quantile(samples, [0.025, 0.975], axis=0)
    figures = (_eta2(*sums.weighted(np.ones(n))), *interval, *cross_validated)
    practices = np.isfinite(values[grouped]).sum(axis=0)
    return {"groups": len(names), "practices": practices, **dict(zip(FIGURES, figures, strict=True))}


class _GroupSums:
    """Counts, sums and sums of squares by group, for any weights of the rows."""

    def __init__(self, values: Floats, codes: Ints, groups: int) -> None:
        n = len(values)
        self._known = np.isfinite(values).astype(np.float64)
        self._values = np.where(np.isfinite(values), values, 0.0)
        self._squares = np.square(self._values)
        self._members = csr_array((np.ones(n), (codes, np.arange(n))), shape=(groups, n))

    def weighted(self, weights: NDArray) -> tuple[Floats, Floats, Floats]:
        """Counts and sums (groups, m), sums of squares (m,)."""
        members = self._members.multiply(weights[None, :]).tocsr()
        return members @ self._known, members @ self._values, weights @ self._squares


def _eta2(count: Floats, total: Floats, squares: Floats) -> Floats:
    n = count.sum(axis=0)
    correction = np.divide(total.sum(axis=0) ** 2, n, out=np.zeros_like(n), where=n > 0)
    of_means = np.divide(total**2, count, out=np.zeros_like(total), where=count > 0).sum(axis=0)
    spread = squares - correction
    return np.divide(of_means - correction, spread, out=np.full_like(n, np.nan), where=spread > 0)


def random_folds(generator: np.random.Generator, rows: int, folds: int) -> Ints:
    """Return the number of the fold of each row; folds differ by one row at most."""
    fold: Ints = generator.permutation(np.arange(rows) % folds)
    return fold


def predict_by_group(values: Floats, groups: pd.Series, fold: Ints, folds: int) -> CrossValidated:
    """Predict `values` (n, m; NaN where not known) by the means of `groups` (n,) in the other folds.

    A group that the other folds do not have is predicted by their overall mean; rows whose group is NA are
    left out.
    """
    codes, names = pd.factorize(groups, sort=True)
    grouped = codes >= 0
    sums = _GroupSums(values[grouped], codes[grouped], len(names))
    return _cross_validated(sums, fold[grouped], folds)


def t_interval(centre: Floats | float, by_fold: Floats) -> tuple[Floats, Floats]:
    """Return the 95% t interval around `centre` (m,), or one number, from its values `by_fold` (folds, m).

    The variance is corrected for the rows that the folds' training sets share (Nadeau & Bengio 2003).
    """
    folds = len(by_fold)
    spread = by_fold.std(axis=0, ddof=1) * np.sqrt(1 / folds + 1 / (folds - 1))
    half = stats.t.ppf(0.975, folds - 1) * spread
    return centre - half, centre + half


def _cross_validated(sums: _GroupSums, fold: Ints, folds: int) -> CrossValidated:
    all_counts, all_totals, _ = sums.weighted(np.ones(len(fold)))
    errors, baselines = [], []
    for number in range(folds):
        tested = sums.weighted((fold == number).astype(np.float64))
        count, total = all_counts - tested[0], all_totals - tested[1]
        overall = total.sum(axis=0) / np.maximum(count.sum(axis=0), 1)
        means = np.divide(total, count, out=np.broadcast_to(overall, total.shape).copy(), where=count > 0.5)
        errors.append(_squared_error(tested, means))
        baselines.append(_squared_error(tested, np.broadcast_to(overall, total.shape)))
    return CrossValidated(np.array(errors), np.array(baselines))


def _share_explained(errors: Floats, baselines: Floats) -> Floats:
    share: Floats = 1 - np.divide(errors, baselines, out=np.full_like(errors, np.nan), where=baselines > 0)
    return share


def _squared_error(tested: tuple[Floats, Floats, Floats], means: Floats) -> Floats:
    count, total, squares = tested
    error: Floats = squares - 2 * (means * total).sum(axis=0) + (means**2 * count).sum(axis=0)
    return error
