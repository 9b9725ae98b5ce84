"""What a panel of several years adds to the evidence."""

from collections.abc import Mapping, Sequence
from typing import Any

from gp_segmentation.utils.rounding import percent_reached, score, score_reached, whole_percent

METRICS = {
    "ari_own_fits": "own_fits",
    "ari_frozen": "frozen",
    "ari_pooled_fit": "pooled_fit",
    "share_moved": "share_moved",
}


def with_years(told: Mapping[str, Any], panel: Mapping[str, Any], codes: Mapping[int, str]) -> dict[str, Any]:
    """Return the contents of evidence.json with those of panel.json that bear on it.

    They do not decide the verdict: most runs have one year, and theirs must mean the same. ``years`` has
    ``reasons``, a sentence for each finding; ``steps``: for each two years, the adjusted Rand index of own
    fits, of the frozen segments and of the fit of all years, and the share of practices that moved beyond
    drift; and ``returns``: the highest Jaccard coefficient of each segment in each year's own fit.

    Parameters
    ----------
    panel : contents of panel.json; without periods (no panel was asked for) `told` is returned as it is.
    codes : of segments, by which the reasons call them; one without is called by its number.
    """
    if not panel["periods"] or not told["assessed"]:
        return dict(told)
    least = float(told["thresholds"]["ari"])
    steps = panel["metrics"]["ari_own_fits"]
    reasons = [_reason(step, ari, least) for step, ari in steps.items()]
    reasons += _not_returning(panel["returns"], float(told["thresholds"]["jaccard"]), codes)
    years = {step: {to: panel["metrics"][of][step] for of, to in METRICS.items()} for step in steps}
    found = {"steps": years, "returns": panel["returns"], "reasons": reasons}
    return {**told, "years": found}


def _not_returning(returns: Sequence[Mapping[str, Any]], least: float, codes: Mapping[int, str]) -> list[str]:
    """A sentence for each year in which some of the run's segments are not found again."""
    away: dict[str, list[str]] = {}
    for row in returns:
        if row["jaccard"] < least:
            name = codes.get(row["segment"], str(row["segment"]))
            away.setdefault(row["period"], []).append(f"{name} ({percent_reached(row['jaccard'])})")
    return [
        f"Segmented by itself, {period} does not have segment {', '.join(segments)} "
        f"(overlap; {whole_percent(least)} is asked for)."
        for period, segments in away.items()
    ]


def _reason(step: str, ari: float | None, least: float) -> str:
    if ari is None:
        return f"{step}: whether each year by itself gives the same segments was not measured."
    same = "nearly the same" if ari >= least else "different"
    return (
        f"{step}: each year segmented by itself gives {same} segments "
        f"(adjusted Rand index {score_reached(ari)}; {score(least)} is asked for)."
    )
