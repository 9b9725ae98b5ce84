"""What the verdict says where the truth is known, over several seeds each."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from gp_segmentation.clustering import canonical_order
from gp_segmentation.evidence import assess

OPTIONS = {
    "nulls": {"gaussian": 2},
    "n_init": {"nulls": 1, "by_k": 1},
    "bootstraps": 4,
    "bootstraps_by_k": 0,
    "subsamples": 0,
    "subsample_share": 0.8,
    "splits": 0,
    "seeds": 0,
    "min_stay_share": 0.75,
    "thresholds": {
        "unstable_jaccard": 0.6,
        "excess": 0.05,
        "jaccard": 0.75,
        "ari": 0.65,
        "valley": 0.25,
        "max_tied_share": 0.2,
    },
}
ROWS, COLUMNS = 300, 8
#: Eight cases of one population make 80 draws: a rule that calls one of 20 such draws discrete passes with
#: probability 0.95 ** 80 = 0.02, and a right one never fails, as the seeds are fixed.
SEEDS = range(20 if "GPSEG_EXHAUSTIVE" in os.environ else 10)


def kmeans(k: int) -> KMeans:
    return KMeans(k, n_init=2, random_state=0)


def verdict(X: np.ndarray, k: int, seed: int, **changed: object) -> tuple[str, np.ndarray, dict]:
    labels = canonical_order(kmeans(k).fit_predict(X))
    found = assess(X, labels, kmeans(k), ks=[k], options=OPTIONS | changed, seed=seed).evidence
    return found["verdict"], labels, found


def planted(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Four groups of unequal size, eight standard deviations and more apart, in one covariance."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(4, ROWS, p=[0.4, 0.3, 0.2, 0.1])
    centres = 8 * np.linalg.qr(rng.normal(size=(COLUMNS, COLUMNS)))[0][:4]
    return centres[truth] + rng.normal(size=(ROWS, COLUMNS)), truth


@pytest.mark.parametrize("seed", SEEDS)
def test_separate_groups_are_recovered_and_called_discrete(seed):
    X, truth = planted(seed)
    word, labels, found = verdict(X, 4, seed)
    assert adjusted_rand_score(truth, labels) >= 0.95
    assert word == "discrete", found["reasons"]


def single_population(kind: str, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if kind == "gaussian":
        return rng.normal(size=(ROWS, COLUMNS)) @ rng.normal(size=(COLUMNS, COLUMNS))
    if kind == "gradient":
        direction = rng.normal(size=COLUMNS)
        return np.outer(rng.uniform(0, 8, ROWS), direction) + 0.4 * rng.normal(size=(ROWS, COLUMNS))
    if kind == "heavy tails":
        return rng.standard_t(3, size=(ROWS, COLUMNS)) @ rng.normal(size=(COLUMNS, COLUMNS))
    return np.exp(rng.normal(size=(ROWS, COLUMNS)) @ (0.5 * rng.normal(size=(COLUMNS, COLUMNS))))


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("kind", ["gaussian", "gradient", "heavy tails", "skewed"])
def test_one_population_is_never_called_discrete(kind, k):
    words = [verdict(single_population(kind, seed), k, seed)[0] for seed in SEEDS]
    assert set(words) <= {"continuum", "unstable"}


def test_too_many_groups_are_not_called_discrete():
    words = {verdict(planted(seed)[0], 7, seed)[0] for seed in range(3)}
    assert "discrete" not in words


def test_groups_in_single_columns_are_in_the_copula_null_too():
    """Why the verdict does not rest on the copula: in one dimension that null is the data themselves."""
    rng = np.random.default_rng(1)
    X = (10.0 * rng.choice(3, ROWS) + rng.normal(size=ROWS))[:, None]
    word, _, found = verdict(X, 3, 1, nulls={"gaussian": 2, "copula": 2})
    excess = pd.DataFrame(found["nulls"]).query("k == 3").set_index("kind")["excess"].astype(float)
    assert word == "discrete"
    assert excess["gaussian"] > 0.15
    assert excess["copula"] == pytest.approx(0.0, abs=0.01)
