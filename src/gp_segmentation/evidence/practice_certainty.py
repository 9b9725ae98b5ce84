"""How certain each practice's segment is: when it is drawn again, under another method, and in a mixture."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def practice_table(
    index: pd.Index,
    labels: ArrayLike,
    other: ArrayLike,
    mixture: pd.DataFrame,
    membership: pd.DataFrame | None = None,
    *,
    min_stay_share: float,
) -> pd.DataFrame:
    """Measure how certain the segment of each fitted practice is.

    Parameters
    ----------
    index : practice codes; labels : (n,) segments.
    other : (n,) segments by another method, numbered to match `labels` (see `validity.matched`).
    mixture : from `mixture_membership`, rows as in `index`.
    membership : practice_code by segment (numbers), the probability that the practice belongs there; None:
        not measured.
    min_stay_share : a practice with a lower probability of its own segment is disputed.

    Returns
    -------
    frame indexed like `index`: ``segment``; ``stays``, the probability of its own segment (``certainty`` in
        segments.csv; NaN if not measured); ``likeliest_segment`` (ties: its own, then the first), NA if not
        measured; ``other_method_segment``; ``mixture_segment``, ``mixture_probability``; ``disputed_by``: "",
        "draws", "method" or "draws, method".
    """
    segments = np.asarray(labels, dtype=np.int64)
    names, own = np.unique(segments, return_inverse=True)
    if membership is None:
        membership = pd.DataFrame(np.nan, index, names)
    shares = membership.reindex(index=index, columns=names).to_numpy(dtype=float, copy=True)
    known = np.isfinite(shares).any(axis=1)
    shares = np.nan_to_num(shares)
    rows = np.arange(len(segments))
    stays = np.where(known, shares[rows, own], np.nan)
    shares[rows, own] += 1e-9  # a tie goes to its own segment
    frame = pd.DataFrame({"segment": segments, "stays": stays}, index=index)
    likeliest = pd.array(names[shares.argmax(axis=1)], dtype="Int64")
    frame["likeliest_segment"] = pd.Series(likeliest, index=index).where(known)
    frame["other_method_segment"] = np.asarray(other, dtype=np.int64)
    frame = frame.join(mixture.set_axis(index, axis=0))
    by_draws = frame["stays"] < min_stay_share
    by_method = frame["other_method_segment"] != frame["segment"]
    frame["disputed_by"] = np.select(
        [by_draws & by_method, by_draws, by_method], ["draws, method", "draws", "method"], ""
    )
    return frame


def count_disputed(practices: pd.DataFrame) -> dict[str, int]:
    """Count practices by what disputes them; ``sure`` are those that nothing disputes."""
    counts = practices["disputed_by"].value_counts()
    names = {"": "sure", "draws": "draws", "method": "method", "draws, method": "both"}
    return {name: int(counts.get(value, 0)) for value, name in names.items()}
