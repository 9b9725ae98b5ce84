"""A study of several matrices: each as if it were alone, and a choice between what they come to."""

from __future__ import annotations

import multiprocessing
import os
import signal

import numpy as np
import optuna
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.metrics import adjusted_rand_score

from gp_segmentation.errors import ConfigError
from gp_segmentation.study import Evaluators, open_space, run_study
from gp_segmentation.study import search as study_search
from gp_segmentation.utils.labels import preparation_in_words
from gp_segmentation.utils.rounding import score_reached

WAYS = {
    "standard-none": {"scaler": "standard", "reducer": "none"},
    "standard-two": {"scaler": "standard", "reducer": "two"},
    "robust-none": {"scaler": "robust", "reducer": "none"},
    "robust-two": {"scaler": "robust", "reducer": "two"},
}


@pytest.fixture(scope="module")
def matrices(planted) -> dict[str, np.ndarray]:
    wide = planted * [1, 1, 1, 1, 1.5]
    return {
        "standard-none": planted,
        "standard-two": planted[:, :2].copy(),
        "robust-none": wide,
        "robust-two": wide[:, :2].copy(),
    }


def test_every_matrix_is_studied_as_if_it_were_alone(matrices, clusterer, options, build):
    whole = run_study(matrices, open_space(clusterer, options, WAYS), build, options, seed=3)
    assert whole.trials["preparation"].drop_duplicates().tolist() == list(WAYS)
    for name, rows in matrices.items():
        alone = run_study(rows, open_space(clusterer, options), build, options, seed=3)
        mine = whole.trials[whole.trials["preparation"] == name].reset_index(drop=True)
        # Mixtures are fitted on the chosen matrix alone.
        left = ["trial", "preparation", *(["bic", "icl"] if name != whole.choice["preparation"] else [])]
        assert_frame_equal(mine.drop(columns=left), alone.trials.drop(columns=left), check_exact=True)
        null = whole.null[whole.null["preparation"] == name].reset_index(drop=True)
        assert_frame_equal(
            null.drop(columns="preparation"), alone.null.drop(columns="preparation"), check_exact=True
        )
        (chosen,) = [row for row in whole.choice["by_preparation"] if row["preparation"] == name]
        assert chosen["trial"] - int(mine["trial"].iloc[0]) == alone.choice["trial"]
        if name == whole.choice["preparation"]:
            assert whole.choice["by_criterion"].keys() == alone.choice["by_criterion"].keys()
            values = {key: found["value"] for key, found in whole.choice["by_criterion"].items()}
            assert values == {key: found["value"] for key, found in alone.choice["by_criterion"].items()}
            assert_frame_equal(whole.tree, alone.tree, check_exact=True)


def test_the_choice_agrees_best_with_the_others(matrices, clusterer, options, build):
    found = run_study(matrices, open_space(clusterer, options, WAYS), build, options, seed=3)
    chosen = {row["preparation"]: row["trial"] for row in found.choice["by_preparation"]}
    labels = found.result.labels
    means = {
        name: np.mean(
            [adjusted_rand_score(labels[t], labels[u]) for other, u in chosen.items() if other != name]
        )
        for name, t in chosen.items()
    }
    for row in found.choice["by_preparation"]:
        assert row["agreement"] == pytest.approx(means[row["preparation"]], abs=1e-12)
    # Four groups show in all five columns, two and a half of them in the first two.
    assert found.choice["preparation"] == "standard-none"
    assert means["standard-none"] > means["standard-two"] - 0.01
    assert found.choice["settings"] == WAYS["standard-none"]
    assert "prepared in 4 ways" in found.choice["reason"]
    table = found.preparations.set_index("preparation")
    assert table.index.tolist() == list(WAYS)
    assert table.loc["standard-none", ["ari", "ari_alike", "chosen"]].tolist() == [1.0, 1.0, True]
    assert table["chosen"].sum() == 1
    assert table["scaler"].tolist() == [way["scaler"] for way in WAYS.values()]
    excess = found.trials.set_index("trial")["excess_silhouette"]
    assert table["excess_silhouette"].tolist() == excess.loc[list(chosen.values())].tolist()


def test_by_criterion_the_highest_excess_is_taken(matrices, clusterer, options, build):
    options["rule"]["across_preparations"] = "criterion"
    found = run_study(matrices, open_space(clusterer, options, WAYS), build, options, seed=3)
    best = max(found.choice["by_preparation"], key=lambda row: row["excess_silhouette"])
    assert found.choice["trial"] == best["trial"]
    words = preparation_in_words(best["preparation"])
    expected = f"({words}) was taken: it has the highest silhouette above that of random data"
    assert expected in found.choice["reason"]


