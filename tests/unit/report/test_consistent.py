"""One measure has one number everywhere, one rule writes it, and no key of the program is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gp_segmentation
from gp_segmentation import report
from gp_segmentation.features.rates import RATE_TRANSFORMS
from gp_segmentation.features.transforms import TRANSFORMS as EVERY_TRANSFORM
from gp_segmentation.figures import heatmap, made_of, stability, stability_by_k
from gp_segmentation.report.formatting import FORMS, METRICS, score_text
from gp_segmentation.report.page_data import page_data
from gp_segmentation.schemas import Results
from gp_segmentation.study.criteria import MIXTURE_CRITERIA, SINGLE_CRITERIA
from gp_segmentation.utils.labels import CRITERIA, NULLS, TRANSFORMS
from gp_segmentation.utils.rounding import natural, signed
from gp_segmentation.validity.null_models import NULLS as EVERY_NULL

#: Keys that once stood on the page.
KEYS = re.compile(r"\b(clr|sqrt|logit|[Cc]opula|[Gg]aussian[ _]effect|[Gg]ap se|[Ee]ta2|kmeans|dbscan)\b")
IDENTIFIER = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")


class Seen(HTMLParser):
    """What a reader sees of a page outside code, and texts of pictures."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.hidden: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        self.texts.append(about.get("alt") or "")
        is_code = tag in ("script", "style", "pre", "code") or "code" in (about.get("class") or "").split()
        if (self.hidden and tag == self.hidden[-1]) or is_code:
            self.hidden.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.hidden and tag == self.hidden[-1]:
            self.hidden.pop()

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.texts.append(data)


@pytest.fixture(scope="module")
def with_every_key(results_of: Callable[..., Results]) -> Results:
    """A run with every score, criterion, transformation and kind of random data that there is."""
    results = results_of(4)
    scores = dict.fromkeys(METRICS, 0.123)
    choice = {"clusterer": "dbscan", "linkage": None, "n_clusters": 3, "value": 0.1}
    every = [*SINGLE_CRITERIA, *MIXTURE_CRITERIA, "elbow", "gap"]
    dictionary = results.dictionary.assign(transform=["clr", "empirical_logit", "sqrt", "log", "logit"])
    quality = results.quality.assign(check="practices without smoking")
    dropped = pd.DataFrame(
        {
            "feature": ["age_0_14"],
            "block": ["age_structure"],
            "reason": ["correlates 1.0000 with age_75_plus"],
        }
    )
    trials = results.trials.assign(
        clusterer=results.trials["clusterer"].replace("kmeans", "bisecting_kmeans")
    )
    return replace(
        results,
        metrics=scores,
        choice=results.choice | {"by_criterion": dict.fromkeys(every, choice)},
        dictionary=dictionary,
        quality=quality,
        trials=pd.concat([results.trials, trials], ignore_index=True),
        exploration=results.exploration | {"dropped": dropped},
    )


@pytest.mark.parametrize("page", ["report", "analyst"])
def test_no_key_of_the_program_is_shown(with_every_key: Results, tmp_path: Path, page: str) -> None:
    report.write_page(with_every_key, [], tmp_path / "report.html")
    seen = Seen((tmp_path / f"{page}.html").read_text(encoding="utf-8")).texts
    assert len(" ".join(seen)) > 3000
    for text in seen:
        assert not IDENTIFIER.search(text), text
        assert not KEYS.search(text), text


def test_every_key_has_words() -> None:
    assert set(TRANSFORMS) == {*EVERY_TRANSFORM, *RATE_TRANSFORMS}
    assert set(NULLS) == set(EVERY_NULL)
    assert set(CRITERIA) == {*SINGLE_CRITERIA, *MIXTURE_CRITERIA, "elbow", "gap"}
    for words in (TRANSFORMS, NULLS, CRITERIA, METRICS):
        for text in words.values():
            assert not IDENTIFIER.search(text)


def test_a_feature_of_a_segment_has_one_number_in_table_figure_script_and_portrait(
    results_of: Callable[..., Results],
) -> None:
    results = results_of(4)
    said, drawn = report.summarise(results), heatmap.data(results)
    script = {feature["label"]: feature for feature in page_data(results)["features"]}
    used = results.profiles[results.profiles["used"].astype(bool)]
    compared = 0
    for segment in said["segments"]:
        portrait = " ".join(segment["sentences"])
        for row in segment["profile"]:
            label, unit = row["label"], script[row["label"]]["unit"]
            assert signed(drawn.table[segment["code"]][label]) == row["difference"]
            for number, text in (
                (script[label]["segments"][segment["segment"]], row["mean"]),
                (script[label]["england"], row["england"]),
            ):
                assert natural(number, unit) == text
            rows = used[(used["segment"] == segment["segment"]) & (used["label"] == label)]
            assert natural(rows["mean"].iloc[0], unit) == row["mean"]
            if f"{label[1:].lower()}: " in portrait.lower():
                assert f": {row['mean']}; England {row['england']})" in portrait
                compared += 1
    assert compared >= 4


