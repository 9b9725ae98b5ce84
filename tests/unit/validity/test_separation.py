"""Gaps between segments, and shapes made to look as if they had some."""

from __future__ import annotations

import os

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.cluster import KMeans

from gp_segmentation.clustering import canonical_order
from gp_segmentation.evidence import assess
from gp_segmentation.validity import lumpy_columns, smooth_valley, valleys

OPTIONS = {
    "nulls": {"gaussian": 2},
    "n_init": {"nulls": 2, "by_k": 1},
    "bootstraps": 6,
    "bootstraps_by_k": 0,
    "subsamples": 0,
    "subsample_share": 0.8,
    "splits": 0,
    "seeds": 0,
    "min_stay_share": 0.75,
    "thresholds": {
        **{"unstable_jaccard": 0.6, "excess": 0.05, "jaccard": 0.75, "ari": 0.65},
        **{"valley": 0.25, "max_tied_share": 0.2},
    },
}
ROWS = 600
#: 12 shapes in four numbers of segments: 48 draws, so that a rule that calls one of 20 discrete passes with
#: probability 0.95 ** 48 = 0.09; twice as many with `GPSEG_EXHAUSTIVE`. Seeds are fixed: no false alarm.
SEEDS = (0, 1) if "GPSEG_EXHAUSTIVE" in os.environ else (0,)


def scaled(X: np.ndarray) -> np.ndarray:
    return (X - X.mean(axis=0)) / X.std(axis=0)


