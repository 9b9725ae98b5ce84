"""Peers: the nearest practices, how firmly they are nearest, and why."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy.spatial.distance import pdist, squareform

from gp_segmentation.errors import InputError
from gp_segmentation.insight.peers.comparison import Comparison
from gp_segmentation.insight.peers.nearest import nearest_peers
from gp_segmentation.insight.peers.stability import feature_weights
from gp_segmentation.insight.peers.text import peers_text
from gp_segmentation.schemas import SCHEMAS, Results


def tables_of(x: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Matrix, segments and practices of as many practices as `x` has rows."""
    codes = [f"P{i:04d}" for i in range(len(x))]
    matrix = pd.DataFrame(x, index=pd.Index(codes, name="practice_code"))
    matrix.columns = [f"f{i}" for i in range(x.shape[1])]
    segments = pd.DataFrame({"practice_code": codes, "segment": 1, "fitted": True})
    return matrix, segments, pd.DataFrame({"practice_code": codes, "icb_code": "Q1"})


def test_peers_are_the_nearest_of_an_independent_sort(results_of: Callable[..., Results]) -> None:
    results = results_of(3)
    found = nearest_peers(results.matrix, results.segments, results.practices, count=4, resamples=0)
    distance = pd.DataFrame(
        squareform(pdist(results.matrix.to_numpy())), results.matrix.index, results.matrix.index
    )
    special = list(results.practices.loc[results.practices["special"].notna(), "practice_code"])
    for code, mine in found.groupby("practice_code"):
        expected = distance.loc[code].drop([code, *special], errors="ignore").nsmallest(4)
        assert list(mine["peer_code"]) == list(expected.index)
        assert_allclose(mine["distance"], expected)
    assert found["practice_code"].nunique() == len(results.practices)
    assert not set(found["peer_code"]) & set(special)
    assert found["inclusion"].isna().all()


def test_peers_at_equal_distance_come_in_the_order_of_codes() -> None:
    codes = ["A", "B", "C", "D"]
    matrix = pd.DataFrame({"x": [0.0, 1.0, -1.0, 1.0]}, index=pd.Index(codes, name="practice_code"))
    segments = pd.DataFrame({"practice_code": codes, "segment": [1, 1, 2, 2], "fitted": True})
    practices = pd.DataFrame({"practice_code": codes, "icb_code": ["Q1", "Q1", "Q2", "Q1"]})
    found = nearest_peers(matrix.iloc[::-1], segments, practices, count=10, resamples=0)
    mine = found[found["practice_code"] == "A"]
    assert list(mine["peer_code"]) == ["B", "C", "D"]
    assert list(mine["same_segment"]) == [True, False, False]
    assert list(mine["same_icb"]) == [True, False, True]
    assert list(mine["rank"]) == [1, 2, 3]


def test_closed_practices_have_peers_and_are_none() -> None:
    tables = tables_of(np.arange(6.0)[:, None])
    found = nearest_peers(*tables, closed={"P0002"}, count=2, resamples=5)
    assert "P0002" not in set(found["peer_code"])
    assert list(found.loc[found["practice_code"] == "P0002", "peer_code"]) == ["P0001", "P0003"]


def test_a_planted_twin_is_always_included_and_chance_neighbours_seldom() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(400, 12))
    x[1] = x[0] + 0.01  # a twin of the first, far from all others
    x[:2] += 6.0
    found = nearest_peers(*tables_of(x), count=6, resamples=60, seed=1)
    inclusion = found.set_index(["practice_code", "peer_code"])["inclusion"]
    assert inclusion["P0000", "P0001"] == 1.0
    by_rank = found.groupby("rank")["inclusion"].mean()
    assert by_rank.is_monotonic_decreasing
    assert by_rank[6] < 0.5


