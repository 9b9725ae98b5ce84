"""The ways to run the stages: one by one (DVC), or all in a row under one MLflow run (gpseg)."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from filelock import FileLock

from gp_segmentation import config
from gp_segmentation.errors import ConfigError, GpsegError
from gp_segmentation.pipeline.order import STAGES, stage
from gp_segmentation.pipeline.project import PreparedTables, Project
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.tracking.errors import StoreError
from gp_segmentation.utils.files import read_json, write_json

if TYPE_CHECKING:
    from gp_segmentation.tracking.store import Store

log = logging.getLogger("gpseg")

#: What a job writes into its folder before its stages: the tags it is recorded with, and what its prepared
#: tables held. By it the results can be recorded later, when code and data may have changed.
ORIGIN = "origin.json"


def run_stage(name: str, project: Project) -> None:
    """Run one stage in the project's own workspace, `data/`."""
    stage(name)(project.cfg, project.data)


def run_job(project: Project, output: Path, title: str) -> None:
    """Run every stage from `features` on in the folder `output`, under one MLflow run called `title`.

    Raises
    ------
    GpsegError : among others when the prepared tables were replaced meanwhile, in which case the MLflow run
        ends FAILED; or when the store went away, in which case the results are whole all the same.
    """
    from gp_segmentation.tracking import recording

    tags = recording.tags(project.cfg, project.root, "gpseg")
    with _results_named(output), project.run(title, tags) as run:
        prepared = project.prepared_tables()
        workspace = project.workspace(output, prepared.folder)
        write_json(output / ORIGIN, {"tags": tags, "prepared": prepared.content})
        with prepared.fail_if_changed():
            _run_stages(project, workspace)
        if run is not None:
            with prepared.fail_if_changed():
                recording.record(run, project.cfg, workspace)
    log.info("Page:      %s", workspace.report / "report.html")
    if run is not None:
        log.info("MLflow:    run %s (make ui)", run.id)


@contextmanager
def _results_named(folder: Path) -> Iterator[None]:
    """Where results are whole but could not be recorded, say where they are and how to record them."""
    from gp_segmentation.tracking import recording

    try:
        yield
    except StoreError as error:
        if recording.unfinished(Workspace(folder)):
            raise
        log.warning("Not recorded: %s", folder)  # of the jobs of a sweep, Hydra shows the first one's error
        raise GpsegError(
            f"{error.problem}. The results are whole in {folder}. When this is put right, record them: "
            f"gpseg-record {folder}"
        ) from None


def _run_stages(project: Project, workspace: Workspace) -> None:
    for name in STAGES[1:]:  # the tables are prepared already
        began = time.monotonic()
        stage(name)(project.cfg, workspace)
        log.info("%-9s %5.1f s", name, time.monotonic() - began)


def explore(project: Project) -> None:
    """Look at the features of a configuration in `data/explore`, without clustering anything."""
    from gp_segmentation.pipeline import explore

    ws = project.workspace(project.root / "data" / "explore", project.prepared_folder())
    explore.run(project.cfg, ws)
    warning = read_json(ws.prepared / "source.json").get("warning")
    if warning:
        log.warning("%s", warning)
    log.info("Page:      %s", ws.root / "index.html")
    log.info("Tables:    %s", ws.features)


def track(project: Project) -> None:
    """Record the results in `data/` as an MLflow run, unless a run of the same content is there already."""
    from gp_segmentation.tracking import recording

    if not project.tracked:
        log.info("tracking is off (conf/tracking)")
        return
    # DVC runs experiments in temporary folders; their runs belong into the project's store.
    root = Path(os.environ.get("DVC_ROOT") or project.root)
    title = os.environ.get("DVC_EXP_NAME") or "dvc repro"
    with _results_named(project.data.root):
        tags = recording.tags(project.cfg, project.root, "dvc")
        log.info("%s", _record_once(project, project.open_store(root), project.data, title, tags))


def record_results(folder: Path, root: Path) -> str:
    """Record the results of a finished run that could not be recorded then; return what came of it.

    Parameters
    ----------
    folder : a job's, or the project's `data/` after dvc repro. root : the project.

    Raises
    ------
    GpsegError : there is no finished run in `folder`, or the data it was made from are others now.
    """
    from gp_segmentation.tracking import recording

    folder = folder.resolve()
    if missing := recording.unfinished(Workspace(folder)):
        raise GpsegError(f"{folder} is not the folder of a finished run: it has no {', '.join(missing)}")
    cfg = recorded_config(folder, root)
    project = Project({**cfg, "tracking": {**cfg["tracking"], "enabled": True}}, root)
    _check_address(project.cfg["tracking"]["uri"])
    with _results_named(folder):
        store = project.open_store()
        if folder == project.data.root.resolve():
            _check_params(root)
            tags = recording.tags(project.cfg, root, "dvc")
            return _record_once(project, store, project.data, "dvc repro", tags)
        prepared = project.prepared_tables()
        tags = _tags_then(folder, prepared) or recording.tags(project.cfg, root, "gpseg")
        workspace = project.workspace(folder, prepared.folder)
        return _record_once(project, store, workspace, folder.name, tags)


