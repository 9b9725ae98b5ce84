"""The ways to prepare the matrix, where the study tried several."""

from typing import Any

import pandas as pd

from gp_segmentation.schemas import Results
from gp_segmentation.utils.labels import clusterer_in_words, preparation_in_words, titled
from gp_segmentation.utils.rounding import score_reached

#: In place of a choice, where every trial had a segment below the smallest size allowed.
NO_CHOICE = "none: segments too small"


def preparation_rows(results: Results) -> list[dict[str, str]]:
    """Return a row of texts for each preparation; none if there is only one.

    Keys: name, choice (of the rule with this preparation), excess_silhouette, agreement, ari, ari_alike.
    """
    return [_row(row) for row in results.preparations.to_dict("records")]


def _row(row: dict[Any, Any]) -> dict[str, str]:
    scores = ("excess_silhouette", "agreement", "ari", "ari_alike")
    known = not pd.isna(row["n_clusters"])
    return {
        "name": f"{titled(preparation_in_words(row['preparation']))}{' (chosen)' if row['chosen'] else ''}",
        "choice": f"{titled(clusterer_in_words(row))}, {int(row['n_clusters'])} segments"
        if known
        else NO_CHOICE,
        **{name: "" if pd.isna(row[name]) else score_reached(row[name]) for name in scores},
    }


def preparation_sentences(results: Results) -> list[str]:
    """Return how far the segments depend on the preparation, in words; nothing if there is only one."""
    table = results.preparations
    if len(table) < 2:
        return []
    others = table[~table["chosen"].astype(bool)]["ari"]
    known = others.dropna()
    if known.empty:
        return []
    low, high = score_reached(known.min()), score_reached(known.max())
    text = (
        f"The study prepared the data in {len(table)} ways, which differ in imputation, scaling, weights and "
        "components. The other preparations give segments that agree with those shown with an adjusted Rand "
        f"index of {low if low == high else f'{low} to {high}'} (1: the same segments)."
    )
    missing = len(others) - len(known)
    return [f"{text} {missing} of them gave no segments." if missing else text]
