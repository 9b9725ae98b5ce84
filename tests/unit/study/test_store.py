"""A study that is killed, resumed or shared ends with the same table; finished trials are never repeated."""

from __future__ import annotations

import multiprocessing
import signal
import time
from contextlib import suppress

import numpy as np
import optuna
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from gp_segmentation.errors import ConfigError
from gp_segmentation.study import open_space, run_study
from gp_segmentation.study.evaluate import Evaluator


def run_slowly(pause, told, folder, path, planted, clusterer, options, build):
    """Run a study, waiting so long before each group of points, of which it tells; write its trials."""
    plain = Evaluator.evaluate

    def evaluate(self, points):
        time.sleep(pause)
        told.send(points[0].family)
        return plain(self, points)

    Evaluator.evaluate = evaluate
    found = run_study(planted, open_space(clusterer, options), build, options, seed=3, folder=folder)
    found.trials.to_parquet(path)


@pytest.fixture
def stored(options):
    return options | {"storage": "sqlite"}


@pytest.fixture
def start(tmp_path, planted, clusterer, stored, build):
    """Start a study in another process, which keeps it in `tmp_path` and tells of each group of points."""
    context = multiprocessing.get_context("fork")

    def begin(pause: float, table: str):
        told, tell = context.Pipe(duplex=False)
        arguments = (pause, tell, tmp_path, tmp_path / table, planted, clusterer, stored, build)
        process = context.Process(target=run_slowly, args=arguments)
        process.start()
        tell.close()
        return process, told

    return begin


def finished(folder) -> int:
    (database,) = folder.glob("*.db")
    (study,) = optuna.study.get_all_study_summaries(f"sqlite:///{database}")
    return study.n_trials


def count_groups(told) -> int:
    """Count what a process tells until it ends."""
    groups = 0
    with suppress(EOFError):
        while told.recv():
            groups += 1
    return groups


def counted(monkeypatch) -> list:
    """Record the points that are evaluated from now on."""
    seen, plain = [], Evaluator.evaluate

    def evaluate(self, points):
        seen.extend(points)
        return plain(self, points)

    monkeypatch.setattr(Evaluator, "evaluate", evaluate)
    return seen


def test_a_killed_study_goes_on_where_it_stopped(
    start, tmp_path, monkeypatch, planted, clusterer, stored, build
):
    process, told = start(0, "killed.parquet")
    for _ in range(2):  # the second group begins when the first is stored
        assert told.recv() in clusterer["candidates"]
    process.kill()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    left = finished(tmp_path)
    assert 0 < left < 25

    seen = counted(monkeypatch)
    opened = open_space(clusterer, stored)
    resumed = run_study(planted, opened, build, stored, seed=3, folder=tmp_path)
    straight = run_study(planted, opened, build, stored | {"storage": None}, seed=3)
    assert len(seen[: len(seen) - 25]) == 25 - left, "a finished trial was repeated"
    assert_frame_equal(resumed.trials, straight.trials, check_exact=True)
    assert_frame_equal(resumed.null, straight.null, check_exact=True)
    assert resumed.choice == straight.choice
    for trial, labels in straight.result.labels.items():
        np.testing.assert_array_equal(resumed.result.labels[trial], labels)


def test_a_finished_study_is_read_and_not_repeated(tmp_path, monkeypatch, planted, clusterer, stored, build):
    opened = open_space(clusterer, stored)
    first = run_study(planted, opened, build, stored, seed=3, folder=tmp_path)
    seen = counted(monkeypatch)
    again = run_study(planted, opened, build, stored, seed=3, folder=tmp_path)
    assert seen == []
    assert_frame_equal(again.trials, first.trials, check_exact=True)
    assert again.choice == first.choice


def test_two_processes_share_one_study_and_lose_no_trial(start, tmp_path, planted, clusterer, stored, build):
    started = [start(0.5, f"{i}.parquet") for i in range(2)]
    groups = sum(count_groups(told) for _, told in started)
    for process, _ in started:
        process.join(60)
    assert [process.exitcode for process, _ in started] == [0, 0]
    straight = run_study(
        planted, open_space(clusterer, stored), build, stored | {"storage": None}, seed=3
    ).trials
    for i in range(2):
        assert_frame_equal(pd.read_parquet(tmp_path / f"{i}.parquet"), straight, check_exact=True)
    assert finished(tmp_path) >= 25
    assert groups < 2 * 2, "each did all the work: nothing was shared"


