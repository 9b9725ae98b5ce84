from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy.stats import binom, chisquare, kstest, spearmanr
from sklearn.cluster import KMeans

from gp_segmentation.evidence.labellings import Labellings
from gp_segmentation.evidence.nulls_by_k import nulls_by_k
from gp_segmentation.validity import compare_with_null, draw_null, null_means, score_labellings
from gp_segmentation.validity.null_models import NULLS, _root

gaussian_null = partial(draw_null, kind="gaussian")


def test_the_null_has_the_covariance_of_the_data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3)) @ rng.normal(size=(3, 5))  # five columns of rank three
    root = _root(np.cov(X, rowvar=False))
    assert_allclose(root @ root.T, np.cov(X, rowvar=False), atol=1e-10)


def test_draws_depend_on_the_seed_alone():
    X = np.random.default_rng(1).normal(size=(120, 3))
    one, two = (gaussian_null(X, [2, 3], draws=3, n_init=1, seed=9, jobs=jobs) for jobs in (1, 2))
    assert_frame_equal(one, two, check_exact=True)
    other = gaussian_null(X, [2, 3], draws=3, n_init=1, seed=10)
    assert (one["silhouette"] != other["silhouette"]).all()
    assert one[["draw", "k"]].values.tolist() == [[0, 2], [0, 3], [1, 2], [1, 3], [2, 2], [2, 3]]


def test_a_gaussian_scores_as_its_null_and_groups_score_above(planted, unstructured):
    above = gaussian_null(planted[0], [3], draws=3, n_init=2, seed=0)
    assert null_means(above)[3] < 0.4  # the planted groups themselves score above .6
    # Of 20 clouds, each against 19 draws, about one lies above all of them (exactly 1 in 20 expected).
    exceed = 0
    for seed in range(20):
        cloud = unstructured("gaussian", seed, rows=120)
        frames = gaussian_null(cloud, [3], draws=19, n_init=1, seed=seed)["silhouette"]
        own = gaussian_null(cloud, [3], draws=1, n_init=1, seed=1000 + seed)["silhouette"][0]
        exceed += own > frames.max()
    assert exceed <= 4  # P(more than 4 of 20 at 1 in 20) = 0.003


def test_the_table_sums_up_by_k():
    null = pd.DataFrame({"draw": [0, 1, 0, 1], "k": [2, 2, 3, 3], "silhouette": [0.2, 0.4, 0.1, 0.1]})
    table = compare_with_null(pd.Series({2: 0.5, 3: 0.5}), null)
    assert table.loc[2, ["mean", "low", "high"]].tolist() == pytest.approx([0.3, 0.2, 0.4])
    assert null_means(null) == pytest.approx({2: 0.3, 3: 0.1})


def test_no_draws_give_an_empty_table():
    null = gaussian_null(np.eye(4), [2, 3], draws=0)
    assert null.empty
    assert null_means(null) == {}


@pytest.fixture(scope="module")
def skewed() -> np.ndarray:
    """Correlated columns with long tails, of which the last is the sum of the others, as in log-ratios."""
    rng = np.random.default_rng(3)
    X = np.exp(rng.normal(size=(3000, 3)) @ np.array([[1, 0.6, 0], [0, 0.8, 0.3], [0, 0, 0.5]]))
    return np.column_stack([X, X.sum(axis=1)])


def cloud(kind: str, X: np.ndarray) -> np.ndarray:
    return NULLS[kind](X)(np.random.default_rng(8))


def test_the_gaussian_keeps_covariance_and_dependent_columns(skewed):
    drawn = cloud("gaussian", skewed)
    spread = skewed.std(axis=0)
    assert_allclose(np.cov(drawn / spread, rowvar=False), np.cov(skewed / spread, rowvar=False), atol=0.1)
    assert_allclose(drawn[:, 3], drawn[:, :3].sum(axis=1), atol=1e-5)


