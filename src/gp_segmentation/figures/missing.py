"""Which figures are missing for which practices: a dark cell is a figure the sources do not give. Practices
(columns) that lack the same stand together; those that lack nothing are not drawn. Missing figures are filled
in before clustering, never taken as zero, and left out of profiles. At most 40 features are drawn, those
missing most often.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

import textwrap
from dataclasses import dataclass

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import FigureBase

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, ORANGE, PALE, clean
from gp_segmentation.schemas import Results
from gp_segmentation.utils.wording import inline

ORDER, LABEL = 110, "Missing values"
EXPLORES = True
MOST = 40


@dataclass(frozen=True)
class Missing:
    """What is missing.

    Attributes
    ----------
    matrix : features drawn x practices that lack any, True where missing; the most often missing first.
    labels, counts : of the features drawn.
    features, all_features : how many have a missing figure, and how many there are.
    practices : how many practices there are.
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
    lacking = counts[counts > 0].sort_values(ascending=False, kind="stable")
    if lacking.empty:
        raise NotShown("No figure is missing.")
    drawn = missing[lacking.index[:MOST]].to_numpy()
    some = drawn[drawn.any(axis=1)]
    order = np.lexsort([~column for column in some.T[::-1]])
    labels = results.dictionary.set_index("feature")["label"]
    return Missing(
        some[order].T,
        [clean(labels[name]) for name in lacking.index[:MOST]],
        [int(n) for n in lacking.iloc[:MOST]],
        len(lacking),
        len(counts),
        len(missing),
    )


def size(data: Missing) -> tuple[float, float]:
    return 11.0, 0.24 * len(data.labels) + 1.3


def draw(data: Missing, figure: FigureBase) -> None:
    grid, bars = figure.subplots(1, 2, width_ratios=[4, 1], sharey=True)
    image = data.matrix.astype(float)
    grid.imshow(image, cmap=ListedColormap([PALE, BLUE]), vmin=0, vmax=1, aspect="auto", interpolation="none")
    at = np.arange(len(data.labels))
    grid.set_yticks(at, [textwrap.shorten(label, 60, placeholder="…") for label in data.labels], size=9)
    grid.set_yticks(at[:-1] + 0.5, minor=True)
    grid.grid(visible=False)
    grid.grid(visible=True, which="minor", axis="y", color="white", linewidth=1.5)
    grid.tick_params(which="both", length=0)
    grid.set_xticks([])
    grid.set_xlabel(f"{data.matrix.shape[1]:,} practices that lack a figure")
    drawn = bars.barh(at, data.counts, 0.7, color=ORANGE)
    shares = [n / data.practices for n in data.counts]
    texts = [f"{share:.1%}" if share >= 0.001 else "under 0.1%" for share in shares]
    bars.bar_label(
        drawn, [f"{n:,} ({t})" for n, t in zip(data.counts, texts, strict=True)], padding=3, size=8.5
    )
    bars.tick_params(axis="y", which="both", length=0, labelleft=False)
    bars.set_xticks([])
    bars.set_xlabel("Practices without it")
    bars.grid(visible=False)
    bars.margins(x=0.9)
    for axes in (grid, bars):
        for side in axes.spines.values():
            side.set_visible(False)


def title(data: Missing) -> str:
    practices = data.matrix.shape[1]
    lack = "practice lacks" if practices == 1 else "practices lack"
    return (
        f"{practices:,} of {data.practices:,} {lack} a figure; {data.counts[0]:,} of them lack this one: "
        f"{inline(textwrap.shorten(data.labels[0], 70, placeholder='…'))}"
    )


def alt(data: Missing) -> str:
    parts = [f"{label}: {n:,}" for label, n in zip(data.labels[:8], data.counts, strict=False)]
    return (
        f"Matrix of missing figures, {len(data.labels)} features by {data.matrix.shape[1]:,} practices. "
        f"{data.features} of {data.all_features} features are missing somewhere. Most often: "
        f"{'; '.join(parts)}."
    )
