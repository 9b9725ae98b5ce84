"""What a component tells apart, in words: "older to younger, fewer to more ethnic minority patients"."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gp_segmentation.figures._style import shorten
from gp_segmentation.utils.wording import inline, listed

#: Kind of a feature -> words for a component that grows with it; the reverse is read backwards.
WORDS: Mapping[str, tuple[str, str, str]] = {
    "age": ("younger", "older", ""),
    "deprivation": ("less", "more", " deprived"),
    "ethnicity": ("fewer", "more", " ethnic minority patients"),
    "list": ("smaller", "larger", " lists"),
    "rurality": ("less", "more", " rural"),
    "prevalence": ("fewer", "more", " long-term conditions"),
    "adjustments": ("fewer", "more", " personalised care adjustments"),
    "achievement": ("lower", "higher", " achievement"),
}
#: What the names and labels of a kind contain; the first that fits.
_PATTERNS = {
    "deprivation": r"\bimd\b|imd_|depriv",
    "ethnicity": "ethnic minorit",
    "list": r"list.?size",
    "rurality": r"\brural",
    "adjustments": "adjustments",
    "achievement": "achievement",
    "prevalence": "prevalence",
}
#: Kinds named: at most so many, each at least so strong (1: the component is this kind alone).
MOST, LEAST = 2, 0.35


def component_in_words(loadings: pd.Series, features: Sequence[str]) -> str:
    """Return what practices at the two ends of a component are like, the strongest kind of feature first.

    Parameters
    ----------
    loadings : label -> loading, a unit vector. features : the names of the same features.

    Notes
    -----
    The strength of a kind is the sum of its features' loadings (those of young ages reversed) over the square
    root of their number: 1 where the component moves all of them together, and nothing else.
    """
    kinds = [_kind(name, str(label)) for name, label in zip(features, loadings.index, strict=True)]
    signed = pd.Series(loadings.to_numpy() * [sign for _, sign in kinds])
    groups = signed.groupby([kind for kind, _ in kinds])
    strength: pd.Series = groups.sum() / np.sqrt(groups.count())
    strength = strength[strength.index != ""]
    order = strength.abs().sort_values(ascending=False, kind="stable")
    named = list(order.index[order >= LEAST][:MOST])
    if not named:
        strongest = loadings[loadings.abs() == loadings.abs().max()].index[0]
        label = inline(shorten(str(strongest), 60))
        return f"Less to more: {label}" if loadings[strongest] > 0 else f"More to less: {label}"
    words = listed([_words(kind, growing=strength[kind] > 0) for kind in named])
    return words[:1].upper() + words[1:]


def _words(kind: str, *, growing: bool) -> str:
    low, high, what = WORDS[kind]
    return f"{low} to {high}{what}" if growing else f"{high} to {low}{what}"


def _kind(feature: str, label: str) -> tuple[str, int]:
    """Return the kind of a feature ("": none with words), and -1 where more of it means less of the kind."""
    text = f"{feature} {label}".lower()
    for kind, pattern in _PATTERNS.items():
        if re.search(pattern, text):
            return kind, 1
    years = [int(number) for number in re.findall(r"\d{1,3}", label)]
    if not re.search(r"\bage", text):
        return "", 1
    if re.search(r"(mean|median|average) age", text):
        return "age", 1
    if not years:
        return "", 1
    if years[0] >= 45:
        return "age", 1
    return ("age", -1) if years[-1] < 45 else ("", 1)
