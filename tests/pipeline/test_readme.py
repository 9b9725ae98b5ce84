"""Every command that README.md and the help pages show is tried: on a small run, or by its configuration."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from pptx import Presentation

from gp_segmentation.cli.command_check import check_command
from gp_segmentation.cli.verbs import DASHED, TABLE, VERBS, WHOLE_JOB, App, Question

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = ("gpseg", "dvc", "make", *(f"gpseg-{name}" for name in DASHED))

#: Commands of DVC, and the words of tests/pipeline/test_dvc.py that try them.
DVC = {
    "dvc repro": '"dvc", "repro"',
    "dvc exp run -S source=nhs_2024_25": '"dvc", "exp", "run", "--temp", "-n", "untested", "-S"',
    "dvc exp run -S clusterer=hierarchical": '"dvc", "exp", "run", "--temp", "-n", "untested", "-S"',
    "dvc exp run --queue -S 'clusterer=kmeans,hierarchical'": '"dvc", "exp", "run", "--queue", "-S"',
    "dvc exp run --run-all": '"dvc", "exp", "run", "--run-all"',
    "dvc exp show": '"dvc", "exp", "show"',
    "dvc metrics diff": '"dvc", "metrics", "diff"',
    "dvc params diff": '"dvc", "params", "diff"',
    "dvc plots show": '"dvc", "plots", "show"',
}
#: Questions about data that are not here: their sources are looked up.
ELSEWHERE = ("gpseg assign --source nhs_2023_24",)


def commands(text: str) -> Iterator[str]:
    """Yield the commands in the code blocks and code spans of a page."""
    blocks = re.findall(r"^```\n(.*?)^```$", text, flags=re.M | re.S)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))
    for line in [line for block in blocks for line in block.splitlines()] + spans:
        for part in re.split(r"&&|;", re.sub(r"\s+#.*", "", line).replace("source <(", "").rstrip(")")):
            if part.split()[:1] and part.split()[0] in COMMANDS:
                yield part.strip()


def words_of(command: str) -> list[str]:
    """The words of a command of gpseg, an older name as its verb."""
    prog, *words = shlex.split(command)
    return [*prog.removeprefix("gpseg").lstrip("-").split(), *words]


SHOWN = list(dict.fromkeys(commands(README)))
EXAMPLES = [(verb, command) for verb in TABLE for command, _ in verb.examples]


def test_the_readme_is_read():
    assert len(SHOWN) > 40
    for command in ("gpseg data source=nhs_2024_25", "dvc exp show", "make ui", "gpseg"):
        assert command in SHOWN
    assert set(DVC) | set(MAKES) <= set(SHOWN), "no longer shown"


def of(program: str) -> list[str]:
    return [command for command in SHOWN if command.split()[0] == program]


@pytest.mark.parametrize("command", of("dvc"))
def test_a_command_of_dvc_is_tried_in_its_tests(command):
    tests = (ROOT / "tests" / "pipeline" / "test_dvc.py").read_text(encoding="utf-8")
    assert DVC[command] in re.sub(r"\s+", " ", tests)


@pytest.mark.parametrize("command", of("make"))
def test_make_knows_what_is_shown(command):
    # A file that is there and is not the Makefile, which make would make anew even where it only tells.
    there = [f"{name}={ROOT / 'LICENSE'}" for name in ("INSTALLED", "FOR_TESTS", "RAY")]
    dry = ["make", "-n", *shlex.split(command)[1:], *there]
    done = subprocess.run(dry, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    for words in MAKES.get(command, ()):
        assert words in done.stdout


#: What make would run, each of which is tried for itself.
MAKES = {
    "make run": ("gpseg-data ", "dvc repro\n", "python -m gp_segmentation summary"),
    "make run SOURCE=nhs_2024_25 FROM=/some/folder": (
        "gpseg-data source=nhs_2024_25 'from=\"/some/folder\"'",
        "dvc exp run --set-param source=nhs_2024_25",
    ),
}


def apps() -> list[str]:
    shown = [command for command in SHOWN if command.startswith("gpseg")]
    listed = [command for verb, command in EXAMPLES if isinstance(verb, App)]
    return [one for one in dict.fromkeys([*shown, *listed]) if isinstance(VERBS.get(verb_of(one)), App)]


def verb_of(command: str) -> str:
    words = words_of(command)
    return words[0] if words and words[0] in VERBS else WHOLE_JOB


@pytest.mark.parametrize("command", apps())
def test_a_configuration_that_is_shown_is_accepted(command):
    verb, words = VERBS[verb_of(command)], words_of(command)
    words = words[1:] if words and words[0] in VERBS else words
    if "hydra/launcher=ray_cluster" in words:  # the launcher is in Ray's environment
        code = "import sys, pathlib; from gp_segmentation.cli.command_check import check_command; "
        code += "check_command(pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:])"
        python = ROOT / ".venv-ray" / "bin" / "python"
        subprocess.run([python, "-c", code, ROOT, verb.config, *words], check=True)
    elif "--help" not in words:
        assert check_command(ROOT, verb.config, words) is None, command


@pytest.fixture(scope="module")
def finished(project):
    """The project with results in `data`, and a later run in `data/runs/first`."""
    first = project.root / "data" / "runs" / "first"
    for path in (project.root / "data").iterdir():
        if path.name in ("raw", "prepared", "cache", "runs"):
            continue
        if path.is_dir():
            shutil.copytree(path, first / path.name)
        else:
            first.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, first)
    (first / ".hydra").mkdir()
    shutil.copy(project.root / "params.yaml", first / ".hydra" / "config.yaml")
    (first / "report" / "report.html").touch()
    codes = pd.read_csv(project.root / "data" / "segments" / "segments.csv")["practice_code"]
    groups = pd.DataFrame({"practice_code": codes[:9], "group": ["North", "South", "West"] * 3})
    groups.to_csv(project.root / "localities.csv", index=False)
    Presentation().save(project.root / "ours.pptx")
    return project


#: What an example prints, or the file that it writes.
ANSWERS = {
    "gpseg peers Z00001": "Run: {root}/data/runs/first (the latest)",
    "gpseg assign --source synthetic": "Written: {root}/data/assigned/synthetic.csv",
    "gpseg assign --source data/prepared --out new.csv": "Written: {root}/new.csv",
    "gpseg record": "recorded as MLflow run ",
    "gpseg record data": "these results are recorded already",
    "gpseg compare data data/runs/first": "adjusted Rand index 1.00",
    "gpseg compare data data/runs/first --out compared": "{root}/compared/summary.html",
    "gpseg area --icb QHL": "The page:   file://{root}/data/areas/QHL/index.html",
    "gpseg area --every region --out packs": "7 areas with 300 practices",
    "gpseg area --grouping localities.csv --every group": "localities: 9 practices in 3 groups",
    "gpseg export --run data/runs/first": "{root}/data/exports/segments.gpkg",
    "gpseg export --out shared": "{root}/shared/dictionary.csv",
    "gpseg champion data": "is the champion now (version 1 of gp-practice-segmentation)",
}


def questions() -> list[tuple[str, str]]:
    """Verb and command of every question that is shown; those that record come first."""
    shown = [(verb_of(command), command) for command in SHOWN if command.startswith("gpseg")]
    listed = [(verb.name, command) for verb, command in EXAMPLES]
    found = [one for one in dict.fromkeys([*shown, *listed]) if isinstance(VERBS[one[0]], Question)]
    order = ("record", "champion", "peers", "assign", "compare", "area", "export", "completion")
    return sorted(found, key=lambda one: order.index(one[0]))


def test_every_question_that_is_shown_is_answered(finished):
    asked = questions()
    assert len(asked) > 30
    assert {name for name, _ in asked} == {verb.name for verb in TABLE if isinstance(verb, Question)}
    once: dict[tuple[str, ...], str] = {}
    told = {command: answer(finished, name, command, once) for name, command in asked}
    for command, words in ANSWERS.items():
        assert words.format(root=finished.root) in told[command], command
    assert len(pd.read_csv(finished.root / "data" / "assigned" / "synthetic.csv")) == 300
    assert told["gpseg peers Z00001"].endswith(told["gpseg peers z00001 | head -20"].partition("\n")[2])


def answer(project, name: str, command: str, told: dict[tuple[str, ...], str]) -> str:
    """What a question prints, in the folder where it is asked; what the shell does with that is left out.

    One that differs from another in that alone is not asked again: its answer is in `told`.
    """
    form = (
        r"(?:cd (?P<folder>\S+) && )?(?P<variables>(?:[A-Z_]+=\S+ )*)(?:source <\()?(?P<asked>gpseg[^|>)]*)"
    )
    found = re.match(form, command)
    if command in ELSEWHERE:
        assert (ROOT / "conf" / "source" / f"{command.split()[-1]}.yaml").is_file()
        return ""
    words, shown = words_of(found["asked"]), [one for one, _ in VERBS[name].examples]
    if words == [name] and command not in shown:
        return ""  # only its name is told
    typed = (found["folder"] or ".", found["variables"], *words)
    if typed not in told:
        where = replace(project, root=project.root / typed[0])
        variables = dict(pair.split("=", 1) for pair in found["variables"].split())
        told[typed] = where.call("gpseg", *words, **variables)
    return told[typed]
