"""The files of a panel: several years in the segments of a run, whole or not at all."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation import config
from gp_segmentation.clustering import fit_labels
from gp_segmentation.errors import GpsegError
from gp_segmentation.features import Tables
from gp_segmentation.insight.workbook.workbook import write_workbook
from gp_segmentation.panel import Run, Year, build_panel
from gp_segmentation.pipeline.years.other_sources import prepared_source
from gp_segmentation.pipeline.years.panel_workbook import panel_sheets
from gp_segmentation.report import PanelPage, write_panel_page
from gp_segmentation.report.comparison import around
from gp_segmentation.schemas import PanelTables
from gp_segmentation.segments.renumbering import read_renumbered
from gp_segmentation.sources.successors import read_successors
from gp_segmentation.storage.model_files import load_model
from gp_segmentation.storage.provenance import content
from gp_segmentation.storage.table_files import read_table, write_table
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import fresh_folder, read_json, write_json
from gp_segmentation.utils.hashes import identity_of_data

Config = dict[str, Any]

log = logging.getLogger("gpseg")

PAGE, RESULT, WORKBOOK = "panel.html", "panel.json", "panel.xlsx"
#: What panel.json says of every year; tables: the content of its prepared tables.
OF_A_SOURCE = ("name", "label", "period", "practices", "patients", "licence", "tables")
TABLES = ("segments", "practices", "account", "flows", "trends", "agreement", "returns", "core")


@dataclass(frozen=True)
class Written:
    """A panel that was written, and the source.json of every year."""

    panel: PanelTables
    sources: list[Config]


def write_panel(
    options: Config,
    cfg: Config,
    ws: Workspace,
    root: Path,
    out: Path,
    *,
    seed: int,
    tags: dict[str, str] | None = None,
) -> Written:
    """Build the panel of the run in `ws` and write it into `out`.

    Parameters
    ----------
    options : ``panel`` of the configuration. cfg : of the run. root : the project.
    tags : of the run, for the workbook; by default those of its data.
    """
    names = [str(name) for name in options["sources"] if name != cfg["source"]["name"]]
    folders = [ws.prepared, *(prepared_source(name, cfg, root, ws.raw) for name in names)]
    years = [_year(folder) for folder in folders]
    segments = ws.segment_table()
    run = _frozen_run(cfg, ws, years[0], segments)
    clusterer = config.build(ws.choice()["node"], "clusterer")
    panel = build_panel(
        run,
        years,
        lambda rows: fit_labels(clusterer, rows),
        same_indicators=read_renumbered(root / "conf" / "source" / "_renumbered.yaml"),
        successors=_successors(options, folders, root),
        draws=options["draws"],
        seed=seed,
    )
    for sentence in panel.warnings:
        log.warning("WARNING: %s.", sentence)
    sources = [read_json(folder / "source.json") | {"tables": content(folder)} for folder in folders]
    absent = [f"{source['label']}: {sentence}" for source in sources for sentence in source.get("absent", [])]
    panel = replace(panel, notes=[*panel.notes, *absent])
    practices = pd.concat([year.tables.practices for year in years])
    practices = practices.drop_duplicates("practice_code", keep="last")
    keys = segments.drop_duplicates("segment")
    titles = {
        str(row["segment"]): f"{row['segment_code']} {row['segment_name']}" for _, row in keys.iterrows()
    }
    sheets = panel_sheets(panel, titles, practices)
    with fresh_folder(out) as folder:
        _write_page_and_tables(folder, PanelPage(panel, titles, keys, sources))
        write_workbook(folder / WORKBOOK, sheets, _about(sources), cfg, tags or identity_of_data(sources[0]))
        write_json(folder / RESULT, _result(panel, sources))
    return Written(panel, sources)


def _write_page_and_tables(folder: Path, page: PanelPage) -> None:
    for name in TABLES:
        write_table(folder / f"{name}.csv", getattr(page.panel, name), f"panel_{name}")
    for name, pictures in write_panel_page(folder / PAGE, page).items():
        for ending, picture in pictures.items():
            (folder / f"{name}.{ending}").write_bytes(picture)


def _result(panel: PanelTables, sources: list[Config]) -> Config:
    steps = [f"{start} to {end}" for start, end in pairwise(panel.periods)]
    metrics = {
        name: {step: None if value != value else value for step, value in zip(steps, values, strict=True)}
        for name, values in panel.metrics.items()
    }
    return {
        "periods": list(panel.periods),
        "sources": [{key: source[key] for key in OF_A_SOURCE} for source in sources],
        "warnings": panel.warnings,
        "findings": panel.findings,
        "notes": panel.notes,
        "metrics": metrics,
        "returns": panel.returns.round(6).to_dict("records"),
    }


def _about(sources: list[Config]) -> Config:
    """What the workbook says of the data of all years: what is true of any is said of all.

    The fingerprint is that of the run's own year.
    """
    together = around(sources)
    return {
        **sources[0],
        **together.pop("source"),
        **together,
        "simulated": {name: note for source in sources for name, note in source.get("simulated", {}).items()},
        "absent": [],  # of several years: panel.json and the page say which lacks what
    }


def _frozen_run(cfg: Config, ws: Workspace, year: Year, segments: pd.DataFrame) -> Run:
    recorded = read_json(ws.segments / "model.json")
    return Run(
        period=year.period,
        model=load_model(ws.segments / "model.skops", str(recorded["sha256"])),
        blocks={name: config.build(node, "block") for name, node in cfg["features"]["blocks"].items()},
        selection=config.build(cfg["selection"], "selection"),
        tables=year.tables,
        names=dict(zip(segments["segment"], segments["segment_name"], strict=True)),
    )


def _year(folder: Path) -> Year:
    ws, source = Workspace(folder.parent, prepared_folder=folder), read_json(folder / "source.json")
    tables = Tables(**{name: ws.prepared_table(name) for name in Tables.names()})
    return Year(source["label"], source["period"], tables, ws.prepared_table("quality"))


def _successors(options: Config, folders: Sequence[Path], root: Path) -> dict[str, list[str]]:
    """Code -> codes that follow it, by the years' own lists and the file that is asked for."""
    tables = [read_table(folder / "successors.parquet", "successors") for folder in folders]
    if options["successors"]:
        path = root / Path(options["successors"]).expanduser()
        if not path.is_file():
            raise GpsegError(
                f"panel.successors is {path}, which is not there. Name a CSV with the columns practice_code "
                "and successor_code, or a list of successors of the Organisation Data Service; or leave it "
                "null: successors that no year's list names are then proposed from list sizes"
            )
        tables.append(read_successors(path).frame)
    pairs = pd.concat(tables)[["practice_code", "successor_code"]].drop_duplicates()
    return {str(code): sorted(rows) for code, rows in pairs.groupby("practice_code")["successor_code"]}
