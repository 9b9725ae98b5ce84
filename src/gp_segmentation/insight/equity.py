"""Peers and rules seen by deprivation quintile: do they serve the most and the least deprived alike?

Profiles, opportunities and outliers by quintile stand beside theirs by segment (`reading`); here are the two
that have no such counterpart. Quintiles are of practices (`groups.deprivation_quintiles`). Shares of peers
are set against those of peers drawn at random from all practices that can be one: with g the number of these
in a practice's own group and m their number, without the practice itself, a random peer is of its group with
probability g / m.
"""

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from scipy.stats import binomtest

from gp_segmentation.insight.groups import ENGLAND, QUINTILES, UNKNOWN
from gp_segmentation.insight.peers.nearest import CHUNK, can_be_peer
from gp_segmentation.insight.rules import Rules


def peers_by_quintile(
    peers: pd.DataFrame,
    matrix: pd.DataFrame,
    segments: pd.DataFrame,
    practices: pd.DataFrame,
    quintiles: pd.Series,
    *,
    closed: Collection[str] = (),
) -> pd.DataFrame:
    """Return what the peers of each quintile's practices are, against peers drawn at random.

    Answers "do practices in deprived areas find peers as near as others do, and are these peers in
    areas like theirs?". Every figure is the mean over practices of the mean over their peers.

    Parameters
    ----------
    peers : from `peers.peers`, whose `matrix`, `segments`, `practices` and `closed` these are.
    quintiles : practice_code -> deprivation quintile. A practice without one counts in its own row and in
        England's, though not for ``same_quintile``, nor do its peers without one.

    Returns
    -------
    Schema ``peers_by_quintile``. same_quintile, same_segment, same_icb: shares of peers in the practice's own
    group; random_: the same of random ones; distance: mean Euclidean distance; inclusion: see `peers`.
    """
    codes = matrix.index
    quintile = quintiles.reindex(codes)
    groups = pd.DataFrame(
        {
            "same_quintile": quintile.where(quintile != UNKNOWN),
            "same_segment": segments.set_index("practice_code")["segment"].reindex(codes).astype(str),
            "same_icb": practices.set_index("practice_code")["icb_code"].reindex(codes),
        },
        index=codes,
    )
    candidate = can_be_peer(segments, codes, closed)
    own, other = (groups.loc[peers[c]].reset_index(drop=True) for c in ("practice_code", "peer_code"))
    same = (own == other).astype(float).where(own.notna() & other.notna())
    same[["distance", "inclusion"]] = peers[["distance", "inclusion"]].reset_index(drop=True)
    figures = same.groupby(peers["practice_code"].to_numpy()).mean().reindex(codes)
    for name in groups.columns:
        figures[f"random_{name}"] = _at_random(groups[name], candidate)
    figures["random_distance"] = _mean_distance(matrix.to_numpy(dtype=float), candidate)
    return _by_quintile(figures, quintile, practices)


def _at_random(group: pd.Series, candidate: np.ndarray) -> pd.Series:
    """Chance that a random candidate other than the practice is of its group; NaN where it has none."""
    known = candidate & group.notna().to_numpy()
    of_group = group.map(group[known].value_counts()).fillna(0.0).astype(float)
    mine = known.astype(float)  # a practice is no peer of itself
    others = known.sum() - mine
    return ((of_group - mine) / np.where(others > 0, others, np.nan)).where(group.notna())


def _mean_distance(x: np.ndarray, candidate: np.ndarray) -> np.ndarray:
    """Mean distance of every row to the candidates other than itself."""
    total = np.concatenate(
        [cdist(x[start : start + CHUNK], x[candidate]).sum(axis=1) for start in range(0, len(x), CHUNK)]
    )
    others = candidate.sum() - candidate.astype(float)
    return total / np.where(others > 0, others, np.nan)


def _by_quintile(figures: pd.DataFrame, quintile: pd.Series, practices: pd.DataFrame) -> pd.DataFrame:
    """Means of `figures` with practices and patients, a row per quintile and England in the last."""
    rows = [told | figures[mine].mean().to_dict() for told, mine in _groups(quintile, practices)]
    shares = [f"{prefix}{name}" for name in ("same_quintile", "same_segment", "same_icb", "distance")
              for prefix in ("", "random_")]  # fmt: skip
    columns = ["deprivation_quintile", "practices", "patients", *shares, "inclusion"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(shares, float))


def _groups(quintile: pd.Series, practices: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.Series]]:
    """Each quintile that has practices, England last: its name and size, and which rows are its."""
    patients = practices.set_index("practice_code")["list_size"].reindex(quintile.index)
    order = [name for name in (*QUINTILES, UNKNOWN) if (quintile == name).any()]
    for name in (*order, ENGLAND):
        mine = (quintile == name) | (name == ENGLAND)
        sums = {"practices": int(mine.sum()), "patients": int(patients[mine].sum())}
        yield {"deprivation_quintile": name, **sums}, mine


def rules_by_quintile(
    rules: Rules, segments: pd.DataFrame, practices: pd.DataFrame, quintiles: pd.Series
) -> pd.DataFrame:
    """Return how often the surrogate rules give fitted practices of each quintile their segment.

    Answers "do the rules tell segments as well in deprived areas?". The fidelity is cross-validated, its
    95% interval Wilson's. largest_segment is the share right when all are said to be in the largest segment
    of England's fitted practices.

    Parameters
    ----------
    rules : from `rules.rules` on these `segments`.

    Returns
    -------
    Schema ``rules_by_quintile``; figures are over the fitted practices, practices and patients over all.
    """
    codes = pd.Index(segments["practice_code"], name="practice_code")
    about = segments.set_index("practice_code")
    quintile = quintiles.reindex(codes)
    fitted = about["fitted"].to_numpy(dtype=bool)
    right = about["segment"] == rules.predicted.reindex(codes)
    largest = about["segment"] == about.loc[fitted, "segment"].mode().iloc[0]
    rows = []
    for told, mine in _groups(quintile, practices):
        counted = mine & fitted
        hits, n = int(right[counted].sum()), int(counted.sum())
        low, high = binomtest(hits, n).proportion_ci(method="wilson") if n else (np.nan, np.nan)
        share = (hits / n, low, high, largest[counted].mean()) if n else (np.nan,) * 4
        shares = zip(("fidelity", "low", "high", "largest_segment"), share, strict=True)
        rows.append({**told, "fitted": n, **dict(shares)})
    return pd.DataFrame(rows)
