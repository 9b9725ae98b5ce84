"""What sets groups apart from their siblings, and portraits of supergroups and subgroups."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from gp_segmentation.insight.portraits.level_portraits import BORDERS, set_apart, write_level_portraits
from gp_segmentation.insight.portraits.levels import level_claims, name_levels
from gp_segmentation.insight.portraits.names import Claim, name_claims
from gp_segmentation.insight.portraits.portraits import write_portraits
from gp_segmentation.insight.portraits.profiles import level_profiles
from gp_segmentation.insight.portraits.sentences import apart_sentence
from gp_segmentation.schemas import LEVEL_COLUMNS, Results

OLDER = Claim("older", 0.5, 0.4, 0.6, {"age": 1})
SMALLER = Claim("smaller lists", -0.4, -0.5, -0.3, {"list": -1})
JUDGING = re.compile(r"\b(good|bad|poor|poorly|best|worst|better|worse|fail\w*|perform\w*)\b", re.IGNORECASE)


def profile(code: str, practices: int, age: float, patients: float) -> pd.DataFrame:
    """A profile of two features; its group is older, and has smaller lists, than the group above."""
    return pd.DataFrame(
        {
            "code": code,
            "feature": ["age", "list"],
            "label": ["Patients aged 75 and over", "List size"],
            "unit": ["%", "patients"],
            "used": True,
            "practices": practices,
            "mean": [age, patients],
            "parent_mean": [10.0, 6000.0],
            "parent_difference_sd": [0.5, -0.4],
            "parent_difference_low": [0.4, -0.5],
            "parent_difference_high": [0.6, -0.3],
            "difference_sd": 0.0,
            "difference_low": -1.0,
            "difference_high": 1.0,
            "rank": [1, 2],
        }
    )


#: A1: 100 of the 300 practices of A. The others' means: (300 * 10 - 100 * 12) / 200 = 9% and
#: (300 * 6,000 - 100 * 4,000) / 200 = 7,000.
A1, A = profile("A1", 100, 12.0, 4000.0), profile("A", 300, 10.0, 6000.0)


def test_one_sibling_is_named_with_its_means() -> None:
    assert apart_sentence([OLDER, SMALLER], A1, A, ["A2"]) == (
        "Compared with A2: older (patients aged 75 and over: 12.0%; A2 9.0%) and smaller lists "
        "(list size: 4,000; A2 7,000)."
    )


def test_several_siblings_are_the_rest() -> None:
    assert apart_sentence([OLDER], A1, A, ["A2", "A3"]) == (
        "Compared with the rest of A: older (patients aged 75 and over: 12.0%; the rest 9.0%)."
    )


def test_an_example_whose_interval_holds_zero_is_left_out() -> None:
    unclear = A1.assign(parent_difference_low=-0.1)
    assert apart_sentence([OLDER], unclear, A, ["A2"]) == "Compared with A2: older."


def test_without_claims_it_is_close_to_the_average_of_its_parent() -> None:
    assert apart_sentence([], A1, A, ["A2"]) == (
        "Close to the average of A: it differs too little for a name."
    )


@pytest.fixture(scope="module")
def run(results_of: Callable[..., Results]) -> Results:
    return results_of(4)


@pytest.fixture(scope="module")
def codes(run: Results) -> pd.DataFrame:
    fitted = run.segments[run.segments["fitted"]].set_index("practice_code")
    return fitted[list(LEVEL_COLUMNS.values())].set_axis(list(LEVEL_COLUMNS), axis=1)


@pytest.fixture(scope="module")
def told(run: Results, codes: pd.DataFrame) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Portraits of segments, and those of supergroups and subgroups."""
    england, parents = level_claims(run.natural, run.features, run.dictionary, codes)
    profiles = level_profiles(run.natural, run.dictionary, run.segments, run.levels)
    apart = set_apart(profiles, run.levels, parents)
    return (
        write_portraits(run.profiles, run.segments, run.practices, claims={}, apart=apart),
        write_level_portraits(profiles, run.segments, run.levels, england, apart),
    )


def test_claims_are_those_that_the_names_make(run: Results, codes: pd.DataFrame) -> None:
    tables = run.natural, run.features, run.dictionary
    england, parents = level_claims(*tables, codes)
    names = dict(zip(run.segments["segment_code"], run.segments["segment_name"], strict=True))
    named = name_levels(*tables, codes, names)
    assert set(england) == set(run.levels["code"])
    assert set(parents) == set(run.levels.loc[run.levels["level"] != "supergroup", "code"])
    for code, claims in parents.items():
        assert all(claim.low * claim.high > 0 for claim in claims)
        if claims:
            phrases = ", ".join(claim.phrase for claim in claims)
            assert re.sub(r" \([A-Z]\)$", "", str(named[code][2])).lower() == phrases.lower()
    numbers = run.segments.set_index("segment_code")["segment"].to_dict()
    fitted = run.segments[run.segments["fitted"]].set_index("practice_code")["segment"]
    of_segments = name_claims(*tables, fitted)
    assert all(england[code] == of_segments[number] for code, number in numbers.items())


