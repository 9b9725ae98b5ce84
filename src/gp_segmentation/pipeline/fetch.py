"""Bring the raw files of a source into `data/raw`, and their hash into data.dvc."""

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

from gp_segmentation import config
from gp_segmentation.errors import GpsegError
from gp_segmentation.pipeline.stages import configure
from gp_segmentation.sources import download, simulated, synthetic

log = logging.getLogger("gpseg")


def fetch_raw(cfg: dict[str, Any], root: Path, here: Path) -> None:
    """Bring the raw files of a source into `data/raw/NAME`, and their hash into data.dvc.

    Parameters
    ----------
    cfg : ``source``, ``from`` (a folder, relative to `here`, or None) and ``restart``.
    """
    source = cfg["source"]
    folder = root / "data" / "raw" / source["name"]
    if "england" in source:
        _draw(source["england"], folder, restart=cfg["restart"])
    elif cfg["from"]:
        download.collect(source["files"], (here / cfg["from"]).expanduser(), folder, restart=cfg["restart"])
    else:
        download.fetch(source["files"], folder, restart=cfg["restart"])
    simulated.write_marker((here / (cfg["from"] or folder)).expanduser(), folder, source.get("simulated"))
    log.info("%s: %s", source["label"], folder)
    _dvc_add(root)


def _draw(england: dict[str, Any], folder: Path, *, restart: bool) -> None:
    address = synthetic.address(england["seed"], england["practices"])
    rows = download.read_manifest(folder) if folder.is_dir() else []
    if rows and {row.address for row in rows} == {address} and not restart and not download.verify(folder):
        log.info("the synthetic England is there already, unchanged")
        return
    config.build(england, "england")(folder)


def _dvc_add(root: Path) -> None:
    if not (root / "params.yaml").is_file():
        configure.run(root)  # dvc.yaml cannot be read without it
    command = [sys.executable, "-m", "dvc", "add", "data/raw"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        said = done.stderr.decode(errors="replace")
        raise GpsegError(f"the files are in data/raw, but data.dvc could not be updated: {said.strip()}")
