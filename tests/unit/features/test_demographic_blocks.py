"""Age structure, sex ratio and list size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from gp_segmentation.errors import ConfigError
from gp_segmentation.features.age_structure import AgeStructure
from gp_segmentation.features.list_size import ListSize
from gp_segmentation.features.sex_ratio import SexRatio

# One practice: patients by sex and band.
AGES = pd.DataFrame(
    [
        ("A00001", "FEMALE", "0_4", 10),
        ("A00001", "FEMALE", "10_14", 10),
        ("A00001", "MALE", "15_19", 20),
        ("A00001", "MALE", "95+", 40),
        ("A00001", "MALE", "70_74", 20),
    ],
    columns=["practice_code", "sex", "age_band", "patients"],
)


@pytest.fixture
def tables(small_tables):
    return replace(small_tables, practices=small_tables.practices.iloc[1:3], age_sex=AGES)


def test_shares_by_band(tables):
    made = AgeStructure()(tables)
    names = ["0_14", "15_24", "25_44", "45_64", "65_74", "75_plus"]
    assert list(made.natural) == [f"age_{name}" for name in names]
    assert_allclose(made.natural.loc["A00001"], [20, 20, 0, 0, 20, 40])
    logs = np.log(np.array([20, 20, 0, 0, 20, 40]) + 0.5)
    assert_allclose(made.values.loc["A00001"], logs - logs.mean())
    assert made.labels["age_75_plus"] == "Patients aged 75 and over"


def test_practice_without_registrations_is_missing_not_lost(tables):
    assert AgeStructure()(tables).values.loc["A00002"].isna().all()
    assert SexRatio()(tables).values.loc["A00002"].isna().all()


def test_bands_can_be_chosen(tables):
    made = AgeStructure(bands=[0, 65], transform="none")(tables)
    assert_allclose(made.values.loc["A00001", ["age_0_64", "age_65_plus"]], [40, 60])


@pytest.mark.parametrize("bands", [[0], [5, 10], [0, 10, 10], [0, 18, 65]])
def test_wrong_bands_are_refused(bands):
    with pytest.raises(ConfigError, match="Give rising multiples of 5 from 0 on"):
        AgeStructure(bands=bands)


def test_female_share(tables):
    made = SexRatio()(tables)
    assert_allclose(made.natural.loc["A00001"], 20.0)
    assert_allclose(made.values.loc["A00001"], np.log(20.5 / 80.5))


def test_list_size_on_the_log_scale(tables):
    made = ListSize()(tables)
    assert_allclose(np.exp(made.values["list_size"]), made.natural["list_size"])
    assert made.unit == "patients"
