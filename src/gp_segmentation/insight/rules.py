"""How a segment could be told with a few questions: a shallow tree fitted to the segments."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from gp_segmentation.insight.portraits.phrases import worded
from gp_segmentation.utils.wording import natural as in_words


@dataclass(frozen=True)
class Rules:
    """Surrogate rules and how far they can be trusted.

    Attributes
    ----------
    text : the rules as sentences, or why they are not given.
    fidelity : share of fitted practices whose segment the tree gives, cross-validated.
    by_segment : the same share within every segment.
    predicted : practice_code -> segment the tree gives a fitted practice, cross-validated.
    """

    text: str
    fidelity: float
    by_segment: dict[int, float]
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

    Answers "what separates these segments, roughly?". The rules stand in for the segmentation and do not
    define it; they are withheld when their fidelity is below `floor`.

    Parameters
    ----------
    natural : practice_code -> features in natural units; missing values stand at the feature's median.
    dictionary : what the features are.
    segments : schema ``segments``.
    folds : of the cross-validation, at most the size of the smallest segment; below two, fidelity is that
        on the practices the tree was fitted to.
    """
    fitted = segments[segments["fitted"]].set_index("practice_code")
    x = natural.reindex(fitted.index)[list(dictionary["feature"])].astype(float)
    x = x.fillna(x.median()).fillna(0.0)
    y = fitted["segment"].to_numpy("int64")
    smallest = int(np.unique(y, return_counts=True)[1].min())
    tree = DecisionTreeClassifier(
        max_depth=max_depth, min_samples_leaf=max(1, len(y) // 100), random_state=seed
    )
    predicted = _predicted(tree, x.to_numpy(), y, min(folds, smallest), seed)
    fidelity = float((predicted == y).mean())
    by_segment = {int(s): float((predicted[y == s] == s).mean()) for s in np.unique(y)}
    tree.fit(x.to_numpy(), y)
    heading = _heading(fidelity, by_segment, len(y))
    if fidelity < floor:
        body = [f"The rules are not given: a fidelity of {fidelity:.0%} is below the floor of {floor:.0%}."]
    else:
        titles = dict(zip(segments["segment"], segments["segment_name"], strict=True))
        body = _sentences(tree, dictionary, titles)
    given = pd.Series(predicted, index=fitted.index, name="segment")
    return Rules("\n".join([*heading, "", *body]) + "\n", fidelity, by_segment, given)


def _predicted(
    tree: DecisionTreeClassifier, x: np.ndarray, y: np.ndarray, folds: int, seed: int
) -> np.ndarray:
    if folds < 2:
        return tree.fit(x, y).predict(x)
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return cross_val_predict(tree, x, y, cv=split)


def _heading(fidelity: float, by_segment: dict[int, float], practices: int) -> list[str]:
    each = ", ".join(f"segment {s} {share:.0%}" for s, share in by_segment.items())
    return [
        "Surrogate rules: a shallow tree that imitates the segmentation in natural units.",
        f"Cross-validated fidelity over {practices:,} practices: {fidelity:.0%} ({each}).",
    ]


def _sentences(tree: DecisionTreeClassifier, dictionary: pd.DataFrame, titles: dict[int, str]) -> list[str]:
    """One sentence per leaf, depth first; questions whose answers lead to the same segment are left out."""
    inner = tree.tree_
    labels, units = list(dictionary["label"]), list(dictionary["unit"])
    majority = inner.value[:, 0, :].argmax(axis=1)
    lines: list[str] = []

    def outcomes(node: int) -> set[int]:
        left, right = inner.children_left[node], inner.children_right[node]
        return {int(majority[node])} if left < 0 else outcomes(left) | outcomes(right)

    def walk(node: int, path: list[tuple[int, str, float]]) -> None:
        if len(outcomes(node)) == 1:
            best = int(majority[node])
            share = inner.value[node, 0, best] / inner.value[node, 0].sum()
            number, count = int(tree.classes_[best]), int(inner.n_node_samples[node])
            when = _conditions(path, labels, units)
            who = f"segment {number}, {titles[number]}"
            lines.append(f"{when}: {who} ({count:,} practices, {share:.0%} of them in it).")
            return
        feature, edge = int(inner.feature[node]), float(inner.threshold[node])
        walk(inner.children_left[node], [*path, (feature, "at most", edge)])
        walk(inner.children_right[node], [*path, (feature, "above", edge)])

    walk(0, [])
    return lines


def _conditions(path: list[tuple[int, str, float]], labels: list[str], units: list[str]) -> str:
    """The path as words; a feature asked twice in the same direction keeps its last, narrower edge."""
    edges: dict[int, dict[str, float]] = {}
    for feature, side, edge in path:
        edges.setdefault(feature, {})[side] = edge
    words = [
        " and ".join(f"{side} {in_words(edge, units[feature])}" for side, edge in sorted(sides.items()))
        for feature, sides in edges.items()
    ]
    told = [f"{worded(labels[feature])} {limits}" for feature, limits in zip(edges, words, strict=True)]
    return f"With {', '.join(told)}" if told else "Always"
