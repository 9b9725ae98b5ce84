"""The pictures of several years: numbers that add up, and the measures that changed most."""

from __future__ import annotations

import pandas as pd
from numpy.testing import assert_array_equal

from gp_segmentation.figures._panel import draw_flows, draw_trends, flow_columns, largest_changes
from gp_segmentation.figures._style import segment_keys

SEGMENTS = pd.DataFrame(
    {"segment": [1, 2], "segment_code": ["A1", "B1"], "segment_name": ["Older", "Younger"]}
)
PERIODS = ["2022-23", "2023-24", "2024-25"]
#: From, to, practices of the first two years and of the last two.
FLOWS = [
    ("1", "1", 8, 7),
    ("1", "2", 2, 3),
    ("1", "closed", 1, 0),
    ("2", "1", 0, 1),
    ("2", "2", 5, 6),
    ("2", "closed", 0, 4),
    ("opened", "1", 2, 0),
    ("opened", "2", 3, 1),
]


def flows() -> pd.DataFrame:
    rows = [(a, b, first, "2022-23") for a, b, first, _ in FLOWS]
    rows += [(a, b, last, "2023-24") for a, b, _, last in FLOWS]
    return pd.DataFrame(rows, columns=["segment_from", "segment_to", "practices", "from_period"])


def trends() -> pd.DataFrame:
    means = {"flat": (5.0, 5.0, 5.1), "rising": (2.0, 3.0, 4.0), "falling": (10.0, 9.0, 8.0)}
    rows = [
        (feature, f"Measure {feature}", "%", period, "same practices", segment, mean)
        for feature, of in means.items()
        for period, mean in zip(PERIODS, of, strict=True)
        for segment in ("1", "2", "England")
    ]
    names = ["feature", "label", "unit", "period", "group", "segment", "mean"]
    return pd.DataFrame(rows, columns=names)


def test_bands_are_the_flows_and_blocks_have_room_for_all_that_come_and_go() -> None:
    columns, tables = flow_columns(flows(), segment_keys(SEGMENTS), PERIODS)
    assert_array_equal(tables[0], [[8, 2, 1], [0, 5, 0], [2, 3, 0]])
    assert_array_equal(tables[1], [[7, 3, 0], [1, 6, 4], [0, 1, 0]])
    blocks = [column.blocks.tolist() for column in columns]
    # Segments 1 and 2, and those that opened (first year), closed or open next (second), closed (last).
    assert blocks == [[11, 5, 5], [10, 11, 1], [8, 10, 4]]
    assert [column.name for column in columns] == PERIODS


def test_the_measures_that_changed_most_come_first() -> None:
    assert largest_changes(trends(), PERIODS) == ["rising", "falling", "flat"]


def test_the_same_numbers_give_the_same_pictures() -> None:
    for draw, table in ((draw_flows, flows), (draw_trends, trends)):
        one, other = draw(table(), SEGMENTS, PERIODS), draw(table(), SEGMENTS, PERIODS)
        assert one == other
        assert one["png"].startswith(b"\x89PNG")
        assert b"<svg" in one["svg"]
