"""What segments record more and less than England, and the same of each board, for the first screen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from gp_segmentation.report.conditions import conditions
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import natural

BOARDS = ["ICB & 0", "ICB & 1", "ICB & 2"]


def test_a_board_s_figure_is_the_mean_of_its_fitted_practices_of_the_segment(
    results_of: Callable[..., Results],
) -> None:
    made = results_of(3)
    feature = made.dictionary["feature"].iloc[0]
    gout = {"feature": feature, "name": "gout", "mean": "1.40%", "england": "1.30%"}
    told = {"more": [gout], "less": [], "adjusted": True}
    # No practice of segment 2 is of board 1.
    segments = made.segments.assign(
        icb_name=made.segments["icb_name"].mask(made.segments["segment"] == 2, "ICB & 0")
    )
    portraits = [portrait | {"conditions": told} for portrait in made.portraits]
    found = conditions(dataclasses.replace(made, segments=segments, portraits=portraits), BOARDS)
    assert set(found) == {1, 2, 3}
    fitted = segments[segments["fitted"] & (segments["segment"] == 1)].set_index("practice_code")["icb_name"]
    means = [made.natural.loc[fitted.index[fitted == name], feature].mean() for name in BOARDS]
    assert found[1] == {
        "adjusted": True,
        "more": [
            {
                **{"name": "gout", "mean": "1.40%", "england": "1.30%"},
                "boards": [natural(mean, "%") for mean in means],
            }
        ],
        "less": [],
    }
    assert found[2]["more"][0]["boards"][1:] == [None, None]


def test_a_run_of_before_there_were_any_has_none(results_of: Callable[..., Results]) -> None:
    made = results_of(3)
    old = [
        {name: value for name, value in portrait.items() if name != "conditions"}
        for portrait in made.portraits
    ]
    found = conditions(dataclasses.replace(made, portraits=old), BOARDS)
    assert found == {n: {"adjusted": False, "more": [], "less": []} for n in (1, 2, 3)}
