"""Names that MLflow refuses are made fit, all alike, and never two the same."""

from __future__ import annotations

import hashlib

import pytest
from mlflow.exceptions import MlflowException
from mlflow.utils.validation import _validate_metric, _validate_param, _validate_tag

from gp_segmentation.tracking import names
from gp_segmentation.tracking.names import MAX_NAME, fitting
from gp_segmentation.tracking.store import open_store

LONG = "x" * 300
CASES = {
    "clusterer.n_clusters": "clusterer.n_clusters",
    "by_k/silhouette/kmeans": "by_k/silhouette/kmeans",
    "list & size": "list _ size",
    "share (%)": "share ___",
    "blocks[0]": "blocks_0_",
    "année": "année",
    "a:b": "a_b",
    "a//b": "a/_/b",
    "/a/": "_/a/_",
    "../a": "__/a",
    "./a": "_/a",
    "": "_",
    LONG: "x" * MAX_NAME,
    "x" * (MAX_NAME - 1) + "/yy": "x" * (MAX_NAME - 1),
}


def refused(name: str) -> bool:
    """Whether MLflow's server refuses a name of a parameter, a metric or a tag."""
    try:
        _validate_param(name, "1")
        _validate_metric(name, 1.0, 0, 0)
        _validate_tag(name, "1")
    except MlflowException:
        return True
    return False


@pytest.mark.parametrize(("name", "fit"), CASES.items())
def test_a_name_that_is_refused_becomes_one_that_is_not(name, fit):
    assert fitting([name]) == {name: fit}
    assert not refused(fit)
    assert refused(name) or fit == name or ":" in name  # which a server on Windows refuses


def test_different_names_stay_different_and_those_that_are_fit_as_they_are():
    found = fitting(["list _ size", "list & size", "list ( size", LONG, LONG + "y"])
    assert found["list _ size"] == "list _ size"
    assert found["list & size"] == f"list _ size-{hashlib.sha256(b'list & size').hexdigest()[:8]}"
    assert len(set(found.values())) == 5
    assert max(map(len, found.values())) == MAX_NAME
    assert not any(map(refused, found.values()))


def test_who_has_no_name_is_unknown(monkeypatch):
    def none() -> str:
        raise KeyError("getpwuid(): uid not found: 1001")

    monkeypatch.setattr(names.getpass, "getuser", none)
    assert names.user() == "unknown"


def test_a_run_is_recorded_under_such_names(empty, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    store = open_store(empty, "test")
    with store.run("run", {"tag & more": "1", "tag ( more": "2"}) as run:
        run.log_params({"list & size": 1, "list ( size": 2, "list _ size": 3})
        run.log_curves({"by_k/a[1]": {2: 0.1}, "by_k/a(1)": {2: 0.2}})
        run.log_metrics({"share (%)": 0.5})
    data = store.client.get_run(run.id).data
    tagged = {key: value for key, value in data.tags.items() if key.startswith("tag _ more-")}
    assert sorted(tagged.values()) == ["1", "2"]
    assert sorted(data.params.values()) == ["1", "2", "3"]
    assert data.params["list _ size"] == "3"
    assert sorted(data.metrics.values()) == [0.1, 0.2, 0.5]
    assert data.metrics["share ___"] == 0.5
