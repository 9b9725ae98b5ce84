"""The verbs that ask something of finished runs: their arguments, and what answers them."""

from __future__ import annotations

import argparse
import sys
from argparse import ArgumentParser, Namespace
from datetime import datetime
from pathlib import Path

from gp_segmentation.errors import GpsegError

RUN = "FOLDER"
LATEST = "default: the latest finished run, in data or below data/runs"


def peers_arguments(parser: ArgumentParser) -> None:
    """Add what `gpseg peers` is told."""
    parser.add_argument(
        "practice",
        nargs="+",
        metavar="PRACTICE",
        help="the practice's code, its name or a part of it, or its postcode",
    )
    parser.add_argument("--run", type=Path, metavar=RUN, help=f"the folder of a run ({LATEST})")


def peers(asked: Namespace, root: Path) -> str:
    """Return the practices most like one."""
    from gp_segmentation.pipeline import queries
    from gp_segmentation.pipeline.finished import run_or_latest

    return queries.describe_peers(" ".join(asked.practice), run_or_latest(asked.run, root), root)


def assign_arguments(parser: ArgumentParser) -> None:
    """Add what `gpseg assign` is told."""
    parser.add_argument(
        "--source",
        required=True,
        metavar="SOURCE",
        help="an option of conf/source (raw files in data/raw), or a folder of prepared tables or raw files",
    )
    parser.add_argument(
        "--run", metavar="RUN", help=f"the folder of a run, or an MLflow run's id or model ({LATEST})"
    )
    parser.add_argument(
        "--out", type=Path, metavar="CSV", help="the table to write (default: data/assigned/SOURCE.csv)"
    )
    parser.add_argument(
        "--level",
        type=_level,
        metavar="CHANCE",
        help="a practice is near a border when its drift from year to year alone would carry it across with "
        "more than this probability (default: 0.1)",
    )


def _level(text: str) -> float:
    level = float(text)
    if not 0 < level < 0.5:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 0.5")
    return level


def assign(asked: Namespace, root: Path) -> str:
    """Return what there is to know of the practices that were put into a run's segments."""
    from gp_segmentation.pipeline import queries
    from gp_segmentation.pipeline.finished import run_or_latest

    run = asked.run or str(run_or_latest(None, root))
    out = asked.out or root / "data" / "assigned" / f"{Path(asked.source).resolve().name}.csv"
    out.parent.mkdir(parents=True, exist_ok=True)
    return queries.assign_source(run, asked.source, out.resolve(), root, asked.level)


def record_arguments(parser: ArgumentParser) -> None:
    """Add what `gpseg record` is told."""
    parser.add_argument("folder", type=Path, nargs="?", metavar=RUN, help=f"the folder of a run ({LATEST})")


def record(asked: Namespace, root: Path) -> str:
    """Record a finished run in MLflow, and return what came of it."""
    from gp_segmentation.pipeline import runs
    from gp_segmentation.pipeline.finished import run_or_latest

    return runs.record_results(run_or_latest(asked.folder, root), root) + "\n"


def compare_arguments(parser: ArgumentParser) -> None:
    """Add what `gpseg compare` is told."""
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="two runs or more: folders, or MLflow runs' ids or models; each is compared with the first",
    )
    parser.add_argument(
        "--out", type=Path, metavar=RUN, help="where page and tables go (default: data/compared/DATE_TIME)"
    )


def compare(asked: Namespace, root: Path) -> str:
    """Return how runs differ."""
    from gp_segmentation.pipeline.compare import compare_runs

    now = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    return compare_runs(asked.runs, root, (asked.out or root / "data" / "compared" / now).resolve())


#: Options that name an area -> its kind.
AREAS = {"region": "region", "icb": "icb", "sub-icb": "sub_icb", "pcn": "pcn", "group": "group"}


