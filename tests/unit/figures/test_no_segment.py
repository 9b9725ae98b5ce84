"""Practices that belong to no segment: small and grey on scatter and map, counted in shares of the total."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from gp_segmentation.figures import embedding, icb_shares, map, scatter, sizes
from gp_segmentation.figures._page_charts import chart_positions
from gp_segmentation.schemas import Results


@pytest.fixture
def results(results_of: Callable[..., Results]) -> Results:
    """240 practices, five of them special; the last ten belong to no segment."""
    return results_of(4, outside=10)


@pytest.mark.parametrize("module", [scatter, map, embedding])
def test_they_are_drawn_small_and_grey_below_the_others_and_named(
    module: ModuleType, results: Results
) -> None:
    figure = Figure()
    module.draw(module.data(results), figure)
    drawn = {artist.get_label(): artist for artist in figure.axes[0].collections}
    grey, other = (
        drawn["no segment (10 practices)"],
        next(drawn[name] for name in drawn if name.startswith("A1")),
    )
    assert len(grey.get_offsets()) == 10
    assert grey.get_sizes()[0] == other.get_sizes()[0] / 2
    assert grey.get_zorder() < other.get_zorder()
    assert_allclose(grey.get_facecolor(), [[0x8C / 255] * 3 + [1]])
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes)]
    names = [text.get_text() for legend in legends if legend for text in legend.get_texts()]
    assert names[-1] == "no segment (10 practices)"
    assert len(names) == 5


def test_words_of_the_scatter_and_the_map_count_them(results: Results) -> None:
    assert scatter.alt(scatter.data(results)).startswith(
        "Scatter of 235 practices, 10 of them in no segment. "
    )
    places = map.data(results)
    assert "; 0 have no position; 10 are in no segment. Regions" in map.alt(places)
    assert int(places.by_region.to_numpy().sum()) == 230
    # "... which has 33% of all practices": a third of 240 is in each region.
    assert map.title(places).endswith("which has 33% of all practices")


def test_components_are_those_of_every_fitted_practice(
    results: Results, results_of: Callable[..., Results]
) -> None:
    shown, whole = scatter.data(results), scatter.data(results_of(4))
    assert_allclose(shown.points[["one", "two"]], whole.points[["one", "two"]])
    assert (shown.points["segment"] == -1).sum() == 10
    assert len(chart_positions(results)[0]) == 240


def test_shares_of_the_total_are_of_every_practice(results: Results) -> None:
    shown = sizes.data(results)
    assert_allclose(shown.table["practices_share"].sum(), 100 * 230 / 240)
    assert sizes.title(shown).endswith("; 4% are in no segment")
    assert sizes.alt(shown).endswith("; no segment: 10 practices.")
    boards = icb_shares.data(results).table
    lists = results.practices.groupby("icb_code")["list_size"].sum()
    left = results.unsegmented.groupby("icb_code")["list_size"].sum()
    assert_allclose(boards.sum(axis=1), 100 * (1 - left / lists))