def test_the_copula_keeps_every_value_and_the_rank_correlations(skewed):
    drawn = cloud("copula", skewed)
    assert_allclose(np.sort(drawn, axis=0), np.sort(skewed, axis=0))
    ranks = [spearmanr(X).statistic for X in (drawn, skewed)]
    assert_allclose(*ranks, atol=0.05)


def test_the_permutation_keeps_values_and_no_correlation(skewed):
    drawn = cloud("permutation", skewed)
    assert_allclose(np.sort(drawn, axis=0), np.sort(skewed, axis=0))
    assert np.abs(np.corrcoef(drawn, rowvar=False) - np.eye(4)).max() < 0.1


def test_the_uniform_box_lies_along_the_principal_axes(skewed):
    drawn = cloud("uniform", skewed)
    _, axes = np.linalg.eigh(np.cov(skewed, rowvar=False))
    for own, other in zip((drawn @ axes).T, ((skewed - skewed.mean(axis=0)) @ axes).T, strict=True):
        assert own.min() >= other.min() - 1e-9
        assert own.max() <= other.max() + 1e-9
        if np.ptp(other) > 1e-9:  # the axis along which the columns depend on one another is flat
            assert kstest(own, "uniform", (own.min(), np.ptp(own))).pvalue > 0.001


@pytest.mark.parametrize("kind", NULLS)
def test_constant_and_tied_columns_are_no_obstacle(kind):
    rng = np.random.default_rng(0)
    X = np.column_stack([np.full(200, 3.0), rng.integers(0, 3, 200), rng.normal(size=200)]).astype(float)
    found = draw_null(X, [1, 2], kind=kind, draws=2, n_init=1, seed=1)
    assert np.isfinite(found["log_within"]).all()
    assert found.loc[found["k"] == 2, "silhouette"].between(-1, 1).all()


def test_kinds_do_not_share_their_clouds_and_more_ks_change_none(skewed):
    frames = {kind: draw_null(skewed[:200], [2, 3], kind=kind, draws=2, n_init=1, seed=4) for kind in NULLS}
    assert len({round(frame["log_within"][0], 9) for frame in frames.values()}) == len(NULLS)
    for kind, frame in frames.items():
        fewer = draw_null(skewed[:200], [3], kind=kind, draws=2, n_init=1, seed=4)
        again = frame[frame["k"] == 3].reset_index(drop=True)
        assert_frame_equal(fewer, again, check_exact=True)


def test_the_observed_beside_the_draws():
    #        k = 2: draws .1 .3, observed .4; k = 3: draws .2 .2, observed .2
    null = pd.DataFrame({"draw": [0, 1, 0, 1], "k": [2, 2, 3, 3], "silhouette": [0.1, 0.3, 0.2, 0.2]})
    found = compare_with_null(pd.Series({2: 0.4, 3: 0.2, 4: 0.1}), null)
    sd = np.sqrt((0.1**2 + 0.1**2) / (2 - 1))
    assert found.loc[2, ["excess", "effect", "exceedance", "p"]].tolist() == pytest.approx(
        [0.4 - 0.2, (0.4 - 0.2) / sd, 2 / 2, (1 + 0) / (1 + 2)]
    )
    assert found.loc[3, ["excess", "exceedance", "p"]].tolist() == pytest.approx([0, 0, (1 + 2) / (1 + 2)])
    assert np.isnan(found.loc[3, "effect"])
    assert found.loc[4, ["excess", "exceedance", "p"]].isna().all()


@pytest.fixture(scope="module")
def exceedances() -> np.ndarray:
    """Of 100 data sets that are one Gaussian, the share of 19 draws below each: its own null, like starts."""
    found = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(100, 4)) @ rng.normal(size=(4, 4))
        labels = KMeans(3, n_init=1, random_state=seed).fit_predict(X)
        observed = pd.Series({3: float(score_labellings(X, labels).silhouette[0])})
        beside = compare_with_null(observed, gaussian_null(X, [3], draws=19, n_init=1, seed=seed))
        assert beside.loc[3, "p"] == pytest.approx((1 + 19 * (1 - beside.loc[3, "exceedance"])) / 20)
        found.append(beside.loc[3, "exceedance"])
    return np.array(found)


