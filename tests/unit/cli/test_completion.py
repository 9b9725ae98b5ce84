"""Completion: what may stand at the end of a command, asked by bash as a user's shell asks it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gp_segmentation import cli
from gp_segmentation.cli.completion import SCRIPTS, candidates, script
from gp_segmentation.cli.verbs import DASHED, VERBS

ROOT = Path(__file__).resolve().parents[3]
OPTIONS = ["minmax", "none", "open", "power", "quantile", "robust", "standard"]

#: What stands on the line, and what may follow, some of it.
CASES = [
    (["gpseg", ""], [*VERBS, "scaler=", "clusterer=", "hydra/launcher="]),
    (["gpseg", "pe"], ["peers"]),
    (["gpseg", "sca"], ["scaler=", "scaler.name=", "scaler._target_="]),
    (["gpseg", "scaler=ro"], ["scaler=robust"]),
    (["gpseg", "-m", "scaler=standard,mi"], ["scaler=standard,minmax"]),
    (["gpseg", "hydra/launcher=j"], ["hydra/launcher=joblib"]),
    (["gpseg", "clusterer=kmeans", "clusterer.n_c"], ["clusterer.n_clusters="]),
    (["gpseg", "clusterer.candidates.hierarchical.l"], ["clusterer.candidates.hierarchical.linkage="]),
    (["gpseg", "study.rule.min_j"], ["study.rule.min_jaccard="]),
    (["gpseg", "--cfg", ""], ["all", "hydra", "job"]),
    (["gpseg", "--c"], ["--cfg"]),
    (["gpseg", "data", "res"], ["restart="]),
    (["gpseg", "data", "source=nhs_2024"], ["source=nhs_2024_25"]),
    (["gpseg-data", "source=nhs_2024"], ["source=nhs_2024_25"]),
    (["gpseg", "explore", "sel"], ["selection=", "selection.max_missing="]),
    (["gpseg", "assign", "--s"], ["--source"]),
    (["gpseg", "assign", "--source", "nhs_2023"], ["nhs_2023_24"]),
    (["gpseg-assign", "--run", "data", "--l"], ["--level"]),
    (["gpseg", "completion", ""], ["bash", "fish", "zsh"]),
    (["/some/bin/gpseg", "pe"], ["peers"]),
    (["gpseg", "nothing.like.it"], []),
    (["gpseg", "data", "peers"], []),
]


@pytest.mark.parametrize(("words", "expected"), CASES, ids=lambda value: " ".join(value) or "-")
def test_what_may_follow(words, expected):
    found = candidates(words, ROOT)
    assert found == sorted(found)
    assert set(expected) <= set(found)
    assert all(word.startswith(words[-1]) for word in found)
    if not expected:
        assert found == []


def test_every_option_of_a_group_is_offered_and_no_file_that_is_none():
    assert candidates(["gpseg", "scaler="], ROOT) == [f"scaler={name}" for name in OPTIONS]
    assert "source=_nhs" not in candidates(["gpseg", "source="], ROOT)


def test_where_the_shell_splits_words_only_what_follows_is_offered():
    assert candidates(["gpseg", "scaler", "="], ROOT) == OPTIONS
    assert candidates(["gpseg", "scaler", "=", "st"], ROOT) == ["standard"]
    assert candidates(["gpseg", "scaler", "=", "robust", "reducer", "=", "pca_"], ROOT) == ["pca_count"]


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    """Return a function that lets bash complete words with the script that `gpseg completion bash` prints."""
    folder = tmp_path_factory.mktemp("bin")
    starter = folder / "gpseg"
    starter.write_text(
        f"#!{sys.executable}\nfrom gp_segmentation import cli\nraise SystemExit(cli.main())\n",
        encoding="utf-8",
    )
    starter.chmod(0o755)

    def asked(*words: str) -> list[str]:
        lines = [
            "source <(gpseg completion bash)",
            f"COMP_WORDS=({' '.join(repr(word) for word in words)})",
            f"COMP_CWORD={len(words) - 1}",
            "_gpseg",
            'printf "%s\\n" "${COMPREPLY[@]}"',
        ]
        environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "GPSEG_ROOT": str(ROOT)}
        done = subprocess.run(
            ["bash", "-uc", "\n".join(lines)], env=environment, capture_output=True, encoding="utf-8"
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.split()

    return asked


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["gpseg", "pe"], ["peers"]),
        (["gpseg", "scaler", "=", "ro"], ["robust"]),
        (["gpseg", "assign", "--source", "synth"], ["synthetic"]),
        (["gpseg", "-m", "hydra/launcher", "=", ""], ["basic", "joblib", "ray", "ray_cluster"]),
        (["gpseg-explore", "selec"], ["selection=", *(f"selection.{key}=" for key in ("_target_", "name"))]),
    ],
    ids=lambda value: " ".join(value),
)
def test_bash_completes(complete, words, completed):
    found = complete(*words)
    assert set(completed) <= set(found)
    if len(completed) == 1:
        assert found == completed


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_script_of_a_shell_is_for_every_command(shell, capsys):
    assert cli.main(["completion", shell]) == 0
    printed = capsys.readouterr().out
    assert printed == script(shell)
    assert " ".join(["gpseg", *(f"gpseg-{name}" for name in DASHED)]) in printed
    assert printed.count("gpseg completion --words") == 1
    if found := shutil.which(shell):  # each can tell whether it is one of its scripts
        subprocess.run([found, "-n"], input=printed, encoding="utf-8", check=True)


def test_completion_needs_no_library_that_is_slow_to_import():
    code = (
        "import sys; from gp_segmentation import cli; cli.main(['completion', '--words', 'gpseg', 'sca']);"
        "print(sorted({'hydra', 'omegaconf', 'numpy', 'pandas', 'mlflow', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    assert "scaler=\n" in done.stdout
    assert done.stdout.endswith("\n[]\n")
