"""The settings of raw files and downloads, checked before any file is downloaded or read."""

import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gp_segmentation.errors import ConfigError, InputError

Files = Mapping[str, Mapping[str, Any]] | Iterable[Mapping[str, Any]]

#: Endings of files that are zip archives in themselves.
PACKED = (".zip", ".xlsx", ".xlsm", ".ods")


@dataclass(frozen=True)
class RawFile:
    """One raw file of a source.

    Attributes
    ----------
    filename : its name in the source's raw folder.
    urls : official addresses, tried in turn; none when the file can only be placed by hand.
    sha256 : 64 lower-case hexadecimal digits, where known.
    required : whether the source cannot be read without it.
    max_bytes : a larger file is refused.
    licence : under which the file is published.
    aliases : other names it may have in the folder given as ``from=FOLDER``. One with another ending is of
        another format that the reader takes too; the file has that name in the raw folder if it has that
        format.
    """

    filename: str
    urls: tuple[str, ...] = ()
    sha256: str | None = None
    required: bool = True
    max_bytes: int = 1024**3
    licence: str | None = None
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The names it may have in the raw folder: one for each format."""
        return names_in_folder(self.filename, self.aliases)

    def name_for(self, content: Path) -> str:
        """Return the name that fits the format of `content`: packed (zip, Excel) or not."""
        packed = zipfile.is_zipfile(content)
        fitting = (name for name in self.names if (Path(name).suffix.lower() in PACKED) == packed)
        return next(fitting, self.filename)


@dataclass(frozen=True)
class DownloadSettings:
    """Time-outs and retries of a download.

    Attributes
    ----------
    connect_timeout, read_timeout : seconds without a connection, and without a byte.
    slowest : bytes per second; a lower mean over `read_timeout` seconds counts as a time-out.
    attempts : how often a file is requested; a resumed attempt counts.
    backoff : seconds before the second attempt, doubled before each further one.
    longest_wait : seconds; no wait is longer, even if the server asks for it (Retry-After).
    """

    connect_timeout: float = 15.0
    read_timeout: float = 60.0
    slowest: float = 100.0
    attempts: int = 4
    backoff: float = 1.0
    longest_wait: float = 30.0


def read_raw_files(files: Files) -> list[RawFile]:
    """Read the `files` of a source's configuration; keys that `RawFile` does not have are ignored here.

    Two entries may share one raw file if they describe it equally.

    Raises
    ------
    ConfigError
        A name that is not a plain file name, a value of the wrong kind, or two entries that disagree.
    """
    by_name: dict[str, RawFile] = {}
    for entry in files.values() if isinstance(files, Mapping) else files:
        file = _raw_file(entry)
        if by_name.setdefault(file.filename.casefold(), file) != file:
            raise ConfigError(f"two entries of the source describe {file.filename} differently")
    return list(by_name.values())


def names_in_folder(filename: str, aliases: Iterable[str] | None) -> list[str]:
    """Return the names that a file may have in the raw folder: `filename`, and aliases with another ending.

    >>> names_in_folder("list.csv", ["LIST_2025.CSV", "list.zip"])
    ['list.csv', 'list.zip']
    """
    ending = Path(filename).suffix.lower()
    return [filename, *(name for name in aliases or () if Path(name).suffix.lower() != ending)]


def find_in_folder(entry: Mapping[str, Any], folder: Path) -> Path | None:
    """Return the raw file that `entry` of a source describes, by whichever name it has; None if absent.

    Raises InputError when it is there in two formats.
    """
    names = names_in_folder(str(entry["filename"]), entry.get("aliases"))
    found = [folder / name for name in names if (folder / name).is_file()]
    if len(found) > 1:
        raise InputError(
            f"this file is in {folder} more than once",
            file=" and ".join(path.name for path in found),
            remedy="Delete the one that is not meant",
        )
    return found[0] if found else None


def hand_remedy(folder: Path) -> str:
    """Return how to bring in a file by hand; `folder` is the source's raw folder."""
    return (
        f"Place it in {folder} by hand, or put it into any folder and take it from there: give the same "
        "command with from=FOLDER"
    )


def is_plain_file_name(name: object) -> bool:
    """Return whether `name` stays inside its folder and is none of this package's own files."""
    return (
        isinstance(name, str)
        and re.fullmatch(r"[^/\\:\x00-\x1f]{1,200}", name) is not None
        and not name.startswith(".")
        and name.casefold() != "manifest.json"
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_addresses(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, list | tuple) and bool(value) and all(map(_is_text, value)))


def _listed(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _is_sha256(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-fA-F]{64}", value) is not None


def _is_size(value: Any) -> bool:
    return (type(value) is int or (isinstance(value, float) and value.is_integer())) and value >= 1


def _are_names(value: Any) -> bool:
    listed = isinstance(value, Iterable) and not isinstance(value, str)
    return listed and all(is_plain_file_name(name) for name in value)


#: Key of a raw file -> test of its value, what the value must be, and how it is stored.
_KEYS: dict[str, tuple[Callable[[Any], bool], str, Callable[[Any], Any]]] = {
    "url": (_are_addresses, "an address, a list of addresses, or null", _listed),
    "sha256": (_is_sha256, "64 hexadecimal digits, or null", str.lower),
    "required": (lambda value: isinstance(value, bool), "true or false", bool),
    "max_bytes": (_is_size, "a number of bytes", int),
    "licence": (_is_text, "text, or null", str),
    "aliases": (_are_names, "a list of plain file names", tuple),
}


def _raw_file(entry: Mapping[str, Any]) -> RawFile:
    name = entry.get("filename")
    if not is_plain_file_name(name):
        raise ConfigError(f"filename: {name!r} is not a plain file name")
    values = {}
    for key, (is_valid, expected, convert) in _KEYS.items():
        value = entry.get(key)
        if key not in entry or (value is None and key != "required"):
            continue
        if not is_valid(value):
            raise ConfigError(f"{name}: {key} is {value!r}. It must be {expected}")
        values["urls" if key == "url" else key] = convert(value)
    return RawFile(filename=str(name), **values)