def test_without_noise_in_features_inclusion_is_that_of_the_half_samples() -> None:
    # One feature: resampling features changes nothing. The peer of rank r of 10 is among the nearest 5 of a
    # half that holds it when at most 4 of the r - 1 nearer ones are in it: always up to rank 5.
    x = np.random.default_rng(0).normal(size=(300, 1))
    found = nearest_peers(*tables_of(x), count=10, resamples=200, seed=3)
    by_rank = found.groupby("rank")["inclusion"].mean()
    assert_allclose(by_rank.loc[1:5], 1.0)
    # rank 10: P(at most 4 of 9 in a half) = 1/2
    assert_allclose(by_rank[10], 0.5, atol=0.03)


def test_drawn_features_keep_every_block_s_weight() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(200, 5)) * [1, 2, 3, 1, 1]
    block = np.array(["a", "a", "a", "b", "b"])
    for _ in range(20):
        weights = feature_weights(x, block, rng)
        for name in "ab":
            mine = block == name
            assert_allclose((weights * x.var(axis=0))[mine].sum(), x.var(axis=0)[mine].sum())


def test_jobs_and_row_order_change_nothing(results_of: Callable[..., Results]) -> None:
    results = results_of(3)
    one = nearest_peers(results.matrix, results.segments, results.practices, resamples=10, seed=5)
    for jobs, matrix in ((2, results.matrix), (1, results.matrix.iloc[::-1])):
        other = nearest_peers(matrix, results.segments, results.practices, resamples=10, seed=5, jobs=jobs)
        assert_frame_equal(one, other)


@pytest.fixture(scope="module")
def peers_of_run(results_of: Callable[..., Results]) -> tuple[Results, pd.DataFrame, Comparison]:
    results = results_of(3)
    found = nearest_peers(results.matrix, results.segments, results.practices, count=3, resamples=10)
    return results, found, Comparison.of(results.features, results.natural, results.dictionary)


def test_the_text_names_every_peer_with_its_reasons(
    peers_of_run: tuple[Results, pd.DataFrame, Comparison],
) -> None:
    results, found, comparison = peers_of_run
    text = peers_text("A00050", found, results.segments, comparison, levels_of(results))
    mine = found[found["practice_code"] == "A00050"]
    for code in mine["peer_code"]:
        assert text.count(code) == 2, "once in the table, once with its reasons"
    assert text.count("alike:") == text.count("different:") == 3
    assert max(map(len, text.splitlines())) < 150


def levels_of(results: Results) -> dict[str, str]:
    return dict(zip(results.levels["code"], results.levels["name"], strict=True))


def test_the_text_names_the_groups_of_every_level(
    peers_of_run: tuple[Results, pd.DataFrame, Comparison],
) -> None:
    results, found, comparison = peers_of_run
    segments = results.segments.set_index("practice_code")
    groups = {"segment": 2, "supergroup": "B", "segment_code": "B1", "subgroup": "B1c"}
    groups |= {"certainty": 0.62, "membership": "B1 or A1 (62%, 35%)"}
    segments.loc["A00050", list(groups)] = list(groups.values())
    names = levels_of(results) | {"B": "Younger, more deprived", "B1": "More COPD", "B1c": "Smaller lists"}
    lines = peers_text("A00050", found, segments.reset_index(), comparison, names).splitlines()
    assert lines[1:4] == [
        "Supergroup B: younger, more deprived.",
        "Segment B1 (number 2): more COPD. It belongs to B1 or A1 (62%, 35%).",
        "Subgroup B1c, within B1: smaller lists.",
    ]
    table = next(line for line in lines if "Stays a peer" in line)
    assert re.split("  +", table.strip()) == [
        *("Code", "Practice", "Integrated care board", "Segment", "Subgroup", "Distance", "Stays a peer")
    ]
    peer = found.loc[found["practice_code"] == "A00050", "peer_code"].iloc[0]
    row = next(line for line in lines if line.startswith(f"1  {peer}"))
    assert f"  {segments.loc[peer, 'subgroup']}  " in row
    assert "Belongs to: the probability of a segment" in " ".join(" ".join(lines).split())


