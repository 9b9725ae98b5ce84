"""Which practices lack which features. A dark cell is a value that the sources do not give. Columns are
practices: those that lack the same values stand side by side, and those that lack nothing are not drawn.
Missing values are filled in before clustering, never taken as zero, and left out of profiles. At most 40
features are drawn: those missing most often.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import without_frame
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, ORANGE, PALE, feature_labels, shorten
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import percent
from gp_segmentation.utils.wording import inline, listed

ORDER, LABEL = 110, "Missing values"
EXPLORES = True
MAX_FEATURES = 40
#: With a smaller share of all values missing, a sentence says it.
LITTLE = 0.002
#: Features that this sentence names.
NAMED = 5


@dataclass(frozen=True)
class Missing:
    """Features drawn x practices that lack any of them, True where missing, the most often missing first;
    labels and counts of these features; how many features have a missing value; all features and practices.
    """

    matrix: np.ndarray
    labels: list[str]
    counts: list[int]
    features: int
    all_features: int
    practices: int


def data(results: Results) -> Missing:
    missing = results.features.isna()
    counts = missing.sum()
    counts = counts[counts > 0].sort_values(ascending=False, kind="stable")
    if counts.empty:
        raise NotShown("No value is missing.")
    if counts.sum() < LITTLE * missing.size:
        raise NotShown(_in_a_sentence(results, missing, counts))
    drawn = counts.iloc[:MAX_FEATURES]
    matrix = missing[drawn.index].to_numpy()
    matrix = matrix[matrix.any(axis=1)]
    order = np.lexsort([~column for column in matrix.T[::-1]])
    return Missing(
        matrix=matrix[order].T,
        labels=feature_labels(results, drawn.index),
        counts=drawn.tolist(),
        features=len(counts),
        all_features=missing.shape[1],
        practices=len(missing),
    )


def _in_a_sentence(results: Results, missing: pd.DataFrame, counts: pd.Series) -> str:
    most, practices = counts.iloc[:NAMED], int(missing.any(axis=1).sum())
    named = [
        f"{inline(label)} ({n:,})" for label, n in zip(feature_labels(results, most.index), most, strict=True)
    ]
    others = [f"{len(counts) - NAMED} other features"] if len(counts) > NAMED else []
    lacks = "practice lacks" if practices == 1 else "practices lack"
    return (
        f"Little is missing. {practices:,} of {len(missing):,} {lacks} a value: {listed([*named, *others])}. "
        "Missing values are filled in before clustering, never taken as zero, and left out of profiles."
    )


def size(data: Missing) -> tuple[float, float]:
    return 11.0, 0.24 * len(data.labels) + 1.3


def draw(data: Missing, figure: FigureBase) -> None:
    grid, bars = figure.subplots(1, 2, width_ratios=[4, 1], sharey=True)
    for axes in (grid, bars):
        without_frame(axes)
        axes.set_xticks([])
    image = data.matrix.astype(float)
    grid.imshow(image, cmap=ListedColormap([PALE, BLUE]), vmin=0, vmax=1, aspect="auto", interpolation="none")
    at = np.arange(len(data.labels))
    grid.set_yticks(at, [shorten(label, 60) for label in data.labels], size=9)
    grid.set_yticks(at[:-1] + 0.5, minor=True)
    grid.grid(visible=True, which="minor", axis="y", color="white", linewidth=1.5)
    grid.tick_params(which="both", length=0)
    grid.set_xlabel(f"{data.matrix.shape[1]:,} practices that lack a value")
    shares = [count / data.practices for count in data.counts]
    texts = [f"{n:,} ({percent(share)})" for n, share in zip(data.counts, shares, strict=True)]
    bars.bar_label(bars.barh(at, data.counts, 0.7, color=ORANGE), texts, padding=3, size=8.5)
    bars.tick_params(axis="y", which="both", length=0, labelleft=False)
    bars.set_xlabel("Practices without it")
    bars.margins(x=0.9)


def title(data: Missing) -> str:
    practices = data.matrix.shape[1]
    return (
        f"{practices:,} of {data.practices:,} {'practice lacks' if practices == 1 else 'practices lack'} a "
        f"value; most often missing ({data.counts[0]:,} times): {inline(shorten(data.labels[0], 70))}"
    )


def alt(data: Missing) -> str:
    parts = [f"{label}: {n:,}" for label, n in zip(data.labels[:8], data.counts, strict=False)]
    return (
        f"Matrix of missing values, {len(data.labels)} features by {data.matrix.shape[1]:,} practices. "
        f"{data.features} of {data.all_features} features are missing somewhere. Most often: "
        f"{'; '.join(parts)}."
    )


def table(data: Missing) -> pd.DataFrame:
    return pd.DataFrame({"Feature": data.labels, "Practices that lack it": data.counts})
