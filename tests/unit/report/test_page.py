"""The page: what it says, that it is one file, that nothing in it can run or be fetched."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from gp_segmentation import figures, report
from gp_segmentation.report.page_data import NO_SEGMENT, data_block, finder, page_data
from gp_segmentation.schemas import Results

LARGEST = 4_000_000


@pytest.fixture(scope="module")
def pages(results_of: Callable[..., Results], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The page for readers and that for analysts."""
    folder = tmp_path_factory.mktemp("page")
    results = results_of(4)
    shown = figures.render_all(results, folder / "figures", names=["sizes", "map"])
    left_out = [{"name": "elbow", "label": "Elbow", "reason": "There was <nothing>."}]
    found = {}
    for again in ("", "again"):
        report.write_page(results, shown, folder / again / "report.html", left_out=left_out)
        for name in ("report", "analyst"):
            text = (folder / again / f"{name}.html").read_bytes()
            assert len(text) < LARGEST
            assert found.setdefault(name, text.decode("utf-8")) == text.decode("utf-8")
    return found


@pytest.fixture(scope="module", params=["report", "analyst"])
def page(request: pytest.FixtureRequest, pages: dict[str, str]) -> str:
    return pages[request.param]


@pytest.fixture(scope="module")
def readers(pages: dict[str, str]) -> str:
    return pages["report"]


