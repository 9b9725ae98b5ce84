"""Profiles and opportunities by network: weighted means, names beside codes, sums of England."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from gp_segmentation import schemas
from gp_segmentation.insight.networks import network_codes, network_profiles, own_groups
from gp_segmentation.insight.opportunities.additional_patients import find_opportunities
from gp_segmentation.insight.opportunities.shrunken_rates import achieved_rates
from gp_segmentation.insight.opportunities.tables import by_network, totals

FEATURES = pd.DataFrame(
    {"feature": ["imd", "size"], "label": ["Deprivation", "Size"], "unit": "score", "block": "b"}
)


@pytest.fixture
def practices() -> pd.DataFrame:
    """Two networks of one name, and a practice in none."""
    return pd.DataFrame(
        {
            "practice_code": ["A1", "A2", "A3", "A4"],
            "pcn_code": ["P2", "P1", "P1", None],
            "pcn_name": ["Central", "Central", "Central", None],
            "sub_icb_code": ["S1", "S1", "S1", "S2"],
            "sub_icb_name": ["North", "North", "North", "South"],
            "list_size": [2000, 1000, 3000, 4000],
        }
    )


def test_a_network_s_mean_counts_patients_and_is_set_beside_england_s(practices: pd.DataFrame) -> None:
    natural = pd.DataFrame({"imd": [10.0, 20, 40, np.nan], "size": 7.0}, index=practices["practice_code"])
    table = schemas.check("profiles_by_network", network_profiles(natural, FEATURES, practices))
    assert list(table["pcn_code"].fillna("")) == ["P1", "P1", "P2", "P2", "", ""]
    assert list(table["pcn_name"]) == [*["Central"] * 4, *["no network"] * 2]
    imd = table[table["feature"] == "imd"]
    assert list(imd["practices"]) == [2, 1, 0]
    assert list(imd["patients"]) == [4000, 2000, 0]
    mean = (1000 * 20 + 3000 * 40) / 4000
    england = (2000 * 10 + 1000 * 20 + 3000 * 40) / 6000
    assert_allclose(imd["weighted_mean"], [mean, 10, np.nan])
    assert_allclose(imd["england_weighted_mean"], england)
    sd = np.std([10, 20, 40], ddof=1)
    assert_allclose(imd["difference_sd"], [(mean - england) / sd, (10 - england) / sd, np.nan])
    assert table.loc[table["feature"] == "size", "difference_sd"].isna().all(), "no practice differs"


def test_opportunities_by_network_add_up_to_england_s(practices: pd.DataFrame) -> None:
    achievement = pd.DataFrame(
        {
            "practice_code": practices["practice_code"],
            "indicator_code": "HYP008",
            "numerator": [50.0, 60, 70, 80],
            "denominator": 100.0,
            "pcas": 0.0,
        }
    )
    segments = practices.assign(segment=1, fitted=True)
    england = pd.DataFrame({"england": "England"}, index=pd.Index(practices["practice_code"]))
    # A group may be called as a network's code is; A4 is in no group.
    groupings = pd.DataFrame(
        {"practice_code": ["A1", "A2", "A3"], "group": ["P1", "South", "P1"], "label": "Teams"}
    )
    own = own_groups(groupings, practices["practice_code"])
    assert own["group: Teams"].to_dict() == {"A1": "P1", "A2": "South", "A3": "P1", "A4": "no group"}
    levels = england.join(network_codes(practices)).join(own)
    found = find_opportunities(achieved_rates(achievement, segments), levels, draws=20)
    indicators = pd.DataFrame({"indicator_code": ["HYP008"], "description": ["d"], "group_name": ["g"]})
    table = schemas.check("opportunities_by_network", by_network(found, indicators, practices))
    rows = table.set_index(["level", table["area_code"].fillna("")])
    assert rows.loc["pcn"]["practices"].to_dict() == {"P1": 2, "P2": 1, "": 1}
    assert rows.loc["pcn"]["area"].to_dict() == {"P1": "Central", "P2": "Central", "": "no network"}
    assert rows.loc["sub_icb"]["area"].to_dict() == {"S1": "North", "S2": "South"}
    assert rows["rate"].to_dict() == {
        **{("sub_icb", "S1"): 0.6, ("sub_icb", "S2"): 0.8},
        **{("pcn", "P1"): 0.65, ("pcn", "P2"): 0.5, ("pcn", ""): 0.8},
        **{("group: Teams", "P1"): 0.6, ("group: Teams", "South"): 0.6, ("group: Teams", ""): 0.8},
    }
    teams = rows.loc["group: Teams"]
    assert teams["area"].to_dict() == {"P1": "P1", "South": "South", "": "no group"}
    assert teams["practices"].to_dict() == {"P1": 2, "South": 1, "": 1}
    own = found.practices.set_index("practice_code")["additional_patients"]
    assert_allclose(rows.loc[("pcn", "P1"), "additional_patients"], own["A2"] + own["A3"])
    summed = totals(found, indicators)
    assert list(summed["level"]) == ["england"], "networks have a table of their own"
    for level in ("sub_icb", "pcn", "group: Teams"):
        assert_allclose(rows.loc[level, "additional_patients"].sum(), summed["additional_patients"])
    assert list(table.drop(columns="area_code")) == list(summed)
