"""Planted panels: true moves are found, chance is not called a move, faults of the data are refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_series_equal
from sklearn.cluster import KMeans
from sklearn.pipeline import FunctionTransformer
from sklearn.preprocessing import StandardScaler

from gp_segmentation import schemas as contracts
from gp_segmentation.clustering import Levels, nest
from gp_segmentation.errors import InputError
from gp_segmentation.features import Block, Selection, Tables, build_features
from gp_segmentation.features.age_structure import AgeStructure
from gp_segmentation.features.deprivation import Deprivation
from gp_segmentation.features.prevalence import Prevalence
from gp_segmentation.matrix.pipeline import build_pipeline, prepare_matrix
from gp_segmentation.matrix.transformers import knn_imputer
from gp_segmentation.panel import Run, Year, build_panel
from gp_segmentation.schemas import PanelTables
from gp_segmentation.segments.model import add_segments

CRUDE: dict[str, Block] = {"prevalence": Prevalence(adjust="none"), "deprivation": Deprivation()}
AGED: dict[str, Block] = {**CRUDE, "age": AgeStructure(weight=1.0)}
NOTHING = pd.DataFrame({"file": [], "check": [], "count": [], "detail": []}, dtype="str")
NAMES = {1: "One", 2: "Two", 3: "Three"}


def identity() -> FunctionTransformer:
    return FunctionTransformer(feature_names_out="one-to-one")


def fit(rows: np.ndarray) -> np.ndarray:
    return KMeans(3, random_state=0, n_init=3).fit_predict(rows)


def run_on(tables: Tables, blocks: Mapping[str, Block]) -> Run:
    """A run of `tables` in three segments."""
    built = build_features(dict(blocks), tables)
    steps = (knn_imputer(5), identity(), StandardScaler(), identity(), built.dictionary)
    result = prepare_matrix(built.features, tables.ordinary, build_pipeline(*steps), built.dictionary)
    X = result.matrix[tables.ordinary.to_numpy()]
    labels = pd.Series(fit(X.to_numpy()) + 1, index=X.index)
    levels: Levels = nest(X, labels, supergroups=2, most_subgroups=8, floor=5, keys=X.index)
    model = add_segments(result.pipeline, result.matrix, labels, levels)
    return Run("2022-23", model, blocks, Selection(), tables, NAMES)


def next_year(tables: Tables, seed: int) -> Tables:
    """The same practices with no true change: registers drawn again, scores a tenth up or down by chance."""
    registers, rng = tables.registers, np.random.default_rng(seed)
    drawn = rng.binomial(registers["denominator"], registers["register"] / registers["denominator"])
    score = tables.context["imd_score"] * rng.lognormal(0, 0.1, len(tables.context))
    context = tables.context.assign(imd_score=score)
    return replace(tables, registers=registers.assign(register=drawn), context=context)


def panel_of(run: Run, later: Tables, **options: object) -> PanelTables:
    years = [
        Year("England 2024-25", "2024-25", later, NOTHING),
        Year("England 2022-23", "2022-23", run.tables, NOTHING),
    ]
    return build_panel(run, years, fit, draws=50, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def run(tables_of: Callable[..., Tables]) -> Run:
    return run_on(tables_of(practices=300, seed=1), CRUDE)


@pytest.fixture(scope="module")
def noise(run: Run) -> PanelTables:
    return panel_of(run, next_year(run.tables, 4))


TABLES = ("segments", "practices", "account", "flows", "trends", "agreement", "core")


def test_every_table_has_its_schema(noise: PanelTables) -> None:
    for name in TABLES:
        table = getattr(noise, name)
        assert len(contracts.check(f"panel_{name}", table)) == len(table)


def test_chance_is_not_called_a_move(run: Run) -> None:
    moved, changed, by_drift = [], [], []
    for seed in range(5):
        metrics = panel_of(run, next_year(run.tables, seed)).metrics
        moved += metrics["share_moved"]
        changed += metrics["share_changed"]
        by_drift += metrics["share_by_drift"]
    assert np.mean(moved) < 0.005  # of 300 practices in five draws of the next year
    assert np.mean(changed) > 0.03
    # Drift alone explains them: as many are expected as change.
    assert np.mean(by_drift) == pytest.approx(np.mean(changed), rel=0.4)


def test_planted_moves_are_found(run: Run, noise: PanelTables) -> None:
    """Ten practices of the middle of segment one get the figures of as many in the middle of two."""
    first = noise.segments.query("period == '2022-23' and special.isna()").sort_values("margin")
    first = first[first["practice_code"] != "A00003"]  # without a score
    sure = {n: list(rows["practice_code"].tail(10)) for n, rows in first.groupby("segment")}
    later = next_year(run.tables, 4)
    twin = dict(zip(sure[1], sure[2], strict=True))
    rates = later.registers.assign(rate=later.registers["register"] / later.registers["denominator"])
    rate = rates.set_index(["practice_code", "group_code"])["rate"]
    chosen = later.registers["practice_code"].isin(list(twin))
    keys = zip(later.registers["practice_code"].map(twin), later.registers["group_code"], strict=True)
    given = pd.Series([rate.get(key, np.nan) for key in keys], later.registers.index)
    figures = (given * later.registers["denominator"]).round()
    register = later.registers["register"].where(~chosen, figures).astype("int64")
    score = later.context.set_index("practice_code")["imd_score"]
    new_score = later.context["practice_code"].map(lambda code: score[twin.get(code, code)])
    later = replace(
        later,
        registers=later.registers.assign(register=register),
        context=later.context.assign(imd_score=new_score),
    )
    found = panel_of(run, later)
    now = found.segments.query("period == '2024-25'").set_index("practice_code")
    of_planted = now.loc[list(twin), "change"]
    assert (now.loc[list(twin), "segment"] == 2).all()
    assert (of_planted == "moved").sum() >= 9  # of ten
    others = now.drop(index=list(twin))
    assert (others["change"] == "moved").mean() < 0.01
    flow = found.flows.set_index(["segment_from", "segment_to"])
    one_to_two = flow.loc[("1", "2")]
    assert one_to_two["moved"] >= 9
    assert one_to_two["practices"] > one_to_two["expected"] + 5
    assert one_to_two["low"] < one_to_two["share"] < one_to_two["high"]


def test_flows_add_up_to_the_practices_and_expected_flows_to_those_of_each_segment(
    noise: PanelTables,
) -> None:
    segments = noise.segments.pivot_table("segment", "practice_code", "period")
    counts = pd.crosstab(segments["2022-23"], segments["2024-25"])
    flow = noise.flows[noise.flows["segment_from"].str.isdigit() & noise.flows["segment_to"].str.isdigit()]
    table = flow.pivot_table("practices", "segment_from", "segment_to")
    assert_array_equal(table, counts)
    assert_array_equal(flow.groupby("segment_from")["expected"].sum().round(6), counts.sum(axis=1))


def test_a_closed_practice_is_no_move_and_a_merged_one_is_pooled(run: Run) -> None:
    pcn = {"A00010": "U1", "A00011": "U1", "A00012": "U2"}
    practices = run.tables.practices.copy()
    practices["pcn_code"] = practices["practice_code"].map(pcn).astype("str")
    base = replace(run, tables=replace(run.tables, practices=practices))
    gone = ["A00011", "A00012"]
    own = practices.set_index("practice_code")["list_size"]
    later = {
        name: table[~table["practice_code"].isin(gone)]
        for name in ("practices", "registers", "achievement", "age_sex", "context")
        for table in [getattr(base.tables, name)]
    }
    sizes = later["practices"]["list_size"].where(
        later["practices"]["practice_code"] != "A00010", own["A00010"] + own["A00011"]
    )
    later["practices"] = later["practices"].assign(list_size=sizes)
    found = panel_of(base, replace(base.tables, **later))
    events = found.practices.set_index("practice_code")
    assert events["event"].to_dict() == {"A00011": "merged", "A00012": "closed"}
    assert events.loc["A00011", ["successor", "basis"]].tolist() == ["A00010", "proposed"]
    rows = found.segments.set_index(["practice_code", "period"])
    assert rows.loc[("A00010", "2022-23"), "pooled"] == "A00010; A00011"
    assert rows.loc[("A00010", "2022-23"), "list_size"] == own["A00010"] + own["A00011"]
    assert ("A00012", "2024-25") not in rows.index
    assert found.flows.query("segment_to == 'closed'")["practices"].sum() == 1
    patients = [own.sum(), own.sum() - own["A00012"]]
    account = found.account.set_index("kind")
    assert account.loc["all", ["patients_before", "patients_after"]].tolist() == patients
    assert found.segments.groupby("period")["list_size"].sum().tolist() == patients
    assert found.metrics["share_closed"] == [1 / 300]


def test_every_fit_is_compared_between_the_years_and_with_the_frozen_model(noise: PanelTables) -> None:
    columns = ["first", "first_period", "second", "second_period"]
    ari = noise.agreement.set_index(columns)["ari"]
    assert list(ari.index) == [
        ("frozen model", "2022-23", "frozen model", "2024-25"),
        ("fit of each year", "2022-23", "fit of each year", "2024-25"),
        ("fit of all years", "2022-23", "fit of all years", "2024-25"),
        ("frozen model", "2022-23", "fit of each year", "2022-23"),
        ("frozen model", "2024-25", "fit of each year", "2024-25"),
        ("frozen model", "2022-23", "fit of all years", "2022-23"),
        ("frozen model", "2024-25", "fit of all years", "2024-25"),
    ]
    # The fit of the run's own year is the run's.
    assert ari.iloc[3] == 1.0
    assert [noise.metrics[name][0] for name in ("ari_frozen", "ari_own_fits", "ari_pooled_fit")] == [*ari[:3]]


def test_trends_of_the_same_practices_and_of_all(run: Run) -> None:
    worse = run.tables.context["imd_score"] + 5.0
    found = panel_of(run, replace(run.tables, context=run.tables.context.assign(imd_score=worse))).trends
    of_score = found[found["feature"] == "imd_score"].set_index(["group", "segment", "period"])["mean"]
    for segment in ("1", "2", "3", "England"):
        change = (
            of_score["same practices", segment, "2024-25"] - of_score["same practices", segment, "2022-23"]
        )
        assert change == pytest.approx(5.0)
    known = run.tables.context["imd_score"].notna()
    sizes = run.tables.practices["list_size"].astype(float)
    england = np.average(run.tables.context["imd_score"][known], weights=sizes[known])
    assert of_score["all practices", "England", "2022-23"] == pytest.approx(england)


def test_ages_of_another_day_change_no_segment(tables_of: Callable[..., Tables]) -> None:
    """Unnoticed, such ages alone make practices seem to change."""
    tables = tables_of(practices=200, seed=1)
    run = run_on(tables, AGED)
    shuffled = tables.age_sex.assign(patients=tables.age_sex["patients"].to_numpy()[::-1])
    note = pd.DataFrame(
        {
            "file": ["a.zip"],
            "check": ["registrations of another day"],
            "count": [1],
            "detail": ["2025, not 2023"],
        }
    )
    years = [
        Year("England 2022-23", "2022-23", tables, NOTHING),
        Year("England 2024-25", "2024-25", replace(tables, age_sex=shuffled), note),
    ]
    found = build_panel(run, years, fit, draws=20)
    assert found.metrics["share_changed"] == [0.0]
    assert found.warnings[0].startswith("The registrations of England 2024-25 are of 2025, not 2023")
    unnoticed = [replace(year, quality=NOTHING) for year in years]
    assert build_panel(run, unnoticed, fit, draws=20).metrics["share_changed"][0] > 0.2


def test_what_a_year_lacks_is_left_out_of_all_and_said(run: Run) -> None:
    registers = run.tables.registers
    found = panel_of(run, replace(run.tables, registers=registers[registers["group_code"] != "DM"]))
    assert found.metrics["share_changed"] == [0.0]
    (note,) = [note for note in found.notes if note.startswith("Left out")]
    assert re.fullmatch(
        r"Left out of every year, 1 of the run's 22 features: Diabetes mellitus prevalence\. Without them "
        r"the rule gives (9\d|over 99|100)% of the run's practices the segment it gives with all\.",
        note,
    )
    assert "DM" not in " ".join(found.trends["feature"])


def test_a_year_that_lacks_most_of_the_run_is_refused_with_what_to_do(run: Run) -> None:
    empty = replace(run.tables, context=run.tables.context.assign(imd_score=np.nan))
    with pytest.raises(InputError, match=r"features=panel_core.*run=FOLDER"):
        panel_of(run, empty)


def test_the_same_input_gives_the_same_tables(run: Run, noise: PanelTables) -> None:
    again = panel_of(run, next_year(run.tables, 4))
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(noise, name))
    assert_series_equal(again.segments["certainty"], noise.segments["certainty"])


def test_sentences_tell_moves_from_closures_and_drift(noise: PanelTables) -> None:
    count = noise.segments["change"].value_counts()
    changed = 300 - count["stayed"]
    assert noise.findings[2].startswith(
        f"2022-23 to 2024-25: {changed} of 300 practices followed have another segment"
    )
    assert "By ordinary drift alone" in noise.findings[2]
    assert f"{count.get('moved', 0)} moved beyond what drift explains" in noise.findings[3]
    assert "when each year is segmented by itself" in noise.findings[4]
