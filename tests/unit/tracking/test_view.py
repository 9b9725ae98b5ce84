"""The link to the table of runs: it opens the columns and charts that runs are compared by."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from gp_segmentation.errors import without_secrets
from gp_segmentation.schemas import HEADLINES
from gp_segmentation.tracking.names import SHORT
from gp_segmentation.tracking.store import open_store
from gp_segmentation.tracking.view import VIEW_TAG, runs_view


@pytest.fixture(autouse=True)
def no_other_store(monkeypatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def test_the_link_opens_the_view_that_the_experiment_has(empty):
    store = open_store(empty, "view")
    link = store.runs_link("http://127.0.0.1:5000")
    assert link == (
        f"http://127.0.0.1:5000/#/experiments/{store.experiment_id}/runs"
        "?viewStateShareKey=gpseg&workflowType=machine_learning"
    )
    assert without_secrets(link) == link, "the key of a view is no secret"
    tags = store.client.get_experiment(store.experiment_id).tags
    assert tags[VIEW_TAG] == runs_view()
    assert tags["mlflow.experimentKind"] == "custom_model_development"


def test_an_experiment_of_before_there_was_a_view_gets_it(empty):
    store = open_store(empty, "older")
    store.client.set_experiment_tag(store.experiment_id, VIEW_TAG, "{}")
    store.runs_link("http://127.0.0.1:5000")
    assert store.client.get_experiment(store.experiment_id).tags[VIEW_TAG] == runs_view()


def test_the_runs_of_a_server_are_seen_there_and_its_password_is_not(empty):
    store = open_store(empty, "view")
    client = SimpleNamespace(
        address="https://ann:s3cret@example.org/mlflow/",
        get_experiment=store.client.get_experiment,
        set_experiment_tag=store.client.set_experiment_tag,
    )
    link = type(store)(client, store.experiment_id, store.running).runs_link("http://127.0.0.1:5000")
    assert link.startswith(f"https://***@example.org/mlflow/#/experiments/{store.experiment_id}/runs?")


def test_the_view_shows_headlines_first_and_no_trials():
    view = json.loads(runs_view())
    shown = [column.partition(".")[2].strip("`") for column in view["selectedColumns"]]
    assert shown == [*SHORT, *HEADLINES[1:], "verdict", "Models", "Dataset"]
    assert view["searchFilter"] == "tags.kind != 'trial'"
    charts = {chart["metricKey"]: chart["selectedMetricKeys"] for chart in view["compareRunCharts"]}
    assert charts["by_k/silhouette/kmeans"][:2] == [
        "by_k/silhouette/kmeans",
        "by_k/silhouette/hierarchical_ward",
    ]
    assert len(runs_view()) < 5000, "MLflow's limit for a tag of an experiment"
