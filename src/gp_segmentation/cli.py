"""The commands (`gpseg` and others), and a stage for DVC. They decide nothing."""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gp_segmentation.errors import ConfigError, without_secrets
from gp_segmentation.utils import console

# What takes long to import, or much memory, is imported by the command, where a failure is told in words.
if TYPE_CHECKING:
    from omegaconf import DictConfig

    from gp_segmentation.pipeline.project import Project

log = logging.getLogger("gpseg")


def main() -> int:
    """``gpseg [overrides]``: run the whole job for one configuration, or a multirun (`-m`)."""
    return console.ended("gpseg", lambda: _with_hydra("config", _job))


def data_main() -> int:
    """``gpseg-data source=NAME [from=FOLDER]``: bring a source's raw files into `data/raw/NAME`."""
    return console.ended("gpseg-data", lambda: _with_hydra("data", _data_job))


def explore_main() -> int:
    """``gpseg-explore [overrides]``: look at a configuration's features, without clustering anything."""
    return console.ended("gpseg-explore", lambda: _with_hydra("explore", _explore_job))


def peers_main(argv: Sequence[str] | None = None) -> int:
    """``gpseg-peers CODE [--run FOLDER]``: the practices most like one practice, and why; 0 when found."""
    parser = argparse.ArgumentParser(prog="gpseg-peers", description="Show the practices most like one.")
    parser.add_argument("practice", help="its code, such as A81001")
    parser.add_argument("--run", type=Path, help="the folder of a run (default: the project's data/)")
    asked = _parsed(parser, argv)

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
    asked = _parsed(parser, argv)

    def answer(root: Path) -> str:
        from gp_segmentation.pipeline import queries

        return queries.assign_source(asked.run, asked.source, asked.out, root, asked.level)

    return _answer("gpseg-assign", answer)


def record_main(argv: Sequence[str] | None = None) -> int:
    """``gpseg-record FOLDER``: record a finished run that could not be recorded then; 0 when it is there."""
    parser = argparse.ArgumentParser(
        prog="gpseg-record", description="Record in MLflow, once, a finished run that could not be recorded."
    )
    parser.add_argument("folder", type=Path, help="the folder of a gpseg job, or data after dvc repro")
    asked = _parsed(parser, argv)

    def answer(root: Path) -> str:
        from gp_segmentation.pipeline import runs

        return runs.record_results(asked.folder, root) + "\n"

    return _answer("gpseg-record", answer)


