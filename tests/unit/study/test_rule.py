"""The rule on small written tables of trials."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from gp_segmentation.errors import ConfigError
from gp_segmentation.study import choose, elbow
from gp_segmentation.study.rule import floor_of

RULE = {
    "min_share": 0.1,
    "min_practices": 5,
    "criterion": "excess_silhouette",
    "tolerance": 0.01,
    "min_jaccard": 0.6,
    "stability_checks": 3,
}

# trial, clusterer, linkage, silhouette, null, sizes (100 practices: the floor is 10)
TRIALS = [
    (0, "kmeans", None, 0.26, 0.24, "60 40"),
    (1, "kmeans", None, 0.15, 0.145, "40 35 25"),
    (2, "kmeans", None, 0.155, 0.119, "30 25 20 15 10"),
    (3, "kmeans", None, 0.14, 0.109, "30 20 15 13 12 10"),
    (4, "hierarchical", "average", 0.90, 0.24, "99 1"),
    (5, "hierarchical", "ward", 0.22, 0.24, "70 30"),
]


def table(rows=TRIALS) -> pd.DataFrame:
    made = []
    for trial, clusterer, linkage, silhouette, null, sizes in rows:
        counts = [int(size) for size in sizes.split()]
        made.append(
            {
                "trial": trial,
                "preparation": None,
                "clusterer": clusterer,
                "linkage": linkage,
                "n_clusters": len(counts),
                "silhouette": silhouette,
                "davies_bouldin": 1 / silhouette,
                "calinski_harabasz": 100.0 / len(counts),
                "inertia": 100.0 / len(counts),
                "smallest_segment": counts[-1],
                "largest_segment": counts[0],
                "sizes": sizes,
                "null_silhouette": null,
                "excess_silhouette": silhouette - null,
            }
        )
    return pd.DataFrame(made)


def prepared(*ways: tuple[str, float]) -> pd.DataFrame:
    """K-means with two segments of 50 on each of some preparations: its name, the excess."""
    rows = [(trial, "kmeans", None, 0.5, 0.5 - excess, "50 50") for trial, (_, excess) in enumerate(ways)]
    return table(rows).assign(preparation=[name for name, _ in ways])


class Measured:
    """What the rule would measure, written down: figure -> trial -> value; `asked` notes the questions."""

    def __init__(self, **figures: dict[int, float]) -> None:
        self.asked: dict[str, list[int]] = {}
        for name in ("exceedance", "jaccard_min", "prediction_strength"):
            setattr(self, name, self._answer(name, figures.get(name, {})))

    def _answer(self, name, values):
        def answer(trials):
            self.asked.setdefault(name, []).extend(trials)
            return {trial: values[trial] for trial in trials if trial in values}

        return answer


def stable(**jaccards: float) -> Measured:
    """Stability of trials, from t2=0.4 for trial 2."""
    return Measured(jaccard_min={int(name[1:]): value for name, value in jaccards.items()})


def agreements(**pairs: float):
    """Agreement of two trials, from t01=... for trials 0 and 1."""
    return lambda one, other: pairs[f"t{min(one, other)}{max(one, other)}"]


def with_excess(*trials: tuple[int, float, str]) -> pd.DataFrame:
    """K-means, each with its trial's number, the excess exactly as given, and the sizes."""
    rows = [(trial, "kmeans", None, 0.5, 0.5, sizes) for trial, _, sizes in trials]
    return table(rows).assign(excess_silhouette=[excess for _, excess, _ in trials])


def test_highest_excess_with_the_floor_and_the_fewest_segments_among_ties():
    choice = choose(table(), RULE)
    #   excess: 2 -> .036, 3 -> .031 (within .01, more segments); 4 -> .66 but a segment of one
    assert choice["trial"] == 2
    assert json.dumps(choice["near_ties"]) == "[2, 3]"
    assert (choice["floor"], choice["eligible"]) == (10, 5)
    assert choice["criterion"] == "excess_silhouette"


def test_each_criterion_alone_is_reported_without_the_floor():
    singles = choose(table(), RULE)["by_criterion"]
    assert singles["silhouette"] == {
        "preparation": None,
        "clusterer": "hierarchical",
        "linkage": "average",
        "n_clusters": 2,
        "trial": 4,
        "value": 0.9,
    }
    assert {name: found["trial"] for name, found in singles.items() if name != "elbow"} == {
        "silhouette": 4,
        "davies_bouldin": 4,
        "calinski_harabasz": 0,
        "excess_silhouette": 4,
    }


