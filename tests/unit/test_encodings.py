"""Text files are UTF-8 on every machine: no call leaves their encoding to the settings of the language."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def leaves_encoding(call: ast.Call) -> bool:
    """Whether a call reads or writes text in the machine's own encoding; ruff knows only some of them."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if {"encoding", "force_zip64"} & set(given):  # a member of a zip is bytes
        return False
    if name == "read_text":
        return not call.args
    if name == "write_text":
        return len(call.args) < 2
    if {"text", "universal_newlines"} & set(given):  # subprocess
        return name in ("run", "Popen", "check_output")
    modes = [arg.value for arg in [*call.args, given.get("mode")] if isinstance(arg, ast.Constant)]
    if isinstance(call.func, ast.Name) and name == "open" and not modes:
        return True
    return name in ("open", "fdopen") and any(
        mode in ("r", "w", "a", "x", "rt", "wt", "at") for mode in modes
    )


@pytest.mark.parametrize(
    ("code", "leaves"),
    [
        ("path.read_text()", True),
        ("path.read_text('utf-8')", False),
        ("path.write_text(text)", True),
        ("path.write_text(text, encoding='utf-8')", False),
        ("path.open('w')", True),
        ("path.open('wb')", False),
        ("open(name, mode='r')", True),
        ("open(name)", True),
        ("archive.open(member, 'w', force_zip64=True)", False),
        ("subprocess.run(command, text=True)", True),
        ("subprocess.run(command, capture_output=True)", False),
    ],
)
def test_such_calls_are_known(code, leaves):
    assert leaves_encoding(ast.parse(code, mode="eval").body) is leaves


def test_every_text_is_read_and_written_as_utf8():
    found = []
    for path in sorted(path for top in ("src", "tests", "benchmarks") for path in (ROOT / top).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and leaves_encoding(node):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)[:60]}")
    assert found == []
