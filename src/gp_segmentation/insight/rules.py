"""Surrogate rules: a shallow decision tree that predicts a practice's segment with a few questions."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from gp_segmentation.insight.portraits.phrases import worded
from gp_segmentation.utils.wording import inline
from gp_segmentation.utils.wording import natural as in_unit


@dataclass(frozen=True)
class Rules:
    """Surrogate rules.

    Attributes
    ----------
    text : the rules as sentences, or why they are not given.
    predicted : fitted practice's code -> segment the tree gives it, cross-validated.
    """

    text: str
    predicted: pd.Series


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
    numbers, sizes = np.unique(y, return_counts=True)
    smallest_leaf = max(1, len(y) // 100)
    tree = DecisionTreeClassifier(max_depth=max_depth, min_samples_leaf=smallest_leaf, random_state=seed)
    tree.fit(x, y)
    folds = min(folds, int(sizes.min()))
    split = StratifiedKFold(folds, shuffle=True, random_state=seed) if folds >= 2 else None
    predicted = cross_val_predict(tree, x, y, cv=split) if split else tree.predict(x)
    fidelity = float((predicted == y).mean())
    words = segments.drop_duplicates("segment").set_index("segment")[["segment_code", "segment_name"]]
    called = {s: f"segment {s} ({words.loc[s, 'segment_code']})" for s in numbers.tolist()}
    by_segment = ", ".join(f"{called[s]} {(predicted[y == s] == s).mean():.0%}" for s in called)
    how = "in cross-validation" if split else "of those they were made from"
    lines = [
        "Simple rules that approximate the segments. They do not define the segments.",
        f"They give {fidelity:.0%} of {len(y):,} practices their segment {how} ({by_segment}).\n",
    ]
    if fidelity < floor:
        lines.append(f"The rules are not given: {floor:.0%} is asked for.")
    else:
        named = {s: f"{called[s]}, {inline(str(words.loc[s, 'segment_name']))}" for s in called}
        lines += _sentences(tree, dictionary, named)
    return Rules("\n".join(lines) + "\n", pd.Series(predicted, index=fitted.index, name="segment"))


def _sentences(tree: DecisionTreeClassifier, dictionary: pd.DataFrame, called: dict[int, str]) -> list[str]:
    """One sentence per leaf, depth first; questions whose answers lead to the same segment are left out."""
    nodes = tree.tree_
    majority = nodes.value[:, 0, :].argmax(axis=1)
    lines: list[str] = []

    def outcomes(node: int) -> set[int]:
        left, right = nodes.children_left[node], nodes.children_right[node]
        return {int(majority[node])} if left < 0 else outcomes(left) | outcomes(right)

    def walk(node: int, path: list[tuple[int, str, float]]) -> None:
        if len(outcomes(node)) == 1:
            best = int(majority[node])
            share = nodes.value[node, 0, best] / nodes.value[node, 0].sum()
            number, count = int(tree.classes_[best]), int(nodes.n_node_samples[node])
            lines.append(
                f"{_conditions(path, dictionary)}: {called[number]} "
                f"({count:,} practices; {share:.0%} of them are in this segment)."
            )
            return
        feature, limit = int(nodes.feature[node]), float(nodes.threshold[node])
        walk(nodes.children_left[node], [*path, (feature, "at most", limit)])
        walk(nodes.children_right[node], [*path, (feature, "above", limit)])

    walk(0, [])
    return lines


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
