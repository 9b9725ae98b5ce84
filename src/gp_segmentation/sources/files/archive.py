"""Text files, plain or in a zip, found by base name and never unpacked to disk."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from gp_segmentation.errors import InputError
from gp_segmentation.sources.files.text import DamagedError, TooLargeError, Utf8Stream, damaged_as_error

#: Bytes one member may inflate to. The largest published member, a national ACHIEVEMENT, has under 0.2 GiB.
MAX_BYTES = 1 << 30

FETCH_AGAIN = "Delete it and fetch it again with gpseg data"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@dataclass(frozen=True)
class TextFile:
    """A text to read: the file at `path`, or the member `member` of that zip (full name in the zip)."""

    path: Path
    member: str | None = None
    max_bytes: int = MAX_BYTES

    @property
    def base_name(self) -> str:
        return self.path.name if self.member is None else _base_name(self.member)

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Yield the text as UTF-8 bytes.

        Raises InputError when the zip is damaged or encrypted or the text is larger than `max_bytes`, even
        if this only emerges while reading.
        """
        try:
            with self._raw() as raw:
                yield io.BufferedReader(Utf8Stream(raw, self.max_bytes), 1 << 20)
        except TooLargeError:
            raise self.error(f"holds more than {self.max_bytes:,} bytes", remedy=FETCH_AGAIN) from None
        except UnicodeError as error:
            raise self.error(f"is not text ({error})", remedy=FETCH_AGAIN) from error
        except csv.Error as error:
            raise self.error(f"is not a table ({error})", remedy=FETCH_AGAIN) from error
        except DamagedError as error:
            raise self.error(f"is damaged ({error})", remedy=FETCH_AGAIN) from error

    @contextmanager
    def _raw(self) -> Iterator[IO[bytes]]:
        if self.member is None:
            with damaged_as_error():
                raw = self.path.open("rb")
            with raw:
                yield raw
            return
        with damaged_as_error():
            archive = zipfile.ZipFile(self.path)
        with archive:
            info = archive.getinfo(self.member)
            if info.compress_type not in _METHODS:
                raise self.error(f"is packed by method {info.compress_type}", remedy="Zip it with Deflate")
            if info.flag_bits & 1:
                raise self.error("is encrypted", remedy="Place a file without a password")
            if info.file_size > self.max_bytes:
                raise TooLargeError
            with damaged_as_error():
                member = archive.open(info)
            with member:
                yield member

    @property
    def error(self) -> partial[InputError]:
        """Builds the InputError that names this text."""
        member = None if self.member is None else self.base_name
        return partial(InputError, file=self.path.name, member=member)


def find_texts(path: Path, pattern: str = r".*\.csv", *, max_bytes: int = MAX_BYTES) -> list[TextFile]:
    """Return the members of the zip at `path` whose base name matches `pattern`, sorted by base name.

    `pattern` is a regular expression of the full base name; case and folders in the zip do not matter. A
    file that is not a zip is itself the only text, whatever its name. Raises InputError when `path` is
    missing, or has the suffix .zip but is not a zip file.
    """
    if not path.is_file():
        raise InputError("is missing", file=path.name, remedy="Fetch it with gpseg data")
    if not zipfile.is_zipfile(path):
        if path.suffix.lower() == ".zip":
            with path.open("rb") as raw:
                problem = f"is not a zip file (it begins with {raw.read(40)!r})"
            raise InputError(problem, file=path.name, remedy=FETCH_AGAIN)
        return [TextFile(path, max_bytes=max_bytes)]
    wanted = re.compile(pattern, re.IGNORECASE)
    names = [name for name in _member_names(path) if wanted.fullmatch(_base_name(name))]
    return [TextFile(path, name, max_bytes) for name in sorted(names, key=lambda n: (_base_name(n), n))]


def find_text(path: Path, pattern: str = r".*\.csv", *, max_bytes: int = MAX_BYTES) -> TextFile:
    """Return the only text of `find_texts`; raise InputError naming the members found unless it is one."""
    texts = find_texts(path, pattern, max_bytes=max_bytes)
    if len(texts) == 1:
        return texts[0]
    if texts:
        names = ", ".join(str(text.member) for text in texts)
        problem, remedy = f"{len(texts)} members match {pattern}: {names}", "Keep only one of them"
    else:
        names = ", ".join(sorted(map(_base_name, _member_names(path)))) or "nothing"
        problem = f"no member matches {pattern} (found: {names})"
        remedy = f"Check that it is the file of this year. {FETCH_AGAIN} if not"
    raise InputError(problem, file=path.name, remedy=remedy)


def member_names(path: Path) -> list[str]:
    """Return the full names of a zip's members in order, folders and hidden files left out."""
    return sorted(_member_names(path))


def _member_names(path: Path) -> list[str]:
    try:
        with damaged_as_error(), zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.filename.endswith("/")]
    except DamagedError as error:
        raise InputError(f"is damaged ({error})", file=path.name, remedy=FETCH_AGAIN) from error
    # macOS adds a hidden "__MACOSX/._NAME" for every member.
    return [name for name in names if not _base_name(name).startswith(".")]


def _base_name(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name
