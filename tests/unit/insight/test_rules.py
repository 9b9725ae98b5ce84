"""Surrogate rules recover what was planted, and are withheld when they cannot."""

from __future__ import annotations

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


def test_rules_are_withheld_below_the_floor() -> None:
    natural, dictionary, segments = planted()
    shuffled = segments.assign(segment=np.random.default_rng(0).permutation(segments["segment"]))
    found = surrogate_rules(natural, dictionary, shuffled, floor=0.9)
    assert (found.predicted.to_numpy() == shuffled["segment"]).mean() < 0.7
    assert "not given" in found.text
    assert "With " not in found.text
