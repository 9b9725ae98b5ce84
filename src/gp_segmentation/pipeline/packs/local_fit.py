"""Segments of an area's own: its rows of the national matrix, clustered by themselves.

England stays the reference: rates, age adjustment, shrinkage and scaling are those of the national run, of
which only the rows are taken. It is another question than the national segments answer, so how far the two
agree stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import pandas as pd
from sklearn.metrics import adjusted_rand_score

from gp_segmentation import config, study
from gp_segmentation.clustering import canonical_order
from gp_segmentation.errors import ConfigError
from gp_segmentation.insight.portraits.names import AVERAGE, name_segments
from gp_segmentation.schemas import LocalSegments
from gp_segmentation.storage.workspace import Workspace

#: Ordinary practices that an area needs, and the least practices of a local segment.
LEAST, SMALLEST = 30, 5
#: A local segment has at least this share of the area's practices.
SHARE = 0.05
#: At most this many segments: more would have fewer practices than tell a segment from chance.
MOST = 8


def fit_locally(cfg: dict[str, Any], ws: Workspace, practices: Sequence[str]) -> LocalSegments:
    """Cluster the ordinary practices of an area, and compare with the national segments.

    The study's own rule chooses: the largest number that is found again, with floors for 30 to 300 practices.

    Parameters
    ----------
    cfg : of the run. ws : its workspace. practices : codes of the area's.

    Raises
    ------
    ConfigError : the area has fewer than `LEAST` ordinary practices, or cannot be divided into segments of
        `SMALLEST` or more.
    """
    X = ws.fitted_matrix()
    X = X[X.index.isin(practices)]
    if len(X) < LEAST:
        raise ConfigError(
            f"segments of its own (fit: local) need {LEAST} ordinary practices; the area has {len(X)}. Use "
            "the national segments (fit: england), or a larger area"
        )
    options = _options(cfg["study"], len(X))
    space = study.open_space(_open(cfg["clusterer"]), options)
    try:
        found = study.run_study(X, space, _build, options, seed=cfg["seed"], jobs=cfg["jobs"])
    except study.TooSmallError:
        raise ConfigError(
            f"segments of its own (fit: local): no division of the area's {len(X)} ordinary practices has "
            f"{SMALLEST} or more in every segment. Use the national segments (fit: england), or a larger area"
        ) from None
    raw = pd.Series(found.result.labels[found.choice["trial"]], index=X.index)
    labels = pd.Series(canonical_order(raw, keys=raw.index), index=raw.index, name="local")
    natural, values, dictionary = ws.feature_tables()
    # Named against the area itself: what tells its segments from each other, not from England.
    named = name_segments(natural.loc[X.index], values.loc[X.index], dictionary, labels)
    names = {number: name.replace(AVERAGE, "Close to the area's average") for number, name in named.items()}
    national = ws.segment_table(everyone=True).set_index("practice_code").reindex(X.index)
    return LocalSegments(
        labels=labels,
        names=names,
        supported=bool(found.choice["supported"]),
        method=str(found.choice["clusterer"]),
        crossed=_crossed(labels, names, national["segment_code"].fillna("none")),
        agreement=float(adjusted_rand_score(national["segment"], labels)),
    )


def _build(node: Mapping[str, Any], **parameters: Any) -> Any:
    return config.build(node, "clusterer", "sampler", **parameters)


def _crossed(labels: pd.Series, names: dict[int, str], national: pd.Series) -> pd.DataFrame:
    """Practices by local segment (rows) and national one (columns)."""
    counts = pd.crosstab(labels, national)
    table = pd.DataFrame(
        {"name": [names[number] for number in counts.index], "practices": counts.sum(axis=1)}
    )
    return table.join(counts).rename_axis("local_segment").reset_index().rename_axis(columns=None)


def _options(options: dict[str, Any], rows: int) -> dict[str, Any]:
    """The study's options with floors for few practices; kept in memory, since it takes a second."""
    local = deepcopy(options)
    floor = max(SMALLEST, round(SHARE * rows))
    local["rule"] |= {"min_practices": SMALLEST, "min_share": SHARE}
    local["n_clusters"] = {"low": 2, "high": max(2, min(MOST, rows // (2 * floor)))}
    local["storage"], local["workers"], local["tree_cache"] = None, None, 0
    return local


def _open(clusterer: dict[str, Any]) -> dict[str, Any]:
    """The run's clusterer with its number of segments open."""
    node = deepcopy(clusterer)
    for candidate in (node.get("candidates") or {"": node}).values():
        if candidate and "n_clusters" in candidate:
            candidate["n_clusters"] = None
    return node
