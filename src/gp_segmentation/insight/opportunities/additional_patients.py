"""Additional patients if practices reached the rate that a quarter of their own segment already reaches.

Per indicator, let c_i be the shrunk rate of practice i (`shrink_in_segments`), n_i its eligible patients and
t the target: the upper quartile of c over the practices of its segment with at least `min_denominator`
eligible patients. Then

    additional patients of i = f max(0, t - c_i) n_i,

and those of a segment, an integrated care board or England are the sum over its practices. The same is worked
out with one target for all, the upper quartile over England; the difference shows what comparing like with
like changes.

Intervals come from a parametric bootstrap. In each draw every practice's rate is drawn from its posterior,
and targets and sums are worked out again. A sum's interval is the mean of the draws -+ 1.96 standard
deviations. f, one number per segment and near 1, makes the segment's sum the mean of the draws (ratio
benchmarking, as in small-area estimation). A practice's own interval comes from the 95% interval of its
posterior, with the target held fixed. Intervals cover chance in what happened to a practice's patients that
year, not what a change of care could achieve. A practice at or above its target adds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.special import betaincinv

from gp_segmentation.insight.opportunities.shrunken_rates import shrink_in_segments
from gp_segmentation.insight.portraits.profiles import Z95
from gp_segmentation.schemas import empty
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.utils.progress import progress_bar

QUARTILE = 0.75
INTERVAL = (0.025, 0.975)
#: The two comparisons and the prefix of their columns.
PREFIXES = {"segment": "", "england": "england_"}
#: What is worked out for both, and its interval.
GAINS = ("additional_patients", "low", "high")


@dataclass(frozen=True)
class Opportunities:
    """Additional patients of practices and of groups of practices.

    Attributes
    ----------
    practices : indicator_code, practice_code, segment, numerator, eligible, rate, shrunk_rate, below (whether
        the shrunk rate is below the target of its segment), and for both
        comparisons (the segment, and England with the prefix ``england_``): target, additional_patients, low,
        high.
    totals : the same summed over every group of every level, with the number of practices below target.
    """

    practices: pd.DataFrame
    totals: pd.DataFrame


def find_opportunities(
    rates: pd.DataFrame,
    groups: pd.DataFrame,
    *,
    min_denominator: int = 20,
    draws: int = 60,
    seed: int = 0,
    jobs: int | None = 1,
) -> Opportunities:
    """Return the additional patients per indicator and practice, and their sums.

    Parameters
    ----------
    rates : from `achieved_rates`.
    groups : practice_code -> one column per level of sums (segment, icb, ...), no value missing.
    min_denominator : eligible patients a practice needs to count for targets.
    draws : of the bootstrap.

    Tables without rows, with all their columns, where the source has no achievement.
    """
    parts = [part for _, part in rates.groupby("indicator_code", sort=True)]
    if not parts:
        return _no_opportunities()
    seeds = np.random.SeedSequence(seed).spawn(len(parts))
    membership = _membership(groups)
    tasks = [(part, membership, min_denominator, draws, s) for part, s in zip(parts, seeds, strict=True)]
    found = progress_bar(parallel_map(_one_indicator, tasks, jobs), len(tasks), "opportunities")
    tables = zip(*found, strict=True)
    return Opportunities(*(pd.concat(parts, ignore_index=True) for parts in tables))


def _no_opportunities() -> Opportunities:
    counts = ("practices", "eligible_patients")
    found = ("practices_below", *GAINS)
    sums = {f"{p}{name}": name for p in PREFIXES.values() for name in found}
    totals = {
        **dict.fromkeys(("level", "area", "indicator_code"), pd.Series(dtype="str")),
        **dict.fromkeys(counts, pd.Series(dtype="int64")),
        "rate": pd.Series(dtype=float),
        **{c: pd.Series(dtype="int64" if name == "practices_below" else float) for c, name in sums.items()},
    }
    practices = empty("practice_opportunities").drop(columns=["peers_rate", "rank", "ranked", "standing"])
    return Opportunities(practices, pd.DataFrame(totals))


def _one_indicator(
    rates: pd.DataFrame,
    membership: _Membership,
    min_denominator: int,
    draws: int,
    seed: np.random.SeedSequence,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    shrunken = shrink_in_segments(rates)
    rows = shrunken.rows
    n, rate = rows["eligible"].to_numpy(), rows["shrunk_rate"].to_numpy()
    drawn = shrunken.draw(draws, np.random.default_rng(seed))
    lowest, highest = (betaincinv(rows["alpha"].to_numpy(), rows["beta"].to_numpy(), p) for p in INTERVAL)
    practices = rows.drop(columns=["alpha", "beta"]).reset_index(drop=True)
    drawn_gains = {}
    for comparison, prefix in PREFIXES.items():
        group = rows["segment"].to_numpy() if comparison == "segment" else np.zeros(len(rows), dtype=int)
        target = _targets(rate[None], group, n >= min_denominator)[0]
        if comparison == "segment":
            practices["below"] = rate < target  # rounded rates may be equal where these are not
        gains = np.maximum(0, _targets(drawn, group, n >= min_denominator) - drawn) * n.astype(np.float32)
        factor = _benchmark(np.maximum(0.0, target - rate) * n, gains, group)
        practices[f"{prefix}target"] = target
        for name, r in zip(GAINS, (rate, highest, lowest), strict=True):
            practices[f"{prefix}{name}"] = factor * np.maximum(0.0, target - r) * n
        drawn_gains[prefix] = gains
    member = membership.of(practices["practice_code"])
    totals = pd.concat([membership.groups, _totals(practices, member, drawn_gains)], axis=1)
    totals["indicator_code"] = rows["indicator_code"].iloc[0]
    return practices, totals[totals["practices"] > 0]


def _targets(rates: np.ndarray, group: np.ndarray, sets_target: np.ndarray) -> np.ndarray:
    """Upper quartile of each row of `rates` (draws x practices) within each group of practices.

    Where no practice of a group has enough eligible patients, all its practices count.
    """
    targets = np.empty_like(rates)
    for number in np.unique(group):
        mine = group == number
        counted = np.flatnonzero(mine & sets_target if (mine & sets_target).any() else mine)
        position = QUARTILE * (len(counted) - 1)
        below, above = int(np.floor(position)), int(np.ceil(position))
        ordered = np.partition(rates[:, counted], (below, above), axis=1)
        quartile = ordered[:, below] + (position - below) * (ordered[:, above] - ordered[:, below])
        targets[:, mine] = quartile[:, None]
    return targets


def _benchmark(gain: np.ndarray, drawn: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Each practice's factor f: the mean of its group's drawn sums, over its group's sum of `gain`."""
    factor = np.ones(len(gain))
    if not len(drawn):
        return factor
    mean = drawn.mean(axis=0, dtype=float)
    for number in np.unique(group):
        mine = group == number
        total = gain[mine].sum()
        if total > 0:
            factor[mine] = mean[mine].sum() / total
    return factor


