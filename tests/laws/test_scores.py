"""One law per test, over every score."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.testing import assert_allclose

from gp_segmentation.validity import METRICS, Scores, score_labellings

EVERY_SCORE = pytest.mark.parametrize("name", METRICS)


def score(name: str, X: np.ndarray, labels: np.ndarray) -> float:
    return float(getattr(score_labellings(X, labels), name)[0])


@pytest.fixture(params=range(3))
def case(request) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(request.param)
    return rng.normal(size=(60, 3)), np.concatenate([np.arange(5), rng.integers(0, 5, 55)])


def test_no_score_is_left_out():
    figures = {field.name for field in fields(Scores)} - {"n_clusters", "samples", "segments", "sizes"}
    assert set(METRICS) == figures


@EVERY_SCORE
def test_the_order_of_rows_does_not_matter(name, case):
    X, labels = case
    order = np.random.default_rng(9).permutation(len(X))
    assert_allclose(score(name, X[order], labels[order]), score(name, X, labels), rtol=1e-12)


@EVERY_SCORE
def test_the_names_of_clusters_do_not_matter(name, case):
    X, labels = case
    names = np.array(["e", "a", "d", "c", "b"])
    assert_allclose(score(name, X, names[labels]), score(name, X, labels), rtol=1e-12)


@EVERY_SCORE
def test_shifts_and_turns_do_not_matter(name, case):
    X, labels = case
    turn, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))
    assert_allclose(
        score(name, (X + np.array([5, -3, 100])) @ turn, labels), score(name, X, labels), rtol=1e-9
    )


@EVERY_SCORE
def test_scale_matters_only_to_sums_of_squares(name, case):
    X, labels = case
    factor = 9.0 if name in ("within", "between") else 1.0
    assert_allclose(score(name, 3 * X, labels), factor * score(name, X, labels), rtol=1e-9)


@EVERY_SCORE
def test_pulling_clusters_apart_is_better(name, case):
    X, labels = case
    apart = X + 10.0 * np.eye(5, 3)[labels] * (1 + labels[:, None])
    higher = METRICS[name][2]
    if name == "within":  # moving whole clusters leaves what is inside them as it was
        assert_allclose(score(name, apart, labels), score(name, X, labels), rtol=1e-9)
    else:
        assert (score(name, apart, labels) > score(name, X, labels)) == higher


@EVERY_SCORE
@settings(max_examples=60, deadline=None)
@given(
    X=arrays.arrays(np.float64, (12, 2), elements=st.floats(-1e6, 1e6, allow_nan=False, width=32)),
    labels=arrays.arrays(np.int64, 12, elements=st.integers(0, 4)),
)
def test_scores_keep_their_bounds(name, X, labels):
    low, high, _ = METRICS[name]
    value = score(name, X, labels)
    defined = 2 <= len(np.unique(labels)) <= 11 or name in ("within", "between")
    assert (low - 1e-12 <= value <= high + 1e-12) if defined else np.isnan(value)
