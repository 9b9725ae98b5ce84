"""A study and a multirun on a real Ray cluster, and what is said where there is none."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from gp_segmentation.errors import ConfigError
from gp_segmentation.storage.table_files import read_table
from gp_segmentation.tracking.store import open_store
from gp_segmentation.utils.parallel import spread_over

ROOT = Path(__file__).resolve().parents[2]
JOB = SimpleNamespace(**runpy.run_path(str(ROOT / "tests" / "fixtures" / "small_job.py")))
STUDIES = SimpleNamespace(**runpy.run_path(str(ROOT / "tests" / "fixtures" / "planted_study.py")))


@pytest.fixture(scope="module")
def england(tmp_path_factory) -> Path:
    """A project with prepared tables."""
    root = tmp_path_factory.mktemp("england")
    JOB.prepare_small_job(root)
    return root


# In Ray's environment: a cluster of two machines, each one processor of this one.
CLUSTER = """
import json, os, runpy, subprocess, sys, threading, time
from pathlib import Path
import gp_segmentation
from ray.cluster_utils import Cluster
from gp_segmentation.utils import ray_cluster
from gp_segmentation.utils.parallel import parallel_map, spread_over

def where(i):
    import ray
    time.sleep(1)
    return ray.get_runtime_context().get_node_id()

def refuse(i):
    from gp_segmentation.errors import InputError
    raise InputError("is torn", file=f"{i}.csv", remedy="Mend it")

fixture, folder, project = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
STUDIES = runpy.run_path(fixture)
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
second = cluster.add_node(num_cpus=1)
os.environ["RAY_ADDRESS"] = cluster.address
told = {}
try:
    with spread_over("ray"):
        told["nodes"] = len(set(parallel_map(where, [(i,) for i in range(4)])))
        try:
            list(parallel_map(refuse, [(1,), (2,)]))
        except Exception as error:
            told["error"] = [type(error).__name__, str(error)]
    STUDIES["run"]().trials.to_parquet(folder / "here.parquet")
    STUDIES["run"](workers="ray").trials.to_parquet(folder / "ray.parquet")
    job = [str(Path(sys.executable).parent / "gpseg"), "-m", "hydra/launcher=ray_cluster", *sys.argv[4:]]
    done = subprocess.run(job, cwd=project, capture_output=True, encoding="utf-8")
    told["multirun"] = [done.returncode, (done.stdout + done.stderr)[-3000:]]
    threading.Timer(1.5, cluster.remove_node, [second, False]).start()
    STUDIES["run"](workers="ray").trials.to_parquet(folder / "lost.parquet")
    told["left"] = len([node for node in cluster.list_all_nodes()])
finally:
    cluster.shutdown()
(folder / "told.json").write_text(json.dumps(told))
"""


@pytest.fixture(scope="module")
def cluster(england, tmp_path_factory) -> Path:
    """What came of the work of a Ray cluster: tables, and told.json."""
    folder = tmp_path_factory.mktemp("ray")
    # Ray's launcher needs an older cloudpickle than the rest: `make test` gives it an environment of its own.
    python = ROOT / ".venv-ray" / "bin" / "python"
    fixture = str(ROOT / "tests" / "fixtures" / "planted_study.py")
    jobs = [*JOB.SMALL, "clusterer.n_clusters=2,3", "tracking.experiment=ray", "study.storage=null"]
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp") as short:
        # Ray's workers are as nice as others: else they wait for every other test that runs.
        environment = os.environ | {"RAY_TMPDIR": short, "RAY_worker_niceness": "0"}
        environment |= {"RAY_USAGE_STATS_ENABLED": "0"}
        environment |= {"GPSEG_ROOT": str(england), "GPSEG_RUNS": str(folder / "runs")}
        done = subprocess.run(
            [python, "-c", CLUSTER, fixture, folder, england, *jobs],
            **{
                "env": environment,
                "cwd": folder,
                "timeout": 600,
                "capture_output": True,
                "encoding": "utf-8",
            },
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.parametrize("table", ["ray", "lost"])
def test_the_table_of_a_cluster_is_that_of_one_process(cluster, table):
    """Also when one of two machines is lost while it works."""
    assert (cluster / f"{table}.parquet").read_bytes() == (cluster / "here.parquet").read_bytes()


def test_both_machines_work_and_errors_come_back_as_they_were(cluster):
    told = json.loads((cluster / "told.json").read_text(encoding="utf-8"))
    assert (told["nodes"], told["left"]) == (2, 1)
    assert told["error"] == ["InputError", "1.csv: is torn. Mend it"]


def test_a_multirun_on_a_running_cluster_ends_in_the_project_and_its_store(cluster, england):
    status, said = json.loads((cluster / "told.json").read_text(encoding="utf-8"))["multirun"]
    assert status == 0, said
    found = {path.parents[1].name: path for path in (cluster / "runs").rglob("segments.csv")}
    assert {job: read_table(path, "segments")["segment"].max() for job, path in found.items()} == {
        "0": 2,
        "1": 3,
    }
    store = open_store(england, "ray")
    recorded = store.client.search_runs([store.experiment_id], "tags.kind = 'run'")
    assert {(run.info.status, run.data.metrics["n_clusters"]) for run in recorded} == {
        ("FINISHED", 2),
        ("FINISHED", 3),
    }


def test_ray_that_is_missing_or_away_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(
        ConfigError, match=r"study\.workers is ray, which is not installed.*segmentation\[ray\]"
    ):
        STUDIES.run(workers="ray")


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1"])
def test_a_cluster_that_does_not_answer_is_told(monkeypatch, address):
    ray = SimpleNamespace(is_initialized=lambda: False)
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setitem(sys.modules, "ray.exceptions", SimpleNamespace(RayError=RuntimeError))
    monkeypatch.setenv("RAY_ADDRESS", address)
    told = rf"RAY_ADDRESS is {address}, where no cluster answers.*ray start"
    with pytest.raises(ConfigError, match=told), spread_over("ray"):
        pass
