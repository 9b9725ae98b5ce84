"""Names and portraits: neutral, distinct, and the same however segments are numbered."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from gp_segmentation.insight.portraits.gradient import defining_bands
from gp_segmentation.insight.portraits.names import AVERAGE, Claim, name_claims, name_segments
from gp_segmentation.insight.portraits.phrases import concepts, short
from gp_segmentation.insight.portraits.portraits import write_portraits
from gp_segmentation.insight.portraits.profiles import segment_profiles
from gp_segmentation.insight.portraits.sentences import claim_figures, recorded_conditions
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import natural

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
        claims=name_claims(results.natural, results.features, results.dictionary, labels(results).map(swap)),
        verdict="continuum",
    )
    by_number = {p["segment"]: p for p in portraits}
    for before in results.portraits:
        after = by_number[swap[before["segment"]]]
        # The fixture's portraits also say where the segment lies on its gradient.
        kept = [re.sub(r"segment \d", "segment ?", s).split(" On a scale")[0] for s in before["sentences"]]
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
    claims = name_claims(results.natural, results.features, results.dictionary, labels(results))
    tables = results.profiles, results.segments, results.practices
    portraits = write_portraits(*tables, claims=claims, verdict=verdict)
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
    profile = profile.assign(feature="", mean=[], england_mean=[], difference_sd=[])
    one, two = write_portraits(profile, segments, practices, claims={})
    assert "67% are in the North West (50% of all practices)." in one["sentences"][0]
    assert "67% are in London (50% of all practices)." in two["sentences"][0]
    even = segments.assign(region_name=["North West", "London"] * 60)
    assert (
        "No region has clearly more"
        in write_portraits(profile, even, practices, claims={})[0]["sentences"][0]
    )


@pytest.fixture
def two_gradients() -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """300 practices in three equal segments: 1 is the least deprived third; 2 the older half of the others.

    By variance most practices differ by age, which is no part of what makes segment 1.
    """
    rng = np.random.default_rng(4)
    index = pd.Index([f"P{i:03d}" for i in range(300)])
    age = np.concatenate(
        [rng.permutation(np.linspace(-3, 3, 100)), np.linspace(3, 0, 100), np.linspace(0, -3, 100)]
    )
    imd = np.concatenate([np.linspace(-2, -1, 100), rng.uniform(0, 1, 200)])
    features = pd.DataFrame({"age_75_plus": 5 * age, "imd": imd}, index=index)
    dictionary = pd.DataFrame(
        {
            "feature": ["age_75_plus", "imd"],
            "label": ["Patients aged 75 and over", "IMD"],
            "unit": "score",
            "block": ["age_structure", "deprivation"],
        }
    )
    return features, dictionary, pd.Series(np.repeat([1, 2, 3], 100), index=index)


def test_the_band_told_is_on_the_gradient_that_defines_the_segment(two_gradients) -> None:
    features, dictionary, groups = two_gradients
    claims = name_claims(features, features, dictionary, groups)
    found = defining_bands(features, dictionary, groups, claims)
    assert {n: (band.low, band.high) for n, band in found.items()} == {
        1: ("less deprived", "more deprived"),
        2: ("younger", "older"),
        3: ("younger", "older"),
    }
    # The least deprived third lies between percentiles 0 and 33, its middle half between 8 and 25.
    assert_allclose((found[1].lower, found[1].upper), (8.4, 25.1), atol=0.2)
    for number, own in claims.items():
        strongest = max(own, key=lambda claim: abs(claim.difference_sd)).phrase
        assert strongest in (found[number].low, found[number].high)
        ends = {found[number].low: found[number].upper, found[number].high: 100 - found[number].lower}
        assert ends[strongest] < 75, "the band lies at the end that the name tells"


def test_bands_do_not_depend_on_numbers_and_a_segment_without_claims_has_none(two_gradients) -> None:
    features, dictionary, groups = two_gradients
    swapped = groups.map({1: 3, 2: 2, 3: 1})
    bands, after = (
        defining_bands(features, dictionary, labels, name_claims(features, features, dictionary, labels))
        for labels in (groups, swapped)
    )
    assert after[3] == bands[1]
    assert defining_bands(features, dictionary, groups, {1: [], 2: [], 3: []}) == {}


def border(difference: float) -> dict[str, object]:
    """Names and portraits of two segments: the mean of one feature is `difference` SD from England's."""
    codes = [f"P{i:03d}" for i in range(400)]
    # Two equal groups of +d and -d on a spread of s: (d / sqrt(s^2 + d^2)) is the difference in SD.
    spread = np.tile(np.linspace(-1.7, 1.7, 200), 2)
    spread /= spread.std()
    shift = np.repeat([1.0, -1.0], 200) * difference / np.sqrt(1 - difference**2)
    values = pd.DataFrame({"list_size": spread + shift, "other": np.tile([0.0, 1.0], 200)}, index=codes)
    dictionary = pd.DataFrame(
        {"feature": ["list_size", "other"], "label": ["List size", "Other"], "unit": "score", "block": "b"}
    )
    groups = pd.Series(np.repeat([1, 2], 200), index=codes)
    names = name_segments(values, values, dictionary, groups)
    segments = pd.DataFrame({"practice_code": codes, "segment": groups.to_numpy(), "fitted": True})
    segments = segments.assign(
        segment_name=segments["segment"].map(names), second_segment=3 - segments["segment"],
        region_name="London", segment_code=segments["segment"].map({1: "A1", 2: "B1"}), supergroup="A",
        subgroup="A1a",
    )  # fmt: skip
    practices = pd.DataFrame({"practice_code": codes, "list_size": 5000})
    profile = segment_profiles(values, dictionary, segments)
    claims = name_claims(values, values, dictionary, groups)
    return {"names": names, "told": write_portraits(profile, segments, practices, claims=claims)}


