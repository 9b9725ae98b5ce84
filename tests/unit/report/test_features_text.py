"""The tables of features on the pages, and the page of a first look."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from gp_segmentation import figures, report
from gp_segmentation.report.features_text import feature_tables
from gp_segmentation.report.page import script_of


@pytest.fixture
def results(results_of):
    made = results_of(3)
    summary = pd.DataFrame(
        [
            ("imd_score", "Deprivation <b>", "score", "need", "sqrt", 4, 0.02, 3.9, 20.5, 66.0, 0.81, -0.2)
        ],
        columns=["feature", "label", "unit", "block", "transform", "missing", "missing_share", "minimum",
                 "median", "maximum", "skew_before", "skew_after"],
    ).assign(ceiling_share=float("nan"))  # fmt: skip
    config = made.config | {"features": {"label": "Need <i>"}}
    return dataclasses.replace(made, exploration=made.exploration | {"summary": summary}, config=config)


def test_the_first_look_becomes_text(results):
    found = feature_tables(results)
    assert found["notes"] == [{"block": "ethnicity", "note": "left out: <measure> is not there"}]
    assert found["dropped"][0]["reason"] == "correlates 1.0000 with <x>"
    assert found["age"][0] == {"label": "Atrial <b>fibrillation", "explained": "91.0%", "practices": "240"}
    assert found["components"][0]["share"] == "40.0%"
    assert found["kept"] == "5 features were reduced to 1 components, which explain 40.0% of their variance."
    (row,) = found["summary"]
    assert (row["skew_before"], row["skew_after"], row["ceiling"]) == ("+0.81", "−0.20", "")
    assert (row["median"], row["missing"]) == ("20.5", "4")


def test_nothing_reduced_is_not_the_same_as_nothing_known(results):
    nothing = results.exploration["components"].head(0)
    unreduced = dataclasses.replace(results, exploration=results.exploration | {"components": nothing})
    assert feature_tables(unreduced)["components"] == []
    assert feature_tables(dataclasses.replace(results, exploration={}))["components"] is None


def test_the_first_look_is_one_page_where_nothing_can_run(results, tmp_path):
    shown = figures.render_all(results, tmp_path / "figures", names=figures.exploring())
    assert [figure.name for figure in shown] == ["before_after", "missing", "correlations", "age_explained"]
    for name in ("one.html", "two.html"):
        report.write_first_look(results, shown, tmp_path / name)
    page = (tmp_path / "one.html").read_text(encoding="utf-8")
    assert (tmp_path / "two.html").read_text(encoding="utf-8") == page
    assert page.count("<img ") == 4
    script, digest = script_of("page.js", "drawing.js", "figure_files.js")
    assert page.count("<script") == page.count(f"<script>{script}</script>") == 1
    assert f"script-src '{digest}'" in page
    for text in ("Deprivation &lt;b&gt;", "Need &lt;i&gt;", "Atrial &lt;b&gt;fibrillation", "SYNTHETIC DATA"):
        assert text in page


def test_the_first_look_warns_of_simulated_figures(results, tmp_path):
    report.write_first_look(results, [], tmp_path / "plain.html")
    warned = dataclasses.replace(results, source={**results.source, "warning": "SIMULATED <FIGURES>."})
    report.write_first_look(warned, [], tmp_path / "warned.html")
    assert "SIMULATED" not in (tmp_path / "plain.html").read_text(encoding="utf-8")
    assert "SIMULATED &lt;FIGURES&gt;." in (tmp_path / "warned.html").read_text(encoding="utf-8")
