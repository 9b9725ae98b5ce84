"""The table of segments: fitted practices as clustered, special ones the nearest, noise in no segment."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from gp_segmentation.clustering import nest
from gp_segmentation.insight.groups import segment_sizes
from gp_segmentation.segments.table import PLACE, codes_of, level_table, segment_table
from gp_segmentation.storage.table_files import read_segments, write_segments

#: practice, its value, its segment (None: special; 0: noise)
ROWS = [
    ("A00", 0.0, 1),
    ("A01", 1.0, 1),
    ("A02", 2.0, 1),
    ("B00", 10.0, 2),
    ("B01", 11.0, 2),
    ("C00", 5.0, 0),
    ("D00", 7.0, None),  # nearest centroids: 1 and 10.5
]


@pytest.fixture
def table() -> pd.DataFrame:
    codes = [code for code, *_ in ROWS]
    matrix = pd.DataFrame({"x": [x for _, x, _ in ROWS]}, index=pd.Index(codes, name="practice_code"))
    labels = pd.Series({code: segment for code, _, segment in ROWS if segment})
    text = ("practice_name", "sub_icb_name", "icb_name", "region_name", *PLACE[:-1])
    practices = pd.DataFrame({"practice_code": codes, **dict.fromkeys(text, "T"), "list_size": 100})
    practices["special"] = pd.Series([None] * 6 + ["list under 1,000"], dtype="str")
    levels = nest(
        matrix.loc[labels.index], labels, supergroups=1, most_subgroups=1, floor=1, keys=labels.index
    )
    sure = pd.DataFrame({"certainty": 0.5, "membership": "A1 or B1 (50%, 50%)"}, labels.index)
    found, centres = segment_table(
        matrix, labels, practices, {1: "Low", 2: "High"}, levels, sure, noise=["C00"]
    )
    assert centres["x"].tolist() == [1.0, 10.5]
    names = {code: (code, "England", None) for code in levels.nodes["code"]}
    counts = level_table(found, levels, names).set_index("code")
    assert counts.loc["A", ["practices", "fitted", "patients"]].tolist() == [6, 5, 600]  # without C00
    assert codes_of(labels, levels) == {1: "A1", 2: "A2"}
    return found


def test_a_practice_that_is_noise_has_no_segment_and_a_special_one_the_nearest(table):
    rows = table.set_index("practice_code")
    assert rows["segment"].tolist() == [1, 1, 1, 2, 2, -1, 2]
    assert rows["segment_name"].tolist() == ["Low"] * 3 + ["High"] * 2 + ["No segment", "High"]
    assert rows["fitted"].tolist() == [True] * 6 + [False]
    missing = ["silhouette", "second_segment", "margin", "supergroup", "segment_code", "subgroup"]
    assert rows.loc["C00", [*missing, "certainty", "membership"]].isna().all()
    assert rows.loc["D00", "segment_code"] == "A2"


def test_the_file_gives_back_the_segments_with_or_without_noise(table, tmp_path: Path):
    write_segments(tmp_path / "segments.csv", table)
    segmented = read_segments(tmp_path / "segments.csv")
    assert segmented["segment"].dtype == "int64"
    assert segmented["practice_code"].tolist() == ["A00", "A01", "A02", "B00", "B01", "D00"]
    everyone = read_segments(tmp_path / "segments.csv", everyone=True)
    assert everyone["segment"].tolist() == [1, 1, 1, 2, 2, -1, 2]
    text = pd.read_csv(tmp_path / "segments.csv", dtype=str, keep_default_na=False)
    assert text["segment"].tolist() == ["1", "1", "1", "2", "2", "", "2"]


def test_sizes_with_noise_add_up_to_england(table):
    sizes = segment_sizes(table)
    rows = sizes[["segment", "segment_name", "practices", "fitted", "patients"]].to_numpy().tolist()
    assert rows == [
        [1, "Low", 3, 3, 300],
        [2, "High", 3, 2, 300],
        [-1, "No segment", 1, 1, 100],
        [0, "England", 7, 6, 700],
    ]
