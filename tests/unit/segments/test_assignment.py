"""New practices in existing segments: the run's own keep theirs, and nothing is estimated again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

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
from gp_segmentation.segments.assignment import assign_practices
from gp_segmentation.segments.model import Segments, add_segments
from gp_segmentation.segments.table import segment_table

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


@pytest.fixture(scope="module")
def past(small_tables: Tables) -> Past:
    built = build_features(BLOCKS, small_tables)
    steps = (
        knn_imputer(5),
        FunctionTransformer(feature_names_out="one-to-one"),
        StandardScaler(),
    )
    pipeline = build_pipeline(*steps, FunctionTransformer(feature_names_out="one-to-one"), built.dictionary)
    result = prepare_matrix(built.features, small_tables.ordinary, pipeline, built.dictionary)
    X = result.matrix[small_tables.ordinary.to_numpy()]
    labels = pd.Series(KMeans(3, random_state=0, n_init=3).fit_predict(X) + 1, index=X.index)
    labels.iloc[:4] = labels.iloc[:4] % 3 + 1  # not the nearest centroid, as with hierarchical segments
    levels = nest(X, labels, supergroups=2, most_subgroups=8, floor=5, keys=X.index)
    names, certainty = {1: "One", 2: "Two", 3: "Three"}, pd.Series(1.0, index=X.index)
    table, _ = segment_table(result.matrix, labels, small_tables.practices, names, levels, certainty)
    return Past(small_tables, add_segments(result.pipeline, result.matrix, labels, levels), table)


def only(tables: Tables, codes: list[str]) -> Tables:
    """The tables of a few practices."""
    names = ("practices", "registers", "achievement", "age_sex", "context")
    kept = {n: getattr(tables, n)[getattr(tables, n)["practice_code"].isin(codes)] for n in names}
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
    assert_frame_equal(found[columns], past.segments[columns], check_exact=False, rtol=1e-9)
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
    assert f"{share:.1%} of the run's own" in past.notes(only(past.tables, ["A00050"]))
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
