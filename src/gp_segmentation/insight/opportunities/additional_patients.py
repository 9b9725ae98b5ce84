"""Additional patients if practices reached what a quarter of their own segment already reaches.

Per indicator, with c_i the shrunk rate of practice i (`achieved_rates`), n_i its eligible patients and t the
target, the upper quartile of c over the practices of its segment with at least `min_denominator` of them,

    additional patients of i = f max(0, t - c_i) n_i,

and of a segment, an integrated care board or England the sum over its practices. Beside it stands the same
with one target for all, the upper quartile over England: what comparing like with like changes.

Intervals come from a parametric bootstrap: in each draw every practice's rate is drawn from its posterior,
and targets and sums are formed anew from the drawn rates. A sum's interval is the mean of the draws -+ 1.96
of their standard deviations. f, one number per segment and near 1, makes the segment's sum the mean of the
draws (ratio benchmarking, as in small-area estimation). A practice's own interval comes from the 95%
interval of its posterior, the target held fixed. Intervals hold the chance in what happened to a practice's
patients that year, and not what a change of care could achieve. A practice at or above its target adds
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.special import betaincinv

from gp_segmentation.insight.opportunities.shrunken_rates import achieved_rates, shrink_in_segments
from gp_segmentation.insight.portraits.profiles import Z95
from gp_segmentation.utils.parallel import parallel_map

QUARTILE = 0.75
INTERVAL = (0.025, 0.975)
#: The two comparisons and how their columns begin.
AGAINST = {"segment": "", "england": "england_"}


@dataclass(frozen=True)
class Opportunities:
    """Additional patients, for practices and for groups of them.

    Attributes
    ----------
    practices : indicator_code, practice_code, segment, numerator, eligible, rate, shrunk_rate, and against
        the segment and (``england_``) against England: target, additional_patients, low, high.
    totals : the same summed over every group of every level, with the number of practices below target.
    """

    practices: pd.DataFrame
    totals: pd.DataFrame


def find_opportunities(
    achievement: pd.DataFrame,
    segments: pd.DataFrame,
    groups: pd.DataFrame,
    *,
    gross: bool = False,
    min_denominator: int = 20,
    draws: int = 60,
    seed: int = 0,
    jobs: int | None = 1,
) -> Opportunities:
    """Return the additional patients per indicator and practice, and their sums.

    Parameters
    ----------
    achievement, segments : the tables of those schemas; special practices set no target and add nothing.
    groups : practice_code -> one column per level of sums (segment, icb, ...), no value missing.
    gross : count patients with a personalised care adjustment as eligible.
    min_denominator : eligible patients from which a practice counts for targets.
    draws : of the bootstrap.
    """
    rows = achieved_rates(achievement, segments, gross=gross)
    parts = [part for _, part in rows.groupby("indicator_code", sort=True)]
    seeds = np.random.SeedSequence(seed).spawn(len(parts))
    levels = _Levels(groups)
    tasks = [(part, levels, min_denominator, draws, child) for part, child in zip(parts, seeds, strict=True)]
    found = list(parallel_map(_one_indicator, tasks, jobs))
    if not found:
        return Opportunities(pd.DataFrame(), pd.DataFrame())
    practices, totals = (pd.concat(tables, ignore_index=True) for tables in zip(*found, strict=True))
    return Opportunities(practices, totals)


def _one_indicator(
    rows: pd.DataFrame,
    levels: _Levels,
    min_denominator: int,
    draws: int,
    seed: np.random.SeedSequence,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    found = shrink_in_segments(rows)
    rows = found.rows
    n, point = rows["eligible"].to_numpy(), rows["shrunk_rate"].to_numpy()
    shape = rows["alpha"].to_numpy(), rows["beta"].to_numpy()
    drawn = found.draw(draws, np.random.default_rng(seed))
    lowest, highest = (betaincinv(*shape, p) for p in INTERVAL)
    practices = rows.drop(columns=["alpha", "beta"]).reset_index(drop=True)
    drawn_gains = {}
    for against, prefix in AGAINST.items():
        of = rows["segment"].to_numpy() if against == "segment" else np.zeros(len(rows), dtype=int)
        target = _targets(point[None], of, n >= min_denominator)[0]
        drawn_gain = np.maximum(0, _targets(drawn, of, n >= min_denominator) - drawn) * n.astype(np.float32)
        factor = _benchmark(np.maximum(0.0, target - point) * n, drawn_gain, of)
        known = {
            name: factor * np.maximum(0.0, target - rate) * n
            for name, rate in (("additional_patients", point), ("low", highest), ("high", lowest))
        }
        practices = practices.assign(
            **{f"{prefix}{name}": value for name, value in {"target": target, **known}.items()}
        )
        drawn_gains[prefix] = drawn_gain
    totals = _totals(practices, levels.of(practices["practice_code"]), drawn_gains)
    totals = pd.concat([levels.keys, totals], axis=1).assign(indicator_code=rows["indicator_code"].iloc[0])
    return practices, totals[totals["practices"] > 0]


def _targets(rates: np.ndarray, of: np.ndarray, sets_target: np.ndarray) -> np.ndarray:
    """Upper quartile of each row of `rates` (draws x practices) within each group of practices.

    Where no practice of a group is large enough to count, all its practices do.
    """
    found = np.empty_like(rates)
    for group in np.unique(of):
        mine = of == group
        counted = np.flatnonzero(mine & sets_target if (mine & sets_target).any() else mine)
        place = QUARTILE * (len(counted) - 1)
        below, above = int(np.floor(place)), int(np.ceil(place))
        ordered = np.partition(rates[:, counted], (below, above), axis=1)
        quartile = ordered[:, below] + (place - below) * (ordered[:, above] - ordered[:, below])
        found[:, mine] = quartile[:, None]
    return found


def _benchmark(gain: np.ndarray, drawn: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Return each practice's factor f: its group's mean sum of the draws over its sum of `gain`."""
    factor = np.ones(len(gain))
    if not len(drawn):
        return factor
    mean = drawn.mean(axis=0, dtype=float)
    for group in np.unique(of):
        mine = of == group
        total = gain[mine].sum()
        if total > 0:
            factor[mine] = mean[mine].sum() / total
    return factor


