"""The commands (`gpseg` and others), and a stage for DVC. They decide nothing."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from gp_segmentation import config
from gp_segmentation.errors import GpsegError

if TYPE_CHECKING:
    from gp_segmentation.pipeline.project import Project

log = logging.getLogger("gpseg")


def main() -> None:
    """``gpseg [overrides]``: run the whole job for one configuration, or a multirun (`-m`)."""
    _hydra_main("config", _job)


def data_main() -> None:
    """``gpseg-data source=NAME [from=FOLDER]``: bring a source's raw files into `data/raw/NAME`."""
    _hydra_main("data", _data_job)


def explore_main() -> None:
    """``gpseg-explore [overrides]``: look at a configuration's features, without clustering anything."""
    _hydra_main("explore", _explore_job)


def peers_main(argv: Sequence[str] | None = None) -> int:
    """``gpseg-peers CODE [--run FOLDER]``: the practices most like one practice, and why; 0 when found."""
    parser = argparse.ArgumentParser(prog="gpseg-peers", description="Show the practices most like one.")
    parser.add_argument("practice", help="its code, such as A81001")
    parser.add_argument("--run", type=Path, help="the folder of a run (default: the project's data/)")
    asked = parser.parse_args(argv)

    def answer(root: Path) -> str:
        from gp_segmentation.pipeline import queries

        return queries.describe_peers(asked.practice.upper(), asked.run or root / "data", root)

    return _answer("gpseg-peers", answer)


def assign_main(argv: Sequence[str] | None = None) -> int:
    """``gpseg-assign --run RUN --source SOURCE``: practices of another source into a run's segments."""
    parser = argparse.ArgumentParser(
        prog="gpseg-assign", description="Put new or changed practices into the segments of a run."
    )
    parser.add_argument("--run", required=True, help="an MLflow run's id, or the folder of a run (data)")
    parser.add_argument(
        "--source",
        required=True,
        help="an option of conf/source (raw files in data/raw), or a folder of prepared tables or raw files",
    )
    parser.add_argument("--out", type=Path, default=Path("assigned.csv"), help="CSV to write (assigned.csv)")
    parser.add_argument(
        "--level",
        type=_level,
        help="a practice is near a border when its drift from year to year alone would carry it across with "
        "more than this probability (default 0.1)",
    )
    asked = parser.parse_args(argv)

    def answer(root: Path) -> str:
        from gp_segmentation.pipeline import queries

        return queries.assign_source(asked.run, asked.source, asked.out, root, asked.level)

    return _answer("gpseg-assign", answer)


def _level(text: str) -> float:
    level = float(text)
    if not 0 < level < 0.5:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 0.5")
    return level


def _answer(name: str, answer: Callable[[Path], str]) -> int:
    """Write the answer to standard output; an error meant for the user goes to standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        sys.stdout.write(answer(config.project_root()))
    except GpsegError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 1
    return 0


def stage_main(argv: Sequence[str] | None = None) -> int:
    """``python -m gp_segmentation STAGE``: run one stage in the project's `data/`; 0 when it went well."""
    from gp_segmentation.pipeline import runs
    from gp_segmentation.pipeline.order import STAGES
    from gp_segmentation.pipeline.project import Project
    from gp_segmentation.pipeline.stages import configure

    parser = argparse.ArgumentParser(prog="python -m gp_segmentation", description="Run one stage.")
    parser.add_argument("stage", choices=["configure", *STAGES, "track", "summary", "warm-up"])
    name = parser.parse_args(argv).stage
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    root = config.project_root()
    try:
        if name == "configure":
            configure.run(root)
        elif name == "warm-up":
            runs.warm_up()
        elif name == "summary":
            log.info(runs.summary(root))
        else:
            project = Project(config.load_params(root / "params.yaml"), root)
            runs.track(project) if name == "track" else runs.run_stage(name, project)
    except GpsegError as error:
        log.error("%s: %s", name, error)
        return 1
    return 0


def _hydra_main(name: str, job: Callable[[DictConfig], None]) -> None:
    try:
        root = config.project_root()
        config.refuse_renamed(sys.argv[1:])
        config.check_hydra_of(root, name, sys.argv[1:])
    except GpsegError as error:
        sys.exit(str(error))
    # Hydra's folders and the project's data are named from the root, wherever the command was typed.
    os.environ.setdefault("GPSEG_RUNS", str(root / "data" / "runs"))
    hydra.main(version_base="1.3", config_path=str(root / "conf"), config_name=name)(job)()


def _job(cfg: DictConfig) -> None:
    from gp_segmentation.pipeline import runs

    runtime = HydraConfig.get()
    output = Path(runtime.runtime.output_dir)
    overrides = " ".join(runtime.overrides.task) or "defaults"
    _clearly(lambda: runs.run_job(_project(cfg), output, overrides))


def _data_job(cfg: DictConfig) -> None:
    from gp_segmentation.pipeline.fetch import fetch_raw

    _clearly(lambda: fetch_raw(_composed(cfg), config.project_root(), Path.cwd()))


def _explore_job(cfg: DictConfig) -> None:
    from gp_segmentation.pipeline import runs

    _clearly(lambda: runs.explore(_project(cfg)))


def _project(cfg: DictConfig) -> Project:
    from gp_segmentation.pipeline.project import Project

    return Project(_composed(cfg), config.project_root())


def _composed(cfg: DictConfig) -> dict[str, Any]:
    """Return the job's configuration, and leave no password of it in Hydra's files."""
    config.hide_secrets(Path(HydraConfig.get().runtime.output_dir))
    return config.plain(cfg)


def _clearly(action: Callable[[], Any]) -> None:
    """Run `action`; an error meant for the user is shown without the inner frames."""
    try:
        action()
    except GpsegError:
        sys.tracebacklimit = 0
        raise
