"""The phrases of names and portraits: which features make up "older" or "more deprived"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from gp_segmentation.utils.wording import inline

#: Features that a block needs to get a phrase for the whole block beside those of single features.
BLOCK_SIZE = 5
#: Weight of a single condition or indicator when it competes with a whole block.
SINGLE_WEIGHT = 0.7


@dataclass(frozen=True)
class Concept:
    """Something that can be said of a segment, and the features that show it.

    Attributes
    ----------
    high, low : the phrase when the segment lies above or below England.
    members : feature -> sign (+1 when a larger value means `high`).
    minus : features whose mean is subtracted, so that "more asthma" means more than the block's general
        level would give.
    weight : factor on its effect when phrases compete.
    """

    high: str
    low: str
    members: dict[str, int] = field(default_factory=dict)
    minus: tuple[str, ...] = ()
    weight: float = 1.0


#: Concepts of several features, in the order in which a name lists them: phrases above and below England.
_GROUPS = {
    "age": ("older", "younger"),
    "children": ("more children", "fewer children"),
    "deprivation": ("more deprived", "less deprived"),
    "rurality": ("more rural", "less rural"),
    "list": ("larger lists", "smaller lists"),
    "prevalence": ("more long-term conditions", "fewer long-term conditions"),
    "adjustments": ("more personalised care adjustments", "fewer personalised care adjustments"),
}
#: Kind of a feature, and what its name, label or block contain; the first that fits.
_PATTERNS = {
    "deprivation": r"\bimd\b|imd_|depriv",
    "rurality": r"\brural",
    "list": r"list.?size",
    "prevalence": "prevalence",
    "achievement": r"achievement|performance|intervention",
    "adjustments": "adjustments",
}
#: Kinds whose features are said together alone.
_GROUPED = ("age_old", "age_young", "children", "deprivation", "rurality", "list")
#: Blocks of many measures of one kind; a single measure is compared with the rest of its block.
_BLOCKS = ("prevalence", "adjustments")
#: What the phrases of such a block count, without the words that compare.
COUNTED = tuple(_GROUPS[kind][0].removeprefix("more ") for kind in _BLOCKS)
#: Where the indicators of a condition lie. A name lists them and does not rank the practices as a whole: the
#: Quality and Outcomes Framework is an incentive scheme, and no segment is better than another.
PLACES = (" above average", " below average")


def concepts(dictionary: pd.DataFrame) -> list[Concept]:
    """Return the concepts that the features of `dictionary` allow, in the order a name lists them."""
    rows = list(zip(*(dictionary[c].astype(str) for c in ("feature", "label", "unit", "block")), strict=True))
    kinds = {feature: _kind(feature, label, block) for feature, label, _, block in rows}
    adjusted = any(kinds[feature] == "prevalence" and "adjusted" in label for feature, label, _, _ in rows)
    groups = [_group(kind, kinds, adjusted) for kind in _GROUPS]
    singles = [
        _single(feature, label, unit, kinds)
        for feature, label, unit, _ in rows
        if kinds[feature] not in (*_GROUPED, "achievement")
    ]
    achieved = [(feature, label) for feature, label, _, _ in rows if kinds[feature] == "achievement"]
    return [concept for concept in groups if concept.members] + singles + _achieved(achieved)


def _achieved(features: Sequence[tuple[str, str]]) -> list[Concept]:
    """A concept for the indicators of each condition: "asthma indicators above average"."""
    members: dict[str, dict[str, int]] = {}
    for feature, label in features:
        indicator = _INDICATOR.fullmatch(label)
        about = f"{short(indicator[1])} indicators" if indicator else short(label)
        members.setdefault(about, {})[feature] = 1
    above, below = PLACES
    return [Concept(f"{n}{above}", f"{n}{below}", m, (), SINGLE_WEIGHT) for n, m in members.items()]


def _group(kind: str, kinds: dict[str, str], adjusted: bool) -> Concept:
    signs = {"age_old": 1, "age_young": -1} if kind == "age" else {kind: 1}
    members = {feature: signs[k] for feature, k in kinds.items() if k in signs}
    if kind in _BLOCKS and len(members) < BLOCK_SIZE:
        members = {}
    suffix = " for their age" if kind == "prevalence" and adjusted else ""
    high, low = _GROUPS[kind]
    return Concept(high + suffix, low + suffix, members)


def _single(feature: str, label: str, unit: str, kinds: dict[str, str]) -> Concept:
    kind = kinds[feature]
    block = tuple(f for f, k in kinds.items() if k == kind) if kind in _BLOCKS else ()
    name = short(label)
    people = ("patients", "people", "women", "men")
    if unit == "patients" or name.startswith(people) or name.endswith(people):
        more, less = "more", "fewer"
    else:
        more, less = ("more", "less") if kind == "prevalence" else ("higher", "lower")
    minus = block if len(block) >= BLOCK_SIZE else ()
    return Concept(f"{more} {name}", f"{less} {name}", {feature: 1}, minus, SINGLE_WEIGHT)


def _kind(feature: str, label: str, block: str) -> str:
    text = f"{feature} {label} {block}".lower()
    for kind, pattern in _PATTERNS.items():
        if re.search(pattern, text):
            return kind
    years = [int(n) for n in re.findall(r"\d{1,3}", label) or re.findall(r"\d{1,3}", feature)]
    average = re.search(r"(mean|median|average) age", label.lower())
    if "age" not in text or not (years or average):
        return "other"
    if average or years[0] >= 65:
        return "age_old"
    if years[-1] < 20 or "under" in label.lower():
        return "children"
    return "age_young" if years[-1] < 50 else "other"


#: A label such as "Hypertension, HYP008: achievement".
_INDICATOR = re.compile(r"(.+), ([A-Z]+\d+): (.+)")
#: The end of a label such as "Asthma prevalence, age-sex adjusted".
PREVALENCE = re.compile(r"(?i) prevalence(, age.*adjusted)?$")
#: A source or unit at the end of a label.
_SOURCE = re.compile(r"\s*\([^)]*\)$")
#: Everyday forms of long names.
_COMMON = {
    "chronic obstructive pulmonary disease": "COPD",
    "secondary prevention of coronary heart disease": "coronary heart disease",
    "stroke and transient ischaemic attack": "stroke",
    "mental health": "severe mental illness",
    "cholesterol control and lipid management": "cholesterol",
    "vaccination and immunisation": "vaccination",
    "diabetes mellitus": "diabetes",
    "osteoporosis: secondary prevention of fragility fractures": "osteoporosis",
    "patients from ethnic minority groups": "ethnic minority patients",
}


def worded(label: str) -> str:
    """Return `label` in full, for use inside a sentence.

    >>> worded("Hypertension, HYP008: achievement")
    'hypertension achievement (HYP008)'
    >>> worded("Asthma prevalence, age-sex adjusted")
    'asthma prevalence, age-sex adjusted'
    """
    indicator = _INDICATOR.fullmatch(label)
    if indicator:
        group, code, measure = indicator.groups()
        return f"{inline(group)} {measure} ({code})"
    return inline(label)


def measured(label: str) -> str:
    """Return what a figure beside it measures, without its source: prevalence is what practices recorded.

    >>> measured("Chronic obstructive pulmonary disease prevalence, age-sex adjusted")
    'recorded COPD, adjusted for age and sex'
    >>> measured("Patients from ethnic minority groups (Census 2021)")
    'patients from ethnic minority groups'
    """
    prevalence = PREVALENCE.search(label)
    if not prevalence:
        return worded(_SOURCE.sub("", label))
    return f"recorded {short(label)}{', adjusted for age and sex' if prevalence[1] else ''}"


def short(label: str) -> str:
    """Return `label` in few words, for use inside a sentence.

    >>> short("Asthma prevalence (%)")
    'asthma'
    """
    text = re.sub(r"\s*\([^)]*\)", "", label).strip()
    indicator = _INDICATOR.fullmatch(text)
    if indicator:
        group, code, measure = indicator.groups()
        return f"{short(group)} {measure} ({code})"
    text = re.sub(r"(?i)^prevalence( of|:)? | prevalence(, age.*adjusted)?$", "", text)
    text = inline(text or label)
    return _COMMON.get(text.lower(), text)


def composites(values: pd.DataFrame, of: list[Concept]) -> pd.DataFrame:
    """Return one column per concept: the mean of its members' standard scores, signed, less `minus`.

    Parameters
    ----------
    values : practice_code -> features, on any scale.
    of : from `concepts`; features that `values` lacks are left out.
    """
    spread = values.std().where(lambda s: s > 0)
    z = ((values - values.mean()) / spread).to_numpy(dtype=float)
    place = {str(feature): i for i, feature in enumerate(values.columns)}

    def mean_score(signs: Mapping[str, int]) -> np.ndarray:
        known = [feature for feature in signs if feature in place]
        scores = z[:, [place[feature] for feature in known]] * [signs[feature] for feature in known]
        missing = np.isnan(scores)
        with np.errstate(invalid="ignore"):  # none known: no score
            return np.where(missing, 0.0, scores).sum(axis=1) / (~missing).sum(axis=1)

    levels = {minus: mean_score(dict.fromkeys(minus, 1)) for minus in {concept.minus for concept in of}}
    scores = {}
    for i, concept in enumerate(of):
        scores[i] = mean_score(concept.members)
        if any(feature in place for feature in concept.minus):
            scores[i] = scores[i] - levels[concept.minus]
    return pd.DataFrame(scores, index=values.index, dtype=float)
