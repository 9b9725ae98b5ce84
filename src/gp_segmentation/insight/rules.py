"""Surrogate rules: a shallow decision tree that predicts a practice's segment with a few questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from gp_segmentation.insight.portraits.phrases import worded
from gp_segmentation.utils.arrays import Ints
from gp_segmentation.utils.rounding import natural as in_unit
from gp_segmentation.utils.rounding import whole_percent
from gp_segmentation.utils.wording import inline

ABOUT = "Simple rules that approximate the segments. They do not define the segments."


@dataclass(frozen=True)
class Rules:
    """Surrogate rules.

    Attributes
    ----------
    text : the rules as sentences, or why they are not given.
    by_segment : segment -> the same for this segment alone, with what the rules get right and wrong.
    predicted : fitted practice's code -> segment the tree gives it, cross-validated.
    """

    text: str
    by_segment: dict[int, list[str]]
    predicted: pd.Series


@dataclass(frozen=True)
class _Leaf:
    """A rule: its conditions in words, the segment it leads to, its practices and their share of those."""

    conditions: str
    segment: int
    practices: int
    share: float

    @property
    def said(self) -> str:
        return f"{self.practices:,} practices; {whole_percent(self.share)} of them are in this segment"


def surrogate_rules(
    natural: pd.DataFrame,
    dictionary: pd.DataFrame,
    segments: pd.DataFrame,
    *,
    max_depth: int = 3,
    folds: int = 5,
    floor: float = 0.6,
    seed: int = 0,
) -> Rules:
    """Fit a tree of `max_depth` questions in natural units to the segments of the fitted practices.

    Answers "what separates these segments, roughly?". The rules approximate the segments and do not
    define them. They are not given when their fidelity (share of fitted practices whose segment the tree
    predicts, cross-validated) is below `floor`.

    Parameters
    ----------
    natural : practice_code -> features in natural units; the median replaces missing values.
    dictionary : what the features are.
    segments : schema ``segments``.
    folds : of the cross-validation, at most the size of the smallest segment. Below two folds, fidelity is
        measured on the practices the tree was fitted to.
    """
    fitted = segments[segments["fitted"]].set_index("practice_code")
    known = natural.reindex(fitted.index)[list(dictionary["feature"])].astype(float)
    x = known.fillna(known.median()).fillna(0.0).to_numpy()
    y = fitted["segment"].to_numpy("int64")
    folds = min(folds, int(np.unique(y, return_counts=True)[1].min()))
    tree = DecisionTreeClassifier(
        max_depth=max_depth, min_samples_leaf=max(1, len(y) // 100), random_state=seed
    ).fit(x, y)
    split = StratifiedKFold(folds, shuffle=True, random_state=seed) if folds >= 2 else None
    predicted = cross_val_predict(tree, x, y, cv=split) if split else tree.predict(x)
    fidelity = float((predicted == y).mean())
    words = segments[segments["segment"].isin(y)].drop_duplicates("segment").sort_values("segment")
    codes = dict(zip(words["segment"], words["segment_code"].astype(str), strict=True))
    how = "in cross-validation" if split else "of those they were made from"
    text = f"{ABOUT}\n{_fidelity(y, predicted, codes, how)}\n\n"
    found = pd.Series(predicted, index=fitted.index, name="segment")
    if fidelity < floor:
        text += f"The rules are not given: {whole_percent(floor)} is asked for.\n"
        return Rules(text, {s: [_too_few(fidelity, floor)] for s in codes}, found)
    leaves = _leaves(tree, dictionary)
    names = dict(zip(words["segment"], words["segment_name"].astype(str).map(inline), strict=True))
    lines = [f"{r.conditions}: {_called(r.segment, codes)}, {names[r.segment]} ({r.said})." for r in leaves]
    told = {s: [*_of_segment(s, leaves), _right_and_wrong(s, y, predicted, codes)] for s in codes}
    return Rules(text + "\n".join(lines) + "\n", told, found)


def _fidelity(y: Ints, predicted: Ints, codes: Mapping[int, str], how: str) -> str:
    """How many practices the rules give their segment, altogether and by segment."""
    by_segment = [f"{_called(s, codes)} {whole_percent((predicted[y == s] == s).mean())}" for s in codes]
    share = whole_percent((predicted == y).mean())
    return f"They give {share} of {len(y):,} practices their segment {how} ({', '.join(by_segment)})."


def _called(segment: int, codes: Mapping[int, str]) -> str:
    return f"segment {segment} ({codes[segment]})"


def _of_segment(segment: int, leaves: Sequence[_Leaf]) -> list[str]:
    """The rules that lead to one segment, the one with most practices first."""
    own = sorted((leaf for leaf in leaves if leaf.segment == segment), key=lambda leaf: -leaf.practices)
    return [f"{leaf.conditions}: {leaf.said}." for leaf in own] or ["No simple rule leads to this segment."]


def _right_and_wrong(segment: int, y: Ints, predicted: Ints, codes: Mapping[int, str]) -> str:
    """How many of a segment's practices the rules put into it, and where they put most of the others."""
    given = predicted[y == segment]
    text = f"The rules put {whole_percent((given == segment).mean())} of its practices into it"
    others, counts = np.unique(given[given != segment], return_counts=True)
    if len(others):
        most = int(counts.argmax())
        text += f", and {whole_percent(counts[most] / len(given))} into {codes[int(others[most])]} by mistake"
    strangers = (y[predicted == segment] != segment).mean() if (predicted == segment).any() else 0.0
    return f"{text}. Of those they put into it, {whole_percent(strangers)} belong elsewhere."


def _too_few(fidelity: float, floor: float) -> str:
    return (
        f"No simple rules are given: they would put {whole_percent(fidelity)} of practices into their "
        f"segment, and {whole_percent(floor)} is asked for."
    )


def _leaves(tree: DecisionTreeClassifier, dictionary: pd.DataFrame) -> list[_Leaf]:
    """One rule per leaf, depth first; questions whose answers lead to the same segment are left out."""
    nodes = tree.tree_
    majority = nodes.value[:, 0, :].argmax(axis=1)
    leaves: list[_Leaf] = []

    def outcomes(node: int) -> set[int]:
        left, right = nodes.children_left[node], nodes.children_right[node]
        return {int(majority[node])} if left < 0 else outcomes(left) | outcomes(right)

    def walk(node: int, path: list[tuple[int, str, float]]) -> None:
        if len(outcomes(node)) == 1:
            best = int(majority[node])
            share = float(nodes.value[node, 0, best] / nodes.value[node, 0].sum())
            number, count = int(tree.classes_[best]), int(nodes.n_node_samples[node])
            leaves.append(_Leaf(_conditions(path, dictionary), number, count, share))
            return
        feature, limit = int(nodes.feature[node]), float(nodes.threshold[node])
        walk(nodes.children_left[node], [*path, (feature, "at most", limit)])
        walk(nodes.children_right[node], [*path, (feature, "above", limit)])

    walk(0, [])
    return leaves


def _conditions(path: list[tuple[int, str, float]], dictionary: pd.DataFrame) -> str:
    """The path as words; of two limits on the same side of a feature the last, narrower one stays."""
    limits: dict[int, dict[str, float]] = {}
    for feature, side, limit in path:
        limits.setdefault(feature, {})[side] = limit
    words = []
    for feature, sides in limits.items():
        label, unit = dictionary[["label", "unit"]].iloc[feature]
        ends = " and ".join(f"{side} {in_unit(limit, unit)}" for side, limit in sorted(sides.items()))
        words.append(f"{worded(label)} {ends}")
    return f"With {', '.join(words)}" if words else "All practices"
