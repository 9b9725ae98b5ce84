"""A panel of years among the reasons of the verdict."""

from __future__ import annotations

import pytest

from gp_segmentation.evidence import with_years

TOLD = {"assessed": True, "verdict": "continuum", "reasons": ["No gap."], "thresholds": {"ari": 0.6}}
NAMES = ("ari_own_fits", "ari_frozen", "ari_pooled_fit", "share_moved")


def panel(ari: float | None) -> dict[str, object]:
    return {
        "periods": ["2022-23", "2024-25"],
        "metrics": {name: {"2022-23 to 2024-25": ari} for name in NAMES},
    }


@pytest.mark.parametrize(
    ("ari", "words"),
    [
        (0.849, "gives nearly the same segments (adjusted Rand index 0.84; 0.6 is asked for)"),
        (0.6, "gives nearly the same segments (adjusted Rand index 0.60; 0.6 is asked for)"),
        (0.599, "gives different segments (adjusted Rand index 0.59; 0.6 is asked for)"),
        (None, "gives the same segments was not measured"),
    ],
)
def test_the_agreement_of_own_fits_is_a_reason_and_does_not_decide(ari, words):
    found = with_years(TOLD, panel(ari))
    assert found["verdict"] == "continuum"
    assert found["reasons"][0] == "No gap."
    (reason,) = found["reasons"][1:]
    assert reason.startswith("2022-23 to 2024-25: ")
    assert words in reason
    assert found["years"]["2022-23 to 2024-25"]["own_fits"] == ari


def test_without_a_panel_or_without_evidence_nothing_is_added():
    assert with_years(TOLD, {"periods": []}) == TOLD
    off = {"assessed": False, "reasons": ["Evidence was switched off."]}
    assert with_years(off, panel(0.9)) == off
