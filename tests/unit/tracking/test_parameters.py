"""What runs and trials are sorted and found by: short parameters first, headlines without a prefix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gp_segmentation import config
from gp_segmentation.schemas import HEADLINES, headlines, with_headings
from gp_segmentation.schemas.metrics import HEADINGS
from gp_segmentation.tracking import describing, recording
from gp_segmentation.tracking.names import SHORT
from gp_segmentation.tracking.store import open_store

ROOT = Path(__file__).resolve().parents[3]
CHOICE = {"clusterer": "hierarchical", "linkage": "ward", "n_clusters": 4, "trial": 1}


@pytest.fixture(scope="module")
def cfg() -> dict:
    return config.compose_config(ROOT)


def test_short_parameters_are_those_of_the_choice_and_of_the_options(cfg):
    found = describing.short_parameters(cfg, CHOICE)
    assert list(found) == list(SHORT)
    assert found == {
        **{"k": 4, "method": "hierarchical", "linkage": "ward", "features": "need", "scaler": "standard"},
        **{"reducer": "none", "outliers": "clip", "source": "synthetic", "scope": "england"},
    }
    assert "linkage" not in describing.short_parameters(cfg, CHOICE | {"linkage": None})


def test_before_the_study_what_is_open_is_not_known():
    cfg = config.compose_config(ROOT, ["scaler=open"])
    assert describing.short_parameters(cfg) == {
        **{"features": "need", "reducer": "none", "outliers": "clip", "source": "synthetic"},
        "scope": "england",
    }


def test_the_scope_is_told_in_a_few_words():
    local = config.compose_config(ROOT, ["scope=icb", "scope.area=QHL", "scope.fit=local"])
    assert describing.short_parameters(local)["scope"] == "icb QHL local"
    before = {key: value for key, value in local.items() if key != "scope"}
    assert "scope" not in describing.short_parameters(before)


def test_a_run_is_tagged_with_what_a_row_of_it_is(cfg):
    before = {key: value for key, value in cfg.items() if key != "scope"}
    units = [describing.tags(one, ROOT, "t")["unit"] for one in (before, cfg | {"scope": {"unit": "pcn"}})]
    assert units == ["practice", "pcn"]


def test_all_other_parameters_have_one_prefix(cfg):
    found = describing.other_parameters(cfg)
    assert {name.partition(".")[0] for name in found} == {"conf"}
    assert (found["conf.seed"], found["conf.scaler.name"]) == (20250401, "standard")
    assert not {
        name for name in found if name.startswith(("conf.source.files", "conf.jobs", "conf.tracking"))
    }


TRIALS = pd.DataFrame(
    {
        "trial": [0, 1],
        "preparation": ["robust", "standard"],
        "clusterer": ["kmeans", "hierarchical"],
        "linkage": [None, "ward"],
        "n_clusters": [3, 4],
        "silhouette": [0.2, 0.1],
        "inertia": [9.0, 8.0],
        "excess_silhouette": [np.nan, 0.01],
        "sizes": ["5 4 3", "6 3 2 1"],
    }
)


def test_a_trial_has_the_short_parameters_and_what_it_settles_and_no_other():
    cfg = config.compose_config(ROOT, ["scaler=open"])
    ways = {name: {"scaler": name, "weight.deprivation": 0.5} for name in ("robust", "standard")}
    one, other = describing.children(cfg, TRIALS, CHOICE | {"preparation": "standard"}, ways)
    assert one.params == {
        **{"k": 3, "method": "kmeans", "features": "need", "scaler": "robust", "reducer": "none"},
        **{"outliers": "clip", "source": "synthetic", "scope": "england"},
        **{"preparation.scaler": "robust", "preparation.weight.deprivation": 0.5},
    }
    assert one.name == "kmeans 3 robust"
    assert one.tags == {
        **{"source": "synthetic", "features": "need", "scaler": "robust", "reducer": "none"},
        **{"trial": "0", "is_choice": "False"},
    }
    assert (other.name, other.tags["is_choice"]) == ("hierarchical ward 4 standard", "True")
    numbers = {name: value for name, value in other.metrics.items() if isinstance(value, int | float)}
    assert numbers == {
        **{"n_clusters": 4, "silhouette": 0.1, "excess_silhouette": 0.01, "scores/inertia": 8.0},
    }


def test_headlines_come_first_and_all_others_have_a_heading():
    every = {name: 1.0 for names in HEADINGS.values() for name in names} | dict.fromkeys(HEADLINES, 2.0)
    found = with_headings(every | {"new": 3.0})
    assert list(found)[: len(HEADLINES)] == list(HEADLINES)
    assert all("/" in name for name in list(found)[len(HEADLINES) :])
    assert len(found) == len(every) + 1
    assert found["other/new"] == 3.0
    assert headlines(every) == dict.fromkeys(HEADLINES, 2.0)
    assert headlines({}) == dict.fromkeys(HEADLINES)


def test_every_figure_of_a_run_has_its_heading(results_of):
    metrics = results_of().metrics
    assert metrics, "no figures"
    assert not {name for name in with_headings(metrics) if name.startswith("other/")}


def test_curves_of_a_score_stand_together():
    others = TRIALS.assign(n_clusters=[2, 5], silhouette=[0.3, 0.05])
    scores = {"davies_bouldin": 1.0, "calinski_harabasz": 1.0, "smallest_segment": 1}
    found = recording.curves(pd.concat([TRIALS, others], ignore_index=True).assign(**scores))
    assert found["by_k/silhouette/kmeans"] == {2: 0.3, 3: 0.2}
    assert found["by_k/silhouette/hierarchical_ward"] == {4: 0.1, 5: 0.05}
    assert {name.rpartition("/")[0] for name in found} == {f"by_k/{score}" for score in recording.CURVES}


@pytest.mark.parametrize("fails", [True, False], ids=["fails", "ends"])
def test_a_run_that_comes_to_no_results_has_its_whole_configuration(empty, cfg, monkeypatch, fails):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    store = open_store(empty, "test")

    def job() -> None:
        with store.run("job", {}) as run, recording.begun(run, cfg):
            ids.append(run.id)
            if fails:
                raise ValueError("no")

    ids: list[str] = []
    if fails:
        with pytest.raises(ValueError, match=r"^no$"):
            job()
    else:
        job()
    back = store.client.get_run(ids[0])
    assert list(back.data.params)[:5] == ["features", "scaler", "reducer", "outliers", "source"]
    assert ("conf.seed" in back.data.params) == fails
    assert {item.path for item in store.client.list_artifacts(ids[0])} == {"config.yaml"}
