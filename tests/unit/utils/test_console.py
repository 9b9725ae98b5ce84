"""However a command ends, and wherever it runs: words, an exit status, no traceback of what was foreseen."""

from __future__ import annotations

import errno
import io
import logging
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError

from gp_segmentation import cli
from gp_segmentation.cli.verbs import DASHED
from gp_segmentation.errors import ConfigError, GpsegError
from gp_segmentation.utils import console, root

COMMANDS: dict[str, Callable[[], int]] = {
    "gpseg": cli.main,
    "gpseg peers": lambda: cli.main(["peers", "A81001"]),
    "gpseg-data": cli.data_main,
    "gpseg-explore": cli.explore_main,
    "gpseg-peers": lambda: cli.peers_main(["A81001"]),
    "gpseg-assign": lambda: cli.assign_main(["--run", "data", "--source", "synthetic"]),
    "gpseg-record": lambda: cli.record_main(["data"]),
    "features": lambda: cli.stage_main(["features"]),
}
TOO_LARGE = "Unable to allocate 7.28 TiB for an array with shape (1000000, 1000000) and data type float64"


def too_large() -> None:
    raise np._core._exceptions._ArrayMemoryError((10**6, 10**6), np.dtype(float))


def raised(error: BaseException) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


def wrapped() -> None:
    try:
        too_large()
    except MemoryError as error:
        raise ConfigError("cannot build sklearn.cluster.KMeans: Unable to allocate") from error


@pytest.fixture
def typed(monkeypatch):
    """No arguments on the command line of this process."""
    monkeypatch.setattr(sys, "argv", ["command"])


def test_every_command_of_the_project_is_tried_here():
    scripts = (Path(__file__).resolve().parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    listed = [line.split(" = ")[0] for line in scripts.splitlines() if '"gp_segmentation.cli:' in line]
    assert listed == ["gpseg", *(f"gpseg-{name}" for name in DASHED)]
    assert sorted([*listed, "gpseg peers", "features"]) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (GpsegError("no conf/. Set GPSEG_ROOT"), 1, "no conf/. Set GPSEG_ROOT"),
        (MemoryError(), 1, f"not enough memory. {console.MORE_MEMORY}"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (
            PermissionError(13, "Permission denied", "data/raw"),
            1,
            f"data/raw: Permission denied. {console.NOT_YOURS}",
        ),
    ],
)
def test_every_command_ends_in_words(name, error, status, words, monkeypatch, capsys, typed):
    monkeypatch.setattr(root, "project_root", raised(error))
    assert COMMANDS[name]() == status
    assert capsys.readouterr().err == f"{name}: {words}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_when_it_may_not_have_the_memory_it_needs(name, monkeypatch, capsys, typed):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (2**30, resource.RLIM_INFINITY))
    monkeypatch.setattr(root, "project_root", raised(AssertionError("it began all the same")))
    assert COMMANDS[name]() == 1
    assert capsys.readouterr().err == (
        f"{name}: not enough memory: this process may use 1.0 GiB of address space, and needs 1.5 at least. "
        "Raise the limit: ulimit -v unlimited\n"
    )


def test_nothing_large_is_imported_before_that_is_said():
    """Where a library cannot be imported, its own words would come first."""
    code = "import sys; from gp_segmentation import cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert not {"numpy", "pandas", "hydra", "omegaconf", "mlflow", "sklearn"} & set(done.stdout.split())
    assert "gp_segmentation.cli" in done.stdout.split()


@pytest.mark.parametrize(
    ("fail", "words"),
    [
        (too_large, f"not enough memory ({TOO_LARGE}). {console.MORE_MEMORY}"),
        (wrapped, f"not enough memory ({TOO_LARGE}). {console.MORE_MEMORY}"),
        (
            raised(OSError(errno.ENOMEM, "Cannot allocate memory")),
            f"not enough memory ([Errno 12] Cannot allocate memory). {console.MORE_MEMORY}",
        ),
        (
            raised(RuntimeError("can't start new thread")),
            f"not enough memory (can't start new thread). {console.MORE_MEMORY}",
        ),
        (
            raised(TerminatedWorkerError("exit codes SIGKILL(-9)")),
            f"a process ended before its work was done: killed, or out of memory. {console.MORE_MEMORY}",
        ),
        (
            raised(OSError(errno.EROFS, "Read-only file system", "/srv/data")),
            f"/srv/data: Read-only file system. {console.NOT_YOURS}",
        ),
        (
            raised(OSError(errno.ENOSPC, "No space left on device")),
            "a file, or standard output: No space left on device. Make room, and run the same command again",
        ),
    ],
)
def test_what_the_system_refuses_is_told_in_words(fail, words, capsys):
    assert console.ended("gpseg", fail) == 1
    assert capsys.readouterr().err == f"gpseg: {words}\n"


