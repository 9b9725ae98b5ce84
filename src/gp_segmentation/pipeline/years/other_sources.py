"""The prepared tables of another source than a run's own."""

from pathlib import Path
from typing import Any

from gp_segmentation import config
from gp_segmentation.errors import GpsegError
from gp_segmentation.pipeline.years.prepared import prepared_folder
from gp_segmentation.sources.fetched import drawn_england
from gp_segmentation.storage.workspace import Workspace

Config = dict[str, Any]


def prepared_source(source: str, cfg: Config, root: Path, raw: Path | None = None) -> Path:
    """Return the folder of the prepared tables of `source`: as they lie, or prepared now from raw files.

    Parameters
    ----------
    source : an option of conf/source, or a folder of prepared tables or raw files. cfg : of the run that it
        is for. raw : the folder of raw data in which sources have their own (default: the project's).

    Raises
    ------
    GpsegError : there is no such source, or its raw files are not there.
    """
    raw, data = raw or root / "data" / "raw", Workspace(root / "data")
    folder = Path(source).expanduser()
    if not folder.is_dir():
        known = sorted(path.stem for path in (root / "conf" / "source").glob("[!_]*.yaml"))
        if source not in known:
            raise GpsegError(f"{source} is neither a folder nor a source. Sources: {', '.join(known)}")
        # Of that source alone: the defaults of other groups may not suit it (deprivation that no file gives).
        there = config.compose_config(root, [f"source={source}"], name="data")
        own = as_drawn(there["source"], raw / source)
        return prepared_folder({**cfg, "source": own}, data, raw)
    if (folder / "practices.parquet").is_file():
        return folder
    here = {**cfg, "source": {**as_drawn(cfg["source"], folder), "name": folder.name}}
    return prepared_folder(here, data, folder.resolve().parent)


def as_drawn(source: Config, folder: Path) -> Config:
    """Return `source` with the synthetic England in `folder`, if there is one: it is asked about as it is."""
    drawn = drawn_england(folder) if "england" in source else None
    return {**source, "england": {**source["england"], **drawn}} if drawn else source