def test_an_unstable_trial_is_set_aside():
    choice = choose(table(), RULE, stable(t2=0.4, t3=0.9))
    assert choice["trial"] == 3
    assert choice["checked"] == [{"trial": 2, "jaccard_min": 0.4}, {"trial": 3, "jaccard_min": 0.9}]
    assert "the same segments return (lowest overlap 90%; 60% is asked for)" in choice["reason"]
    assert "Less stable trials were set aside: K-means with 5 segments (40%)." in choice["reason"]


def test_if_none_is_stable_the_most_stable_is_taken_and_said():
    choice = choose(table(), RULE, stable(t2=0.4, t3=0.3, t0=0.5))
    assert choice["trial"] == 0
    assert "none of the 3 best trials keeps all its segments" in choice["reason"]
    assert "The most stable of them was taken (lowest overlap 50%; 60% is asked for)" in choice["reason"]


def test_a_single_trial_looked_at_and_found_unstable_is_told_of():
    choice = choose(table(), RULE | {"stability_checks": 1}, stable(t2=0.4))
    assert choice["trial"] == 2
    expected = "not all segments return (lowest overlap 40%; 60% is asked for). No other trial was checked."
    assert expected in choice["reason"]


def test_the_reason_gives_the_figures():
    reason = choose(table(), RULE)["reason"]
    for part in (
        "The study chose K-means with 5 segments.",
        "In 5 of 6 trials all segments are large enough (at least 10 of the 100 practices).",
        "(silhouette 0.15 against 0.12 for random data)",
        "1 other trial counts as a tie with the best (within 0.01)",
        "hierarchical clustering (average linkage) with 2 segments (silhouette, Davies-Bouldin, silhouette ",
        "; K-means with 2 segments (Calinski-Harabasz",
    ):
        assert part in reason
    assert "weak" not in reason


def test_a_choice_no_better_than_the_null_is_called_weak():
    reason = choose(table([TRIALS[1], TRIALS[5]]), RULE)["reason"]
    assert "no number of segments stands out, and the choice is weak" in reason


def test_without_a_null_the_silhouette_decides():
    trials = table()
    trials[["null_silhouette", "excess_silhouette"]] = np.nan
    choice = choose(trials, RULE)
    assert (choice["trial"], choice["criterion"]) == (0, "silhouette")
    assert "excess_silhouette" not in choice["by_criterion"]


def test_one_trial_is_taken_as_the_configuration_has_it():
    choice = choose(table([TRIALS[4]]), RULE)
    assert choice["trial"] == 4
    assert choice["reason"] == (
        "The configuration fixes hierarchical clustering (average linkage) with 2 segments, so nothing was "
        "left to choose. The smallest segment has 1 of 100 practices, fewer than the 10 that the rule asks "
        "for."
    )


@pytest.mark.parametrize(
    ("share", "least", "practices", "floor"),
    [
        (0.1, 5, 100, 10),  # 10% of 100
        (0.1, 5, 101, 11),  # 10.1, rounded up
        (0.1, 12, 100, 12),  # the number is higher than the share
        (0.07, 1, 100, 7),  # 7.000000000000001 to the computer
        (0.00007, 0, 15_000, 2),  # 1.05, rounded up
        (0.000001, 0, 1_000_001, 2),  # 1.000001, rounded up
        (0.6666667, 1, 3, 2),  # two thirds of 3, though 2.0000001 as written
    ],
)
def test_the_floor_is_the_share_rounded_up_or_the_number(share, least, practices, floor):
    assert floor_of({"min_share": share, "min_practices": least}, practices) == floor


@pytest.mark.parametrize(
    ("trials", "near_ties"),
    [
        # 0.5 - 0.25 is 0.25, exactly so in binary; trial 2 is just below it.
        ([(0, 0.5, "40 30 30"), (1, 0.25, "50 50"), (2, 0.2499, "50 50")], [1, 0]),
        ([(0, 0.5, "40 30 30"), (1, 0.25, "50 50"), (2, 0.375, "50 50")], [2, 1, 0]),
        ([(7, 0.5, "50 50"), (3, 0.5, "50 50"), (5, 0.5, "50 50")], [3, 5, 7]),
    ],
    ids=["as far below the best as the tolerance", "fewest segments, then highest", "then the first trial"],
)
def test_order_of_ties(trials, near_ties):
    choice = choose(with_excess(*trials), RULE | {"tolerance": 0.25})
    assert choice["near_ties"] == near_ties
    assert choice["trial"] == near_ties[0]


def test_a_trial_without_the_criterion_is_not_eligible():
    trials = table()
    trials.loc[trials["trial"] == 2, "excess_silhouette"] = np.nan
    choice = choose(trials, RULE)
    assert (choice["trial"], choice["eligible"], choice["criterion"]) == (3, 4, "excess_silhouette")


