"""Every imputer, outlier treatment, scaler and reducer of conf/ builds and does what its name says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils.validation import check_is_fitted

from gp_segmentation import config

CONF = Path(__file__).resolve().parents[2] / "conf"
EXPECTED = {
    "imputer": {"median", "knn", "iterative"},
    "outliers": {"none", "winsorise", "clip"},
    "scaler": {"standard", "robust", "minmax", "quantile", "power", "none"},
    "reducer": {"none", "pca", "pca_count", "factor_analysis"},
}
OPTIONS = [
    (group, path.stem)
    for group in EXPECTED
    for path in sorted((CONF / group).glob("*.yaml"))
    if path.stem != "open"
]
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.lognormal(size=(150, 8)), columns=[f"f{i}" for i in range(8)])


@pytest.mark.parametrize("group", EXPECTED)
def test_every_option_promised_is_there(group):
    assert EXPECTED[group] <= {option for name, option in OPTIONS if name == group}


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_builds_fits_and_repeats_itself(group, option, compose_option):
    node = compose_option(group, option)
    assert node["name"] == option
    assert node["label"]
    frame = FRAME.mask(RNG.random(FRAME.shape) < 0.05) if group == "imputer" else FRAME
    one, other = (config.build(node).fit(frame) for _ in range(2))
    check_is_fitted(one)
    assert_array_equal(one.transform(frame), other.transform(frame))
    assert np.isfinite(np.asarray(one.transform(frame))).all()


@pytest.mark.parametrize("group", EXPECTED)
def test_what_is_open_has_options_of_its_group_as_candidates(group, compose_option):
    candidates = compose_option(group, "open")["candidates"]
    assert len(candidates) > 1
    for name, node in candidates.items():
        assert node == compose_option(group, name)


@pytest.mark.parametrize("group", ["outliers", "scaler", "reducer"])
def test_none_changes_nothing(group, compose_option):
    assert_allclose(config.build(compose_option(group, "none")).fit_transform(FRAME), FRAME)