def test_of_two_preparations_the_first_is_taken(matrices, clusterer, options, build):
    two = {name: WAYS[name] for name in ("robust-two", "standard-none")}
    rows = {name: matrices[name] for name in two}
    found = run_study(rows, open_space(clusterer, options, two), build, options, seed=3)
    assert found.choice["preparation"] == "robust-two"
    one, other = found.choice["by_preparation"]
    assert one["agreement"] == other["agreement"]
    assert (
        "The choice with one of them (robust scaling, two) was taken: it comes first"
        in found.choice["reason"]
    )
    assert f"with the others: {score_reached(one['agreement'])})" in found.choice["reason"]


def test_one_matrix_has_no_preparations_to_tell_of(planted, clusterer, options, build):
    found = run_study(planted, open_space(clusterer, options), build, options, seed=3)
    assert found.choice["preparation"] is None
    assert found.choice["settings"] == {}
    assert found.choice["by_preparation"] == []
    assert found.preparations.empty
    assert found.preparations.columns[0] == "preparation"
    assert "prepared" not in found.choice["reason"]


def test_one_candidate_left_is_a_name_and_nothing_to_compare(planted, clusterer, options, build):
    found = run_study(
        {"robust": planted}, open_space(clusterer, options, {"robust": {"scaler": "robust"}}), build, options
    )
    assert (found.choice["preparation"], found.choice["settings"]) == ("robust", {"scaler": "robust"})
    assert [row["agreement"] for row in found.choice["by_preparation"]] == [None]
    assert found.preparations.empty
    assert "prepared" not in found.choice["reason"]
    assert found.choice["agreement"] is None


def test_a_sampler_that_came_to_one_matrix_only_says_nothing_of_the_others(
    matrices, clusterer, options, build
):
    found = run_study(
        matrices, open_space(clusterer, options, WAYS), build_sampled(build), sampled(options, 1), seed=3
    )
    assert len(found.trials) == 1
    table = found.preparations
    assert table["preparation"].tolist() == [found.choice["preparation"]]
    assert table["n_clusters"].tolist() == [found.choice["n_clusters"]]
    assert "prepared" not in found.choice["reason"]


def test_a_preparation_without_a_trial_above_the_floor_is_left_out(planted, clusterer, options, build):
    spiked = np.vstack([planted[:, :2] * 1e-3, np.eye(2) * 50])[: len(planted)]
    spiked[:6] = np.arange(12).reshape(6, 2) * 100.0  # K-means and every linkage split these off one by one
    options["rule"]["min_practices"] = 20
    options["n_clusters"] = {"low": 4, "high": 5}
    ways = {"good": {"scaler": "good"}, "spiked": {"scaler": "spiked"}}
    found = run_study(
        {"good": planted, "spiked": spiked}, open_space(clusterer, options, ways), build, options, seed=3
    )
    assert found.choice["preparation"] == "good"
    assert [row["preparation"] for row in found.choice["by_preparation"]] == ["good"]
    assert "only one (good) gave segments that are all large enough" in found.choice["reason"]
    table = found.preparations.set_index("preparation")
    assert table.loc["spiked", ["clusterer", "n_clusters", "agreement", "ari"]].isna().all()


def test_silhouettes_of_different_matrices_are_not_compared(matrices, clusterer, options, build):
    options["rule"] |= {"across_preparations": "criterion", "criterion": "silhouette"}
    with pytest.raises(ConfigError, match=r"compares differently prepared matrices \(scaler, reducer\)"):
        run_study(matrices, open_space(clusterer, options, WAYS), build, options)
    options["rule"] |= {"across_preparations": "luck", "criterion": "excess_silhouette"}
    with pytest.raises(ConfigError, match=r"study\.rule\.across_preparations is 'luck'"):
        run_study(matrices, open_space(clusterer, options, WAYS), None, options)  # before anything is fitted


def sampled(options, n_trials):
    return options | {
        "sampler": {"_target_": "tpe", "seed": 0},
        "n_trials": n_trials,
        "n_clusters": {"low": 2, "high": 4},
    }


def build_sampled(build):
    return lambda node, **params: (
        optuna.samplers.TPESampler(**params) if node["_target_"] == "tpe" else build(node, **params)
    )


def test_a_sampler_goes_to_and_fro_between_matrices(matrices, clusterer, options, build):
    opened = open_space(clusterer, options, WAYS)
    found = run_study(matrices, opened, build_sampled(build), sampled(options, 40), seed=3)
    assert len(found.trials) == 40
    assert found.trials["preparation"].nunique() == 4
    whole = run_study(matrices, open_space(clusterer, options, WAYS), build, options, seed=3).trials
    key = ["preparation", "clusterer", "linkage", "n_clusters"]
    scores = ["silhouette", "davies_bouldin", "calinski_harabasz", "inertia", "excess_silhouette"]
    both = found.trials.fillna({"linkage": ""}).merge(whole.fillna({"linkage": ""}), on=key, validate="1:1")
    assert len(both) == 40
    for score in scores:
        np.testing.assert_allclose(both[f"{score}_x"], both[f"{score}_y"], rtol=1e-9)
    params = {name for trial in found.result.optuna_study.trials for name in trial.params}
    assert params == {"scaler", "reducer", "clusterer", "linkage", "n_clusters"}


