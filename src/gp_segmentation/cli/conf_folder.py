"""Groups, options and keys of `conf/`, read without Hydra: help and completion must not wait for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

#: A line of a defaults list: ``- scaler: standard # how features are scaled``.
_DEFAULT = re.compile(r"\s*-\s*(?P<group>[\w/]+):\s*(?P<option>\w+)\s*(?:#\s*(?P<line>.*))?$")

_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!al\.)\s+(?=[A-Z(\d]|gpseg )")


@dataclass(frozen=True)
class Option:
    """A file of a group, and what its first comment or its label says."""

    name: str
    line: str


@dataclass(frozen=True)
class Group:
    """A folder of `conf/`: what it decides, the option taken if none is named, and all options."""

    name: str
    line: str
    default: str
    options: tuple[Option, ...]


def groups(root: Path, config: str = "config") -> list[Group]:
    """Return the groups of `conf/<config>.yaml` below `root`, in its order."""
    file = root / "conf" / f"{config}.yaml"
    found = []
    for line in _lines(file):
        if match := _DEFAULT.match(line):
            name, default = match["group"], match["option"]
            found.append(Group(name, match["line"] or "", default, tuple(_options(root / "conf" / name))))
        elif re.fullmatch(r"\s*-\s*config\s*", line):  # explore.yaml is made of config.yaml
            found += groups(root)
    return found


def _options(folder: Path) -> Iterator[Option]:
    for file in sorted(folder.glob("[!_]*.yaml")):
        yield Option(file.stem, described(file))


def described(file: Path) -> str:
    """Return the first sentence of the comment that a file begins with, or else its label."""
    comment = []
    for line in _lines(file):
        if not line.startswith("#"):
            break
        if not line.startswith("# @package"):
            comment.append(line.lstrip("# "))
    if comment:
        return _SENTENCE_END.split(" ".join(comment), maxsplit=1)[0].rstrip(".")
    return str(_read(file).get("label", ""))


def keys(root: Path, words: Sequence[str] = (), config: str = "config") -> dict[str, Any]:
    """Return every key with its value, dotted, with the options that `words` name (``scaler=robust``).

    Keys that only Hydra's own rules would bring in are missing.
    """
    named = dict(word.split("=", 1) for word in words if "=" in word)
    content: dict[str, Any] = {}
    for group in (group for group in groups(root, config) if group.default != "null"):
        option = named.get(group.name, group.default)
        content[group.name] = _option(root / "conf" / group.name, option.split(",")[0])
    own = _read(root / "conf" / f"{'config' if config == 'explore' else config}.yaml")
    content |= {key: value for key, value in own.items() if key not in ("defaults", "hydra")}
    return dict(_dotted(content))


def _option(folder: Path, name: str) -> dict[str, Any]:
    """Return an option with what its defaults list brings in.

    That is ``default``, ``kmeans@candidates.kmeans``, or ``excluded@blocks.age.exclude: nothing``.
    """
    own = _read(folder / f"{name}.yaml")
    content: dict[str, Any] = {}
    for entry in own.pop("defaults", []):
        if entry != "_self_":
            (named, inner), *_ = entry.items() if isinstance(entry, dict) else [(str(entry), None)]
            other, _, place = named.partition("@")
            node = _option(folder / other, str(inner)) if inner else _option(folder, other)
            for part in reversed([part for part in place.split(".") if part]):
                node = {part: node}
            content = _merged(content, node)
    return _merged(content, own)


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(one)
    for key, value in other.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _dotted(content: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        yield f"{prefix}{key}", value
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{key}.")


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


def _read(file: Path) -> dict[str, Any]:
    try:
        content = yaml.load("\n".join(_lines(file)), Loader=yaml.CSafeLoader)
    except yaml.YAMLError:  # what is wrong with it, the command itself tells
        return {}
    return content if isinstance(content, dict) else {}
