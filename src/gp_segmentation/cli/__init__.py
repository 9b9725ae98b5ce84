"""The command `gpseg` with its verbs, and a stage for DVC. They decide nothing."""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches

from gp_segmentation.cli import apps, help
from gp_segmentation.cli.stages import run_stage
from gp_segmentation.cli.verbs import VERBS, WHOLE_JOB, App, Question
from gp_segmentation.errors import GpsegError
from gp_segmentation.utils import console


def main(argv: Sequence[str] | None = None) -> int:
    """``gpseg [VERB] ...``: run a verb; the whole job where none is named."""
    words = sys.argv[1:] if argv is None else list(argv)
    if words and words[0] in VERBS:
        return _run(words[0], f"gpseg {words[0]}", words[1:])
    if words and re.fullmatch(r"[A-Za-z][\w-]*", words[0]):  # an override has a =
        return console.ended("gpseg", lambda: _refuse(words[0]))
    return _run(WHOLE_JOB, "gpseg", words)


def data_main(argv: Sequence[str] | None = None) -> int:
    """``gpseg-data``: `gpseg data`."""
    return _dashed("data", argv)


def explore_main(argv: Sequence[str] | None = None) -> int:
    """``gpseg-explore``: `gpseg explore`."""
    return _dashed("explore", argv)


def peers_main(argv: Sequence[str] | None = None) -> int:
    """``gpseg-peers``: `gpseg peers`."""
    return _dashed("peers", argv)


def assign_main(argv: Sequence[str] | None = None) -> int:
    """``gpseg-assign``: `gpseg assign`."""
    return _dashed("assign", argv)


def record_main(argv: Sequence[str] | None = None) -> int:
    """``gpseg-record``: `gpseg record`."""
    return _dashed("record", argv)


def stage_main(argv: Sequence[str] | None = None) -> int:
    """``python -m gp_segmentation STAGE``: run one stage in the project's `data/`; 0 when it went well."""
    from gp_segmentation.pipeline.order import STAGES

    parser = argparse.ArgumentParser(prog="python -m gp_segmentation", description="Run one stage.")
    parser.add_argument("stage", choices=["configure", *STAGES, "track", "summary", "ui", "warm-up"])
    name = _parsed(parser, sys.argv[1:] if argv is None else argv).stage
    return console.ended(name, lambda: run_stage(name))


def _dashed(name: str, argv: Sequence[str] | None) -> int:
    return _run(name, f"gpseg-{name}", sys.argv[1:] if argv is None else argv)


def _refuse(word: str) -> None:
    near = get_close_matches(word, VERBS, 1)
    meant = f"Did you mean gpseg {near[0]}?" if near else f"Verbs: {', '.join(VERBS)}."
    raise GpsegError(f"{word} is no verb. {meant} Settings are written KEY=VALUE. gpseg --help says more")


def _run(name: str, prog: str, words: Sequence[str]) -> int:
    """Run a verb that was typed as `prog` with `words` after it; return the exit status."""
    verb = VERBS[name]
    asks_for_help = any(word in ("--help", "-h") for word in words) and "--words" not in words
    if asks_for_help:
        return console.ended(prog, lambda: _show_help(verb, prog))
    if isinstance(verb, App):
        return console.ended(prog, lambda: apps.run_app(prog, verb.config, verb.job, words))
    asked = _parsed(help.parser(verb, prog), words)
    return console.ended(prog, lambda: _answer(verb, asked))


def _show_help(verb: App | Question, prog: str) -> None:
    from gp_segmentation.utils.root import project_root

    sys.stdout.write(help.page(verb, prog, project_root()))


def _answer(verb: Question, asked: argparse.Namespace) -> None:
    """Write the answer to standard output; what there is to know beside it goes to standard error."""
    from gp_segmentation.utils.root import project_root

    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # a bar for each small file
    sys.stdout.write(verb.answer(asked, project_root()))


def _parsed(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    with console.public_output():  # what is refused is shown
        return parser.parse_args(words)
