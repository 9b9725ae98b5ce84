"""The ways to prepare the matrix, where the study tried several."""

from typing import Any

import pandas as pd

from gp_segmentation.report.formatting import clusterer_name
from gp_segmentation.schemas import Results

#: In place of a choice, where every trial had a segment below the smallest size allowed.
NO_CHOICE = "none: segments too small"


def preparation_rows(results: Results) -> list[dict[str, str]]:
    """Return a row of texts for each preparation; none if there is only one.

    Keys: name, choice (of the rule with this preparation), excess_silhouette, agreement, ari, ari_alike.
    """
    return [_row(row) for row in results.preparations.to_dict("records")]


def _row(row: dict[Any, Any]) -> dict[str, str]:
    decimals = {"excess_silhouette": 3, "agreement": 2, "ari": 2, "ari_alike": 2}
    known = not pd.isna(row["n_clusters"])
    return {
        "name": f"{row['preparation']}{' (chosen)' if row['chosen'] else ''}",
        "choice": f"{clusterer_name(row)}, {int(row['n_clusters'])} segments" if known else NO_CHOICE,
        **{name: "" if pd.isna(row[name]) else f"{row[name]:.{n}f}" for name, n in decimals.items()},
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
    low, high = f"{known.min():.2f}", f"{known.max():.2f}"
    text = (
        f"The study prepared the data in {len(table)} ways, which differ in imputation, scaling, weights and "
        "components. The other preparations give segments that agree with those shown with an adjusted Rand "
        f"index of {low if low == high else f'{low} to {high}'} (1: the same segments)."
    )
    missing = len(others) - len(known)
    return [f"{text} {missing} of them gave no segments." if missing else text]
