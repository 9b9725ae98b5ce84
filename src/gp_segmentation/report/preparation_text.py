"""What the page says of the ways the matrix was prepared in, where the study had several to try."""

from typing import Any

import pandas as pd

from gp_segmentation.report import formatting
from gp_segmentation.schemas import Results


def preparation_rows(results: Results) -> list[dict[str, Any]]:
    """Return a row for each preparation; none where there is one only.

    Keys: name, chosen, choice (what the rule chose with it), excess, agreement, ari, ari_alike.
    """
    return [_row(row) for row in results.preparations.to_dict("records")]


def preparation_sentences(results: Results) -> list[str]:
    """Return how far the segments depend on the preparation, in a sentence; none where there is one only."""
    table = results.preparations
    if len(table) < 2:
        return []
    others = table[~table["chosen"].astype(bool)]["ari"]
    known = others.dropna()
    if known.empty:
        return []
    low, high = f"{known.min():.2f}", f"{known.max():.2f}"
    text = (
        f"Prepared in {len(table)} ways, the figures give segments that agree with those shown to an "
        f"adjusted Rand index of {low if low == high else f'{low} to {high}'} (1: the same segments)"
    )
    none = len(others) - len(known)
    if none:
        text += f", and none at all with {none} of them"
    return [f"{text}: so much depends on imputing, scaling, weights and components."]


def _row(row: dict[Any, Any]) -> dict[str, Any]:
    known = not pd.isna(row["n_clusters"])
    return {
        "name": str(row["preparation"]),
        "chosen": bool(row["chosen"]),
        "choice": f"{formatting.clusterer(row)}, {int(row['n_clusters'])} segments"
        if known
        else "none met the floor",
        **{
            short: "" if pd.isna(row[key]) else f"{float(row[key]):.{digits}f}"
            for short, key, digits in (
                ("excess", "excess_silhouette", 3),
                ("agreement", "agreement", 2),
                ("ari", "ari", 2),
                ("ari_alike", "ari_alike", 2),
            )
        },
    }
