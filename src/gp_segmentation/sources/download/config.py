"""What a source's configuration says of its raw files, checked before anything is fetched or read."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gp_segmentation.errors import ConfigError

#: Used where a file's `max_bytes` is not given.
MAX_BYTES = 1024**3

Files = Mapping[str, Mapping[str, Any]] | Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class RawFile:
    """One raw file of a source.

    Attributes
    ----------
    filename : its name in the source's raw folder.
    url : official address; None when it can only be placed by hand.
    sha256 : 64 lower-case hexadecimal digits, where known.
    required : whether the source cannot be read without it.
    max_bytes : a larger file is refused.
    licence : under which the file is published.
    aliases : other names it may have in a folder it is taken from.
    """

    filename: str
    url: str | None = None
    sha256: str | None = None
    required: bool = True
    max_bytes: int = MAX_BYTES
    licence: str | None = None
    aliases: tuple[str, ...] = ()


def read_raw_files(files: Files) -> list[RawFile]:
    """Read the `files` of a source's configuration; keys not named in `RawFile` are left to the reader.

    Two entries may share one raw file, if they say the same of it.

    Raises
    ------
    ConfigError
        A name that is no plain file name, a value of the wrong kind, or two entries that disagree.
    """
    nodes = list(files.values()) if isinstance(files, Mapping) else list(files)
    found: dict[str, RawFile] = {}
    for node in nodes:
        file = _raw_file(node)
        known = found.setdefault(file.filename.casefold(), file)
        if known != file:
            raise ConfigError(
                f"two entries of the source name {file.filename} and say different things of it"
            )
    return list(found.values())


def hand_remedy(folder: Path) -> str:
    """Say how a file is brought in by hand; `folder` is the source's raw folder, named like the source."""
    return (
        f"Place it in {folder} by hand, or put it into any folder and take it from there with: "
        f"gpseg-data source={folder.name} from=FOLDER"
    )


def is_plain_file_name(name: object) -> bool:
    """Tell whether `name` is a file name that stays inside its folder and is none of our own files."""
    return (
        isinstance(name, str)
        and re.fullmatch(r"[^/\\:\x00-\x1f]{1,200}", name) is not None
        and not name.startswith(".")
        and name.casefold() != "manifest.json"
    )


def _raw_file(node: Mapping[str, Any]) -> RawFile:
    name = node.get("filename")
    if not is_plain_file_name(name):
        raise ConfigError(f"filename: {name!r} is not a plain file name")
    aliases = node.get("aliases") or ()
    if isinstance(aliases, str) or not all(is_plain_file_name(alias) for alias in aliases):
        raise ConfigError(f"{name}: aliases is {aliases!r}, which is not a list of plain file names")
    return RawFile(
        filename=str(name),
        url=_text(node, "url"),
        sha256=_digest(node),
        required=_truth(node),
        max_bytes=_size(node),
        licence=_text(node, "licence"),
        aliases=tuple(aliases),
    )


def _text(node: Mapping[str, Any], key: str) -> str | None:
    value = node.get(key)
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    raise ConfigError(f"{node['filename']}: {key} is {value!r}, which is not text. Use null for none")


def _digest(node: Mapping[str, Any]) -> str | None:
    value = _text(node, "sha256")
    if value is None:
        return None
    if not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise ConfigError(f"{node['filename']}: sha256 is {value!r}, which is not 64 hexadecimal digits")
    return value.lower()


def _truth(node: Mapping[str, Any]) -> bool:
    value = node.get("required", True)
    if not isinstance(value, bool):
        raise ConfigError(f"{node['filename']}: required is {value!r}, which is neither true nor false")
    return value


def _size(node: Mapping[str, Any]) -> int:
    value = node.get("max_bytes")
    if value is None:
        return MAX_BYTES
    whole = type(value) is int or (isinstance(value, float) and value.is_integer())
    if not whole or value < 1:
        raise ConfigError(f"{node['filename']}: max_bytes is {value!r}, which is not a number of bytes")
    return int(value)
