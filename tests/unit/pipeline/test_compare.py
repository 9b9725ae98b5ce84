"""Finished runs beside each other, from their folders: settings, scores, agreement, practices, page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from gp_segmentation import config
from gp_segmentation.errors import GpsegError
from gp_segmentation.pipeline import compare
from gp_segmentation.pipeline.compare import compare_jobs, compare_runs, differing_settings
from gp_segmentation.storage.table_files import read_table, write_segments
from gp_segmentation.utils.files import write_json
from gp_segmentation.utils.rounding import score_reached

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def cfg() -> dict[str, Any]:
    return config.compose_config(ROOT)


@pytest.fixture
def make(results_of, cfg, tmp_path):
    """Write the folder of a finished run that has the first `moved` practices of segment 1 in segment 2."""

    def made(name: str, moved: int = 0, **changes: Any) -> Path:
        results, folder = results_of(), tmp_path / name
        table = results.segments.copy()
        table["segment"] = table["segment"].mask(
            (table["segment"] == 1).cumsum().le(moved) & (table["segment"] == 1), 2
        )
        for room in ("segments", "study", "evidence", ".hydra"):
            (folder / room).mkdir(parents=True)
        write_segments(folder / "segments" / "segments.csv", table)
        write_json(folder / "study" / "choice.json", results.choice)
        write_json(folder / "evidence" / "evidence.json", {"verdict": "continuum"})
        write_json(folder / "evidence" / "metrics.json", {"silhouette": 0.25 - moved / 100, "inertia": 12.5})
        text = config.to_yaml(cfg | changes)
        (folder / ".hydra" / "config.yaml").write_text(text, encoding="utf-8")
        return folder

    return made


def labels(folder: Path) -> pd.Series:
    return read_table(folder / "segments" / "segments.csv").set_index("practice_code")["segment"]


def test_runs_are_compared_in_tables_a_page_and_words(make, cfg, tmp_path):
    one, two = make("one"), make("two", moved=3, seed=7)
    told = compare_runs([str(one), str(two)], ROOT, tmp_path / "out")
    tables = {path.name: read_table(path) for path in (tmp_path / "out").glob("*.csv")}
    assert set(tables) == {"summary.csv", "agreement.csv", "contingency.csv", "practices.csv"}

    summary = tables["summary.csv"].set_index("run")
    assert summary["where"].to_dict() == {"one": str(one), "two": str(two)}
    assert summary["seed"].to_dict() == {"one": cfg["seed"], "two": 7}
    assert summary["silhouette"].to_dict() == {"one": 0.25, "two": 0.22}
    assert list(summary["scores/inertia"]) == [12.5, 12.5]
    assert list(summary["verdict"]) == ["continuum"] * 2

    expected = adjusted_rand_score(labels(one), labels(two))
    agreement = tables["agreement.csv"].set_index("run")
    assert abs(agreement.loc["one", "two"] - expected) < 1e-9
    assert list(tables["contingency.csv"]["run"].unique()) == ["two"]

    moved = list(labels(one).index[labels(one) != labels(two)])
    assert len(moved) == 3
    practices = tables["practices.csv"].set_index("practice_code")
    assert sorted(practices.index) == sorted(moved)
    assert list(practices["runs_that_differ"]) == [1, 1, 1]
    assert set(practices["one"]).isdisjoint(practices["two"])

    assert f"Agreement of one and two: adjusted Rand index {score_reached(expected)} (1: the same)." in told
    assert f"{tmp_path}/out/summary.html" in told
    page = (tmp_path / "out" / "summary.html").read_text(encoding="utf-8")
    assert "2 runs compared" in page
    assert '<td class="n">0.25</td>' in page
    assert page.count("<script") == 1  # of all pages: tab stops where something scrolls


def test_texts_of_runs_are_shown_and_not_obeyed(make, cfg, tmp_path):
    evil = {**cfg["features"], "name": "<script>alert(1)</script>", "label": "evil"}
    compare_runs([str(make("one")), str(make("two", features=evil))], ROOT, tmp_path / "out")
    page = (tmp_path / "out" / "summary.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_a_sweep_names_the_jobs_that_did_not_finish(make, tmp_path):
    jobs = [make(f"sweep/{number}", moved=number) for number in (0, 2)]
    told = compare_jobs(tmp_path / "sweep", jobs, ["1"], ROOT)
    assert told.startswith(
        "Not finished: 1. Their logs say why.\nAgreement of job 0 and job 2: adjusted Rand"
    )
    page = (tmp_path / "sweep" / compare.PAGE).read_text(encoding="utf-8")
    assert "Sweep of 3 jobs" in page
    alone = compare_jobs(tmp_path / "sweep", jobs[:1], [], ROOT)
    assert "job 0" in alone


@pytest.mark.parametrize(
    ("runs", "problem"),
    [
        (["one"], "name two runs or more to compare"),
        (["one", "one"], "name two runs or more to compare"),
        (
            ["one", "broken"],
            "broken is no finished run: it has no study/choice.json. Name another, or run it",
        ),
        (["one", "nothing"], "nothing holds no run"),
    ],
)
def test_what_cannot_be_compared_is_named(make, tmp_path, runs, problem):
    make("one")
    (make("broken") / "study" / "choice.json").unlink()
    (tmp_path / "nothing").mkdir()
    with pytest.raises(GpsegError) as refused:
        compare_runs([str(tmp_path / run) for run in runs], ROOT, tmp_path / "out")
    assert problem in str(refused.value)


def test_settings_differ_by_the_name_of_an_option_or_by_a_key_of_the_same(cfg):
    kmeans = {"name": "kmeans", "n_clusters": None, "n_init": 10, "label": "K-means"}
    runs = {
        "a": {**cfg, "clusterer": {**kmeans, "n_clusters": 3}},
        "b": {**cfg, "clusterer": {**kmeans, "n_clusters": 4, "label": "means"}, "jobs": 4},
        "c": {**cfg, "clusterer": {"name": "hierarchical", "n_clusters": 5, "linkage": "ward"}},
    }
    assert differing_settings(runs) == {
        "a": {"clusterer": "kmeans", "clusterer.n_clusters": 3},
        "b": {"clusterer": "kmeans", "clusterer.n_clusters": 4},
        "c": {"clusterer": "hierarchical", "clusterer.n_clusters": 5},
    }
    assert differing_settings({"a": cfg, "b": {**cfg, "tracking": {}}}) == {"a": {}, "b": {}}


def test_runs_are_named_by_as_much_as_tells_them_apart(tmp_path):
    for name in ("monday/0", "tuesday/0", "tuesday/1"):
        (tmp_path / name).mkdir(parents=True)
    folders = [str(tmp_path / name) for name in ("monday/0", "tuesday/0", "tuesday/1")]
    assert compare._names(folders) == ["monday/0", "tuesday/0", "tuesday/1"]
    assert compare._names(folders[1:]) == ["0", "1"]
    assert compare._names([folders[0], "0123456789abcdef"]) == ["0", "01234567"]


def test_every_headline_has_a_heading_on_the_page():
    from gp_segmentation.report.comparison import HEADINGS
    from gp_segmentation.schemas import HEADLINES

    assert tuple(HEADINGS) == HEADLINES
