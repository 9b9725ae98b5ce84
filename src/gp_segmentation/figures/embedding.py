"""Practices placed so that those alike in the clustered matrix lie close together (t-SNE, van der Maaten and
Hinton 2008; perplexity 30, at most 2,000 fitted practices drawn at random). It is only a picture: segments
are never made from it. Distances between groups, their sizes and the gaps between them mean nothing here.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase
from threadpoolctl import threadpool_limits

from gp_segmentation.figures._parts import draw_practices, without_frame
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import Key, segment_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import whole_percent

ORDER, LABEL = 65, "Neighbourhoods of practices"
MAX_PRACTICES, PERPLEXITY = 2000, 30.0


@dataclass(frozen=True)
class Embedding:
    """Practices drawn: x, y, segment (-1 for none), and same (share of the ten nearest in the matrix that are
    in its segment).
    """

    keys: list[Key]
    points: pd.DataFrame


def data(results: Results) -> Embedding:
    if (results.config.get("report") or {}).get("embedding") != "tsne":
        raise NotShown("It was not requested (report.embedding=tsne draws it, in about half a minute).")
    seed = int(results.config.get("seed") or 0)
    rows = results.everyone.query("fitted").set_index("practice_code")["segment"].sort_index()
    rows = rows.iloc[np.sort(np.random.default_rng(seed).permutation(len(rows))[:MAX_PRACTICES])]
    X = results.matrix.reindex(rows.index).to_numpy(dtype=float)
    if len(X) <= 3 * PERPLEXITY or X.shape[1] < 2:
        raise NotShown("There are too few practices or features for it.")
    segment = rows.to_numpy()
    points = pd.DataFrame(neighbour_map(X, seed), columns=["x", "y"])
    points = points.assign(segment=segment, same=same_segment_share(X, segment))
    return Embedding(segment_keys(results.segments), points)


def neighbour_map(X: np.ndarray, seed: int) -> np.ndarray:
    """Return the t-SNE coordinates (n, 2) of the rows of `X`, begun from their principal components."""
    from sklearn.manifold import TSNE

    with threadpool_limits(1):  # sums may change with the number of threads
        return TSNE(perplexity=PERPLEXITY, init="pca", random_state=seed, n_jobs=1).fit_transform(X)


def same_segment_share(X: np.ndarray, segment: np.ndarray) -> np.ndarray:
    """Return, per row of `X`, the share of its ten nearest rows that are in the same segment."""
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=11).fit(X).kneighbors(X, return_distance=False)[:, 1:]
    return (segment[nearest] == segment[:, None]).mean(axis=1)


def size(data: Embedding) -> tuple[float, float]:
    return 10.0, 5.8 + 0.24 * len(data.keys)


def draw(data: Embedding, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    turn = np.random.default_rng(0).permutation(len(data.points)) % 8
    practices = (data.points[["x", "y"]].to_numpy(), data.points["segment"].to_numpy(), turn)
    draw_practices(axes, *practices, data.keys, 110, s=13, alpha=0.6)
    axes.set(xticks=[], yticks=[])
    without_frame(axes)
    figure.legend(loc="outside lower left", markerscale=2)


def title(data: Embedding) -> str:
    share = data.points.loc[data.points["segment"] > 0, "same"].mean()
    return f"Of a practice's ten nearest neighbours, {whole_percent(share)} are in its own segment"


def alt(data: Embedding) -> str:
    same = data.points.groupby("segment")["same"].mean()
    parts = [
        f"segment {key.code}: {whole_percent(same[key.number])}" for key in data.keys if key.number in same
    ]
    return (
        f"Map of {len(data.points):,} practices by t-SNE, coloured by segment. Share of the ten nearest "
        f"neighbours that are in the same segment: {'; '.join(parts)}."
    )


def table(data: Embedding) -> pd.DataFrame:
    codes = {key.number: key.code for key in data.keys}
    points = data.points.assign(segment=data.points["segment"].map(codes).fillna("none"))
    points["same"] *= 100
    headings = ["Across", "Up", "Segment", "Nearest ten in the same segment (%)"]
    return points[["x", "y", "segment", "same"]].set_axis(headings, axis=1)
