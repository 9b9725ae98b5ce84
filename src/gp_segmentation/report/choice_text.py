"""How the number of segments was chosen, as the page shows it."""

from typing import Any

import pandas as pd

from gp_segmentation.report.formatting import score_text
from gp_segmentation.schemas import Results, by_chosen_method, of_preparation
from gp_segmentation.utils.labels import CRITERIA, clusterer_in_words, in_words, titled
from gp_segmentation.utils.rounding import percent_reached, score_reached, whole_percent

#: The three questions of the finest rule: verdict, figure, limit in the rule, heading.
QUESTIONS = (
    ("beats_random", "exceedance", "min_exceedance", "More separate than random data, all numbers together"),
    ("returns", "jaccard_min", "min_jaccard", "Segments return when practices are redrawn"),
    ("predicts", "prediction_strength", "min_prediction_strength", "One half predicts the other"),
)
NOT_ASKED = "not asked"


def choice_text(results: Results) -> dict[str, Any]:
    """Return the choice as texts.

    Keys: clusterer, n_clusters, reason, fixed (the configuration left nothing to choose), supported (None
    where it was not asked), by_criterion (none where fixed), questions (headings of the candidates' table),
    measured_again (where the evidence has another overlap than the study),
    candidates (of the chosen method), others (of other methods).
    """
    choice = results.choice
    fixed = len(results.trials) == 1 and len(choice.get("by_preparation") or []) < 2
    own, others = _candidates(results)
    singles = {} if fixed else choice.get("by_criterion") or {}
    return {
        "clusterer": titled(clusterer_in_words(choice)),
        "n_clusters": int(choice["n_clusters"]),
        "reason": str(choice.get("reason", "")),
        "fixed": fixed,
        "supported": choice.get("supported"),
        "by_criterion": [
            (titled(in_words(key, CRITERIA)), _preference(key, value))
            for key, value in sorted(singles.items())
        ],
        "questions": _questions(results),
        "measured_again": _measured_again(results),
        "candidates": own,
        "others": others,
    }


def _preference(criterion: str, value: Any) -> str:
    """A criterion's preference: a number of segments, or the trial it would have chosen."""
    if isinstance(value, dict):
        score = f" ({score_text(criterion, value['value'])})" if value.get("value") is not None else ""
        return f"{titled(clusterer_in_words(value))}, {value['n_clusters']} segments{score}"
    return "none" if value is None else str(value)


def _measured_again(results: Results) -> str:
    """A sentence where the evidence redrew practices more often than the study, and found another overlap."""
    found = (results.evidence.get("figures") or {}).get("jaccard_min")
    rows = results.candidates
    asked = rows.loc[rows["chosen"].astype(str) == "True", "jaccard_min"] if len(rows) else pd.Series()
    overlaps = [percent_reached(value) for value in (*asked.head(1), found)]
    if len(overlaps) < 2 or found is None or overlaps[0] == overlaps[1]:
        return ""
    return (
        f"The study redrew practices as often as its choice needs, and found a lowest overlap of "
        f"{overlaps[0]}. The evidence went on with further samples: {overlaps[1]}, which stands everywhere "
        "else."
    )


def _questions(results: Results) -> list[str]:
    """The headings, with what is asked for."""
    rule = (results.config.get("study") or {}).get("rule") or {}
    return [
        f"{heading} ({whole_percent(float(rule[limit]))} is asked for)" if limit in rule else heading
        for *_, limit, heading in QUESTIONS
    ]


def _candidates(results: Results) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """What the rule asked, with the chosen preparation: of the chosen method, and of others."""
    table, choice = results.candidates, results.choice
    if table.empty:
        return [], []
    table = of_preparation(table, choice.get("preparation"))
    own = by_chosen_method(table, choice)
    mine, others = (
        [_candidate(row) for row in rows.to_dict("records")] for rows in (table[own], table[~own])
    )
    return mine, others


def _candidate(row: dict[Any, Any]) -> dict[str, str]:
    excess = row["excess_silhouette"]
    return {
        "segments": f"{int(row['n_clusters'])}{' (chosen)' if row['chosen'] else ''}",
        "method": titled(clusterer_in_words(row)),
        "smallest": f"{int(row['smallest_segment']):,}",
        "excess": "" if pd.isna(excess) else score_reached(excess),
        **{verdict: _answer(row[verdict], row[figure]) for verdict, figure, *_ in QUESTIONS},
    }


def _answer(verdict: Any, figure: float) -> str:
    if figure != figure:
        return NOT_ASKED
    # Read back from a file with gaps, a verdict is True, "True" or 1.0.
    return f"{'yes' if str(verdict) in ('True', '1.0') else 'no'}, {percent_reached(figure)}"
