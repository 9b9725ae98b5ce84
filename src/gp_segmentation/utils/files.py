"""The only way files and folders come into being: whole or not at all."""

import ctypes
import errno
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any

from gp_segmentation.errors import GpsegError

if sys.platform != "win32":
    import fcntl

#: A disk, a quota or a file that can hold no more.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

#: Linux' renameat2: names taken from the working directory, and the two exchanged.
AT_FDCWD, RENAME_EXCHANGE = -100, 2


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; on success it takes `path`'s place in one step.

    A crash or a full disk leaves what stood at `path` before, untouched; GpsegError says that it is full.
    """
    with _told_when_full(path), _beside(path) as temporary:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)


@contextmanager
def fresh_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder beside `path`; on success it takes `path`'s place, old content and all.

    What stood at `path` is exchanged for the new folder in one step where the system can (Linux), else moved
    aside whole first: half of it is never seen there.
    """
    with _told_when_full(path), _beside(path, folder=True) as temporary:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        _swap(temporary, path)


@contextmanager
def _told_when_full(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise GpsegError(
            f"{path} cannot be written: the disk is full ({error.strerror}). What stood there is untouched; "
            "make room, and run the same command again"
        ) from error


def _swap(new: Path, path: Path) -> None:
    """Put the folder `new` in the place of `path`; where there was one, `new` is the old one afterwards."""
    if not path.exists():
        new.replace(path)
    elif not _exchanged(new, path):
        with _beside(path, folder=True) as aside:
            path.replace(aside)
            try:
                new.replace(path)
            except OSError:
                aside.replace(path)
                raise


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system or the file system cannot."""
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    done = rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)
    return bool(done == 0)


@contextmanager
def _beside(path: Path, *, folder: bool = False) -> Iterator[Path]:
    """Give an empty file or folder beside `path`, locked while this process lives and gone afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    while True:
        temporary = _made(path, folder=folder)
        lock = _locked(temporary, wait=True)
        if temporary.exists():  # else another's sweep came before the lock
            break
        _unlock(lock)
    try:
        yield temporary
    finally:
        _remove(temporary)
        _unlock(lock)


def _made(path: Path, *, folder: bool) -> Path:
    prefix, suffix = f".{path.name}.", path.suffix
    if folder:
        return Path(tempfile.mkdtemp(suffix, prefix, path.parent))
    handle, name = tempfile.mkstemp(suffix, prefix, path.parent)
    os.close(handle)
    return Path(name)


def _sweep(path: Path) -> None:
    """Remove what writers of `path` left behind that were killed: the system let go of their locks."""
    for left in path.parent.glob(f".{escape(path.name)}.????????{escape(path.suffix)}"):
        lock = _locked(left, wait=False)
        if lock is not None:
            _remove(left)
            _unlock(lock)


def _locked(path: Path, *, wait: bool) -> int | None:
    """Lock a file or folder against other processes; return the handle, or None where it cannot be had.

    The system lets go of the lock when the process ends, however it ends.
    """
    if sys.platform == "win32":
        return None
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:  # busy, or a file system without locks
        os.close(handle)
        return None
    return handle


def _unlock(handle: int | None) -> None:
    if handle is not None:
        os.close(handle)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with LF line ends, atomically."""
    with atomic(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write `value` as sorted, indented JSON; NaN is refused, so that any reader can read it."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON written by an earlier stage."""
    return json.loads(existing(path).read_text(encoding="utf-8"))


def existing(path: Path) -> Path:
    """Return `path` if it is a file; raise GpsegError with the remedy if not."""
    if not path.is_file():
        raise GpsegError(f"{path} does not exist. Run the stage that writes it: dvc repro, or gpseg")
    return path
