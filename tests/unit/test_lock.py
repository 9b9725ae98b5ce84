"""What is declared, locked and imported: every package pinned by version and hash, none without use."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PINNED = re.compile(r"(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;]+)( ; (?P<marker>.+))?")
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PROJECT = tomllib.loads(PYPROJECT)["project"]
EXTRAS = PROJECT["optional-dependencies"]

#: Lock file -> the extras it holds beside what the project itself depends on.
LOCKS = {
    "requirements.lock": ["install"],
    "requirements-dev.lock": ["install", "dev", "postgres", "s3", "azure"],
    "tests/requirements-ray.lock": ["install", "ray"],
}
#: Imported by the package only where an extra is used that brings them.
OF_EXTRAS = {"psycopg", "ray"}
#: Declared, and used without being imported here: as a command, or as a plug-in of another package.
COMMANDS_AND_PLUGINS = {
    *("dvc", "flask-wtf", "hydra-joblib-launcher", "ruamel-yaml-clib"),
    *(
        "import-linter",
        "mutmut",
        "mypy",
        "pandas-stubs",
        "pre-commit",
        "pytest-timeout",
        "pytest-xdist",
        "ruff",
    ),
    *("types-pyyaml", "types-requests", "types-tqdm"),
}


def entries(lock: str) -> dict[str, list[str]]:
    """Return each requirement of a lock with its options, comments left out."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        words = line.removesuffix("\\").strip()
        if words and not words.startswith("#"):
            if line[:1].isspace():
                found[name].append(words)
            else:
                name = words
                found[name] = []
    return found


def pins(lock: str) -> dict[str, set[str]]:
    """Return name -> versions; more than one where Python versions need different ones."""
    found: dict[str, set[str]] = {}
    for match in map(PINNED.fullmatch, entries(lock)):
        assert match
        found.setdefault(match["name"], set()).add(match["version"])
    return found


def declared(extras: list[str]) -> list[Requirement]:
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in EXTRAS[extra])]
    return [Requirement(text) for text in texts]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_hashes(lock):
    found = entries(lock)
    assert len(found) > 150
    for requirement, options in found.items():
        assert PINNED.fullmatch(requirement), requirement
        assert options, f"{requirement} has no hash"
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", option) for option in options), requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_no_place_is_named_that_packages_come_from(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links|--trusted-host|@ ", text)


@pytest.mark.parametrize(("lock", "extras"), LOCKS.items())
def test_what_is_declared_is_locked_at_a_version_it_allows(lock, extras):
    locked = pins(lock)
    for requirement in declared(extras):
        versions = locked[requirement.name.lower()]
        assert all(requirement.specifier.contains(v, prereleases=True) for v in versions), requirement


def test_tests_run_on_the_versions_that_users_get():
    users, tests = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: versions for name, versions in users.items() if tests.get(name) != versions} == {}


def imported(*folders: str) -> set[str]:
    """Distributions of the top-level packages that the Python files in `folders` import."""
    names = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    names -= {*sys.stdlib_module_names, "gp_segmentation", *(OF_EXTRAS if folders == ("src",) else ())}
    # One package can come from several distributions (mlflow, mlflow-skinny): the declared one counts.
    known = names_of(list(EXTRAS))
    by_package = packages_distributions()
    candidates = [[d.lower().replace("_", "-") for d in by_package[name]] for name in names]
    return {next((name for name in several if name in known), several[0]) for several in candidates}


def names_of(extras: list[str]) -> set[str]:
    return {requirement.name.lower() for requirement in declared(extras)}


def test_every_dependency_is_imported_and_nothing_imported_is_undeclared():
    assert imported("src") | (COMMANDS_AND_PLUGINS & names_of([])) == names_of([])


def test_what_tests_and_benchmarks_import_is_declared_and_used():
    used = imported("tests", "benchmarks") - imported("src") | (COMMANDS_AND_PLUGINS & names_of(["dev"]))
    assert used - names_of(["dev"]) == set()
    assert names_of(["dev"]) - names_of([]) - used == set()


def test_every_dependency_says_what_it_is_for():
    section = PYPROJECT[PYPROJECT.index("\ndependencies = [") : PYPROJECT.index("\n[project.scripts]")]
    listed = re.findall(r'"([\w-]+)(?:\[\w+\])?>=[^"]*"[\],]*( *# \S.*)?$', section, flags=re.MULTILINE)
    silent = {name for name, reason in listed if not reason}
    # Stubs and the test runner speak for themselves.
    assert silent - {"pytest", "types-pyyaml", "types-requests", "types-tqdm"} == set()
    assert len(listed) > 40


@pytest.mark.parametrize("package", ["psycopg", "dvc_s3", "dvc_azure"])
def test_the_extras_are_installed_where_tests_run(package):
    assert importlib.util.find_spec(package) is not None
