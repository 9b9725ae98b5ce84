"""`requirements.lock`: all that is declared, every package pinned by version and hash, no place named."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PINNED = re.compile(r"(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;]+)( ; (?P<marker>.+))?")


def entries() -> list[tuple[str, list[str]]]:
    """Return each requirement of the lock with its options, comments left out."""
    found: list[tuple[str, list[str]]] = []
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        words = line.removesuffix("\\").strip()
        if line[:1].isspace() and not words.startswith("#"):
            found[-1][1].append(words)
        elif words and not words.startswith("#"):
            found.append((words, []))
    return found


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(text) for text in project["dependencies"] + project["optional-dependencies"]["dev"]]


def test_every_package_is_pinned_with_hashes():
    found = entries()
    assert len(found) > 150
    for requirement, options in found:
        assert PINNED.fullmatch(requirement), requirement
        assert options, f"{requirement} has no hash"
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", option) for option in options), requirement


def test_no_place_is_named_that_packages_come_from():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links|--trusted-host|@ ", text)


@pytest.mark.parametrize("requirement", declared(), ids=lambda requirement: requirement.name)
def test_what_is_declared_is_locked_at_a_version_it_allows(requirement):
    pins = [match for match in map(PINNED.fullmatch, dict(entries())) if match]
    # More than one where Python versions need different ones.
    versions = [match["version"] for match in pins if match["name"] == requirement.name.lower()]
    assert versions
    assert all(requirement.specifier.contains(version, prereleases=True) for version in versions)