def test_an_error_that_replaced_another_on_purpose_is_told_itself(capsys):
    def refused() -> None:
        try:
            too_large()
        except MemoryError:
            raise ConfigError("sheets.xlsx is too large to be read") from None

    assert console.ended("gpseg", refused) == 1
    assert capsys.readouterr().err == "gpseg: sheets.xlsx is too large to be read\n"


def test_what_nobody_foresaw_keeps_its_traceback(capsys):
    assert console.ended("gpseg", raised(ZeroDivisionError("segment 3"))) == 1
    told = capsys.readouterr().err
    assert told.startswith("gpseg: Traceback (most recent call last):\n")
    assert told.endswith("ZeroDivisionError: segment 3\n")


def test_a_folder_that_was_deleted_is_told(tmp_path, monkeypatch, capsys):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert console.ended("gpseg", lambda: None) == 1
    told = "gpseg: the working folder was deleted. Change to one that is there: cd FOLDER\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("encoding", ["ascii", "iso8859-1"])
def test_names_that_the_settings_of_the_language_lack_are_told(
    encoding, tmp_path, monkeypatch, capsys, typed
):
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: encoding)
    assert console.ended("gpseg", lambda: None) == 0
    (tmp_path / "Süd").mkdir()
    monkeypatch.chdir(tmp_path / "Süd")
    name = os.fsencode(str(Path.cwd())).decode(encoding, "surrogateescape")
    monkeypatch.setattr(Path, "cwd", lambda: name)  # as Python names it with these settings
    assert console.ended("gpseg", lambda: None) == 1
    told = capsys.readouterr().err
    assert f"({encoding}) are not UTF-8, and libraries cannot open {tmp_path}/S" in told
    assert told.endswith("with them. Set PYTHONUTF8=1, and run the same command again\n")


def test_a_terminal_shows_a_question_mark_for_what_it_lacks(monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert console.ended("gpseg-peers", lambda: sys.stdout.write("Staffordshire – £5…\n")) == 0
    assert terminal.buffer.getvalue() == b"Staffordshire ? ?5?\n"


def test_log_files_hold_every_letter(tmp_path, monkeypatch):
    handler = logging.FileHandler(tmp_path / "job.log", encoding="ascii")
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [handler])
    console.write_logs_in_utf8()
    root.warning("Tŷ Gŵyr – ready")
    handler.close()
    assert (tmp_path / "job.log").read_text(encoding="utf-8") == "Tŷ Gŵyr – ready\n"


LONG = "from gp_segmentation.utils import console; raise SystemExit(console.ended('c', lambda: {}))"


@pytest.mark.parametrize(
    ("output", "command", "status", "said"),
    [
        ("| true", "[print('a' * 99) for _ in range(9999)]", 141, ""),
        (">&-", "print('a')", 0, ""),
        ("<&- >&- 2>&-", "print('a')", 0, ""),
        ("<&- >&- 2>&-", "open(__file__).fileno() > 2 or 1 / 0", 0, ""),
        (">/dev/null", "print('a')", 0, ""),
        (
            ">/dev/full",
            "print('a')",
            1,
            f"c: a file, or standard output: No space left on device. {console.REMEDIES[errno.ENOSPC]}\n",
        ),
    ],
)
def test_output_that_nobody_reads_ends_quietly(output, command, status, said, tmp_path):
    (tmp_path / "c.py").write_text(LONG.format(command), encoding="utf-8")
    line = f'{{ "{sys.executable}" "{tmp_path / "c.py"}"; echo $? >"{tmp_path / "status"}"; }} {output}'
    done = subprocess.run(["sh", "-c", line], capture_output=True, encoding="utf-8", check=False)
    assert (tmp_path / "status").read_text(encoding="utf-8") == f"{status}\n"
    assert done.stderr == said


def test_streams_and_records_are_as_they_were_afterwards(capsys):
    before = sys.stdout, sys.stderr, logging.getLogRecordFactory()
    console.ended("gpseg", raised(GpsegError("x")))
    assert before == (sys.stdout, sys.stderr, logging.getLogRecordFactory())
