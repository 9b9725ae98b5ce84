"""How another clustering method divides the practices into the same number of clusters. Rows: segments.
Columns: clusters of the other method, each below the segment with which it shares most practices. Numbers are
practices; the darker the cell, the larger its share of the segment. Practices off the diagonal are those on
which the two methods disagree.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import heat_map
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, Key, compared_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.labels import titled
from gp_segmentation.utils.rounding import score_reached, whole_percent

ORDER, LABEL = 47, "Agreement of two methods"
SHADES = LinearSegmentedColormap.from_list("gpseg_share", ["white", BLUE])


@dataclass(frozen=True)
class MethodAgreement:
    """Practices by segment (index) and other method's cluster (columns); the method; adjusted Rand index."""

    keys: list[Key]
    table: pd.DataFrame
    other: str
    ari: float | None

    @property
    def shared(self) -> float:
        """Share of practices on the diagonal."""
        both = self.table.index.intersection(self.table.columns)
        return float(np.trace(self.table.loc[both, both]) / self.table.to_numpy().sum())


def data(results: Results) -> MethodAgreement:
    agreement = results.evidence.get("agreement")
    if not agreement:
        raise NotShown("The segments were not compared with those of another method in this run.")
    rows = pd.DataFrame(agreement["table"])
    table = rows.pivot_table(index="segment", columns="other", values="practices", fill_value=0)
    ari = (results.evidence.get("figures") or {}).get("ari_kmeans_hierarchical")
    keys = compared_keys(results.segments)
    codes = {key.number: key.code for key in keys}
    table = table.astype(int).rename(index=codes, columns=codes)
    order = [key.code for key in keys]
    clusters = [code for code in order if code in table] + [name for name in table if name not in order]
    return MethodAgreement(keys, table.reindex(order, fill_value=0)[clusters], str(agreement["other"]), ari)


def size(data: MethodAgreement) -> tuple[float, float]:
    return 4.6 + 0.75 * data.table.shape[1], 1.5 + 0.5 * len(data.table)


def draw(data: MethodAgreement, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    counts = data.table.to_numpy()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    heat_map(axes, shares, SHADES, Normalize(0, 1), lambda i, j: f"{counts[i, j]:,}", size=9)
    axes.set_yticks(range(len(data.table)), [key.axis_label for key in data.keys])
    axes.set_xticks(range(counts.shape[1]), [str(n) for n in data.table.columns])
    axes.xaxis.set_label_position("top")
    axes.set_xlabel(f"Cluster of {data.other}")


def title(data: MethodAgreement) -> str:
    return f"{titled(data.other)} puts {whole_percent(data.shared)} of practices in the same segment"


def alt(data: MethodAgreement) -> str:
    parts = []
    for code, row in data.table.iterrows():
        elsewhere = row.drop(code, errors="ignore")
        same = f"segment {code}: {int(row.get(code, 0)):,} of {row.sum():,} practices in the same cluster"
        most = f", most others in cluster {elsewhere.idxmax()} ({elsewhere.max():,})"
        parts.append(same + (most if elsewhere.sum() else ""))
    ari = "" if data.ari is None else f" Adjusted Rand index {score_reached(data.ari)}."
    return f"Table of practices by segment and cluster of {data.other}.{ari} {'; '.join(parts)}."


def table(data: MethodAgreement) -> pd.DataFrame:
    clusters = data.table.set_axis([f"In cluster {name}" for name in data.table], axis=1)
    return clusters.rename_axis("Segment").reset_index()
