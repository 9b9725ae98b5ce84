"""The verdict on the segments, and its reasons with their figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gp_segmentation.utils.rounding import (
    density,
    percent_reached,
    score,
    score_reached,
    whole_percent,
)

#: The highest valley reported: where centroids coincide, or no column is left to find a gap in.
NO_GAP = 999.0
#: What each verdict means for users of the segments.
MEANINGS = {
    "discrete": "Practices fall into separate groups. These segments may be called types.",
    "continuum": (
        "Practices differ by degree, not by type. These segments are convenient bands: use them to find "
        "similar practices, not to label one."
    ),
    "unstable": (
        "The segments change when practices are redrawn. Many other divisions would do as well: do not rely "
        "on the names and profiles of this one."
    ),
    "not judged": (
        "Not judged: not all that a verdict rests on was measured. Treat the segments as bands of similar "
        "practices until it is."
    ),
}


#: Verdict -> whether the conditions that argue for it hold; None: were not measured.
ARGUES = {"discrete": True, "continuum": False, "unstable": False, "not judged": None}
#: Figure -> its limit in the configuration, what is asked, whether the limit is the most, whether a share.
CONDITIONS = {
    "excess_silhouette": ("excess", "More separate than random data (silhouette above it)", False, False),
    "jaccard_min": ("jaccard", "The same segments return when practices are redrawn", False, True),
    "ari_kmeans_hierarchical": (
        *("ari", "K-means and Ward's method find the same (adjusted Rand index)"),
        *(False, False),
    ),
    "valley_max": ("valley", "Few practices on the borders (density, of that at the centres)", True, True),
    "valley_smooth": ("valley", "The same without features of which many share one value", True, True),
}


@dataclass(frozen=True)
class Condition:
    """One condition of a verdict.

    Attributes
    ----------
    test : what is asked. found : the figure; None where it was not measured, or has no size.
    asked : the limit. most : whether that is the most, else the least. share : whether both are shares.
    passed : None where nothing was measured.
    """

    test: str
    found: float | None
    asked: float
    most: bool
    share: bool
    passed: bool | None


@dataclass(frozen=True)
class Verdict:
    """The verdict on the segments.

    Attributes
    ----------
    verdict : ``discrete``, ``continuum``, ``unstable`` or ``not judged``. meaning : for users.
    reasons : the conditions that argue for this verdict, in words. beside : the others, which do not: a gap,
        or stability, is no reason to say that there are no types.
    """

    verdict: str
    meaning: str
    reasons: list[str]
    beside: list[str]
    conditions: list[Condition]


def judge(figures: Mapping[str, float | None], thresholds: Mapping[str, Any]) -> Verdict:
    """Judge the segments by four figures, and by a fifth if some columns are lumpy (`lumpy_columns`).

    ``unstable`` if the Jaccard coefficient of the least stable segment is below ``unstable_jaccard``.
    ``discrete`` if every figure is known and all of these hold: excess silhouette at least ``excess``,
    Jaccard at least ``jaccard``, adjusted Rand index of K-means and Ward at least ``ari``, and a valley of at
    most ``valley`` between each segment and every other, with and without the lumpy columns.
    ``continuum`` if the segments are stable and one of the others is known and does not hold.
    ``not judged`` otherwise: what was not measured supports no verdict, and stability least of all.

    Each condition stops what passes the others. A ring or a square is cut the same way every time and beats a
    Gaussian, but has no valley. A few outliers leave a valley, but do not return in resamples. One yes-or-no
    column passes everything until it is left out. The cost: groups that differ in only one of many columns,
    or that Ward's method does not find, are called a continuum.

    Parameters
    ----------
    figures : ``excess_silhouette`` (with ``silhouette`` and ``null_silhouette``, for the words),
        ``jaccard_min``, ``ari_kmeans_hierarchical``, ``valley_max``; None where not computed.
        ``valley_smooth``: only where columns are lumpy.
    thresholds : the five numbers named above.
    """
    asked = [name for name in CONDITIONS if name != "valley_smooth" or figures.get(name) is not None]
    conditions = [_condition(name, figures.get(name), thresholds) for name in asked]
    words = {one: _REASONS[one](figures, each.asked) for one, each in zip(asked, conditions, strict=True)}
    jaccard, passed = figures.get("jaccard_min"), [condition.passed for condition in conditions]
    if jaccard is None:
        verdict = "not judged"
    elif jaccard < float(thresholds["unstable_jaccard"]):
        verdict = "unstable"
    elif False in passed:
        verdict = "continuum"
    else:
        verdict = "not judged" if None in passed else "discrete"
    answers = dict(zip(asked, passed, strict=True))
    for_it = [one for one, answer in answers.items() if answer is ARGUES[verdict]]
    if verdict == "unstable":  # what decides comes first
        for_it.sort(key="jaccard_min".__ne__)
    beside = [words[one] for one in asked if one not in for_it]
    return Verdict(verdict, MEANINGS[verdict], [words[one] for one in for_it], beside, conditions)


def _condition(name: str, found: float | None, thresholds: Mapping[str, Any]) -> Condition:
    limit, test, most, share = CONDITIONS[name]
    asked = float(thresholds[limit])
    passed = None if found is None else found <= asked if most else found >= asked
    sized = found if found is None or found < NO_GAP else None
    return Condition(test, sized, asked, most, share, passed)


def without_support(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Return evidence whose meaning and reasons say that no number of segments is supported by the data."""
    meaning = (
        "No number of segments is supported by the data: other numbers would do as well, and most practices "
        f"lie between segments. {evidence['meaning']}"
    )
    reason = (
        "No number of segments passed all three tests of the study: more separate than random data, the same "
        "segments when practices are redrawn, and one half of the practices predicting the other."
    )
    return {**evidence, "supported": False, "meaning": meaning, "reasons": [reason, *evidence["reasons"]]}


