"""The ways to run the stages: one by one (DVC), or all in a row under one MLflow run (gpseg)."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock

from gp_segmentation import config, stages
from gp_segmentation.errors import GpsegError
from gp_segmentation.workspace import Workspace, read_json

log = logging.getLogger("gpseg")

Config = dict[str, Any]


def run_stage(name: str, cfg: Config, root: Path) -> None:
    """Run one stage in the project's own workspace, `data/`."""
    stages.STAGES[name](cfg, Workspace(root / "data"))


def run_job(cfg: Config, root: Path, output: Path, title: str) -> None:
    """Run every stage from `features` on in the folder `output`, under one MLflow run.

    Parameters
    ----------
    cfg : the composed configuration. root : the project. output : the job's own folder.
    title : the run's name in MLflow.

    Raises
    ------
    GpsegError : among others when the prepared tables were replaced meanwhile; the MLflow run ends FAILED.
    """
    from gp_segmentation import provenance

    tracked = open_store(cfg, root).run(title, _tags(cfg, root, "gpseg")) if _enabled(cfg) else nullcontext()
    with tracked as run:
        if run is not None:
            from gp_segmentation import recording

            run.log_params(recording.parameters(cfg))
        prepared, seen = _prepared(cfg, root)
        ws = Workspace(output, raw_folder=root / "data" / "raw", prepared_folder=prepared)
        with provenance.unchanged(prepared, seen):
            _run_in_a_row(cfg, ws)
        if run is not None:
            with provenance.unchanged(prepared, seen):
                recording.record(run, cfg, ws)
    log.info("Page:      %s", ws.report / "report.html")
    if run is not None:
        log.info("MLflow:    run %s (make ui)", run.id)


def _run_in_a_row(cfg: Config, ws: Workspace) -> None:
    for name, stage in stages.STAGES.items():
        if name != "prepare":
            began = time.monotonic()
            stage(cfg, ws)
            log.info("%-9s %5.1f s", name, time.monotonic() - began)


def _prepared(cfg: Config, root: Path) -> tuple[Path, str]:
    """Return the folder of prepared tables, and the content it had no later than when it was found to belong.

    Looked at in this order, tables replaced in between differ from it at the end.
    """
    from gp_segmentation import provenance

    main = root / "data" / "prepared"
    seen = provenance.content(main)
    folder = prepared_folder(cfg, root)
    return folder, seen if folder == main else provenance.content(folder)


def explore(cfg: Config, root: Path) -> None:
    """Look at the features of a configuration in `data/explore`, without clustering anything."""
    ws = Workspace(
        root / "data" / "explore",
        raw_folder=root / "data" / "raw",
        prepared_folder=prepared_folder(cfg, root),
    )
    stages.explore(cfg, ws)
    warning = read_json(ws.prepared / "source.json").get("warning")
    if warning:
        log.warning("%s", warning)
    log.info("Page:      %s", ws.root / "index.html")
    log.info("Tables:    %s", ws.features)


def track(cfg: Config, root: Path) -> None:
    """Record the results in `data/` as an MLflow run, unless a run of the same content is there already."""
    from gp_segmentation import recording

    if not _enabled(cfg):
        log.info("tracking is off (conf/tracking)")
        return
    ws = Workspace(root / "data")
    # DVC runs experiments in temporary folders; their runs belong into the project's store.
    store = open_store(cfg, Path(os.environ.get("DVC_ROOT") or root))
    known = store.find(recording.content_hash(ws))
    if known is not None:
        log.info("these results are recorded already, as run %s", known)
        return
    title = os.environ.get("DVC_EXP_NAME") or "dvc repro"
    with store.run(title, _tags(cfg, root, "dvc")) as run:
        run.log_params(recording.parameters(cfg))
        recording.record(run, cfg, ws)
    log.info("recorded as MLflow run %s", run.id)


def fetch_raw(cfg: Config, root: Path, here: Path) -> None:
    """Bring the raw files of a source into `data/raw/NAME`, and their hash into data.dvc.

    Parameters
    ----------
    cfg : ``source``, ``from`` (a folder, relative to `here`, or None) and ``restart``.
    """
    from gp_segmentation.sources import download, simulated

    source = cfg["source"]
    folder = root / "data" / "raw" / source["name"]
    if "england" in source:
        _draw(source["england"], folder, restart=cfg["restart"])
    elif cfg["from"]:
        download.collect(source["files"], (here / cfg["from"]).expanduser(), folder, restart=cfg["restart"])
    else:
        download.fetch(source["files"], folder, restart=cfg["restart"])
    simulated.take_marker((here / (cfg["from"] or folder)).expanduser(), folder, source.get("simulated"))
    log.info("%s: %s", source["label"], folder)
    _dvc_add(root)


def _draw(england: Config, folder: Path, *, restart: bool) -> None:
    from gp_segmentation.sources import download, synthetic

    address = synthetic.address(england["seed"], england["practices"])
    rows = download.read_manifest(folder) if folder.is_dir() else []
    if rows and {row.address for row in rows} == {address} and not restart and not download.verify(folder):
        log.info("the synthetic England is there already, unchanged")
        return
    config.build(england)(folder)


def _dvc_add(root: Path) -> None:
    if not (root / "params.yaml").is_file():
        stages.configure(root)  # dvc.yaml cannot be read without it
    command = [sys.executable, "-m", "dvc", "add", "data/raw"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise GpsegError(
            f"the files are in data/raw, but data.dvc could not be updated: {done.stderr.strip()}"
        )


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


def prepared_folder(cfg: Config, root: Path, raw: Path | None = None) -> Path:
    """Return the folder of prepared tables of this source: `data/prepared`, or one made for it once.

    `raw` is the folder of raw data in which the source has its own (default: the project's).
    """
    from gp_segmentation import provenance

    source, raw = cfg["source"], raw or root / "data" / "raw"
    wanted = provenance.fingerprint(cfg, provenance.raw_files(source, raw / source["name"]))
    main = root / "data" / "prepared"
    if provenance.belongs(main, wanted):
        return main
    own = root / "data" / "cache" / "prepared" / wanted[:16]
    own.parent.mkdir(parents=True, exist_ok=True)
    # The jobs of a sweep may all come here at once; the first prepares, the others wait for it.
    with FileLock(own.with_suffix(".lock")):
        if not provenance.belongs(own, wanted):
            log.info("data/prepared is of other data or rules: preparing %s in %s", source["name"], own)
            stages.prepare(cfg, Workspace(own.parent, raw_folder=raw, prepared_folder=own))
    return own


def _enabled(cfg: Config) -> bool:
    return bool(cfg["tracking"]["enabled"])


def open_store(cfg: Config, root: Path) -> Any:
    """Open the tracking store the configuration names."""
    from gp_segmentation import tracking

    return tracking.open_store(root, cfg["tracking"]["experiment"], cfg["tracking"]["uri"])


def _tags(cfg: Config, root: Path, driver: str) -> dict[str, str]:
    from gp_segmentation import recording

    return recording.tags(cfg, root, driver)
