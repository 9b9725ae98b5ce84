"""What a job says while it runs: by itself plain lines, in a sweep lines with its number."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from gp_segmentation.cli import apps
from gp_segmentation.pipeline import runs
from gp_segmentation.pipeline.order import STAGES, WORK, announced
from gp_segmentation.utils import progress

log = logging.getLogger("gpseg")
BASIC, JOBLIB = (
    "hydra._internal.core_plugins.basic_launcher.BasicLauncher",
    "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher",
)


@pytest.mark.parametrize(
    ("mode", "launcher", "label", "bars"),
    [
        (RunMode.RUN, BASIC, "", True),
        (RunMode.MULTIRUN, BASIC, "[3] ", True),
        (RunMode.MULTIRUN, JOBLIB, "[3] ", False),
    ],
)
def test_every_line_of_a_job_is_labelled_in_a_sweep(
    mode, launcher, label, bars, monkeypatch, caplog, tmp_path
):
    """Bars of jobs that run at the same time would overwrite one another: there are none."""
    seen = []

    def run_job(project: SimpleNamespace, output: Path, title: str) -> None:
        seen.append((output, title, progress.bar(2, "draws").disable))
        with announced("study"):
            log.warning("two\nlines")

    job = SimpleNamespace(num=3)
    hydra = SimpleNamespace(
        runtime=SimpleNamespace(output_dir=str(tmp_path)),
        overrides=SimpleNamespace(task=["a=1", "b=2"]),
        launcher=SimpleNamespace(_target_=launcher),
        **{"mode": mode, "job": job},
    )
    monkeypatch.setattr(HydraConfig, "get", lambda: hydra)
    monkeypatch.setattr(runs, "run_job", run_job)
    monkeypatch.setattr(apps, "_project", lambda _: SimpleNamespace(cfg={"source": {"label": "England"}}))
    monkeypatch.setattr(progress, "tqdm", lambda **asked: SimpleNamespace(disable=asked["disable"]))
    with caplog.at_level(logging.INFO, "gpseg"):
        apps.run_job(None)
    assert seen == [(tmp_path, "a=1 b=2", None if bars else True)]  # None: where there is a terminal
    *lines, done = "\n".join(record.getMessage() for record in caplog.records).split("\n")
    assert lines == [
        f"{label}{line}"
        for line in (
            "Settings:  a=1 b=2",
            "Source:    England",
            f"Results:   {tmp_path}",
            "study     try numbers of segments, and choose one ...",
            "two",
            "lines",
        )
    ]
    assert done.startswith(f"{label}study     done in 0.")


def test_every_stage_says_what_it_does():
    assert list(WORK) == [*STAGES, "track"]
