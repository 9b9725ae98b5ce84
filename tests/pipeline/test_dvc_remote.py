"""DVC as people share a project: remotes, the shared run cache, what a fresh clone answers, plots offline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

import dvc.stage.run
import pytest
from dvc.cli import main as dvc_main
from dvc.repo import Repo
from moto.server import ThreadedMotoServer

# DVC's own debts; it runs in this process here.
pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")

BUCKET = "results"
CREDENTIALS = {
    **{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-west-2"},
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture
def s3(monkeypatch, tmp_path) -> Iterator[dict[str, str]]:
    """A DVC remote in an empty bucket of a server on this machine that understands S3."""
    empty = tmp_path / "aws"
    empty.touch()
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(empty))
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    connection = HTTPConnection(host, port)
    connection.request("PUT", f"/{BUCKET}")  # makes the bucket
    assert connection.getresponse().status == 200
    connection.close()
    yield {"url": f"s3://{BUCKET}/gp", "endpointurl": f"http://{host}:{port}"}
    server.stop()


@pytest.fixture
def folder(tmp_path) -> dict[str, str]:
    """A DVC remote in a folder that people share."""
    return {"url": str(tmp_path / "shared")}


@pytest.fixture
def clone(project, tmp_path) -> Path:
    """A fresh clone: what git has, and no data."""
    project.run("git", "clone", "--quiet", str(project.root), str(tmp_path / "clone"))
    return tmp_path / "clone"


@pytest.fixture
def stages_run(monkeypatch) -> list[str]:
    """The stages that DVC runs, and does not restore, from now on."""
    names: list[str] = []
    run = dvc.stage.run.cmd_run
    monkeypatch.setattr(
        dvc.stage.run,
        "cmd_run",
        lambda stage, **named: (names.append(stage.addressing), run(stage, **named))[1],
    )
    return names


def use(repo: Repo, remote: dict[str, str]) -> None:
    """What `dvc remote add --local --default shared URL` writes."""
    with repo.config.edit("local") as config:
        config["core"]["remote"] = "shared"
        config["remote"]["shared"] = remote


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_a_clone_pulls_what_was_pushed_and_reproduces_nothing(
    kind, project, clone, stages_run, monkeypatch, request
):
    remote = request.getfixturevalue(kind)
    with Repo(project.root) as repo:
        use(repo, remote)
        assert repo.push(run_cache=True) > 50
        assert repo.push() == 0
    monkeypatch.chdir(clone)
    with Repo() as repo:
        use(repo, remote)
        repo.pull(run_cache=True)
        assert repo.reproduce(["area", "report"]) == []
    assert stages_run == []
    page = Path("data", "report", "report.html")
    assert (clone / page).read_bytes() == (project.root / page).read_bytes()


def test_without_a_lock_the_run_cache_gives_all_that_lies_in_caches(project, clone, folder, monkeypatch):
    with Repo(project.root) as repo:
        use(repo, folder)
        repo.push(run_cache=True)
    lock = clone / "dvc.lock"
    known = lock.read_text(encoding="utf-8")
    lock.unlink()  # as after a merge that kept neither side's
    monkeypatch.chdir(clone)
    with Repo() as repo:
        use(repo, folder)
        repo.pull("data.dvc", run_cache=True)
    ran = replace(project, root=clone).reproduce("dvc", "repro", "--pull", "area", "report")
    # What these two write lies in git, and DVC brings no run back of which it does not hold every file.
    assert ran == ["configure", "evidence"]
    assert lock.read_text(encoding="utf-8") == known


def test_a_fresh_clone_compares_metrics_without_pulling(project, clone):
    path = clone / "data" / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(metrics | {"silhouette": 0.5}), encoding="utf-8")
    with Repo(clone) as repo:
        difference = repo.metrics.diff("HEAD")
    changed = difference["diff"]["data/metrics.json"]
    assert changed == {
        "silhouette": {"old": metrics["silhouette"], "new": 0.5, "diff": 0.5 - metrics["silhouette"]}
    }
    assert sorted(file.name for file in (clone / "data").iterdir()) == ["metrics.json"]


def test_plots_are_drawn_without_a_network_every_method_a_curve(project, monkeypatch, browser):
    monkeypatch.chdir(project.root)
    assert dvc_main(["plots", "show"]) == 0
    path = project.root / "dvc_plots" / "index.html"
    assert '{"field": "method", "type": "nominal"}' in path.read_text(encoding="utf-8")
    asked: list[str] = []
    page = browser.new_context(offline=True).new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri(), wait_until="load")
    page.wait_for_function("document.querySelectorAll('.vega-embed canvas').length == 2")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_the_table_of_experiments_has_the_headlines_and_what_is_set_otherwise(project, monkeypatch, capsys):
    monkeypatch.chdir(project.root)
    project.edit("params.yaml", "top_features: 12", "top_features: 9")
    capsys.readouterr()
    assert dvc_main(["exp", "show", "--only-changed", "--drop", "^(src|data|conf)", "--csv"]) == 0
    columns = capsys.readouterr().out.splitlines()[0].split(",")
    assert set(columns) - {"Experiment", "rev", "typ", "parent"} == {"Created", "report.top_features"}
    project.run("git", "checkout", "--quiet", "params.yaml")


def test_the_graph_is_drawn_as_mermaid(project, monkeypatch, capsys):
    monkeypatch.chdir(project.root)
    capsys.readouterr()
    assert dvc_main(["dag", "--mermaid"]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "flowchart TD"
    assert {line.partition("[")[2].strip(']"') for line in lines if "[" in line} >= {
        "prepare",
        "study",
        "report",
    }
