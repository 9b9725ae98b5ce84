"""Segmentations beside each other: agreement as scikit-learn's, matched segments, practices that differ."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from gp_segmentation.segments.comparison import compare_segmentations

#: Eight practices; q is in no segment in run b, r not in run c at all.
LABELS = pd.DataFrame(
    {
        "a": [1, 1, 1, 2, 2, 2, 3, 3],
        "b": [2, -1, 2, 1, 1, 2, 3, 3],
        "c": [1, 1, np.nan, 1, 1, 1, 2, 2],
    },
    index=list("pqrstuvw"),
)


def test_segments_are_matched_one_to_one_by_the_practices_they_share():
    pairs = compare_segmentations(LABELS).contingency
    of_b = pairs[(pairs["run"] == "b") & (pairs["practices"] > 0)]
    assert of_b[["segment", "other", "practices", "matched"]].to_numpy().tolist() == [
        [1, 2, 2, True],  # p, r
        [2, 1, 2, True],  # s, t
        [2, 2, 1, False],  # u
        [3, 3, 2, True],  # v, w
    ]
    # Run c has two segments: the larger of the first run's that make up its first is the match.
    of_c = pairs[(pairs["run"] == "c") & pairs["matched"]]
    assert of_c[["segment", "other", "practices"]].to_numpy().tolist() == [[2, 1, 3], [3, 2, 2]]


def test_practices_differ_by_the_matched_segments():
    found = compare_segmentations(LABELS)
    assert found.matching.round(6).to_dict() == {"a": 1.0, "b": round(6 / 7, 6), "c": round(5 / 7, 6)}
    differing = {run: "".join(found.differing.index[found.differing[run]]) for run in LABELS}
    # q is in a segment in one of a and b; r is not in c, which is no difference.
    assert differing == {"a": "", "b": "qu", "c": "pq"}


def test_agreement_counts_practices_with_a_segment_in_both():
    found = compare_segmentations(LABELS).agreement
    assert found.loc["a", "a"] == 1
    without_q = LABELS.drop(index="q")
    assert found.loc["a", "b"] == pytest.approx(
        adjusted_rand_score(without_q["a"], without_q["b"]), abs=1e-12
    )
    without = LABELS.drop(index=["q", "r"])
    assert found.loc["b", "c"] == pytest.approx(adjusted_rand_score(without["b"], without["c"]), abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_agreement_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    labels = pd.DataFrame({name: rng.integers(1, rng.integers(2, 9), 500) for name in "abcd"})
    labels["like a"] = labels["a"].where(rng.random(500) < 0.9, 1)
    found = compare_segmentations(labels).agreement
    for one in labels:
        for other in labels:
            assert abs(found.loc[one, other] - adjusted_rand_score(labels[one], labels[other])) < 1e-9


def test_runs_that_have_no_practice_in_common_are_not_compared():
    labels = pd.DataFrame({"a": [1, 2, np.nan, np.nan], "b": [np.nan, np.nan, 1, 2]})
    found = compare_segmentations(labels)
    assert np.isnan(found.agreement.loc["a", "b"])
    assert np.isnan(found.matching["b"])
    assert not found.differing.any(axis=None)
    assert (found.contingency["run"] == "a").all()


def test_the_same_segments_numbered_otherwise_do_not_differ():
    labels = pd.DataFrame({"a": [1, 1, 2, 3], "b": [3, 3, 1, 2]})
    found = compare_segmentations(labels)
    assert found.agreement.loc["a", "b"] == 1
    assert found.matching["b"] == 1
    assert not found.differing.any(axis=None)
