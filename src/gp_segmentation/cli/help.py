"""What `--help` prints, in 80 columns, and without waiting for the libraries that do the work."""

from __future__ import annotations

import re
import textwrap
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterable, Iterator
from pathlib import Path

from gp_segmentation.cli.conf_folder import Group, groups
from gp_segmentation.cli.verbs import VERBS, WHOLE_JOB, App, Question, Verb

WIDTH = 80
#: Letters up to which the names of options stand in a column of their own.
NAME = 20

#: Flags of the verbs that take a configuration, and what they do; those of `-m` only where there is one.
SWEEPING = (
    ("-m", "a job for every combination of values with commas: features=need,combined"),
    ("hydra/launcher=joblib", "the jobs of -m on all cores (ray_cluster: on a Ray cluster)"),
    ("hydra.sweep.dir=FOLDER", "where the jobs of -m go (of one job: hydra.run.dir)"),
)
FLAGS = (
    ("--cfg job", "print the composed configuration, every key with its value"),
    ("--hydra-help", "what else Hydra offers"),
)


def page(verb: Verb, prog: str, root: Path) -> str:
    """Return the help of a verb that was typed as `prog` (``gpseg peers``, ``gpseg-peers``, ``gpseg``)."""
    if isinstance(verb, App):
        return "\n".join(_app_page(verb, prog, root))
    assert isinstance(verb, Question)  # noqa: S101 - there are two kinds
    return parser(verb, prog).format_help()


def parser(verb: Question, prog: str) -> ArgumentParser:
    """Return the parser of a verb's own arguments."""
    made = ArgumentParser(
        prog=prog,
        description=_filled(f"{verb.line}."),
        epilog="\n".join([*_examples(verb), "", *_results(verb)]),
        formatter_class=lambda prog: RawDescriptionHelpFormatter(prog, width=WIDTH),
    )
    verb.arguments(made)
    return made


def _app_page(verb: App, prog: str, root: Path) -> Iterator[str]:
    whole = prog == "gpseg"
    yield _filled(f"{verb.line}.")
    yield ""
    yield f"usage: {prog} [GROUP=OPTION ...] [KEY=VALUE ...]{' [-m]' * (verb.name == WHOLE_JOB)}"
    if whole:
        yield "       gpseg VERB ..."
        yield ""
        yield "verbs (gpseg VERB --help says more):"
        yield from _listed((name, one.line) for name, one in VERBS.items() if name != WHOLE_JOB)
    yield ""
    yield from _examples(verb)
    yield ""
    yield from _results(verb)
    yield ""
    yield "flags:"
    yield from _listed([*(SWEEPING if verb.name == WHOLE_JOB else ()), *FLAGS])
    yield ""
    yield "groups and their options (*: taken if you name none):"
    for group in groups(root, verb.config):
        yield from _group(group)
    yield ""
    yield _filled(f"Every other key is set by its name: {prog} seed=7. All of them: {prog} --cfg job")
    yield ""


def _examples(verb: Verb) -> Iterator[str]:
    yield "examples:"
    for command, purpose in verb.examples:
        yield f"  {command}"
        yield f"      {purpose}"


def _results(verb: Verb) -> list[str]:
    return textwrap.wrap(f"Results: {verb.results}", WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _group(group: Group) -> Iterator[str]:
    """Yield a line for a group, and one for each of its options."""
    yield f"  {group.name}{': ' * bool(group.line)}{group.line}"
    place = min(max(len(one.name) for one in group.options), NAME)
    for one in group.options:
        begun = f"    {'*' if one.name == group.default else ' '} {one.name:{place}}  "
        yield f"{begun}{_cut(one.line, WIDTH - len(begun))}".rstrip()


def _cut(text: str, width: int) -> str:
    """Return a sentence up to the last of its clauses that fits.

    >>> _cut("Median 0, interquartile range 1: outliers count little", 40)
    'Median 0, interquartile range 1'
    """
    if len(text) <= width:
        return text
    ends = [found.start() for found in re.finditer(r"[,:;]? \(|[,:;] ", text) if found.start() <= width]
    return text[: ends[-1]] if ends else textwrap.shorten(text, width, placeholder=" ...")


def _listed(entries: Iterable[tuple[str, str]], indent: int = 2) -> Iterator[str]:
    """Yield a line for each entry, its second part beside the first and in one column with the others."""
    rows = list(entries)
    place = indent + 2 + max((len(name) for name, _ in rows), default=0)
    for name, text in rows:
        yield textwrap.fill(
            text,
            WIDTH,
            initial_indent=" " * indent + name.ljust(place - indent),
            subsequent_indent=" " * place,
            break_on_hyphens=False,
        ).rstrip()


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_on_hyphens=False)