def _parsed(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    with console.public_output():  # what is refused is shown
        return parser.parse_args(argv)


def _level(text: str) -> float:
    level = float(text)
    if not 0 < level < 0.5:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 0.5")
    return level


def _answer(name: str, answer: Callable[[Path], str]) -> int:
    """Write the answer to standard output; an error meant for the user goes to standard error."""

    def told() -> None:
        from gp_segmentation import config

        logging.basicConfig(level=logging.WARNING, format="%(message)s")
        sys.stdout.write(answer(config.project_root()))

    return console.ended(name, told)


def stage_main(argv: Sequence[str] | None = None) -> int:
    """``python -m gp_segmentation STAGE``: run one stage in the project's `data/`; 0 when it went well."""
    from gp_segmentation.pipeline.order import STAGES

    parser = argparse.ArgumentParser(prog="python -m gp_segmentation", description="Run one stage.")
    parser.add_argument("stage", choices=["configure", *STAGES, "track", "summary", "warm-up"])
    name = _parsed(parser, argv).stage
    return console.ended(name, lambda: _run_stage(name))


def _run_stage(name: str) -> None:
    from gp_segmentation import config
    from gp_segmentation.pipeline import runs
    from gp_segmentation.pipeline.project import Project
    from gp_segmentation.pipeline.stages import configure

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    root = config.project_root()
    if name == "configure":
        configure.run(root)
    elif name == "warm-up":
        runs.warm_up()
    elif name == "summary":
        log.info(runs.summary(root))
    else:
        project = Project(config.load_params(root / "params.yaml"), root)
        runs.track(project) if name == "track" else runs.run_stage(name, project)


def _with_hydra(name: str, job: Callable[[DictConfig], None]) -> None:
    import hydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from gp_segmentation import config

    root = config.project_root()
    sys.argv[1:] = _without_open_secrets(sys.argv[1:])
    config.refuse_renamed(sys.argv[1:])
    config.check_command(root, name, sys.argv[1:])
    # Hydra's folders and the project's data are named from the root, wherever the command was typed.
    os.environ.setdefault("GPSEG_RUNS", str(root / "data" / "runs"))
    # Errors come to `console.ended`, as those of every command; Hydra would write their tracebacks itself.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        hydra.main(version_base="1.3", config_path=str(root / "conf"), config_name=name)(job)()
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(f"{error} {error.__cause__ or ''}".strip()) from None


def _without_open_secrets(arguments: Sequence[str]) -> list[str]:
    """Move values that hold secrets into the environment: Hydra writes overrides into files as they are.

    What reads those files later finds the value without its secret. ConfigError for a list or a sweep.
    """
    shown = []
    for number, argument in enumerate(arguments):
        if argument.startswith("-") or without_secrets(argument) == argument:
            shown.append(argument)
            continue
        key, value = _key_and_text(argument)
        log.warning(
            "%s was typed with a secret, which others see in the list of processes. Set MLFLOW_TRACKING_URI, "
            "or write %s='${oc.env:NAME}'",
            *(key, key),
        )
        variable = f"GPSEG_SECRET_{number}"
        os.environ[variable] = value
        hidden = without_secrets(f"{key}={value}").partition("=")[2]
        later = re.sub(r"[^\w/*@.:-]", "_", hidden)  # what Hydra takes without quotes
        shown.append(f"{key}=${{oc.env:{variable},{later}}}")
    return shown


def _key_and_text(override: str) -> tuple[str, str]:
    """Return key and value of an override whose value is one text."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import QuotedString
    from hydra.errors import HydraException

    key = override.partition("=")[0]
    try:
        (parsed,) = OverridesParser.create().parse_overrides([override])
    except HydraException as error:
        problem = str(error).partition("\n")[0]  # its other lines would show the secret
        raise ConfigError(f"{key}: {problem}. Put values with = {{ or , in quotes") from None
    value = parsed.value()
    if isinstance(value, QuotedString):
        value = value.text
    if not isinstance(value, str):
        raise ConfigError(f"{key} holds secrets and more than one text. Write each as ${{oc.env:NAME}}")
    return key, value


def _job(cfg: DictConfig) -> None:
    from hydra.core.hydra_config import HydraConfig

    from gp_segmentation.pipeline import runs

    runtime = HydraConfig.get()
    output = Path(runtime.runtime.output_dir)
    overrides = " ".join(runtime.overrides.task) or "defaults"
    with console.public_output():  # a launcher runs this in a process of its own
        console.write_logs_in_utf8()
        runs.run_job(_project(cfg), output, overrides)


def _data_job(cfg: DictConfig) -> None:
    from gp_segmentation import config
    from gp_segmentation.pipeline.fetch import fetch_raw

    fetch_raw(_composed(cfg), config.project_root(), Path.cwd())


def _explore_job(cfg: DictConfig) -> None:
    from gp_segmentation.pipeline import runs

    runs.explore(_project(cfg))


def _project(cfg: DictConfig) -> Project:
    from gp_segmentation import config
    from gp_segmentation.pipeline.project import Project

    return Project(_composed(cfg), config.project_root())


def _composed(cfg: DictConfig) -> dict[str, Any]:
    """Return the job's configuration, checked, and leave no password of it in Hydra's files."""
    from hydra.core.hydra_config import HydraConfig

    from gp_segmentation import config

    runtime = HydraConfig.get()
    config.hide_secrets(Path(runtime.runtime.output_dir))
    composed = config.plain(cfg)
    config.check(composed, runtime.job.config_name)
    return composed
