"""A Gaussian mixture beside the segments: a model of the practices that says itself how sure it is of each.

Each of k components is an ellipsoid of its own size and direction (full covariance), and a practice belongs
to each with a probability. The mixture knows nothing of counts, so it is as sure of small lists as of large
ones.
"""

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.wording import CERTAIN
from gp_segmentation.validity import fit_mixture, match_labels


def mixture_membership(values: Floats, labels: Ints) -> pd.DataFrame:
    """Fit a mixture that starts from the segments; return each practice's likeliest component.

    Parameters
    ----------
    values : (n, d) fitted rows. labels : (n,) their segments.

    Returns
    -------
    frame (n rows): ``mixture_segment``, components numbered to match the segments; ``mixture_probability``,
        that the practice belongs to it. Both missing where a segment has a single practice.
    """
    # Sums of linear algebra may change with the number of threads; one thread keeps every byte.
    with threadpool_limits(1):
        model = fit_mixture(values, labels)
        shares = None if model is None else model.predict_proba(values)
    if shares is None:
        return pd.DataFrame(
            {"mixture_segment": pd.array([pd.NA] * len(values), "Int64"), "mixture_probability": np.nan}
        )
    found = match_labels(labels, shares.argmax(axis=1))
    return pd.DataFrame(
        {"mixture_segment": pd.array(found, "Int64"), "mixture_probability": shares.max(axis=1)}
    )


def describe_mixture(practices: pd.DataFrame) -> dict[str, float | None]:
    """Return how the mixture compares with the segments of the table of `practice_table`.

    Keys: same, the share of practices whose likeliest component is their segment; probability, the mean of
    the likeliest component's; surest, the share of practices of which it is as sure as `CERTAIN`.
    """
    known = practices.dropna(subset=["mixture_segment"])
    if known.empty:
        return {"same": None, "probability": None, "surest": None}
    return {
        "same": float((known["mixture_segment"] == known["segment"]).mean()),
        "probability": float(known["mixture_probability"].mean()),
        "surest": float((known["mixture_probability"] >= CERTAIN).mean()),
    }
