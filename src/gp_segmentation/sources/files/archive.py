"""Text files, plain or in a zip, found by their base name and never unpacked to disk."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from gp_segmentation.errors import InputError
from gp_segmentation.sources.files.text import DamagedError, TooLargeError, Utf8Stream, whole

#: Bytes one member may inflate to. The largest published one, a national ACHIEVEMENT, has under 0.2 GiB.
MAX_BYTES = 1 << 30

FETCH_AGAIN = "Delete it and fetch it again with gpseg-data"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@dataclass(frozen=True)
class TextFile:
    """A text that can be read: the file at `path`, or its zip member `member` (whole name in the zip)."""

    path: Path
    member: str | None = None
    max_bytes: int = MAX_BYTES

    @property
    def base_name(self) -> str:
        return self.path.name if self.member is None else _base_name(self.member)

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Yield the text as UTF-8 bytes.

        Raises InputError when the zip is damaged or encrypted or the text is larger than `max_bytes`, also
        when that shows only while reading.
        """
        try:
            with self._raw() as raw:
                stream = Utf8Stream(raw, self.max_bytes)
                try:
                    yield io.BufferedReader(stream, 1 << 20)
                finally:
                    stream.end()
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
            with whole():
                raw = self.path.open("rb")
            with raw:
                yield raw
            return
        with whole():
            archive = zipfile.ZipFile(self.path)
        with archive:
            info = archive.getinfo(self.member)
            if info.compress_type not in _METHODS:
                raise self.error(f"is packed by method {info.compress_type}", remedy="Zip it with Deflate")
            if info.flag_bits & 1:
                raise self.error("is encrypted", remedy="Place a file without a password")
            if info.file_size > self.max_bytes:
                raise TooLargeError
            with whole():
                member = archive.open(info)
            with member:
                yield member

    def error(
        self, problem: str, *, row: int | None = None, column: str | None = None, remedy: str | None = None
    ) -> InputError:
        """Return the InputError that names this text."""
        member = None if self.member is None else self.base_name
        return InputError(problem, file=self.path.name, member=member, row=row, column=column, remedy=remedy)


def find_texts(path: Path, pattern: str = r".*\.csv", *, max_bytes: int = MAX_BYTES) -> list[TextFile]:
    """Return the members of the zip at `path` whose base name matches `pattern`, sorted by base name.

    `pattern` is a regular expression for the whole base name, whatever its case; folders in the zip do not
    matter. A file that is not a zip is itself the only text, whatever its name. Raises InputError when
    `path` is missing or should be a zip and is none.
    """
    if not path.is_file():
        raise InputError("is missing", file=path.name, remedy="Fetch it with gpseg-data")
    if not zipfile.is_zipfile(path):
        if path.suffix.lower() == ".zip":
            raise InputError(_not_a_zip(path), file=path.name, remedy=FETCH_AGAIN)
        return [TextFile(path, max_bytes=max_bytes)]
    wanted = re.compile(pattern, re.IGNORECASE)
    names = [name for name in _member_names(path) if wanted.fullmatch(_base_name(name))]
    return [TextFile(path, name, max_bytes) for name in sorted(names, key=lambda n: (_base_name(n), n))]


def find_text(path: Path, pattern: str = r".*\.csv", *, max_bytes: int = MAX_BYTES) -> TextFile:
    """Return the one text of `find_texts`; raise InputError naming what is there when it is not one."""
    found = find_texts(path, pattern, max_bytes=max_bytes)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(str(text.member) for text in found)
        raise InputError(
            f"{len(found)} members match {pattern}: {names}", file=path.name, remedy="Keep only one of them"
        )
    names = ", ".join(sorted(map(_base_name, _member_names(path)))) or "nothing"
    raise InputError(
        f"no member matches {pattern} (found: {names})",
        file=path.name,
        remedy="Check that it is the file of this year; gpseg-data fetches it",
    )


def _member_names(path: Path) -> list[str]:
    try:
        with whole(), zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.filename.endswith("/")]
    except DamagedError as error:
        raise InputError(f"is damaged ({error})", file=path.name, remedy=FETCH_AGAIN) from error
    # macOS adds a shadow "__MACOSX/._NAME" of every member.
    return [name for name in names if not _base_name(name).startswith(".")]


def _base_name(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name


def _not_a_zip(path: Path) -> str:
    with path.open("rb") as raw:
        start = raw.read(40)
    return f"is not a zip file (it begins with {start!r})"