def test_a_segment_tells_its_codes_and_what_sets_it_apart(run: Results, told: Any) -> None:
    levels = run.levels.set_index("code")
    for portrait in told[0]:
        code, above = portrait["code"], portrait["supergroup"]
        assert levels.loc[code, "segment"] == portrait["segment"]
        assert levels.loc[code, "parent"] == above
        assert portrait["subgroups"] == list(levels.index[levels["parent"] == code])
        siblings = [other for other in levels.index[levels["parent"] == above] if other != code]
        if not siblings:
            assert portrait["apart"] is None
            continue
        assert portrait["apart"]["siblings"] == siblings
        (sentence,) = (
            text for text in portrait["sentences"] if re.match("Compared with|Close to the average of", text)
        )
        for claim in portrait["apart"]["claims"]:
            assert claim["low"] * claim["high"] > 0
            assert f"{claim['phrase']} (" in sentence


def test_a_segment_by_number_has_its_code_beside_it(told: Any) -> None:
    number_and_code = {f"segment {portrait['segment']} ({portrait['code']})" for portrait in told[0]}
    for portrait in told[0]:
        (named,) = re.findall(r"segment \d+ \(\w+\)", portrait["sentences"][-1])
        assert named in number_and_code


def test_supergroups_and_subgroups_have_portraits(run: Results, told: Any) -> None:
    segments, by_code = run.segments, run.levels.set_index("code")
    expected = run.levels.loc[run.levels["level"] != "segment", "code"]
    assert [portrait["code"] for portrait in told[1]] == list(expected)
    for portrait in told[1]:
        mine = segments[segments[LEVEL_COLUMNS[portrait["level"]]] == portrait["code"]]
        assert (portrait["practices"], portrait["patients"]) == (len(mine), mine["list_size"].sum())
        first, *others = portrait["sentences"]
        if portrait["level"] == "supergroup":
            assert first.startswith(f"{len(mine)} practices ({len(mine) / 240:.0%} of all) with ")
            assert all(child in others[-1] for child in portrait["children"])
        else:
            whole = by_code.loc[portrait["parent"], "practices"]
            assert first.startswith(
                f"{len(mine)} practices ({len(mine) / whole:.0%} of {portrait['parent']}, "
            )
            assert others[-1] == BORDERS or others[-1] == f"It is all of segment {portrait['parent']}."
        assert 2 <= len(portrait["sentences"]) <= 4
        assert not JUDGING.search(" ".join(portrait["sentences"]))


def test_a_supergroup_of_one_segment_and_an_only_subgroup_say_so() -> None:
    levels = pd.DataFrame(
        [("supergroup", "A", None, 40), ("segment", "A1", "A", 40), ("subgroup", "A1a", "A1", 40)],
        columns=["level", "code", "parent", "practices"],
    ).astype({"parent": "str"})
    levels = levels.assign(name="Older", compared_with="England", patients=80, fitted=40)
    segments = pd.DataFrame(
        {"supergroup": ["A"] * 40, "segment_code": "A1", "subgroup": "A1a", "list_size": 2}
    )
    segments = segments.assign(region_name="London")
    nothing = profile("A", 40, 1.0, 1.0).iloc[:0]
    claims = {code: [] for code in levels["code"]}
    supergroup, subgroup = write_level_portraits(nothing, segments, levels, claims, {})
    assert supergroup["sentences"] == [
        "40 practices (100% of all) with 80 registered patients (100%). "
        "No region has clearly more than its share of them.",
        "It is segment A1 itself.",
    ]
    assert subgroup["sentences"][-1] == "It is all of segment A1."
    assert (subgroup["apart"], subgroup["children"], supergroup["children"]) == (None, [], ["A1"])


def test_a_group_with_half_of_its_patients_in_rural_areas_is_mostly_rural(
    run: Results, codes: pd.DataFrame
) -> None:
    one = codes["supergroup"].iloc[0]
    inside = codes.index[codes["supergroup"] == one]
    natural = run.natural.assign(rural_percent=10.0)
    natural.loc[inside, "rural_percent"] = 80.0
    rural = {"feature": "rural_percent", "label": "Patients who live in rural areas", "unit": "%"}
    dictionary = pd.concat([run.dictionary, pd.DataFrame([rural | {"block": "place"}])], ignore_index=True)
    profiles = level_profiles(natural, dictionary, run.segments, run.levels)
    england, parents = level_claims(run.natural, run.features, run.dictionary, codes)
    apart = set_apart(profiles, run.levels, parents)
    found = write_level_portraits(profiles, run.segments, run.levels, england, apart)
    share = (80 * len(inside) + 10 * (len(codes) - len(inside))) / len(codes)
    words = (
        "Mostly rural: 80.0% of a practice's patients live in rural areas, on average "
        f"(England {share:.1f}%)."
    )
    said = {portrait["code"]: words in portrait["sentences"][0] for portrait in found}
    assert said == {code: code[0] == one for code in said}
    assert set(said.values()) == {True, False}
