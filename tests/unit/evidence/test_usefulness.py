"""Usefulness by number of segments: arithmetic on tiny data, shared folds, the ceiling, chance."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.cluster import KMeans
from sklearn.linear_model import Ridge

from gp_segmentation.evidence import (
    explained_variance,
    external_validity,
    linear_ceiling,
    mean_explained,
    unused_measures,
    usefulness,
    usefulness_table,
)
from gp_segmentation.evidence.external import UnusedMeasures
from gp_segmentation.evidence.linear_ceiling import predict_by_ridge
from gp_segmentation.evidence.variance_explained import predict_by_group, random_folds, t_interval
from gp_segmentation.features import build_blocks, build_features
from gp_segmentation.features.achievement import Achievement
from gp_segmentation.features.age_structure import AgeStructure

OPTIONS = {"folds": 5, "draws": 0}


def unused(
    values: pd.DataFrame, groupings: pd.DataFrame | None = None, block: str = "context"
) -> UnusedMeasures:
    words = pd.DataFrame({"label": "m", "block": block}, index=values.columns)
    return UnusedMeasures(values, pd.DataFrame(index=values.index) if groupings is None else groupings, words)


def test_two_groups_explain_what_arithmetic_says():
    # fold    0  1  0  1  0  1  0  1
    y = [1.0, 1, 3, 3, 5, 5, 7, 7]
    group = pd.Series([1, 1, 1, 1, 2, 2, 2, 2])
    found = predict_by_group(np.array([y]).T, group, np.array([0, 1] * 4), 2)
    # Each fold has 1, 3 | 5, 7; the other fold's means are 2 | 6 and 4: errors 4 x 1², of the mean 9+1+1+9.
    assert found.errors.tolist() == [[4.0], [4.0]]
    assert found.baselines.tolist() == [[20.0], [20.0]]
    assert_allclose(found.explained, [1 - 8 / 40])


def test_a_group_that_the_other_folds_do_not_have_is_predicted_by_their_mean():
    y = np.array([[0.0], [2.0], [6.0]])
    found = predict_by_group(y, pd.Series(["a", "a", "b"]), np.array([0, 1, 1]), 2)
    # Fold 0 is predicted by 2 (a), its mean by 4; fold 1 by 0 (a) and, for b, by the mean 0.
    assert found.errors.ravel().tolist() == [4.0, 4.0 + 36.0]
    assert found.baselines.ravel().tolist() == [16.0, 4.0 + 36.0]


def test_the_interval_is_that_of_nadeau_and_bengio():
    low, high = t_interval(0.2, np.array([0.1, 0.3]))
    # Standard deviation 0.1414, two folds: sqrt(1/2 + 1/1) = 1.2247, t of one degree of freedom 12.706.
    assert_allclose(high - 0.2, 0.1414214 * 1.2247449 * 12.7062047, rtol=1e-6)
    assert_allclose(0.2 - low, high - 0.2)


@pytest.fixture(scope="module")
def linear() -> dict[str, Any]:
    """Three measures of four columns: half signal, all of them linear; practices grouped by the columns."""
    rng = np.random.default_rng(5)
    X = pd.DataFrame(rng.normal(size=(600, 4)))
    signal = X.to_numpy() @ rng.normal(size=(4, 3))
    values = pd.DataFrame(signal + signal.std(axis=0) * rng.normal(size=(600, 3)), columns=["a", "b", "c"])
    values.iloc[:30, 0] = np.nan
    labels = {k: pd.Series(KMeans(k, n_init=2, random_state=0).fit_predict(X)) for k in (2, 4, 8)}
    return {"labels": labels, "chosen": 4, "unused": unused(values), "X": X, "options": OPTIONS}


def test_the_features_tell_more_than_groups_of_them_where_the_truth_is_linear(linear):
    found = usefulness(**linear, seed=2)
    shares = {row["k"]: row["cv"] for row in found["beyond_by_k"]}
    assert 0.1 < max(shares[2], shares[4]) < shares[8] < found["ceiling"]["cv"]
    assert found["ceiling"]["cv"] == pytest.approx(0.5, abs=0.05)  # as much signal as noise
    assert found["ceiling"]["features"] == 4


def test_a_row_is_the_mean_of_its_measures_and_blocks_and_is_compared_with_the_choice(linear):
    words = linear["unused"].words.assign(block=["one", "two", "two"])
    in_blocks = replace(linear["unused"], words=words)
    four, eight = usefulness(**linear | {"unused": in_blocks})["beyond_by_k"][1:]
    a, b, c = four["measures"].values()
    assert four["cv"] == pytest.approx((a + b + c) / 3)
    assert [(part["block"], part["measures"]) for part in four["blocks"]] == [("one", 1), ("two", 2)]
    assert [part["cv"] for part in four["blocks"]] == pytest.approx([a, (b + c) / 2])
    assert (four["added"], four["added_low"], four["added_high"]) == (0, 0, 0)
    # The folds are shared: the interval is that of the difference in each fold, mean over the measures.
    values, fold = linear["unused"].values.to_numpy(), random_folds(np.random.default_rng(0), 600, 5)
    by_4, by_8 = (predict_by_group(values, linear["labels"][k], fold, 5).by_fold for k in (4, 8))
    low, high = t_interval(eight["cv"] - four["cv"], (by_8 - by_4).mean(axis=1))
    assert [eight[key] for key in ("added_low", "added_high")] == pytest.approx([low, high])


def test_the_mean_of_a_measure_and_its_copy_is_no_surer_than_the_measure(linear):
    y = linear["unused"].values[["b"]]
    groups = pd.DataFrame({"segments": linear["labels"][4]})
    alone = explained_variance(y, groups, folds=5, draws=0, seed=3).iloc[0]
    row = usefulness(**linear | {"unused": unused(y.assign(copy=y["b"]))}, seed=3)["beyond_by_k"][1]
    expected = alone[["cv", "cv_low", "cv_high"]].tolist()
    assert [row["cv"], row["cv_low"], row["cv_high"]] == pytest.approx(expected)


def test_every_grouping_has_the_same_folds(linear):
    groups = linear["labels"][4]
    others = pd.DataFrame({"twin": groups, "some": groups.where(groups.index >= 30)})
    found = usefulness(
        **linear | {"unused": unused(linear["unused"].values, others)},
        levels={"supergroup": groups, "subgroup": linear["labels"][8]},
    )
    twin, some = found["beyond_others"]
    assert (twin["cv"], twin["added_low"], twin["added_high"]) == (found["beyond_by_k"][1]["cv"], 0, 0)
    # A level of as many groups as there are segments is the segments, and left out.
    assert found["beyond_levels"] == [{"level": "subgroup", **found["beyond_by_k"][2]}]
    # The measure a is not known of the first thirty either: without a group for them nothing changes.
    assert some["measures"]["a"] == pytest.approx(twin["measures"]["a"])
    assert some["measures"]["b"] != twin["measures"]["b"]


def test_labels_by_chance_explain_nothing_however_many():
    rng = np.random.default_rng(8)
    values = pd.DataFrame(rng.normal(size=(400, 6)), columns=list("abcdef"))
    labels = {k: pd.Series(rng.integers(k, size=400)) for k in (2, 5, 15, 50)}
    found = usefulness(labels, 5, unused(values), pd.DataFrame(rng.normal(size=(400, 5))), OPTIONS)
    shares = [row["cv"] for row in found["beyond_by_k"]]
    assert max(shares) < 0.005
    assert shares[3] < shares[2] < -0.02  # the more groups, the worse their means
    assert -0.02 < found["ceiling"]["cv"] < 0.005
    assert all(row["cv_low"] < row["cv"] < row["cv_high"] for row in found["beyond_by_k"])


def test_ridge_equals_scikit_learns_in_every_fold(linear, monkeypatch):
    monkeypatch.setattr(linear_ceiling, "PENALTIES", np.array([0.3]))
    X, values = linear["X"].to_numpy(), linear["unused"].values.to_numpy()
    fold = random_folds(np.random.default_rng(0), 600, 5)
    found = predict_by_ridge(linear["X"], values, fold, 5)
    for m, number in ((0, 0), (0, 3), (2, 1)):
        known = np.isfinite(values[:, m])
        train, test = known & (fold != number), known & (fold == number)
        # The penalty is a multiple of the mean sum of squares of a column around its mean.
        penalty = 0.3 * ((X[train] - X[train].mean(axis=0)) ** 2).sum() / 4
        predicted = Ridge(penalty).fit(X[train], values[train, m]).predict(X[test])
        assert found.errors[number, m] == pytest.approx(((values[test, m] - predicted) ** 2).sum())
        mean = values[train, m].mean()
        assert found.baselines[number, m] == pytest.approx(((values[test, m] - mean) ** 2).sum())


def test_the_ceiling_does_no_harm_with_more_columns_than_practices():
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(60, 100))).assign(constant=1.0)
    fold = random_folds(rng, 60, 5)
    noise, signal = rng.normal(size=60), X[0].to_numpy() * 1.0
    found = predict_by_ridge(X, np.stack([noise, signal], axis=1), fold, 5).explained
    assert found[0] > -0.25  # least squares: below -1
    assert found[1] > 0.05


def test_jobs_change_no_byte(linear):
    texts = {json.dumps(usefulness(**linear, seed=1, jobs=jobs)) for jobs in (1, 2)}
    assert len(texts) == 1


def test_means_are_those_of_the_evidence_beside_them(small_tables):
    """The deprivation score is a measure here, but fifths of it are not asked about it: no mean has it."""
    built = build_features({"age": AgeStructure()}, small_tables)
    achievement = build_blocks({"achievement": Achievement()}, small_tables)["achievement"]
    ordinary = built.features[small_tables.ordinary.to_numpy()]
    labels = pd.Series((ordinary.iloc[:, 0] > 0).astype(int) + 1, index=ordinary.index)
    comparators = {"deprivation": "imd_score", "list_size": [6000, 9000], "rurality": None}
    options = OPTIONS | {"context": True, "max_correlation": 0.9, "comparators": comparators}
    known = (small_tables.practices, small_tables.context, small_tables.context_dictionary)
    outcomes = {"achievement": (achievement.values, achievement.labels)}
    measures = unused_measures(labels.index, built.features, *known, outcomes, options)
    beyond = external_validity(labels, measures, options, seed=6)
    found = usefulness({2: labels}, 2, measures, ordinary.fillna(0), options, seed=6)
    assert "imd_score" in {row["measure"] for row in beyond["measures"]}
    assert "imd_score" not in found["ceiling"]["measures"]
    means = {"segments": found["beyond_by_k"][0]["cv"]}
    means |= {row["grouping"]: row["cv"] for row in found["beyond_others"]}
    assert means == pytest.approx(beyond["means"])
    assert means == pytest.approx(mean_explained(pd.DataFrame(beyond["measures"])))


@pytest.mark.parametrize("columns", [[], ["constant"]])
def test_without_measures_there_is_nothing(columns):
    values = pd.DataFrame(1.0, index=range(20), columns=columns)
    found = usefulness(
        {2: pd.Series([1, 2] * 10)}, 2, unused(values), pd.DataFrame({"x": range(20)}), OPTIONS
    )
    assert found == {"beyond_by_k": [], "beyond_levels": [], "beyond_others": [], "ceiling": {}}
    assert usefulness_table(found).empty


def test_the_table_has_a_row_per_grouping_and_a_column_per_measure(linear):
    found = usefulness(**linear, levels={"subgroup": linear["labels"][8]})
    table = usefulness_table(found)
    assert table["grouping"].tolist() == [*["segments"] * 3, "subgroup", "linear model of the features"]
    assert table["groups"].tolist() == [2, 4, 8, 8, pd.NA]
    assert table.columns.tolist()[-4:] == ["added_high", "a", "b", "c"]
    assert table.loc[1, "b"] == found["beyond_by_k"][1]["measures"]["b"]
    assert usefulness_table({}).columns.tolist()[:2] == ["grouping", "groups"]
