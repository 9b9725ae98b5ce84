"""Peers and rules by deprivation quintile: against small tables by hand, and against drawing at random."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from gp_segmentation import schemas
from gp_segmentation.insight.equity import peers_by_quintile, rules_by_quintile
from gp_segmentation.insight.groups import QUINTILES, UNKNOWN, deprivation_quintiles
from gp_segmentation.insight.peers.nearest import nearest_peers
from gp_segmentation.insight.rules import Rules
from gp_segmentation.schemas import Results

LEAST, MOST = QUINTILES[0], QUINTILES[4]
#: code, place in a matrix of one column, deprivation, segment, fitted, care board, patients.
ENGLAND = pd.DataFrame(
    [
        ("A", 0.0, LEAST, 1, True, "Q1", 100),
        ("B", 1.0, LEAST, 1, True, "Q1", 200),
        ("C", 3.0, MOST, 2, True, "Q2", 400),
        ("D", 6.0, MOST, 2, True, "Q1", 800),
        ("E", 7.0, UNKNOWN, 2, True, "Q2", 1600),
        ("F", 2.0, MOST, 1, False, "Q2", 3200),  # special: has peers, is none
    ],
    columns=["practice_code", "x", "quintile", "segment", "fitted", "icb_code", "list_size"],
)


def by_hand() -> pd.DataFrame:
    about = ENGLAND.set_index("practice_code")
    found = nearest_peers(about[["x"]], ENGLAND, ENGLAND, count=1, resamples=0)
    return peers_by_quintile(found, about[["x"]], ENGLAND, ENGLAND, about["quintile"]).set_index(
        "deprivation_quintile"
    )


def test_shares_and_distances_of_peers_by_hand() -> None:
    # Peers: A-B, B-A, C-B, D-E, E-D, F-B (B and C are equally near to F; B comes first).
    found = by_hand()
    assert list(found.index) == [LEAST, MOST, UNKNOWN, "England"]
    assert found["practices"].tolist() == [2, 3, 1, 6]
    assert found["patients"].tolist() == [300, 4400, 1600, 6300]
    # Of C, D, F only C and F have a peer whose quintile is known, B, and B is in another.
    assert_allclose(found["same_quintile"], [2 / 2, 0 / 2, np.nan, 2 / 4])
    assert_allclose(found["same_segment"], [2 / 2, (0 + 1 + 1) / 3, 1, 5 / 6])
    assert_allclose(found["same_icb"], [2 / 2, 0 / 3, 0, 2 / 6])
    assert_allclose(found["distance"], [1, (2 + 1 + 1) / 3, 1, (1 + 1 + 2 + 1 + 1 + 1) / 6])
    assert found["inclusion"].isna().all()


def test_random_peers_by_hand() -> None:
    # A can have B, C, D, E; F, which is none itself, all of A to E. E's quintile is not known.
    found = by_hand()
    assert_allclose(found.loc[LEAST, "random_same_quintile"], 1 / 3)
    assert_allclose(found.loc[MOST, "random_same_quintile"], (1 / 3 + 1 / 3 + 2 / 4) / 3)
    assert_allclose(found.loc[LEAST, "random_same_segment"], 1 / 4)
    assert_allclose(found.loc[MOST, "random_same_segment"], (2 / 4 + 2 / 4 + 2 / 5) / 3)
    assert_allclose(found.loc[MOST, "random_same_icb"], (1 / 4 + 2 / 4 + 2 / 5) / 3)
    assert_allclose(found.loc[UNKNOWN, "random_distance"], (7 + 6 + 4 + 1) / 4)
    assert_allclose(
        found.loc[MOST, "random_distance"], np.mean([(3 + 2 + 3 + 4) / 4, 15 / 4, (2 + 1 + 1 + 4 + 5) / 5])
    )


@pytest.fixture(scope="module")
def england(results_of: Callable[..., Results]) -> tuple[Results, pd.Series]:
    results = results_of(4)
    return results, deprivation_quintiles(results.practices, results.context, "smoking")


def test_the_random_shares_are_those_of_peers_drawn_at_random(england: tuple[Results, pd.Series]) -> None:
    results, quintiles = england
    codes, rng = results.matrix.index, np.random.default_rng(1)
    able = codes[results.segments.set_index("practice_code")["fitted"].loc[codes].to_numpy()]
    drawn = pd.DataFrame(
        [(code, peer) for code in codes for peer in rng.choice(able[able != code], 60, replace=False)],
        columns=["practice_code", "peer_code"],
    )
    gap = results.matrix.loc[drawn["practice_code"]].to_numpy() - results.matrix.loc[drawn["peer_code"]]
    drawn = drawn.assign(distance=np.linalg.norm(gap, axis=1), inclusion=np.nan)
    found = peers_by_quintile(drawn, results.matrix, results.segments, results.practices, quintiles)
    schemas.check("peers_by_quintile", found)
    for name in ("same_quintile", "same_segment", "same_icb"):
        assert_allclose(found[name], found[f"random_{name}"], atol=0.03)
    assert_allclose(found["distance"], found["random_distance"], rtol=0.03)


def test_nearest_peers_are_nearer_and_every_practice_is_in_a_row(england: tuple[Results, pd.Series]) -> None:
    results, quintiles = england
    found = nearest_peers(results.matrix, results.segments, results.practices, resamples=5)
    table = peers_by_quintile(found, results.matrix, results.segments, results.practices, quintiles)
    assert (table["distance"] < 0.7 * table["random_distance"]).all()
    assert table["inclusion"].between(0.1, 1).all()
    for column, whole in (("practices", 240), ("patients", results.practices["list_size"].sum())):
        assert table[column].iloc[:-1].sum() == table[column].iloc[-1] == whole


def test_closed_practices_are_no_random_peers_either() -> None:
    about = ENGLAND.set_index("practice_code")
    found = nearest_peers(about[["x"]], ENGLAND, ENGLAND, closed={"B"}, count=1, resamples=0)
    table = peers_by_quintile(found, about[["x"]], ENGLAND, ENGLAND, about["quintile"], closed={"B"})
    # Left are A, C, D, E: A has none of its quintile, B has A of A, C and D (E's is not known).
    assert_allclose(table["random_same_quintile"].iloc[0], (0 + 1 / 3) / 2)


def test_fidelity_of_rules_by_hand() -> None:
    predicted = pd.Series({"A": 1, "B": 2, "C": 2, "D": 2, "E": 2})  # B's is wrong; F is not fitted
    rules = Rules("", {}, predicted)
    quintiles = ENGLAND.set_index("practice_code")["quintile"]
    found = schemas.check("rules_by_quintile", rules_by_quintile(rules, ENGLAND, ENGLAND, quintiles))
    assert found["deprivation_quintile"].tolist() == [LEAST, MOST, UNKNOWN, "England"]
    assert found["practices"].tolist() == [2, 3, 1, 6]
    assert found["patients"].tolist() == [300, 4400, 1600, 6300]
    assert found["fitted"].tolist() == [2, 2, 1, 5]
    assert_allclose(found["fidelity"], [1 / 2, 2 / 2, 1 / 1, 4 / 5])
    # The largest segment of fitted practices is 2, with C, D and E.
    assert_allclose(found["largest_segment"], [0, 1, 1, 3 / 5])
    # Wilson for 4 of 5: (p + z2/2n -+ z sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n)
    z, p, n = 1.959964, 0.8, 5
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    interval = found[["low", "high"]].iloc[-1].astype(float)
    assert_allclose(interval, [(middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)], rtol=1e-6)


def test_a_quintile_without_fitted_practices_has_no_fidelity() -> None:
    special = ENGLAND.assign(fitted=ENGLAND["quintile"] == LEAST)
    rules = Rules("", {}, pd.Series({"A": 1, "B": 1}))
    quintiles = ENGLAND.set_index("practice_code")["quintile"]
    found = schemas.check("rules_by_quintile", rules_by_quintile(rules, special, ENGLAND, quintiles))
    assert found["fitted"].tolist() == [2, 0, 0, 2]
    assert_allclose(found["fidelity"], [1, np.nan, np.nan, 1])


def test_where_deprivation_is_not_known_peers_are_still_described() -> None:
    about = ENGLAND.set_index("practice_code")
    found = nearest_peers(about[["x"]], ENGLAND, ENGLAND, count=1, resamples=0)
    none = about["quintile"].mask(about["quintile"] != "", UNKNOWN)
    table = peers_by_quintile(found, about[["x"]], ENGLAND, ENGLAND, none)
    schemas.check("peers_by_quintile", table)
    assert table["deprivation_quintile"].tolist() == [UNKNOWN, "England"]
    assert table[["same_quintile", "random_same_quintile"]].isna().all(axis=None)
    assert_allclose(table["same_segment"], 5 / 6)
