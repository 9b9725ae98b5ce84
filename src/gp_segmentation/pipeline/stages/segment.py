"""data/study -> data/segments: the choice in order and named; practices not fitted are assigned."""

from typing import Any

import pandas as pd

from gp_segmentation.clustering import canonical_order
from gp_segmentation.insight.portraits.names import name_segments
from gp_segmentation.segments.model import add_segments
from gp_segmentation.segments.table import segment_table
from gp_segmentation.storage.model_files import load_model, save_model
from gp_segmentation.storage.table_files import read_table, write_table
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import fresh_folder, sha256_of, write_json


def run(cfg: dict[str, Any], ws: Workspace) -> None:
    """Order and name the segments of the chosen trial, and keep them as a table and as a model."""
    labels = read_table(ws.study / "labels.parquet")[str(ws.choice()["trial"])]
    labels = pd.Series(canonical_order(labels, keys=labels.index), index=labels.index)
    natural, values, dictionary = ws.feature_tables()
    matrix = ws.matrix_table()
    named = name_segments(natural, values, dictionary, labels)
    table, centres = segment_table(matrix, labels, ws.prepared_table("practices"), named)
    model = add_segments(load_model(ws.chosen_matrix / "pipeline.skops"), matrix, labels)
    with fresh_folder(ws.segments) as out:
        write_table(out / "segments.csv", table, "segments")
        write_table(out / "centroids.csv", centres)
        save_model(out / "model.skops", model)
        write_json(out / "model.json", {"sha256": sha256_of(out / "model.skops")})
