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
from gp_segmentation.validity import (
    compare_with_null,
    draw_null,
    joint_exceedance,
    null_means,
    null_models,
    score_labellings,
)
from gp_segmentation.validity.null_models import NULLS, _root, compare_gap_with_null

gaussian_null = partial(draw_null, kind="gaussian")


NULL = pd.DataFrame(
    {
        "draw": [0, 0, 0, 1, 1, 1, 2, 2, 2],
        "k": [2, 3, 9, 2, 3, 9, 2, 3, 9],
        "silhouette": [0.1, 0.2, 0.9, 0.3, 0.2, 0.9, 0.5, 0.2, 0.9],
        "log_within": [4.0, 1.0, 8.0, 6.0, 1.0, 8.0, 8.0, 1.0, 8.0],
    }
)


def test_the_observed_beside_the_draws():
    """k = 2: draws .1 .3 .5, observed .3; k = 3: draws all .2, observed .4; k = 4: no draws."""
    found = compare_with_null(pd.Series({4: 0.1, 2: 0.3, 3: 0.4}), NULL)
    sd = np.sqrt((0.2**2 + 0 + 0.2**2) / (3 - 1))
    nan = np.nan
    expected = pd.DataFrame(
        {
            "draws": [0, 3, 3],
            "mean": [nan, (0.1 + 0.3 + 0.5) / 3, 0.2],
            "low": [nan, 0.1, 0.2],
            "high": [nan, 0.5, 0.2],
            "sd": [nan, sd, 0],
            "excess": [nan, 0.3 - 0.3, 0.4 - 0.2],
            "effect": [nan, (0.3 - 0.3) / sd, nan],
            "exceedance": [nan, 1 / 3, 3 / 3],
            "p": [nan, (1 + 2) / (1 + 3), (1 + 0) / (1 + 3)],
        },
        index=pd.Index([4, 2, 3], name="k"),
    )
    assert_frame_equal(found, expected, check_names=False)


def test_an_effect_is_the_excess_in_standard_deviations():
    # of -.1 .1: sd is the root of (.1² + .1²) / (2 - 1); 50 and 70 are integers and wider than 1
    null = pd.DataFrame({"k": [2, 2, 3, 3], "silhouette": [-0.1, 0.1, 50, 70]})
    found = compare_with_null(pd.Series({2: 0.3, 3: 40}), null)
    assert found["effect"].tolist() == pytest.approx([0.3 / np.sqrt(0.02), (40 - 60) / np.sqrt(200)])
    whole = compare_with_null(pd.Series({3: 40}), null[2:].astype(int))
    assert whole[["mean", "low", "high", "sd"]].dtypes.tolist() == [np.float64] * 4


def test_the_sums_of_squares_beside_the_draws():
    """k = 2: draws 4 6 8, observed 4; k = 3: draws all 1, observed 0; k = 4: no draws."""
    found = compare_gap_with_null(pd.Series({4: 0.1, 2: 4.0, 3: 0.0}), NULL)
    expected = pd.DataFrame(
        {
            "gap_effect": [np.nan, (6 - 4) / np.sqrt((2**2 + 0 + 2**2) / (3 - 1)), np.nan],
            "gap_exceedance": [np.nan, 2 / 3, 3 / 3],
        },
        index=pd.Index([4, 2, 3], name="k"),
    )
    assert_frame_equal(found, expected, check_names=False)
    narrow = pd.DataFrame({"k": [2, 2], "log_within": [0.4, 0.6]})  # sd is the root of .1² + .1²
    found = compare_gap_with_null(pd.Series({2: 0.7}), narrow)
    assert found["gap_effect"].tolist() == pytest.approx([(0.5 - 0.7) / np.sqrt(0.02)])
    assert found["gap_exceedance"].tolist() == [0 / 2]


def test_means_are_by_number_of_clusters():
    assert null_means(NULL) == pytest.approx({2: 0.3, 3: 0.2, 9: 0.9})
    assert [type(k) for k in null_means(NULL)] == [int] * 3


@pytest.fixture
def asked(watch_tasks) -> dict:
    """What draws are asked for, in place of them."""
    return watch_tasks(null_models, lambda *_: [])


