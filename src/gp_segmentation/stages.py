"""The stages of a run, one short function each: read, call pure code, write.

DVC runs them one by one, `gpseg` all in a row (see `drivers`). Heavy libraries are imported by the stage that
needs them, so that no command waits for what it does not use.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from gp_segmentation import config
from gp_segmentation.tables import SCHEMAS
from gp_segmentation.workspace import (
    PREPARED,
    Workspace,
    fresh_folder,
    read_json,
    read_table,
    write_json,
    write_table,
    write_text,
)

if TYPE_CHECKING:
    from gp_segmentation.features import SpecialRules
    from gp_segmentation.preparations import Preparation
    from gp_segmentation.sources import Prepared

log = logging.getLogger("gpseg")

Config = dict[str, Any]

#: Tables of data/insight that are parquet; the others are CSV.
LARGE = ("peers", "practice_opportunities", "outliers")


def configure(root: Path) -> None:
    """conf/ -> params.yaml, unless DVC has just composed it with an experiment's overrides."""
    if not os.environ.get("DVC_EXP_NAME"):
        write_text(root / "params.yaml", config.to_yaml(config.compose_config(root)))


def prepare(cfg: Config, ws: Workspace) -> None:
    """data/raw/SOURCE -> data/prepared: tidy, checked tables."""
    from gp_segmentation import provenance, sources

    source = cfg["source"]
    folder = ws.raw / source["name"]
    files = {name: {**file, "reader": config.build(file["reader"])} for name, file in source["files"].items()}
    prepared = sources.read_source(files, folder)
    practices = _with_special_reasons(prepared, config.build(cfg["special"]))
    with fresh_folder(ws.prepared) as out:
        for name in PREPARED:
            table = practices if name == "practices" else getattr(prepared, name)
            write_table(out / f"{name}.parquet", table, name)
        if prepared.boundaries is not None:
            write_text(out / "boundaries.geojson", prepared.boundaries.to_json(drop_id=True))
        write_json(out / "source.json", provenance.describe_source(cfg, folder, practices))


def _with_special_reasons(prepared: Prepared, rules: SpecialRules) -> pd.DataFrame:
    """Return the practices, `special` saying why one is no ordinary practice, as far as the data tell."""
    from gp_segmentation.features import special_reasons

    practices = prepared.practices.copy()
    reasons = special_reasons(practices, prepared.registers, prepared.age_sex, rules)
    practices["special"] = practices["practice_code"].map(reasons).astype("str")
    return practices


def features(cfg: Config, ws: Workspace) -> None:
    """data/prepared -> data/features: one row of features per practice."""
    from gp_segmentation import features as room

    blocks = {name: config.build(node) for name, node in cfg["features"]["blocks"].items()}
    tables = room.Tables(**{name: ws.prepared_table(name) for name in room.Tables.names()})
    built = room.build_features(blocks, tables, config.build(cfg["selection"]))
    for row in built.notes.itertuples():
        log.warning("features: block %s: %s", row.block, row.note)
    for row in built.dropped.itertuples():
        log.info("features: %s is left out: %s", row.feature, row.reason)
    with fresh_folder(ws.features) as out:
        write_table(out / "features.parquet", built.features)
        write_table(out / "natural.parquet", built.natural)
        write_table(out / "dictionary.parquet", built.dictionary, "dictionary")
        for name, table in room.first_look(built, tables).items():
            write_table(out / f"{name}.csv", table)


def matrix(cfg: Config, ws: Workspace) -> None:
    """data/features -> data/matrix: what is clustered; fitted on ordinary practices, applied to all.

    Where steps or weights are open there is a folder below it for each way to prepare the matrix.
    """
    from gp_segmentation.preparations import STEPS, block_weights, preparations

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
    from gp_segmentation.matrix import build_pipeline, prepare_matrix
    from gp_segmentation.model import save_model

    steps = {step: config.build(node) for step, node in way.nodes.items()}
    pipeline = build_pipeline(**steps, dictionary=dictionary)
    made = prepare_matrix(features, fitted, pipeline, dictionary)
    out.mkdir(exist_ok=True)
    write_table(out / "matrix.parquet", made.matrix)
    save_model(out / "pipeline.skops", made.pipeline)
    write_table(out / "imputed.parquet", made.imputed)
    write_table(out / "loadings.parquet", made.loadings)
    write_table(out / "components.csv", made.components)


