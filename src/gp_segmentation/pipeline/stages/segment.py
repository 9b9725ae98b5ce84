"""data/study -> data/segments: the choice, in order, named and on three levels; others are assigned."""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from gp_segmentation import config
from gp_segmentation.clustering import NOISE, Levels, canonical_order, merge_segments, nest
from gp_segmentation.features import Redraw, Tables
from gp_segmentation.insight.portraits.levels import name_levels
from gp_segmentation.insight.portraits.names import name_segments
from gp_segmentation.segments.certainty import how_sure, membership_probabilities
from gp_segmentation.segments.model import add_segments
from gp_segmentation.segments.table import codes_of, level_table, segment_table
from gp_segmentation.storage.model_files import load_model, save_model
from gp_segmentation.storage.table_files import read_table, write_segments, write_table
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import fresh_folder, sha256_of, write_json
from gp_segmentation.validity import score_labellings

log = logging.getLogger("gpseg")


def run(cfg: dict[str, Any], ws: Workspace) -> None:
    """Order and name the segments of the chosen trial, and keep them as tables and as a model."""
    every = read_table(ws.study / "labels.parquet")[str(ws.choice()["trial"])]
    raw, noise = every[every >= 0], every.index[every < 0]
    if len(noise):
        log.info("segments: %s of %s practices belong to no segment", f"{len(noise):,}", f"{len(every):,}")
    labels = pd.Series(canonical_order(raw, keys=raw.index), index=raw.index)
    matrix, tables = ws.matrix_table(), ws.feature_tables()
    levels = _levels(cfg, ws, matrix, labels)
    # Practices of no segment are part of the England that segments are named against.
    named = name_segments(*tables, labels.reindex(every.index, fill_value=NOISE))
    practices = ws.prepared_table("practices")
    pipeline, codes = load_model(ws.chosen_matrix / "pipeline.skops"), codes_of(labels, levels)
    code_of = {cluster: codes[segment] for cluster, segment in zip(raw, labels, strict=True)}
    membership = _membership(cfg, ws, matrix.loc[labels.index], levels, code_of, pipeline)
    sure = how_sure(membership, levels.codes["segment"])
    table, centres = segment_table(matrix, labels, practices, named, levels, sure, noise)
    words = name_levels(
        *tables, levels.codes.reindex(every.index), {codes[number]: name for number, name in named.items()}
    )
    model = add_segments(pipeline, matrix, labels, levels)
    with fresh_folder(ws.segments) as out:
        write_segments(out / "segments.csv", table)
        write_table(out / "levels.csv", level_table(table, levels, words), "levels")
        write_table(out / "membership.csv", membership, "membership")
        write_table(out / "centroids.csv", centres)
        save_model(out / "model.skops", model)
        write_json(out / "model.json", {"sha256": sha256_of(out / "model.skops")})


def _levels(cfg: dict[str, Any], ws: Workspace, matrix: pd.DataFrame, labels: pd.Series) -> Levels:
    """Supergroups and subgroups of the fitted practices; by the tree, where the segments are cut from one."""
    cut = read_table(ws.study / "tree.parquet").to_numpy() if ws.choice()["linkage"] else np.empty((0, 4))
    # Where there are too many practices for a tree, the segments are not a cut of one.
    tree = cut if len(cut) + 1 == len(labels) else None
    X, options = matrix.loc[labels.index], dict(cfg["study"]["levels"])
    if options["supergroups"] is None and len(labels) <= cfg["study"]["exact_up_to"]:
        merged = merge_segments(X, labels, tree)
        if merged:
            silhouettes = score_labellings(X, np.stack([*merged.values()]), jobs=cfg["jobs"]).silhouette
            options["supergroups"] = [*merged][int(np.argmax(silhouettes))]
    return nest(
        X,
        labels,
        **options,
        floor=ws.choice()["floor"],
        tree=tree,
        keys=labels.index,
        seed=cfg["seed"],
        jobs=cfg["jobs"],
    )


def _membership(
    cfg: dict[str, Any],
    ws: Workspace,
    matrix: pd.DataFrame,
    levels: Levels,
    code_of: Mapping[int, str],
    pipeline: Pipeline,
) -> pd.DataFrame:
    """Probabilities of the practices of `matrix`; `code_of` the segments as the study numbers them."""
    blocks = {name: config.build(node, "block") for name, node in cfg["features"]["blocks"].items()}
    tables = Tables(**{name: ws.prepared_table(name) for name in Tables.names()})
    features = read_table(ws.features / "features.parquet").loc[matrix.index]
    redraw = Redraw(blocks, tables, features, cfg["seed"])
    segments = levels.nodes.loc[levels.nodes["level"] == "segment", "code"].tolist()
    found = read_table(ws.study / "centroids.parquet")
    found = found.assign(segment=found["segment"].map(code_of).map(segments.index))
    centroids = found.sort_values(["draw", "segment"])[list(matrix.columns)].to_numpy(dtype=float)
    return membership_probabilities(
        lambda numbers: np.asarray(pipeline.transform(redraw.draw(numbers))),
        matrix,
        levels,
        centroids.reshape(-1, len(segments), matrix.shape[1]),
        draws=cfg["study"]["certainty_draws"],
        jobs=cfg["jobs"],
    )
