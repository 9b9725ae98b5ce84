"""What of a run is recorded: its parameters, tags, metrics, curves and files, and the hash of its content."""

from __future__ import annotations

import hashlib
import logging
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

from gp_segmentation import config
from gp_segmentation.matrix.variants import fill_in_preparation
from gp_segmentation.schemas import LEVEL_COLUMNS, of_preparation
from gp_segmentation.storage.provenance import simulated_tables
from gp_segmentation.storage.table_files import csv_text, read_table
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import read_json
from gp_segmentation.utils.wording import markdown

if TYPE_CHECKING:
    from gp_segmentation.tracking.run import Child, Run

log = logging.getLogger(__name__)

#: Result folders whose files make the content hash, and the artefact folder each is shown under.
RECORDED = {
    "study": "tables/study",
    "segments": "tables/segments",
    "evidence": "tables/evidence",
    "insight": "tables/insight",
    "figures": "figures",
    "report": "",
}

#: Groups whose option a trial is tagged with, as its run is.
SHARED_TAGS = ("features", "scaler", "reducer")

#: Whether a number of segments is supported by the data, by the study's answer; None: its rule does not ask.
SUPPORTED = {True: "true", False: "false", None: "not asked"}

#: Scores by number of segments, logged as curves (step = number of segments).
CURVES = ("silhouette", "davies_bouldin", "calinski_harabasz", "inertia", "smallest_segment")


def content_hash(ws: Workspace) -> str:
    """Return the SHA-256 over names and bytes of every result file: equal results, equal hash."""
    digest = hashlib.sha256()
    for path in [*_files(ws), ws.metrics]:
        digest.update(path.relative_to(ws.root).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(ws: Workspace) -> list[Path]:
    return [path for name in RECORDED for path in sorted((ws.root / name).rglob("*")) if path.is_file()]


def unfinished(ws: Workspace) -> list[str]:
    """Name the results that a finished run has and `ws` has not; every stage writes its own whole or not."""
    wanted = ["features", "matrix", *RECORDED, "metrics.json"]
    return [name for name in wanted if not (ws.root / name).exists()]


def logged_parameters(cfg: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration flattened; how raw files are read is left to the composed config's file."""
    shown = {key: value for key, value in cfg.items() if key not in ("source", "jobs", "tracking")}
    source = {key: value for key, value in cfg["source"].items() if key != "files"}
    return config.flatten({**shown, "source": source})


def tags(cfg: dict[str, Any], root: Path, driver: str) -> dict[str, str]:
    """Return what a run is to be found by: data, code and configuration, in words and hashes."""
    source = cfg["source"]
    kind = "synthetic" if source["synthetic"] else "official"
    raw = root / "data" / "raw" / source["name"]
    found = {
        "source": source["name"],
        "data_kind": kind,
        "features": cfg["features"]["name"],
        "scaler": cfg["scaler"]["name"],
        "reducer": cfg["reducer"]["name"],
        "clusterer": cfg["clusterer"]["name"],
        "dvc_raw_hash": raw_hash(root, source["name"]),
        "simulated": ", ".join(simulated_tables(source.get("simulated"), raw)) or "none",
        "mlflow.source.name": driver,
        "mlflow.source.type": "PROJECT",
    }
    return found | git_tags(root)


def raw_hash(root: Path, source: str) -> str:
    """Return DVC's hash of the source's raw folder (dvc.lock), or of all raw data (data.dvc)."""
    lock = _yaml(root / "dvc.lock")
    for dep in lock.get("stages", {}).get("prepare", {}).get("deps", []):
        if dep.get("path") == f"data/raw/{source}":
            return str(dep.get("md5", "unknown"))
    outs = _yaml(root / "data.dvc").get("outs") or [{}]
    return str(outs[0].get("md5", "unknown"))


def _yaml(path: Path) -> dict[str, Any]:
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.is_file() else {}


def git_tags(root: Path) -> dict[str, str]:
    """Return the commit and whether the tree differs from it; nothing, and a warning, where git has none."""
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None:
        return {}
    dirty = bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    return {"mlflow.source.git.commit": commit, "git_commit": commit, "git_dirty": str(dirty).lower()}


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True)  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError) as error:
        # Git refuses, among others, a checkout of another user ("dubious ownership"), and says what to do.
        said = getattr(error, "stderr", b"").decode(errors="replace") or str(error)
        log.warning("no commit is recorded with this run; git says: %s", " ".join(said.split()))
        return None
    return done.stdout.decode(errors="replace").strip()


def record_configuration(run: Run, cfg: dict[str, Any]) -> None:
    """Log what a run is made of; this also shows that the store and its place of artefacts can be written."""
    run.log_params(logged_parameters(cfg))
    run.log_text(config.to_yaml(cfg), "config.yaml")


def record(run: Run, cfg: dict[str, Any], ws: Workspace) -> None:
    """Log everything one run found into an open MLflow run."""
    metrics = read_json(ws.metrics)
    source = read_json(ws.prepared / "source.json")
    evidence = read_json(ws.evidence / "evidence.json")
    run.log_metrics(metrics | {key: source[key] for key in ("practices", "patients")})
    trials, choice, portraits = ws.trials(), ws.choice(), read_json(ws.insight / "portraits.json")
    levels = read_table(ws.segments / "levels.csv", "levels")
    _record_curves(run, of_preparation(trials, choice["preparation"]))
    if cfg["tracking"].get("children", False):
        run.log_children(children(cfg, trials, choice, ws.preparations()))
    found = tags_of_results(cfg, source, choice, evidence["verdict"], portraits, levels)
    run.set_tags(found | {"content_hash": content_hash(ws)})
    for name, folder in RECORDED.items():
        run.log_files([path for path in sorted((ws.root / name).rglob("*")) if path.is_file()], folder)
    _record_model(run, ws)
    run.log_files([ws.metrics, ws.prepared / "source.json", ws.chosen_matrix / "imputed.parquet"], "tables")
    quality = ws.prepared_table("quality")
    run.log_metrics({"tolerated_kinds": len(quality), "tolerated_values": int(quality["count"].sum())})
    run.log_text(csv_text(quality), "tables/quality.csv")
    first_look = [*sorted(ws.features.glob("*.csv")), ws.chosen_matrix / "components.csv"]
    run.log_files(first_look, "tables/features")


