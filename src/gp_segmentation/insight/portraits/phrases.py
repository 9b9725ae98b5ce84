"""The words for what sets practices apart: which features make up "older" or "more deprived"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from gp_segmentation.utils.wording import inline

#: Blocks of at least this many features get a phrase for the whole block beside those of single features.
BLOCK_SIZE = 5
#: What a single condition or indicator must beat a whole concept by, to be named in its place.
SINGLE_WEIGHT = 0.7


@dataclass(frozen=True)
class Concept:
    """One thing that can be said of a segment, and the features it is read from.

    Attributes
    ----------
    high, low : the phrase when the segment lies above or below England.
    members : feature -> sign (+1 when a larger value means `high`).
    minus : features whose mean is taken away first, so that "more asthma" means more than the block's
        general level would give.
    weight : factor on its effect when phrases compete.
    """

    high: str
    low: str
    members: dict[str, int] = field(default_factory=dict)
    minus: tuple[str, ...] = ()
    weight: float = 1.0

    def alone(self) -> Concept:
        """Return the same without `minus`: compared with England, not with its block."""
        return replace(self, minus=())


def concepts(dictionary: pd.DataFrame) -> list[Concept]:
    """Return the concepts the features of `dictionary` can support, in the order a name lists them."""
    rows = list(zip(*(dictionary[c].astype(str) for c in ("feature", "label", "unit", "block")), strict=True))
    kinds = {feature: _kind(feature, label, block) for feature, label, _, block in rows}
    adjusted = any(kinds[feature] == "prevalence" and "adjusted" in label for feature, label, _, _ in rows)
    suffix = {"prevalence": " for their age"} if adjusted else {}
    found = [_whole(kind, kinds, suffix.get(kind, "")) for kind in _WHOLE]
    found = [c for c in found if c.members]
    for feature, label, unit, _ in rows:
        if kinds[feature] not in ("age_old", "age_young", "children", "deprivation", "list"):
            found.append(_single(feature, label, unit, kinds))
    return found


_WHOLE = {
    "age": ("older", "younger"),
    "children": ("more children", "fewer children"),
    "deprivation": ("more deprived", "less deprived"),
    "list": ("larger lists", "smaller lists"),
    "prevalence": ("more long-term conditions", "fewer long-term conditions"),
    "achievement": ("higher recorded achievement", "lower recorded achievement"),
    "adjustments": ("more personalised care adjustments", "fewer personalised care adjustments"),
}
#: Blocks of many measures of one kind, each of which is named only for what it has beyond the block.
_MANY = ("prevalence", "achievement", "adjustments")


def _whole(kind: str, kinds: dict[str, str], adjusted: str) -> Concept:
    high, low = _WHOLE[kind]
    if kind == "age":
        signs = {"age_old": 1, "age_young": -1}
        return Concept(high, low, {f: signs[k] for f, k in kinds.items() if k in signs})
    members = {f: 1 for f, k in kinds.items() if k == kind}
    too_few = kind in _MANY and len(members) < BLOCK_SIZE
    return Concept(high + adjusted, low + adjusted, {} if too_few else members)


def _single(feature: str, label: str, unit: str, kinds: dict[str, str]) -> Concept:
    kind = kinds[feature]
    same = tuple(f for f, k in kinds.items() if k == kind) if kind in _MANY else ()
    name = short(label)
    people = ("patients", "people", "women", "men")
    counts_people = unit == "patients" or name.startswith(people) or name.endswith(people)
    more, less = ("more", "less") if kind == "prevalence" else ("higher", "lower")
    if counts_people:
        more, less = "more", "fewer"
    return Concept(
        f"{more} {name}",
        f"{less} {name}",
        {feature: 1},
        minus=same if len(same) >= BLOCK_SIZE else (),
        weight=SINGLE_WEIGHT,
    )


def _kind(feature: str, label: str, block: str) -> str:
    text = f"{feature} {label} {block}".lower()
    if re.search(r"\bimd\b|imd_|depriv", text):
        return "deprivation"
    if re.search(r"list.?size", text):
        return "list"
    if "prevalence" in text:
        return "prevalence"
    if re.search(r"achievement|performance|intervention", text):
        return "achievement"
    if "adjustments" in text:
        return "adjustments"
    return _age_kind(feature, label, block)


def _age_kind(feature: str, label: str, block: str) -> str:
    text = f"{feature} {label}".lower()
    if "age" not in f"{text} {block}".lower():
        return "other"
    if re.search(r"(mean|median|average) age", label.lower()):
        return "age_old"
    years = [int(n) for n in re.findall(r"\d{1,3}", label) or re.findall(r"\d{1,3}", feature)]
    if not years:
        return "other"
    if years[0] >= 65:
        return "age_old"
    if years[-1] < 20 or "under" in label.lower():
        return "children"
    return "age_young" if years[-1] < 50 else "other"


#: "Hypertension, HYP008: achievement"
_INDICATOR = re.compile(r"(.+), ([A-Z]+\d+): (.+)")
#: Everyday forms of the long names of registers.
_COMMON = {
    "chronic obstructive pulmonary disease": "COPD",
    "secondary prevention of coronary heart disease": "coronary heart disease",
    "stroke and transient ischaemic attack": "stroke",
    "mental health": "severe mental illness",
    "diabetes mellitus": "diabetes",
    "osteoporosis: secondary prevention of fragility fractures": "osteoporosis",
    "patients of other than white ethnic groups": "ethnic minority patients",
}


def worded(label: str) -> str:
    """Return `label` in full as it stands inside a sentence.

    >>> worded("Hypertension, HYP008: achievement")
    'hypertension achievement (HYP008)'
    >>> worded("Asthma prevalence, age-sex adjusted")
    'asthma prevalence, age-sex adjusted'
    """
    indicator = _INDICATOR.fullmatch(label)
    if indicator is None:
        return inline(label)
    group, code, what = indicator.groups()
    return f"{inline(group)} {what} ({code})"


def short(label: str) -> str:
    """Return `label` as it stands inside a sentence, in few words.

    >>> short("Asthma prevalence (%)")
    'asthma'
    """
    text = re.sub(r"\s*\([^)]*\)", "", label).strip()
    indicator = _INDICATOR.fullmatch(text)
    if indicator:
        group, code, what = indicator.groups()
        return f"{short(group)} {what} ({code})"
    text = re.sub(r"(?i)^prevalence( of|:)? | prevalence(, age.*adjusted)?$", "", text)
    text = inline(text or label)
    return _COMMON.get(text.lower(), text)


def composites(values: pd.DataFrame, found: list[Concept]) -> pd.DataFrame:
    """Return one column per concept: the mean of its members' standard scores, signed, less `minus`.

    Parameters
    ----------
    values : practice_code -> features, on any scale.
    found : from `concepts`; features that `values` lacks are left out.
    """
    spread = values.std().where(lambda s: s > 0)
    z = (values - values.mean()) / spread
    columns = [_composite(z, concept) for concept in found]
    return pd.DataFrame(np.column_stack(columns) if columns else np.empty((len(z), 0)), index=z.index)


def _composite(z: pd.DataFrame, concept: Concept) -> np.ndarray:
    signed = pd.DataFrame({f: z[f] * sign for f, sign in concept.members.items() if f in z}, index=z.index)
    level = signed.mean(axis=1)
    rest = [f for f in concept.minus if f in z]
    return (level - z[rest].mean(axis=1) if rest else level).to_numpy()
