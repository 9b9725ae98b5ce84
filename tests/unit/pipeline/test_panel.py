"""The files of a panel: every table by its schema, a page of sentences first, whole or not at all."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from gp_segmentation.errors import ConfigError, GpsegError, InputError
from gp_segmentation.pipeline.order import stage
from gp_segmentation.pipeline.stages import panel as panel_stage
from gp_segmentation.pipeline.years import panel_files
from gp_segmentation.storage.table_files import read_table, write_table
from gp_segmentation.storage.workspace import Workspace

ROOT = Path(__file__).resolve().parents[3]
OPTIONS = {"name": "years", "successors": None, "draws": 20}


@dataclass(frozen=True)
class Finished:
    """A run up to its segments, and the prepared tables of a later year without two of its practices."""

    cfg: dict[str, Any]
    ws: Workspace
    later: Path
    gone: list[str]

    def write(self, out: Path, **options: Any) -> panel_files.Written:
        asked = {**OPTIONS, "sources": [str(self.later)], **options}
        return panel_files.write_panel(asked, self.cfg, self.ws, ROOT, out, seed=1)


@pytest.fixture(scope="module")
def run(small_england, tmp_path_factory) -> Finished:
    cfg, raw = small_england
    root = tmp_path_factory.mktemp("run")
    ws = Workspace(root, raw_folder=raw)
    for name in ("prepare", "features", "matrix", "study", "segment"):
        stage(name)(cfg, ws)
    later = shutil.copytree(ws.prepared, root / "later")
    practices = ws.prepared_table("practices")
    gone = sorted(practices["practice_code"])[:2]
    write_table(later / "practices.parquet", practices[~practices["practice_code"].isin(gone)], "practices")
    source = json.loads((later / "source.json").read_text(encoding="utf-8"))
    source |= {"period": "2025-26", "label": "synthetic England 2025-26"}
    (later / "source.json").write_text(json.dumps(source), encoding="utf-8")
    return Finished(cfg, ws, later, gone)


@pytest.fixture(scope="module")
def out(run, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("panel") / "panel"
    run.write(folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_table_is_read_back_by_its_schema(run, out):
    tables = {name: read_table(out / f"{name}.csv", f"panel_{name}") for name in panel_files.TABLES}
    assert {f"{name}.csv" for name in tables} | {"panel.html", "panel.json", "panel.xlsx", "panel.ods"} == {
        name for name in contents(out) if not name.startswith(("flows.p", "flows.s", "trends.p", "trends.s"))
    }
    segments = tables["segments"]
    assert segments.groupby("period").size().to_dict() == {"2024-25": 150, "2025-26": 148}
    now = run.ws.segment_table().set_index("practice_code")["segment"]
    first = segments[segments["period"] == "2024-25"].set_index("practice_code")["segment"]
    assert (first == now[first.index]).mean() > 0.9  # the rule, where the run's own method is another
    assert sorted(tables["practices"]["practice_code"]) == run.gone
    # The figures of the others are the same.
    assert set(segments.loc[segments["period"] == "2025-26", "change"]) == {"stayed"}


def test_the_page_says_first_what_was_found_and_shows_pictures_with_words(run, out):
    page = (out / "panel.html").read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", page)
    assert "148 practices are in both years, 2 are gone" in text
    assert text.index("148 practices are in both years") < text.index("<h2")
    assert "SYNTHETIC DATA" in text
    images = re.findall(r"<img [^>]*>", page)
    assert len(images) == 2
    assert all(re.search(r'alt="[^"]*The table below has', image) for image in images)
    assert page.count("<table") == page.count("<caption>") >= 5
    assert not re.findall(r'(?:src|href)="https?:', page)
    for code in run.gone:
        assert code in page


def test_the_same_years_give_the_same_bytes(run, out, tmp_path):
    run.write(tmp_path / "again")
    assert contents(tmp_path / "again") == contents(out)


def test_a_panel_is_written_whole_or_not_at_all(run, tmp_path, monkeypatch):
    folder = tmp_path / "panel"
    folder.mkdir()
    (folder / "old.txt").write_text("old", encoding="utf-8")

    def broken(*_: object) -> None:
        raise RuntimeError("no page")

    monkeypatch.setattr(panel_files, "write_panel_page", broken)
    with pytest.raises(RuntimeError, match="no page"):
        run.write(folder)
    assert contents(folder) == {"old.txt": b"old"}
    assert list(tmp_path.iterdir()) == [folder]


def test_warnings_are_logged_and_stand_first_on_the_page(run, tmp_path, caplog):
    # A year whose source has a file that nobody named.
    quality = run.ws.prepared_table("quality")
    note = pd.DataFrame({"file": ["extra.csv"], "check": ["file not used"], "count": [1], "detail": [""]})
    noted = shutil.copytree(run.later, tmp_path / "later")
    write_table(noted / "quality.parquet", pd.concat([quality, note], ignore_index=True), "quality")
    run.write(tmp_path / "panel", sources=[str(noted)])
    warning = (
        "synthetic England 2025-26 has files that its source does not name, and they are not read: extra.csv"
    )
    assert f"WARNING: {warning}." in caplog.messages
    page = (tmp_path / "panel" / "panel.html").read_text(encoding="utf-8")
    assert page.index(warning) < page.index("practices are in both years")


def test_the_workbook_says_of_all_years_what_is_true_of_any(run):
    first, second = (
        json.loads((folder / "source.json").read_text(encoding="utf-8"))
        for folder in (run.ws.prepared, run.later)
    )
    second |= {"synthetic": False, "warning": "DRAWN.", "unchecked": ["q.csv"], "attribution": "Another's."}
    cover = panel_files._about([first, second])
    assert cover["synthetic"]
    assert (cover["warning"], cover["unchecked"]) == ("DRAWN.", ["q.csv"])
    assert cover["attribution"] == f"{first['attribution']}; Another's."
    assert cover["label"] == "synthetic England 2024-25; synthetic England 2025-26"


def test_the_workbook_has_names_beside_codes_and_says_which_data_it_is_of(run, out):
    book = openpyxl.load_workbook(out / "panel.xlsx")
    assert book.sheetnames[:5] == ["Cover", "Contents", "Notes", "Flows", "Practices"]
    rows = {
        name: [[cell.value for cell in row] for row in book[name].iter_rows(min_row=5)]
        for name in book.sheetnames
    }
    headers, *closed = rows["Closed and new"]
    assert headers[2:8] == [
        *("Practice code", "Practice", "Primary care network code", "Primary care network"),
        *("Registered patients", "What became of it"),
    ]
    networks = run.ws.prepared_table("practices").set_index("practice_code")[["pcn_code", "pcn_name"]]
    assert {row[2]: row[4:6] for row in closed} == {code: list(networks.loc[code]) for code in run.gone}
    boards = run.ws.prepared_table("practices").set_index("practice_code")[["icb_code", "icb_name"]]
    assert rows["Practices"][0][2:4] == ["Integrated care board code", "Integrated care board"]
    assert all(row[2:4] == list(boards.loc[row[0]]) for row in rows["Practices"][1:])
    fingerprint = json.loads((run.ws.prepared / "source.json").read_text(encoding="utf-8"))["fingerprint"]
    assert {tag.name: tag.value for tag in book.custom_doc_props.props} == {"data_fingerprint": fingerprint}


def test_successors_that_are_known_are_named_and_a_missing_file_is_refused(run, tmp_path, monkeypatch):
    monkeypatch.setattr(panel_files, "write_panel_page", lambda *_: {})
    heir = sorted(run.ws.prepared_table("practices")["practice_code"])[5]
    table = tmp_path / "successors.csv"
    table.write_text(f"Practice_Code,Successor_Code\n{run.gone[0]},{heir.lower()}\n", encoding="utf-8")
    found = run.write(tmp_path / "panel", successors=str(table)).panel
    row = found.practices.set_index("practice_code").loc[run.gone[0]]
    assert row[["event", "successor", "basis"]].tolist() == ["merged", heir, "named"]
    with pytest.raises(GpsegError, match=r"none\.csv, which is not there.*successor_code"):
        run.write(tmp_path / "panel", successors=str(tmp_path / "none.csv"))


def test_a_year_of_which_too_little_can_be_compared_is_refused_and_nothing_is_written(run, tmp_path):
    """Without ages nothing is left of age (weight 2) and of prevalence adjusted for it (3): 2.5 of 7.5."""
    without = shutil.copytree(run.later, tmp_path / "later")
    write_table(without / "age_sex.parquet", run.ws.prepared_table("age_sex").iloc[:0], "age_sex")
    words = r"make up 33% of what it was segmented by \(50% is needed\).*features=panel_core"
    with pytest.raises(InputError, match=words):
        run.write(tmp_path / "panel", sources=[str(without)])
    assert not (tmp_path / "panel").exists()


def test_the_run_s_own_year_alone_is_refused(run, tmp_path):
    with pytest.raises(ConfigError, match="a panel needs two sources or more"):
        run.write(tmp_path / "panel", sources=[run.cfg["source"]["name"]])
    assert not (tmp_path / "panel").exists()


def test_the_stage_does_nothing_unless_years_are_named(run, out, tmp_path):
    ws = Workspace(tmp_path, raw_folder=run.ws.raw)
    panel_stage.run({"panel": {**OPTIONS, "sources": []}}, ws)
    assert list(contents(tmp_path / "years")) == ["panel.json"]
    asked = {**run.cfg, "panel": {**OPTIONS, "sources": [str(run.later)]}, "seed": 1}
    panel_stage.run(asked, run.ws)
    assert contents(run.ws.years) == contents(out)
