"""Names and portraits: neutral, distinct, and the same however segments are numbered."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from gp_segmentation.insight.portraits.gradient import main_gradient
from gp_segmentation.insight.portraits.names import AVERAGE, name_claims, name_segments
from gp_segmentation.insight.portraits.phrases import concepts, short
from gp_segmentation.insight.portraits.portraits import write_portraits
from gp_segmentation.insight.portraits.profiles import segment_profiles
from gp_segmentation.schemas import Results
from gp_segmentation.utils.wording import natural

JUDGING = re.compile(r"\b(good|bad|poor|poorly|best|worst|better|worse|fail\w*|perform\w*)\b", re.IGNORECASE)


def labels(results: Results) -> pd.Series:
    fitted = results.segments[results.segments["fitted"]]
    return fitted.set_index("practice_code")["segment"]


@pytest.mark.parametrize("k", range(2, 10))
def test_names_are_distinct_neutral_and_short(results_of: Callable[..., Results], k: int) -> None:
    results = results_of(k)
    found = name_segments(results.natural, results.features, results.dictionary, labels(results))
    assert sorted(found) == list(range(1, k + 1))
    assert len(set(found.values())) == k
    assert not [name for name in found.values() if JUDGING.search(name) or len(name) > 200]


def test_names_follow_the_practices_when_numbers_are_permuted(results_of: Callable[..., Results]) -> None:
    results = results_of(5)
    before = labels(results)
    swap = {1: 4, 2: 5, 3: 1, 4: 2, 5: 3}
    named = name_segments(results.natural, results.features, results.dictionary, before)
    renamed = name_segments(results.natural, results.features, results.dictionary, before.map(swap))
    assert {number: renamed[swap[number]] for number in named} == named


def test_portraits_follow_the_practices_too(results_of: Callable[..., Results]) -> None:
    results = results_of(3)
    swap = {1: 3, 2: 1, 3: 2}
    moved = results.segments.assign(
        segment=results.segments["segment"].map(swap),
        second_segment=results.segments["second_segment"].map(swap).astype("Int64"),
    )
    portraits = write_portraits(
        segment_profiles(results.natural, results.dictionary, moved),
        moved,
        results.practices,
        verdict="continuum",
    )
    by_number = {p["segment"]: p for p in portraits}
    for before in results.portraits:
        after = by_number[swap[before["segment"]]]
        kept = [re.sub(r"segment \d", "segment ?", s) for s in before["sentences"]]
        assert [re.sub(r"segment \d", "segment ?", s) for s in after["sentences"]] == kept
        assert after["patients"] == before["patients"]


def test_practices_and_patients_add_up(results_of: Callable[..., Results]) -> None:
    results = results_of(4)
    assert sum(p["practices"] for p in results.portraits) == len(results.practices)
    assert sum(p["patients"] for p in results.portraits) == results.practices["list_size"].sum()


@pytest.mark.parametrize(
    ("verdict", "words"),
    [("continuum", "along a gradient"), ("unstable", "uncertain"), ("discrete", "")],
)
def test_the_verdict_is_in_the_wording(results_of: Callable[..., Results], verdict: str, words: str) -> None:
    results = results_of(3)
    portraits = write_portraits(results.profiles, results.segments, results.practices, verdict=verdict)
    for portrait in portraits:
        assert words in portrait["sentences"][-1]
        assert not JUDGING.search(" ".join(portrait["sentences"]))
        assert 2 <= len(portrait["sentences"]) <= 4


def test_segments_like_england_are_named_average() -> None:
    rng = np.random.default_rng(0)
    index = pd.Index([f"P{i}" for i in range(400)])
    values = pd.DataFrame({"list_size": rng.normal(9000, 10, 400)}, index=index)
    dictionary = pd.DataFrame(
        {"feature": ["list_size"], "label": ["List size"], "unit": "patients", "block": "list_size"}
    )
    found = name_segments(values, values, dictionary, pd.Series(np.arange(400) % 2 + 1, index=index))
    assert sorted(found.values()) == [f"{AVERAGE} (A)", f"{AVERAGE} (B)"]


def test_a_difference_on_one_scale_only_is_no_claim() -> None:
    # One practice with a huge list lifts the mean of its segment, but not the mean of logarithms.
    sizes = np.array([100.0] * 49 + [1e6] + [120.0] * 50)
    index = pd.Index([f"P{i:03d}" for i in range(100)])
    values = pd.DataFrame({"list_size": sizes}, index=index)
    dictionary = pd.DataFrame(
        {"feature": ["list_size"], "label": ["List size"], "unit": "patients", "block": "list_size"}
    )
    groups = pd.Series([1] * 50 + [2] * 50, index=index)
    found = name_segments(values, np.log(values).clip(upper=5), dictionary, groups)
    assert all(name.startswith(AVERAGE) for name in found.values())


@pytest.mark.parametrize(
    ("label", "inside"),
    [
        ("Asthma prevalence", "asthma"),
        ("Asthma prevalence, age-sex adjusted", "asthma"),
        ("Chronic obstructive pulmonary disease prevalence", "COPD"),
        ("IMD 2019 score", "IMD 2019 score"),
        ("Hypertension, HYP008: achievement", "hypertension achievement (HYP008)"),
    ],
)
def test_labels_inside_sentences(label: str, inside: str) -> None:
    assert short(label) == inside


def test_age_bands_make_one_concept() -> None:
    dictionary = pd.DataFrame(
        {
            "feature": ["age_0_14", "age_15_24", "age_45_64", "age_75_plus"],
            "label": [f"Patients aged {a}" for a in ("0 to 14", "15 to 24", "45 to 64", "75 and over")],
            "unit": "%",
            "block": "age_structure",
        }
    )
    found = {c.high: c.members for c in concepts(dictionary)}
    assert found == {
        "older": {"age_15_24": -1, "age_75_plus": 1},
        "more children": {"age_0_14": 1},
        "more patients aged 45 to 64": {"age_45_64": 1},
    }


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(24.13, "%", "24.1%"), (0.456, "%", "0.46%"), (9843.2, "patients", "9,843"), (21.83, "score", "21.8"),
     (float("nan"), "%", "not known")],
)  # fmt: skip
def test_values_are_written_in_their_unit(value: float, unit: str, text: str) -> None:
    assert natural(value, unit) == text


def test_a_difference_within_chance_is_no_claim() -> None:
    # Eight practices half a standard deviation above the others: notable, but the interval holds zero.
    rng = np.random.default_rng(3)
    sizes = rng.normal(0, 1, 400)
    sizes[:8] = np.array([2.6, -1.6] * 4) + 0.02 * np.arange(8)
    index = pd.Index([f"P{i:03d}" for i in range(400)])
    values = pd.DataFrame({"list_size": sizes}, index=index)
    dictionary = pd.DataFrame(
        {"feature": ["list_size"], "label": ["List size"], "unit": "patients", "block": "list_size"}
    )
    groups = pd.Series(np.where(np.arange(400) < 8, 2, 1), index=index)
    assert (values["list_size"][:8].mean() - sizes.mean()) / sizes.std() > 0.3
    assert name_segments(values, values, dictionary, groups)[2].startswith(AVERAGE)
    assert name_claims(values, values, dictionary, groups) == {1: [], 2: []}


@pytest.mark.parametrize("k", [2, 4, 7])
def test_every_claim_of_a_name_is_supported_by_its_interval(
    results_of: Callable[..., Results], k: int
) -> None:
    results = results_of(k)
    arguments = results.natural, results.features, results.dictionary, labels(results)
    named, claimed = name_segments(*arguments), name_claims(*arguments)
    portraits = write_portraits(results.profiles, results.segments, results.practices, claims=claimed)
    for portrait in portraits:
        number, sentences = portrait["segment"], portrait["sentences"]
        rows = results.profiles[(results.profiles["segment"] == number) & results.profiles["used"]]
        for claim, row in zip(claimed[number], portrait["claims"], strict=True):
            assert claim.low < claim.difference_sd < claim.high
            assert claim.low * claim.high > 0
            assert claim.phrase.lower() in named[number].lower()
            assert row == {name: getattr(claim, name) for name in row}
            assert f"{claim.phrase} than average (" in sentences[1][:1].lower() + sentences[1][1:]
            # The example is the member that supports the claim most, in natural units.
            members = rows[rows["feature"].isin(claim.members)]
            best = members.loc[(members["difference_sd"] * members["feature"].map(claim.members)).idxmax()]
            means = (natural(best[column], best["unit"]) for column in ("mean", "england_mean"))
            assert "{}; England {})".format(*means) in sentences[1]
        assert not re.search(r"\b(most|largest|highest|lowest)\b", " ".join(sentences))


def test_a_condition_below_england_is_never_called_more() -> None:
    """Segment 2 has less of every condition, of asthma the least less: beyond its block, but not "more"."""
    rng = np.random.default_rng(2)
    index = pd.Index([f"P{i:03d}" for i in range(600)])
    second = np.arange(600) >= 300
    codes = ["AF", "AST", "CAN", "CHD", "DM", "HYP"]
    lower = dict.fromkeys(codes, 2.0) | {"AST": 0.4}
    values = pd.DataFrame(
        {code: 10 + rng.normal(0, 1, 600) - lower[code] * second for code in codes}, index=index
    )
    dictionary = pd.DataFrame(
        {
            "feature": codes,
            "label": [f"{code} prevalence" for code in codes],
            "unit": "%",
            "block": "prevalence",
        }
    )
    groups = pd.Series(np.where(second, 2, 1), index=index)
    found = name_segments(values, values, dictionary, groups)
    assert found[2].startswith("Fewer long-term conditions")
    assert "more AST" not in found[2]
    assert "less AST" not in found[1]
    gap = values[second].mean() - values.mean()
    assert gap["AST"] < 0 < (gap["AST"] - gap.mean()), "less than England, more than the block"


def test_only_regions_with_clearly_more_are_named() -> None:
    # Segment 1: 40 of 60 in the North West, where half of all are; 20 in London. Segment 2: as all, nearly.
    regions = ["North West"] * 40 + ["London"] * 20 + ["North West"] * 20 + ["London"] * 40
    codes = [f"P{i:03d}" for i in range(120)]
    segments = pd.DataFrame({"practice_code": codes, "region_name": regions, "segment": [1] * 60 + [2] * 60})
    segments = segments.assign(segment_name=segments["segment"].map({1: "A", 2: "B"}), fitted=True)
    segments["second_segment"] = pd.array([2] * 60 + [1] * 60, dtype="Int64")
    segments = segments.assign(
        segment_code=segments["segment"].map({1: "A1", 2: "B1"}), supergroup="A", subgroup="A1a"
    )
    practices = pd.DataFrame({"practice_code": codes, "list_size": 1000})
    profile = pd.DataFrame(
        columns=["segment", "used", "difference_low", "difference_high", "rank", "block", "label", "unit"]
    )
    profile = profile.assign(feature="", mean=[], england_mean=[])
    one, two = write_portraits(profile, segments, practices)
    assert "67% are in the North West (50% of all practices)." in one["sentences"][0]
    assert "67% are in London (50% of all practices)." in two["sentences"][0]
    even = segments.assign(region_name=["North West", "London"] * 60)
    assert "No region has clearly more" in write_portraits(profile, even, practices)[0]["sentences"][0]


def test_a_gradient_runs_between_its_ends_however_segments_are_numbered() -> None:
    rng = np.random.default_rng(4)
    index = pd.Index([f"P{i:03d}" for i in range(300)])
    score = np.linspace(-3, 3, 300)
    features = pd.DataFrame(
        {"imd": score + rng.normal(0, 0.1, 300), "b": rng.normal(0, 0.1, 300)}, index=index
    )
    dictionary = pd.DataFrame(
        {"feature": ["imd", "b"], "label": ["IMD", "Other"], "unit": "score", "block": ["deprivation", "x"]}
    )
    labels = pd.Series(np.repeat([1, 2, 3], 100), index=index)
    found = main_gradient(-features, features, dictionary, labels)
    assert found is not None
    assert (found.low, found.high) == ("less deprived", "more deprived")
    # The first third lies between percentiles 0 and 33, its middle half between 8 and 25.
    assert_allclose(found.places[1], (8.4, 25.1), atol=2)
    assert_allclose(found.places[3], (75.2, 91.8), atol=2)
    swapped = main_gradient(-features, features, dictionary, labels.map({1: 3, 2: 2, 3: 1}))
    assert swapped is not None
    assert swapped.places[3] == found.places[1]


RURAL = pd.DataFrame(
    {
        "feature": ["rural_percent"],
        "label": ["Patients who live in rural areas"],
        "unit": "%",
        "block": "place",
    }
)


def rural_profile(of_a: float, of_b: float) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Profile, segments and practices of two segments of two practices, and their patients in rural areas."""
    codes = ["A1", "A2", "B1", "B2"]
    segments = pd.DataFrame({"practice_code": codes, "segment": [1, 1, 2, 2], "segment_name": list("AABB")})
    segments = segments.assign(segment_code=segments["segment_name"] + "1", supergroup="A", subgroup="A1a")
    segments = segments.assign(second_segment=[2, 2, 1, 1], region_name="London", fitted=True)
    shares = pd.DataFrame({"rural_percent": [of_a - 10, of_a + 10, of_b, of_b]}, index=codes)
    practices = pd.DataFrame({"practice_code": codes, "list_size": 5000})
    return segment_profiles(shares, RURAL, segments), segments, practices


@pytest.mark.parametrize(
    ("of_a", "words"),
    [
        (50.0, "Mostly rural: 50% of a practice's patients live in rural areas, on average (England 26%)."),
        (49.9, None),
    ],
)
def test_a_segment_with_half_of_its_patients_in_rural_areas_is_mostly_rural(of_a, words) -> None:
    first, second = write_portraits(*rural_profile(of_a, 2.0))  # England: (50 + 50 + 2 + 2) / 4
    assert ("rural" in first["sentences"][0]) is (words is not None)
    assert words is None or first["sentences"][0].endswith(f" {words}")
    assert "ural" not in second["sentences"][0]


def test_the_name_says_more_rural_and_less_rural() -> None:
    found = [(concept.high, concept.low, concept.members) for concept in concepts(RURAL)]
    assert found == [("more rural", "less rural", {"rural_percent": 1})]
