"""How certain each practice's segment is: in resamples, and under another method."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from gp_segmentation.utils.arrays import Ints


def practice_table(
    index: pd.Index, labels: ArrayLike, other: ArrayLike, votes: Ints, *, min_stay_share: float
) -> pd.DataFrame:
    """Measure how certain the segment of each fitted practice is.

    Parameters
    ----------
    index : practice codes; labels : (n,) segments.
    other : (n,) segments by another method, numbered to match `labels` (see `validity.matched`).
    votes : (n, k) from `resample`: how often a practice, when drawn, fell into each segment. From the study's
        samples alone ``stays`` is ``certainty`` in segments.csv; there may be more (see `measure_stability`).
    min_stay_share : a practice that stays in its segment in a smaller share of resamples is disputed.

    Returns
    -------
    frame indexed like `index`: ``segment``; ``stays``, the share of resamples with this practice in which it
    fell into its own segment (NaN if never drawn); ``resample_segment``, the segment it fell into most often
    (ties: its own, then the first), NA if never drawn; ``other_method_segment``; ``disputed_by``: "",
    "resamples", "method" or "resamples, method".
    """
    segments = np.asarray(labels, dtype=np.int64)
    names, own = np.unique(segments, return_inverse=True)
    draws = votes.sum(axis=1)
    rows = np.arange(len(segments))
    stays = np.divide(votes[rows, own], draws, out=np.full(len(segments), np.nan), where=draws > 0)
    tie_broken = votes * 2  # doubled, so that one extra vote for the own segment decides ties only
    tie_broken[rows, own] += 1
    frame = pd.DataFrame({"segment": segments, "stays": stays}, index=index)
    most_frequent = pd.array(names[tie_broken.argmax(axis=1)], dtype="Int64")
    frame["resample_segment"] = pd.Series(most_frequent, index=index).where(draws > 0)
    frame["other_method_segment"] = np.asarray(other, dtype=np.int64)
    by_resamples = frame["stays"] < min_stay_share
    by_method = frame["other_method_segment"] != frame["segment"]
    frame["disputed_by"] = np.select(
        [by_resamples & by_method, by_resamples, by_method], ["resamples, method", "resamples", "method"], ""
    )
    return frame


def count_disputed(practices: pd.DataFrame) -> dict[str, int]:
    """Count practices by what disputes them; ``sure`` are those that nothing disputes."""
    counts = practices["disputed_by"].value_counts()
    names = {"": "sure", "resamples": "resamples", "method": "method", "resamples, method": "both"}
    return {name: int(counts.get(value, 0)) for value, name in names.items()}
