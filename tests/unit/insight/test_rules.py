"""Surrogate rules recover what was planted, and are withheld when they cannot."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from gp_segmentation.insight.rules import surrogate_rules


def planted(count: int = 200) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Segment 1 up to 10%, segment 2 above; the other feature is noise."""
    rng = np.random.default_rng(1)
    codes = [f"P{i:03d}" for i in range(count)]
    natural = pd.DataFrame({"a": rng.uniform(0, 20, count), "b": rng.normal(size=count)}, index=codes)
    segment = np.where(natural["a"] <= 10, 1, 2)
    segments = pd.DataFrame({"practice_code": codes, "segment": segment, "fitted": True})
    segments["segment_name"] = segments["segment"].map({1: "Low", 2: "High"})
    segments["segment_code"] = segments["segment"].map({1: "A1", 2: "B1"})
    dictionary = pd.DataFrame({"feature": ["a", "b"], "label": ["Share", "Noise"], "unit": ["%", "score"]})
    return natural, dictionary, segments


def test_rules_recover_a_planted_border() -> None:
    natural, dictionary, segments = planted()
    found = surrogate_rules(natural, dictionary, segments)
    assert (found.predicted.to_numpy() == segments["segment"]).mean() > 0.95
    edge = natural["a"][natural["a"] <= 10].max() / 2 + natural["a"][natural["a"] > 10].min() / 2
    assert f"With share at most {edge:.1f}%: segment 1 (A1), low" in found.text
    assert f"With share above {edge:.1f}%: segment 2 (B1), high" in found.text
    below, right = found.by_segment[1]
    assert below.startswith(f"With share at most {edge:.1f}%: ")
    assert below.endswith(" practices; 100% of them are in this segment.")
    assert re.fullmatch(
        r"The rules put (over )?\d+% of its practices into it(, and .* into B1 by mistake)?\. "
        r"Of those they put into it, (under )?\d+% belong elsewhere\.",
        right,
    )


def test_what_the_rules_get_wrong_is_told_by_segment() -> None:
    """Of segment 1, 10 of 40 look like segment 2; of segment 2 none looks like segment 1."""
    codes = [f"P{i:03d}" for i in range(100)]
    natural = pd.DataFrame({"a": [1.0] * 30 + [9.0] * 70, "b": 0.0}, index=codes)
    segments = pd.DataFrame({"practice_code": codes, "segment": [1] * 40 + [2] * 60, "fitted": True})
    segments["segment_name"], segments["segment_code"] = "Any", segments["segment"].map({1: "A1", 2: "B1"})
    found = surrogate_rules(natural, planted()[1], segments).by_segment
    assert found[1] == [
        "With share at most 5.0%: 30 practices; 100% of them are in this segment.",
        "The rules put 75% of its practices into it, and 25% into B1 by mistake. Of those they put into it, "
        "0% belong elsewhere.",
    ]
    assert found[2] == [
        "With share above 5.0%: 70 practices; 86% of them are in this segment.",
        "The rules put 100% of its practices into it. Of those they put into it, 14% belong elsewhere.",
    ]


def test_rules_are_withheld_below_the_floor() -> None:
    natural, dictionary, segments = planted()
    shuffled = segments.assign(segment=np.random.default_rng(0).permutation(segments["segment"]))
    found = surrogate_rules(natural, dictionary, shuffled, floor=0.9)
    assert (found.predicted.to_numpy() == shuffled["segment"]).mean() < 0.7
    assert "not given" in found.text
    assert "With " not in found.text
    assert set(found.by_segment) == {1, 2}
    for sentences in found.by_segment.values():
        (sentence,) = sentences
        assert sentence.startswith("No simple rules are given: they would put ")
        assert sentence.endswith("90% is asked for.")
