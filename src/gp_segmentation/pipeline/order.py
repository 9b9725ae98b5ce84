"""The stages in their order, each imported when it runs: no command waits for libraries it does not use."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gp_segmentation.storage.workspace import Workspace

#: From raw files to the page. `configure` comes before them and `track` after.
STAGES = ("prepare", "features", "matrix", "study", "segment", "evidence", "insight", "report")


def stage(name: str) -> Callable[[dict[str, Any], Workspace], None]:
    """Return the function ``run(cfg, workspace)`` of one of `STAGES`."""
    run: Callable[[dict[str, Any], Workspace], None] = import_module(
        f"gp_segmentation.pipeline.stages.{name}"
    ).run
    return run