@pytest.mark.parametrize(
    ("difference", "average"), [(0.2, True), (0.299, True), (0.301, False), (0.6, False)]
)
def test_close_to_average_is_never_said_beside_a_clear_difference(difference: float, average: bool) -> None:
    found = border(difference)
    for portrait in found["told"]:
        said = " ".join([portrait["name"], *portrait["sentences"]])
        assert said.startswith(AVERAGE) is average
        assert ("Close to" in said) is average
        assert re.search("clear(ly)? differ|than average", said) is None or not average
        assert ("than average" in said) is not average


QOF = pd.DataFrame(
    {
        "feature": [f"achievement_{code}" for code in ("AST007", "AST008", "COPD010", "HYP008", "SMOK002")],
        "label": [
            *("Asthma, AST007: achievement", "Asthma, AST008: achievement"),
            "Chronic obstructive pulmonary disease, COPD010: achievement",
            *("Hypertension, HYP008: achievement", "Smoking, SMOK002: achievement"),
        ],
        "unit": "%",
        "block": "achievement",
    }
)


def test_names_of_achievement_list_indicators_and_do_not_rank() -> None:
    """Segment 1 lies above England on every indicator but smoking, where it is below."""
    rng = np.random.default_rng(7)
    index = pd.Index([f"P{i:03d}" for i in range(400)])
    up = np.where(np.arange(400) < 200, 1.0, -1.0)[:, None] * np.array([1.6, 1.6, 1.2, 0.2, -0.9])
    values = pd.DataFrame(80 + up + rng.normal(0, 1, (400, 5)), index=index, columns=QOF["feature"])
    groups = pd.Series(np.repeat([1, 2], 200), index=index)
    assert name_segments(values, values, QOF, groups) == {
        1: "Asthma and COPD indicators above average, smoking indicators below average",
        2: "Smoking indicators above average, asthma and COPD indicators below average",
    }


def test_a_segment_above_england_on_everything_has_no_name_that_says_higher() -> None:
    rng = np.random.default_rng(8)
    index = pd.Index([f"P{i:03d}" for i in range(400)])
    level = np.where(np.arange(400) < 200, 1.0, -1.0)[:, None]
    values = pd.DataFrame(80 + level + rng.normal(0, 1, (400, 5)), index=index, columns=QOF["feature"])
    names = name_segments(values, values, QOF, pd.Series(np.repeat([1, 2], 200), index=index))
    for name in names.values():
        assert not JUDGING.search(name)
        assert not re.search(r"\b(high\w*|low\w*|top|strong\w*|weak\w*)\b", name, re.IGNORECASE)
        assert re.fullmatch(r"[\w, ]+ indicators (above|below) average", name)


def test_every_phrase_of_a_performance_set_is_neutral() -> None:
    found = [phrase for concept in concepts(QOF) for phrase in (concept.high, concept.low)]
    assert found == [
        f"{condition} indicators {place} average"
        for condition in ("asthma", "COPD", "hypertension", "smoking")
        for place in ("above", "below")
    ]


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
        (
            50.0,
            "Mostly rural: 50.0% of a practice's patients live in rural areas, on average (England 26.0%).",
        ),
        (49.9, None),
    ],
)
def test_a_segment_with_half_of_its_patients_in_rural_areas_is_mostly_rural(of_a, words) -> None:
    first, second = write_portraits(*rural_profile(of_a, 2.0), claims={})  # England: (50 + 50 + 2 + 2) / 4
    assert ("rural" in first["sentences"][0]) is (words is not None)
    assert words is None or first["sentences"][0].endswith(f" {words}")
    assert "ural" not in second["sentences"][0]