class Elements(HTMLParser):
    """Tags with attributes, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.scripts[-1] += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_only_our_script_is_in_it_and_the_policy_names_it(readers: str) -> None:
    found = Elements(readers)
    assert [s.get("type") for s in found.of("script")] == ["application/json", None]
    digest = base64.b64encode(hashlib.sha256(found.scripts[1].encode()).digest()).decode()
    policies = [m["content"] or "" for m in found.of("meta") if m.get("http-equiv")]
    assert len(policies) == 1
    assert f"script-src 'sha256-{digest}'" in policies[0]
    assert "default-src 'none'" in policies[0]


def test_hostile_texts_stand_as_text(readers: str) -> None:
    found = Elements(readers)
    assert "<script>alert(1)</script>" not in readers
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in readers  # the special practices are named
    assert not {"b", "small", "nothing", "need", "co"} & {tag for tag, _ in found.tags}
    assert not [a for _, attributes in found.tags for a in attributes if a.startswith("on")]
    rows = json.loads(found.scripts[0])["rows"]
    assert rows[0][1] == "<script>alert(1)</script>"
    assert rows[2][1] == "</script><b>\u2028"


def test_nothing_is_fetched_from_elsewhere(page: str) -> None:
    found = Elements(page)
    addresses = [
        value
        for tag, attributes in found.tags
        for key, value in attributes.items()
        if key in ("src", "href", "action", "data") and value
    ]
    assert addresses
    beside = {a for a in addresses if not a.startswith(("data:", "#"))}
    names = ("checklist", "model_card", "atrs", "equality", "assumptions")
    documents = {f"transparency/{name}.html" for name in names}
    of_readers = {"analyst.html", "segments.xlsx", "segments.ods"}
    assert beside == ({"report.html"} | documents if 'href="report.html"' in page else of_readers)
    assert "url(" not in page
    assert "@import" not in page


def test_headings_tables_and_images_can_be_read_aloud(page: str) -> None:
    found = Elements(page)
    assert dict(found.tags)["html"]["lang"] == "en-GB"
    assert page.count("<caption>") == len(found.of("table"))
    assert all(a.get("scope") for a in found.of("th"))
    assert all(len(a["alt"] or "") > 40 for a in found.of("img"))
    assert len(found.of("h1")) == 1
    assert {"main", "header", "nav", "footer"} <= {tag for tag, _ in found.tags}


def test_every_anchor_leads_somewhere(page: str) -> None:
    found = Elements(page)
    places = {a["id"] for _, a in found.tags if a.get("id")}
    wanted = {(a["href"] or "")[1:] for a in found.of("a") if (a["href"] or "").startswith("#")}
    assert wanted <= places


def test_it_says_synthetic_and_what_it_is_not_for(pages: dict[str, str]) -> None:
    for page in pages.values():
        assert "SYNTHETIC DATA" in page
        assert not re.search(r"20\d\d-\d\d-\d\dT", page)  # no times: same input, same bytes
    assert "not a performance-management tool" in pages["report"]
    assert "There was &lt;nothing&gt;." in pages["analyst"]


def test_the_first_screen_says_what_was_found_how_sure_it_is_and_what_to_do(readers: str) -> None:
    first = readers[readers.index('class="first"') : readers.index('id="area"')]
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", first.split("<details>")[0]))
    order = (
        "What was found",
        "240 general practices",
        "How sure",
        "85% of practices have a clear segment",
        "What to do",
    )
    assert sorted(order, key=words.index) == list(order)
    for link in ("#find", "#filter", "#opportunities", "#segment-1"):
        assert f'href="{link}"' in first
    # Statistics stand folded below.
    for statistic in ("silhouette", "Rand", "Jaccard", "density"):
        assert statistic not in words


def test_the_summary_holds_the_numbers(results_of: Callable[..., Results]) -> None:
    results = results_of(4)
    said = report.summarise(results, top_features=2)
    assert said["counts"] == {
        "practices": 240,
        "patients": int(results.practices["list_size"].sum()),
        "fitted": 235,
        "special": 5,
        "segments": 4,
        "noise": 0,
        "features": 5,
        "imputed": 4,
        "quality": 3,
    }
    assert said["verdict"]["sentence"] == "Bands, not types."
    assert said["choice"]["by_criterion"] == [
        ("Silhouette", "Hierarchical clustering (Ward linkage), 2 segments (0.25)")
    ]
    assert [len(s["profile"]) for s in said["segments"]] == [2, 2, 2, 2]
    assert [row["label"] for row in said["segments"][0]["profile_unused"]] == ["Smoking <b>"]
    assert said["special"]["kinds"] == [{"kind": "list under 1,000", "count": 5}]
    assert sum(s["practices"] for s in said["segments"]) == 240


def test_special_practices_are_counted_by_kind_of_reason(results_of: Callable[..., Results]) -> None:
    results = results_of(3)
    practices = results.practices.copy()
    practices.loc[0, "special"] = "61% of patients aged 15 to 24"
    practices.loc[1, "special"] = "list under 1,000; 48% of patients aged 15 to 24"
    said = report.summarise(dataclasses.replace(results, practices=practices))["special"]
    assert said["kinds"] == [
        {"kind": "list under 1,000", "count": 4},
        {"kind": "unusual share of patients aged 15 to 24", "count": 2},
    ]
    assert [row["code"] for row in said["practices"]] == ["A00000", "A00001", "A00002", "A00003", "A00004"]


def test_a_run_without_evidence_says_so(results_of: Callable[..., Results]) -> None:
    bare = dataclasses.replace(results_of(3), evidence={}, metrics={})
    said = report.summarise(bare)
    assert "did not assess" in said["verdict"]["sentence"]
    assert said["segment_evidence"] == []


def test_choices_of_other_preparations_are_shown(results_of: Callable[..., Results], tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "preparation": ["standard-none", "standard-pca", "<b>robust", "robust-pca"],
            "clusterer": ["kmeans", "hierarchical", "kmeans", None],
            "linkage": [None, "ward", None, None],
            "n_clusters": [4, 5, 3, None],
            "excess_silhouette": [0.0334, 0.04, 0.05, None],
            "agreement": [0.7, 0.6, 0.5, None],
            "ari": [1.0, 0.456, 0.8, None],
            "ari_alike": [1.0, None, 0.9, 0.7],
            "chosen": [True, False, False, False],
        }
    )
    results = dataclasses.replace(results_of(4), preparations=table)
    said = report.summarise(results)
    assert said["preparations"][1] == {
        "name": "Standardised, principal components",
        "choice": "Hierarchical clustering (Ward linkage), 5 segments",
        "excess_silhouette": "0.04",
        "agreement": "0.60",
        "ari": "0.45",
        "ari_alike": "",
    }
    assert said["preparations"][3]["choice"] == "none: segments too small"
    assert said["evidence_sentences"][-1].startswith("The study prepared the data in 4 ways")
    assert said["evidence_sentences"][-1].endswith(
        "Rand index of 0.45 to 0.80 (1: the same segments). 1 of them gave no segments."
    )
    report.write_page(results, [], tmp_path / "r.html")
    text = (tmp_path / "analyst.html").read_text(encoding="utf-8")
    assert "Standardised (chosen)" in text
    assert "&lt;b&gt;robust" in text
    plain = report.summarise(results_of(4))
    assert plain["preparations"] == []
    assert not any("prepared the data" in sentence for sentence in plain["evidence_sentences"])


def test_official_data_have_no_banner(results_of: Callable[..., Results], tmp_path: Path) -> None:
    report.write_page(results_of(3, synthetic=False), [], tmp_path / "r.html")
    body = (tmp_path / "r.html").read_text(encoding="utf-8").split("<body>")[1]
    assert "synthetic" not in body.split("<script")[0].lower()


def test_the_finder_has_a_row_for_every_practice(results_of: Callable[..., Results]) -> None:
    results = results_of(3)
    found = finder(results)
    assert [row[0] for row in found["rows"]] == list(results.segments["practice_code"])
    assert {found["icbs"][row[3]] for row in found["rows"]} == set(results.practices["icb_name"])


def test_practices_of_no_segment_are_found_and_counted(
    results_of: Callable[..., Results], tmp_path: Path
) -> None:
    results = results_of(4, outside=10)
    found = page_data(results)
    rows = {row[0]: row for row in found["rows"]}
    assert [row[0] for row in found["rows"]] == list(results.practices["practice_code"])  # 240, by code
    none = found["groups"].index(NO_SEGMENT)
    assert none == len(found["groups"]) - 1
    assert [code for code, row in rows.items() if row[4] == none] == list(
        results.unsegmented["practice_code"]
    )
    about = results.practices.set_index("practice_code").loc["A00239"]
    assert rows["A00239"][1:] == [
        about["practice_name"],
        "AB1 2CD",
        239 % 3,
        none,
        -1,
        -1,
        1,
        about["list_size"],
        -1,
        "",
        -1,
    ]
    for place in (found["chart"], found["map"]):
        assert len(place["x"]) == 240
        assert None not in place["x"]
    assert found["peers"][239][::2] == [0, 1]  # A00239's peers are the next two in the circle
    said = report.summarise(results)
    assert (said["counts"]["practices"], said["counts"]["noise"], said["counts"]["fitted"]) == (240, 10, 225)
    patients = int(results.unsegmented["list_size"].sum())
    assert said["levels"]["outside"] == {"practices": 10, "share": 10 / 240, "patients": patients}
    for level in said["levels"]["levels"]:
        assert sum(group["practices"] for group in level["groups"]) == 230
        assert sum(group["share"] for group in level["groups"]) == pytest.approx(230 / 240)
    report.write_page(results, [], tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "240 general practices have" in text
    assert "10 practices belong to none of them." in text
    assert "Small grey marks: no segment (10 practices)." in text
    row = re.findall(r"<tr[^>]*><th[^>]*>No segment</th>.*</tr>", text)
    assert len(row) == 3  # one for each level
    assert re.findall(r'"n"[^>]*>([^<]*)<', row[0]) == ["10", "4%", f"{patients:,}"]


def test_where_every_practice_has_a_segment_none_is_said_to_have_none(readers: str) -> None:
    for words in ("No segment", "Small grey marks", "belong to no segment", "belong to none"):
        assert words not in readers


def test_a_data_block_cannot_end_its_element() -> None:
    value = {"name": "</script><!-- & \u2028"}
    text = data_block(value)
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == value


def test_the_configuration_shows_no_password_and_nothing_that_changes_no_result(
    results_of: Callable[..., Results],
) -> None:
    made = results_of()
    address = "postgresql://ann:s3cret@example.org/studies"
    extra = {"jobs": 7, "tracking": {"uri": address}, "study": {"storage": address}}
    shown = report.summarise(dataclasses.replace(made, config={**made.config, **extra}))["config"]
    assert "postgresql://***@example.org/studies" in shown
    assert not {"s3cret", "jobs", "tracking"} & set(re.findall(r"\w+", shown))


def test_simulated_figures_are_warned_of_before_anything_else(
    results_of: Callable[..., Results], tmp_path: Path
) -> None:
    made = results_of(3, synthetic=False)
    warning = "SIMULATED FIGURES: <what> practices achieved."
    texts = []
    for number, source in enumerate([made.source, {**made.source, "warning": warning}]):
        path = tmp_path / f"{number}.html"
        report.write_page(dataclasses.replace(made, source=source), [], path)
        texts.append(path.read_text(encoding="utf-8"))
    without, warned = texts
    assert "SIMULATED" not in without
    assert "SIMULATED FIGURES: &lt;what&gt; practices achieved." in warned.split("<nav")[0]
