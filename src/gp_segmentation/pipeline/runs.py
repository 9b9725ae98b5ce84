"""The ways to run the stages: one by one (DVC), or all in a row under one MLflow run (gpseg)."""

import logging
import os
import time
from pathlib import Path

from gp_segmentation.pipeline.order import STAGES, stage
from gp_segmentation.pipeline.project import Project
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import read_json

log = logging.getLogger("gpseg")


def run_stage(name: str, project: Project) -> None:
    """Run one stage in the project's own workspace, `data/`."""
    stage(name)(project.cfg, project.data)


def run_job(project: Project, output: Path, title: str) -> None:
    """Run every stage from `features` on in the folder `output`, under one MLflow run called `title`.

    Raises
    ------
    GpsegError : among others when the prepared tables were replaced meanwhile; the MLflow run ends FAILED.
    """
    with project.run(title, "gpseg") as run:
        prepared = project.prepared_tables()
        workspace = project.workspace(output, prepared.folder)
        with prepared.fail_if_changed():
            _run_stages(project, workspace)
        if run is not None:
            from gp_segmentation.tracking import recording

            with prepared.fail_if_changed():
                recording.record(run, project.cfg, workspace)
    log.info("Page:      %s", workspace.report / "report.html")
    if run is not None:
        log.info("MLflow:    run %s (make ui)", run.id)


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
    store = project.open_store(Path(os.environ.get("DVC_ROOT") or project.root))
    known = store.find(recording.content_hash(project.data))
    if known is not None:
        log.info("these results are recorded already, as run %s", known)
        return
    with project.run(os.environ.get("DVC_EXP_NAME") or "dvc repro", "dvc", store) as run:
        assert run is not None  # noqa: S101 - tracking is on
        recording.record(run, project.cfg, project.data)
    log.info("recorded as MLflow run %s", run.id)


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
