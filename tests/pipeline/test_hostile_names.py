"""Names from the data are shown, never obeyed: one run on names of every kind, seen through every door."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page

from gp_segmentation import config
from gp_segmentation.insight.peers.comparison import Comparison
from gp_segmentation.insight.peers.text import peers_text
from gp_segmentation.pipeline import queries
from gp_segmentation.pipeline.order import STAGES, stage
from gp_segmentation.storage.table_files import read_table
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.tracking.describing import note

ROOT = Path(__file__).resolve().parents[2]

#: Kind -> name in the file, and what is shown of it (None: the name as it is; CODE: the code stands in).
CODE = "the code"
KINDS: dict[str, tuple[str, str | None]] = {
    "override": ("Oak\u202eyregruS", "Oak{U+202E}yregruS"),
    "isolates and marks": ("a\u2066b\u2069\u200e\u061c", "a{U+2066}b{U+2069}{U+200E}{U+061C}"),
    "no width": ("Sur\u200bge\u2060ry\ufeff", "Sur{U+200B}ge{U+2060}ry{U+FEFF}"),
    "NUL": ("a\x00b", "a{U+0000}b"),
    "terminal": ("\x1b[2J\x1b]0;mine\x07", "{U+001B}[2J{U+001B}]0;mine{U+0007}"),
    "C1": ("a\x85b\x9b31m", "a{U+0085}b{U+009B}31m"),
    "separators": ("a\u2028b\u2029\x0bc", "a{U+2028}b{U+2029}{U+000B}c"),
    "lines": ("first\r\nsecond\tthird", "first second third"),
    "blank": (" \u00a0 ", CODE),
    "empty": ("", CODE),
    "hyphen": ("-", None),
    "star": ("*", None),
    "dots": ("..", None),
    "NULL": ("NULL", None),
    "None": ("None", None),
    "nan": ("nan", None),
    "NA": ("NA", None),
    "TRUE": ("TRUE", None),
    "number": ("1e5", None),
    "one letter": ("x", None),
    "long": ("L" * 10_000, None),
    "too long for a cell": ("M" * 40_000, None),
    "emoji": ("😀 ❤\ufe0f", None),
    "combining": ("Cafe\u0301 Z\u0336\u0338", None),
    "Arabic": ("عيادة", None),
    "Hebrew": ("מרפאה 5", None),
    "Chinese": ("诊所", None),
    "Welsh": ("Meddygfa Tŷ Gŵyr", None),
    "same as another": ("Meddygfa Tŷ Gŵyr", None),
    "SQL": ("'; DROP TABLE practices;--", None),
    "script": ("</script><script>document.title='ran'</script>", None),
    "image": ("<img src=x onerror=alert(1)>", None),
    "template": ("{{ 7*7 }} {% raw %}", None),
    "interpolation": ("${oc.env:HOME} %(x)s %s {0}", None),
    "backslashes": ("\\n\\u202e\\", None),
    "mathematics": ("$\\frac{1}{0}$ $x_", None),
    "formula": ("=HYPERLINK(A1)", None),
    "formula of text": ("'@SUM(1)", None),
    "array formula": ("{=SUM(1)}", None),
    "address": ("http://127.0.0.1/x", None),
    "mail": ("mailto:a@example.org", None),
    "inner link": ("internal:Cover!A1", None),
    "Excel's escape": ("_x000D__x0041_", None),
    "Markdown": ("a|b`c`[x](javascript:alert(1))**d**", None),
    "two links": ("[a](b) [c](d)", None),
    "a note of gptables": ("$$note$$", None),
    "quotes": ('a "b", c; d', None),
}
#: Those of which one character at least cannot be seen.
HIDDEN = [kind for kind, (_, shown) in KINDS.items() if "{U+" in (shown or "")]
#: Those that show names of places or conditions.
FIGURES = ["icb_shares", "opportunities", "age_explained"]
#: What makes the run quick.
QUICK = [
    *("source.england.practices=120", "clusterer=kmeans", "clusterer.n_clusters=3", "jobs=1"),
    *("study=silhouette", "study.certainty_draws=0", "evidence=quick", "evidence.bootstraps=4"),
    *("insight.peers.resamples=2", "insight.opportunities.draws=0"),
    f"report.figures=[{','.join(FIGURES)}]",
]
#: Column of names -> column of codes of the places practices are in.
PLACES = {
    **{"PCN_NAME": "PCN_ODS_CODE", "SUB_ICB_NAME": "SUB_ICB_ODS_CODE"},
    **{"ICB_NAME": "ICB_ODS_CODE", "REGION_NAME": "REGION_ODS_CODE"},
}


def rename(records: list[dict[str, str]]) -> None:
    """Give the first practices, and all places, indicators and conditions, the names of `KINDS` in turn."""
    names = [name for name, _ in KINDS.values()]
    if "PRACTICE_NAME" in records[0]:
        for record, name in zip(sorted(records, key=lambda r: r["PRACTICE_CODE"]), names, strict=False):
            record["PRACTICE_NAME"] = name
    else:
        for i, record in enumerate(records):
            record["INDICATOR_DESCRIPTION"] = names[i % len(names)]
    groups = {"GROUP_DESCRIPTION": "GROUP_CODE", **PLACES}
    for name, code in ((name, code) for name, code in groups.items() if name in records[0]):
        codes = sorted({record[code] for record in records})
        for record in records:
            record[name] = names[codes.index(record[code]) % len(names)]


def with_hostile_names(member: bytes) -> bytes:
    records = list(csv.DictReader(io.StringIO(member.decode("utf-8-sig"), newline="")))
    rename(records)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(records[0]))
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode("utf-8")


def make_hostile(archive: Path) -> None:
    with zipfile.ZipFile(archive) as before:
        members = {name: before.read(name) for name in before.namelist()}
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as after:
        for name, member in members.items():
            after.writestr(name, with_hostile_names(member) if name.startswith("MAPPING") else member)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> SimpleNamespace:
    """A run of every stage, and for every kind the code of its practice and the name that should be shown."""
    cfg = config.compose_config(ROOT, QUICK)
    root = tmp_path_factory.mktemp("hostile")
    raw = root / "raw" / cfg["source"]["name"]
    config.build(cfg["source"]["england"])(raw)
    make_hostile(raw / cfg["source"]["files"]["qof"]["filename"])
    ws = Workspace(root / "data", raw_folder=root / "raw")
    for name in STAGES:
        stage(name)(cfg, ws)
    (root / "params.yaml").write_text(config.to_yaml(cfg), encoding="utf-8")
    codes = dict(zip(KINDS, sorted(ws.prepared_table("practices")["practice_code"]), strict=False))
    shown = {kind: codes[kind] if shown is CODE else shown or name for kind, (name, shown) in KINDS.items()}
    return SimpleNamespace(cfg=cfg, ws=ws, codes=codes, shown=shown)


def csv_cells(path: Path) -> dict[str, str]:
    """Practice code -> cell of its name, as it stands in the file."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["practice_code"]: row["practice_name"] for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def assigned(run, tmp_path_factory) -> dict[str, str]:
    """The cells of what gpseg-assign writes of prepared tables whose names went through no reader."""
    prepared = shutil.copytree(run.ws.prepared, tmp_path_factory.mktemp("source") / "prepared")
    table = pd.read_parquet(prepared / "practices.parquet").set_index("practice_code")
    given = pd.Series({run.codes[kind]: name or " " for kind, (name, _) in KINDS.items()}, dtype="str")
    table["practice_name"] = given.reindex(table.index).fillna(table["practice_name"])
    table.reset_index().to_parquet(prepared / "practices.parquet", index=False)
    out = prepared.parent / "assigned.csv"
    queries.assign_source(str(run.ws.root), str(prepared), out, ROOT)
    return csv_cells(out)


