"""Every option of conf/study and conf/evidence composes, builds and is understood."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import optuna
import pytest

from gp_segmentation import config
from gp_segmentation.evidence import assess
from gp_segmentation.study import open_space, run_study

ROOT = Path(__file__).resolve().parents[2]


def options(group: str) -> list[str]:
    return sorted(path.stem for path in (ROOT / "conf" / group).glob("*.yaml"))


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    """Three groups of 60 rows."""
    return 8 * np.eye(4)[np.repeat(range(3), 60)] + np.random.default_rng(0).normal(size=(180, 4))


@pytest.mark.parametrize("option", options("study"))
def test_every_study_runs_and_chooses(option, rows, compose_option, compositions):
    study = compose_option("study", option)
    study = study | {"n_clusters": study["n_clusters"] | {"high": 4}}
    assert isinstance(config.build(study["sampler"]), optuna.samplers.BaseSampler)
    clusterer = next(one["clusterer"] for one in compositions if one["clusterer"]["name"] == "open")
    space = open_space(clusterer, study)
    found = run_study(rows, space, config.build, study, seed=1)
    assert found.choice["n_clusters"] == 3
    points = set(
        zip(found.trials["clusterer"], found.trials["linkage"], found.trials["n_clusters"], strict=True)
    )
    everything = 3 + 4 * 3
    if study["n_trials"] is None:
        assert len(found.trials) == len(points) == everything
    else:
        # A sampler that picks tries no point twice; asked for more than there are, it tries them all.
        assert len(found.trials) == len(points) == min(study["n_trials"], everything)


@pytest.mark.parametrize("option", options("evidence"))
def test_every_evidence_option_is_understood(option, rows, compose_option):
    kmeans = config.build(compose_option("clusterer", "kmeans") | {"n_clusters": 3})
    options = compose_option("evidence", option)
    found = assess(rows, np.repeat([1, 2, 3], 60), kmeans, ks=[3], options=options)
    assert found.evidence["verdict"] == (None if option == "off" else "discrete")
