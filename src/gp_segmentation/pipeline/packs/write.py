"""Read a run once, and write the pack of every area that is wanted."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation.areas import (
    KINDS,
    Area,
    Grouping,
    RunTables,
    area_tables,
    every_area,
    find_area,
    read_grouping,
    source_grouping,
    write_area_workbook,
)
from gp_segmentation.errors import ConfigError
from gp_segmentation.figures import AreaPlaces, area_places, draw_area_map
from gp_segmentation.pipeline.packs.local_fit import fit_locally
from gp_segmentation.report import AreaPage, write_area_page, write_area_slides
from gp_segmentation.report.evidence_text import verdict_sentence
from gp_segmentation.schemas import AreaTables
from gp_segmentation.storage.table_files import read_table, rounded, write_table
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import fresh_folder, read_json
from gp_segmentation.utils.hashes import identity_of_data
from gp_segmentation.utils.parallel import count_jobs, parallel_map
from gp_segmentation.utils.progress import watched

#: Name of the file -> the table of `AreaTables` in it.
CSV = {
    "practices.csv": "practices",
    "segments.csv": "mix",
    "measures.csv": "measures",
    "profiles.csv": "profiles",
    "opportunities.csv": "opportunities",
    "practice_opportunities.csv": "practice_opportunities",
    "peers.csv": "neighbours",
    "expected.csv": "expected",
    "practice_expected.csv": "practice_expected",
    "conditions.csv": "conditions",
}
PAGE = "index.html"
#: So many packs take as long as it takes a process to start.
WORTH_A_WORKER = 8


@dataclass(frozen=True)
class Wanted:
    """Which areas are wanted, and how.

    Attributes
    ----------
    kind : one of `areas.KINDS` or "group". name : code or name; None: every area of the kind.
    grouping : for the kind "group": the name of a grouping of the source, or a CSV. template : of the slides.
    base : the folder that a relative path of `grouping` is of (default: the current one).
    fit : "local": with segments of the area's own beside the national ones; else "england".
    """

    kind: str
    name: str | None
    grouping: str | Path | None = None
    template: Path | None = None
    fit: str = "england"
    base: Path = Path()


@dataclass(frozen=True)
class Packs:
    """What was written: the areas, the folder of each, and sentences that must be known."""

    areas: list[Area]
    folders: list[Path]
    said: tuple[str, ...]


def write_packs(
    wanted: Wanted, cfg: dict[str, Any], ws: Workspace, target: Path, tags: dict[str, str] | None = None
) -> Packs:
    """Write the pack of each area that is wanted into a folder of its own in `target`.

    Parameters
    ----------
    cfg : of the run: jobs, features; for segments of the area's own also clusterer, study and seed.
    tags : of the run, for the workbooks; by default those of its data, since a part of the configuration is
        all that a pack depends on.
    """
    run = _FinishedRun.of(cfg, ws, tags)
    rows = run.tables.segments
    grouping = _grouping(wanted, ws.groupings(), rows["practice_code"])
    areas = (
        every_area(rows, wanted.kind, grouping)
        if wanted.name is None
        else [find_area(rows, wanted.kind, wanted.name, grouping)]
    )
    if not areas:
        raise ConfigError(f"no practice of the run is in a {KINDS.get(wanted.kind, 'group')}")
    places, about = run.places(wanted.kind, grouping), (f"{grouping.said()}.",) if grouping else ()
    # One task per worker, so that the run is sent to each only once.
    workers = min(count_jobs(cfg["jobs"]), -(-len(areas) // WORTH_A_WORKER))
    tasks = [(areas[i::workers], run, places, about, target, wanted) for i in range(workers)]
    folders = [target / _folder_name(area) for area in areas]
    before = time.time()
    with watched(lambda: sum(_is_newer(f / PAGE, before) for f in folders), len(areas), "packs written"):
        list(parallel_map(_write_packs, tasks, workers, processes=True))
    return Packs(areas, folders, about)


def _grouping(wanted: Wanted, groupings: pd.DataFrame, practices: pd.Series) -> Grouping | None:
    """The grouping that is wanted: of the source (`groupings`) if it has one of that name, else of a CSV."""
    if not wanted.grouping:
        return None
    names = groupings["grouping"].unique()
    if str(wanted.grouping) in names:
        return source_grouping(groupings, str(wanted.grouping), practices)
    path = wanted.base / Path(wanted.grouping).expanduser()
    if len(names) and not path.is_file():
        raise ConfigError(
            f"{wanted.grouping} is neither a file nor a grouping of the run's source, which has: "
            f"{', '.join(names)}. Give one of these, or a CSV with a practice code and a group"
        )
    return read_grouping(path, practices)


@dataclass(frozen=True)
class _FinishedRun:
    """What is read of a run once, for all packs."""

    cfg: dict[str, Any]
    ws: Workspace
    tables: RunTables
    source: dict[str, Any]
    tags: dict[str, str]
    verdict: str
    boundaries: Any

    @classmethod
    def of(cls, cfg: dict[str, Any], ws: Workspace, tags: dict[str, str] | None) -> _FinishedRun:
        natural, _, dictionary = ws.feature_tables()
        tables = RunTables(
            segments=ws.segment_table(everyone=True),
            practices=ws.prepared_table("practices"),
            natural=natural,
            dictionary=dictionary,
            opportunities=read_table(ws.insight / "practice_opportunities.parquet"),
            indicators=ws.prepared_table("indicators"),
            peers=read_table(ws.insight / "peers.parquet"),
            **ws.expected(),
            adjusted_for=ws.expected_about().get("adjusted_for", []),
        )
        verdict = verdict_sentence(ws.choice(), read_json(ws.evidence / "evidence.json"))
        source = read_json(ws.prepared / "source.json")
        return cls(cfg, ws, tables, source, tags or identity_of_data(source), verdict, ws.boundaries())

    def places(self, kind: str, grouping: Grouping | None) -> AreaPlaces | None:
        segments = self.tables.segments
        area_of = grouping.groups if grouping else segments.set_index("practice_code")[f"{kind}_code"]
        boundaries = self.boundaries if kind == "icb" else None
        return area_places(segments, self.tables.practices, area_of, boundaries)


def _is_newer(path: Path, moment: float) -> bool:
    return path.is_file() and path.stat().st_mtime >= moment


def _write_packs(
    areas: Sequence[Area],
    run: _FinishedRun,
    places: AreaPlaces | None,
    about: Sequence[str],
    target: Path,
    wanted: Wanted,
) -> None:
    for area in areas:
        local = fit_locally(run.cfg, run.ws, area.practices) if wanted.fit == "local" else None
        tables = area_tables(run.tables, area, local)
        _write_pack(target / _folder_name(area), tables, run, places, about, wanted.template)


def _write_pack(
    folder: Path,
    tables: AreaTables,
    run: _FinishedRun,
    places: AreaPlaces | None,
    about: Sequence[str],
    template: Path | None,
) -> None:
    """Write one area's pack, whole or not at all."""
    picture = None
    if places is not None and (places.points["code"] == tables.code).any():
        picture = draw_area_map(places, tables.code)
    page = AreaPage(
        tables,
        run.source,
        run.tables.segments,
        run.verdict,
        tuple(about),
        picture,
        official_border=places is not None and places.official,
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with fresh_folder(folder) as out:
        write_area_page(out / PAGE, page)
        write_area_workbook(out / "area.xlsx", tables, run.source, run.cfg, run.tags)
        write_area_slides(out / "slides.pptx", page, template)
        for name, table in CSV.items():
            write_table(out / name, rounded(getattr(tables, table)))
        if tables.local is not None:
            write_table(out / "local_segments.csv", tables.local.crossed)
        if picture is not None:
            (out / "map.png").write_bytes(picture["png"])
            (out / "map.svg").write_bytes(picture["svg"])


def _folder_name(area: Area) -> str:
    """The folder of an area's pack: its code, as every system takes it."""
    return re.sub(r"[^\w.-]+", "_", area.code).strip("._") or "area"
