"""What a run is described by in MLflow: its levels, whether they are supported, codes beside numbers."""

from __future__ import annotations

import pandas as pd
import pytest

from gp_segmentation.tracking.describing import level_counts, note, tags_of_results

CFG = {"features": {"name": "need", "label": "Patients and their need"}}
SOURCE = {
    "name": "nhs",
    "label": "England 2024-25",
    "practices": 6188,
    "patients": 63_766_671,
    "synthetic": False,
}
CHOICE = {
    "clusterer": "hierarchical",
    "linkage": "ward",
    "n_clusters": 2,
    "preparation": None,
    "supported": True,
}
PORTRAITS = [
    {"segment": 1, "code": "B1", "name": "Older", "practices": 3306, "patients": 35_504_835},
    {"segment": 2, "code": "A1", "name": "Younger", "practices": 2882, "patients": 28_261_836},
]
LEVELS = pd.DataFrame({"level": ["supergroup"] * 2 + ["segment"] * 2 + ["subgroup"]})


def test_levels_are_counted_from_coarse_to_fine() -> None:
    assert level_counts(LEVELS) == "2 supergroups, 2 segments, 1 subgroup"
    assert level_counts(LEVELS.iloc[:0]) == "0 supergroups, 0 segments, 0 subgroups"


@pytest.mark.parametrize(("supported", "tag"), [(True, "true"), (False, "false"), (None, "not asked")])
def test_tags_say_what_came_out(supported: bool | None, tag: str) -> None:
    found = tags_of_results(CFG, SOURCE, CHOICE | {"supported": supported}, "continuum", PORTRAITS, LEVELS)
    told = found.pop("mlflow.note.content")
    assert found == {
        "mlflow.runName": "need: hierarchical ward 2, nhs",
        "chosen": "hierarchical ward",
        "preparation": "as configured",
        "verdict": "continuum",
        "supported": tag,
        "levels": "2 supergroups, 2 segments, 1 subgroup",
    }
    assert told == note(SOURCE, CFG, "continuum", PORTRAITS, supported)


def test_the_description_has_the_code_beside_the_number() -> None:
    assert note(SOURCE, CFG, "continuum", PORTRAITS, True).splitlines() == [
        "England 2024-25: 6,188 practices, 63,766,671 patients, segmented by patients and their need. "
        "Verdict: **continuum**.",
        "",
        "| segment | code | name | practices | patients |",
        "|---|---|---|---|---|",
        "| 1 | B1 | Older | 3,306 | 35,504,835 |",
        "| 2 | A1 | Younger | 2,882 | 28,261,836 |",
    ]


def test_the_description_says_when_no_number_of_segments_is_supported() -> None:
    words = "**No number of segments is supported by the data.**"
    assert words in note(SOURCE, CFG, "continuum", PORTRAITS, False)
    assert words not in note(SOURCE, CFG, "continuum", PORTRAITS, None)
    assert tags_of_results(CFG, SOURCE, CHOICE, None, PORTRAITS, LEVELS)["verdict"] == "not assessed"
