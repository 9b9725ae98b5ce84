"""The ways to run the stages: one by one (DVC), or all in a row under one MLflow run (gpseg)."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from gp_segmentation import config
from gp_segmentation.errors import ConfigError, GpsegError, InputError
from gp_segmentation.pipeline import marks, seconds
from gp_segmentation.pipeline.order import STAGES, announced, stage
from gp_segmentation.pipeline.project import PreparedTables, Project
from gp_segmentation.pipeline.sweeps import Sweep
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
    with seconds.noted(project.data.cache, name):
        stage(name)(project.cfg, project.data)


def run_job(project: Project, output: Path, title: str) -> None:
    """Run every stage from `features` on in the folder `output`, under one MLflow run called `title`.

    Raises
    ------
    GpsegError : among others when the prepared tables were replaced meanwhile, in which case the MLflow run
        ends FAILED; or when the store went away, in which case the results are whole all the same.
    """
    from gp_segmentation.tracking import describing, recording

    _check_grouping(project)
    sweep = Sweep.of(output)
    tags = describing.tags(project.cfg, project.root, "gpseg") | (sweep.tags(title) if sweep else {})
    if sweep and _is_done(project, output, title, tags):
        return
    with _results_named(output), project.run(title, tags) as run:
        prepared = project.prepared_tables()
        workspace = project.workspace(output, prepared.folder)
        marks.unmark(output)
        write_json(output / ORIGIN, {"tags": tags, "prepared": prepared.content, "mark": marks.FILE})
        with prepared.fail_if_changed():
            _run_stages(project, workspace)
        marks.mark(project, prepared, output)
        if run is not None:
            with prepared.fail_if_changed(), announced("track"):
                recording.record(run, project.cfg, workspace, tags.get("setting"))
    log.info("%s", summary(workspace, run.id if run is not None else None))


def _check_grouping(project: Project) -> None:
    """Raise InputError at once where `scope.grouping` is neither a grouping of the source nor a file."""
    grouping = project.cfg["scope"]["grouping"]
    files = project.cfg["source"]["files"]
    names = [name for name, file in files.items() if file["role"] == "grouping"]
    path = project.root / Path(grouping or "").expanduser()
    if grouping and grouping not in names and not path.is_file():
        of_source = f", or a grouping of the source: {', '.join(names)}" if names else ""
        remedy = f"Name a CSV of practice codes and groups as scope.grouping{of_source}"
        raise InputError("is missing", file=str(path), remedy=remedy)


def _is_done(project: Project, output: Path, title: str, tags: Mapping[str, str]) -> bool:
    """Whether a job of a sweep was finished before; it is recorded, if it was not yet."""
    if not marks.is_marked(output):
        return False
    prepared = project.prepared_tables()
    if not marks.is_done(project, prepared, output):
        return False
    log.info("Finished before with the same configuration, data and code: not run again")
    if project.tracked:
        workspace = project.workspace(output, prepared.folder)
        with _results_named(output):
            took = seconds.total(output)
            log.info("%s", _record_once(project, project.open_store(), workspace, title, tags, took))
    return True


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
        with announced(name), seconds.noted(workspace.root, name):
            stage(name)(project.cfg, workspace)


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
    from gp_segmentation.tracking import describing

    if not project.tracked:
        log.info("tracking is off (conf/tracking)")
        return
    # DVC runs experiments in temporary folders; their runs belong into the project's store.
    root = Path(os.environ.get("DVC_ROOT") or project.root)
    title = os.environ.get("DVC_EXP_NAME") or "dvc repro"
    with _results_named(project.data.root):
        tags = describing.tags(project.cfg, project.root, "dvc")
        took = seconds.total(root / "data" / "cache", project.data.cache)
        log.info("%s", _record_once(project, project.open_store(root), project.data, title, tags, took))


def record_results(folder: Path, root: Path) -> str:
    """Record the results of a finished run that could not be recorded then; return what came of it.

    Parameters
    ----------
    folder : a job's, or the project's `data/` after dvc repro. root : the project.

    Raises
    ------
    GpsegError : there is no finished run in `folder`, or the data it was made from are others now.
    """
    from gp_segmentation.tracking import describing, recording

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
            tags, took = describing.tags(project.cfg, root, "dvc"), seconds.total(project.data.cache)
            return _record_once(project, store, project.data, "dvc repro", tags, took)
        prepared = project.prepared_tables()
        tags = _tags_then(folder, prepared) or describing.tags(project.cfg, root, "gpseg")
        workspace = project.workspace(folder, prepared.folder)
        return _record_once(project, store, workspace, folder.name, tags, seconds.total(folder))


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
    from gp_segmentation.tracking.describing import yaml_of

    stages = yaml_of(root / "dvc.lock").get("stages", {})
    if "report" not in stages:
        return
    if stages["report"]["params"]["params.yaml"] != yaml_of(root / "params.yaml"):
        raise GpsegError(
            "params.yaml is not what the results in data/ were made with, says dvc.lock. Run dvc repro: it "
            "brings them up to date and records them"
        )


def _tags_then(folder: Path, prepared: PreparedTables) -> dict[str, str]:
    """Return the tags of a job as it began; GpsegError if its results are mixed or its tables others by now.

    A job from before they were written down has none.
    """
    if not (folder / ORIGIN).is_file():
        return {}
    origin = read_json(folder / ORIGIN)
    if "mark" in origin and not marks.is_marked(folder):
        raise GpsegError(f"the job in {folder} was begun again and did not finish. Run it again")
    if origin["prepared"] != prepared.content:
        raise GpsegError(
            f"the prepared tables are no longer those that the run in {folder} was made from. Bring its raw "
            "files back with gpseg data or dvc, and run the same command again"
        )
    return dict(origin["tags"])


def _record_once(
    project: Project, store: Store, ws: Workspace, title: str, tags: Mapping[str, str], took: float | None
) -> str:
    """Record the results in `ws` with `tags`, unless a finished run has the same; return what came of it.

    `took` : seconds that its stages took, as far as they were noted.
    """
    from gp_segmentation.tracking import recording

    store.running.mkdir(parents=True, exist_ok=True)
    # Two that record the same results at the same time would both find none recorded.
    with FileLock(store.running.with_suffix(".recording")):
        known = store.find(recording.content_hash(ws))
        if known is not None:
            return f"these results are recorded already, as run {known}"
        with project.run(title, tags, store, took) as run:
            assert run is not None  # noqa: S101 - tracking is on
            recording.record(run, project.cfg, ws, tags.get("setting"))
        return f"recorded as MLflow run {run.id}"


def summary(ws: Workspace, run_id: str | None = None) -> str:
    """Return, for people, what the run in `ws` found and where to look at it; `run_id` is its MLflow run."""
    source, evidence = read_json(ws.prepared / "source.json"), read_json(ws.evidence / "evidence.json")
    portraits = read_json(ws.insight / "portraits.json")
    segments = [f"  {p['segment']}  {p['name']}: {p['practices']:,} practices" for p in portraits]
    return "\n".join(
        [
            "",
            f"{source['label']}: {source['practices']:,} practices, {source['patients']:,} patients",
            *(source[key] for key in ("warning", "note") if source.get(key)),
            f"Verdict: {evidence['verdict'] or 'not assessed'}. {evidence['meaning']}",
            *segments,
            "",
            f"The page:   {(ws.report / 'report.html').as_uri()}",
            f"The tables: {ws.root}",
            f"The runs:   make ui, then http://127.0.0.1:5000{f' (this is run {run_id})' if run_id else ''}",
        ]
    )


def runs_page(root: Path) -> str:
    """Return where the project's runs are seen, for people who have just started the UI.

    `PORT` in the environment is the port that the UI of this machine listens at.
    """
    store = Project(config.compose_config(root), root).open_store()
    server = f"http://127.0.0.1:{os.environ.get('PORT', '5000')}"
    return f"The runs:  {store.runs_link(server)}"


def warm_up() -> None:
    """Compile K-means and list the fonts: the first run after installation is then as fast as the second."""
    import matplotlib.font_manager
    import numpy as np
    from sklearn.cluster import KMeans

    from gp_segmentation.clustering import fit_kmeans

    rows = np.random.default_rng(0).normal(size=(300, 3))
    fit_kmeans(KMeans(3, n_init=2, random_state=0), rows)
    matplotlib.font_manager.findfont("DejaVu Sans")
