"""Extreme data give a correct answer, or an error that says what is wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hydra.utils import instantiate
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.cluster import KMeans
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from gp_segmentation import config
from gp_segmentation.clustering import Hierarchical, nest
from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.matrix.pipeline import build_pipeline, prepare_matrix
from gp_segmentation.segments.table import segment_table
from gp_segmentation.study import open_space, run_study
from gp_segmentation.validity import score_labellings

ROWS = 60


def frame(values: np.ndarray) -> pd.DataFrame:
    codes = [f"A{i:05d}" for i in range(len(values))]
    names = [f"f{j}" for j in range(values.shape[1])]
    return pd.DataFrame(values, index=pd.Index(codes, name="practice_code"), columns=names)


def dictionary(features: pd.DataFrame) -> pd.DataFrame:
    names = list(features.columns)
    return pd.DataFrame({"feature": names, "label": names, "block": names, "weight": 1.0})


def matrix_of(features: pd.DataFrame, **steps) -> pd.DataFrame:
    same = FunctionTransformer(feature_names_out="one-to-one")
    steps = {
        "imputer": SimpleImputer(strategy="median"),
        "outliers": same,
        "scaler": StandardScaler(),
    } | steps
    pipeline = build_pipeline(**{"reducer": same} | steps, dictionary=dictionary(features))
    fitted = pd.Series(True, index=features.index)
    return prepare_matrix(features, fitted, pipeline, dictionary(features)).matrix


@pytest.fixture
def features() -> pd.DataFrame:
    """Two groups of 40 and 20 practices, far apart in three features."""
    rng = np.random.default_rng(3)
    return frame(np.repeat([[0.0], [9.0]], [40, 20], axis=0) + rng.normal(size=(ROWS, 3)))


def nodes(**fixed) -> dict:
    kmeans = {"_target_": "sklearn.cluster.KMeans", "n_clusters": None, "n_init": 2, "random_state": 0}
    tree = {"_target_": "gp_segmentation.clustering.Hierarchical", "n_clusters": None, "linkage": None}
    return {"name": "open", "candidates": {"kmeans": kmeans | fixed, "hierarchical": tree | fixed}}


@pytest.fixture
def options(compose_option):
    made = compose_option("study", "default") | {"n_clusters": {"low": 2, "high": 4}, "storage": None}
    made["null_model"] = made["null_model"] | {"n_init": 1}
    made["rule"] = made["rule"] | {"min_practices": 2, "stability_draws": 2, "splits": 2}
    return made


def studied(X: pd.DataFrame, options: dict, **fixed):
    return run_study(X, open_space(nodes(**fixed), options), config.build, options, seed=1)


@pytest.mark.parametrize("k", [60, 61, 100_000])
def test_as_many_segments_as_practices_or_more_are_refused_before_any_work(features, options, k):
    with pytest.raises(ConfigError, match=rf"n_clusters reaches {k}, but only 60 practices are fitted"):
        studied(features, options, n_clusters=k)


def test_all_practices_but_one_can_be_segments(features, options):
    options["rule"] |= {"min_practices": 1, "stability_draws": 0}
    found = studied(features.iloc[:8], options, n_clusters=7)
    assert set(found.trials["n_clusters"]) == {7}
    assert np.isfinite(found.trials["inertia"]).all()


@pytest.mark.parametrize("rows", [0, 1])
def test_one_practice_or_none_cannot_be_fitted(features, rows):
    with pytest.raises(InputError, match=rf"only {rows} practices are not special; fitting needs two"):
        matrix_of(features.iloc[:rows])


def test_identical_practices_are_refused_naming_the_block_that_does_not_vary(features):
    identical = features * 0 + 3.5
    with pytest.raises(ConfigError, match=r"block f0 does not vary among the fitted practices. Leave it out"):
        matrix_of(identical)


@pytest.mark.parametrize("different", [1, 3])
def test_a_study_of_practices_with_too_few_different_rows_is_refused(features, options, different):
    rows = features.iloc[[i % different for i in range(ROWS)]]
    with pytest.raises(ConfigError, match=rf"reaches 4, but the 60 .* have only {different} different rows"):
        studied(rows, options)


def test_a_feature_without_values_is_refused_by_name(features):
    with pytest.raises(InputError, match=r"f1"):
        matrix_of(features.assign(f1=np.nan))


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinity_is_refused_by_name(features, value):
    features.iloc[5, 2] = value
    with pytest.raises(InputError, match=r"f2"):
        matrix_of(features)


def test_missing_values_take_the_median(features):
    features.iloc[7, 0] = np.nan
    filled = features["f0"].fillna(features["f0"].median())
    z = (filled - filled.mean()) / filled.std(ddof=0)
    assert_allclose(matrix_of(features)["f0"], z)


def test_collinear_features_give_the_same_segments_as_one_of_them(features, options):
    once = matrix_of(features)
    twice = matrix_of(features.assign(f3=2 * features["f0"] + 1, f4=-features["f0"]))
    assert np.isfinite(twice.to_numpy()).all()
    one, other = studied(once, options), studied(twice, options)
    assert one.choice["n_clusters"] == other.choice["n_clusters"] == 2
    labels = [found.result.labels[found.choice["trial"]] for found in (one, other)]
    assert_array_equal(*[found == found[0] for found in labels])


@pytest.mark.parametrize("outlier", [1e12, -1e12])
def test_an_outlier_of_1e12_is_clipped_by_default_and_hides_no_segment(
    features, options, compose_option, outlier
):
    features.iloc[0, 0] = outlier
    clip = instantiate(
        {k: v for k, v in compose_option("outliers", "clip").items() if k == "_target_" or k == "limit"}
    )
    X = matrix_of(features, outliers=clip)
    assert np.abs(X.to_numpy()).max() < 50
    found = studied(X, options)
    assert found.choice["n_clusters"] == 2
    labels = found.result.labels[found.choice["trial"]]
    assert_array_equal(np.bincount(labels)[[labels[1], labels[-1]]], [40, 20])


def test_scores_stay_correct_with_an_outlier_of_1e12(features):
    from sklearn.metrics import silhouette_score

    values = features.to_numpy(copy=True)
    values[0, 0] = 1e12
    labels = np.repeat([0, 1], [40, 20])
    found = score_labellings(values, labels)
    assert_allclose(found.silhouette[0], silhouette_score(values, labels), atol=1e-6)
    assert_allclose(
        found.within[0], KMeans(1).fit(values[:40]).inertia_ + KMeans(1).fit(values[40:]).inertia_
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_scores_of_values_that_are_not_finite_are_refused(features, value):
    values = features.to_numpy(copy=True)
    values[3, 1] = value
    with pytest.raises(ValueError, match=r"X must be a table of finite numbers"):
        score_labellings(values, np.zeros(ROWS, dtype=int))


def test_hierarchical_refuses_more_clusters_than_rows(features):
    with pytest.raises(ConfigError, match=r"n_clusters must lie in 1\.\.5"):
        Hierarchical(n_clusters=6, linkage="ward").fit(features.iloc[:5])


def test_a_special_practice_half_way_between_two_segments_has_margin_zero():
    X = frame(np.array([[0.0], [0.0], [2.0], [2.0], [1.0]]))
    labels = pd.Series([1, 1, 2, 2], index=X.index[:4])
    texts = ("practice_name", "sub_icb_name", "icb_name", "region_name")
    practices = pd.DataFrame({"practice_code": X.index, **dict.fromkeys(texts, "x"), "special": None})
    practices[["pcn_code", "pcn_name", "sub_icb_code", "icb_code", "region_code"]] = "x"
    levels = nest(X.loc[labels.index], labels, supergroups=2, most_subgroups=2, floor=1)
    sure = pd.DataFrame({"certainty": 1.0}, labels.index)
    table, _ = segment_table(X, labels, practices.assign(list_size=5000), {1: "one", 2: "two"}, levels, sure)
    last = table.iloc[-1]
    assert (last["segment"], last["second_segment"], last["margin"]) == (1, 2, 0.0)