@pytest.fixture(scope="module")
def lookup(run) -> dict[str, openpyxl.cell.Cell]:
    """Practice code -> cell of its name in the workbook."""
    sheet = openpyxl.load_workbook(run.ws.report / "segments.xlsx")["Lookup"]
    return {str(row[0].value): row[1] for row in sheet.iter_rows()}


def as_csv_cell(name: str) -> str:
    return f"'{name}" if re.match(r"'*[=+\-@]", name) else name


@pytest.mark.parametrize("kind", KINDS)
def test_the_csv_shows_it_and_no_cell_is_a_formula(kind, run):
    assert csv_cells(run.ws.segments / "segments.csv")[run.codes[kind]] == as_csv_cell(run.shown[kind])
    read = run.ws.segment_table().set_index("practice_code")["practice_name"]
    assert read[run.codes[kind]] == run.shown[kind]


@pytest.mark.parametrize("kind", [kind for kind, (_, shown) in KINDS.items() if shown is not CODE])
def test_what_is_assigned_shows_it_even_if_no_reader_saw_it(kind, run, assigned):
    assert " ".join(assigned[run.codes[kind]].split()) == as_csv_cell(run.shown[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_the_workbook_shows_it_as_text_without_a_link(kind, run, lookup):
    name, cell = run.shown[kind], lookup[run.codes[kind]]
    assert cell.value == (name if len(name) <= 32_767 else name[:32_766] + "…")
    assert (cell.data_type, cell.hyperlink) == ("s", None)
    plain = lookup[max(lookup)]  # a practice with an ordinary name
    assert (cell.font.name, cell.font.sz, cell.alignment.horizontal, cell.alignment.wrap_text) == (
        *(plain.font.name, plain.font.sz, plain.alignment.horizontal, plain.alignment.wrap_text),
    )


def test_no_cell_of_the_workbook_is_a_formula_or_a_stand_in_or_leads_elsewhere(run):
    book = openpyxl.load_workbook(run.ws.report / "segments.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert [cell.value for cell in cells if cell.value == "text"] == []
    links = [cell.hyperlink for cell in cells if cell.hyperlink]
    assert [link.target for link in links if link.target] == []
    boards = set(run.ws.prepared_table("practices")["icb_name"])
    assert boards >= {"-", "*", "عيادة", run.shown["override"], run.shown["mathematics"]}
    assert boards - {"M" * 40_000} <= {cell.value for cell in book["Mix"]["B"]}


def test_excel_reads_no_escape_in_a_name(run):
    with zipfile.ZipFile(run.ws.report / "segments.xlsx") as book:
        texts = book.read("xl/sharedStrings.xml").decode("utf-8")
    assert "_x005F_x000D__x005F_x0041_" in texts
    assert "_x000D_" not in texts.replace("_x005F_x", "")


@pytest.mark.parametrize("kind", KINDS)
def test_the_terminal_shows_it_and_obeys_nothing(kind, run, comparison):
    peers, segments, compared = comparison
    text = peers_text(run.codes[kind], peers, segments, compared)
    name = run.shown[kind]
    shown = name if len(name) <= 110 else name[:109] + "…"
    assert text.startswith(f"{run.codes[kind]} {shown}, ")
    assert text.replace("\n", "").isprintable()
    assert max(map(len, text.splitlines())) < 300


@pytest.fixture(scope="module")
def comparison(run) -> tuple[pd.DataFrame, pd.DataFrame, Comparison]:
    natural, values, dictionary = run.ws.feature_tables()
    peers = read_table(run.ws.insight / "peers.parquet")
    return peers[peers["rank"] <= 2], run.ws.segment_table(), Comparison.of(values, natural, dictionary)


@pytest.mark.parametrize("kind", KINDS)
def test_the_description_of_an_mlflow_run_shows_it_in_its_cell(kind, run):
    source = {"synthetic": True, "label": "Nowhere", "practices": 2, "patients": 3}
    portraits = [{"segment": 1, "code": "A1", "name": run.shown[kind], "practices": 2, "patients": 3}]
    row = note(source, run.cfg, "weak", portraits).splitlines()[-1]
    cells = row.split("|")
    assert [html.unescape(cell) for cell in cells] == [
        "",
        " 1 ",
        " A1 ",
        f" {run.shown[kind]} ",
        " 2 ",
        " 3 ",
        "",
    ]
    assert re.search(r"[\\`*_\[\]<>~$@]|://", row) is None


def test_figures_say_it_in_words_that_can_be_read(run):
    entries = json.loads((run.ws.figures / "captions.json").read_text(encoding="utf-8"))["figures"]
    assert [entry["name"] for entry in entries] == FIGURES
    for entry in entries:
        words = [entry[key] for key in ("title", "caption", "alt")]
        assert all(text.isprintable() for text in words)
        assert max(map(len, words)) < 3_000
        svg = (run.ws.figures / entry["svg"]).read_text(encoding="utf-8")
        assert "<script" not in svg
    assert any("{U+" in entry["alt"] for entry in entries)


def test_data_quality_counts_them(run):
    quality = run.ws.prepared_table("quality").set_index("check")["count"]
    hidden = "practice_name with characters that cannot be seen, shown as their numbers"
    assert quality[hidden] == len(HIDDEN) == 7
    assert quality["practice_name blank, the code stands in"] == 2


@pytest.fixture(scope="module")
def opened(run, browser: Browser) -> tuple[Page, list[str], list[str]]:
    """The page in a browser, what it said or did that it should not, and what it asked for."""
    said, asked = list[str](), list[str]()
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((run.ws.report / "report.html").as_uri(), wait_until="load")
    return page, said, asked


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_finds_and_shows_it_as_text(kind, run, opened):
    page, said, _ = opened
    page.fill("#finder-input", run.codes[kind])
    page.locator("#finder-results button").first.click()
    found = page.evaluate(
        "[document.querySelector('#finder-results td').textContent,"
        " document.getElementById('practice-title').textContent,"
        " document.documentElement.scrollWidth, document.querySelectorAll('img[src=x]').length]"
    )
    assert found == [run.shown[kind], f"{run.codes[kind]}  {run.shown[kind]}", 1280, 0]
    assert said == []


def test_the_page_finds_names_in_letters_of_every_language(run, opened):
    page, _, _ = opened
    for typed, kinds in {"诊所": ["Chinese"], "ty gwyr": ["Welsh", "same as another"], "עיادة": []}.items():
        page.fill("#finder-input", typed)
        codes = page.locator("#finder-results button").all_inner_texts()
        assert codes == [run.codes[kind] for kind in kinds]


def test_nothing_in_the_page_ran_or_led_away(run, opened):
    page, said, asked = opened
    address = (run.ws.report / "report.html").as_uri()
    assert page.title().startswith("Segments of general practices")
    assert page.url.split("#")[0] == address
    assert [url for url in asked if not url.startswith("data:")] == [address]
    assert page.evaluate("document.scripts.length") == 2  # the data and the page's own
    assert said == []
    page.set_viewport_size({"width": 390, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