def test_the_silhouette_decides_where_the_rule_says_so():
    choice = choose(table(), RULE | {"criterion": "silhouette"})
    #   0.26 is the highest of those with the floor; 0.22 is not within .01 of it
    assert (choice["trial"], choice["near_ties"], choice["criterion"]) == (0, [0], "silhouette")


def test_overlap_as_high_as_asked_for_is_stable():
    checked = choose(table(), RULE, stable(t2=0.6, t3=0.9))["checked"]
    assert checked == [{"trial": 2, "jaccard_min": 0.6}]


def test_stability_is_checked_as_often_as_the_rule_says():
    jaccards = stable(t2=0.4, t3=0.3, t0=0.5, t1=0.9)
    never = choose(table(), RULE | {"stability_checks": 0}, jaccards)
    twice = choose(table(), RULE | {"stability_checks": 2}, jaccards)
    assert (never["trial"], never["checked"]) == (2, [])
    assert (twice["trial"], [row["trial"] for row in twice["checked"]]) == (2, [2, 3])
    # None is stable: the ties told of are those with the best trial, not with the last one checked.
    assert twice["near_ties"] == [2, 3]


def test_trials_are_checked_until_none_is_left():
    choice = choose(table(TRIALS[:2]), RULE | {"stability_checks": 9}, stable(t0=0.3, t1=0.2))
    assert [row["trial"] for row in choice["checked"]] == [0, 1]
    assert choice["trial"] == 0


def test_trials_that_agree_with_no_other_method_are_left_out():
    trials = table().assign(agreement=[0.5, 0.9, 0.4999, 0.5, 1.0, np.nan])
    choice = choose(trials, RULE | {"min_agreement": 0.5})
    #   of 0, 1 and 3, trial 3 has the highest excess (.031); 0 has .02 and 1 has .005
    assert (choice["trial"], choice["eligible"]) == (3, 3)
    said = "similar to those of another clusterer or linkage (adjusted Rand index of 0.5 or more)"
    assert said in choice["reason"]


def test_no_trial_with_the_floor_is_an_error_with_a_remedy():
    degenerate = [TRIALS[4], (6, "hierarchical", "single", 0.8, 0.2, "91 9")]
    with pytest.raises(ConfigError) as error:
        choose(table(degenerate), RULE)
    assert str(error.value) == (
        "none of the 2 trials has 10 practices or more in every segment; the best has 9 in its smallest. "
        "Lower study.rule.min_share and study.rule.min_practices, lower study.n_clusters.high, treat "
        "outliers (outliers=clip), or open another clusterer or linkage (average and single linkage split "
        "off single practices)"
    )


def test_no_trial_with_the_agreement_is_an_error_with_a_remedy():
    rows = [(0, "kmeans", None, 0.3, 0.2, "90 10"), (1, "hierarchical", "ward", 0.3, 0.2, "95 5")]
    with pytest.raises(ConfigError) as error:
        choose(table(rows).assign(agreement=0.3), RULE | {"min_agreement": 0.5})
    assert str(error.value) == (
        "no trial with large enough segments agrees with another clusterer or linkage as far as "
        "study.rule.min_agreement asks (0.5). Lower it, or open another clusterer"
    )


def test_no_trial_and_an_unknown_criterion_are_errors():
    with pytest.raises(ConfigError) as error:
        choose(table().iloc[:0], RULE)
    assert str(error.value) == "the study has no finished trial. Raise study.n_trials"
    with pytest.raises(ConfigError) as error:
        choose(table(), RULE | {"criterion": "luck"})
    assert str(error.value) == "study.rule.criterion is 'luck'. Set excess_silhouette or silhouette"


def test_the_preparation_whose_choice_agrees_best_with_the_others_is_taken():
    trials = prepared(("wide", 0.4), ("narrow", 0.2), ("clipped", 0.3))
    choice = choose(trials, RULE, agreement=agreements(t01=0.5, t02=0.1, t12=0.7))
    # In the order in which they were tried, with the means of (.5, .1), (.5, .7) and (.1, .7).
    told = [("wide", 0, 0.4, 0.3), ("narrow", 1, 0.2, 0.6), ("clipped", 2, 0.3, 0.4)]
    assert choice["by_preparation"] == [
        {
            "preparation": name,
            "clusterer": "kmeans",
            "linkage": None,
            "n_clusters": 2,
            "trial": trial,
            "excess_silhouette": pytest.approx(excess),
            "agreement": pytest.approx(mean),
            "supported": None,
        }
        for name, trial, excess, mean in told
    ]
    assert (choice["preparation"], choice["trial"], choice["eligible"]) == ("narrow", 1, 3)
    assert choice["reason"].startswith(
        "The matrix was prepared in 3 ways; the rule chose 2 segments with them. Scores of different "
        "matrices cannot be compared, but their segments can. The choice with one of them (narrow) was "
        "taken: it agrees best with the others (mean adjusted Rand index of each choice with the others: "
        "0.30 to 0.60)."
    )


