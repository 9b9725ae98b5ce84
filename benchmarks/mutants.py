"""How many faults put in on purpose the tests find, module by module; writes docs/MUTANTS.md.

python benchmarks/mutants.py [MODULE ...]

mutmut changes one thing at a time (a sign, a bound, a number, an argument) in the modules that
`[tool.mutmut]` of pyproject.toml names, and runs the tests that reach the changed function. A mutant that no
test notices either shows a missing test or changes nothing that can be seen: the latter are listed in
`equivalent_mutants.toml` with the reason. MODULE limits the run to mutants of these modules
(``gp_segmentation.study.rule``); the document is then left as it is.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "mutants" / "src"
EQUIVALENT = ROOT / "benchmarks" / "equivalent_mutants.toml"
DOCUMENT = ROOT / "docs" / "MUTANTS.md"
#: What mutmut writes as the exit code of a mutant's tests: none found it, or there was none to run.
SURVIVED, UNTESTED = 0, 33


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test noticed: its name, and the lines it takes out and puts in."""

    name: str
    change: str


def run(names: list[str]) -> None:
    command = ["mutmut", "run", *(f"{name}.*" for name in names)]
    subprocess.run(command, cwd=ROOT, check=True)


def results() -> dict[str, dict[str, int | None]]:
    """Return module -> name of a mutant -> exit code of its tests."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py.meta")):
        codes = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
        if codes:
            module = path.relative_to(SOURCE).as_posix().removesuffix(".py.meta").replace("/", ".")
            found[module] = codes
    return found


def survivor(name: str) -> Survivor:
    shown = subprocess.run(
        ["mutmut", "show", name], cwd=ROOT, check=True, capture_output=True, encoding="utf-8"
    )
    lines = [
        f"{line[0]} {line[1:].strip()}"
        for line in shown.stdout.splitlines()
        if line[:1] in ("+", "-") and line[:3] not in ("+++", "---")
    ]
    return Survivor(name, " ".join(lines))


def reasons() -> dict[tuple[str, str], str]:
    """Return (function, change) -> why the change cannot be seen."""
    entries = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["mutant"]
    return {(entry["function"], entry["change"]): entry["reason"] for entry in entries}


def function_of(name: str) -> str:
    """``gp_segmentation.study.rule.x_choose__mutmut_3`` -> ``gp_segmentation.study.rule.choose``."""
    module, _, mangled = name.rpartition(".")
    mangled = mangled.partition("__mutmut_")[0]
    return f"{module}.{mangled.removeprefix('x_').removeprefix('xǁ').replace('ǁ', '.')}"


def document(found: dict[str, dict[str, int | None]]) -> str:
    known, used = reasons(), set()
    rows, unseen = [], []
    total = Counter()
    for module, codes in found.items():
        lost = [survivor(name) for name, code in codes.items() if code in (SURVIVED, UNTESTED)]
        equivalent = [s for s in lost if (function_of(s.name), s.change) in known]
        used |= {(function_of(s.name), s.change) for s in equivalent}
        unseen += [s for s in lost if s not in equivalent]
        counts = Counter(mutants=len(codes), equivalent=len(equivalent), killed=len(codes) - len(lost))
        total += counts
        rows.append(row(module.removeprefix("gp_segmentation."), counts))
    for function, change in sorted(known.keys() - used):
        print(f"{EQUIVALENT.name} names a mutant that is found, or no more: {function}: {change}")
    lines = [
        "# Faults put in on purpose",
        "",
        "`make mutants` writes this page. It changes one thing at a time (a sign, a bound, a number,",
        "an argument) in code whose figures people act on, and runs the tests that reach it. Found: a test",
        "failed. Equivalent: looked at one by one, nothing that can be seen changes (list with reasons:",
        "`benchmarks/equivalent_mutants.toml`). Only quick tests take part: all of them find some more.",
        "",
        "| Module | Mutants | Found | Equivalent | Missed | Found, of those that can be |",
        "|---|---:|---:|---:|---:|---:|",
        *rows,
        row("**all**", total),
        "",
        "## Missed",
        "",
        *(f"* `{function_of(s.name).removeprefix('gp_segmentation.')}`: `{s.change}`" for s in unseen),
        "",
    ]
    return "\n".join(lines)


def row(name: str, counts: Counter[str]) -> str:
    possible = counts["mutants"] - counts["equivalent"]
    missed = possible - counts["killed"]
    share = f"{100 * counts['killed'] // possible}%"
    return (
        f"| {name} | {counts['mutants']} | {counts['killed']} | {counts['equivalent']} | {missed} | {share} |"
    )


def main(names: list[str]) -> None:
    run(names)
    found = results()
    text = document({m: c for m, c in found.items() if not names or m in names})
    if names:
        print(text)
    else:
        DOCUMENT.write_text(text, encoding="utf-8")
        print(f"written: {DOCUMENT.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
