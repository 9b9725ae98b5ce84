"""A store with many runs: how long the list of them takes, asked directly and of MLflow's own server."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gp_segmentation.tracking.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

TITLE = "A store of many runs"
RUNS, METRICS, FILES, LIMIT = 100, 200, 30, 2.0


def section() -> list[str]:
    """Fill a store, list it; return the section of the page."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        store = open_store(root, "load")
        paths = [root / f"table_{i}.csv" for i in range(FILES)]
        for path in paths:
            path.write_text("practice_code,segment\n" + "A81001,1\n" * 500, encoding="utf-8")
        began = time.monotonic()
        for number in range(RUNS):
            with store.run(f"run {number}", {"features": "need"}) as run:
                run.log_metrics({f"score_{i}": i / METRICS for i in range(METRICS)})
                run.log_files(paths, "tables")
        filled = time.monotonic() - began
        began = time.monotonic()
        found = store.client.search_runs([store.experiment_id], max_results=RUNS)
        direct = time.monotonic() - began
        whole = len(found) == RUNS and all(len(run.data.metrics) == METRICS for run in found)
        files = store.client.list_artifacts(found[0].info.run_id, "tables")
        _insist(whole and len(files) == FILES, "something recorded is not listed")
        with _server(root) as address:
            served = min(_asked(address, store.experiment_id) for _ in range(3))
    return [
        f"{RUNS} runs of {METRICS} metrics and {FILES} artefacts each were recorded in {filled:.0f} s.",
        f"The list of all, with every metric, took **{direct:.2f} s** asked directly and",
        f"**{served:.2f} s** of MLflow's server over HTTP (limit {LIMIT:g} s).",
    ]


def _asked(address: str, experiment: str) -> float:
    """Seconds until the server has listed every run."""
    asked = json.dumps({"experiment_ids": [experiment], "max_results": RUNS}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/api/2.0/mlflow/runs/search", asked, headers)  # noqa: S310
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        runs = json.load(answer)["runs"]
    _insist(len(runs) == RUNS, "the server does not list every run")
    return time.monotonic() - began


@contextmanager
def _server(root: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--backend-store-uri", f"sqlite:///{root / 'mlruns' / 'mlflow.db'}"]
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    with (root / "server.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            _until_up(f"http://127.0.0.1:{port}/health", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=60)


def _until_up(address: str, process: subprocess.Popen) -> None:
    for _ in range(240):
        _insist(process.poll() is None, "the server ended")
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310
                return
        except OSError:
            time.sleep(0.5)
    sys.exit("the server did not come up")


def _insist(so: bool, otherwise: str) -> None:
    if not so:
        sys.exit(otherwise)
