"""Of practices called 90% sure nine of ten have the segment that data without chance give them."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@pytest.fixture(scope="module", name="noisy")
def noisy_england() -> SimpleNamespace:
    return SimpleNamespace(**runpy.run_path(str(FIXTURES / "noisy_england.py")))


@pytest.fixture(scope="module", name="england")
def clean_england(noisy):
    return noisy.clean_england(6200, seed=20250401)


@pytest.fixture(scope="module", name="by_counts")
def certainty_by_counts(noisy, england) -> pd.DataFrame:
    return noisy.calibration_of_counts(england, seed=0, draws=60)


@pytest.fixture(scope="module", name="by_both")
def certainty_by_counts_and_practices(noisy, england) -> pd.DataFrame:
    truth = noisy.segmented(england).labels
    return noisy.calibration(england, truth, seeds=range(4), draws=50)


@pytest.mark.parametrize("source", ["by_counts", "by_both"])
def test_of_practices_called_90_percent_sure_nine_of_ten_are_right(source, request):
    found = request.getfixturevalue(source)
    called = found[found["certainty"].between(0.85, 0.95)]
    certain = found[found["certainty"] >= 0.9]
    assert 0.88 <= called["right"].mean() <= 0.93
    assert certain["right"].mean() >= 0.98  # their mean certainty is 0.99
    assert found["right"].mean() == pytest.approx(found["certainty"].mean(), abs=0.015)
    unsure = found[found["certainty"] < 0.85]
    assert unsure["right"].mean() == pytest.approx(unsure["certainty"].mean(), abs=0.05)


def test_small_lists_are_less_sure_than_large_ones_and_less_often_right(by_counts):
    fifth = pd.qcut(by_counts["patients"], 5, labels=False)
    means = by_counts.groupby(fifth)[["certainty", "right"]].mean()
    assert (means.loc[0] < means.loc[4] - 0.01).all()
