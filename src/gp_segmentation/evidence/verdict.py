"""The verdict on the segments, and its reasons with their figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: What each verdict lets one say.
MEANINGS = {
    "discrete": "The practices fall into separate groups; the segments may be spoken of as types.",
    "continuum": (
        "The practices lie along gradients without gaps; the segments are bands along them, useful for "
        "comparing like with like, and not types."
    ),
    "unstable": (
        "The segments change when the practices are drawn again. Names and profiles describe this one "
        "division of many that would do as well: build nothing on them."
    ),
}


@dataclass(frozen=True)
class Verdict:
    """``discrete``, ``continuum`` or ``unstable``; its meaning and the reasons in words."""

    verdict: str
    meaning: str
    reasons: list[str]


def judge(figures: Mapping[str, float | None], thresholds: Mapping[str, Any]) -> Verdict:
    """Judge the segments by four figures, and a fifth where columns hold lumps.

    ``unstable`` if the least stable segment's Jaccard is below ``unstable_jaccard``. ``discrete`` only if
    every figure is known and all of these hold: excess silhouette at least ``excess``, Jaccard at least
    ``jaccard``, adjusted Rand index of K-means and Ward at least ``ari``, and a valley of at most
    ``valley`` between each segment and every other; where some columns are lumpy (`lumpy_columns`) also once
    they are left out. ``continuum`` otherwise.

    Each guards against what passes the others. A ring or a square is cut the same way every time and beats a
    Gaussian, but has no valley; a few rows far off leave a valley, but are not found again; one column of
    yes and no passes all, until it is left out. The price is paid on the other side: groups that differ in
    one of many columns, or that Ward's method does not see, are called a continuum.

    Parameters
    ----------
    figures : ``excess_silhouette``, ``jaccard_min``, ``ari_kmeans_hierarchical``, ``valley_max``; None
        where not computed. ``valley_smooth`` only where columns are lumpy; ``gaussian_exceedance`` adds to
        the words.
    thresholds : the five numbers named above.
    """
    checks = [
        _excess(
            figures.get("excess_silhouette"),
            float(thresholds["excess"]),
            figures.get("gaussian_exceedance"),
        ),
        _jaccard(figures.get("jaccard_min"), float(thresholds["jaccard"])),
        _ari(figures.get("ari_kmeans_hierarchical"), float(thresholds["ari"])),
        _valley(figures.get("valley_max"), float(thresholds["valley"])),
    ]
    if figures.get("valley_smooth") is not None:
        checks.append(_smooth(figures["valley_smooth"], float(thresholds["valley"])))
    stability = figures.get("jaccard_min")
    if stability is not None and stability < float(thresholds["unstable_jaccard"]):
        verdict = "unstable"
    elif all(passed for passed, _ in checks):
        verdict = "discrete"
    else:
        verdict = "continuum"
    return Verdict(verdict, MEANINGS[verdict], [reason for _, reason in checks])


def _excess(value: float | None, least: float, exceedance: float | None) -> tuple[bool, str]:
    if value is None:
        return False, "The silhouette was not compared with a null."
    cloud = "that of one Gaussian cloud with the same covariance"
    if value < 0:
        return False, f"The silhouette falls short of {cloud} by {-value:.3f}."
    relation = "reaches" if value >= least else "is below"
    return value >= least, (
        f"The silhouette exceeds {cloud} by {value:.3f}, which {relation} the {least:g} asked of separate "
        f"groups.{_draws(exceedance)}"
    )


def _draws(exceedance: float | None) -> str:
    if exceedance is None:
        return ""
    return f" From as many starts it lies above {exceedance:.0%} of the cloud's draws."


def _jaccard(value: float | None, least: float) -> tuple[bool, str]:
    if value is None:
        return False, "Stability was not measured."
    relation = "reaches" if value >= least else "is below"
    return value >= least, (
        f"In bootstrap samples the least stable segment is found again with a mean Jaccard coefficient of "
        f"{value:.2f}, which {relation} {least:g}."
    )


def _ari(value: float | None, least: float) -> tuple[bool, str]:
    if value is None:
        return False, "K-means and Ward's method were not compared."
    relation = "reaches" if value >= least else "is below"
    return value >= least, (
        f"K-means and Ward's method agree with an adjusted Rand index of {value:.2f}, which {relation} "
        f"{least:g}."
    )


def _valley(value: float | None, most: float) -> tuple[bool, str]:
    if value is None:
        return False, "Gaps between segments were not looked for."
    relation = "at most" if value <= most else "above"
    return value <= most, (
        f"Half-way between neighbouring segments the practices lie at up to {value:.2f} times the density of "
        f"the segments' centres, {relation} the {most:g} of a gap."
    )


def _smooth(value: float | None, most: float) -> tuple[bool, str]:
    if value is None or value > most:
        return False, (
            "Columns in which many practices hold one and the same value (yes or no, counts, zeros) make "
            "gaps of themselves; once they are left out, no gap remains."
        )
    return True, (
        f"Without the columns in which many practices hold one and the same value, the density half-way is "
        f"still at most {value:.2f} of that at the centres."
    )