def strips(rng: np.random.Generator) -> np.ndarray:
    """Two even strips side by side: four segments are two true groups, each cut in half."""
    across = np.where(np.arange(ROWS) < ROWS // 2, 0, 8) + 0.3 * rng.normal(size=ROWS)
    return np.column_stack([rng.uniform(0, 20, ROWS), across])


def horseshoe(rng: np.random.Generator) -> np.ndarray:
    turn = rng.uniform(0.15 * np.pi, 1.85 * np.pi, ROWS)
    return 5 * np.column_stack([np.cos(turn), np.sin(turn)]) + 0.15 * rng.normal(size=(ROWS, 2))


def banana(rng: np.random.Generator) -> np.ndarray:
    turn = rng.uniform(0, np.pi, ROWS)
    bent = 6 * np.column_stack([np.cos(turn), np.sin(turn), *np.zeros((4, ROWS))])
    return scaled(bent + 0.5 * rng.normal(size=(ROWS, 6)))


def ring(rng: np.random.Generator) -> np.ndarray:
    turn = rng.uniform(0, 2 * np.pi, ROWS)
    return 6 * np.column_stack([np.cos(turn), np.sin(turn)]) + 0.3 * rng.normal(size=(ROWS, 2))


def square(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(size=(ROWS, 2))


def star(rng: np.random.Generator) -> np.ndarray:
    """Five arms that meet."""
    turn = rng.integers(5, size=ROWS) * 2 * np.pi / 5
    far = 6 * np.sqrt(rng.uniform(size=ROWS))
    return far[:, None] * np.column_stack([np.cos(turn), np.sin(turn)]) + 0.3 * rng.normal(size=(ROWS, 2))


def ends_preferred(rng: np.random.Generator) -> np.ndarray:
    """One gradient along which most lie near either end, and some everywhere."""
    return scaled(np.column_stack([rng.beta(0.3, 0.3, ROWS), 0.3 * rng.normal(size=(ROWS, 2))]))


def yes_or_no(rng: np.random.Generator) -> np.ndarray:
    X = rng.normal(size=(ROWS, 2))
    X[:, 0] = rng.random(ROWS) < 0.4
    return scaled(X)


def many_zeros(rng: np.random.Generator) -> np.ndarray:
    some = np.exp(2 + 0.3 * rng.normal(size=ROWS))
    return scaled(np.column_stack([np.where(rng.random(ROWS) < 0.4, 0, some), rng.normal(size=(ROWS, 2))]))


def repeated(rng: np.random.Generator) -> np.ndarray:
    return scaled(np.repeat(rng.normal(size=(30, 6)), ROWS // 30, axis=0))


def far_off(rng: np.random.Generator) -> np.ndarray:
    """One dense cloud, and three in a hundred scattered widely."""
    X = rng.normal(size=(ROWS, 6))
    X[: ROWS * 3 // 100] *= 8
    return scaled(X)


def one_sided(rng: np.random.Generator) -> np.ndarray:
    return scaled(np.exp(1.5 * rng.normal(size=(ROWS, 2))))


SHAPES = (
    *(strips, horseshoe, banana, ring, square, star, ends_preferred),
    *(yes_or_no, many_zeros, repeated, far_off, one_sided),
)


def judged(X: np.ndarray, k: int, seed: int) -> dict:
    clusterer = KMeans(k, n_init=3, random_state=0)
    labels = canonical_order(clusterer.fit_predict(X))
    return assess(X, labels, clusterer, ks=[k], options=OPTIONS, seed=seed).evidence


@pytest.mark.parametrize("shape", SHAPES)
def test_no_shape_without_groups_is_called_discrete(shape):
    found = [(k, s, judged(shape(np.random.default_rng(s)), k, s)) for k in (2, 3, 4, 5) for s in SEEDS]
    assert [(k, s) for k, s, evidence in found if evidence["verdict"] == "discrete"] == []


def groups_and_flag(rng: np.random.Generator) -> np.ndarray:
    X = rng.normal(size=(ROWS, 4)) + 10 * np.eye(4)[rng.integers(3, size=ROWS)]
    return np.column_stack([X, rng.random(ROWS) < 0.4])


def groups_among_noise(rng: np.random.Generator) -> np.ndarray:
    X = rng.normal(size=(ROWS, 6)) + 9 * np.eye(6)[rng.integers(3, size=ROWS)]
    X[: ROWS // 50] = rng.uniform(-6, 12, size=(ROWS // 50, 6))
    return X


@pytest.mark.parametrize("shape", [groups_and_flag, groups_among_noise])
@pytest.mark.parametrize("seed", range(3))
def test_groups_are_seen_beside_a_flag_and_among_scattered_rows(shape, seed):
    found = judged(shape(np.random.default_rng(seed)), 3, seed)
    assert found["verdict"] == "discrete", found["reasons"]
    assert len(found["reasons"]) == (5 if shape is groups_and_flag else 4)


def test_lumps_are_named_with_what_becomes_of_the_gap():
    found = judged(yes_or_no(np.random.default_rng(0)), 2, 0)
    assert found["lumpy"] == ["0"]
    assert found["figures"]["valley_max"] < 0.25 < found["figures"]["valley_smooth"]
    assert any("there is no gap" in reason for reason in found["reasons"])


def test_columns_with_lumps():
    n = 200
    rng = np.random.default_rng(0)
    smooth = rng.normal(size=n)
    columns = {
        "smooth": smooth,
        "clipped": np.clip(smooth, -1.6, 1.6),  # about a tenth at the ends
        "counts": rng.integers(0, 5, n),
        "zeros": np.where(np.arange(n) < 41, 0.0, smooth),  # 41 of 200 are more than a fifth
        "few zeros": np.where(np.arange(n) < 39, 0.0, smooth),
        "constant": np.ones(n),
    }
    found = lumpy_columns(np.column_stack(list(columns.values())), max_tied_share=0.2)
    assert [list(columns)[place] for place in found] == ["counts", "zeros", "constant"]


def test_without_its_lumpy_columns_a_table_may_have_nothing_left_to_tell():
    flags = np.repeat([[0.0], [1.0]], 20, axis=0)
    labels = np.repeat([1, 2], 20)
    assert smooth_valley(flags, labels, [0]) == np.inf
    assert np.isnan(smooth_valley(flags, labels, []))
    assert np.isnan(smooth_valley(flags, np.ones(40), [0]))


def test_the_neighbour_is_the_segment_run_into_not_the_nearest():
    X = strips(np.random.default_rng(0))
    labels = 1 + (X[:, 0] > 10) + 2 * (X[:, 1] > 4)
    # Halves of a strip are 10 apart and the strips 8; yet 1 runs into 2 and 3 into 4.
    found = valleys(X, labels)
    assert found["neighbour"].tolist() == [2, 1, 4, 3]
    assert found["valley"].min() > 0.7


def test_rows_that_repeat_another_count_once():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (15, 2)), rng.normal([12, 0], 1, (15, 2))])
    labels = np.repeat([1, 2], 15)
    once = valleys(X, labels)
    assert_allclose(valleys(np.tile(X, (50, 1)), np.tile(labels, 50))["valley"], once["valley"])