@pytest.mark.parametrize(
    ("kind", "branch"), [("gaussian", ()), ("copula", (1,)), ("permutation", (2,)), ("uniform", (3,))]
)
def test_each_kind_has_its_own_branch_of_the_seed(kind, branch, asked):
    draw_null([[1, 2], [3, 4]], range(2, 5), kind=kind, draws=2, n_init=7, seed=8, jobs=6)
    assert [(task[0], task[1].tolist(), task[1].dtype, task[2], task[3]) for task in asked["tasks"]] == [
        (kind, [[1, 2], [3, 4]], np.float64, (2, 3, 4), 7)
    ] * 2
    children = [task[4] for task in asked["tasks"]]
    assert [(child.entropy, child.spawn_key) for child in children] == [(8, (*branch, 0)), (8, (*branch, 1))]
    assert (asked["jobs"], asked["total"], asked["what"]) == (6, 2, f"random data ({kind})")


def test_five_draws_of_four_starts_from_seed_0_in_one_thread_unless_others_are_asked_for(asked):
    draw_null(np.eye(3), [2], kind="gaussian")
    assert [task[3] for task in asked["tasks"]] == [4] * 5
    assert {task[4].entropy for task in asked["tasks"]} == {0}
    assert asked["jobs"] == 1


@pytest.mark.parametrize("draws", [0, 2])
def test_draws_make_one_table_of_numbers(draws):
    """Two pairs of equal rows: in two clusters nothing is left within."""
    X = np.array([[0.0], [0.0], [6.0], [6.0]])
    found = draw_null(X, [1, 2], kind="permutation", draws=draws, n_init=1)
    expected = {
        "draw": [0, 0, 1, 1],
        "k": [1, 2, 1, 2],
        "silhouette": [np.nan, 1.0, np.nan, 1.0],
        "log_within": [np.log(4 * 3**2), -np.inf, np.log(4 * 3**2), -np.inf],
    }
    types = {"draw": "int64", "k": "int64", "silhouette": "float64", "log_within": "float64"}
    assert_frame_equal(found, pd.DataFrame(expected)[: 2 * draws].astype(types), check_index_type=False)


def test_every_k_has_the_starts_asked_for_from_the_draws_own_random_state(monkeypatch):
    fits: list = []

    def recorded(clusterer, cloud):
        fits.append((clusterer.n_clusters, clusterer.n_init, clusterer.random_state, cloud.tolist()))
        return np.zeros(len(cloud), dtype=int)

    monkeypatch.setattr(null_models, "fit_labels", recorded)
    draw_null(np.eye(3), [1, 2], kind="gaussian", draws=30, n_init=3)
    assert [fit[:2] for fit in fits] == [(1, 3), (2, 3)] * 30
    assert [fit[2:] for fit in fits[::2]] == [fit[2:] for fit in fits[1::2]]
    states = [fit[2] for fit in fits[::2]]
    assert len(set(states)) == 30
    assert all(isinstance(state, int) and state < 2**31 for state in states)
    assert max(states) > 2**30


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        # scores of 1 2 3 are -z 0 z, of 3 1 2 z -z 0
        ([[1, 2, 30], [3, 1, 2]], [[1, -1 / 2], [-1 / 2, 1]]),
        # scores of 1 1 2 less their mean are as -1 -1 2
        ([[1, 2, 30], [1, 1, 2]], [[1, (1 + 0 + 2) / np.sqrt(2 * 6)], [(1 + 0 + 2) / np.sqrt(2 * 6), 1]]),
        ([[5, 5, 5], [3, 1, 2]], [[0, 0], [0, 1]]),
        ([[2, 1, 3]], [[1]]),
    ],
    ids=["two orders", "ties", "constant", "one column"],
)
def test_the_copula_has_the_correlations_of_the_normal_scores(columns, expected, monkeypatch):
    given = []
    monkeypatch.setattr(null_models, "_root", lambda covariance: given.append(covariance) or covariance)
    NULLS["copula"](np.array(columns, dtype=float).T)
    assert_allclose(given, [expected], atol=1e-12)


class Chosen:
    """A generator whose normal numbers are chosen, and whose uniform ones are the upper bounds."""

    def __init__(self, normal=None):
        self.normal, self.bounds = normal, None

    def standard_normal(self, shape):
        assert shape == self.normal.shape
        return self.normal

    def uniform(self, low, high, shape):
        self.bounds = low, high
        return np.broadcast_to(high, shape)


def test_the_copula_gives_the_columns_values_the_order_of_the_cloud():
    X = np.array([[10.0], [70], [20], [40]])
    drawn = NULLS["copula"](X)(Chosen(np.array([[3.0], [-1], [9], [0]])))
    # the root of a variance of 1 may be -1
    assert drawn[:, 0].tolist() in ([40, 10, 70, 20], [20, 70, 10, 40])


