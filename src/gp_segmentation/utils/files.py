"""Write files and folders whole or not at all; everything this package writes goes through here."""

import ctypes
import errno
import hashlib
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

#: Significant digits of floats in JSON.
DIGITS = 9

#: Linux' renameat2: names taken from the working directory, and the two exchanged.
AT_FDCWD, RENAME_EXCHANGE = -100, 2


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 lower-case hexadecimal digits."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; on success it takes `path`'s place in one step.

    After a crash or on a full disk, what stood at `path` before is untouched; GpsegError says that the disk
    is full.
    """
    with _raise_when_disk_full(path), _beside(path) as temporary:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)


@contextmanager
def fresh_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder beside `path`; on success it replaces `path` and all its content.

    Where the system can (Linux), the two are exchanged in one step; elsewhere the old folder is moved aside
    first. Nobody ever sees half of it.
    """
    with _raise_when_disk_full(path), _beside(path, folder=True) as temporary:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        _swap(temporary, path)


@contextmanager
def _raise_when_disk_full(path: Path) -> Iterator[None]:
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
    """Put the folder `new` in the place of `path`; afterwards `new` is the old folder, if there was one."""
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
    """Give an empty file or folder beside `path`, locked while this process lives and removed afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    while True:
        temporary = _create(path, folder=folder)
        lock = _locked(temporary, wait=True)
        if temporary.exists():  # else another process swept it away before it was locked
            break
        _unlock(lock)
    try:
        yield temporary
    finally:
        _remove(temporary)
        _unlock(lock)


def _create(path: Path, *, folder: bool) -> Path:
    prefix, suffix = f".{path.name}.", path.suffix
    if folder:
        return Path(tempfile.mkdtemp(suffix, prefix, path.parent))
    handle, name = tempfile.mkstemp(suffix, prefix, path.parent)
    os.close(handle)
    return Path(name)


def _sweep(path: Path) -> None:
    """Remove what killed writers of `path` left behind: the system has released their locks."""
    for left in path.parent.glob(f".{escape(path.name)}.????????{escape(path.suffix)}"):
        lock = _locked(left, wait=False)
        if lock is not None:
            _remove(left)
            _unlock(lock)


def _locked(path: Path, *, wait: bool) -> int | None:
    """Lock a file or folder against other processes; return the handle, or None where that fails.

    The system releases the lock when the process ends, however it ends.
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
    """Write `value` as sorted, indented JSON; NaN is refused, so that any reader can read it.

    Floats have `DIGITS` significant digits: the last ones of 16 are others on other processors.
    """
    text = json.dumps(_shortened(value), indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
    write_text(path, text + "\n")


def _shortened(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: _shortened(of_key) for key, of_key in value.items()}
    return [_shortened(item) for item in value] if isinstance(value, (list, tuple)) else value


def read_json(path: Path) -> Any:
    """Read JSON written by an earlier stage."""
    return json.loads(existing(path).read_text(encoding="utf-8"))


def existing(path: Path) -> Path:
    """Return `path` if it is a file; raise GpsegError with the remedy if not."""
    if not path.is_file():
        raise GpsegError(f"{path} does not exist. Run the stage that writes it: dvc repro, or gpseg")
    return path
