"""The rule on small written tables of trials."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gp_segmentation.errors import ConfigError
from gp_segmentation.study import choose, elbow

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


def test_highest_excess_with_the_floor_and_the_fewest_segments_among_ties():
    choice = choose(table(), RULE)
    #   excess: 2 -> .036, 3 -> .031 (within .01, more segments); 4 -> .66 but a segment of one
    assert choice["trial"] == 2
    assert choice["near_ties"] == [2, 3]
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
    jaccards = {2: 0.4, 3: 0.9}
    choice = choose(table(), RULE, jaccards.__getitem__)
    assert choice["trial"] == 3
    assert choice["checked"] == [{"trial": 2, "jaccard_min": 0.4}, {"trial": 3, "jaccard_min": 0.9}]
    assert "the same segments return (lowest overlap 90%; 60% is asked for)" in choice["reason"]
    assert "Less stable trials were set aside: K-means with 5 segments (40%)." in choice["reason"]


def test_if_none_is_stable_the_most_stable_is_taken_and_said():
    choice = choose(table(), RULE, {2: 0.4, 3: 0.3, 0: 0.5}.__getitem__)
    assert choice["trial"] == 0
    assert "none of the 3 best trials keeps all its segments" in choice["reason"]
    assert "The most stable of them was taken (lowest overlap 50%; 60% is asked for)" in choice["reason"]


def test_a_single_trial_looked_at_and_found_unstable_is_told_of():
    choice = choose(table(), RULE | {"stability_checks": 1}, stability=lambda _: 0.4)
    assert choice["trial"] == 2
    expected = "not all segments return (lowest overlap 40%; 60% is asked for). No other trial was checked."
    assert expected in choice["reason"]


def test_the_reason_gives_the_figures():
    reason = choose(table(), RULE)["reason"]
    for part in (
        "The study chose K-means with 5 segments.",
        "In 5 of 6 trials all segments are large enough (at least 10 of the 100 practices).",
        "(silhouette 0.155 against 0.119 for random data: 0.036 more)",
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


def test_no_trial_with_the_floor_is_an_error_with_a_remedy():
    degenerate = [TRIALS[4], (6, "hierarchical", "single", 0.8, 0.2, "98 1 1")]
    with pytest.raises(
        ConfigError, match=r"none of the 2 trials has 10 practices .* Lower study.rule.min_share"
    ):
        choose(table(degenerate), RULE)


def test_no_trial_and_an_unknown_criterion_are_errors():
    with pytest.raises(ConfigError, match=r"no finished trial"):
        choose(table().iloc[:0], RULE)
    with pytest.raises(ConfigError, match=r"study.rule.criterion is 'luck'"):
        choose(table(), RULE | {"criterion": "luck"})


def test_the_elbow_is_where_inertia_stops_falling():
    rows = [(k, "kmeans", None, 0.2, 0.1, " ".join(["10"] * k)) for k in range(2, 9)]
    trials = table(rows)
    #                      2    3   4   5   6   7   8
    trials["inertia"] = [100.0, 60, 20, 18, 16, 14, 12]
    assert elbow(trials)["n_clusters"] == 4
    trials["inertia"] = [100.0, 90, 80, 70, 60, 50, 40]
    assert elbow(trials) is None
    assert elbow(trials.iloc[:3]) is None