class _Membership(NamedTuple):
    """The groups that practices are in.

    Attributes
    ----------
    groups : level and area of every group. numbers : practice_code -> its group's row there, at every level.
    """

    groups: pd.DataFrame
    numbers: pd.DataFrame

    def of(self, codes: pd.Series) -> csr_array:
        """Groups x practices `codes`: 1 where a practice is in the group, so that sums are a product."""
        number = self.numbers.loc[codes].to_numpy().T
        column = np.broadcast_to(np.arange(len(codes)), number.shape)
        one = np.ones(number.size, dtype=np.float32)
        return csr_array((one, (number.ravel(), column.ravel())), shape=(len(self.groups), len(codes)))


def _membership(groups: pd.DataFrame) -> _Membership:
    """Number the groups of all levels, level by level, in the order of their names."""
    numbers, found = {}, list[tuple[str, str]]()
    for level in groups.columns:
        number, areas = pd.factorize(groups[level], sort=True)
        numbers[level] = number + len(found)
        found += [(level, area) for area in areas]
    return _Membership(pd.DataFrame(found, columns=["level", "area"]), pd.DataFrame(numbers, groups.index))


def _totals(rows: pd.DataFrame, member: csr_array, drawn_gains: dict[str, np.ndarray]) -> pd.DataFrame:
    """Sums of one indicator over every group (`member`: groups x practices), for both comparisons."""
    eligible, reached = member @ rows["eligible"].to_numpy(), member @ rows["numerator"].to_numpy()
    totals: dict[str, np.ndarray] = {
        "practices": np.diff(member.indptr).astype("int64"),
        "eligible_patients": eligible.round().astype("int64"),
        "rate": np.divide(reached, eligible, out=np.full(len(eligible), np.nan), where=eligible > 0),
    }
    for prefix, gains in drawn_gains.items():
        below = (rows["shrunk_rate"] < rows[f"{prefix}target"]).to_numpy(dtype=float)
        total = member @ rows[f"{prefix}additional_patients"].to_numpy()
        error = Z95 * (member @ gains.T).std(axis=1, ddof=1, dtype=float) if len(gains) > 1 else np.nan
        totals |= {
            f"{prefix}practices_below": (member @ below).round().astype("int64"),
            f"{prefix}additional_patients": total,
            f"{prefix}low": np.maximum(0.0, total - error),
            f"{prefix}high": total + error,
        }
    return pd.DataFrame(totals)