@pytest.mark.parametrize("overlap", [0.9899, 0.985, 0.75, 0.7499])
def test_an_overlap_is_one_number_in_figures_tables_and_tests(
    results_of: Callable[..., Results], overlap: float
) -> None:
    """0.9899 once was .99 on a figure and 98% in a sentence."""
    results = results_of(4)
    segments = [row | {"jaccard": overlap} for row in results.evidence["segments"]]
    by_k = [row | {"jaccard_min": overlap} for row in results.evidence["by_k"]]
    condition = {"test": "", "found": overlap, "asked": 0.75, "most": False, "share": True, "passed": True}
    evidence = results.evidence | {"segments": segments, "by_k": by_k, "conditions": [condition]}
    results = replace(results, evidence=evidence, metrics={"jaccard_min": overlap})
    said, text = report.summarise(results), f"{100 * overlap:.4f}".split(".")[0] + "%"
    assert {row["jaccard"] for row in said["segment_evidence"]} == {text}
    assert said["tests"][0]["found"] == text
    assert dict(said["metrics"])[METRICS["jaccard_min"]] == text
    for figure in (stability, stability_by_k):
        told = figure.alt(figure.data(results))
        assert f": {text}" in told
        assert not re.search(r"overlap[^.]*: 0?\.\d", told)


def test_agreement_is_rounded_down_in_sentence_and_figure_alike(results_of: Callable[..., Results]) -> None:
    results = results_of(4)
    alone = [row | {"ari": 0.6499} for row in results.evidence["made_of"]["alone"]]
    evidence = results.evidence | {"made_of": results.evidence["made_of"] | {"alone": alone}}
    evidence["figures"] = evidence["figures"] | {"ari_kmeans_hierarchical": 0.6499}
    results = replace(results, evidence=evidence)
    sentences = " ".join(report.summarise(results)["evidence_sentences"])
    assert "adjusted Rand index of 0.64 (1" in sentences
    assert "0.65" not in sentences
    assert "0.64" in made_of.alt(made_of.data(results))
    assert score_text("ari_kmeans_hierarchical", 0.6499) == "0.64"


def test_an_overlap_that_the_evidence_measured_further_is_told_as_such(
    results_of: Callable[..., Results],
) -> None:
    results = results_of(4)  # the study found 90%
    assert report.summarise(results)["choice"]["measured_again"] == ""
    for found, told in ((0.9049, False), (0.8999, True)):
        figures = results.evidence["figures"] | {"jaccard_min": found}
        again = replace(results, evidence=results.evidence | {"figures": figures})
        sentence = report.summarise(again)["choice"]["measured_again"]
        assert ("90%" in sentence and "89%" in sentence) is told


@pytest.mark.parametrize("name", METRICS)
def test_every_score_is_written_as_its_kind(name: str) -> None:
    text = score_text(name, 0.98765)
    pattern = r"(\d+(\.\d)?%|\+\d\.\d\d|\d\.\d\d|\d+)" if name in FORMS else r"\d\.\d\d"
    assert re.fullmatch(pattern, text)
    assert score_text(name, None) == score_text(name, np.nan) == "not known"


#: Formats of numbers that stand in one place, `utils/rounding.py`.
FORMATS = re.compile(r":[+,]*\.[0-3](%|(?<=[23])f)")
ROOMS = ("areas", "evidence", "figures", "insight", "panel", "pipeline", "report", "segments", "study")
#: Ticks of axes, which are not a measure's number.
TICKS = {"figures/silhouette_by_k.py"}


def test_decimals_are_decided_in_one_place() -> None:
    root = Path(gp_segmentation.__file__).parent
    found = {
        f"{path.relative_to(root)}"
        for room in ROOMS
        for path in (root / room).rglob("*.py")
        if FORMATS.search(path.read_text(encoding="utf-8"))
    }
    assert found == TICKS
    for template in (root / "report" / "templates").glob("*.j2"):
        assert template.name == "comparison.html.j2" or not FORMATS.search(template.read_text("utf-8"))
