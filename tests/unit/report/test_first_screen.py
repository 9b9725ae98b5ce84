"""The first screen: what it says by verdict and by how many practices are sure; the tests of the verdict."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gp_segmentation.evidence import judge
from gp_segmentation.evidence.verdict import NO_GAP
from gp_segmentation.report import summarise, write_page
from gp_segmentation.report.first_screen import elsewhere_rows, verdict_tests
from gp_segmentation.schemas import Results

LIMITS = {"excess": 0.05, "jaccard": 0.75, "ari": 0.65, "valley": 0.25}


CLEAR = (
    "of practices have a clear segment: they keep it in random samples of practices and with another method"
)


def first(results: Results) -> dict[str, Any]:
    return summarise(results)["first"]


def counts(sure: int) -> dict[str, int]:
    return {"sure": sure, "draws": 100 - sure, "method": 0, "both": 0}


@pytest.mark.parametrize(
    ("verdict", "sure", "found", "words"),
    [
        (
            "discrete",
            95,
            "Their 4 segments are distinct types of practice",
            f"Sure. 95% {CLEAR}, and few lie",
        ),
        (
            "continuum",
            86,
            "differ by degree, not by type: the 4 segments are bands of similar practices",
            "Mostly sure. 86% of practices have a clear segment",
        ),
        (
            "continuum",
            75,
            "differ by degree, not by type: the 4 segments are bands of similar practices",
            "Partly sure. 75% of practices have a clear segment",
        ),
        (
            "continuum",
            57,
            "differ by degree, not by type: the 4 segments are bands of similar practices",
            f"Not sure of single practices. Only 57% {CLEAR}. The others",
        ),
        ("unstable", 90, "can be divided in many ways; these 4 segments", "Not sure. In random samples the"),
        ("not judged", 90, "were put into 4 segments of similar", "Mostly sure. 90%"),
    ],
)
def test_the_words_follow_verdict_and_certainty(
    results_of: Callable[..., Results], verdict: str, sure: int, found: str, words: str
) -> None:
    made = results_of(4)
    evidence = {**made.evidence, "verdict": verdict, "practices": counts(sure)}
    said = first(dataclasses.replace(made, evidence=evidence))
    assert found in said["found"]
    assert words in " ".join(said["sure"])
    assert said["usable"] == (verdict != "unstable")


def test_what_is_not_supported_or_not_assessed_is_called_so(results_of: Callable[..., Results]) -> None:
    made = results_of(4)
    choice = {**made.choice, "supported": False}
    said = first(dataclasses.replace(made, choice=choice))
    assert "can be divided in many ways" in said["found"]
    assert said["sure"][0] == "No number of segments is supported by the data."
    assert not said["usable"]
    nothing = dataclasses.replace(made, evidence={"assessed": False})
    assert first(nothing)["sure"] == ("", "This run did not assess how far the segments can be trusted.")


def test_a_segment_comes_with_its_figures_in_plain_units(results_of: Callable[..., Results]) -> None:
    made = results_of(4)
    told = ["patients aged 75 and over: 13.5% (England 9.0%)", "deprivation: 15.7 (England 23.5)"]
    portraits = [portrait | {"figures": told} for portrait in made.portraits]
    group, *_ = first(dataclasses.replace(made, portraits=portraits))["groups"]
    assert group["figures"] == [
        "Patients aged 75 and over: 13.5% (England 9.0%)",
        "Deprivation: 15.7 (England 23.5)",
    ]
    assert group["practices"] == made.portraits[0]["practices"]


def test_where_only_results_beside_the_segments_are_simulated_the_warning_says_so(
    results_of: Callable[..., Results],
) -> None:
    made = results_of(4)
    source = {**made.source, "synthetic": False, "warning": "SIMULATED.", "simulated": {"achievement": ""}}
    told = summarise(dataclasses.replace(made, source=source))["warning"]
    assert told == "This summary and the segments rest on real figures. SIMULATED."
    both = {**source, "simulated": {"achievement": "", "registers": ""}}
    assert summarise(dataclasses.replace(made, source=both))["warning"] == "SIMULATED."
    assert summarise(made)["warning"] == ""


def rows_of(figures: dict[str, float | None]) -> list[dict[str, str]]:
    known = {"silhouette": 0.2, "null_silhouette": 0.15, **figures}
    return verdict_tests(dataclasses.asdict(judge(known, LIMITS | {"unstable_jaccard": 0.6})))


def test_the_tests_of_the_verdict_are_rounded_towards_failing() -> None:
    figures = {
        "excess_silhouette": 0.0499,
        "jaccard_min": 0.7499,
        "ari_kmeans_hierarchical": None,
        "valley_max": 0.2501,
    }
    rows = rows_of(figures)
    assert [(row["found"], row["asked"], row["passed"]) for row in rows] == [
        ("0.04", "at least 0.05", "no"),
        ("74%", "at least 75%", "no"),
        ("not known", "at least 0.65", "not measured"),
        ("26%", "at most 25%", "no"),
    ]
    passing = {
        "excess_silhouette": 0.05,
        "jaccard_min": 0.75,
        "ari_kmeans_hierarchical": 0.65,
        "valley_max": 0.25,
    }
    assert {row["passed"] for row in rows_of(passing)} == {"yes"}
    assert verdict_tests({"assessed": False}) == []


def test_a_gap_that_lumps_alone_make_is_shown_not_to_remain_and_a_valley_without_size_has_no_number() -> None:
    """Where all but the last passed, a table of four would contradict the verdict."""
    passing = {
        "excess_silhouette": 0.1,
        "jaccard_min": 0.9,
        "ari_kmeans_hierarchical": 0.9,
        "valley_max": 0.1,
    }
    *others, last = rows_of(passing | {"valley_smooth": 0.9})
    assert {row["passed"] for row in others} == {"yes"}
    assert (last["found"], last["passed"]) == ("90%", "no")
    assert rows_of(passing | {"valley_max": NO_GAP})[3] == {
        "test": "Few practices on the borders (density, of that at the centres)",
        "found": "not known",
        "asked": "at most 25%",
        "passed": "no",
    }


def test_the_areas_that_fare_worst_without_themselves_come_first() -> None:
    area = {"practices": 1_200, "ari": 0.5, "jaccard_min": 0.879}
    areas = [area | {"area": name, "kept": kept} for name, kept in (("A", 0.99), ("B", 0.919))]
    rows = elsewhere_rows({"transport": {"areas": areas}})
    assert [row["area"] for row in rows] == ["B", "A"]
    assert rows[0] == {"area": "B", "practices": "1,200", "kept": "91%", "ari": "0.50", "jaccard": "87%"}
    assert elsewhere_rows({}) == []


def test_files_supplied_locally_are_never_called_published(
    results_of: Callable[..., Results], tmp_path: Path
) -> None:
    made = results_of(3, synthetic=False)
    for unchecked, words in (([], "as published"), (["q.csv"], "not checked against the publisher")):
        source = {**made.source, "unchecked": unchecked}
        write_page(dataclasses.replace(made, source=source), [], tmp_path / "page.html")
        text = (tmp_path / "page.html").read_text(encoding="utf-8")
        assert words in text
        assert ("as published" in text) == (not unchecked)
