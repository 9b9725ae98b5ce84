"""The settings of raw files and downloads, checked before any file is downloaded or read."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gp_segmentation.errors import ConfigError

Files = Mapping[str, Mapping[str, Any]] | Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class RawFile:
    """One raw file of a source.

    Attributes
    ----------
    filename : its name in the source's raw folder.
    url : official address; None when the file can only be placed by hand.
    sha256 : 64 lower-case hexadecimal digits, where known.
    required : whether the source cannot be read without it.
    max_bytes : a larger file is refused.
    licence : under which the file is published.
    aliases : other names it may have in the folder given as ``from=FOLDER``.
    """

    filename: str
    url: str | None = None
    sha256: str | None = None
    required: bool = True
    max_bytes: int = 1024**3
    licence: str | None = None
    aliases: tuple[str, ...] = ()


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


def hand_remedy(folder: Path) -> str:
    """Return how to bring in a file by hand; `folder` is the source's raw folder, named like the source."""
    return (
        f"Place it in {folder} by hand, or put it into any folder and take it from there with: "
        f"gpseg-data source={folder.name} from=FOLDER"
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


def _is_sha256(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-fA-F]{64}", value) is not None


def _is_size(value: Any) -> bool:
    return (type(value) is int or (isinstance(value, float) and value.is_integer())) and value >= 1


def _are_names(value: Any) -> bool:
    listed = isinstance(value, Iterable) and not isinstance(value, str)
    return listed and all(is_plain_file_name(name) for name in value)


#: Key of a raw file -> test of its value, what the value must be, and how it is stored.
_KEYS: dict[str, tuple[Callable[[Any], bool], str, Callable[[Any], Any]]] = {
    "url": (_is_text, "text, or null", str),
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
        values[key] = convert(value)
    return RawFile(filename=str(name), **values)
