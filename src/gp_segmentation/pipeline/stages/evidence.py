"""data/segments -> data/evidence and data/metrics.json: what the segments are worth."""

from typing import Any

import pandas as pd

from gp_segmentation import config, evidence
from gp_segmentation.features import Tables, build_blocks
from gp_segmentation.schemas import by_chosen_method, headlines, of_preparation
from gp_segmentation.storage.table_files import read_table, write_table
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import fresh_folder, read_json, write_json


def run(cfg: dict[str, Any], ws: Workspace) -> None:
    """Assess the segments beside null models, resamples, another method and other measures."""
    choice, table = ws.choice(), ws.segment_table()
    segments = table.set_index("practice_code")["segment"]
    codes = dict(zip(table["segment"], table["segment_code"], strict=True))
    every = ws.fitted_matrix()
    fitted = every[every.index.isin(segments.index)]  # the others belong to no segment
    X = evidence.sample_rows(fitted, cfg["evidence"]["rows"], cfg["seed"])
    labels = segments.loc[X.index]
    null_model, clusterer = cfg["study"]["null_model"], config.build(choice["node"], "clusterer")
    found = evidence.assess(
        X,
        labels,
        clusterer,
        ks=choice["numbers_tried"],
        options=cfg["evidence"],
        null=ws.null() if len(X) == len(every) and null_model["kind"] == "gaussian" else None,
        null_starts=null_model["n_init"],
        known=_known(cfg, ws, every, labels) if len(X) == len(fitted) else None,
        membership=_membership(ws, labels),
        seed=cfg["seed"],
        jobs=cfg["jobs"],
    )
    told = found.evidence | {"rows": len(X), "fitted": len(fitted)}
    if choice["supported"] is False:
        told = evidence.without_support(told)
    if len(fitted) < len(every):
        told = evidence.with_noise(told, len(every) - len(fitted), len(every))
    elsewhere = _transport(cfg, ws, X, labels, clusterer)
    told = evidence.with_transport(told, elsewhere, codes)
    if told["assessed"]:
        told |= _external(cfg, ws, X, labels)
    if (ws.years / "panel.json").is_file():
        told = evidence.with_years(told, read_json(ws.years / "panel.json"), codes)
    chosen = ws.trials().set_index("trial").loc[choice["trial"]]
    imputed = read_table(ws.chosen_matrix / "imputed.parquet")
    metrics = evidence.run_metrics(chosen, told, imputed, ws.segment_table(), choice["agreement"])
    with fresh_folder(ws.evidence) as out:
        write_json(out / "evidence.json", told)
        write_table(out / "practices.parquet", found.practices)
        write_table(out / "usefulness.csv", evidence.usefulness_table(told))
        write_table(out / "transport.csv", elsewhere, "transport")
        write_json(out / "metrics.json", metrics)
    write_json(ws.metrics, headlines(metrics))


def _known(
    cfg: dict[str, Any], ws: Workspace, every: pd.DataFrame, labels: pd.Series
) -> evidence.KnownStability:
    """What the study measured, on `every` fitted practice, of the stability of the segments `labels`."""
    choice, candidates = ws.choice(), read_table(ws.study / "candidates.csv")
    of_trial = _trials_of_the_chosen_clusterer(ws).set_index("trial")["n_clusters"]
    resamples = read_table(ws.study / "resamples.parquet")
    resamples = resamples[resamples["trial"].isin(of_trial.index)]
    raw = read_table(ws.study / "labels.parquet")[str(choice["trial"])].loc[labels.index]
    segment_of = dict(zip(raw, labels, strict=True))
    chosen = resamples["trial"] == choice["trial"]
    segments = resamples["segment"].where(~chosen, resamples["segment"].map(segment_of)).astype(int)
    jaccard = resamples.assign(k=resamples["trial"].map(of_trial), segment=segments).drop(columns="trial")
    measured = candidates[candidates["trial"].isin(of_trial.index)].dropna(subset=["prediction_strength"])
    strengths = dict(zip(measured["n_clusters"], measured["prediction_strength"], strict=True))
    return evidence.KnownStability(
        every.to_numpy(),
        labels.reindex(every.index, fill_value=-1).to_numpy(),
        jaccard,
        strengths,
        int(cfg["study"]["rule"].get("splits", 0)),
    )


def _membership(ws: Workspace, labels: pd.Series) -> pd.DataFrame | None:
    """Probabilities of the segments (numbers) of the practices of `labels`; None where none was drawn."""
    table = read_table(ws.segments / "membership.csv", "membership")
    table = table[(table["level"] == "segment") & table["practice_code"].isin(labels.index)]
    if table.empty:
        return None
    segments = ws.segment_table().set_index("segment_code")["segment"].groupby(level=0).first()
    shares = table.assign(segment=table["code"].map(segments))
    return shares.pivot_table("probability", "practice_code", "segment", fill_value=0.0)


def _transport(
    cfg: dict[str, Any], ws: Workspace, X: pd.DataFrame, labels: pd.Series, clusterer: Any
) -> pd.DataFrame:
    """The segments fitted again without each area; no row where that is not asked for."""
    practices = ws.prepared_table("practices").set_index("practice_code")
    levels = cfg["evidence"]["transport"] if cfg["evidence"]["assess"] else []
    areas = {
        level: practices[[f"{level}_code", f"{level}_name"]].set_axis(["code", "name"], axis=1)
        for level in levels
    }
    return evidence.transport(X, labels, clusterer, areas, jobs=cfg["jobs"])


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
    unused = evidence.unused_measures(X.index, values, *known, measures, options["external"])
    table = ws.segment_table().set_index("practice_code").loc[X.index]
    levels = {name: table[name] for name in ("supergroup", "subgroup")}
    by_k, chosen = _labels_by_k(ws, labels), ws.choice()["n_clusters"]
    return {
        "made_of": evidence.composition(X, labels, values, dictionary, single_blocks, **draw),
        "beyond": evidence.external_validity(labels, unused, options["external"], **draw),
        **evidence.usefulness(by_k, chosen, unused, X, options["external"], levels=levels, **draw),
    }


def _labels_by_k(ws: Workspace, labels: pd.Series) -> dict[int, pd.Series]:
    """The study's labels by every number of segments of the chosen clusterer; at the chosen one `labels`."""
    tried = read_table(ws.study / "labels.parquet").reindex(labels.index)
    trials = _trials_of_the_chosen_clusterer(ws).sort_values(["n_clusters", "trial"])
    trials = trials.drop_duplicates("n_clusters")
    by_k = {k: tried[str(trial)] for k, trial in zip(trials["n_clusters"], trials["trial"], strict=True)}
    return by_k | {ws.choice()["n_clusters"]: labels}


def _trials_of_the_chosen_clusterer(ws: Workspace) -> pd.DataFrame:
    """The trials with the preparation, clusterer and linkage of the choice, of every number of segments."""
    choice = ws.choice()
    trials = of_preparation(ws.trials(), choice["preparation"])
    return trials[by_chosen_method(trials, choice)]
