"""Indicator codes of one year translated to those of another, on small written lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from gp_segmentation.errors import ConfigError
from gp_segmentation.segments.renumbering import matching_codes, read_renumbered

GROUPS = [["AF007", "AF008"], ["HYP003", "HYP008"]]


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (["AF008", "HYP008"], ["AF007", "HYP003"], {"AF007": "AF008", "HYP003": "HYP008"}),
        (["AF007"], ["AF008"], {"AF008": "AF007"}),  # either direction
        (["AF008"], ["AF008"], {}),
        (["AF008"], ["AF007", "AF008"], {}),  # they have the run's own code too
        (["DM020"], ["AF007"], {}),
    ],
)
def test_their_codes_become_ours(ours, theirs, expected):
    assert matching_codes(ours, theirs, GROUPS) == expected


def test_the_project_s_own_list_can_be_read():
    path = Path(__file__).resolve().parents[3] / "conf" / "source" / "_renumbered.yaml"
    groups = read_renumbered(path)
    assert ["AF007", "AF008"] in groups
    assert all(len(group) >= 2 for group in groups)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("AF007: AF008", "is not a list of lists"),
        ("- [A, B]\n- [B, C]", "has B twice"),
        ("- [1, 2]", "is not a list"),
    ],
)
def test_an_ambiguous_list_is_refused(text, message, tmp_path):
    (tmp_path / "codes.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_renumbered(tmp_path / "codes.yaml")
