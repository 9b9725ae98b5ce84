"""The pipeline from features to the matrix that is clustered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from sklearn.decomposition import PCA, FactorAnalysis, FastICA
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.matrix.pipeline import build_pipeline, count_imputed, prepare_matrix
from gp_segmentation.matrix.transformers import BlockWeights, ClipRobustZ, NamedComponents, Winsorise

DICTIONARY = pd.DataFrame(
    {
        "feature": ["a", "b", "c"],
        "label": ["Feature a", "Feature b", "Feature c"],
        "block": ["one", "one", "two"],
        "weight": [3.0, 3.0, 0.5],
    }
)


def identity():
    return FunctionTransformer(feature_names_out="one-to-one")


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(60, 3)) @ np.array([[2.0, 1, 0], [0, 1, 1], [0, 0, 5]])
    frame = pd.DataFrame(values, columns=["a", "b", "c"], index=[f"A{i:05d}" for i in range(60)])
    frame.iloc[3, 0] = frame.iloc[7, 0] = frame.iloc[3, 2] = np.nan
    frame.iloc[59] = [500.0, np.nan, -80.0]  # special: it must not influence the fit
    return frame.rename_axis(index="practice_code")


@pytest.fixture
def fitted(features):
    return pd.Series(np.arange(60) < 59, index=features.index)


def pipeline(reducer=None, outliers=None, scaler=None):
    return build_pipeline(
        SimpleImputer(strategy="median"), outliers or identity(), scaler or StandardScaler(),
        reducer or identity(), DICTIONARY,
    )  # fmt: skip


def test_each_blocks_variance_is_its_weight(features, fitted):
    matrix = prepare_matrix(features, fitted, pipeline(), DICTIONARY).matrix
    variance = matrix[fitted].var(ddof=0)
    assert_allclose([variance["a"] + variance["b"], variance["c"]], [3.0, 0.5])


def test_special_practices_are_transformed_but_not_fitted(features, fitted):
    complete = prepare_matrix(features, fitted, pipeline(), DICTIONARY).matrix
    without = prepare_matrix(features.iloc[:59], fitted.iloc[:59], pipeline(), DICTIONARY).matrix
    assert_frame_equal(complete.iloc[:59], without)
    assert np.isfinite(complete.iloc[59]).all()


def test_missing_values_become_the_fitted_median_and_are_counted(features, fitted):
    result = prepare_matrix(features, fitted, pipeline(scaler=identity()), DICTIONARY)
    factor = np.sqrt(0.5 / features.loc[fitted, "c"].fillna(features.loc[fitted, "c"].median()).var(ddof=0))
    assert_allclose(result.matrix.loc["A00003", "c"], features.loc[fitted, "c"].median() * factor)
    expected = pd.DataFrame(
        {
            "feature": ["a", "b", "c"],
            "label": ["Feature a", "Feature b", "Feature c"],
            "count": [2, 1, 1],
            "share": [2 / 60, 1 / 60, 1 / 60],
        }
    )
    assert_frame_equal(result.imputed, expected)
    assert_frame_equal(count_imputed(features, DICTIONARY), expected)


def test_without_a_reducer_columns_keep_their_names_and_there_are_no_loadings(features, fitted):
    result = prepare_matrix(features, fitted, pipeline(), DICTIONARY)
    assert list(result.matrix) == ["a", "b", "c"]
    assert result.matrix.index.equals(features.index)
    assert result.loadings.empty


@pytest.mark.parametrize(
    ("reducer", "names"),
    [
        (PCA(n_components=2, svd_solver="full"), ["PC1", "PC2"]),
        (PCA(n_components=0.5, svd_solver="full"), ["PC1"]),
        (FactorAnalysis(n_components=1, random_state=0), ["factor_1"]),
        (FastICA(n_components=2, random_state=0), ["component_1", "component_2"]),
    ],
)
def test_components_are_named_and_signed(features, fitted, reducer, names):
    result = prepare_matrix(features, fitted, pipeline(reducer), DICTIONARY)
    assert list(result.matrix) == list(result.loadings) == names
    assert result.loadings.index.tolist() == ["a", "b", "c"]
    largest = result.loadings.to_numpy()[np.abs(result.loadings.to_numpy()).argmax(axis=0), range(len(names))]
    assert (largest > 0).all()


def test_loadings_are_covariances_with_the_standardised_component(features, fitted):
    result = prepare_matrix(features, fitted, pipeline(PCA(n_components=3, svd_solver="full")), DICTIONARY)
    inputs = result.pipeline[:-1].transform(features[fitted])
    scores = result.matrix[fitted]
    expected = inputs.T @ (scores / scores.std()) / (len(scores) - 1)
    assert_allclose(result.loadings, expected, atol=1e-12)


def test_the_order_of_practices_does_not_matter(features, fitted):
    shuffled = features.sample(frac=1, random_state=np.random.RandomState(1))
    straight = prepare_matrix(features, fitted, pipeline(), DICTIONARY).matrix
    assert_frame_equal(prepare_matrix(shuffled, fitted, pipeline(), DICTIONARY).matrix.sort_index(), straight)


def test_too_few_ordinary_practices_are_refused(features, fitted):
    with pytest.raises(InputError, match="only 0 practices are not special"):
        prepare_matrix(features, fitted & False, pipeline(), DICTIONARY)


def test_a_value_that_is_not_finite_is_named(features, fitted):
    logarithm = FunctionTransformer(_negative_infinity, feature_names_out="one-to-one")
    with pytest.raises(InputError, match="matrix, column b: a value is not finite"):
        prepare_matrix(features, fitted, pipeline(reducer=logarithm), DICTIONARY)


def _negative_infinity(frame):
    return frame.assign(b=-np.inf)


COLUMN = pd.DataFrame({"x": [0.0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1000], "flat": [1.0] * 10 + [5.0]})


def test_winsorise_clips_to_quantiles():
    clipped = Winsorise(lower=0.1, upper=0.9).fit_transform(COLUMN)
    assert_allclose(clipped[:, 0], [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9])


def test_clip_limits_to_robust_standard_deviations():
    clipped = ClipRobustZ(limit=2).fit_transform(COLUMN)
    # median 5, MAD 3: 5 + 2 x 1.4826 x 3 = 13.896; a column with MAD 0 is not clipped
    assert_allclose(clipped[:, 0], [*range(10), 5 + 2 * 1.4826022185056018 * 3])
    assert_allclose(clipped[:, 1], COLUMN["flat"])


@pytest.mark.parametrize("step", [Winsorise(lower=0.9, upper=0.1), ClipRobustZ(limit=0)])
def test_impossible_limits_are_refused(step):
    with pytest.raises(ConfigError):
        step.fit(COLUMN)


def test_a_block_that_does_not_vary_is_refused():
    step = BlockWeights({"x": "one", "flat": "two"}, {"one": 1.0, "two": 1.0})
    with pytest.raises(ConfigError, match="block two does not vary among the fitted practices"):
        step.fit(COLUMN.assign(flat=1.0))


def test_named_components_do_not_depend_on_the_sign_of_the_reducer():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=["a", "b", "c"])
    one = NamedComponents(PCA(2), "PC").set_output(transform="pandas").fit(frame)
    other = NamedComponents(PCA(2), "PC").set_output(transform="pandas").fit(frame)
    other.reducer_.components_ *= -1
    other.signs_ *= -1
    assert_frame_equal(one.transform(frame), other.transform(frame))
    assert_frame_equal(one.loadings(), other.loadings())


@pytest.mark.parametrize("count", [2, 0.9])
def test_principal_components_are_described_by_share_and_correlations(count, features, fitted):
    result = prepare_matrix(features, fitted, pipeline(PCA(count, svd_solver="full")), DICTIONARY)
    weighted = prepare_matrix(features, fitted, pipeline(), DICTIONARY).matrix
    oracle = PCA(result.matrix.shape[1]).fit(weighted[fitted])
    assert_allclose(result.components["share"], oracle.explained_variance_ratio_)
    assert_allclose(result.components["cumulative"].iloc[-1], oracle.explained_variance_ratio_.sum())
    assert list(result.components["component"]) == list(result.matrix)
    # The correlation of the feature named first is the one stated.
    name, value = result.components["features"].iloc[0].split("; ")[0].rsplit(" ", 1)
    feature = name.removeprefix("Feature ")
    both = weighted[fitted].assign(component=result.matrix.loc[fitted, "PC1"])
    correlation = both[[feature, "component"]].corr().iloc[0, 1]
    assert float(value.replace("−", "-")) == pytest.approx(correlation, abs=0.006)


def test_the_share_of_factors_is_their_common_variance(features, fitted):
    result = prepare_matrix(features, fitted, pipeline(FactorAnalysis(1)), DICTIONARY)
    assert_allclose(
        result.components["share"], (result.loadings**2).sum().to_numpy() / 3.5
    )  # weights 3 and .5


def test_without_a_reducer_there_are_no_components(features, fitted):
    result = prepare_matrix(features, fitted, pipeline(), DICTIONARY)
    assert result.components.empty
    assert list(result.components) == ["component", "share", "cumulative", "features"]
