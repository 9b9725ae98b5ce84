"""A small run up to its panel, made once for all workers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gp_segmentation.pipeline.order import STAGES, stage
from gp_segmentation.storage.table_files import write_table
from gp_segmentation.storage.workspace import Workspace

#: The stages of the run: those up to the panel.
MADE = STAGES[: STAGES.index("panel") + 1]
#: Folders (and the file of metrics) of a workspace.
FOLDERS = {
    *("raw", "prepared", "features", "matrix", "study", "segments", "evidence", "metrics", "insight"),
    *("figures", "area", "years", "report"),
}


class Watched(Workspace):
    """A workspace that notes which of its folders are asked for."""

    def __getattribute__(self, name: str) -> Any:
        if name in FOLDERS:
            SEEN.add(name)
        return object.__getattribute__(self, name)


SEEN: set[str] = set()


def watched_stages(names: list[str], cfg: dict[str, Any], ws: Watched) -> dict[str, set[str]]:
    """Run stages; give the folders that each asked for."""
    found = {}
    for name in names:
        SEEN.clear()
        stage(name)(cfg, ws)
        found[name] = set(SEEN)
    return found


@dataclass(frozen=True)
class SmallRun:
    """A run up to its panel with a later year: without two of the practices, with a file that nobody named.

    `asked` : which folders every stage asked for.
    """

    cfg: dict[str, Any]
    folder: Path
    raw: Path
    later: Path
    gone: list[str]
    asked: dict[str, set[str]]

    @property
    def ws(self) -> Workspace:
        return Workspace(self.folder, raw_folder=self.raw)

    def continued(self, names: list[str], cfg: dict[str, Any], folder: Path) -> dict[str, set[str]]:
        """Run more stages in a copy of the run; give the folders that each asked for."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return watched_stages(names, cfg, Watched(folder, raw_folder=self.raw))


def later_year(ws: Workspace, folder: Path) -> list[str]:
    """Write the prepared tables of another year; give the practices that are gone."""
    shutil.copytree(ws.prepared, folder)
    practices, quality = ws.prepared_table("practices"), ws.prepared_table("quality")
    gone = sorted(practices["practice_code"])[:2]
    write_table(folder / "practices.parquet", practices[~practices["practice_code"].isin(gone)], "practices")
    note = pd.DataFrame({"file": ["extra.csv"], "check": ["file not used"], "count": [1], "detail": [""]})
    write_table(folder / "quality.parquet", pd.concat([quality, note], ignore_index=True), "quality")
    source = json.loads((folder / "source.json").read_text(encoding="utf-8"))
    source |= {"period": "2025-26", "label": "synthetic England 2025-26"}
    (folder / "source.json").write_text(json.dumps(source), encoding="utf-8")
    return gone


@pytest.fixture(scope="session")
def small_run(
    small_england: tuple[dict[str, Any], Path], made_once: Callable[[str, Callable[[Path], object]], Path]
) -> SmallRun:
    """`SmallRun`; read only."""
    cfg, raw = small_england

    def run(folder: Path) -> None:
        ws = Watched(folder / "run", raw_folder=raw)
        asked = watched_stages(MADE[:-1], cfg, ws)
        gone = later_year(ws, folder / "later")
        panel = {"name": "years", "sources": [str(folder / "later")], "successors": None, "draws": 20}
        asked |= watched_stages(MADE[-1:], cfg | {"panel": panel}, ws)
        made = {
            "cfg": cfg | {"panel": panel},
            "raw": str(raw),
            "gone": gone,
            "asked": {name: sorted(of) for name, of in asked.items()},
        }
        (folder / "made.json").write_text(json.dumps(made), encoding="utf-8")

    folder = made_once("small_run", run)
    made = json.loads((folder / "made.json").read_text(encoding="utf-8"))
    return SmallRun(
        cfg=made["cfg"],
        folder=folder / "run",
        raw=Path(made["raw"]),
        later=folder / "later",
        gone=made["gone"],
        asked={name: set(of) for name, of in made["asked"].items()},
    )