def study(cfg: Config, ws: Workspace) -> None:
    """data/matrix -> data/study: every trial that the configuration leaves open, and the choice."""
    from gp_segmentation import study as room
    from gp_segmentation.preparations import of_preparation
    from gp_segmentation.tree_cache import TreeFolder

    options, ways = cfg["study"], ws.preparations()
    matrices = {name: ws.fitted_matrix(ws.matrix_folder(name)) for name in ways}
    space = room.space(cfg["clusterer"], options, ways)
    kept = TreeFolder(ws.cache / "trees", options["tree_cache"]) if options["tree_cache"] else None
    workers = {"seed": cfg["seed"], "jobs": cfg["jobs"]}
    found = room.run(
        matrices, space, config.build, options, folder=ws.cache / "studies", cache=kept, **workers
    )
    practices = matrices[found.choice["preparation"]].index
    labels = pd.DataFrame({str(trial): row for trial, row in found.result.labels.items()}, index=practices)
    with fresh_folder(ws.study) as out:
        write_table(out / "trials.parquet", found.trials, "trials")
        write_table(out / "labels.parquet", labels.astype("int32"))
        write_table(out / "null.parquet", found.null)
        write_table(out / "tree.parquet", found.tree)
        write_table(out / "preparations.csv", found.preparations)
        chosen = of_preparation(found.trials, found.choice["preparation"])
        write_table(out / "scores_by_k.csv", room.scores_by_k(chosen))
        write_json(out / "choice.json", found.choice)
        room.write_plots(found.trials, found.result.points, space, found.objectives, out / "plots")


def segment(cfg: Config, ws: Workspace) -> None:
    """data/study -> data/segments: the choice in order and named; practices not fitted are assigned."""
    from gp_segmentation import insight
    from gp_segmentation.clustering import canonical_order
    from gp_segmentation.membership import segment_table
    from gp_segmentation.model import load_model, save_model, whole_model

    choice = ws.choice()
    labels = read_table(ws.study / "labels.parquet")[str(choice["trial"])]
    labels = pd.Series(canonical_order(labels, keys=labels.index), index=labels.index)
    natural, values, dictionary = ws.feature_tables()
    names = insight.names(natural, values, dictionary, labels)
    matrix = ws.matrix_table()
    table, centres = segment_table(matrix, labels, ws.prepared_table("practices"), names)
    model = whole_model(load_model(ws.chosen_matrix / "pipeline.skops"), matrix, labels)
    with fresh_folder(ws.segments) as out:
        write_table(out / "segments.csv", table, "segments")
        write_table(out / "centroids.csv", centres)
        save_model(out / "model.skops", model)


def evidence(cfg: Config, ws: Workspace) -> None:
    """data/segments -> data/evidence and data/metrics.json: what the segments are worth."""
    from gp_segmentation import evidence as room
    from gp_segmentation.matrix import imputed_metrics
    from gp_segmentation.study import agreement_metric, space

    choice = ws.choice()
    trials = ws.trials()
    fitted = ws.fitted_matrix()
    X = room.drawn_rows(fitted, cfg["evidence"]["rows"], cfg["seed"])
    labels = ws.segment_table().set_index("practice_code")["segment"].loc[X.index]
    opened, model = space(cfg["clusterer"], cfg["study"]), cfg["study"]["null_model"]
    found = room.assess(
        X,
        labels,
        config.build(opened.node(choice)),
        ks=opened.ks,
        options=cfg["evidence"],
        null=ws.null() if len(X) == len(fitted) and model["kind"] == "gaussian" else None,
        null_starts=model["n_init"],
        seed=cfg["seed"],
        jobs=cfg["jobs"],
    )
    evidence = found.evidence | {"rows": len(X), "fitted": len(fitted)}
    if evidence["assessed"]:
        evidence |= _against_others(cfg, ws, X, labels)
    chosen = trials.set_index("trial").loc[choice["trial"]]
    with fresh_folder(ws.evidence) as out:
        write_json(out / "evidence.json", evidence)
        write_table(out / "practices.parquet", found.practices)
    imputed = imputed_metrics(read_table(ws.chosen_matrix / "imputed.parquet"))
    write_json(ws.metrics, room.metrics(chosen, evidence) | imputed | agreement_metric(choice))