def area_arguments(parser: ArgumentParser) -> None:
    """Add what `gpseg area` is told."""
    one = parser.add_argument_group("one of")
    words = {
        "region": "NHS region",
        "icb": "integrated care board",
        "sub-icb": "sub-ICB location",
        "pcn": "PCN",
    }
    for option, word in words.items():
        one.add_argument(f"--{option}", metavar="AREA", help=f"code or name of the {word}")
    one.add_argument("--group", metavar="AREA", help="name of a group of --grouping")
    one.add_argument(
        "--every", metavar="KIND", choices=[*AREAS], help=f"every area of a kind: {', '.join(AREAS)}"
    )
    parser.add_argument(
        "--grouping",
        metavar="GROUPING",
        help="a CSV with the columns practice_code and group, or the name of a grouping of the source",
    )
    parser.add_argument("--run", type=Path, metavar=RUN, help=f"the folder of a run ({LATEST})")
    parser.add_argument(
        "--fit",
        choices=["england", "local"],
        default="england",
        help="local: also segments of its own, from its rows of the national matrix (default: england)",
    )
    parser.add_argument(
        "--template", type=Path, metavar="PPTX", help="a presentation whose layouts the slides take"
    )
    parser.add_argument("--out", type=Path, metavar=RUN, help="where the packs go (default: data/areas)")


def area(asked: Namespace, root: Path) -> str:
    """Write packs of areas, and return what there is to know."""
    from gp_segmentation.pipeline.area import packs_of_run
    from gp_segmentation.pipeline.finished import run_or_latest
    from gp_segmentation.pipeline.packs import Wanted

    named = {option: getattr(asked, option.replace("-", "_")) for option in AREAS}
    given = [(option, text) for option, text in named.items() if text] + [(asked.every, None)] * bool(
        asked.every
    )
    if len(given) != 1:
        raise GpsegError(f"name one area, or one kind of all: --{', --'.join(AREAS)} AREA, or --every KIND")
    ((option, name),) = given
    wanted = Wanted(AREAS[option], name, asked.grouping, asked.template, asked.fit)
    out = asked.out.resolve() if asked.out else None
    return packs_of_run(wanted, run_or_latest(asked.run, root).resolve(), root, out)


def export_arguments(parser: ArgumentParser) -> None:
    """Add what `gpseg export` is told."""
    parser.add_argument("--run", type=Path, metavar=RUN, help=f"the folder of a run ({LATEST})")
    parser.add_argument(
        "--out",
        type=Path,
        metavar=RUN,
        help="where the tables go; replaced as a whole (default: data/exports)",
    )


def export(asked: Namespace, root: Path) -> str:
    """Write the tables of a run for other programs, and return what to know."""
    from gp_segmentation.pipeline.export import export_run
    from gp_segmentation.pipeline.finished import run_or_latest

    out = (asked.out or root / "data" / "exports").resolve()
    return export_run(run_or_latest(asked.run, root), root, out)


def champion_arguments(parser: ArgumentParser) -> None:
    """Add what `gpseg champion` is told."""
    parser.add_argument(
        "run", nargs="?", metavar="RUN", help=f"the folder of a run, or an MLflow run's id ({LATEST})"
    )


def champion(asked: Namespace, root: Path) -> str:
    """Give the model of a run the name by which it is used, and return what came of it."""
    from gp_segmentation.pipeline import queries
    from gp_segmentation.pipeline.finished import run_or_latest

    return queries.crown(asked.run or str(run_or_latest(None, root)), root)


def completion_arguments(parser: ArgumentParser) -> None:
    """Add what `gpseg completion` is told."""
    from gp_segmentation.cli.completion import SCRIPTS

    parser.add_argument("shell", metavar="SHELL", nargs="?", choices=list(SCRIPTS), help=", ".join(SCRIPTS))
    # What the scripts call: the words so far, the last of which is to be completed.
    parser.add_argument("--words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


def completion(asked: Namespace, root: Path) -> str:
    """Return the script of a shell, or the words that may stand at the end of a command."""
    from gp_segmentation.cli.completion import SCRIPTS, candidates, script

    if asked.words is not None:
        for word in candidates(asked.words, root):  # together, `basic` and what follows look like a password
            sys.stdout.write(f"{word}\n")
        return ""
    return script(asked.shell or next(iter(SCRIPTS)))