#: Nine trials of every matrix: each is a transaction of the database.
FEW = {"n_clusters": {"low": 2, "high": 4}, "linkage": ["ward", "single"]}


def interrupted(matrices, clusterer, options, build, folder):
    """Run a study that is killed after some trials of its second matrix."""
    add = study_search.Ledger.add

    def add_and_die(self, point, *rest):
        add(self, point, *rest)
        if point.preparation == "standard-two":
            os.kill(os.getpid(), signal.SIGKILL)

    study_search.Ledger.add = add_and_die
    run_study(matrices, open_space(clusterer, options, WAYS), build, options, seed=3, folder=folder)


def test_a_study_killed_on_its_second_matrix_ends_as_one_that_was_not(
    matrices, clusterer, options, build, tmp_path
):
    options |= FEW
    stored = options | {"storage": "sqlite"}
    arguments = (matrices, clusterer, stored, build, tmp_path)
    process = multiprocessing.get_context("fork").Process(target=interrupted, args=arguments)
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    resumed = run_study(
        matrices, open_space(clusterer, options, WAYS), build, stored, seed=3, folder=tmp_path
    )
    straight = run_study(matrices, open_space(clusterer, options, WAYS), build, options, seed=3)
    assert_frame_equal(resumed.trials, straight.trials, check_exact=True)
    assert_frame_equal(resumed.null, straight.null, check_exact=True)
    assert resumed.choice == straight.choice
    # Finished, it is read: the nulls too.
    again = run_study(matrices, open_space(clusterer, options, WAYS), build, stored, seed=3, folder=tmp_path)
    assert_frame_equal(again.trials, straight.trials, check_exact=True)
    assert_frame_equal(again.null, straight.null, check_exact=True)
    assert_frame_equal(again.tree, straight.tree, check_exact=True)


def shared(matrices, clusterer, options, build, folder, path):
    found = run_study(matrices, open_space(clusterer, options, WAYS), build, options, seed=3, folder=folder)
    found.trials.to_parquet(path)


def test_two_processes_share_a_study_of_several_matrices(matrices, clusterer, options, build, tmp_path):
    options |= FEW
    stored = options | {"storage": "sqlite"}
    context = multiprocessing.get_context("fork")
    paths = [tmp_path / "one.parquet", tmp_path / "other.parquet"]
    processes = [
        context.Process(target=shared, args=(matrices, clusterer, stored, build, tmp_path, path))
        for path in paths
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]
    straight = run_study(matrices, open_space(clusterer, options, WAYS), build, options, seed=3).trials
    for path in paths:
        assert_frame_equal(pd.read_parquet(path), straight, check_exact=True)


def test_distances_of_two_matrices_are_kept_and_trees_of_all():
    made: list[str | None] = []

    class Fake:
        exact = True

        def __init__(self, name):
            made.append(name)
            self.labeller = self
            self.name = name

        def grow(self, points):
            pass

        def trees(self):
            return {"ward": np.full((1, 4), len(self.name))}

    evaluators = Evaluators(Fake)
    for name in ("a", "bb", "a", "ccc", "a", "bb"):
        evaluators.of(name)
    assert made == ["a", "bb", "ccc", "bb"]
    assert {key: int(tree[0, 0]) for key, tree in evaluators.trees().items()} == {
        ("a", "ward"): 1,
        ("bb", "ward"): 2,
        ("ccc", "ward"): 3,
    }


def test_weights_are_values_like_others(planted, clusterer, options, build):
    ways = {f"w_{w:g}": {"weight.size": w} for w in (0.5, 1.0, 2.0)}
    rows = {name: planted * [1, 1, 1, 1, way["weight.size"]] for name, way in ways.items()}
    opened = open_space(clusterer, options, ways)
    assert opened.settings == {"weight.size": (0.5, 1.0, 2.0)}
    assert opened.preparation({"weight.size": 2.0, "clusterer": "kmeans"}) == "w_2"
    found = run_study(rows, opened, build, options | {"n_clusters": [3, 4]}, seed=3)
    assert set(found.preparations["weight.size"]) == {0.5, 1.0, 2.0}
    excess = found.trials.groupby("preparation")["excess_silhouette"].max()
    assert excess.nunique() == 3
