"""Supergroups, segments and subgroups: what they look like, and the picture of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import pairwise

import pandas as pd
import pytest

from gp_segmentation.figures import clustergram, groups_by_level, levels, parts_of, segment_keys
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import SEGMENT_COLOURS
from gp_segmentation.schemas import Results

COLUMNS = {"supergroup": "supergroup", "segment": "segment_code", "subgroup": "subgroup"}


def test_groups_have_the_practices_of_the_table(results_of: Callable[..., Results]) -> None:
    results = results_of(4)
    found = groups_by_level(results)
    assert list(found) == list(COLUMNS)
    for level, groups in found.items():
        counted = results.segments[COLUMNS[level]].value_counts().sort_index()
        assert {group.code: group.practices for group in groups} == counted.to_dict()
        assert sum(group.patients for group in groups) == results.segments["list_size"].sum()


def test_subgroups_have_the_colour_of_their_segment_and_shapes_of_their_own(
    results_of: Callable[..., Results],
) -> None:
    found = groups_by_level(results_of(5))
    for segment in found["segment"]:
        inside = parts_of(segment, found)
        assert {group.colour for group in inside} == {segment.colour}
        assert len({group.marker for group in inside}) == len(inside)
    for supergroup in found["supergroup"]:
        largest = parts_of(supergroup, found)[0]
        assert (supergroup.colour, supergroup.marker) == (largest.colour, largest.marker)


def test_segments_are_in_the_order_of_codes_and_keep_the_colour_of_their_number() -> None:
    table = pd.DataFrame(
        {"segment": [1, 2, 3, 3], "segment_code": ["A1", "B1", "A2", "A2"], "segment_name": list("xyzz")}
    )
    keys = segment_keys(table)
    assert [(key.code, key.number) for key in keys] == [("A1", 1), ("A2", 3), ("B1", 2)]
    assert [key.colour for key in keys] == [SEGMENT_COLOURS[0], SEGMENT_COLOURS[2], SEGMENT_COLOURS[1]]


def test_a_level_that_says_the_same_as_segments_is_left_out(results_of: Callable[..., Results]) -> None:
    results = results_of(2)
    assert set(results.levels["level"]) == set(COLUMNS)  # A is A1, and B is B1
    assert list(groups_by_level(results)) == ["segment", "subgroup"]


def test_a_run_without_levels_has_segments_called_by_their_numbers(
    results_of: Callable[..., Results],
) -> None:
    results = results_of(3)
    columns = ["supergroup", "segment_code", "subgroup", "certainty"]
    old = dataclasses.replace(
        results, levels=results.levels.head(0), segments=results.segments.drop(columns=columns)
    )
    found = groups_by_level(old)
    assert [group.code for group in found["segment"]] == ["1", "2", "3"]
    assert sum(group.practices for group in found["segment"]) == 240
    with pytest.raises(NotShown, match="neither supergroups nor subgroups"):
        levels.data(old)


@pytest.mark.parametrize("k", [2, 4, 9])
def test_boxes_stand_in_columns_and_none_covers_another(results_of: Callable[..., Results], k: int) -> None:
    shown = levels.data(results_of(k))
    assert set(shown.boxes) == {group.code for groups in shown.groups.values() for group in groups}
    for groups in shown.groups.values():
        boxes = [shown.boxes[group.code] for group in groups]
        assert len({box.left for box in boxes}) == 1
        assert all(high.top + high.height < low.top for high, low in pairwise(boxes))
        assert boxes[0].top >= levels.HEAD
        assert boxes[-1].top + boxes[-1].height < shown.height
        for box in boxes:
            assert all(
                shown.boxes[g.code].left > box.left + box.width for g in parts_of(box.group, shown.groups)
            )


def test_the_picture_in_words(results_of: Callable[..., Results]) -> None:
    results = results_of(4)
    shown = levels.data(results)
    sizes = results.segments["subgroup"].value_counts()
    supergroups = results.segments["supergroup"].nunique()
    assert levels.title(shown) == (
        f"4 segments merge into {supergroups} supergroups and split into {len(sizes)} subgroups of "
        f"{sizes.min()} to {sizes.max()} practices"
    )
    for code in results.levels["code"]:
        assert f"{code}, " in levels.alt(shown)
    assert "not found again" in " ".join((levels.__doc__ or "").split())


def test_the_clustergram_ends_at_seven_segments_or_the_choice(results_of: Callable[..., Results]) -> None:
    results = results_of(4)  # 2 to 9 segments were assessed
    shown = clustergram.data(results)
    assert (shown.nodes["k"].max(), shown.flows["k"].max()) == (7, 6)
    nine = dataclasses.replace(results, choice=results.choice | {"n_clusters": 9})
    assert clustergram.data(nine).nodes["k"].max() == 9
