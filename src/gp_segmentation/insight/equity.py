"""Peers and rules by deprivation quintile: do they serve the most and the least deprived areas alike?

Profiles, opportunities and outliers by quintile are made with those by segment (`build`). Quintiles are of
practices (`groups.deprivation_quintiles`). The share of peers in a practice's own group is compared with a
peer drawn at random. With m practices that can be a peer, g of them in the practice's own group (the
practice itself counts in neither), a random peer is in its group with probability g / m.
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
    """Compare the peers of each quintile's practices with peers drawn at random.

    Answers "do practices in deprived areas find peers as near as others do, and are these peers in
    areas like theirs?". Every figure is the mean over practices of the mean over their peers.

    Parameters
    ----------
    peers : from `nearest_peers`, made with these `matrix`, `segments`, `practices` and `closed`.
    quintiles : practice_code -> deprivation quintile. Practices and peers without one do not count in
        ``same_quintile``.

    Returns
    -------
    Schema ``peers_by_quintile``. same_quintile, same_segment, same_icb: share of peers in the practice's own
    group; distance: mean Euclidean distance; random_: the same for random peers; inclusion: see
    `nearest_peers`.
    """
    codes = matrix.index
    quintile = quintiles.reindex(codes)
    segment = segments.set_index("practice_code")["segment"].reindex(codes)
    groups = pd.DataFrame(
        {
            "same_quintile": quintile.where(quintile != UNKNOWN),
            "same_segment": segment.astype(str).where(segment > 0),  # -1: in none
            "same_icb": practices.set_index("practice_code")["icb_code"].reindex(codes),
        },
        index=codes,
    )
    candidates = can_be_peer(segments, codes, closed)
    own, other = (groups.loc[peers[c]].reset_index(drop=True) for c in ("practice_code", "peer_code"))
    pairs = (own == other).astype(float).where(own.notna() & other.notna())
    pairs[["distance", "inclusion"]] = peers[["distance", "inclusion"]].reset_index(drop=True)
    by_practice = pairs.groupby(peers["practice_code"].to_numpy()).mean().reindex(codes)
    for name in groups.columns:
        by_practice[f"random_{name}"] = _chance_of_same_group(groups[name], candidates)
    by_practice["random_distance"] = _mean_distance(matrix.to_numpy(dtype=float), candidates)
    shares = [f"{prefix}{name}" for name in (*groups.columns, "distance") for prefix in ("", "random_")]
    rows = [sizes | by_practice[mine].mean().to_dict() for sizes, mine in _quintiles(quintile, practices)]
    columns = ["deprivation_quintile", "practices", "patients", *shares, "inclusion"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(shares, float))


def _chance_of_same_group(group: pd.Series, candidates: np.ndarray) -> pd.Series:
    """Chance that a random candidate other than the practice is in its group; NaN without a group."""
    known = candidates & group.notna().to_numpy()
    in_group = group.map(group[known].value_counts()).fillna(0.0).astype(float)
    itself = known.astype(float)
    others = known.sum() - itself
    return ((in_group - itself) / np.where(others > 0, others, np.nan)).where(group.notna())


def _mean_distance(x: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Mean distance of every row to the candidates other than itself."""
    total = np.concatenate(
        [cdist(x[start : start + CHUNK], x[candidates]).sum(axis=1) for start in range(0, len(x), CHUNK)]
    )
    others = candidates.sum() - candidates.astype(float)
    return total / np.where(others > 0, others, np.nan)


def _quintiles(quintile: pd.Series, practices: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.Series]]:
    """Name, size and rows of each quintile that has practices, England last."""
    patients = practices.set_index("practice_code")["list_size"].reindex(quintile.index)
    for name in (*QUINTILES, UNKNOWN, ENGLAND):
        mine = (quintile == name) | (name == ENGLAND)
        if mine.any():
            sizes = {"practices": int(mine.sum()), "patients": int(patients[mine].sum())}
            yield {"deprivation_quintile": name, **sizes}, mine


def rules_by_quintile(
    rules: Rules, segments: pd.DataFrame, practices: pd.DataFrame, quintiles: pd.Series
) -> pd.DataFrame:
    """Return how often the surrogate rules give fitted practices of each quintile their segment.

    Answers "do the rules work as well in deprived areas?". The fidelity is cross-validated, with Wilson's 95%
    interval. largest_segment is the share that is right when every practice is put into the largest segment
    of England's fitted practices.

    Parameters
    ----------
    rules : from `surrogate_rules` on these `segments`.

    Returns
    -------
    Schema ``rules_by_quintile``; practices and patients are of all practices, the rest of fitted ones.
    """
    codes = pd.Index(segments["practice_code"], name="practice_code")
    by_code = segments.set_index("practice_code")
    fitted = by_code["fitted"].to_numpy(dtype=bool)
    right = by_code["segment"] == rules.predicted.reindex(codes)
    largest = by_code["segment"] == by_code.loc[fitted, "segment"].mode().iloc[0]
    rows = []
    for sizes, mine in _quintiles(quintiles.reindex(codes), practices):
        counted = mine & fitted
        hits, n = int(right[counted].sum()), int(counted.sum())
        low, high = binomtest(hits, n).proportion_ci(method="wilson") if n else (np.nan, np.nan)
        shares = {"fidelity": hits / n if n else np.nan, "low": low, "high": high}
        rows.append({**sizes, "fitted": n, **shares, "largest_segment": largest[counted].mean()})
    return pd.DataFrame(rows)
