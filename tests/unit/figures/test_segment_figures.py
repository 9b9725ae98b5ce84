"""Numbers of the figures that show segments: distributions, shares, migration, opportunities, hulls."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import adjusted_rand_score

from gp_segmentation import figures
from gp_segmentation.figures import (
    distributions,
    heatmap,
    icb_shares,
    migration,
    opportunities,
    preparations,
    scatter,
)
from gp_segmentation.figures._axis_words import component_in_words
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.schemas import Results
from gp_segmentation.utils.labels import preparation_in_words, titled


def test_between_share_of_a_small_table() -> None:
    #        segment 1: 0, 2 (mean 1)   segment 2: 4, 6 (mean 5); mean 3; total 9 + 1 + 1 + 9, between 4 x 4
    values = pd.DataFrame({"apart": [0.0, 2.0, 4.0, 6.0], "same": [0.0, 2.0, 0.0, 2.0]})
    share = distributions.between_share(values, pd.Series([1, 1, 2, 2]))
    assert_allclose(share[["apart", "same"]], [16 / 20, 0.0])


def test_a_feature_nearly_the_same_as_another_is_not_drawn() -> None:
    x = np.arange(20.0)
    values = pd.DataFrame({"a": x, "twin": 2 * x + 1, "b": np.tile([0.0, 1.0], 10)})
    order = pd.Series({"a": 0.9, "twin": 0.9, "b": 0.1})
    assert distributions.distinct_features(values, order) == ["a", "b"]


def test_shares_of_every_board_add_up(results_of: Callable[..., Results]) -> None:
    shown = icb_shares.data(results_of(4))
    assert_allclose(shown.table.sum(axis=1), 100.0)
    assert shown.places == 3
    assert shown.mapped == shown.keys


def test_boards_stand_by_the_share_of_the_first_segment(results_of: Callable[..., Results]) -> None:
    first = icb_shares.data(results_of(4)).in_order.iloc[:, 0]
    assert list(first) == sorted(first, reverse=True)


def test_of_two_segments_one_map_shows_both(results_of: Callable[..., Results]) -> None:
    shown = icb_shares.data(results_of(2))
    assert [key.code for key in shown.mapped] == ["A1"]
    # Where practices are in no segment, the map of one does not tell the other.
    assert len(icb_shares.data(results_of(2, outside=10)).mapped) == 2


def test_flows_keep_every_practice(results_of: Callable[..., Results]) -> None:
    shown = migration.data(results_of(4))
    assert shown.ks == [2, 3, 4, 5, 6]
    for flow, left, right in zip(shown.flows, shown.blocks, shown.blocks[1:], strict=False):
        assert_array_equal(flow.sum(axis=1), left)
        assert_array_equal(flow.sum(axis=0), right)
    assert shown.kept[shown.ks.index(4)] == 1.0


def test_only_the_chosen_column_carries_codes(results_of: Callable[..., Results]) -> None:
    shown = migration.data(results_of(4))
    assert_array_equal(shown.share[shown.ks.index(4)], 1.0)
    assert all((share > 0).all() and (share <= 1).all() for share in shown.share)
    figure = Figure()
    migration.draw(shown, figure)
    names = [text.get_text().split("\n")[0] for text in figure.axes[0].texts]
    assert sorted(name for name in names if " in " not in name) == sorted(key.code for key in shown.keys)
    assert any(name.endswith(f"% in {shown.keys[0].code}") for name in names)


def test_opportunities_are_sums_over_segments(results_of: Callable[..., Results]) -> None:
    results = results_of(3)
    shown = opportunities.data(results)
    total = results.opportunities.groupby("indicator_code")["additional_patients"].sum()
    assert_allclose(shown.patients.sum(axis=1), total.sort_values(ascending=False))
    # 240 practices gain 20, and 0, 3, ... 18 in turn: 4,800 + 34 x 63 + 3, rounded as its interval bears it.
    assert total["DM002"] == 6_945
    assert opportunities.title(shown) == (
        "The largest opportunity: about 6,940 additional patients on diabetes <b> (DM002)"
    )
    assert shown.questions[0] == "Asks & <i>"


def test_profiles_stand_in_blocks_by_the_size_of_the_difference(results_of: Callable[..., Results]) -> None:
    shown = heatmap.data(results_of(4))
    rows = iter(shown.table.abs().max(axis=1))
    in_groups = {heading: [next(rows) for _ in names] for heading, names in shown.groups.items()}
    # Three blocks have one feature each: they share a heading.
    assert {heading: len(names) for heading, names in shown.groups.items()} == {
        "Age structure": 2,
        "Other features": 3,
    }
    for differences in in_groups.values():
        assert differences == sorted(differences, reverse=True)


def test_words_that_all_rows_share_stand_in_the_heading() -> None:
    labels = ["Stroke prevalence, age-sex adjusted", "Asthma prevalence, age-sex adjusted"]
    assert heatmap.shared_ending(labels) == "prevalence, age-sex adjusted"
    assert heatmap.shared_ending(["Aged 0 to 14", "Aged 75 and over"]) == ""
    assert heatmap.shared_ending(["prevalence", "Asthma prevalence"]) == ""  # something is left of each


#: Loadings of a component on features, and what it runs from and to.
@pytest.mark.parametrize(
    ("loadings", "words"),
    [
        ({"Patients aged 75 and over": -0.7, "Patients aged 15 to 29": 0.7}, "Older to younger"),
        ({"Patients aged 75 and over": 0.7, "Deprivation score (IMD 2025)": -0.6}, None),
        ({"Patients from ethnic minority groups": 1.0}, "Fewer to more ethnic minority patients"),
        ({"Asthma prevalence": 0.7, "Diabetes prevalence": 0.7}, "Fewer to more long-term conditions"),
        # Two that move against each other are no kind; the strongest of all is named.
        ({"Asthma prevalence": 0.8, "Diabetes prevalence": -0.6}, "Less to more: asthma prevalence"),
        ({"Bed days": -1.0}, "More to less: bed days"),
    ],
)
def test_a_component_is_named_by_what_its_ends_are_like(
    loadings: dict[str, float], words: str | None
) -> None:
    found = component_in_words(pd.Series(loadings), ["feature"] * len(loadings))
    assert found == (words or "Younger to older and more to less deprived")


def test_the_hull_holds_the_inner_half() -> None:
    grid = np.array([[x, y] for x in (-1.0, 0.0, 1.0) for y in (-1.0, 0.0, 1.0)])
    points = np.vstack([grid, 10 * grid[[0, 2, 6, 8]], 9 * grid[[1, 3, 5, 7]]])
    corners = scatter.hull(points)
    assert np.abs(corners).max() == 1.0


def test_charts_of_the_page_have_a_place_for_every_practice(results_of: Callable[..., Results]) -> None:
    results = results_of(3)
    scores, axes = figures.chart_positions(results)
    assert_array_equal(scores.index, results.matrix.index)
    drawn = scatter.data(results).points[["one", "two"]].to_numpy()
    fitted = results.segments.loc[results.segments["fitted"], "practice_code"]
    assert_allclose(scores.loc[fitted].to_numpy(), drawn, atol=1e-9)
    assert len(axes) == 2
    places, rings = figures.icb_outlines(results)
    assert len(places) == len(results.practices)
    assert all(ring.shape[1] == 2 for ring in rings)


def test_preparations_are_compared_by_their_labels(results_of: Callable[..., Results]) -> None:
    results = results_of(4)
    shown = preparations.data(results)
    by_name = {row["preparation"]: row for row in results.choice["by_preparation"]}
    rows = {titled(preparation_in_words(name)): row for name, row in by_name.items()}
    assert sorted(shown.names) == sorted(rows)
    assert shown.names[shown.chosen] == "Standardised"
    for i, one in enumerate(shown.names):
        for j, other in enumerate(shown.names):
            labels = (results.labels[str(rows[name]["trial"])] for name in (one, other))
            assert shown.matrix[i, j] == pytest.approx(adjusted_rand_score(*labels))
    others = [shown.matrix[0, j] for j in range(1, len(rows))]
    assert shown.means[0] == pytest.approx(np.mean(others))
    assert "Standardised (K-means, k = 2)" in preparations.alt(shown)
    two = {**results.choice, "by_preparation": results.choice["by_preparation"][:2]}
    with pytest.raises(NotShown, match="Fewer than three ways"):
        preparations.data(dataclasses.replace(results, choice=two))
