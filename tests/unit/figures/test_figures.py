"""Every figure: its parts, its words, its bytes; hostile names; what is left out says why."""

from __future__ import annotations

import dataclasses
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from gp_segmentation import figures
from gp_segmentation.figures import _parts, elbow, map, migration, scatter, sizes
from gp_segmentation.figures._render import caption, compose, mark
from gp_segmentation.figures._style import style
from gp_segmentation.figures._table import table_texts
from gp_segmentation.schemas import Results

NAMES = list(figures.figure_modules())
EXHAUSTIVE = "GPSEG_EXHAUSTIVE" in os.environ
#: Figures that look the same whatever the number of segments, or mark it at most.
OF_ANY_NUMBER = (
    *("age_explained", "before_after", "correlations", "missing", "embedding", "elbow", "other_scores"),
    *("silhouette_by_k", "preparations", "use_beyond", "usefulness"),
)
#: The most segments, and the fewest where each is drawn; four are in `rendered`. Others too at length.
DRAWN = [
    (name, k)
    for name in NAMES
    for k in ([2, 3, 5, 9] if EXHAUSTIVE else [9] if name in OF_ANY_NUMBER else [2, 9])
]
#: Figures drawn twice, at length all: one of each part that several draw with - cells, flows, places and
#: areas, curves of trials, labels moved apart, shares of groups. Text, keys and layout are in all of them.
DRAWN_TWICE = (
    NAMES if EXHAUSTIVE else ["heatmap", "migration", "map", "silhouette_by_k", "clustergram", "levels"]
)
WITHOUT_TRIALS_OR_PLACES = (
    *("silhouette_by_k", "elbow", "other_scores", "migration"),
    *("map", "icb_shares", "dendrogram"),
)


@pytest.fixture(scope="module")
def rendered(figures_of_four: Path) -> list[figures.Rendered]:
    return figures.load_figures(figures_of_four)[0]


