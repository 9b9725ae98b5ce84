"""What `--help` prints: everything a newcomer needs, in 80 columns, without waiting."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from gp_segmentation import cli
from gp_segmentation.cli.conf_folder import described, groups, keys
from gp_segmentation.cli.verbs import DASHED, TABLE, VERBS, App, Question
from gp_segmentation.config import compose_config, flatten

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def page(monkeypatch, capsys):
    """Type a command that asks for help; return what it printed."""
    monkeypatch.setenv("GPSEG_ROOT", str(ROOT))

    def show(*words: str) -> str:
        prog, *rest = words
        monkeypatch.setattr(sys, "argv", [prog, *rest])
        command = cli.main if prog == "gpseg" else getattr(cli, f"{prog.removeprefix('gpseg-')}_main")
        assert command() == 0
        shown = capsys.readouterr()
        assert shown.err == ""
        return shown.out

    return show


@pytest.mark.parametrize("verb", TABLE, ids=lambda verb: verb.name)
def test_the_page_of_a_verb_says_what_it_does_how_and_where_results_go(page, verb):
    shown = page("gpseg", verb.name, "--help")
    words = " ".join(shown.split())
    assert verb.line in words
    assert f"usage: gpseg {verb.name} " in shown
    assert f"Results: {verb.results}" in words
    assert len(verb.examples) == 5
    for command, purpose in verb.examples:
        assert f"  {command}\n      {purpose}\n" in shown


@pytest.mark.parametrize("words", [("gpseg",), *(("gpseg", name) for name in VERBS)], ids=" ".join)
def test_no_line_is_wider_than_a_terminal_and_nothing_is_blank(page, words):
    lines = page(*words, "--help").splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert [pair for pair in pairwise(lines) if pair == ("", "")] == []


def test_the_page_of_gpseg_lists_the_verbs_and_the_flags_that_matter(page):
    shown = page("gpseg", "--help")
    for name, verb in VERBS.items():
        if name != "run":
            assert f"\n  {name:10}  {verb.line[:40]}" in shown
    for flag in ("\n  -m  ", "\n  --cfg job  ", "\n  hydra/launcher=joblib  ", "\n  --hydra-help  "):
        assert flag in shown


@pytest.mark.parametrize("name", DASHED)
def test_an_older_name_has_the_same_page(page, name):
    older, newer = (page(*words).split() for words in ([f"gpseg-{name}", "-h"], ["gpseg", name, "-h"]))
    assert " ".join(older).replace(f"gpseg-{name}", f"gpseg {name}") == " ".join(newer)


def test_help_is_given_wherever_it_is_asked_for(page):
    assert page("gpseg", "features=combined", "--help") == page("gpseg", "-h")


def test_every_group_and_option_has_a_line_and_files_that_are_no_options_have_none(page):
    shown = page("gpseg", "--help").split("none):\n")[1].split("\n\n")[0]
    parts = {
        part[0]: part[1:] for part in (text.split("\n") for text in re.split(r"^  (?=\w)", shown, flags=re.M))
    }
    folders = [f for f in (ROOT / "conf").iterdir() if f.is_dir() and f.name != "hydra"]
    assert {heading.split(": ")[0] for heading in parts if heading} == {folder.name for folder in folders}
    for heading, lines in parts.items():
        group, _, line = heading.partition(": ")
        assert not group or line, f"conf/config.yaml says nothing of {group}"
        options = {text[6:].split()[0]: text[6:].split()[1:] for text in lines if text}
        files = {file.stem for file in (ROOT / "conf" / group).glob("*.yaml")} if group else set()
        assert set(options) == {name for name in files if not name.startswith("_")}
        assert [name for name, words in options.items() if not words] == [], "without a first line"


def test_the_option_that_is_taken_has_a_star(page):
    starred = re.findall(r"^    \* (\w+)", page("gpseg", "--help"), flags=re.M)
    composed = compose_config(ROOT)
    assert starred == [composed[group.name]["name"] for group in groups(ROOT) if group.name in composed]


def test_the_first_line_of_an_option_is_its_first_sentence_or_its_label(tmp_path):
    file = tmp_path / "option.yaml"
    for text, line in {
        "# @package _global_\n# As Lee et al. 2025\n# did. And more.\nname: a\n": "As Lee et al. 2025 did",
        "# One, two: three.\n\n# Four.\n": "One, two: three",
        "name: a\nlabel: from 0 to 1\n": "from 0 to 1",
        "name: a\n": "",
    }.items():
        file.write_text(text, encoding="utf-8")
        assert described(file) == line


@pytest.mark.parametrize("name", ["config", "data", "explore", "panel"])
def test_what_is_read_without_hydra_is_what_hydra_composes(name):
    """Keys that completion offers are keys of the configuration."""
    typed = ["scaler=robust", "clusterer=open", "evidence=quick", "features=performance"]
    typed = [] if name in ("data", "panel") else typed
    found = keys(ROOT, typed, name).items()
    offered = {key for key, value in found if value == {} or not isinstance(value, dict)}
    composed = set(flatten(compose_config(ROOT, typed, name)))
    # Sources are made of parts of other files, which Hydra puts together; of the others no key is missing.
    without_sources = ({key for key in some if not key.startswith("source.")} for some in (offered, composed))
    assert next(without_sources) == next(without_sources)
    assert groups(ROOT, name)[0].name == ("panel" if name == "panel" else "source")


def test_help_needs_no_library_that_is_slow_to_import():
    code = (
        "import sys; from gp_segmentation import cli; cli.main(['--help']); cli.main(['assign', '--help']);"
        "print(sorted({'hydra', 'omegaconf', 'numpy', 'pandas', 'mlflow', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.endswith("\n[]\n")


def test_a_verb_is_one_entry_of_the_table():
    assert [verb.name for verb in TABLE] == list(VERBS)
    assert {type(verb) for verb in TABLE} == {App, Question}
    assert set(DASHED) < set(VERBS)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("peer", "peer is no verb. Did you mean gpseg peers? Settings are written KEY=VALUE."),
        (
            "scaler",
            "scaler is no verb. Verbs: run, data, explore, panel, peers, assign, record, compare, area, "
            "export, champion",
        ),
    ],
)
def test_a_word_that_is_no_verb_is_refused(typed, told, capsys):
    assert cli.main([typed]) == 1
    assert capsys.readouterr().err.startswith(f"gpseg: {told}")
