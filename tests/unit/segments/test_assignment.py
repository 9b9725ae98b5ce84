"""New practices in existing segments: the run's own keep theirs, and nothing is estimated again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.cluster import KMeans
from sklearn.pipeline import FunctionTransformer, Pipeline
from sklearn.preprocessing import StandardScaler

from gp_segmentation import schemas as contracts
from gp_segmentation.clustering import nest
from gp_segmentation.errors import InputError
from gp_segmentation.features import Block, Selection, Tables, build_features
from gp_segmentation.features.achievement import Achievement
from gp_segmentation.features.age_structure import AgeStructure
from gp_segmentation.features.deprivation import Deprivation
from gp_segmentation.features.list_size import ListSize
from gp_segmentation.features.prevalence import Prevalence
from gp_segmentation.matrix.pipeline import build_pipeline, prepare_matrix
from gp_segmentation.matrix.transformers import knn_imputer
from gp_segmentation.pipeline.queries import recorded_segments
from gp_segmentation.segments.assignment import assign_practices
from gp_segmentation.segments.model import Segments, add_segments
from gp_segmentation.segments.table import segment_table
from gp_segmentation.storage.table_files import write_segments
from gp_segmentation.utils.rounding import whole_percent

BLOCKS: dict[str, Block] = {
    "prevalence": Prevalence(adjust="age_sex", shrink="beta_binomial"),
    "age": AgeStructure(),
    "deprivation": Deprivation(),
    "list": ListSize(),
    "achievement": Achievement(indicators=["HYP008", "DM020"], shrink="beta_binomial"),
}


CODES = list(contracts.LEVEL_COLUMNS.values())


@dataclass(frozen=True)
class Past:
    """A finished run on made-up tables."""

    tables: Tables
    model: Pipeline
    segments: pd.DataFrame

    def assign(self, new: Tables) -> pd.DataFrame:
        return assign_practices(self.model, BLOCKS, Selection(), self.tables, new, self.segments).table

    def notes(self, new: Tables) -> str:
        return " ".join(
            assign_practices(self.model, BLOCKS, Selection(), self.tables, new, self.segments).notes
        )


def past_of(tables: Tables, left_out: Sequence[str] = ()) -> Past:
    """A run on `tables` in three segments, with some practices in none."""
    built = build_features(BLOCKS, tables)
    steps = (
        knn_imputer(5),
        FunctionTransformer(feature_names_out="one-to-one"),
        StandardScaler(),
    )
    pipeline = build_pipeline(*steps, FunctionTransformer(feature_names_out="one-to-one"), built.dictionary)
    result = prepare_matrix(built.features, tables.ordinary, pipeline, built.dictionary)
    X = result.matrix[tables.ordinary.to_numpy()]
    labels = pd.Series(KMeans(3, random_state=0, n_init=3).fit_predict(X) + 1, index=X.index)
    labels.iloc[:4] = labels.iloc[:4] % 3 + 1  # not the nearest centroid, as with hierarchical segments
    labels = labels.drop(list(left_out))
    X = X.loc[labels.index]
    levels = nest(X, labels, supergroups=2, most_subgroups=8, floor=5, keys=X.index)
    names, sure = {1: "One", 2: "Two", 3: "Three"}, pd.DataFrame({"certainty": 1.0}, X.index)
    table, _ = segment_table(result.matrix, labels, tables.practices, names, levels, sure, left_out)
    return Past(tables, add_segments(result.pipeline, result.matrix, labels, levels), table)


@pytest.fixture(scope="module")
def past(small_tables: Tables) -> Past:
    return past_of(small_tables)


def rows_of(tables: Tables) -> dict[str, pd.DataFrame]:
    """The tables that have rows of practices, by name."""
    names = ("practices", "registers", "achievement", "age_sex", "context")
    return {name: getattr(tables, name) for name in names}


def only(tables: Tables, codes: list[str]) -> Tables:
    """The tables of a few practices."""
    kept = {name: table[table["practice_code"].isin(codes)] for name, table in rows_of(tables).items()}
    return replace(tables, **kept)


def test_the_run_s_own_practices_come_out_as_they_were(past: Past) -> None:
    found = past.assign(past.tables)
    columns = [
        "practice_code",
        "practice_name",
        "segment",
        "segment_name",
        "second_segment",
        "margin",
        *CODES,
    ]
    assert past.segments["subgroup"].nunique() == 8
    expected = past.segments[columns].astype({"segment": "Int64"})
    assert_frame_equal(found[columns], expected, check_exact=False, rtol=1e-9)
    assert_array_equal(found["change"], "stayed")
    assert_array_equal(found["unchanged"], past.segments["fitted"])
    assert "0 are new to it" in past.notes(past.tables)


def test_a_practice_keeps_the_subgroup_it_was_given_though_another_centroid_is_nearer(past: Past) -> None:
    # As with a tree, whose branches are not defined by nearest centroids.
    segments = past.segments.copy()
    code = segments.loc[segments["fitted"], "segment_code"].mode().iloc[0]
    mine = segments["fitted"] & (segments["segment_code"] == code)
    subgroups = sorted(segments.loc[mine, "subgroup"].unique())
    assert len(subgroups) > 1
    moved = segments.loc[mine, "subgroup"].map(dict(zip(subgroups, subgroups[::-1], strict=True)))
    segments.loc[mine, "subgroup"] = moved
    found = assign_practices(past.model, BLOCKS, Selection(), past.tables, past.tables, segments).table
    assert_array_equal(found.loc[mine.to_numpy(), "subgroup"], moved)


def test_other_figures_give_the_nearest_subgroup_of_the_segment(
    past: Past, tables_of: Callable[..., Tables]
) -> None:
    found = past.assign(tables_of(practices=40, seed=9))
    assert not found["unchanged"].any()
    numbers = dict(zip(past.segments["segment"], past.segments["segment_code"], strict=True))
    assert_array_equal(found["segment_code"], found["segment"].map(numbers))
    assert_array_equal(found["subgroup"].str[:2], found["segment_code"])
    assert_array_equal(found["segment_code"].str[:1], found["supergroup"])
    assert found["subgroup"].nunique() > 3


def test_a_run_recorded_before_levels_gives_segments_and_no_codes(past: Past) -> None:
    *steps, (name, model) = past.model.steps
    older = Segments().fit(pd.DataFrame(model.X_, columns=model.feature_names_in_), model.y_)
    before = past.segments[list(contracts.SCHEMAS["segments_without_levels"].columns)]
    run = replace(past, model=Pipeline([*steps, (name, older)]), segments=before)
    found = contracts.check("assigned", run.assign(past.tables))
    assert list(found.columns[-3:]) == CODES
    assert found[CODES].isna().all(axis=None)
    assert_frame_equal(found.drop(columns=CODES), past.assign(past.tables).drop(columns=CODES))


def test_nothing_is_estimated_from_the_new_practices(past: Past, tables_of: Callable[..., Tables]) -> None:
    new = tables_of(practices=40, seed=9)
    all_rows = past.assign(new).set_index("practice_code")
    codes = ["A00003", "A00017"]
    two_rows = past.assign(only(new, codes)).set_index("practice_code")
    assert_frame_equal(two_rows, all_rows.loc[codes], check_exact=False, rtol=1e-9)


def test_a_warning_names_a_feature_out_of_range(past: Past) -> None:
    code = "A00050"
    new = only(past.tables, [code])
    new = replace(new, practices=new.practices.assign(list_size=900_000))
    row = past.assign(new).iloc[0]
    assert not row["unchanged"]
    assert row["out_of_range"] >= 1
    assert "outside the range of the run: List size" in row["warning"]
    assert row["run_segment"] == past.segments.set_index("practice_code").loc[code, "segment"]


def test_notes_name_missing_features_and_renamed_measures(past: Past) -> None:
    new = only(past.tables, ["A00050", "A00051"])
    dictionary = new.context_dictionary.copy()
    dictionary.loc[dictionary["measure"] == "imd_score", "label"] = "Deprivation (IMD 2004)"
    without = new.achievement[new.achievement["indicator_code"] != "HYP008"]
    new = replace(new, context_dictionary=dictionary, achievement=without)
    notes = past.notes(new)
    assert "Missing for every practice, hence imputed: Hypertension, HYP008: achievement" in notes
    assert "imd_score is 'Deprivation (IMD 2004)' here" in notes
    assert (past.assign(new)["unknown_features"] >= 1).all()


def test_a_new_practice_has_no_segment_in_the_run_and_has_not_moved(
    past: Past, tables_of: Callable[..., Tables]
) -> None:
    more = tables_of(practices=130, seed=1)
    found = past.assign(only(more, ["A00125"]))
    assert found["run_segment"].isna().all()
    assert_array_equal(found["change"], "new")
    assert found["segment"].isin([1, 2, 3]).all()
    assert (found["margin"] >= 0).all()


def test_chance_between_years_is_not_called_a_move(past: Past) -> None:
    rng = np.random.default_rng(4)
    registers = past.tables.registers
    drawn = rng.binomial(registers["denominator"], registers["register"] / registers["denominator"])
    later = replace(past.tables, registers=registers.assign(register=drawn))
    found = assign_practices(past.model, BLOCKS, Selection(), past.tables, later, past.segments)
    table = contracts.check("assigned", found.table)
    assert not table["unchanged"].any()
    assert not table["change"].isin(["new", "moved"]).any()
    changed = table["change"] != "stayed"
    assert_array_equal(changed, table["run_segment"] != table["segment"])
    number = table["change"].value_counts()
    # Of the 119 fitted practices, those whose segment is not that of the nearest centroid.
    assert number["rule only"] == 119 - round(119 * past.model[-1].agreement_) > 0
    assert found.notes[1].startswith(f"{changed.sum()} of 120 changed segment since the run: 0 moved")
    assert f"{number['rule only']} rule only" in found.notes[1]
    assert "Drift was measured on 119 practices" in " ".join(found.notes)  # the special one does not count


def test_a_shift_of_all_practices_is_called_a_change_with_england(past: Past) -> None:
    aged = past.tables.context.assign(imd_score=past.tables.context["imd_score"] * 1.5)
    found = assign_practices(
        past.model, BLOCKS, Selection(), past.tables, replace(past.tables, context=aged), past.segments
    )
    number = found.table["change"].value_counts()
    assert number["with England"] >= 3
    assert "England's shift was largest in Deprivation" in " ".join(found.notes)


def test_other_features_than_the_model_s_are_refused(past: Past) -> None:
    fewer = {name: block for name, block in BLOCKS.items() if name != "deprivation"}
    with pytest.raises(InputError, match="lacking imd_score"):
        assign_practices(past.model, fewer, Selection(), past.tables, past.tables, past.segments)


def test_the_agreement_of_the_rule_is_stated(past: Past) -> None:
    share = past.model[-1].agreement_
    assert 0.9 < share < 1.0
    assert f"gives {whole_percent(share)} of the run's own" in past.notes(only(past.tables, ["A00050"]))
    assert np.isfinite(past.assign(past.tables)["margin"]).all()


def test_renumbered_indicators_are_read_under_the_run_s_codes(past: Past) -> None:
    older = {"HYP008": "HYP003", "DM020": "DM014"}
    earlier = replace(
        past.tables,
        achievement=past.tables.achievement.replace({"indicator_code": older}),
        indicators=past.tables.indicators.replace({"indicator_code": older}),
    )
    same = [["HYP003", "HYP008"]]  # DM014 is in no group
    found = assign_practices(past.model, BLOCKS, Selection(), past.tables, earlier, past.segments, same)
    known = past.tables.achievement.query("indicator_code == 'DM020' and denominator > 0")["practice_code"]
    more = found.table["unknown_features"] - past.assign(past.tables)["unknown_features"]
    assert_array_equal(more, found.table["practice_code"].isin(known))
    assert found.notes[-1] == "Renumbered indicators, treated as the run's: HYP003 as HYP008."
    assert "Missing for every practice, hence imputed" in " ".join(found.notes)
    both = assign_practices(
        past.model, BLOCKS, Selection(), past.tables, earlier, past.segments, [*same, ["DM014", "DM020"]]
    )
    assert_frame_equal(both.table, past.assign(past.tables))


def test_a_practice_the_run_left_out_stays_out_until_its_figures_change(
    small_tables: Tables, tmp_path: Path
) -> None:
    left_out = ["A00030", "A00031", "A00032", "A00033"]
    run = past_of(small_tables, left_out)
    write_segments(tmp_path / "segments.csv", run.segments)
    run = replace(run, segments=recorded_segments(tmp_path / "segments.csv", everyone=True))
    here = only(small_tables, [*left_out[:3], "A00050"])  # A00033 has closed
    score = here.context["imd_score"].mask(here.context["practice_code"] == "A00032", 3.0)
    here = replace(here, context=here.context.assign(imd_score=score))
    twin = {
        name: table.replace("A00032", "B00032") for name, table in rows_of(only(here, ["A00032"])).items()
    }
    new = replace(here, **{name: pd.concat([table, twin[name]]) for name, table in rows_of(here).items()})
    found = assign_practices(run.model, BLOCKS, Selection(), run.tables, new, run.segments)
    rows = contracts.check("assigned", found.table).set_index("practice_code")
    told = zip(rows["change"], rows["unchanged"], rows["segment"].notna(), strict=True)
    assert dict(zip(rows.index, told, strict=True)) == {
        #         change, figures as in the run, has a segment now
        "A00030": ("stayed", True, False),
        "A00031": ("stayed", True, False),
        "A00032": ("had no segment", False, True),
        "A00050": ("stayed", True, True),
        "B00032": ("new", False, True),
    }
    still = rows.loc[left_out[:2]]
    assert still["segment_name"].tolist() == ["No segment"] * 2
    assert still[["second_segment", "margin", "run_segment", *CODES]].isna().all(axis=None)
    columns = ["segment", "segment_name", "second_segment", "margin", *CODES]
    assert rows.loc["A00032", columns].tolist() == rows.loc["B00032", columns].tolist()  # the nearest
    assert pd.isna(rows.loc["A00032", "run_segment"])
    assert found.notes[0] == "5 practices: 4 are in the run (3 with the same figures), 1 are new to it."
    assert found.notes[1].startswith("0 of 4 changed segment since the run")
    assert found.notes[1].endswith("1 had no segment in the run, and have other figures now.")
    assert (
        "Practices that the run left without a segment: 4. The rule for a new practice is the nearest "
        "centroid and knows no such practices: it gives every practice a segment, and the share above leaves "
        "them out. Here 2 of them have the same figures and stay without one; 1 have other figures and get "
        "the nearest segment (column change: had no segment)."
    ) in found.notes


def test_a_run_that_left_nobody_out_says_nothing_of_it(past: Past) -> None:
    assert "without a segment" not in past.notes(only(past.tables, ["A00050"]))
