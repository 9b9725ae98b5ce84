"""The stages of a run, one short function each: read, call pure code, write.

DVC runs them one by one (`run_stage`), `gpseg` all in a row (`run_job`). Heavy libraries are imported by
the stage that needs them, so that no command waits for what it does not use.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation import config
from gp_segmentation.atomic import fresh_folder
from gp_segmentation.workspace import Workspace, read_json, read_table, write_json, write_table

Config = dict[str, Any]
log = logging.getLogger("gpseg")


def prepare(cfg: Config, ws: Workspace) -> None:
    """data/raw/SOURCE -> data/prepared: tidy, checked tables."""
    from gp_segmentation import sources

    folder = ws.raw / cfg["source"]["name"]
    prepared = sources.read_source(readers(cfg["source"]), folder)
    with fresh_folder(ws.prepared) as out:
        for name, table in prepared.tables().items():
            write_table(out / f"{name}.parquet", table, name)
        if prepared.boundaries is not None:
            prepared.boundaries.to_file(out / "boundaries.geojson", driver="GeoJSON")
        write_json(out / "source.json", describe_source(cfg["source"], folder, prepared.practices))


def features(cfg: Config, ws: Workspace) -> None:
    """data/prepared -> data/features: one row of features per practice."""
    from gp_segmentation.features import Tables, build_features

    blocks = {name: config.build(node) for name, node in cfg["features"]["blocks"].items()}
    built = build_features(blocks, Tables(**ws.tables(Tables.names())))
    with fresh_folder(ws.features) as out:
        write_table(out / "features.parquet", built.features)
        write_table(out / "natural.parquet", built.natural)
        write_table(out / "dictionary.parquet", built.dictionary, "dictionary")
        write_table(out / "dropped.csv", built.dropped)


def matrix(cfg: Config, ws: Workspace) -> None:
    """data/features -> data/matrix: what is clustered; fitted on ordinary practices, applied to all."""
    from gp_segmentation.matrix import build_pipeline, prepare_matrix

    dictionary = read_table(ws.features / "dictionary.parquet", "dictionary")
    steps = {name: config.build(cfg[name]) for name in ("imputer", "outliers", "scaler", "reducer")}
    pipeline = build_pipeline(**steps, dictionary=dictionary)
    result = prepare_matrix(read_table(ws.features / "features.parquet"), ws.fitted(), pipeline, dictionary)
    with fresh_folder(ws.matrix) as out:
        write_table(out / "matrix.parquet", result.matrix)
        write_table(out / "imputed.parquet", result.imputed)
        write_table(out / "loadings.parquet", result.loadings)


def study(cfg: Config, ws: Workspace) -> None:
    """data/matrix -> data/study: every trial that the configuration leaves open, and the choice."""
    from gp_segmentation import study as room

    X = ws.fitted_matrix()
    space = room.space(cfg["clusterer"], cfg["study"])
    found = room.run(X, space, config.build, cfg["study"], jobs=jobs(cfg), seed=cfg["seed"])
    with fresh_folder(ws.study) as out:
        write_table(out / "trials.parquet", found.trials, "trials")
        write_json(out / "choice.json", found.choice)


STAGES: dict[str, Callable[[Config, Workspace], None]] = {
    "prepare": prepare,
    "features": features,
    "matrix": matrix,
    "study": study,
}


def run_stage(name: str, cfg: Config, root: Path) -> None:
    """Run one stage in the project's own workspace."""
    STAGES[name](cfg, Workspace(root / "data"))
