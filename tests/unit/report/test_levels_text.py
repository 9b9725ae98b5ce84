"""What the page says of levels, of the rule, and of numbers that were fixed or are not supported."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from gp_segmentation import report
from gp_segmentation.report.levels_text import levels_text
from gp_segmentation.schemas import Results


def in_boards(results: Results, counts: dict[str, list[int]]) -> Results:
    """`results` with practices only in these subgroups, so many of each board."""
    codes = sorted(set(results.segments["subgroup"]))
    rows = [
        (f"NHS {board} Integrated Care Board", code)
        for board, each in counts.items()
        for code, n in zip(codes, each, strict=False)
        for _ in range(n)
    ]
    return dataclasses.replace(results, segments=pd.DataFrame(rows, columns=["icb_name", "subgroup"]).join(
        results.segments.drop(columns=["icb_name", "subgroup"])
    ))  # fmt: skip


def test_every_group_is_told_with_its_place_and_size(results_of: Callable[..., Results]) -> None:
    results = results_of(4)
    said = levels_text(results)
    table = results.levels.set_index("code")
    assert [group["code"] for group in said["groups"]] == sorted(table.index)
    for group in said["groups"]:
        row = table.loc[group["code"]]
        assert (group["name"], group["practices"], group["patients"]) == tuple(
            row[["name", "practices", "patients"]]
        )
    by_code = {group["code"]: group for group in said["groups"]}
    assert by_code["A"]["about"] == "A is <like> this. It is of use."
    assert by_code["A1a"]["about"] == "A1a is <like> this."
    portrait = next(row for row in results.portraits if row["segment"] == by_code["A1"]["number"])
    assert by_code["A1"]["about"] == portrait["sentences"][1]
    assert (by_code["A1a"]["compared"], by_code["A1"]["compared"]) == ("the rest of A1", "England")
    assert "subgroup A1a is part of segment A1, which is part of supergroup A." in said["sentences"][0]
    assert said["sentences"][1] == (
        "Subgroups are for finding similar practices; the borders between subgroups are not found again when "
        "practices are redrawn."
    )


def test_a_board_with_most_practices_in_one_subgroup_is_named_with_the_reason(
    results_of: Callable[..., Results],
) -> None:
    results = results_of(4)
    names = results.levels.set_index("code")["name"]

    def inline(code: str) -> str:
        return names[code][0].lower() + names[code][1:]

    said = levels_text(in_boards(results, {"North & East": [6, 4], "Spread": [5, 5]}))["sentences"]
    assert said[2:] == [
        "In North & East one subgroup, A1a, holds 6 of 10 practices: they are alike in what makes segment A1 "
        f"({inline('A1')}) and, within it, A1a ({inline('A1a')})."
    ]
    many = levels_text(in_boards(results, {name: [6, 4] for name in "abcde"}))["sentences"]
    assert [text[:6] for text in many[2:5]] == ["In a o", "In b o", "In c o"]
    assert many[5] == "So it is in 2 more integrated care boards."


def test_boards_that_spread_over_subgroups_are_said_to(results_of: Callable[..., Results]) -> None:
    said = levels_text(in_boards(results_of(4), {"North": [4, 6, 2], "South": [5, 6, 9]}))["sentences"]
    # 6 of 12 is half, and not more
    assert said[2:] == [
        "In no integrated care board does one subgroup hold more than half of the practices; most it is 50%, "
        "of North in A1b."
    ]


def test_practices_of_no_segment_count_for_their_board(results_of: Callable[..., Results]) -> None:
    left = results_of(4, outside=5).unsegmented.assign(icb_name="NHS North Integrated Care Board")
    results = dataclasses.replace(in_boards(results_of(4), {"North": [6, 4]}), unsegmented=left)
    # 6 of 10 + 5
    assert levels_text(results)["sentences"][2].endswith("most it is 40%, of North in A1a.")


def test_what_the_rule_asked_of_every_number_is_in_the_table(results_of: Callable[..., Results]) -> None:
    results = results_of(4)
    rule = {"min_exceedance": 0.95, "min_jaccard": 0.75, "min_prediction_strength": 0.75}
    said = report.summarise(dataclasses.replace(results, config=results.config | {"study": {"rule": rule}}))
    choice = said["choice"]
    assert choice["questions"][1] == "Segments return when practices are redrawn (75% is asked for)"
    asked = [
        [row[name] for name in ("segments", "beats_random", "returns", "predicts")]
        for row in choice["candidates"]
    ]
    assert asked == [
        ["2", "yes, 95%", "yes, 90%", "yes, 80%"],
        ["3", "yes, 95%", "yes, 90%", "yes, 80%"],
        ["4 (chosen)", "yes, 95%", "yes, 90%", "yes, 80%"],
        *([str(k), "yes, 95%", "no, 50%", "not asked"] for k in range(5, 10)),
    ]
    (other,) = choice["others"]
    assert (other["method"], other["beats_random"], other["returns"]) == (
        "Hierarchical clustering (Ward linkage)",
        "no, 50%",
        "not asked",
    )


def test_a_number_that_is_not_supported_is_called_so_on_the_first_screen(
    results_of: Callable[..., Results], tmp_path: Path
) -> None:
    results = results_of(4)
    unsupported = dataclasses.replace(results, choice=results.choice | {"supported": False})
    assert report.summarise(unsupported)["verdict"]["sentence"] == (
        "No number of segments is supported by the data. Bands, not types."
    )
    told = "No number of segments is supported by the data: other numbers would do as well. Bands, not types."
    evidence = results.evidence | {"supported": False, "meaning": told}
    assert report.summarise(dataclasses.replace(results, evidence=evidence))["verdict"]["sentence"] == told
    report.write_page(unsupported, [], tmp_path / "page.html")
    first = (tmp_path / "page.html").read_text(encoding="utf-8").split('id="segments"')[0]
    assert "No number of segments is supported by the data" in first
    assert "can be divided in many ways; these 4 segments are one of them" in first
    assert report.summarise(results)["verdict"]["supported"]


def test_a_number_that_was_fixed_comes_with_how_many_practices_are_sure(
    results_of: Callable[..., Results], tmp_path: Path
) -> None:
    results = results_of(4)
    fixed = dataclasses.replace(
        results,
        trials=results.trials.head(1),
        candidates=results.candidates.head(0),
        choice=results.choice | {"by_preparation": [], "supported": None},
    )
    said = report.summarise(fixed)
    assert said["choice"]["by_criterion"] == []
    share = results.segments["certainty"].mean()
    assert said["verdict"]["certainty"] == [
        "For 200 of 235 fitted practices (85%) nothing disputes the segment: they stay in it when counts and "
        "practices are drawn again, and another method agrees.",
        f"The probability that a practice belongs to its segment is {int(100 * share)}% on average.",
    ]
    report.write_page(fixed, [], tmp_path / "page.html")
    page = (tmp_path / "analyst.html").read_text(encoding="utf-8")
    verdict = page.split('<p class="verdict">')[1].split("</p>")[0]
    assert "For 200 of 235 fitted practices (85%) nothing disputes the segment" in verdict
    assert "The choice of each single criterion" not in page
    assert "Several clustering methods" not in page
    readers = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "The configuration fixes the number of segments." in readers
    assert "85% of practices have a clear segment" in readers
    chosen = report.summarise(results)
    assert (chosen["verdict"]["certainty"], chosen["verdict"]["sure"]) == ([], "85%")
    assert chosen["choice"]["by_criterion"] != []


@pytest.mark.parametrize("k", [1, 2, 4])
def test_a_run_without_levels_is_still_shown(
    results_of: Callable[..., Results], tmp_path: Path, k: int
) -> None:
    results = results_of(k)
    columns = ["supergroup", "segment_code", "subgroup", "certainty"]
    old = dataclasses.replace(
        results,
        levels=results.levels.head(0),
        candidates=results.candidates.head(0),
        segments=results.segments.drop(columns=columns),
    )
    said = report.summarise(old)
    assert [group["code"] for group in said["levels"]["groups"]] == [str(n) for n in range(1, k + 1)]
    assert said["levels"]["sentences"] == []
    report.write_page(old, [], tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert 'id="level"' not in page
    assert page.count("data-level=") == 2  # in the caption, and the rows
