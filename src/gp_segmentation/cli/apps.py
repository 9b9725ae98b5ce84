"""The verbs that take a configuration from Hydra: the whole job, raw files, features, several years.

Whatever takes long to import is imported after the first line is written, and where a failure of it is told
in words.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gp_segmentation.cli.typed_secrets import without_open_secrets
from gp_segmentation.errors import ConfigError
from gp_segmentation.utils import console

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from gp_segmentation.pipeline.project import Project

log = logging.getLogger("gpseg")

#: What shows something and runs nothing; its output is for programs too.
SHOWING = ("--cfg", "-c", "--info", "-i", "--hydra-help", "--version", "--shell-completion", "-sc")


def run_app(prog: str, config_name: str, job: Callable[[DictConfig], None], words: Sequence[str]) -> None:
    """Compose `conf/<config_name>.yaml` with the overrides in `words`, check it, and hand it to `job`."""
    if not any(word.partition("=")[0] in SHOWING for word in words):
        sys.stdout.write(f"{prog}: checking the configuration ...\n")
        sys.stdout.flush()  # what is imported now takes a second or two

    import hydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from gp_segmentation import config
    from gp_segmentation.cli.command_check import check_command
    from gp_segmentation.pipeline import sweeps
    from gp_segmentation.utils.root import project_root

    root = project_root()
    words = without_open_secrets(words)
    config.refuse_renamed(words)
    check_command(root, config_name, words)
    sys.argv[1:] = words
    # Hydra's folders and the project's data are named from the root, wherever the command was typed.
    os.environ.setdefault("GPSEG_ROOT", str(root))
    os.environ.setdefault("GPSEG_RUNS", str(root / "data" / "runs"))
    # Errors come to `console.ended`, as those of every command; Hydra would write their tracebacks itself.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        with sweeps.ended():
            hydra.main(version_base="1.3", config_path=str(root / "conf"), config_name=config_name)(job)()
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(f"{error} {error.__cause__ or ''}".strip()) from None


def run_job(cfg: DictConfig) -> None:
    """Run the whole job for one configuration, by itself or as one of a sweep."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    from gp_segmentation.pipeline import runs
    from gp_segmentation.utils import progress

    runtime = HydraConfig.get()
    output = Path(runtime.runtime.output_dir)
    overrides = " ".join(runtime.overrides.task) or "defaults"
    label, alone = "", True
    if runtime.mode == RunMode.MULTIRUN:
        label = f"[{runtime.job.num}] "
        alone = runtime.launcher._target_.endswith(".BasicLauncher")
    # A launcher may run this in a process of its own; the bars of several would overwrite one another.
    with console.public_output(label), progress.shown(label, alone):
        console.write_logs_in_utf8()
        project = _project(cfg)
        log.info("Settings:  %s", overrides)
        log.info("Source:    %s", project.cfg["source"]["label"])
        log.info("Results:   %s", output)
        runs.run_job(project, output, overrides)


def fetch_data(cfg: DictConfig) -> None:
    """Bring the raw files of a source into `data/raw`."""
    from gp_segmentation.pipeline.fetch import fetch_raw
    from gp_segmentation.utils.root import project_root

    fetch_raw(_composed(cfg), project_root(), Path.cwd())


def explore(cfg: DictConfig) -> None:
    """Look at the features of a configuration."""
    from gp_segmentation.pipeline import runs

    runs.explore(_project(cfg))


def panel(cfg: DictConfig) -> None:
    """Put several years into the segments of a finished run."""
    from gp_segmentation.pipeline.panel import make_panel
    from gp_segmentation.utils.root import project_root

    log.info("%s", make_panel(_composed(cfg), project_root()))


def _project(cfg: DictConfig) -> Project:
    from gp_segmentation.pipeline.project import Project
    from gp_segmentation.utils.root import project_root

    return Project(_composed(cfg), project_root())


def _composed(cfg: DictConfig) -> dict[str, Any]:
    """Return the job's configuration, checked, and leave no password of it in Hydra's files."""
    from hydra.core.hydra_config import HydraConfig

    from gp_segmentation import config

    runtime = HydraConfig.get()
    config.hide_secrets(Path(runtime.runtime.output_dir))
    composed = config.plain(cfg)
    config.check(composed, runtime.job.config_name)
    return composed
