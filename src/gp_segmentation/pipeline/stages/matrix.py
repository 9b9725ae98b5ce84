"""data/features -> data/matrix: what is clustered; fitted on ordinary practices, applied to all."""

from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation import config
from gp_segmentation.errors import ConfigError
from gp_segmentation.matrix.pipeline import build_pipeline, prepare_matrix
from gp_segmentation.matrix.variants import STEPS, Preparation, block_weights, preparations
from gp_segmentation.storage.model_files import save_model
from gp_segmentation.storage.table_files import read_table, write_table
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import fresh_folder, write_json


def run(cfg: dict[str, Any], ws: Workspace) -> None:
    """Prepare the matrix; where steps or weights are open, in a folder for each way to prepare it."""
    weights = block_weights(ws.dictionary())
    ways = preparations({step: cfg[step] for step in STEPS}, weights, cfg["study"]["weight"])
    features, fitted = read_table(ws.features / "features.parquet"), ws.fitted()
    with fresh_folder(ws.matrix) as out:
        for way in ways:
            _write_matrix(way, features, fitted, ws.dictionary(way.weights), out / (way.name or ""))
        write_json(out / "preparations.json", [{"name": way.name, "settings": way.settings} for way in ways])


def _write_matrix(
    way: Preparation, features: pd.DataFrame, fitted: pd.Series, dictionary: pd.DataFrame, out: Path
) -> None:
    steps = {step: config.build(node, step) for step, node in way.nodes.items()}
    pipeline = build_pipeline(**steps, dictionary=dictionary)
    try:
        made = prepare_matrix(features, fitted, pipeline, dictionary)
    except ValueError as error:  # of a step's own library
        named = ", ".join(f"{step}={node.get('name', node['_target_'])}" for step, node in way.nodes.items())
        raise ConfigError(
            f"the features cannot be prepared by {named}: {error}. Change one of these"
        ) from error
    out.mkdir(exist_ok=True)
    write_table(out / "matrix.parquet", made.matrix)
    save_model(out / "pipeline.skops", made.pipeline)
    write_table(out / "imputed.parquet", made.imputed)
    write_table(out / "loadings.parquet", made.loadings)
    write_table(out / "components.csv", made.components)
