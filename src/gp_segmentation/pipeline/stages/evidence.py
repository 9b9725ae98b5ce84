"""data/segments -> data/evidence and data/metrics.json: what the segments are worth."""

from typing import Any

import pandas as pd

from gp_segmentation import config, evidence
from gp_segmentation.features import Tables, build_blocks
from gp_segmentation.storage.table_files import read_table, write_table
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import fresh_folder, write_json


def run(cfg: dict[str, Any], ws: Workspace) -> None:
    """Assess the segments beside null models, resamples, another method and other measures."""
    choice, fitted = ws.choice(), ws.fitted_matrix()
    X = evidence.sample_rows(fitted, cfg["evidence"]["rows"], cfg["seed"])
    labels = ws.segment_table().set_index("practice_code")["segment"].loc[X.index]
    null_model = cfg["study"]["null_model"]
    found = evidence.assess(
        X,
        labels,
        config.build(choice["node"], "clusterer"),
        ks=choice["numbers_tried"],
        options=cfg["evidence"],
        null=ws.null() if len(X) == len(fitted) and null_model["kind"] == "gaussian" else None,
        null_starts=null_model["n_init"],
        seed=cfg["seed"],
        jobs=cfg["jobs"],
    )
    told = found.evidence | {"rows": len(X), "fitted": len(fitted)}
    if told["assessed"]:
        told |= _external(cfg, ws, X, labels)
    with fresh_folder(ws.evidence) as out:
        write_json(out / "evidence.json", told)
        write_table(out / "practices.parquet", found.practices)
    chosen = ws.trials().set_index("trial").loc[choice["trial"]]
    imputed = read_table(ws.chosen_matrix / "imputed.parquet")
    write_json(ws.metrics, evidence.run_metrics(chosen, told, imputed, choice["agreement"]))


def _external(cfg: dict[str, Any], ws: Workspace, X: pd.DataFrame, labels: pd.Series) -> dict[str, Any]:
    """What the segments are made of, and what they tell of measures they were not made of."""
    options, draw = cfg["evidence"], {"seed": cfg["seed"], "jobs": cfg["jobs"]}
    tables = Tables(**{name: ws.prepared_table(name) for name in Tables.names()})
    references, outcomes = (
        build_blocks({name: config.build(node, "block") for name, node in nodes.items()}, tables)
        for nodes in (options["single_block_references"], options["external"]["outcomes"])
    )
    _, values, dictionary = ws.feature_tables()
    single_blocks = {name: block.values for name, block in references.items()}
    measures = {name: (block.values, block.labels) for name, block in outcomes.items()}
    known = (tables.practices, tables.context, tables.context_dictionary)
    return {
        "made_of": evidence.composition(X, labels, values, dictionary, single_blocks, **draw),
        "beyond": evidence.external_validity(labels, values, *known, measures, options["external"], **draw),
    }
