"""Which code of this package a module runs: `dvc repro` and the cache of studies depend on it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def imported_files(module: str) -> set[Path]:
    """Return the files of this package that importing and using `module` runs, its own among them.

    Imports inside functions count, and what is imported in turn; those for type checking only do not. With
    a module its packages are imported. A module that looks for its neighbours (``pkgutil.iter_modules``)
    imports all of its package.

    Parameters
    ----------
    module : a dotted name, ``gp_segmentation.study``.

    Raises
    ------
    ModuleNotFoundError : the package has no such module.
    """
    if _file(module) is None:
        raise ModuleNotFoundError(f"{PACKAGE.name} has no module {module}")
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        file = _file(name)
        if file is None or file in found:
            continue
        found.add(file)
        waiting += [*_imports(file), *([name.rpartition(".")[0]] if "." in name else [])]
    return found


def dependencies(module: str) -> list[str]:
    """Return `imported_files` as sorted paths below `src`, folders where possible.

    A folder stands for all that is in it and below. A file stands alone when it lies at the top of the
    package, is the module itself, or is the ``__init__.py`` of a folder of which nothing else is imported.
    One that holds nothing but its docstring is left out.
    """
    own = _file(module)
    files = imported_files(module)
    folders = {file.parent for file in files if file.name != "__init__.py" and file != own} - {PACKAGE}
    named = folders | {file for file in files if _has_code(file)}
    outer = (path for path in named if not any(folder in path.parents for folder in folders))
    return sorted(path.relative_to(PACKAGE.parent).as_posix() for path in outer)


@cache
def names_in(module: str, constant: str) -> tuple[str, ...]:
    """Return the names in a constant of this package: the keys of a dictionary, the entries of a tuple.

    They are read from the source, since importing a module may take seconds.

    >>> names_in("gp_segmentation.clustering.hierarchical", "LINKAGES")
    ('ward', 'average', 'complete', 'single')
    """
    file = _file(module)
    for node in ast.parse(file.read_text(encoding="utf-8")).body if file else ():
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == constant for target in targets):
            value = getattr(node, "value", None)
            entries = value.keys if isinstance(value, ast.Dict) else getattr(value, "elts", [])
            return tuple(name for entry in entries for name in _entry(entry, module))
    raise AttributeError(f"{module} has no {constant}")


def _entry(entry: ast.AST | None, module: str) -> tuple[str, ...]:
    """Return a name, or the names of another constant: ``(*SINGLE_ROLES, "context")``."""
    if isinstance(entry, ast.Starred) and isinstance(entry.value, ast.Name):
        return names_in(module, entry.value.id)
    return (str(entry.value),) if isinstance(entry, ast.Constant) else ()


def _has_code(file: Path) -> bool:
    """Whether there is more in a file than its docstring."""
    return len(ast.parse(file.read_text(encoding="utf-8")).body) > 1


def _file(module: str) -> Path | None:
    """Return the file of a module of this package; None for anything else."""
    first, *rest = module.split(".")
    if first != PACKAGE.name:
        return None
    path = PACKAGE.joinpath(*rest)
    if path.is_dir():
        return path / "__init__.py"
    file = path.with_suffix(".py")
    return file if rest and file.is_file() else None


@cache
def _imports(file: Path) -> tuple[str, ...]:
    """Dotted names that a file imports; of ``from a import b`` both ``a`` and ``a.b``."""
    return tuple(_names(ast.parse(file.read_text(encoding="utf-8")), file))


def _names(node: ast.AST, file: Path) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            yield child.module
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield from _names(other, file)
        else:
            if isinstance(child, ast.Attribute) and child.attr == "iter_modules":
                parts = file.parent.relative_to(PACKAGE.parent).parts
                yield from (".".join([*parts, other.stem]) for other in file.parent.glob("*.py"))
            yield from _names(child, file)
