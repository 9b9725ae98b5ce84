"""What a run is found and sorted by: its parameters and tags, and those of the trials below it."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

from gp_segmentation import config
from gp_segmentation.matrix.variants import fill_in_preparation
from gp_segmentation.schemas import LEVEL_COLUMNS, with_headings
from gp_segmentation.storage.provenance import simulated_tables, unit_of
from gp_segmentation.tracking.names import KIND, NAME, NOTE, OTHERS, RUN, SWEEP, USER, user
from gp_segmentation.utils.wording import markdown

if TYPE_CHECKING:
    from gp_segmentation.tracking.run import Child

log = logging.getLogger(__name__)

#: Groups whose option a trial is tagged with, as its run is.
SHARED_TAGS = ("features", "scaler", "reducer")

#: Whether a number of segments is supported by the data, by the study's answer; None: its rule does not ask.
SUPPORTED = {True: "true", False: "false", None: "not asked"}


def short_parameters(cfg: Mapping[str, Any], choice: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the parameters of `names.SHORT` as far as they are known.

    Parameters
    ----------
    cfg : the configuration; what it leaves open is not known.
    choice : ``clusterer``, ``linkage`` (None has none) and ``n_clusters`` of a trial; None before the study.
    """
    found = {}
    if choice is not None:
        found = {"k": choice["n_clusters"], "method": choice["clusterer"], "linkage": choice["linkage"]}
    settled = [step for step in ("scaler", "reducer", "outliers") if "candidates" not in cfg[step]]
    found |= {name: cfg[name]["name"] for name in ("features", *settled, "source")}
    found["scope"] = _scope(cfg.get("scope"))
    return {name: value for name, value in found.items() if value is not None}


def _scope(scope: Mapping[str, Any] | None) -> str | None:
    """What is segmented and shown: "england", "icb QHL local"; None for runs of before it was said."""
    if scope is None:
        return None
    local = "local" if scope["fit"] == "local" else None
    return " ".join(filter(None, [scope["name"], scope["area"], local]))


def other_parameters(cfg: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration flattened; how raw files are read is left to the composed config's file."""
    shown = {key: value for key, value in cfg.items() if key not in ("source", "jobs", "tracking")}
    source = {key: value for key, value in cfg["source"].items() if key != "files"}
    return config.flatten({**shown, "source": source}, OTHERS)


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
        "unit": unit_of(cfg),
        "simulated": ", ".join(simulated_tables(source.get("simulated"), raw)) or "none",
        KIND: RUN,
        USER: user(),
        "mlflow.source.name": driver,
        "mlflow.source.type": "PROJECT",
    }
    return found | git_tags(root)


def sweep_tags(root: Path, sweep_id: str) -> dict[str, str]:
    """Return the tags of the run above the jobs of a sweep."""
    driver = {"mlflow.source.name": "gpseg --multirun", "mlflow.source.type": "PROJECT"}
    return {KIND: SWEEP, "sweep": sweep_id, USER: user()} | driver | git_tags(root)


def raw_hash(root: Path, source: str) -> str:
    """Return DVC's hash of the source's raw folder (dvc.lock), or of all raw data (data.dvc)."""
    lock = yaml_of(root / "dvc.lock")
    for dep in lock.get("stages", {}).get("prepare", {}).get("deps", []):
        if dep.get("path") == f"data/raw/{source}":
            return str(dep.get("md5", "unknown"))
    outs = yaml_of(root / "data.dvc").get("outs") or [{}]
    return str(outs[0].get("md5", "unknown"))


def yaml_of(path: Path) -> dict[str, Any]:
    """Return what a YAML file holds, nothing where it is not; dvc.lock is long: read by C, not by Python."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return yaml.load(text, Loader=yaml.CSafeLoader) or {}


_TO_HAVE_ONE = (
    ". To have one, clone the project, or run in its folder: git init; git add .; git commit -m begin"
)


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
        said = " ".join((getattr(error, "stderr", b"").decode(errors="replace") or str(error)).split())
        # The project was downloaded instead of cloned, or nothing is committed yet.
        absent = "not a git repository" in said or "ambiguous argument 'HEAD'" in said
        log.warning(
            "no commit is recorded with this run; git says: %s%s", said, _TO_HAVE_ONE if absent else ""
        )
        return None
    return done.stdout.decode(errors="replace").strip()


def tags_of_results(
    cfg: dict[str, Any],
    source: dict[str, Any],
    choice: dict[str, Any],
    verdict: str | None,
    portraits: list[dict[str, Any]],
    levels: pd.DataFrame,
    setting: str | None = None,
) -> dict[str, str]:
    """Return what came out, to be found by: the choice, whether it is supported, the levels, the verdict.

    Parameters
    ----------
    cfg, source, choice, portraits : the configuration, and the contents of the files of these names.
    verdict : of the evidence. levels : schema ``levels``.
    setting : what sets the job of a sweep apart from the others.
    """
    verdict = str(verdict or "not assessed")
    chosen = " ".join(filter(None, [choice["clusterer"], choice["linkage"]]))
    return {
        NAME: f"{cfg['features']['name']}: {chosen} {choice['n_clusters']}, {source['name']}"
        + (f" ({setting})" if setting else ""),
        NOTE: note(source, cfg, verdict, portraits, choice["supported"]),
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
    """Return the trials as runs below the run: how each was made, its scores, and which was chosen.

    A filter in the UI looks at each run alone, so they have the parameters that runs are sorted by and tags
    that runs are found by; where the run leaves the preparation of the matrix open, those of the trial's.
    """
    from gp_segmentation.tracking.run import Child

    settled_in = {name: fill_in_preparation(cfg, settings) for name, settings in preparations.items()}
    made = []
    for row in trials.astype(object).where(trials.notna(), None).to_dict("records"):
        trial = {str(key): value for key, value in row.items()}
        way = trial["preparation"]
        shown = (trial["clusterer"], trial["linkage"], trial["n_clusters"], way)
        scores = {key: value for key, value in trial.items() if key not in ("trial", "preparation")}
        made.append(
            Child(
                name=" ".join(str(part) for part in shown if part is not None),
                params=short_parameters(settled_in[way], trial)
                | {f"preparation.{key}": value for key, value in preparations[way].items()},
                metrics=with_headings(scores),
                tags={"source": cfg["source"]["name"]}
                | {group: settled_in[way][group]["name"] for group in SHARED_TAGS}
                | {"trial": str(trial["trial"]), "is_choice": str(trial["trial"] == choice["trial"])},
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
    kind += "".join(f"**{source[key]}** " for key in ("warning", "note") if source.get(key))
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