def test_the_covariance_test_has_its_nominal_size(exceedances):
    """Rejections are Binomial(100, level); each bound fails once in 1,000 if the size is right."""
    for level in (0.05, 0.10, 0.20):
        rejected = int(((1 + np.round(19 * (1 - exceedances))) / 20 <= level + 1e-9).sum())
        assert rejected <= binom.ppf(0.999, 100, level)
    assert (exceedances >= 0.8 - 1e-9).sum() >= binom.ppf(0.001, 100, 0.2)


def test_exceedances_on_one_gaussian_are_about_uniform(exceedances):
    """Twenty values 0/19 to 19/19, alike in likelihood, counted in five groups of four."""
    counts = np.bincount(np.round(19 * exceedances).astype(int) // 4, minlength=5)
    assert chisquare(counts).pvalue > 0.001
    assert exceedances.mean() == pytest.approx(0.5, abs=3.3 * np.sqrt(1 / 12 / 100))


def test_the_data_are_tested_from_as_many_starts_as_the_draws():
    X = np.random.default_rng(3).normal(size=(150, 4))
    labels = KMeans(5, n_init=10, random_state=7).fit_predict(X)
    labellings = Labellings(X, [5], labels, KMeans(5, n_init=10, random_state=7), seed=7)
    reported = pd.Series({5: 0.5})
    table = nulls_by_k(
        labellings, reported, {"nulls": {"gaussian": 6, "copula": 6}, "n_init": {"nulls": 1, "by_k": 1}}
    )
    like = score_labellings(X, KMeans(5, n_init=1, random_state=7).fit_predict(X))
    for row in table[table["k"] == 5].itertuples():
        drawn = draw_null(X, [5], kind=row.kind, draws=6, n_init=1, seed=7)
        assert row.excess == pytest.approx(0.5 - drawn["silhouette"].mean())
        spread = drawn["silhouette"].std()
        assert row.effect == pytest.approx((like.silhouette[0] - drawn["silhouette"].mean()) / spread)
        assert row.exceedance == pytest.approx((drawn["silhouette"] < like.silhouette[0]).mean())
        within = np.log(like.within[0])
        assert row.gap == pytest.approx(drawn["log_within"].mean() - within)
        assert row.gap_effect == pytest.approx(row.gap / drawn["log_within"].std())
        assert row.gap_exceedance == pytest.approx((drawn["log_within"] > within).mean())


def test_draws_given_are_used_only_if_they_are_as_many_as_asked():
    X = np.random.default_rng(3).normal(size=(80, 3))
    labellings = Labellings(X, [2], np.repeat([1, 2], 40), KMeans(2, n_init=1, random_state=0), seed=1)
    given = gaussian_null(X, [1, 2], draws=3, n_init=4, seed=1)
    table = {
        asked: nulls_by_k(
            labellings,
            pd.Series({2: 0.4}),
            {"nulls": {"gaussian": asked}, "n_init": {"nulls": 1, "by_k": 1}},
            given,
            given_starts=4,
        ).set_index("k")
        for asked in (3, 5)
    }
    assert [table[asked].loc[2, "draws"] for asked in (3, 5)] == [3, 5]
    assert table[3].loc[2, "mean"] == pytest.approx(given.loc[given["k"] == 2, "silhouette"].mean())
    like = score_labellings(X, KMeans(2, n_init=4, random_state=1).fit_predict(X)).silhouette[0]
    assert table[3].loc[2, "exceedance"] == pytest.approx(
        (given.loc[given["k"] == 2, "silhouette"] < like).mean()
    )


@pytest.mark.parametrize("kind", NULLS)
def test_fewer_distinct_rows_than_clusters_are_no_obstacle(kind):
    X = np.array([[0.0, 1], [0, 1], [1, 0], [2, 2], [2, 2]])
    found = draw_null(X, [2, 5], kind=kind, draws=2, n_init=1, seed=0)
    assert found["k"].tolist() == [2, 5, 2, 5]
    assert found["silhouette"][0] <= 1