class _Levels:
    """Groups of practices, level by level, so that sums over all of them are one product."""

    def __init__(self, groups: pd.DataFrame) -> None:
        self.index = groups.index
        keys, columns, width = [], [], 0
        for level in groups.columns:
            codes, names = pd.factorize(groups[level], sort=True)
            columns.append(codes + width)
            width += len(names)
            keys.append(pd.DataFrame({"level": level, "area": names.astype(str)}))
        self.keys = pd.concat(keys, ignore_index=True)
        rows = np.repeat(np.arange(len(groups)), len(columns))
        member = (np.ones(len(rows), dtype=np.float32), (rows, np.column_stack(columns).ravel()))
        self.member = csr_array(member, shape=(len(groups), width))

    def of(self, practices: pd.Series) -> csr_array:
        """Groups x practices, 1 where a practice belongs."""
        return self.member[self.index.get_indexer(pd.Index(practices))].T.tocsr()


def _totals(rows: pd.DataFrame, member: csr_array, drawn: dict[str, np.ndarray]) -> pd.DataFrame:
    """Sums of one indicator over every group, against the segment and against England."""
    eligible, counted = member @ rows["eligible"].to_numpy(), member @ rows["numerator"].to_numpy()
    found: dict[str, np.ndarray] = {
        "practices": np.diff(member.indptr).astype("int64"),
        "eligible_patients": eligible.round().astype("int64"),
        "rate": np.divide(counted, eligible, out=np.full(len(eligible), np.nan), where=eligible > 0),
    }
    for prefix, gains in drawn.items():
        below = (rows["shrunk_rate"] < rows[f"{prefix}target"]).to_numpy(dtype=float)
        total = member @ rows[f"{prefix}additional_patients"].to_numpy()
        sums = member @ gains.T
        error = Z95 * sums.std(axis=1, ddof=1, dtype=float) if gains.shape[0] > 1 else np.nan
        found |= {
            f"{prefix}practices_below": (member @ below).round().astype("int64"),
            f"{prefix}additional_patients": total,
            f"{prefix}low": np.maximum(0.0, total - error),
            f"{prefix}high": total + error,
        }
    return pd.DataFrame(found)
