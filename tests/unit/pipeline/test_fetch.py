"""`gpseg data` without a git repository, as when the project was downloaded; an England as it was drawn."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from gp_segmentation.errors import GpsegError
from gp_segmentation.pipeline import fetch
from gp_segmentation.pipeline.years import other_sources
from gp_segmentation.sources.download.manifest import BY_HAND, ManifestRow, write_manifest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def downloaded(tmp_path: Path) -> Path:
    """A project without .git, with a raw file in it."""
    shutil.copytree(
        ROOT / ".dvc", tmp_path / ".dvc", ignore=shutil.ignore_patterns("cache", "tmp", "*.local")
    )
    (tmp_path / "params.yaml").write_text("source: {name: year}\n", encoding="utf-8")
    (tmp_path / "data.dvc").write_text("outs:\n- path: data/raw\n", encoding="utf-8")
    raw = tmp_path / "data" / "raw" / "year"
    raw.mkdir(parents=True)
    (raw / "a.csv").write_text("x\n", encoding="utf-8")
    return tmp_path


def test_the_files_are_there_and_what_dvc_needs_is_said(
    downloaded: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fetch._dvc_add(downloaded)
    assert caplog.messages == [
        "the files are in data/raw, and gpseg can use them. DVC (dvc repro, make run) cannot: it needs a git "
        f"repository, and {downloaded} is none. Run git init there, or clone the project; then give this "
        "command again"
    ]
    assert "md5" not in (downloaded / "data.dvc").read_text(encoding="utf-8")


def test_any_other_failure_of_dvc_is_an_error(downloaded: Path) -> None:
    (downloaded / ".dvc" / "config").write_text("[core\n", encoding="utf-8")
    with pytest.raises(GpsegError, match=r"^the files are in data/raw, but data\.dvc could not be updated: "):
        fetch._dvc_add(downloaded)


def test_the_remedy_works(downloaded: Path) -> None:
    subprocess.run(["git", "init", "-q", str(downloaded)], check=True)
    fetch._dvc_add(downloaded)
    assert "md5" in (downloaded / "data.dvc").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("origins", "england"),
    [
        (["synthetic England, seed 7, 60 practices"], {"seed": 7, "practices": 60}),
        ([BY_HAND], {"seed": 1, "practices": 6200}),  # whatever the configuration says
        ([], {"seed": 1, "practices": 6200}),
    ],
)
def test_an_england_is_assigned_to_segments_as_it_was_drawn(
    tmp_path: Path, origins: list[str], england: dict[str, int]
) -> None:
    rows = [ManifestRow(f"{i}.csv", origin, None, 1, "0" * 64, None) for i, origin in enumerate(origins)]
    write_manifest(tmp_path, rows)
    source = {"name": "synthetic", "england": {"seed": 1, "practices": 6200}}
    assert other_sources.as_drawn(source, tmp_path) == {"name": "synthetic", "england": england}
    assert other_sources.as_drawn({"name": "a year"}, tmp_path) == {"name": "a year"}
