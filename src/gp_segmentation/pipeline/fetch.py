"""Bring the raw files of a source into `data/raw`, and their hash into data.dvc."""

import logging
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gp_segmentation import config
from gp_segmentation.errors import ConfigError, GpsegError
from gp_segmentation.pipeline.stages import configure
from gp_segmentation.sources import download, simulated, synthetic
from gp_segmentation.sources.fetched import drawn_england
from gp_segmentation.sources.raw_folder import NAME_IT, readable_files
from gp_segmentation.utils.wording import first_few

log = logging.getLogger("gpseg")


def fetch_raw(cfg: dict[str, Any], root: Path, here: Path) -> None:
    """Bring the raw files of a source into `data/raw/NAME`, and their hash into data.dvc.

    Parameters
    ----------
    cfg : ``source``, ``from`` (a folder, relative to `here`, or None) and ``restart``; or ``inspect``, a file
        to be told of instead.
    """
    if cfg.get("inspect"):
        from gp_segmentation.sources.inspect import inspect_file  # it imports every reader

        log.info("%s", inspect_file((here / cfg["inspect"]).expanduser()))
        return
    source = cfg["source"]
    folder = root / "data" / "raw" / source["name"]
    given = (here / cfg["from"]).expanduser() if cfg["from"] else folder
    if "england" in source:
        if cfg["from"]:
            raise ConfigError(
                f"from is {cfg['from']}, and the synthetic England is drawn, not taken from a folder. Name "
                "the year of the files in it (source=nhs_2024_25), or leave out from"
            )
        _draw(source["england"], folder, restart=cfg["restart"])
    else:
        simulated.refuse_undeclared(source.get("simulated"), given, folder)
        if cfg["from"]:
            download.collect(source["files"], given, folder)
        else:
            download.fetch(source["files"], folder, restart=cfg["restart"])
    simulated.write_marker(given, folder, source.get("simulated"))
    _name_unused(source["files"], given)
    log.info("%s: %s", source["label"], folder)
    _dvc_add(root)


def _draw(england: Mapping[str, Any], folder: Path, *, restart: bool) -> None:
    address = synthetic.address(england["seed"], england["practices"])
    rows = download.read_manifest(folder) if folder.is_dir() else []
    if rows and {row.address for row in rows} == {address} and not restart and not download.verify(folder):
        log.info("the synthetic England is there already, unchanged")
        return
    if (before := drawn_england(folder)) and synthetic.address(**before) != address:
        log.warning("%s is replaced by %s", synthetic.address(**before), address)
    config.build(england, "england")(folder)


def _name_unused(files: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
    """Log the tables in `folder` and below that the source does not name."""
    entries = download.read_raw_files(files)
    named = {name.casefold() for file in entries for name in (file.filename, *file.aliases)}
    unused = [name for name in readable_files(folder) if name.casefold() not in named]
    if unused:
        log.warning("%s: there and not used; %s", first_few(unused), NAME_IT)


def _dvc_add(root: Path) -> None:
    if not (root / "params.yaml").is_file():
        configure.run(root)  # dvc.yaml cannot be read without it
    command = [sys.executable, "-m", "dvc", "add", "data/raw"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)  # noqa: S603
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode and "is not a git repository" in said:
        # A copy of the project that was downloaded, not cloned: all but DVC works in it.
        log.warning(
            "the files are in data/raw, and gpseg can use them. DVC (dvc repro, make run) cannot: it needs a "
            "git repository, and %s is none. Run git init there, or clone the project; then give this "
            "command again",
            root,
        )
    elif done.returncode:
        raise GpsegError(f"the files are in data/raw, but data.dvc could not be updated: {said}")
