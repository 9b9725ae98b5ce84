"""Which practices are sure: how each fares in resamples and under another method."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from gp_segmentation.utils.arrays import Ints


def practice_table(
    index: pd.Index,
    labels: ArrayLike,
    other: ArrayLike,
    votes: Ints,
    *,
    min_stay_share: float,
) -> pd.DataFrame:
    """How sure each fitted practice's segment is.

    Parameters
    ----------
    index : practice codes; labels : (n,) segments.
    other : (n,) segments of another method, renamed after these (`agreement.matched`).
    votes : (n, k) from `resample`: how often a practice, when drawn, came to lie in each segment.
    min_stay_share : a practice that stays in its segment in a smaller share of resamples is disputed.

    Returns
    -------
    frame indexed like `index`: ``segment``; ``stays``, share of the resamples it was drawn in in which it
    came to lie in its own segment (NaN if never drawn); ``resample_segment``, the segment it came to lie in
    most often (ties: the own one, then the first), NA if never drawn; ``other_method_segment``;
    ``disputed_by``: "", "resamples", "method" or "resamples, method".
    """
    segments = np.asarray(labels, dtype=np.int64)
    names = np.unique(segments)
    own = np.searchsorted(names, segments)
    drawn = votes.sum(axis=1)
    rows = np.arange(len(segments))
    stays = np.divide(votes[rows, own], drawn, out=np.full(len(segments), np.nan), where=drawn > 0)
    favoured = votes * 2  # doubled, so that one more vote decides a tie and nothing else
    favoured[rows, own] += 1
    frame = pd.DataFrame({"segment": segments, "stays": stays}, index=index)
    most = pd.array(names[favoured.argmax(axis=1)], dtype="Int64")
    frame["resample_segment"] = pd.Series(most, index=index).where(drawn > 0)
    frame["other_method_segment"] = np.asarray(other, dtype=np.int64)
    by_resamples = frame["stays"] < min_stay_share
    by_method = frame["other_method_segment"] != frame["segment"]
    frame["disputed_by"] = np.select(
        [by_resamples & by_method, by_resamples, by_method], ["resamples, method", "resamples", "method"], ""
    )
    return frame


def counted(practices: pd.DataFrame) -> Mapping[str, int]:
    """Practices by what disputes them, and ``sure``: disputed by neither."""
    counts = practices["disputed_by"].value_counts()
    named = {"": "sure", "resamples": "resamples", "method": "method", "resamples, method": "both"}
    return {name: int(counts.get(key, 0)) for key, name in named.items()}
