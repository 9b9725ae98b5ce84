"""A command is looked at whole before its first job begins: every override, and what each job composes to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from hydra import initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, MissingConfigException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from gp_segmentation import config
from gp_segmentation.errors import ConfigError
from gp_segmentation.utils.allowed import ConfigurationError, Problem, did_you_mean
from gp_segmentation.utils.targets import check_hydra

#: What Hydra says of an override whose key is in no file.
_NOT_THERE = re.compile(r"Could not override '(?P<key>[^']+)'")


def check_command(root: Path, name: str, arguments: Sequence[str]) -> None:
    """Refuse a command of which a job cannot run, before the first begins; `name` is of the file in `conf/`.

    That is a `hydra` node that runs code, since Hydra acts on it before any job, and what `check` refuses.
    """
    asked = get_args_parser().parse_args(list(arguments))
    jobs = _jobs(root, asked.overrides, multirun=asked.multirun or "hydra.mode=MULTIRUN" in asked.overrides)
    found: dict[Problem, list[str]] = {}
    for overrides in jobs:
        for problem in _problems_of_job(root, name, overrides):
            found.setdefault(problem, []).append(" ".join(overrides))
    if found and not (asked.cfg or asked.info or asked.help or asked.hydra_help):  # these only show
        told = [p if len(of) == len(jobs) else f"{p} (in the job {of[0]})" for p, of in found.items()]
        raise ConfigurationError(told)


def _jobs(root: Path, overrides: Sequence[str], *, multirun: bool) -> list[list[str]]:
    """Return the overrides of each job."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(version_base="1.3", config_dir=str(root / "conf")):
        parser, parsed = OverridesParser.create(GlobalHydra.instance().config_loader()), []
    for text in overrides:
        try:
            parsed += parser.parse_overrides([text])
        except HydraException as error:
            told = str(error).partition("\n")[0]
            raise ConfigError(
                f"{text!r} is no override ({told}). Put values with {{ or , in quotes"
            ) from None
    for override in parsed:
        if override.is_sweep_override() and not multirun:
            raise ConfigError(
                f"{override.input_line} asks for several jobs. Add -m to run each, or put the values in "
                f"brackets if they are a list: {override.get_key_element()}=[...]"
            )
    if not multirun:
        return [[str(override.input_line) for override in parsed]]
    listed = [one for one in parsed if not one.is_sweep_override() or one.is_discrete_sweep()]
    return BasicSweeper.split_arguments(listed, None)[0]


def _problems_of_job(root: Path, name: str, overrides: list[str]) -> list[Problem]:
    """Return what is wrong with the configuration of a job, overrides of keys that are not there among it."""
    left, added = list(overrides), dict[str, str]()
    while True:
        try:
            composed = config.composed(root, left, name, with_hydra=True)
            break
        except MissingConfigException as error:
            raise _no_such_option(error) from None
        except (HydraException, OmegaConfBaseException, ValueError) as error:
            found = _NOT_THERE.match(str(error))
            blamed = [text for text in left if found and text.partition("=")[0] == found["key"]]
            if not found or not blamed:  # told here, since Hydra's own lines would show passwords
                told = " ".join(f"{error} {error.__cause__ or ''}".partition("Config search path")[0].split())
                raise ConfigError(f"{told} ({' '.join(left) or name})") from None
            added[found["key"]] = left[left.index(blamed[0])] = f"+{blamed[0]}"
    OmegaConf.set_struct(composed, False)
    check_hydra(cast(dict[str, Any], OmegaConf.to_container(composed.pop("hydra"), resolve=False)))
    if "${hydra:" in OmegaConf.to_yaml(composed):
        return []  # only the job itself knows these values, and checks them
    plain = config.plain(composed)
    # What the command itself names is looked at first: the rest takes seconds to import.
    named = {re.split(r"[.@=]", text.lstrip("+~"), maxsplit=1)[0] for text in overrides}
    wrong = config.problems(plain, name, groups=named) or config.problems(plain, name)
    fine = {key: text for key, text in added.items() if not any(problem.concerns(key) for problem in wrong)}
    return [*wrong, *(Problem(key, f"is not set in conf/. Add it with {text}") for key, text in fine.items())]


def _no_such_option(error: MissingConfigException) -> ConfigError:
    """Return what the user is told of an option that has no file in `conf/`."""
    group, _, name = str(error.missing_cfg_file).rpartition("/")
    known = [option for option in error.options or () if not option.startswith("_")]
    if not group or not known:
        return ConfigError(str(error).partition("\n")[0])
    return ConfigError(
        f"{group}={name}: there is no such option.{did_you_mean(name, known)} Give one of: {', '.join(known)}"
    )
