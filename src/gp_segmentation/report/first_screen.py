"""The first screen of the page: what was found, how sure it is, and what to do with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gp_segmentation.figures import segment_keys
from gp_segmentation.report.evidence_text import NO_SUPPORT, NO_VERDICT, sure_share
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import density, percent_reached, score_reached, whole_percent
from gp_segmentation.utils.wording import data_kind, data_mark

#: Share of practices sure of their segment from which most are, and below which a single label needs care.
MOST, FEW = 0.8, 0.65
#: What the segments are, by verdict.
KINDS = {
    "discrete": "Their {k} segments are distinct types of practice",
    "continuum": "They differ by degree, not by type: the {k} segments are bands of similar practices "
    "that shade into one another",
    "unstable": "They can be divided in many ways; these {k} segments are one of them",
    "unsupported": "They can be divided in many ways; these {k} segments are one of them",
}
#: What the data are, by their kind.
DATA = {
    "synthetic": "synthetic, made up by a computer",
    "simulated": "official statistics, except those named above as simulated",
    "own": "an analyst's own table of practices",
    "unchecked": "in the layouts of official statistics",
    "published": "official statistics as published",
}
#: Areas of which the analysts' page says how they fare when they are left out.
SHOWN = 10


def first_screen(results: Results, counts: Mapping[str, int], verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first screen: found, groups, codes, data, sure, real, usable, made_of.

    Parameters
    ----------
    counts : ``practices``, ``patients``, ``noise``, ``features`` of the run. verdict : from `verdict_text`.
    """
    kind = str(results.evidence.get("verdict") or "") if verdict["supported"] else "unsupported"
    groups = _groups(results)
    words = KINDS.get(kind, "They were put into {k} segments of similar practices").format(k=len(groups))
    outside = f" {counts['noise']:,} practices belong to none of them." if counts["noise"] else ""
    features = results.config["features"]
    return {
        "found": (
            f"{counts['practices']:,} general practices have {counts['patients'] / 1e6:,.1f} million "
            f"patients. {words}.{outside}"
        ),
        "groups": groups,
        "codes": any(group["code"] != str(group["number"]) for group in groups),
        "data": DATA[data_kind(results.source)],
        "sure": _sure(sure_share(results.evidence), kind),
        "real": segments_are_real(results),
        "usable": kind not in ("unstable", "unsupported"),
        "made_of": f"Practices are compared by {counts['features']} features "
        f"({features.get('label', features['name'])}).",
    }


def segments_are_real(results: Results) -> bool:
    """Return whether the data come with a warning and the segments do not rest on what it warns of."""
    simulated = data_mark(results.source, results.config, shows_achievement=False)
    return bool(results.source.get("warning")) and not simulated


def _groups(results: Results) -> list[dict[str, Any]]:
    portraits = {portrait["segment"]: portrait for portrait in results.portraits}
    return [
        {
            "code": key.code,
            "number": key.number,
            "name": key.name,
            "colour": key.colour,
            # Runs of before they were kept have none.
            "figures": [text[:1].upper() + text[1:] for text in portraits[key.number].get("figures", [])],
            "practices": portraits[key.number]["practices"],
            "share": portraits[key.number]["share"],
        }
        for key in segment_keys(results.segments)
    ]


def _sure(share: float | None, kind: str) -> tuple[str, str]:
    """In two words how sure the segments are, and for how many practices the segment is clear."""
    if share is None:
        return "", NO_VERDICT
    clear = (
        f"{whole_percent(share)} of practices have a clear segment: they keep it in random samples of "
        "practices and with another method"
    )
    if kind == "unsupported":
        return f"{NO_SUPPORT}.", f"Other numbers would do as well. {clear}; do not name one by it."
    if kind == "unstable":
        return "Not sure.", f"In random samples the segments change. {clear}; do not rely on names."
    near = "The others lie near a border and could as well be in the next segment."
    if share < FEW:
        return "Not sure of single practices.", f"Only {clear}. {near} Do not name one by its segment."
    if kind == "discrete":
        return "Sure.", f"{clear}, and few lie between two segments."
    how = "Mostly sure." if share >= MOST else "Partly sure."
    return how, f"{clear}. {near} Use segments to find similar practices, not to label one."


def verdict_tests(evidence: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the conditions of the verdict: test, found, asked, passed ("yes", "no", "not measured")."""
    return [_row(condition) for condition in evidence.get("conditions") or []]


def _row(condition: Mapping[str, Any]) -> dict[str, str]:
    # Each is rounded towards failing: what falls short of a limit is not shown as reaching it.
    share = density if condition["most"] else percent_reached
    form = share if condition["share"] else score_reached
    return {
        "test": condition["test"],
        "found": form(condition["found"]),
        "asked": f"{'at most' if condition['most'] else 'at least'} {form(condition['asked'])}",
        "passed": {None: "not measured", True: "yes", False: "no"}[condition["passed"]],
    }


def elsewhere_rows(evidence: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the areas whose practices keep their segment least when they are left out, as texts."""
    areas = sorted((evidence.get("transport") or {}).get("areas", []), key=lambda area: area["kept"])
    return [
        {
            "area": area["area"],
            "practices": f"{area['practices']:,}",
            "kept": percent_reached(area["kept"]),
            "ari": score_reached(area["ari"]),
            "jaccard": percent_reached(area["jaccard_min"]),
        }
        for area in areas[:SHOWN]
    ]
