"""A stage on a full disk: a clear error, nothing lost, no half file; with room it ends as if undisturbed."""

from __future__ import annotations

import hashlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no bound on file sizes here"),
]


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes: the system then refuses to write on (EFBIG).

    The signal that goes with it (SIGXFSZ) Python ignores.
    """
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


#: Bytes a file may have, fewer than one of the stage's files needs.
STAGES_AND_ROOM = [("prepare", 12_000), ("insight", 6_000)]


def digests(data: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below data/ but the caches."""
    files = [path for path in data.rglob("*") if path.is_file() and "cache" not in path.parts]
    return {p.relative_to(data).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.mark.parametrize(("stage", "room"), STAGES_AND_ROOM)
def test_a_stage_on_a_full_disk_loses_nothing_and_ends_alike_with_room(project, stage, room):
    expected = digests(project.root / "data")
    with full_disk(room):
        said = project.call("stage", stage, check=False)
    assert f"{stage}: " in said
    assert "the disk is full" in said
    assert "make room, and run the same command again" in said
    assert "Traceback" not in said
    assert digests(project.root / "data") == expected, "what stood there is no longer whole, or more does"
    project.call("stage", stage)
    assert digests(project.root / "data") == expected


def test_a_study_without_room_for_its_trials_says_so_and_ends_alike_with_room(project):
    expected = digests(project.root / "data")
    cache = project.root / "data" / "cache"
    (trials,) = cache.rglob("*.db")
    needed = trials.stat().st_size
    cache.rename(project.root / "cache aside")
    for room in (needed // 2, needed - 1):  # the storage cannot be made; the last trials cannot be added
        with full_disk(room):
            said = project.call("stage", "study", check=False)
        assert "study: study.storage cannot be written: the disk is full" in said
        assert "Traceback" not in said
        assert digests(project.root / "data") == expected
    project.call("stage", "study")
    assert digests(project.root / "data") == expected


def test_a_stage_that_never_ran_leaves_nothing_under_its_name(project):
    expected = digests(project.root / "data")
    (project.root / "data" / "matrix").rename(project.root / "aside")
    with full_disk(8000):
        said = project.call("stage", "matrix", check=False)
    assert "the disk is full" in said
    assert not (project.root / "data" / "matrix").exists()
    project.call("stage", "matrix")
    assert digests(project.root / "data") == expected