def test_the_name_says_more_rural_and_less_rural() -> None:
    found = [(concept.high, concept.low, concept.members) for concept in concepts(RURAL)]
    assert found == [("more rural", "less rural", {"rural_percent": 1})]


@pytest.mark.parametrize(("high", "words"), [(True, "above"), (False, "below")])
def test_a_claim_of_a_whole_block_says_for_how_many_of_its_measures_it_holds(high: bool, words: str) -> None:
    conditions = ["Asthma", "Chronic obstructive pulmonary disease", "Epilepsy", "Cancer", "Gout"]
    sign = 1 if high else -1
    profile = pd.DataFrame(
        {
            "feature": ["p0", "p1", "p2", "p3", "p4", "age_75"],
            "label": [
                *(f"{name} prevalence, age-sex adjusted" for name in conditions),
                "Patients aged 75 and over (ONS)",
            ],
            "unit": "%",
            "mean": [6.2, 2.61, 0.97, 3.1, 1.4, 12.0],
            "england_mean": [6.0, 1.85, 0.8, 3.2, 1.3, 9.0],
            # All but cancer (the fourth) the way of the claim: 4 of 5.
            "difference_sd": [sign * 0.2, sign * 0.9, sign * 0.6, sign * -0.1, sign * 0.3, 0.8],
        }
    )
    phrase = f"{'more' if high else 'fewer'} long-term conditions for their age"
    block = Claim(phrase, sign * 0.5, sign * 0.5, sign * 0.5, {f"p{n}": sign for n in range(5)})
    single = Claim("more COPD", 0.9, 0.8, 1.0, {"p1": 1})
    older = Claim("older", 0.8, 0.7, 0.9, {"age_75": 1})
    rows = [profile.iloc[[2]], profile.iloc[[1]], profile.iloc[[5]]]
    assert claim_figures([block, single, older], rows, profile) == [
        f"long-term conditions for their age: 4 of 5 {words} England, such as epilepsy: 0.97% "
        "(England 0.80%)",
        "recorded COPD, adjusted for age and sex: 2.6% (England 1.85%)",
        "patients aged 75 and over: 12.0% (England 9.0%)",
    ]
    assert claim_figures([block], [profile.iloc[:0]], profile) == []


def test_conditions_recorded_clearly_more_or_less_often_are_told_with_both_rates() -> None:
    names = ["Asthma", "Diabetes mellitus", "Cancer", "Epilepsy", "Gout", "Depression"]
    profile = pd.DataFrame(
        {
            "feature": [f"p{n}" for n in range(6)] + ["age"],
            "label": [f"{name} prevalence, age-sex adjusted" for name in names]
            + ["Patients aged 75 and over"],
            "unit": "%",
            "used": True,
            "rank": [3, 1, 2, 4, 5, 6, 7],
            #        +20%  +25%  -3%   -15%  +30%  +15%
            "mean": [7.2, 10.0, 3.4, 0.68, 1.69, 16.1, 12.0],
            "england_mean": [6.0, 8.0, 3.5, 0.8, 1.3, 14.0, 9.0],
            # Gout differs by too little, depression's interval has zero inside, cancer by less than a tenth.
            "difference_sd": [0.5, 0.9, -0.6, -0.4, 0.2, 0.35, 1.0],
            "difference_low": [0.4, 0.8, -0.7, -0.5, 0.1, -0.1, 0.9],
            "difference_high": [0.6, 1.0, -0.5, -0.3, 0.3, 0.8, 1.1],
        }
    )
    diabetes = {"feature": "p1", "name": "diabetes", "mean": "10.0%", "england": "8.0%"}
    assert recorded_conditions(profile) == {
        "more": [diabetes, {"feature": "p0", "name": "asthma", "mean": "7.2%", "england": "6.0%"}],
        "less": [{"feature": "p3", "name": "epilepsy", "mean": "0.68%", "england": "0.80%"}],
        "adjusted": True,
    }
    assert recorded_conditions(profile, top=1)["more"] == [diabetes]
    unadjusted = profile.assign(label=profile["label"].str.replace(", age-sex adjusted", ""))
    assert recorded_conditions(unadjusted)["adjusted"] is False
    assert recorded_conditions(profile.iloc[-1:]) == {"more": [], "less": [], "adjusted": False}