def _null(figures: Mapping[str, float | None], least: float) -> str:
    excess = figures.get("excess_silhouette")
    if excess is None:
        return "The segments were not compared with random data."
    amount = "More" if excess >= least else "Only slightly more" if excess > 0 else "No more"
    return (
        f"{amount} separate than random data with the same correlations ({score(figures['silhouette'])} "
        f"against {score(figures['null_silhouette'])}: {score_reached(excess)} above; {score(least)} is "
        "asked for)."
    )


def _stability(figures: Mapping[str, float | None], least: float) -> str:
    jaccard = figures.get("jaccard_min")
    if jaccard is None:
        return "Stability was not measured."
    stable = "Stable: when practices are redrawn the same segments return"
    unstable = "Not stable enough: when practices are redrawn the segments change"
    return (
        f"{stable if jaccard >= least else unstable} "
        f"(overlap {percent_reached(jaccard)}; {whole_percent(least)} is asked for)."
    )


def _methods(figures: Mapping[str, float | None], least: float) -> str:
    ari = figures.get("ari_kmeans_hierarchical")
    if ari is None:
        return "K-means and Ward's method were not compared."
    same = "nearly the same" if ari >= least else "different"
    return (
        f"K-means and Ward's method find {same} segments "
        f"(adjusted Rand index {score_reached(ari)}; {score(least)} is asked for)."
    )


def _gap(figures: Mapping[str, float | None], most: float) -> str:
    valley = figures.get("valley_max")
    if valley is None:
        return "Gaps between segments were not measured."
    if valley <= most:
        text = "A gap: few practices lie on the border between segments"
    elif valley < 1:
        text = "No clear gap: the border between segments is not empty"
    else:
        text = "No gap: the border between segments is as crowded as their centres"
    return f"{text}{_density(valley, most)}."


def _gap_without_lumps(figures: Mapping[str, float | None], most: float) -> str:
    valley = figures["valley_smooth"]
    assert valley is not None  # noqa: S101 - it is asked only where it was measured
    without = "the gap remains" if valley <= most else "there is no gap"
    return (
        "Features in which many practices share one value (yes or no, counts, zeros) make gaps of their own. "
        f"Without them {without}{_density(valley, most)}."
    )


def _density(valley: float, most: float) -> str:
    if valley >= NO_GAP:
        return ""
    asked = f"at most {whole_percent(most)} is asked for"
    return f" (density at the border {density(valley)} of that at the centres; {asked})"


#: Figure -> why it holds or does not, in words.
_REASONS = {
    "excess_silhouette": _null,
    "jaccard_min": _stability,
    "ari_kmeans_hierarchical": _methods,
    "valley_max": _gap,
    "valley_smooth": _gap_without_lumps,
}