def _against_others(cfg: Config, ws: Workspace, X: pd.DataFrame, labels: pd.Series) -> dict[str, Any]:
    """What the segments are made of, and what they tell of measures they were not made of."""
    from gp_segmentation import evidence as room
    from gp_segmentation.features import Tables

    options, draw = cfg["evidence"], {"seed": cfg["seed"], "jobs": cfg["jobs"]}
    tables = Tables(**{name: ws.prepared_table(name) for name in Tables.names()})
    references, outcomes = (
        room.build_blocks({name: config.build(node) for name, node in nodes.items()}, tables)
        for nodes in (options["references"], options["beyond"]["outcomes"])
    )
    _, values, dictionary = ws.feature_tables()
    return {
        "made_of": room.made_of(X, labels, values, dictionary, references, **draw),
        "beyond": room.used_beyond(labels, values, tables, outcomes, options["beyond"], **draw),
    }


def insight(cfg: Config, ws: Workspace) -> None:
    """data/segments -> data/insight: profiles, portraits, rules, peers, opportunities, outliers, workbook."""
    from gp_segmentation import insight as room

    options = cfg["insight"]
    natural, values, dictionary = ws.feature_tables()
    segments = ws.segment_table()
    prepared = {name: ws.prepared_table(name) for name in room.PREPARED}
    verdict = read_json(ws.evidence / "evidence.json")["verdict"] or ""
    run = room.Run(prepared, natural, values, dictionary, ws.matrix_table(), segments, verdict)
    tables = room.read(run, options, seed=cfg["seed"], jobs=cfg["jobs"])
    rules = room.rules(natural, dictionary, segments, **options["rules"])
    tables |= room.equity(run, tables, rules, options)
    tables["disputed"] = _disputed(ws, segments)
    tables["space"] = room.join_counts(prepared["practices"], segments, **options["space"])
    with fresh_folder(ws.insight) as out:
        for name, table in tables.items():
            ending = "parquet" if name in LARGE else "csv"
            write_table(out / f"{name}.{ending}", table, name if name in SCHEMAS else None)
        write_json(out / "portraits.json", room.portray(run, tables, options["top_features"]))
        write_text(out / "rules.txt", rules.text)
        source = read_json(ws.prepared / "source.json")
        room.write_workbook(out / "segments.xlsx", room.sheets(tables, segments), source)


def _disputed(ws: Workspace, segments: pd.DataFrame) -> pd.DataFrame:
    """The practices on which resamples or another method disagree, as the evidence found them."""
    from gp_segmentation.evidence import disputed_practices

    return disputed_practices(read_table(ws.evidence / "practices.parquet"), segments)


def report(cfg: Config, ws: Workspace) -> None:
    """Everything -> data/figures and data/report/report.html."""
    from gp_segmentation import figures
    from gp_segmentation import report as room

    results, options = ws.results(cfg), cfg["report"]
    figures.render_all(results, ws.figures, names=options["figures"], jobs=cfg["jobs"])
    rendered, left_out = figures.load(ws.figures)
    with fresh_folder(ws.report) as out:
        page = out / "report.html"
        room.write_page(results, rendered, page, left_out=left_out, top_features=options["top_features"])


def explore(cfg: Config, ws: Workspace) -> None:
    """data/prepared -> a first look at the features, with figures and a page; no stage of a run."""
    from gp_segmentation import figures
    from gp_segmentation import report as room

    features(cfg, ws)
    results = ws.explored(cfg)
    figures.render_all(results, ws.figures, names=figures.exploring())
    rendered, left_out = figures.load(ws.figures)
    room.write_first_look(results, rendered, ws.root / "index.html", left_out=left_out)


STAGES: dict[str, Callable[[Config, Workspace], None]] = {
    "prepare": prepare,
    "features": features,
    "matrix": matrix,
    "study": study,
    "segment": segment,
    "evidence": evidence,
    "insight": insight,
    "report": report,
}
