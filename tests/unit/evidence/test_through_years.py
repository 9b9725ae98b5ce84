"""A panel of years among the reasons of the verdict."""

from __future__ import annotations

import pytest

from gp_segmentation.evidence import with_years

LIMITS = {"ari": 0.6, "jaccard": 0.75}
TOLD = {"assessed": True, "verdict": "continuum", "reasons": ["No gap."], "thresholds": LIMITS}
#: The fourth segment has none.
CODES = {1: "A1", 2: "B1", 3: "B2"}
NAMES = ("ari_own_fits", "ari_frozen", "ari_pooled_fit", "share_moved")


def panel(ari: float | None, returns: tuple[float, ...] = ()) -> dict[str, object]:
    return {
        "periods": ["2022-23", "2024-25"],
        "metrics": {name: {"2022-23 to 2024-25": ari} for name in NAMES},
        "returns": [
            {"period": "2022-23", "segment": number, "jaccard": value}
            for number, value in enumerate(returns, start=1)
        ],
    }


@pytest.mark.parametrize(
    ("ari", "words"),
    [
        (0.849, "gives nearly the same segments (adjusted Rand index 0.84; 0.60 is asked for)"),
        (0.6, "gives nearly the same segments (adjusted Rand index 0.60; 0.60 is asked for)"),
        (0.599, "gives different segments (adjusted Rand index 0.59; 0.60 is asked for)"),
        (None, "gives the same segments was not measured"),
    ],
)
def test_the_agreement_of_own_fits_is_a_reason_and_does_not_decide(ari, words):
    found = with_years(TOLD, panel(ari), CODES)
    assert found["verdict"] == "continuum"
    assert found["reasons"] == ["No gap."]
    (reason,) = found["years"]["reasons"]
    assert reason.startswith("2022-23 to 2024-25: ")
    assert words in reason
    assert found["years"]["steps"]["2022-23 to 2024-25"]["own_fits"] == ari


def test_a_segment_that_a_year_by_itself_does_not_have_is_named():
    found = with_years(TOLD, panel(0.9, (0.75, 0.749, 0.9, 0.5)), CODES)
    assert found["years"]["reasons"][1:] == [
        "Segmented by itself, 2022-23 does not have segment B1 (74%), 4 (50%) (overlap; 75% is asked for)."
    ]
    assert found["verdict"] == "continuum"
    assert with_years(TOLD, panel(0.9, (0.75, 0.8)), CODES)["years"]["reasons"][1:] == []


def test_without_a_panel_or_without_evidence_nothing_is_added():
    assert with_years(TOLD, {"periods": []}, CODES) == TOLD
    off = {"assessed": False, "reasons": ["Evidence was switched off."]}
    assert with_years(off, panel(0.9), CODES) == off