def test_the_registry_finds_every_module_file() -> None:
    folder = Path(figures.__file__).parent
    assert sorted(NAMES) == sorted(p.stem for p in folder.glob("[a-z]*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_has_all_its_parts(name: str) -> None:
    module = figures.figure_modules()[name]
    assert len((module.__doc__ or "").split()) > 10
    assert isinstance(module.ORDER, int)
    assert module.LABEL
    missing = [
        part for part in ("data", "size", "draw", "title", "alt", "table") if not hasattr(module, part)
    ]
    assert missing == []


@pytest.fixture(scope="module")
def numbers_of(results_of: Callable[..., Results]) -> Callable[[str, int], Any]:
    """What a figure shows of so many segments."""
    return cache(lambda name, k: figures.figure_modules()[name].data(results_of(k)))


@pytest.mark.parametrize(("name", "k"), DRAWN)
def test_a_figure_draws_for_any_number_of_segments(
    results_of: Callable[..., Results], numbers_of: Callable[[str, int], Any], name: str, k: int
) -> None:
    results = results_of(k)
    module = figures.figure_modules()[name]
    numbers = numbers_of(name, k)
    with style():
        # Laid out, which draws all parts without writing them.
        figure = compose(module, numbers, module.title(numbers), results)
    assert figure.get_size_inches().max() < 25
    assert "nan" not in (module.title(numbers) + module.alt(numbers)).lower().split()
    assert len(module.alt(numbers)) > 40


@pytest.mark.parametrize(("name", "k"), DRAWN)
def test_a_figure_has_a_table_of_its_numbers(
    numbers_of: Callable[[str, int], Any], name: str, k: int
) -> None:
    table = figures.figure_modules()[name].table(numbers_of(name, k))
    texts = table_texts(table)
    headings = [heading for heading, _ in texts["columns"]]
    assert len(set(headings)) == len(headings) > 1
    assert len(texts["rows"]) == len(table) > 0
    assert all(len(row) == len(headings) for row in texts["rows"])
    assert "nan" not in {text.lower() for row in texts["rows"] for text in row}


def test_numbers_of_a_table_are_written_as_people_read_them() -> None:
    frame = pd.DataFrame({"Name": ["a  b", None], "Count": [1234567, 0], "Share": [98.7654, -0.0]})
    frame["Large"] = [9876543.0, np.nan]
    assert table_texts(frame) == {
        "columns": [["Name", ""], ["Count", "n"], ["Share", "n"], ["Large", "n"]],
        "rows": [["a b", "1,234,567", "98.77", "9,877,000"], ["", "0", "0", ""]],
    }


def test_the_table_of_sizes_has_every_practice_once(results_of: Callable[..., Results]) -> None:
    results = results_of(4)
    table = sizes.table(sizes.data(results))
    assert table["Practices"].sum() == len(results.segments)
    assert table["Patients"].sum() == results.practices["list_size"].sum()


def test_flows_of_a_table_add_up_to_the_practices_they_come_from(results_of: Callable[..., Results]) -> None:
    table = migration.table(migration.data(results_of(4)))
    going = table.dropna(subset="Practices that go there")
    block = going.groupby(["Number of segments", "Block from top"])
    assert_array_equal(block["Practices"].first(), block["Practices that go there"].sum())


def test_all_figures_are_written_with_their_words(rendered: list[figures.Rendered]) -> None:
    assert {f.name for f in rendered} == set(NAMES)
    for figure in rendered:
        assert figure.png.read_bytes().startswith(b"\x89PNG")
        assert ET.fromstring(figure.svg.read_bytes()).tag.endswith("svg")  # noqa: S314 - our own file
        assert figure.title
        assert "synthetic" in figure.caption.lower()
        assert "Contains information from nobody" in figure.caption


def test_hostile_names_are_inert_in_svg(rendered: list[figures.Rendered]) -> None:
    for figure in rendered:
        text = figure.svg.read_text(encoding="utf-8")
        assert "<script" not in text
        assert "<b>" not in text
        assert not re.search(r"\son\w+=", text)


def test_the_same_results_give_the_same_bytes(
    figures_of_four: Path, results_of: Callable[..., Results], tmp_path: Path
) -> None:
    again = figures.render_all(results_of(4), tmp_path / "again", names=DRAWN_TWICE)
    names = [f"{name}.{kind}" for name in DRAWN_TWICE for kind in ("png", "svg")]
    assert sorted(p.name for p in (tmp_path / "again").iterdir()) == sorted([*names, "captions.json"])
    files = ((name, figures_of_four / name, tmp_path / "again" / name) for name in names)
    assert [name for name, one, other in files if one.read_bytes() != other.read_bytes()] == []
    once = {figure.name: figure for figure in figures.load_figures(figures_of_four)[0]}
    for figure in again:
        assert figure == dataclasses.replace(once[figure.name], png=figure.png, svg=figure.svg)


def test_global_style_is_left_alone(results_of: Callable[..., Results], tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    figures.render_all(results_of(3), tmp_path / "f", names=["sizes"])
    assert dict(mpl.rcParams) == before


def test_what_has_nothing_to_show_is_left_out_with_a_reason(
    results_of: Callable[..., Results], tmp_path: Path
) -> None:
    results = results_of(3)
    bare = dataclasses.replace(
        results,
        trials=results.trials.head(1),
        practices=results.practices.assign(longitude=np.nan, latitude=np.nan),
        tree=results.tree.head(0),
        evidence={},
    )
    of_evidence = ("stability", "stability_by_k", "agreement", "clustergram", "made_of", "use_beyond")
    lost = {*WITHOUT_TRIALS_OR_PLACES, *of_evidence, "usefulness"}
    assert figures.render_all(bare, tmp_path / "f", names=sorted(lost)) == []
    left_out = {row["name"]: row["reason"] for row in figures.load_figures(tmp_path / "f")[1]}
    assert set(left_out) == lost
    assert all(left_out.values())
    for name in set(NAMES) - lost:
        module = figures.figure_modules()[name]
        numbers = module.data(bare)
        assert module.title(numbers)
        assert len(module.table(numbers)) > 0


def test_a_single_segment_is_compared_with_nothing(
    results_of: Callable[..., Results], tmp_path: Path
) -> None:
    results = results_of(1)
    single = dataclasses.replace(
        results,
        segments=results.segments.assign(silhouette=np.nan),
        trials=results.trials.head(1),
        choice=results.choice | {"by_preparation": []},
    )
    of_features = ["before_after", "missing", "correlations", "age_explained"]  # no segment is in them
    names = [name for name in NAMES if name not in of_features]
    shown = figures.render_all(single, tmp_path / "f", names=names)
    assert [f.name for f in shown] == ["scatter", "embedding"]


def test_official_data_carry_no_synthetic_mark(results_of: Callable[..., Results], tmp_path: Path) -> None:
    shown = figures.render_all(results_of(3, synthetic=False), tmp_path / "f", names=["sizes"])
    assert figures.load_figures(tmp_path / "f") == (shown, [])
    assert "synthetic" not in shown[0].caption.lower()


def test_an_unknown_figure_is_refused(results_of: Callable[..., Results], tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="pie"):
        figures.render_all(results_of(3), tmp_path / "f", names=["pie"])


def test_the_elbow_of_a_known_curve() -> None:
    # The curve falls fast up to 3, then slowly: 3 is the farthest point below the chord.
    left = pd.Series({2: 100.0, 3: 40.0, 4: 30.0, 5: 22.0, 6: 16.0})
    assert elbow.chord_elbow(left) == 3


def test_components_equal_scikit_learns() -> None:
    from sklearn.decomposition import PCA

    X = np.random.default_rng(0).normal(size=(200, 5)) * [5, 3, 1, 1, 1]
    scores, vectors, explained = scatter.two_components(X)
    other = PCA(2).fit(X)
    assert_allclose(explained, other.explained_variance_ratio_, rtol=1e-9)
    assert_allclose(np.abs(vectors), np.abs(other.components_.T), atol=1e-9)
    assert_allclose(np.abs(scores), np.abs(other.transform(X)), atol=1e-9)


def test_labels_are_moved_apart() -> None:
    placed = _parts.spread(np.array([0.0, 0.1, 0.15, 2.0]), 0.3)
    assert (np.diff(placed) >= 0.3 - 1e-12).all()


def test_the_map_stands_on_the_national_grid(results_of: Callable[..., Results]) -> None:
    results = results_of(3)
    practices = results.practices.copy()
    # The Tower of London, TQ 336 805.
    practices[["longitude", "latitude"]] = [-0.0759, 51.5081]
    places = map.data(dataclasses.replace(results, practices=practices))
    assert_allclose(places.points["x"], 533_600, atol=150)
    assert_allclose(places.points["y"], 180_500, atol=150)
    assert places.inside("London").all()
    assert places.panels == ["London"]  # too few practices elsewhere to enlarge it


def test_a_page_shows_a_figure_without_the_title_and_the_source_that_it_has_in_words(
    results_of: Callable[..., Results], tmp_path: Path
) -> None:
    results = results_of(3)
    (shown,) = figures.render_all(results, tmp_path / "f", names=["sizes"])
    with Image.open(shown.png) as whole, shown.picture() as part:
        # In inches: the drawing, and above it the mark that the data are synthetic.
        height = sizes.size(sizes.data(results))[1] + 0.3
        assert part.size == pytest.approx((whole.width, 150 * height), abs=2)
        assert (whole.crop((0, shown.body[0], whole.width, shown.body[1])).tobytes()) == part.tobytes()
        yellow = (np.asarray(part.convert("RGB")) == (0xFF, 0xDD, 0x00)).all(axis=2)
    assert yellow[:45].any()
    assert not yellow[45:].any()


@pytest.mark.parametrize(
    ("simulated", "kind", "marked"),
    [
        ([], "Prevalence", []),
        (["achievement"], "Prevalence", ["opportunities", "use_beyond", "usefulness"]),
        (["achievement"], "Achievement", NAMES),
        (["registers"], "Prevalence", NAMES),
    ],
)
def test_a_figure_that_rests_on_a_simulated_table_is_marked(
    results_of: Callable[..., Results], simulated: list[str], kind: str, marked: list[str]
) -> None:
    results = results_of(3, synthetic=False)
    source = results.source | {
        "simulated": dict.fromkeys(simulated, ""),
        "warning": "SIMULATED FIGURES: <all>.",
    }
    config = results.config | {"features": {"blocks": {"one": {"_target_": f"package.module.{kind}"}}}}
    told = dataclasses.replace(results, source=source, config=config)
    modules = figures.figure_modules()
    assert sorted(n for n in NAMES if mark(modules[n], told) == "SIMULATED FIGURES") == sorted(marked)
    in_words = [n for n in NAMES if "SIMULATED FIGURES: <all>." in caption(modules[n], told)]
    assert sorted(in_words) == sorted(marked)
