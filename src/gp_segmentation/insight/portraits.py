"""Names and short portraits of segments, written by rules from figures alone.

Nothing here is random and nothing depends on how segments are numbered: the name of a segment follows
from its practices and those of the others. No word says that a segment is good or poor.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.insight.concepts import Concept, composites, concepts, inline
from gp_segmentation.insight.profiles import difference_in_sd

#: A phrase is used from this difference on (standard deviations, on the natural and the analysis scale).
NOTABLE = 0.3
#: Phrases in a name: at first, and at most when names have to be told apart.
PHRASES, MOST_PHRASES = 3, 6
AVERAGE = "Close to the England average"


def names(
    natural: pd.DataFrame, features: pd.DataFrame, dictionary: pd.DataFrame, labels: pd.Series
) -> dict[int, str]:
    """Return a short, neutral, distinct name for every segment, such as "Older, less deprived".

    A phrase needs a difference from all practices of at least `NOTABLE` standard deviations in the same
    direction on both scales, so that neither a skewed scale nor a transformation makes a claim alone.

    Parameters
    ----------
    natural, features : practice_code -> features in natural units and on the analysis scale.
    dictionary : what the features are (schema ``dictionary``).
    labels : practice_code -> segment of the practices that describe the segments (the fitted ones).
    """
    found = concepts(dictionary)
    effects = _effects(natural, features, labels, found)
    chosen = {number: _strongest(effect, found) for number, effect in effects.items()}
    counts = dict.fromkeys(chosen, PHRASES)
    while (clashing := _clashing(chosen, counts, found)) and max(counts[n] for n in clashing) < MOST_PHRASES:
        for number in clashing:
            counts[number] += 1
    result = {number: _name(order[: counts[number]], found) for number, order in chosen.items()}
    return _numbered(result, effects)


def _effects(
    natural: pd.DataFrame, features: pd.DataFrame, labels: pd.Series, found: list[Concept]
) -> dict[int, np.ndarray]:
    """Per segment, the effect of every concept: the smaller of both scales' where they agree, else 0."""
    scales = [composites(frame.reindex(labels.index).astype(float), found) for frame in (natural, features)]
    effects = {}
    for number in sorted(set(labels)):
        inside = (labels == number).to_numpy()
        both = np.nan_to_num(np.array([difference_in_sd(x, inside)[0] for x in scales]))
        agree = (np.sign(both[0]) == np.sign(both[1])).astype(float)
        effects[int(number)] = np.sign(both[0]) * np.abs(both).min(axis=0) * agree
    return effects


def _strongest(effect: np.ndarray, found: list[Concept]) -> list[tuple[int, bool]]:
    """Concepts worth a phrase, strongest first, with their direction (True: above England)."""
    strength = np.abs(effect) * np.array([c.weight for c in found])
    order = np.argsort(-np.round(strength, 9), kind="stable")
    return [(int(i), bool(effect[i] > 0)) for i in order if strength[i] >= NOTABLE]


def _name(phrases: list[tuple[int, bool]], found: list[Concept]) -> str:
    words = [found[i].high if above else found[i].low for i, above in sorted(phrases)]
    text = ", ".join(words)
    return text[:1].upper() + text[1:] if text else AVERAGE


def _clashing(
    chosen: dict[int, list[tuple[int, bool]]], counts: dict[int, int], found: list[Concept]
) -> list[int]:
    """Segments that share a name with another and still have a phrase to add."""
    made = {number: _name(order[: counts[number]], found) for number, order in chosen.items()}
    given = list(made.values())
    return [n for n, name in made.items() if given.count(name) > 1 and counts[n] < len(chosen[n])]


def _numbered(result: dict[int, str], effects: dict[int, np.ndarray]) -> dict[int, str]:
    """Tell apart names that are still the same by a letter, in the order of their effects."""
    final = dict(result)
    for name in set(result.values()):
        same = [n for n in result if result[n] == name]
        if len(same) > 1:
            same.sort(key=lambda n: tuple(np.round(effects[n], 9)))
            final |= {n: f"{name} ({chr(ord('A') + i)})" for i, n in enumerate(same)}
    return final