def tags_of_results(
    cfg: dict[str, Any],
    source: dict[str, Any],
    choice: dict[str, Any],
    verdict: str | None,
    portraits: list[dict[str, Any]],
    levels: pd.DataFrame,
) -> dict[str, str]:
    """Return what came out, to be found by: the choice, whether it is supported, the levels, the verdict.

    Parameters
    ----------
    cfg, source, choice, portraits : the configuration, and the contents of the files of these names.
    verdict : of the evidence. levels : schema ``levels``.
    """
    verdict = str(verdict or "not assessed")
    chosen = " ".join(filter(None, [choice["clusterer"], choice["linkage"]]))
    return {
        "mlflow.runName": f"{cfg['features']['name']}: {chosen} {choice['n_clusters']}, {source['name']}",
        "mlflow.note.content": note(source, cfg, verdict, portraits, choice["supported"]),
        "chosen": chosen,
        "preparation": choice["preparation"] or "as configured",
        "verdict": verdict,
        "supported": SUPPORTED[choice["supported"]],
        "levels": level_counts(levels),
    }


def children(
    cfg: dict[str, Any],
    trials: pd.DataFrame,
    choice: dict[str, Any],
    preparations: Mapping[str | None, Mapping[str, Any]],
) -> list[Child]:
    """Return the trials as runs below the run: its parameters and theirs, their scores, and which was chosen.

    The run's own parameters and the tags it is found by are repeated, since a filter in the UI looks at each
    run alone; where the run leaves the preparation of the matrix open, they are those of the trial's.
    """
    from gp_segmentation.tracking.run import Child

    settled_in = {name: fill_in_preparation(cfg, settings) for name, settings in preparations.items()}
    shared = {name: logged_parameters(config) for name, config in settled_in.items()}
    made = []
    for row in trials.astype(object).where(trials.notna(), None).to_dict("records"):
        scores = {str(key): value for key, value in row.items()}
        trial, name = scores.pop("trial"), scores.pop("preparation")
        setting = {key: scores.pop(key) for key in ("clusterer", "linkage", "n_clusters")}
        setting |= {"preparation": name} if name else {}
        made.append(
            Child(
                name=" ".join(str(value) for value in setting.values() if value is not None),
                params=shared[name] | {f"trial.{key}": value for key, value in setting.items()},
                metrics=scores,
                tags={"source": cfg["source"]["name"]}
                | {group: settled_in[name][group]["name"] for group in SHARED_TAGS}
                | {"trial": str(trial), "is_choice": str(trial == choice["trial"])},
            )
        )
    return made


def level_counts(levels: pd.DataFrame) -> str:
    """Return how many groups each level (schema ``levels``) has: "2 supergroups, 4 segments, 1 subgroup"."""
    counts = {level: int((levels["level"] == level).sum()) for level in LEVEL_COLUMNS}
    return ", ".join(f"{count} {level}{'s' * (count != 1)}" for level, count in counts.items())


def note(
    source: dict[str, Any],
    cfg: dict[str, Any],
    verdict: str,
    portraits: list[dict[str, Any]],
    supported: bool | None = None,
) -> str:
    """Return a run's description (Markdown): what was segmented, the verdict, the segments.

    Parameters
    ----------
    supported : whether a number of segments is supported by the data; None where that was not asked.
    """
    kind = "**Synthetic data: not about any real practice.** " if source["synthetic"] else ""
    kind += f"**{source['warning']}** " if source.get("warning") else ""
    doubt = " **No number of segments is supported by the data.**" if supported is False else ""
    lines = [
        f"{kind}{source['label']}: {source['practices']:,} practices, {source['patients']:,} patients, "
        f"segmented by {cfg['features']['label'].lower()}. Verdict: **{verdict}**.{doubt}",
        "",
        "| segment | code | name | practices | patients |",
        "|---|---|---|---|---|",
    ]
    rows = [
        f"| {p['segment']} | {p['code']} | {markdown(p['name'])} | {p['practices']:,} | {p['patients']:,} |"
        for p in portraits
    ]
    return "\n".join([*lines, *rows])


def _record_model(run: Run, ws: Workspace) -> None:
    """Log the whole model, from features to segments, with a few ordinary practices as example."""
    from gp_segmentation.storage.model_files import load_model, trusted_types

    path = ws.segments / "model.skops"
    model = load_model(path)
    features = read_table(ws.features / "features.parquet")
    example = features[ws.fitted().reindex(features.index).to_numpy(dtype=bool)].head(5)
    run.log_model(model, example, model.predict(example), trusted_types(path))


def _record_curves(run: Run, trials: pd.DataFrame) -> None:
    families = trials["clusterer"] + trials["linkage"].map(lambda x: f"_{x}" if isinstance(x, str) else "")
    for family, rows in trials.groupby(families):
        ordered = rows.sort_values("n_clusters")
        for score in CURVES:
            run.log_series(f"by_k/{family}/{score}", list(ordered["n_clusters"]), list(ordered[score]))
