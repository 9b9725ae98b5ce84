"""Prepared tables of any source, made once and kept by content."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

from gp_segmentation.storage import provenance
from gp_segmentation.storage.workspace import Workspace

log = logging.getLogger("gpseg")


def prepared_folder(
    cfg: dict[str, Any],
    data: Workspace,
    raw: Path,
    prepare: Callable[[dict[str, Any], Workspace], None] | None = None,
) -> Path:
    """Return the folder of prepared tables of a source: `data/prepared`, or one made for it once.

    Parameters
    ----------
    cfg : source, special, scope. data : the project's own workspace. raw : the folder of raw data in which
        the source has its own. prepare : the stage of that name, or what runs it.
    """
    source = cfg["source"]
    wanted = provenance.fingerprint(cfg, provenance.describe_raw_files(source, raw / source["name"]))
    if provenance.is_current(data.prepared, wanted):
        return data.prepared
    own = data.cache / "prepared" / wanted[:16]
    own.parent.mkdir(parents=True, exist_ok=True)
    # The jobs of a sweep may all come here at once; the first prepares, the others wait for it.
    with FileLock(own.with_suffix(".lock")):
        if not provenance.is_current(own, wanted):
            from gp_segmentation.pipeline.stages import prepare as stage

            log.info("data/prepared is of other data or rules: preparing %s in %s", source["name"], own)
            (prepare or stage.run)(cfg, Workspace(own.parent, raw_folder=raw, prepared_folder=own))
    return own