def portraits(
    profile: pd.DataFrame,
    segments: pd.DataFrame,
    practices: pd.DataFrame,
    *,
    verdict: str = "",
    top: int = 3,
) -> list[dict[str, Any]]:
    """Return, per segment, its name, size and two to four sentences with the figures they rest on.

    Parameters
    ----------
    profile : from `profiles`.
    segments, practices : schemas ``segments`` and ``practices``.
    verdict : of the evidence: ``discrete``, ``continuum`` or ``unstable``; anything else adds no words.
    top : how many differences to state.
    """
    lists = practices.set_index("practice_code")["list_size"]
    patients = segments["practice_code"].map(lists)
    found = []
    for number, name in sorted(set(zip(segments["segment"], segments["segment_name"], strict=True))):
        mine = segments[segments["segment"] == number]
        rows = profile[(profile["segment"] == number) & profile["used"]]
        count, people = len(mine), int(patients[mine.index].sum())
        sentences = [
            _size_sentence(mine, len(segments), people, int(patients.sum())),
            _difference_sentence(rows, top),
            _neighbour_sentence(mine, segments["segment"].nunique()),
            _verdict_sentence(str(name), verdict),
        ]
        found.append(
            {
                "segment": int(number),
                "name": str(name),
                "sentences": [s for s in sentences if s],
                "practices": count,
                "patients": people,
                "share": count / len(segments),
            }
        )
    return found


def _size_sentence(mine: pd.DataFrame, all_practices: int, people: int, all_people: int) -> str:
    regions = mine["region_name"].value_counts()
    regions = regions.sort_index().sort_values(ascending=False, kind="stable").head(2)
    where = " and ".join(f"{region} ({count / len(mine):.0%})" for region, count in regions.items())
    return (
        f"{len(mine):,} practices ({len(mine) / all_practices:.0%} of all) with {people:,} registered "
        f"patients ({people / max(all_people, 1):.0%}), most often in {where}."
    )


def _difference_sentence(rows: pd.DataFrame, top: int) -> str:
    """The `top` differences whose interval leaves out 0, at most two of one block where there are more."""
    clear = rows[(rows["difference_low"] > 0) | (rows["difference_high"] < 0)].sort_values("rank")
    if len(set(rows["block"])) > 1:
        clear = clear[clear.groupby("block").cumcount() < 2]
    if clear.empty:
        return "On no feature does its mean differ clearly from England's."
    columns = [clear.head(top)[c] for c in ("label", "unit", "mean", "england_mean")]
    parts = [
        f"{inline(label)} ({natural(mean, unit)} against {natural(england, unit)})"
        for label, unit, mean, england in zip(*columns, strict=True)
    ]
    return f"On average it differs most from England in {listed(parts)}."


def _neighbour_sentence(mine: pd.DataFrame, segments_in_all: int) -> str:
    second = mine["second_segment"].dropna()
    if second.empty or segments_in_all < 3:
        return ""
    counts = second.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    share = counts.iloc[0] / len(second)
    return f"For {share:.0%} of its practices the next nearest segment is segment {int(counts.index[0])}."


def _verdict_sentence(name: str, verdict: str) -> str:
    if verdict == "continuum":
        if name.startswith(AVERAGE):
            return "It is the middle of a gradient along which practices lie, not a group set apart."
        return f"It is a band towards one end of a gradient ({inline(name)}), not a group set apart."
    if verdict == "unstable":
        return "Its borders move when practices are resampled, so single practices near them are uncertain."
    return ""


def listed(parts: list[str]) -> str:
    """Join `parts` as in a sentence: "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def natural(value: float, unit: str) -> str:
    """Return `value` in its unit as written in a sentence: "24.1%", "9,843", "21.8"."""
    if not np.isfinite(value):
        return "not known"
    if unit == "%":
        return f"{value:.1f}%" if abs(value) >= 1 else f"{value:.2f}%"
    if unit in ("patients", "people", "count") or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.3g}"