@pytest.mark.parametrize(
    ("t01", "t02", "t12", "trial"),
    [
        (0.5, 0.5, 0.52, 0),  # means 0.50, 0.51, 0.51: the first is within .01 of the best
        (0.49, 0.5, 0.53, 1),  # means 0.495, 0.51, 0.515: the second is
    ],
)
def test_the_first_of_the_preparations_within_a_hundredth_of_the_best_is_taken(t01, t02, t12, trial):
    trials = prepared(("wide", 0.4), ("narrow", 0.2), ("clipped", 0.3))
    assert choose(trials, RULE, agreement=agreements(t01=t01, t02=t02, t12=t12))["trial"] == trial


def test_by_the_criterion_the_second_of_two_preparations_may_be_taken():
    rule = RULE | {"across_preparations": "criterion"}
    trials = prepared(("wide", 0.3), ("narrow", 0.301))
    choice = choose(trials, rule, agreement=agreements(t01=0.8))
    assert (choice["preparation"], choice["trial"]) == ("narrow", 1)


def test_a_single_named_preparation_agrees_with_no_other():
    (made,) = choose(prepared(("wide", 0.4)), RULE)["by_preparation"]
    assert (made["preparation"], made["agreement"]) == ("wide", None)
    assert made["excess_silhouette"] == pytest.approx(0.4)


def test_a_single_trial_without_scores_has_no_criterion():
    unscored = ["silhouette", "null_silhouette", "excess_silhouette"]
    trials = prepared(("wide", 0.4))
    trials[unscored] = np.nan
    choice = choose(trials, RULE)
    assert choice["criterion"] == "silhouette"
    assert [row["silhouette"] for row in choice["by_preparation"]] == [None]


def test_single_criteria_are_those_of_the_preparation_taken():
    # "wide" has the better scores and agrees less; each has its own null.
    rows = [
        (0, "kmeans", None, 0.6, 0.1, "50 50"),
        (1, "kmeans", None, 0.3, 0.1, "50 50"),
        (2, "kmeans", None, 0.2, 0.1, "40 30 30"),
        (3, "kmeans", None, 0.3, 0.1, "50 50"),
    ]
    trials = table(rows).assign(preparation=["wide", "narrow", "narrow", "clipped"])
    # Inertia is 100 / 2 = 50 and 100 / 3. The gap at 2 is 7 - log 50, that at 3 is 6 - log 33.3: less.
    # That at 1 is lower than the one at 2 by far.
    null = pd.DataFrame(
        [("narrow", 0, 1, 0.0), ("narrow", 0, 2, 7.0), ("narrow", 0, 3, 6.0), ("wide", 0, 2, 99.0)],
        columns=["preparation", "draw", "k", "log_within"],
    )
    pairs = agreements(t01=0.2, t03=0.2, t13=0.9)
    singles = choose(trials, RULE, null=null, agreement=pairs)["by_criterion"]
    assert {name: (found["trial"], found["value"]) for name, found in singles.items()} == {
        "silhouette": (1, 0.3),
        "davies_bouldin": (1, 1 / 0.3),
        "calinski_harabasz": (1, 100 / 2),
        "excess_silhouette": (1, 0.3 - 0.1),
        "gap": (1, pytest.approx(7 - np.log(50))),
    }
    assert "gap" not in choose(trials, RULE, agreement=pairs)["by_criterion"]


def test_the_elbow_is_where_inertia_stops_falling():
    rows = [(k, "kmeans", None, 0.2, 0.1, " ".join(["10"] * k)) for k in range(2, 9)]
    trials = table(rows)
    #                      2    3   4   5   6   7   8
    trials["inertia"] = [100.0, 60, 20, 18, 16, 14, 12]
    assert elbow(trials)["n_clusters"] == 4
    trials["inertia"] = [100.0, 90, 80, 70, 60, 50, 40]
    assert elbow(trials) is None
    assert elbow(trials.iloc[:3]) is None


def test_trials_without_the_criterion_are_not_said_to_disagree():
    trials = table()
    trials.loc[trials["smallest_segment"] >= 10, "excess_silhouette"] = np.nan
    with pytest.raises(ConfigError) as caught:
        choose(trials, RULE)
    assert str(caught.value) == (
        "no trial with large enough segments has the criterion excess_silhouette. "
        "Name another one as study.rule.criterion, or try other numbers of segments"
    )
