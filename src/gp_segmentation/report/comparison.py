"""The page on which finished runs stand beside each other: settings, scores, agreement, segments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation.report.formatting import score_text, setting_text
from gp_segmentation.report.page import write_template
from gp_segmentation.schemas import HEADLINES
from gp_segmentation.utils.labels import clusterer_in_words, titled
from gp_segmentation.utils.rounding import score_reached, whole_percent

#: Headline -> heading of its column, and what it says.
HEADINGS = {
    "n_clusters": ("Segments", "how many segments the study chose"),
    "silhouette": ("Silhouette", "how separate the segments are; 1 is the most"),
    "davies_bouldin": ("Davies-Bouldin", "spread within segments against distance between them; low is good"),
    "excess_silhouette": ("Above random", "silhouette above that of random data with the same correlations"),
    "jaccard_min": (
        "Stability",
        "overlap of the least stable segment with itself when practices are redrawn",
    ),
    "prediction_strength": ("Prediction", "how well one half of the practices predicts the other"),
    "sure_share": (
        "Sure",
        "share of practices whose segment neither redrawing nor another method disputes",
    ),
    "eta2_unused_segments": ("Unused", "variance of measures not used that the segments explain"),
}
#: So many runs are compared with the first one segment by segment; the tables hold all.
SHOWN = 12


@dataclass(frozen=True)
class ComparedRun:
    """One finished run.

    Attributes
    ----------
    name : in tables and headings. where : its folder, or its id in MLflow.
    settings : what of its configuration is not the same in every run.
    choice : ``clusterer``, ``linkage``, ``supported``. verdict : of its evidence; "" if not assessed.
    metrics : every figure. segments : number -> code and name. source : the contents of source.json.
    """

    name: str
    where: str
    settings: Mapping[str, Any]
    choice: Mapping[str, Any]
    verdict: str
    metrics: Mapping[str, Any]
    segments: Mapping[int, str]
    source: Mapping[str, Any]


def write_comparison(
    path: Path,
    runs: Sequence[ComparedRun],
    agreement: pd.DataFrame,
    contingency: pd.DataFrame,
    matching: pd.Series,
    *,
    title: str,
    about: Sequence[str],
) -> None:
    """Write the page: one HTML file that needs no network.

    Parameters
    ----------
    agreement : adjusted Rand index of every two runs.
    contingency : run, segment of the first run, other, practices, matched.
    matching : by run, share of practices in matched segments.
    about : paragraphs at the top.
    """
    first = runs[0]
    others = [
        {
            "name": run.name,
            "set": ", ".join(
                f"{key} {setting_text(v)}" for key, v in run.settings.items() if v != first.settings[key]
            ),
            "matching": whole_percent(matching[run.name]),
            "table": _crossed(first, run, contingency[contingency["run"] == run.name]),
        }
        for run in runs[1 : SHOWN + 1]
    ]
    write_template(
        path,
        "comparison.html.j2",
        title=title,
        about=about,
        **around([run.source for run in runs]),
        settings=list(first.settings),
        headings=HEADINGS,
        runs=[_row(run) for run in runs],
        agreement=_shaded(agreement) if len(runs) > 1 else [],
        first=first.name,
        others=others,
        left_out=max(0, len(runs) - 1 - SHOWN),
    )


def around(sources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What stands around every page, of several sources."""
    joined = {
        key: "; ".join(dict.fromkeys(str(source[key]) for source in sources))
        for key in ("label", "attribution", "licence")
    }
    warnings = dict.fromkeys(str(source["warning"]) for source in sources if source.get("warning"))
    return {
        "source": {
            **joined,
            "unchecked": [name for source in sources for name in source.get("unchecked", [])],
        },
        "synthetic": any(source["synthetic"] for source in sources),
        "warning": " ".join(warnings),
    }


def _row(run: ComparedRun) -> dict[str, Any]:
    return {
        "name": run.name,
        "where": run.where,
        "settings": [setting_text(value) for value in run.settings.values()],
        "method": titled(clusterer_in_words(run.choice)),
        "verdict": _verdict(run),
        "scores": [score_text(name, run.metrics.get(name)) for name in HEADLINES],
    }


def _verdict(run: ComparedRun) -> str:
    """The verdict, and whether the data support a number of segments."""
    verdict = run.verdict or "not assessed"
    return f"{verdict}, no number supported" if run.choice.get("supported") is False else verdict


def _shaded(agreement: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of the table of agreement: text, and how dark the cell is (0 to 1)."""
    return [
        {
            "name": name,
            "cells": [
                {
                    "text": "–" if name == other else score_reached(value),
                    "shade": _shade(value),
                    "matched": False,
                }
                for other, value in row.items()
            ],
        }
        for name, row in agreement.iterrows()
    ]


def _crossed(first: ComparedRun, run: ComparedRun, pairs: pd.DataFrame) -> dict[str, Any]:
    """Practices by segment of the first run (rows) and of this run, matched segments on the diagonal."""
    counts = pairs.pivot_table("practices", "segment", "other", aggfunc="sum", fill_value=0)
    partner = pairs[pairs["matched"]].set_index("other")["segment"]
    last = max(first.segments) + 1  # what is matched with none
    order = sorted(map(int, counts.columns), key=lambda other: (partner.get(other, last), other))
    rows = [
        {
            "name": first.segments[int(segment)],
            "cells": [
                {
                    "text": f"{counts.loc[segment, other]:,}",
                    "shade": counts.loc[segment, other] / max(1, counts.loc[segment].sum()),
                    "matched": partner.get(other) == segment,
                }
                for other in order
            ],
        }
        for segment in counts.index
    ]
    return {"columns": [run.segments[other] for other in order], "rows": rows}


def _shade(value: float) -> float:
    return 0.0 if value != value else min(max(value, 0.0), 1.0)
