"""A whole run with secrets planted where a user or a library may leave one: no file and no line shows any."""

from __future__ import annotations

import logging
import uuid
from pathlib import Path

import yaml

from gp_segmentation.pipeline.stages import segment
from gp_segmentation.tracking.store import open_store

QUICK = [
    *("evidence=off", "report.figures=[sizes]", "clusterer=kmeans", "clusterer.n_clusters=3"),
    *("study=silhouette", "study.certainty_draws=0", "insight.peers.resamples=0"),
    "insight.opportunities.draws=0",
]


def planted() -> str:
    """Return a secret that stands nowhere else."""
    return f"pLaNtEd-{uuid.uuid4().hex}"


def files_with(secret: str, root: Path) -> list[str]:
    """Name the files below `root`, but git's own, in which a secret can be read."""
    files = [path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts]
    assert len(files) > 100
    return [str(path.relative_to(root)) for path in files if secret.encode() in path.read_bytes()]


def test_a_run_whose_databases_have_a_password_shows_it_nowhere(project):
    secret = planted()
    store, trials = (
        f"sqlite:///file:{project.root}/mlruns/{name}.db?uri=true&password={secret}"
        for name in ("other", "trials")
    )
    printed = project.call("gpseg", *QUICK, f"tracking.uri='{store}'", f"study.storage='{trials}'")
    assert (project.root / "mlruns" / "trials.db").is_file()
    assert "tracking.uri was typed with a secret" in printed
    assert secret not in printed
    assert files_with(secret, project.root) == []
    recorded = [run for run in _runs(project.root, store) if "mlflow.parentRunId" not in run.data.tags]
    assert [run.info.status for run in recorded] == ["FINISHED"]
    (folder,) = (project.root / "data" / "runs").glob("*/*/.hydra")
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.yaml")} == {0o600}
    told = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))["tracking"]["uri"]
    assert told.endswith("mlruns/other.db_uri_true_password_***}")


def _runs(root: Path, store: str) -> list:
    opened = open_store(root, "gp-practice-segmentation", store)
    return list(opened.client.search_runs([opened.experiment_id], max_results=1000))


def test_a_run_that_fails_with_secrets_in_its_hands_shows_none(project, monkeypatch):
    secret = planted()

    def fail(*_: object) -> None:
        log = logging.getLogger("urllib3.connectionpool")
        log.warning("Retrying (%s) after connection broken: /api?token=%s", 3, secret)
        log.warning("sent %r", {"Authorization": f"Bearer {secret}"})
        try:
            raise ValueError(f"password={secret}")
        except ValueError as error:
            log.exception("no connection")
            raise RuntimeError(f"could not connect to postgresql://ann:{secret}@db/x") from error

    monkeypatch.setattr(segment, "run", fail)
    printed = project.call("gpseg", *QUICK, check=False)
    assert "RuntimeError: could not connect to postgresql://***@db/x" in printed
    assert "after connection broken: /api?token=***" in printed
    assert secret not in printed
    assert files_with(secret, project.root) == []
    (log,) = (
        text
        for path in (project.root / "data" / "runs").glob("*/*/*.log")
        if "no connection" in (text := path.read_text(encoding="utf-8"))
    )
    assert "ValueError: password=***" in log
    assert project.runs()[0].data.tags["error"].endswith("could not connect to postgresql://***@db/x")


def test_an_experiment_of_dvc_keeps_a_reference_or_is_refused(project):
    secret = planted()
    store = f"postgresql://ann:{secret}@127.0.0.1:1/x"
    refused = project.run("dvc", "exp", "run", "configure", "-S", f"tracking.uri={store}", check=False)
    assert "tracking.uri: a password or token would stand in params.yaml" in refused
    assert secret not in refused
    assert files_with(secret, project.root) == []

    project.edit("conf/tracking/local.yaml", "uri: null", "uri: ${oc.env:STORE}")
    project.git_commit("The store comes from the environment")
    printed = project.run("dvc", "exp", "run", "configure", STORE=store)
    assert secret not in printed
    assert files_with(secret, project.root) == []
    assert "  uri: ${oc.env:STORE}\n" in (project.root / "params.yaml").read_text(encoding="utf-8")
    kept = project.run("git", "for-each-ref", "--format=%(refname)", "refs/exps").split()
    assert kept
    for reference in kept:
        assert secret not in project.run("git", "show", f"{reference}:params.yaml")
