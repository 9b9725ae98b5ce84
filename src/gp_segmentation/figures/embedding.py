"""Practices laid out so that those alike in the clustered matrix lie close together (t-SNE, van der Maaten
and Hinton 2008; perplexity 30, at most 2,000 fitted practices drawn by lot). For looking only: segments are
never made from it. Distances between far groups, their sizes and gaps mean nothing here.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase
from threadpoolctl import threadpool_limits

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import Key, segment_keys, without_frame
from gp_segmentation.schemas import Results

ORDER, LABEL = 65, "Neighbourhoods of practices"
MOST, PERPLEXITY = 2000, 30.0


@dataclass(frozen=True)
class Embedding:
    """Practices drawn: x, y, segment, and same (share of the ten nearest in the matrix of its segment)."""

    keys: list[Key]
    points: pd.DataFrame


def data(results: Results) -> Embedding:
    asked = (results.config.get("report") or {}).get("embedding")
    if asked != "tsne":
        raise NotShown("It was not asked for (report.embedding=tsne draws it, in about half a minute).")
    rows = results.segments[results.segments["fitted"]].set_index("practice_code")["segment"].sort_index()
    rng = np.random.default_rng(int(results.config.get("seed") or 0))
    drawn = np.sort(rng.permutation(len(rows))[:MOST])
    rows = rows.iloc[drawn]
    X = results.matrix.reindex(rows.index).to_numpy(dtype=float)
    if len(X) <= 3 * PERPLEXITY or X.shape[1] < 2:
        raise NotShown("There are too few practices or features for it.")
    places = neighbour_map(X, seed=int(results.config.get("seed") or 0))
    points = pd.DataFrame(places, columns=["x", "y"]).assign(segment=rows.to_numpy())
    return Embedding(segment_keys(results.segments), points.assign(same=_same(X, rows.to_numpy())))


def neighbour_map(X: np.ndarray, seed: int) -> np.ndarray:
    """Return the t-SNE coordinates (n, 2) of the rows of `X`, begun from their principal components."""
    from sklearn.manifold import TSNE

    with threadpool_limits(1):  # sums may change with the number of threads
        return TSNE(perplexity=PERPLEXITY, init="pca", random_state=seed, n_jobs=1).fit_transform(X)


def _same(X: np.ndarray, segment: np.ndarray) -> np.ndarray:
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=11).fit(X).kneighbors(X, return_distance=False)[:, 1:]
    return (segment[nearest] == segment[:, None]).mean(axis=1)


def size(data: Embedding) -> tuple[float, float]:
    return 10.0, 5.8 + 0.24 * len(data.keys)


def draw(data: Embedding, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    turn = np.random.default_rng(0).permutation(len(data.points)) % 8  # so that no segment hides another
    for batch in range(8):
        for key in data.keys:
            mine = data.points[(data.points["segment"] == key.number).to_numpy() & (turn == batch)]
            axes.scatter(
                mine["x"], mine["y"], s=13, marker=key.marker, color=key.colour, alpha=0.6, linewidths=0,
                rasterized=True, label=key.text if batch == 0 else None,
            )  # fmt: skip
    axes.set(xticks=[], yticks=[])
    without_frame(axes)
    figure.legend(loc="outside lower left", markerscale=2)


def title(data: Embedding) -> str:
    share = data.points["same"].mean()
    return f"Of a practice's ten nearest neighbours, {share:.0%} are in its own segment"


def alt(data: Embedding) -> str:
    same = data.points.groupby("segment")["same"].mean()
    parts = [f"segment {number}: {share:.0%}" for number, share in same.items()]
    return (
        f"Map of {len(data.points):,} practices by t-SNE, coloured by segment. Share of the ten nearest "
        f"neighbours that are in the same segment: {'; '.join(parts)}."
    )
