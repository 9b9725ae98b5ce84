"""The files of a panel: every table by its schema, a page of sentences first, whole or not at all."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from gp_segmentation.errors import ConfigError, GpsegError, InputError
from gp_segmentation.pipeline.stages import panel as panel_stage
from gp_segmentation.pipeline.years import panel_files
from gp_segmentation.storage.table_files import read_table, write_table
from gp_segmentation.storage.workspace import Workspace

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def write(small_run) -> Callable[..., panel_files.Written]:
    """Write the panel of the small run, also with other options."""

    def written(out: Path, **options: Any) -> panel_files.Written:
        asked = {**small_run.cfg["panel"], **options}
        seed = small_run.cfg["seed"]
        return panel_files.write_panel(asked, small_run.cfg, small_run.ws, ROOT, out, seed=seed)

    return written


@pytest.fixture(scope="module")
def out(small_run) -> Path:
    """What the stage wrote."""
    return small_run.ws.years


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_table_is_read_back_by_its_schema(small_run, out):
    tables = {name: read_table(out / f"{name}.csv", f"panel_{name}") for name in panel_files.TABLES}
    assert {f"{name}.csv" for name in tables} | {"panel.html", "panel.json", "panel.xlsx", "panel.ods"} == {
        name for name in contents(out) if not name.startswith(("flows.p", "flows.s", "trends.p", "trends.s"))
    }
    segments = tables["segments"]
    assert segments.groupby("period").size().to_dict() == {"2024-25": 150, "2025-26": 148}
    now = small_run.ws.segment_table().set_index("practice_code")["segment"]
    first = segments[segments["period"] == "2024-25"].set_index("practice_code")["segment"]
    assert (first == now[first.index]).mean() > 0.9  # the rule, where the run's own method is another
    assert sorted(tables["practices"]["practice_code"]) == small_run.gone
    # The figures of the others are the same.
    assert set(segments.loc[segments["period"] == "2025-26", "change"]) == {"stayed"}


def test_the_page_says_first_what_was_found_and_shows_pictures_with_words(small_run, out):
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
    for code in small_run.gone:
        assert code in page


def test_the_same_years_give_the_same_bytes_and_warnings_are_logged_and_stand_first(
    write, out, tmp_path, caplog
):
    write(tmp_path / "again")
    assert contents(tmp_path / "again") == contents(out)
    warning = (
        "synthetic England 2025-26 has files that its source does not name, and they are not read: extra.csv"
    )
    assert f"WARNING: {warning}." in caplog.messages
    page = (out / "panel.html").read_text(encoding="utf-8")
    assert page.index(warning) < page.index("practices are in both years")


def test_a_panel_is_written_whole_or_not_at_all(write, tmp_path, monkeypatch):
    folder = tmp_path / "panel"
    folder.mkdir()
    (folder / "old.txt").write_text("old", encoding="utf-8")

    def broken(*_: object) -> None:
        raise RuntimeError("no page")

    monkeypatch.setattr(panel_files, "write_panel_page", broken)
    with pytest.raises(RuntimeError, match="no page"):
        write(folder)
    assert contents(folder) == {"old.txt": b"old"}
    assert list(tmp_path.iterdir()) == [folder]


def test_the_workbook_says_of_all_years_what_is_true_of_any(small_run):
    first, second = (
        json.loads((folder / "source.json").read_text(encoding="utf-8"))
        for folder in (small_run.ws.prepared, small_run.later)
    )
    second |= {"synthetic": False, "warning": "DRAWN.", "unchecked": ["q.csv"], "attribution": "Another's."}
    cover = panel_files._about([first, second])
    assert cover["synthetic"]
    assert (cover["warning"], cover["unchecked"]) == ("DRAWN.", ["q.csv"])
    assert cover["attribution"] == f"{first['attribution']}; Another's."
    assert cover["label"] == "synthetic England 2024-25; synthetic England 2025-26"


def test_the_workbook_has_names_beside_codes_and_says_which_data_it_is_of(small_run, out):
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
    practices = small_run.ws.prepared_table("practices").set_index("practice_code")
    networks, boards = practices[["pcn_code", "pcn_name"]], practices[["icb_code", "icb_name"]]
    assert {row[2]: row[4:6] for row in closed} == {code: list(networks.loc[code]) for code in small_run.gone}
    assert rows["Practices"][0][2:4] == ["Integrated care board code", "Integrated care board"]
    assert all(row[2:4] == list(boards.loc[row[0]]) for row in rows["Practices"][1:])
    source = json.loads((small_run.ws.prepared / "source.json").read_text(encoding="utf-8"))
    assert {tag.name: tag.value for tag in book.custom_doc_props.props} == {
        "data_fingerprint": source["fingerprint"]
    }


def test_successors_that_are_known_are_named_and_a_missing_file_is_refused(
    small_run, write, tmp_path, monkeypatch
):
    monkeypatch.setattr(panel_files, "write_panel_page", lambda *_: {})
    heir = sorted(small_run.ws.prepared_table("practices")["practice_code"])[5]
    table = tmp_path / "successors.csv"
    table.write_text(f"Practice_Code,Successor_Code\n{small_run.gone[0]},{heir.lower()}\n", encoding="utf-8")
    found = write(tmp_path / "panel", successors=str(table)).panel
    row = found.practices.set_index("practice_code").loc[small_run.gone[0]]
    assert row[["event", "successor", "basis"]].tolist() == ["merged", heir, "named"]
    with pytest.raises(GpsegError, match=r"none\.csv, which is not there.*successor_code"):
        write(tmp_path / "panel", successors=str(tmp_path / "none.csv"))


def test_a_year_of_which_too_little_can_be_compared_is_refused_and_nothing_is_written(
    small_run, write, tmp_path
):
    """Without ages nothing is left of age (weight 2) and of prevalence adjusted for it (3): 2.5 of 7.5."""
    without = shutil.copytree(small_run.later, tmp_path / "later")
    write_table(without / "age_sex.parquet", small_run.ws.prepared_table("age_sex").iloc[:0], "age_sex")
    words = r"make up 33% of what it was segmented by \(50% is needed\).*features=panel_core"
    with pytest.raises(InputError, match=words):
        write(tmp_path / "panel", sources=[str(without)])
    assert not (tmp_path / "panel").exists()


def test_the_run_s_own_year_alone_is_refused(small_run, write, tmp_path):
    with pytest.raises(ConfigError, match="a panel needs two sources or more"):
        write(tmp_path / "panel", sources=[small_run.cfg["source"]["name"]])
    assert not (tmp_path / "panel").exists()


def test_the_stage_does_nothing_unless_years_are_named(small_run, tmp_path):
    ws = Workspace(tmp_path, raw_folder=small_run.raw)
    panel_stage.run({"panel": {**small_run.cfg["panel"], "sources": []}}, ws)
    assert list(contents(tmp_path / "years")) == ["panel.json"]