def recorded_config(folder: Path, root: Path) -> dict[str, Any]:
    """Return the configuration of the run in `folder`: Hydra's of a job, params.yaml of the project."""
    for path in (folder / ".hydra" / "config.yaml", folder.parent / "params.yaml"):
        if path.is_file():
            return config.load_recorded(path)
    raise GpsegError(
        f"{folder} holds no run: neither .hydra/config.yaml nor a params.yaml beside it ({root})"
    )


def _check_address(uri: str | None) -> None:
    """Refuse the address of a store whose password was not kept with the run."""
    if uri and "***" in uri and not os.environ.get("MLFLOW_TRACKING_URI"):
        raise ConfigError(
            f"tracking.uri of the run, {uri}, was kept without its password. Set MLFLOW_TRACKING_URI to the "
            "whole address, and run the same command again"
        )


def _check_params(root: Path) -> None:
    """Refuse results in `data/` that were made with another configuration than params.yaml says."""
    lock, params = ((root / name) for name in ("dvc.lock", "params.yaml"))
    stages = (
        (yaml.safe_load(lock.read_text(encoding="utf-8")) or {}).get("stages", {}) if lock.is_file() else {}
    )
    if "report" not in stages:
        return
    if stages["report"]["params"]["params.yaml"] != yaml.safe_load(params.read_text(encoding="utf-8")):
        raise GpsegError(
            "params.yaml is not what the results in data/ were made with, says dvc.lock. Run dvc repro: it "
            "brings them up to date and records them"
        )


def _tags_then(folder: Path, prepared: PreparedTables) -> dict[str, str]:
    """Return the tags of a job as it began; GpsegError when its prepared tables are others by now.

    A job from before they were written down has none.
    """
    if not (folder / ORIGIN).is_file():
        return {}
    origin = read_json(folder / ORIGIN)
    if origin["prepared"] != prepared.content:
        raise GpsegError(
            f"the prepared tables are no longer those that the run in {folder} was made from. Bring its raw "
            "files back with gpseg-data or dvc, and run the same command again"
        )
    return dict(origin["tags"])


def _record_once(project: Project, store: Store, ws: Workspace, title: str, tags: Mapping[str, str]) -> str:
    """Record the results in `ws` with `tags`, unless a finished run has the same; return what came of it."""
    from gp_segmentation.tracking import recording

    store.running.mkdir(parents=True, exist_ok=True)
    # Two that record the same results at the same time would both find none recorded.
    with FileLock(store.running.with_suffix(".recording")):
        known = store.find(recording.content_hash(ws))
        if known is not None:
            return f"these results are recorded already, as run {known}"
        with project.run(title, tags, store) as run:
            assert run is not None  # noqa: S101 - tracking is on
            recording.record(run, project.cfg, ws)
        return f"recorded as MLflow run {run.id}"


def summary(root: Path) -> str:
    """Return, for people, what the last run in `data/` found and where to look at it."""
    ws = Workspace(root / "data")
    source, evidence = read_json(ws.prepared / "source.json"), read_json(ws.evidence / "evidence.json")
    portraits = read_json(ws.insight / "portraits.json")
    segments = [f"  {p['segment']}  {p['name']}: {p['practices']:,} practices" for p in portraits]
    return "\n".join(
        [
            "",
            f"{source['label']}: {source['practices']:,} practices, {source['patients']:,} patients",
            *([source["warning"]] if source.get("warning") else []),
            f"Verdict: {evidence['verdict'] or 'not assessed'}. {evidence['meaning']}",
            *segments,
            "",
            f"The page:   {(ws.report / 'report.html').as_uri()}",
            f"The tables: {ws.root}",
            "The runs:   make ui, then http://127.0.0.1:5000",
        ]
    )


def warm_up() -> None:
    """Compile K-means and list the fonts: the first run after installation is then as fast as the second."""
    import matplotlib.font_manager
    import numpy as np
    from sklearn.cluster import KMeans

    from gp_segmentation.clustering import fit_kmeans

    rows = np.random.default_rng(0).normal(size=(300, 3))
    fit_kmeans(KMeans(3, n_init=2, random_state=0), rows)
    matplotlib.font_manager.findfont("DejaVu Sans")