@pytest.mark.parametrize(
    "change", [{"seed": 4}, {"options": {"n_clusters": [2, 3]}}, {"rows": 299}, {"node": {"n_init": 2}}]
)
def test_whatever_changes_a_trial_is_another_study(change, tmp_path, planted, clusterer, stored, build):
    stored |= {"n_clusters": [2, 4], "linkage": ["ward"]}
    run_study(planted, open_space(clusterer, stored), build, stored, seed=3, folder=tmp_path)
    clusterer["candidates"]["kmeans"] |= change.get("node", {})
    changed = stored | change.get("options", {})
    rows = planted[: change.get("rows", len(planted))]
    run_study(
        rows, open_space(clusterer, changed), build, changed, seed=change.get("seed", 3), folder=tmp_path
    )
    assert len(list(tmp_path.glob("*.db"))) == 2


def test_the_rule_is_no_part_of_the_study(tmp_path, planted, clusterer, stored, build):
    stored |= {"n_clusters": [2, 4], "linkage": ["ward"]}
    other = stored | {"rule": stored["rule"] | {"tolerance": 0.5}}
    for options in (stored, other):
        run_study(planted, open_space(clusterer, options), build, options, seed=3, folder=tmp_path)
    assert len(list(tmp_path.glob("*.db"))) == 1


def tpe(seed=None):
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=4)


@pytest.fixture
def sampled(stored):
    return stored | {"sampler": {"_target_": "tpe", "seed": 0}, "n_trials": 12, "prune": True}


@pytest.fixture
def build_sampled(build):
    def made(node, **params):
        return tpe(**params) if node["_target_"] == "tpe" else build(node, **params)

    return made


def test_a_sampler_interrupted_proposes_what_it_would_have(
    tmp_path, monkeypatch, planted, clusterer, sampled, build_sampled
):
    opened = open_space(clusterer, sampled)
    straight = run_study(planted, opened, build_sampled, sampled | {"storage": None}, seed=3).trials
    plain, calls = Evaluator.evaluate, []

    def broken(self, points):
        calls.append(points)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return plain(self, points)

    monkeypatch.setattr(Evaluator, "evaluate", broken)
    with pytest.raises(KeyboardInterrupt):
        run_study(planted, opened, build_sampled, sampled, seed=3, folder=tmp_path)
    monkeypatch.setattr(Evaluator, "evaluate", plain)
    resumed = run_study(planted, opened, build_sampled, sampled, seed=3, folder=tmp_path).trials
    assert len(resumed) == 12
    assert_frame_equal(resumed, straight, check_exact=True)


@pytest.mark.parametrize("prune", [False, True])
def test_a_sampler_never_repeats_a_trial_and_ends_when_all_are_tried(
    prune, planted, clusterer, sampled, build_sampled
):
    # 5 of K-means and 4 x 5 of hierarchical clustering: a sampler asked for more has tried every one.
    options = sampled | {"storage": None, "n_trials": 40, "prune": prune}
    found = run_study(planted, open_space(clusterer, options), build_sampled, options, seed=3)
    assert len(set(found.result.points.values())) == len(found.trials) == 25


def test_several_objectives_are_told_to_the_sampler(planted, clusterer, sampled, build_sampled):
    options = sampled | {"storage": None, "objectives": ["silhouette", "n_clusters"]}
    study = run_study(planted, open_space(clusterer, options), build_sampled, options, seed=3)
    assert [d.name for d in study.result.optuna_study.directions] == ["MAXIMIZE", "MINIMIZE"]
    with pytest.raises(ConfigError, match=r"study.objectives has \['luck'\]. Choose among"):
        run_study(planted, open_space(clusterer, options), build_sampled, options | {"objectives": ["luck"]})


def test_trials_below_the_floor_are_pruned_where_asked(planted, clusterer, sampled, build_sampled):
    options = sampled | {"storage": None, "n_trials": 20}
    found = run_study(planted, open_space(clusterer, options), build_sampled, options, seed=1)
    states = [trial.state.name for trial in found.result.optuna_study.trials]
    small = (found.trials["smallest_segment"] < found.choice["floor"]).tolist()
    assert states == ["PRUNED" if below else "COMPLETE" for below in small]
    assert any(small)


def test_a_storage_that_cannot_be_opened_is_named(planted, clusterer, stored, build):
    options = stored | {"storage": "nonsense://x"}
    with pytest.raises(ConfigError, match=r"study.storage nonsense://x cannot be opened"):
        run_study(planted, open_space(clusterer, options), build, options)
