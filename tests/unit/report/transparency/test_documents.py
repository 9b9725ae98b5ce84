"""The transparency pack: what each document says of a small run, and that it can be read anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from gp_segmentation.report import Facts, write_transparency
from gp_segmentation.report.page import script_of
from gp_segmentation.report.transparency.atrs import FIELDS, answers, atrs
from gp_segmentation.report.transparency.checklist import checklist
from gp_segmentation.report.transparency.document import AUTHOR, NOT_ASSESSED, OWNER, Document, Table
from gp_segmentation.report.transparency.equality import equality
from gp_segmentation.report.transparency.model_card import model_card
from gp_segmentation.report.transparency.tables import criteria_by_k
from gp_segmentation.schemas import Results
from gp_segmentation.utils.hashes import configuration_hash

NAMES = ("assumptions", "atrs", "checklist", "equality", "model_card")


@pytest.fixture(scope="module")
def written(facts: Facts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("transparency")
    write_transparency(facts, folder)
    return folder


def tables(document: Document) -> dict[str, Table]:
    return {shown.caption: shown for section in document.sections for shown in section.tables}


def answered(document: Document) -> dict[str, str]:
    """Question -> answer, of the tables that have answers."""
    forms = [shown for shown in tables(document).values() if shown.columns[-1][0] == "Answer"]
    return {asked: answer for shown in forms for _, asked, answer in shown.rows}


def test_every_document_is_there_twice_and_the_same_each_time(written: Path, facts: Facts, tmp_path: Path):
    files = {path.name: path.read_bytes() for path in written.iterdir()}
    assert sorted(files) == sorted(f"{name}.{ending}" for name in NAMES for ending in ("html", "md"))
    assert all(len(content) < 100_000 for content in files.values())
    write_transparency(Facts(**{name: getattr(facts, name) for name in facts.__dataclass_fields__}), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files


def test_synthetic_and_simulated_figures_are_marked_at_the_top(facts: Facts, tmp_path: Path):
    warning = "Simulated: achievement."
    source = facts.source | {"warning": warning}
    write_transparency(replace(facts, results=replace(facts.results, source=source)), tmp_path)
    paths = list(tmp_path.iterdir())
    assert len(paths) == 2 * len(NAMES)
    for path in paths:
        top = path.read_text(encoding="utf-8").partition("<h2>")[0].partition("\n## ")[0]
        assert "SYNTHETIC DATA." in top
        assert warning in top


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", NAMES)
def test_pages_need_no_network_and_can_be_read_aloud(name: str, written: Path):
    page = (written / f"{name}.html").read_text(encoding="utf-8")
    found = Elements(page).tags
    texts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    links = {str(a["href"]) for tag, a in found if tag == "a"}
    beside = {f"{other}.html" for other in NAMES if other != name}
    assert links == beside | {"#main", "../report.html"}
    assert "default-src 'none'" in page
    assert not {"img", "iframe"} & {tag for tag, _ in found}
    assert texts == [script_of("page.js")[0]]
    assert f"script-src '{script_of('page.js')[1]}'" in page
    assert page.count("<caption>") == sum(tag == "table" for tag, _ in found) > 0
    regions = [a["aria-label"] for tag, a in found if tag == "div" and a.get("role") == "region"]
    assert len(regions) == len(set(regions))
    assert all(a.get("scope") for tag, a in found if tag == "th")


def test_hostile_texts_stand_as_text(written: Path):
    for ending in ("md", "html"):
        text = (written / f"checklist.{ending}").read_text(encoding="utf-8")
        assert "<b>" not in text
    assert "Diabetes &#36;m&#36; &#60;b&#62;prevalence" in (written / "checklist.md").read_text(
        encoding="utf-8"
    )
    assert "Diabetes $m$ &lt;b&gt;prevalence" in (written / "checklist.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_tables_of_markdown_have_as_many_cells_in_every_row(name: str, written: Path):
    blocks = re.findall(r"(?:^\|.*\n)+", (written / f"{name}.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert blocks
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1
        assert re.fullmatch(r"\|( (---|---:) \|)+", block.splitlines()[1])


def test_the_checklist_is_filled_from_the_run(facts: Facts):
    found = checklist(facts)
    told = answered(found)
    assert told["What is the research question, and why does clustering answer it?"] == AUTHOR
    assert told["How large is the sample, and why is that enough?"] == (
        "240 rows, each a general practice; 235 of them shaped the segments. They are all that the source "
        "has, not a sample."
    )
    assert told["How much is missing, by variable?"] == "4 values (0.3%); see the table."  # 4 of 240 * 5
    assert told["How were missing values treated?"] == "Filled in: median."
    assert told["How were outliers treated?"] == "Clipped at a robust z (limit 4)."
    assert told["Which likelihood-ratio tests were made?"].startswith("Not applicable: ")
    assert told["Why this number?"].endswith(" It was <chosen>.")
    # K-means passes with 2 to 4 segments, and 4 was chosen.
    assert told["Which other numbers can be defended?"].startswith("Also found again: 2 and 3 segments.")
    assert told["Do they hold in other places or years?"] == "This run did not look at it."
    counts = [int(number) for number in re.findall(r"\d+", found.about[1])]
    assert counts[0] == sum(counts[1:]) == len(told)
    rows = tables(found)["Criteria by number of segments, K-means"].rows
    assert [row[0] for row in rows] == ["2", "3", "4 (chosen)", "5", "6", "7", "8", "9"]
    jaccard = [column[0] for column in tables(found)["Criteria by number of segments, K-means"].columns]
    assert rows[0][jaccard.index("Lowest overlap when redrawn")] == "86%"  # 1 - 2 / 15


def test_where_segments_do_not_hold_is_in_the_checklist(facts: Facts):
    evidence = facts.results.evidence | {"transport": {"reasons": ["They hold in every region."]}}
    other = replace(facts, results=replace(facts.results, evidence=evidence))
    asked = "Do they hold in other places or years?"
    assert answered(checklist(other))[asked] == "They hold in every region."


def test_a_run_without_evidence_says_so(facts: Facts):
    results = replace(facts.results, evidence={"assessed": False})
    bare = Facts(results)
    told = answered(checklist(bare))
    assert told["Does another method find the same segments?"] == NOT_ASSESSED
    assert NOT_ASSESSED in [p for section in model_card(bare).sections for p in section.paragraphs]
    assert answers(bare)["4.2.7"] == NOT_ASSESSED


def test_the_model_card_knows_the_run(facts: Facts):
    found = model_card(facts)
    assert [section.heading for section in found.sections] == [
        *(
            "Intended use",
            "Out-of-scope use",
            "Data",
            "Features",
            "Method",
            "Evaluation",
            "Subgroups",
            "Limits",
        ),
        *("Ethical considerations", "Licence, versions and identity"),
    ]
    known = dict(tables(found)["What the run is known by"].rows)
    digest = configuration_hash(facts.config)
    assert known["Configuration (SHA-256, without jobs and tracking)"] == digest
    assert known["Seed"] == "20250401"
    assert tables(found)["Files"].rows == (("SYNTHETIC_<1>.zip", "by hand", "ab" * 32),)
    assert "These are synthetic data: the segments are no findings." in found.sections[7].bullets


def test_the_draft_record_has_every_field_and_leaves_the_owner_what_is_his(facts: Facts):
    numbers = [number for fields in FIELDS.values() for number, _ in fields]
    assert len(numbers) == len(set(numbers))
    assert set(answers(facts)) < set(numbers)
    told = answered(atrs(facts))
    assert told["Senior responsible owner"] == OWNER
    assert told["Contact email"] == OWNER
    assert told["Model name"] == "K-means with 4 segments"
    assert told["Data quantities"].startswith("240 practices with ")


def test_ages_sex_and_ethnicity_count_by_patients(facts: Facts):
    shown = tables(equality(facts))["Share of registered patients by age and sex"]
    england = dict(zip([column for column, _ in shown.columns], shown.rows[-1], strict=True))
    # 20 bands of 20 patients in each of 240 practices, and 610 more women of 75 to 79: 96,610 patients.
    assert england["Segment"] == "England"
    assert england["Aged 0 to 14"] == f"{3 * 20 * 240 / 96_610:.1%}" == "14.9%"
    assert england["Aged 75 to 84"] == f"{(2 * 20 * 240 + 610) / 96_610:.1%}" == "10.6%"
    assert england["Women and girls"] == f"{(10 * 20 * 240 + 610) / 96_610:.1%}" == "50.3%"
    practices, context = facts.results.practices, facts.results.context
    mean = (context["non_white_percent"] * practices["list_size"]).sum() / practices["list_size"].sum()
    assert tables(equality(facts))["Ethnicity, mean by list"].rows[-1] == ("England", f"{mean:.1f}%")


def test_fifths_of_deprivation_are_those_of_the_insight(facts: Facts):
    shown = tables(equality(facts))["Share of registered patients by fifth of practices by deprivation"]
    assert shown.columns[1][0] == "Fifth 1 (least deprived)"
    assert {row[1:] for row in shown.rows} == {("20.0%",) * 5}  # as many patients in every fifth


def test_who_is_uncertain_is_counted_by_practices_and_patients(facts: Facts):
    shown = tables(equality(facts))["Who is uncertain, by list size"]
    england = shown.rows[-1]
    segments = facts.results.segments[facts.results.segments["fitted"]]
    uncertain, patients = segments["certainty"] < 0.9, segments["list_size"]
    assert england[:2] == ("England", "235")
    assert england[3] == f"{uncertain.mean():.1%}"
    assert england[4] == f"{patients[uncertain].sum() / patients.sum():.1%}"
    assert england[5] == f"{24 / 235:.1%}" == "10.2%"  # every tenth is disputed
    assert sum(int(row[1]) for row in shown.rows[:-1]) == 235
    fifths = tables(equality(facts))["Who is uncertain, by fifth of deprivation"].rows
    assert [row[0] for row in fifths] == [
        *("1 (least deprived)", "2", "3", "4", "5 (most deprived)", "England")
    ]


def test_tables_that_the_run_has_not_are_said(
    results_of: Callable[..., Results], settings: dict[str, object]
):
    results = results_of(4)
    plain = results.segments.assign(certainty=float("nan"))
    bare = Facts(replace(results, config=settings, segments=plain))
    said = {section.heading: section for section in equality(bare).sections}
    assert said["Age and sex"].paragraphs == ("The source has no registrations by age and sex.",)
    assert said["Ethnicity"].paragraphs == ("The source has no figures of ethnicity.",)
    assert said["Deprivation"].paragraphs == ("The source has no measure of deprivation.",)
    assert said["Who is uncertain"].paragraphs == ("This run did not measure how certain the segments are.",)
    assert said["Rules and peers"].paragraphs == ("The run has no table of rules and peers by deprivation.",)
    assert not any(section.tables for section in said.values())


def test_nothing_ranks_practices(written: Path):
    text = " ".join(path.read_text(encoding="utf-8") for path in written.glob("*.md")).lower()
    for word in (
        "best practice",
        "worst",
        "poor practice",
        "good practice",
        "under-perform",
        "missed diagnos",
    ):
        assert word not in text


def test_mixtures_open_preparations_and_unsegmented_practices_are_told(
    results_of: Callable[..., Results], facts: Facts
):
    results = results_of(4, outside=6)
    node = {"_target_": "x", "covariance_type": "full", "n_init": 1}
    settings = facts.config | {"scaler": {"name": "open", "candidates": {"a": {"label": "one"}, "b": {}}}}
    choice = results.choice | {"clusterer": "gaussian_mixture", "node": node}
    trials = results.trials.assign(clusterer="gaussian_mixture", linkage=pd.NA, bic=1.0, icl=2.0)
    run = Facts(replace(results, config=settings, choice=choice, trials=trials))
    told = answered(checklist(run))
    asked = "Which variances and covariances are free in each class?"
    assert told[asked] == "Covariance of each cluster: full."
    assert told["Who is in no segment?"] == "6 practices, which the method put into no cluster."
    assert told["Which information criteria were used?"].startswith("BIC and ICL of a Gaussian mixture")
    scale = told["Were variables put on one scale, and weighted?"]
    assert scale.startswith("Scale: the study tried one and b, and chose: standardised.")


def test_criteria_are_those_of_the_chosen_preparation_where_the_study_tried_several(facts: Facts):
    trials = facts.results.trials
    chosen = trials.assign(preparation="b", silhouette=0.25)
    both = pd.concat([trials.assign(preparation="a", silhouette=0.75), chosen], ignore_index=True)
    choice = facts.results.choice | {"preparation": "b"}
    run = Facts(replace(facts.results, trials=both, choice=choice))
    shown = criteria_by_k(run)
    column = [heading for heading, _ in shown.columns].index("Silhouette")
    assert {row[column] for row in shown.rows} == {"0.25"}
