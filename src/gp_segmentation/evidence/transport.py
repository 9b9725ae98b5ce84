"""Do the segments hold elsewhere: fitted without one area, do they return, and does the area fit them?"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.metrics import pairwise_distances_argmin

from gp_segmentation.clustering import Hierarchical, centroids, fit_labels, number_clusters
from gp_segmentation.evidence.json_values import json_records
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.utils.progress import progress_bar
from gp_segmentation.utils.rounding import percent_reached, whole_percent
from gp_segmentation.utils.wording import first_few
from gp_segmentation.validity import adjusted_rand, best_jaccards, match_labels

#: How the levels of areas are called.
WORDS = {"region": ("region", "regions"), "icb": ("integrated care board", "integrated care boards")}
#: Share of an area's practices that keep their segment above which it holds there, whatever the Rand index:
#: where nearly all practices are in one segment a few others bring that index down to nothing.
KEPT = 0.9
COLUMNS = {
    **dict.fromkeys(("level", "area_code", "area"), "str"),
    **dict.fromkeys(("practices", "segment"), "int64"),
    **dict.fromkeys(("jaccard", "kept", "ari"), "float64"),
}


def transport(
    X: pd.DataFrame,
    labels: ArrayLike,
    clusterer: Any,
    areas: Mapping[str, pd.DataFrame],
    *,
    jobs: int | None = 1,
) -> pd.DataFrame:
    """Fit the segments again without each area, and put its practices into those.

    A segment rests on an area if it does not return without it; the segments do not hold in an area if its
    practices would be in others, had the others alone been asked. Leave one cluster out: a held-out part is
    one in which practices share more than chance (Roberts et al. 2017, "block cross-validation").

    Parameters
    ----------
    X : (n, d) fitted rows. labels : (n,) their segments. clusterer : the unfitted estimator that made them.
    areas : level -> frame indexed as `X` with code and name of the area of every row. Of the finer levels
        none is asked of a tree: one for each of 42 boards would take minutes.

    Returns
    -------
    frame of `COLUMNS`, a row per area and segment. practices : fitted practices of the area. jaccard :
    highest Jaccard coefficient of the segment over the new ones, among all practices. kept : share of the
    area's practices that keep their segment. ari : adjusted Rand index of both over the area's practices.
    """
    values, (names, codes) = X.to_numpy(dtype=np.float64), number_clusters(labels)
    asked = list(_areas(X.index, areas, coarse_only=isinstance(clusterer, Hierarchical)))
    tasks = [(values, codes, clone(clusterer), inside) for *_, inside in asked]
    found = progress_bar(parallel_map(_without, tasks, jobs), len(tasks), "areas left out")
    rows = [
        (level, code, name, int(inside.sum()), segment, jaccard, kept, ari)
        for (level, code, name, inside), (jaccards, kept, ari) in zip(asked, found, strict=True)
        for segment, jaccard in zip(names.tolist(), jaccards.tolist(), strict=True)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def with_transport(told: Mapping[str, Any], table: pd.DataFrame, codes: Mapping[int, str]) -> dict[str, Any]:
    """Return the contents of evidence.json with ``transport``: ``reasons``, and ``areas``, a row for each.

    `codes` : of segments, by which the reasons call them; one without is called by its number.
    """
    if not told["assessed"] or table.empty:
        return dict(told)
    limits = told["thresholds"]
    coded = table.assign(segment=table["segment"].map(lambda number: codes.get(number, str(number))))
    reasons = transport_reasons(coded, jaccard=float(limits["jaccard"]), ari=float(limits["ari"]))
    areas = table.drop(columns=["segment"]).groupby(["level", "area_code"], sort=False)
    by_area = areas.agg(
        area=("area", "first"),
        practices=("practices", "first"),
        kept=("kept", "first"),
        ari=("ari", "first"),
        jaccard_min=("jaccard", "min"),
    )
    shown = json_records(by_area.reset_index())
    return {**told, "transport": {"reasons": reasons, "areas": shown}}


def transport_reasons(table: pd.DataFrame, *, jaccard: float, ari: float) -> list[str]:
    """Return sentences on where the segments hold and where not.

    Parameters
    ----------
    table : from `transport`. jaccard, ari : least values at which a segment returns, and an area fits.
    """
    return [reason for level in table["level"].unique() for reason in _of_level(table, level, jaccard, ari)]


def _of_level(table: pd.DataFrame, level: str, least: float, ari: float) -> Iterator[str]:
    rows = table[table["level"] == level]
    one, many = WORDS.get(level, (level, f"{level}s"))
    lost = rows[rows["jaccard"] < least]
    by_area = rows.drop_duplicates("area_code")
    away = by_area[(by_area["ari"] < ari) & (by_area["kept"] < KEPT)]
    for segment, areas in lost.groupby("segment"):
        named = first_few(areas.sort_values("jaccard")["area"], 3)
        low = percent_reached(areas["jaccard"].min())
        yield (
            f"Segment {segment} rests on {named}: without it the segment does not return "
            f"(overlap {low}; {whole_percent(least)} is asked for)."
        )
    if len(away):
        least_kept = percent_reached(away["kept"].min())
        named = first_few(away.sort_values("kept")["area"], 3)
        yield (
            f"The segments do not hold in {named}: fitted without it, they put its practices elsewhere "
            f"(as few as {least_kept} keep their segment)."
        )
    if lost.empty and away.empty:
        worst = percent_reached(rows["jaccard"].min())
        farthest = by_area.sort_values("kept").iloc[0]
        yield (
            f"They hold in every {one}: fitted without any one of {len(by_area)} {many}, every segment "
            f"returns (overlap {worst} or more) and the practices left out keep their segment "
            f"(least in {farthest['area']}, {percent_reached(farthest['kept'])})."
        )


def _areas(
    index: pd.Index, areas: Mapping[str, pd.DataFrame], *, coarse_only: bool
) -> Iterator[tuple[str, str, str, np.ndarray]]:
    """Level, code, name and rows of every area that leaves others; the first level alone if `coarse_only`."""
    for number, (level, frame) in enumerate(areas.items()):
        if number and coarse_only:
            return
        own = frame.loc[index]
        for code in sorted(own["code"].unique()):
            inside = (own["code"] == code).to_numpy()
            if not inside.all():
                yield level, str(code), str(own.loc[inside, "name"].iloc[0]), inside


def _without(values: Floats, codes: Ints, clusterer: Any, inside: np.ndarray) -> tuple[Floats, float, float]:
    """Jaccard of each segment, share of the area's practices that keep theirs, adjusted Rand index there."""
    outside = values[~inside]
    fitted = fit_labels(clusterer, outside)
    means = centroids(outside[fitted >= 0], fitted[fitted >= 0]).to_numpy()
    new = np.empty(len(values), dtype=np.int64)
    new[~inside] = fitted
    new[inside] = pairwise_distances_argmin(values[inside], means)
    matched = match_labels(codes, new)
    own, other = codes[inside], new[inside]
    ari = adjusted_rand(own, other) if len(own) > 1 else float("nan")  # one practice makes no pair
    return best_jaccards(codes, new), float((matched[inside] == own).mean()), ari
