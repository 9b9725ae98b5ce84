"""What segments are made of and what they explain, against plain loops and scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from gp_segmentation.evidence import (
    block_shares,
    comparators,
    composition,
    explained_variance,
    external_validity,
    mean_explained,
    single_block_agreement,
    unused_measures,
)
from gp_segmentation.features import build_blocks, build_features
from gp_segmentation.features.achievement import Achievement
from gp_segmentation.features.age_structure import AgeStructure
from gp_segmentation.features.deprivation import Deprivation
from gp_segmentation.features.prevalence import Prevalence

EXTERNAL = {
    "context": True,
    "max_correlation": 0.9,
    "comparators": {"deprivation": "imd_score", "list_size": [6000, 9000], "rurality": None},
    "folds": 5,
    "draws": 10,
}


def eta_squared(y: np.ndarray, groups: np.ndarray) -> float:
    total = sum((value - y.mean()) ** 2 for value in y)
    within = sum(((y[groups == g] - y[groups == g].mean()) ** 2).sum() for g in set(groups.tolist()))
    return float(1 - within / total)


PAIR = ["measure", "grouping"]


@pytest.fixture
def measured() -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(2)
    groups = rng.integers(0, 4, 300)
    measures = pd.DataFrame({"known": groups + rng.normal(size=300), "noise": rng.normal(size=300)})
    measures.loc[:20, "known"] = np.nan
    groupings = pd.DataFrame({"segments": groups + 1, "random": rng.integers(0, 30, 300)}, dtype="Int64")
    groupings.loc[290:, "random"] = pd.NA
    return measures, groupings


def test_eta_squared_equals_a_plain_one_over_known_pairs(measured):
    measures, groupings = measured
    found = explained_variance(measures, groupings, draws=0).set_index(PAIR)
    for (measure, grouping), row in found.iterrows():
        known = measures[measure].notna() & groupings[grouping].notna()
        y = measures.loc[known, measure].to_numpy()
        expected = eta_squared(y, groupings.loc[known, grouping].to_numpy(dtype=int))
        assert row["eta2"] == pytest.approx(expected)
        assert row["practices"] == known.sum()
        assert np.isnan(row["low"])


@pytest.mark.parametrize("grouping", ["segments", "random"])
def test_cross_validation_equals_a_plain_one_over_the_same_folds_for_every_grouping(measured, grouping):
    measures, groupings = measured
    found = explained_variance(measures, groupings, folds=5, draws=0, seed=4).set_index(PAIR)
    y, groups = measures["noise"].to_numpy(), groupings[grouping].to_numpy(dtype=float, na_value=np.nan)
    part = np.random.default_rng(4).permutation(np.arange(300) % 5)  # also of the practices without a group
    error = baseline = 0.0
    for fold in range(5):
        train, test = ((part != fold) & ~np.isnan(groups)), ((part == fold) & ~np.isnan(groups))
        for i in np.flatnonzero(test):
            alike = y[train & (groups == groups[i])]
            error += (y[i] - (alike.mean() if len(alike) else y[train].mean())) ** 2
        baseline += ((y[test] - y[train].mean()) ** 2).sum()
    assert found.loc[("noise", grouping), "cv"] == pytest.approx(1 - error / baseline)


def test_groups_without_meaning_explain_nothing(measured):
    found = explained_variance(*measured, folds=5, draws=0, seed=4).set_index(PAIR)
    # Thirty groups "explain" a tenth of noise, and cross-validated less than nothing.
    assert found.loc[("noise", "random"), "eta2"] > 0.05
    assert found.loc[("noise", "random"), "cv"] < 0


def test_intervals_hold_the_figure_and_narrow_with_more_practices(measured):
    measures, groupings = measured
    found = explained_variance(measures, groupings, draws=100, seed=1).set_index(PAIR)
    row = found.loc[("known", "segments")]
    assert row["low"] < row["eta2"] < row["high"]
    assert row["cv_low"] < row["cv"] < row["cv_high"]
    many = [pd.concat([frame] * 4, ignore_index=True) for frame in measured]
    wide = explained_variance(*many, draws=100, seed=1).set_index(PAIR).loc[("known", "segments")]
    assert wide["high"] - wide["low"] < 0.7 * (row["high"] - row["low"])


def test_jobs_change_nothing(measured):
    one, two = (explained_variance(*measured, draws=5, seed=3, jobs=jobs) for jobs in (1, 2))
    assert_frame_equal(one, two, check_exact=True)


def test_a_grouping_is_not_asked_about_the_measure_it_was_cut_from():
    measures = pd.DataFrame({"imd_score": [1.0, 2, 3, 4, 5, 6], "other": [1.0, 2, 1, 2, 1, 2]})
    groupings = pd.DataFrame({"segments": [1, 1, 1, 2, 2, 2], "deprivation": [0, 0, 1, 1, 2, 2]})
    found = explained_variance(measures, groupings, folds=2, draws=0)
    pairs = set(zip(found["measure"], found["grouping"], strict=True))
    assert pairs == {("imd_score", "segments"), ("other", "segments"), ("other", "deprivation")}
    assert set(mean_explained(found)) == {"segments", "deprivation"}
    assert mean_explained(found)["segments"] == pytest.approx(
        found.set_index(PAIR).loc[("other", "segments"), "cv"]
    )


def test_blocks_share_what_lies_between_segments():
    X = pd.DataFrame({"a": [0.0, 0, 4, 4], "b": [1.0, -1, 1, -1], "c": [0.0, 2, 2, 4], "stray": 0.0})
    found = block_shares(X, [1, 1, 2, 2], {"a": "one", "b": "two", "c": "two"}).set_index("block")
    # between: a 4 (2)² = 16, b 0, c 4 (1)² = 4; total: a 16, b 4, c 8
    assert found.loc["one", ["features", "share_total", "share_between", "explained"]].tolist() == (
        pytest.approx([1, 16 / 28, 16 / 20, 1.0])
    )
    assert found.loc["two", ["share_total", "share_between", "explained"]].tolist() == (
        pytest.approx([12 / 28, 4 / 20, 4 / 12])
    )


def test_what_made_the_segments_reproduces_them(planted):
    X, truth = planted
    labels = pd.Series(truth)
    frame = pd.DataFrame(X)
    frame.iloc[0, 0] = np.nan
    noise = pd.DataFrame(np.random.default_rng(0).normal(size=(330, 2))).assign(flat=1.0)
    found = single_block_agreement({"all": frame, "noise": noise, "flat": noise[["flat"]]}, labels)
    assert found["reference"].tolist() == ["all", "noise"]  # a constant is left out
    assert found["ari"].tolist() == pytest.approx([1.0, 0.0], abs=0.05)


@pytest.fixture(scope="module")
def need(small_tables):
    blocks = {"age_structure": AgeStructure(weight=2.0), "deprivation": Deprivation()}
    built = build_features(blocks, small_tables)
    labels = pd.Series((built.natural["imd_score"] > 22).astype(int) + 1, index=built.features.index)
    return built, labels[small_tables.ordinary.to_numpy()]


def test_made_of_names_blocks_and_what_each_gives_alone(need, small_tables):
    built, labels = need
    references = build_blocks({"age": AgeStructure(), "gone": Deprivation(measure="imd_1066")}, small_tables)
    assert set(references) == {"age"}
    filled = built.features.fillna(built.features.median()).loc[labels.index]
    components = pd.DataFrame({"PC1": filled.sum(axis=1)})
    for X in (filled, components):
        columns = {name: block.values for name, block in references.items()}
        found = composition(X, labels, built.features, built.dictionary, columns)
        shares = {row["block"]: row["share_between"] for row in found["blocks"]}
        assert shares["deprivation"] > 0.5
        assert sum(shares.values()) == pytest.approx(1.0)
        alone = {row["reference"]: row["ari"] for row in found["alone"]}
        assert alone["deprivation"] > alone["age"]
        assert set(alone) == {"age_structure", "deprivation", "age"}


def test_external_validity_leaves_out_what_was_used_and_what_is_as_good_as_used(need, small_tables):
    built, labels = need
    blocks = build_blocks({"achievement": Achievement(), "prevalence": Prevalence()}, small_tables)
    outcomes = {name: (block.values, block.labels) for name, block in blocks.items()}
    known = (small_tables.practices, small_tables.context, small_tables.context_dictionary)

    def validity(features, outcomes, options=EXTERNAL):
        unused = unused_measures(labels.index, features, *known, outcomes, options)
        return external_validity(labels, unused, options)

    found = validity(built.features, outcomes)
    measures = {row["measure"] for row in found["measures"]}
    assert "imd_score" not in measures
    assert "non_white_percent" in measures
    assert {row["block"] for row in found["measures"]} == {"context", "achievement", "prevalence"}
    assert set(found["means"]) == {"segments", "icb", "list_size", "deprivation"}
    performance = build_features({"a": Achievement(indicators=["DM006"])}, small_tables).features
    other = validity(performance, outcomes)
    assert not [row for row in other["measures"] if row["block"] == "achievement"]
    assert validity(built.features, {}, EXTERNAL | {"context": False}) == {"measures": [], "means": {}}


def test_comparators_cut_what_is_known(small_tables):
    options = {"deprivation": "imd_score", "list_size": [6000, 9000], "rurality": "non_white_percent"}
    found = comparators(small_tables.practices, small_tables.context, options)
    assert found["deprivation"].value_counts().max() <= 25
    assert found["deprivation"].isna().sum() == 1
    sizes = small_tables.practices.set_index("practice_code")["list_size"]
    assert sizes.groupby(found["list_size"]).max()[0] < 6000
    assert sizes.groupby(found["list_size"]).min()[2] >= 9000
    assert found["rurality"].nunique() == 5
    without = comparators(small_tables.practices, small_tables.context, options | {"deprivation": "imd_1066"})
    assert "deprivation" not in without
    assert_allclose(without["icb"].notna().mean(), 1.0)