def test_the_gaussian_is_normal_numbers_times_the_root_of_the_covariance():
    X = np.array([[0.0, 0], [0, 6], [2, 0], [2, 6]])  # variances 4 / 3 and 36 / 3
    drawn = NULLS["gaussian"](X)(Chosen(np.array([[1.0, 0], [0, 1], [2, 2], [0, 0]])))
    expected = [[np.sqrt(4 / 3), 0], [0, np.sqrt(12)], [2 * np.sqrt(4 / 3), 2 * np.sqrt(12)], [0, 0]]
    assert_allclose(np.abs(drawn), expected, atol=1e-12)


def test_the_box_reaches_from_the_lowest_to_the_highest_row_on_each_axis():
    X = np.array([[0.0, 50], [1, 51], [8, 58]])  # along (1, 1): -3 -2 5 from the mean, across: nothing
    generator = Chosen()
    drawn = NULLS["uniform"](X)(generator)
    low, high = generator.bounds
    ends = sorted([abs(low[1]), abs(high[1])])
    assert_allclose([low[0], high[0], *ends], [0, 0, 3 * np.sqrt(2), 5 * np.sqrt(2)], atol=1e-12)
    assert low[1] < 0 < high[1]
    # the upper end is 5 along (1, 1), or 3 along (-1, -1) where the axis points down
    corner = 5 if high[1] > 5 else -3
    assert_allclose(drawn, [[corner, corner]] * 3, atol=1e-12)


def test_one_column_has_nulls_of_every_kind():
    X = np.array([[1.0], [4], [9], [2]])
    for kind in NULLS:
        assert NULLS[kind](X)(np.random.default_rng(0)).shape == (4, 1)


@pytest.mark.parametrize(
    ("covariance", "length"), [([[4.0, 0], [0, 9]], [2, 3]), ([[1, 1], [1, 1]], [1, 1]), ([[-1e-17]], [0])]
)
def test_the_root_of_a_singular_covariance_is_real(covariance, length):
    root = _root(np.array(covariance))
    assert_allclose(root @ root.T, covariance, atol=1e-12)
    assert_allclose(np.sqrt(np.square(root).sum(axis=1)), length, atol=1e-12)


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


def test_no_draws_have_no_means():
    assert null_means(gaussian_null(np.eye(4), [2, 3], draws=0)) == {}


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
        assert_frame_equal(fewer, again, rtol=1e-12)  # sums of more columns round differently


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


def null_of(*draws: tuple[float, float]) -> pd.DataFrame:
    """Draws with silhouettes of 2 and of 3 clusters."""
    rows = [(draw, k, values[k - 2]) for draw, values in enumerate(draws) for k in (2, 3)]
    return pd.DataFrame(rows, columns=["draw", "k", "silhouette"])


def test_all_numbers_of_clusters_are_compared_with_the_highest_of_each_draw():
    null = null_of((0.1, 0.4), (0.2, 0.6), (0.3, 0.5))
    observed = pd.Series([0.4, 0.3], index=[2, 3])
    # k = 2: values .1 .2 .3 and .4 of the data: mean .25, standard deviation sqrt(.05 / 3) = .1291
    # k = 3: values .4 .6 .5 and .3 of the data: mean .45, the same deviation
    # highest of each draw: (-1.16, -.39) -> -.39; (-.39, 1.16) -> 1.16; (.39, .39) -> .39
    # the data: k = 2: .15 / .1291 = 1.16, which one draw reaches; k = 3: -1.16, which all reach
    found = joint_exceedance([0.4 - 1e-9, 0.3], [2, 3], observed, null)
    assert found == pytest.approx([1 - 2 / 4, 1 - 4 / 4])


def test_what_was_not_drawn_or_has_no_spread_is_not_known():
    null = null_of((0.1, 0.5), (0.2, 0.5))
    found = joint_exceedance([0.9, 0.5, 0.9, np.nan], [2, 3, 4, 2], pd.Series([0.9, 0.5], index=[2, 3]), null)
    assert found[0] == pytest.approx(1 - 1 / 3)
    assert np.isnan(found[1:]).all()


def test_the_joint_test_has_its_nominal_size_over_all_numbers_of_clusters():
    # Data and draws from one Gaussian: the highest of the data beats all 19 draws in one case of twenty.
    generator = np.random.default_rng(5)
    passed = 0
    for _ in range(300):
        values = generator.standard_normal((20, 6)) + generator.standard_normal((20, 1))
        null = pd.DataFrame(values[1:], columns=range(2, 8)).rename_axis("draw").reset_index()
        null = null.melt("draw", var_name="k", value_name="silhouette")
        observed = pd.Series(values[0], index=range(2, 8))
        passed += (joint_exceedance(values[0], range(2, 8), observed, null) >= 0.95).any()
    assert 0.015 < passed / 300 < 0.09
