"""The house rules that no other tool checks: who imports whom, what is never written, how long things get."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: What belongs to one machine or one network, and what each file may say of it all the same.
FORBIDDEN = re.compile(
    r"/(?:work|root|home/\w+|Users/\w+)/|\.\./shared"
    r"|--(?:extra-)?index-url|https?://\S+/simple\b|pypi\.org|pythonhosted\.org"
)
ALLOWED = {(".ci/run", "/".join(("..", "shared")))}

LONGEST_MODULE, LONGEST_FUNCTION = 300, 50

#: Reading these runs whatever code the file's author chose.
UNSAFE_MODULES = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "marshal", "shelve"}
UNSAFE_CALLS = {"joblib.load", "joblib.dump", "read_pickle", "to_pickle", "yaml.load", "yaml.unsafe_load"}

ASSERTING = re.compile(r"^(assert|raises|warns|deprecated_call|expect)")

HEAVY = ("dvc", "geopandas", "matplotlib", "mlflow", "optuna", "pandas", "scipy", "sklearn")


@cache
def committed() -> tuple[Path, ...]:
    """Every file under version control that stands in the working tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    return tuple(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())


def python_files(*, tests: bool) -> list[Path]:
    """Committed Python files: those of the tests, or all the others."""
    files = (path for path in committed() if path.suffix == ".py")
    return [path for path in files if (path.relative_to(ROOT).parts[0] == "tests") == tests]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def where(path: Path, node: ast.stmt | ast.expr) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def test_the_import_contracts_of_pyproject_hold() -> None:
    command = "from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--no-cache", "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", done.stdout), done.stdout


def test_no_committed_file_names_one_machine_or_a_package_host() -> None:
    found = []
    for path in committed():
        name = path.relative_to(ROOT).as_posix()
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, start=1):
            hits = {hit.group() for hit in FORBIDDEN.finditer(line)}
            found += [f"{name}:{number}: {hit}" for hit in hits if (name, hit) not in ALLOWED]
    assert found == []


PACKAGE = ROOT / "src" / "gp_segmentation"


def rooms() -> list[str]:
    """Folders of the package, those inside rooms too: ``insight/peers``."""
    folders = (path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("__init__.py"))
    return sorted(folder for folder in folders if folder != ".")


def test_few_modules_stand_outside_a_room() -> None:
    assert sorted(path.name for path in PACKAGE.glob("*.py")) == [
        "__init__.py",
        "__main__.py",
        "config.py",
        "errors.py",
    ]


def test_the_readme_shows_every_room_and_no_other() -> None:
    """The tree in README.md: two spaces a level, a name that ends in / or .py, and what is in it."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    tree = text.split("src/gp_segmentation/\n", 1)[1].split("\ntests/", 1)[0]
    shown, above = [], {0: ""}
    for line in tree.splitlines():
        indent, name = re.match(r"( *)(\S+)", line).groups()
        level = len(indent) // 2
        above[level] = f"{above[level - 1]}{name}"
        shown.append(above[level])
    alone = [path.name for path in PACKAGE.glob("[a-z]*.py")]
    assert sorted(shown) == sorted([*(f"{room}/" for room in rooms()), *alone])


def test_unit_tests_stand_in_rooms_of_the_same_names() -> None:
    folders = {
        path.parent.relative_to(ROOT / "tests" / "unit").as_posix()
        for path in (ROOT / "tests" / "unit").rglob("test_*.py")
    }
    assert folders - {"."} <= set(rooms())


def test_modules_and_functions_stay_short() -> None:
    long = []
    for path in python_files(tests=False):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_MODULE:
            long.append(f"{path.relative_to(ROOT)}: {lines} lines")
        for node in functions(path):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                long.append(f"{where(path, node)}: {node.name} has {length} lines")
    assert long == []


def test_every_test_asserts_something() -> None:
    empty = [
        f"{where(path, node)}: {node.name}"
        for path in python_files(tests=True)
        for node in functions(path)
        if node.name.startswith("test_") and not any(map(_asserts, ast.walk(node)))
    ]
    assert empty == []


def _asserts(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return ASSERTING.match(ast.unparse(node.func).rpartition(".")[2]) is not None
    return isinstance(node, ast.Assert)


def test_nothing_is_read_that_could_run_code() -> None:
    unsafe = [
        f"{where(path, node)}: {found}"
        for path in python_files(tests=False)
        for node in ast.walk(tree(path))
        if (found := _unsafe(node)) and isinstance(node, ast.stmt | ast.expr)
    ]
    assert unsafe == []


def _unsafe(node: ast.AST) -> str | None:
    """Name what `node` uses of the formats that run code when read; None when it uses none."""
    if isinstance(node, ast.Import):
        used = [alias.name for alias in node.names]
        return next((name for name in used if name.split(".")[0] in UNSAFE_MODULES), None)
    if isinstance(node, ast.ImportFrom) and node.module:
        used = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        return next((n for n in used if n.split(".")[0] in UNSAFE_MODULES or n in UNSAFE_CALLS), None)
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        if name == "yaml.load" and any(ast.unparse(k.value) == "yaml.CSafeLoader" for k in node.keywords):
            return None
        pickled = any(argument.arg == "allow_pickle" for argument in node.keywords)
        if pickled or name in UNSAFE_CALLS or name.rpartition(".")[2] in UNSAFE_CALLS:
            return name
    return None


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import pickle", "pickle"),
        ("from joblib import load", "joblib.load"),
        ("joblib.load(path)", "joblib.load"),
        ("numpy.load(path, allow_pickle=True)", "numpy.load"),
        ("frame.to_pickle(path)", "frame.to_pickle"),
        ("yaml.load(text, Loader=yaml.Loader)", "yaml.load"),
        ("yaml.load(text, Loader=yaml.CSafeLoader)", None),
        ("from joblib import Parallel", None),
        ("json.load(handle)", None),
    ],
)
def test_the_search_for_such_formats_finds_them(code: str, found: str | None) -> None:
    hits = [hit for node in ast.walk(ast.parse(code)) if (hit := _unsafe(node))]
    assert hits == ([] if found is None else [found])


@pytest.mark.parametrize("module", ["gp_segmentation", "gp_segmentation.errors", "gp_segmentation.cli"])
def test_a_command_starts_without_heavy_libraries(module: str) -> None:
    code = f"import sys, {module}; print(sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