def test_the_text_of_a_special_practice_has_no_certainty(
    peers_of_run: tuple[Results, pd.DataFrame, Comparison],
) -> None:
    results, found, comparison = peers_of_run
    text = peers_text("A00000", found, results.segments, comparison, levels_of(results))
    assert "(a special practice, put into the nearest segment)." in " ".join(text.split())
    assert "It belongs to" not in text


def test_the_text_of_a_run_without_levels_has_the_segment_only(
    peers_of_run: tuple[Results, pd.DataFrame, Comparison],
) -> None:
    results, found, comparison = peers_of_run
    before = results.segments[list(SCHEMAS["segments_without_levels"].columns)]
    text = peers_text("A00050", found, before, comparison)
    own = before.set_index("practice_code").loc["A00050"]
    assert text.splitlines()[1] == f"Segment {own['segment']}, {own['segment_name']}"
    assert f"{own['segment']} (same)" in text
    assert "ubgroup" not in text


def test_an_unknown_practice_is_refused_with_similar_codes_and_those_of_that_name(
    peers_of_run: tuple[Results, pd.DataFrame, Comparison],
) -> None:
    results, found, comparison = peers_of_run
    segments = results.segments.assign(practice_name="The Surgery")
    segments.loc[segments["practice_code"] == "A00007", "practice_name"] = "Oak (Street) Surgery"
    with pytest.raises(InputError, match=r"A0005 is not among the 240 practices. Did you mean one of: A00"):
        peers_text("A0005", found, segments, comparison)
    with pytest.raises(InputError, match=r"oak \(STR is not .* Did you mean one of: A00007 Oak \(Street\)"):
        peers_text("oak (STR", found, segments, comparison)
    with pytest.raises(InputError, match=r"Elm is not among the 240 practices. Codes look like A00000"):
        peers_text("Elm", found, segments, comparison)


def test_the_code_of_a_practice_may_be_typed_in_small_letters(
    peers_of_run: tuple[Results, pd.DataFrame, Comparison],
) -> None:
    results, found, comparison = peers_of_run
    told = peers_text("a00007", found, results.segments, comparison)
    assert told == peers_text("A00007", found, results.segments, comparison)


def test_a_practice_like_no_other_is_called_so() -> None:
    x = np.random.default_rng(0).normal(size=(100, 2))
    x[0] = 50.0
    matrix, segments, practices = tables_of(x)
    named = segments.assign(practice_name="P", icb_name="NHS One ICB", segment_name="All")
    dictionary = pd.DataFrame({"feature": ["f0", "f1"], "label": ["A", "B"], "unit": "score"})
    comparison = Comparison.of(matrix, matrix, dictionary)
    found = nearest_peers(matrix, segments, practices, resamples=0)
    assert "No practice is much like it" in peers_text("P0000", found, named, comparison)
    assert "No practice is much like it" not in peers_text("P0007", found, named, comparison)


def test_reasons_by_hand() -> None:
    dictionary = pd.DataFrame(
        {
            "feature": ["a", "b", "c"],
            "label": ["Asthma prevalence", "B", "C"],
            "unit": ["%", "score", "patients"],
        }
    )
    index = pd.Index(["P1", "P2", "P3", "P4"], name="practice_code")
    # z of P1 and P2: a +2.0 and +1.9 (alike), b +1 and -1 (different), c 0 and 0.1 (neither)
    z = pd.DataFrame({"a": [2.0, 1.9, -2, -2], "b": [1.0, -1, 0, 0], "c": [0.0, 0.1, 1, np.nan]}, index=index)
    natural = pd.DataFrame(
        {"a": [8.04, 7.9, 4, 4], "b": [30.0, 10, 20, 20], "c": [9000.0, 9100, 1, 1]}, index=index
    )
    found = Comparison(z, natural, dictionary).reasons("P1", "P2")
    assert found.alike == ["asthma 8.0% and 7.9%"]
    assert found.different == ["b 30.0 and 10.0"]
