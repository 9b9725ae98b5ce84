"""How sure a practice's groups are, from draws written out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from gp_segmentation.clustering import nest
from gp_segmentation.segments.certainty import how_sure, membership_probabilities

CODES = pd.Index(["A1", "A2", "A3", "B1", "B2"], name="practice_code")
#: Two segments with the means 1 and 10; A3 lies next to the border at 5.5.
OBSERVED = pd.DataFrame({"x": [-1.0, 0.0, 4.0, 9.0, 11.0]}, CODES)
NONE = np.empty((0, 2, 1))


@pytest.fixture(scope="module", name="levels")
def two_segments():
    labels = [1, 1, 1, 2, 2]
    return nest(OBSERVED, labels, supergroups=2, most_subgroups=2, floor=1, keys=CODES)


def moved(*steps: float):
    """Draws in which every practice moves by `steps`, one after another."""

    def draw(numbers: range) -> np.ndarray:
        return np.concatenate([OBSERVED.to_numpy() + steps[number] for number in numbers])

    return draw


def shares(table: pd.DataFrame, level: str = "segment") -> dict[str, dict[str, float]]:
    rows = table[table["level"] == level]
    return {
        practice: dict(zip(own["code"], own["probability"], strict=True))
        for practice, own in rows.groupby("practice_code")
    }


def test_the_share_of_draws_in_a_group_is_the_probability(levels):
    # A3 stands at 4, 5, 6 and 8; the border is at 5.5.
    table = membership_probabilities(moved(0, 1, 2, 4), OBSERVED, levels, NONE, draws=4)
    assert shares(table) == {
        "A1": {"A1": 1.0},
        "A2": {"A1": 1.0},
        "A3": {"A1": 0.5, "B1": 0.5},
        "B1": {"B1": 1.0},
        "B2": {"B1": 1.0},
    }
    assert shares(table, "supergroup")["A3"] == {"A": 0.5, "B": 0.5}
    assert shares(table, "subgroup")["A3"] == {"A1a": 0.5, "B1a": 0.5}


def test_each_draw_has_the_centroids_of_the_next_sample_of_practices(levels):
    # Borders at 5.5 and at (1 + 6) / 2 = 3.5, in turn; the third sample has no second segment.
    samples = np.array([[[1.0], [10.0]], [[1.0], [6.0]], [[1.0], [np.nan]]])
    table = membership_probabilities(moved(*[0.0] * 6), OBSERVED, levels, samples, draws=6)
    assert shares(table)["A3"] == {"A1": pytest.approx(4 / 6), "B1": pytest.approx(2 / 6)}
    assert shares(table)["B1"] == {"B1": pytest.approx(4 / 6), "A1": pytest.approx(2 / 6)}


def test_a_practice_keeps_a_segment_that_is_not_the_nearest_until_its_nearest_changes():
    # As in a tree: A3 (at 4) is in the second segment, whose mean is 8; the first one's is -0.5.
    levels = nest(OBSERVED, [2, 2, 1, 1, 1], supergroups=2, most_subgroups=2, floor=1, keys=CODES)
    assert levels.codes.loc["A3", "segment"] == levels.codes.loc["B1", "segment"]
    nearer = OBSERVED.assign(x=[-1.0, 0.0, 3.0, 9.0, 11.0])  # border at 3.75: nearest is the other one
    table = membership_probabilities(
        lambda numbers: np.concatenate([nearer.to_numpy()] * len(numbers)), nearer, levels, NONE, draws=3
    )
    own = levels.codes.loc["A3", "segment"]
    assert shares(table)["A3"] == {own: 1.0}


def test_jobs_do_not_change_the_table(levels):
    rng_moves = np.random.default_rng(0).normal(0, 3, 23)
    one, two = (
        membership_probabilities(moved(*rng_moves), OBSERVED, levels, NONE, draws=23, jobs=jobs)
        for jobs in (1, 2)
    )
    assert_frame_equal(one, two, check_exact=True)


def test_without_draws_nothing_is_known(levels):
    table = membership_probabilities(moved(), OBSERVED, levels, NONE, draws=0)
    assert table.empty
    sure = how_sure(table, levels.codes["segment"])
    assert sure.isna().all(axis=None)
    assert list(sure.index) == list(CODES)


def test_the_words_name_its_own_segment_first():
    rows = [
        ("P1", "segment", "A1", 0.95),
        ("P1", "segment", "B1", 0.05),
        ("P2", "segment", "B1", 0.6),
        ("P2", "segment", "A1", 0.35),
        ("P2", "segment", "C1", 0.05),
        ("P3", "segment", "B1", 1.0),
        ("P3", "subgroup", "B1a", 1.0),
    ]
    table = pd.DataFrame(rows, columns=["practice_code", "level", "code", "probability"])
    own = pd.Series("A1", index=["P1", "P2", "P3", "P4"])
    sure = how_sure(table, own)
    assert sure["certainty"].tolist()[:3] == [0.95, 0.35, 0.0]
    assert sure["membership"].tolist()[:3] == ["A1 (certain)", "A1 or B1 (35%, 60%)", "A1 or B1 (0%, 100%)"]
    assert sure.loc["P4"].isna().all()
