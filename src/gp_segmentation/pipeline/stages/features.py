"""data/prepared -> data/features: one row of features per practice."""

import logging
from typing import Any

from gp_segmentation import config
from gp_segmentation.features import Tables, build_features, first_look
from gp_segmentation.storage.table_files import write_table
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import fresh_folder

log = logging.getLogger("gpseg")


def run(cfg: dict[str, Any], ws: Workspace) -> None:
    """Build the blocks of the feature set, and take a first look at the features."""
    blocks = {name: config.build(node, "block") for name, node in cfg["features"]["blocks"].items()}
    tables = Tables(**{name: ws.prepared_table(name) for name in Tables.names()})
    built = build_features(blocks, tables, config.build(cfg["selection"], "selection"))
    for row in built.notes.itertuples():
        log.warning("features: block %s: %s", row.block, row.note)
    for row in built.dropped.itertuples():
        log.info("features: %s is left out: %s", row.feature, row.reason)
    with fresh_folder(ws.features) as out:
        write_table(out / "features.parquet", built.features)
        write_table(out / "natural.parquet", built.natural)
        write_table(out / "dictionary.parquet", built.dictionary, "dictionary")
        for name, table in first_look(built, tables).items():
            write_table(out / f"{name}.csv", table)
