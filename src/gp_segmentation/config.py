"""Compose `conf/`, check it, build what it names; besides `cli` the only module that imports hydra."""

import json
import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from gp_segmentation.errors import ConfigError, without_secrets
from gp_segmentation.storage.moved_names import present_config, present_key, renamed_keys
from gp_segmentation.utils.allowed import ConfigurationError, Problem
from gp_segmentation.utils.arguments import ArgumentsError, argument_problems, parameter_problems
from gp_segmentation.utils.files import write_text
from gp_segmentation.utils.targets import below, check_interpolations, check_node, construct

#: Keys that say what a node is; they are for people and tables, never arguments of its object.
DESCRIPTIVE_KEYS = ("name", "label", "description")


def compose_config(root: Path, overrides: Sequence[str] = (), name: str = "config") -> dict[str, Any]:
    """Compose `conf/<name>.yaml` below `root` with Hydra overrides, resolved and checked (`check`)."""
    config = plain(composed(root, overrides, name))
    check(config, name)
    return config


def compose_yaml(root: Path) -> str:
    """Compose `conf/config.yaml` as YAML, resolved but for what comes from the environment.

    The environment may hold passwords, and the text is for a file that is kept.
    """
    cfg = composed(root, (), "config")
    resolved = plain(cfg)
    check(resolved)
    return to_yaml(_with_environment_open(OmegaConf.to_container(cfg, resolve=False), resolved))


def _with_environment_open(raw: Any, resolved: Any) -> Any:
    """Return `resolved` with the interpolations of the environment as they stand in `raw`."""
    if isinstance(raw, str) and "${oc.env:" in raw:
        return raw
    if isinstance(raw, Mapping) and isinstance(resolved, Mapping):
        return {key: _with_environment_open(raw.get(key), value) for key, value in resolved.items()}
    if isinstance(raw, list) and isinstance(resolved, list):
        return [_with_environment_open(*pair) for pair in zip(raw, resolved, strict=True)]
    return resolved


def composed(root: Path, overrides: Sequence[str], name: str, *, with_hydra: bool = False) -> Any:
    """Compose `conf/<name>.yaml` below `root` with Hydra overrides, unresolved and unchecked."""
    refuse_renamed(overrides)
    GlobalHydra.instance().clear()
    with initialize_config_dir(version_base="1.3", config_dir=str(root / "conf")):
        return compose(config_name=name, overrides=list(overrides), return_hydra_config=with_hydra)


def plain(cfg: Any) -> dict[str, Any]:
    """Turn a composed configuration into plain dicts and lists, resolved; refuse keys that were renamed."""
    config = _resolved(cfg)
    for key in renamed_keys(config):
        raise _renamed(key)
    return config


def _resolved(cfg: Any) -> dict[str, Any]:
    raw = OmegaConf.to_container(cfg, resolve=False)
    if not isinstance(raw, dict):
        raise ConfigError(f"the configuration is a {type(raw).__name__}, not a mapping")
    for key, value in flatten({str(key): node for key, node in raw.items()}).items():
        check_interpolations(key, str(value))
    try:
        value = cast(dict[Any, Any], OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True))
    except OmegaConfBaseException as error:
        problem = str(error).partition("\n")[0]
        raise ConfigError(f"{error.full_key} has no value ({problem}). Give it one") from None
    return {str(key): node for key, node in value.items() if key != "hydra"}


def refuse_renamed(overrides: Sequence[str]) -> None:
    """Raise ConfigError for an override of a key that has another name now, before Hydra calls it unknown."""
    for override in overrides:
        key = override.lstrip("+~").partition("=")[0]
        if present_key(key) != key:
            raise _renamed(key)


def _renamed(key: str) -> ConfigError:
    now = present_key(key)
    return ConfigError(f"{key} is called {now} now. Rename it" if now else f"{key} is no more. Leave it out")


def to_yaml(config: Mapping[str, Any]) -> str:
    """Return the configuration as YAML, keys in the order they were composed."""
    return OmegaConf.to_yaml(OmegaConf.create(dict(config)))


def fetch_command(source: Mapping[str, Any], root: Path) -> str:
    """Return the command that brings in the raw files of a composed `source`.

    It names the option of `conf/source` (one under another name is found by its files) and every key of it
    that was given another value.
    """
    names = sorted(path.stem for path in (root / "conf" / "source").glob("[!_]*.yaml"))
    given, commands = flatten(source), []
    for name in [source["name"]] if source["name"] in names else names:
        option = flatten(_resolved(composed(root, [f"source={name}"], "data"))["source"])
        if name == source["name"] or option.keys() == given.keys():
            changed = [
                f"{'' if key in option else '+'}source.{key}={_typed(value)}"
                for key, value in given.items()
                if key not in option or value != option[key]
            ]
            commands.append([f"source={name}", *map(shlex.quote, changed)])
    return " ".join(["gpseg data", *min(commands, key=len, default=[f"source={source['name']}"])])


def _typed(value: Any) -> str:
    """Return a value as it is typed in an override; quotes keep what Hydra would read otherwise."""
    is_plain = isinstance(value, str) and re.fullmatch(
        r"(?!(?i:null|true|false|nan|inf)$)[A-Za-z_][\w./-]*", value
    )
    return value if is_plain else json.dumps(value, ensure_ascii=False)


def load_params(path: Path, *, objects: bool = False) -> dict[str, Any]:
    """Read the project's composed configuration back from `params.yaml`, and check it (`check`)."""
    config = plain(_loaded(path))
    check(config, objects=objects)
    return config


def load_recorded(path: Path) -> dict[str, Any]:
    """Read the composed configuration of a finished run, whatever its keys and targets were called then."""
    return present_config(_resolved(_loaded(path)))


def _loaded(path: Path) -> Any:
    if not path.is_file():
        raise ConfigError(f"{path} does not exist. Write it with: dvc repro configure")
    try:
        return OmegaConf.create(OmegaConf.to_container(OmegaConf.load(path)))
    except (OmegaConfBaseException, YAMLError, UnicodeError, OSError) as error:
        raise ConfigError(f"{path} cannot be read as a configuration: {error}") from error


def check(config: Mapping[str, Any], name: str = "config", *, objects: bool = True) -> None:
    """Raise ConfigurationError with all that is wrong with a composed configuration (`problems`)."""
    if found := problems(config, name, objects=objects):
        raise ConfigurationError(found)


def problems(
    config: Mapping[str, Any],
    name: str = "config",
    *,
    objects: bool = True,
    groups: Collection[str] | None = None,
) -> list[Problem]:
    """Return the wrong keys, types, ranges and names in a composed configuration.

    Parameters
    ----------
    name : of the file in `conf/` it was composed from; one that is no whole configuration is not checked.
    objects : also look up what it names and check its arguments, which imports the libraries of all stages.
        A stage leaves this to `build`, by which it makes what it needs before it begins.
    groups : the only groups of which objects are looked up; None: all.
    """
    from gp_segmentation.schemas import configuration  # it imports pandas, which not every command needs

    if name not in configuration.WHOLE:
        return []
    if not objects:
        return configuration.configuration_problems(config, name)
    asked = {id(node) for group in groups or () for node in below(config.get(group))}

    def check_object(node: Mapping[str, Any], *roles: str) -> list[Problem]:
        return object_problems(node, *roles) if groups is None or id(node) in asked else []

    return configuration.configuration_problems(config, name, check_object)


def object_problems(node: Mapping[str, Any], *roles: str) -> list[Problem]:
    """Return what is wrong with a node: what it names, and the arguments it gives."""
    try:
        build(node, *roles)
    except ArgumentsError as error:
        return error.problems
    except ConfigError as error:
        text = str(error).removeprefix(f"cannot build {node['_target_']}: ")
        names = text.startswith("_target_ ")
        return [
            Problem("_target_", text.removeprefix("_target_ "))
            if names
            else Problem("", f"is refused: {text}")
        ]
    return []


def build(node: Mapping[str, Any], *roles: str, **arguments: Any) -> Any:
    """Build the object of a node: its `_target_` called with its other keys and `arguments`.

    Keys that only describe (`name`, `label`, `description`) are left out at the top level.

    Parameters
    ----------
    roles : what the object is for, names of `utils.targets.ROLES`; it must fit one of them (none: of all).

    Raises
    ------
    ConfigError : the target may not stand there, or refuses its arguments.
    """
    node = {key: value for key, value in node.items() if key not in DESCRIPTIVE_KEYS}
    if node.get("_target_") is None:
        raise ConfigError(f"a node with keys {sorted(node)} has no _target_: nothing to build")
    target = check_node(node, *roles)
    given = {key: value for key, value in {**node, **arguments}.items() if not key.startswith("_")}
    found = argument_problems(target, given, partial=bool(node.get("_partial_")))
    if found:
        raise ArgumentsError(node["_target_"], found)
    try:
        made = construct({**node, **arguments})
        found = _refused_parameters(made, given)
    except Exception as error:
        raise ConfigError(f"cannot build {node['_target_']}: {error}") from error
    if found:
        raise ArgumentsError(node["_target_"], found)
    return made


def _refused_parameters(made: Any, given: Mapping[str, Any]) -> list[Problem]:
    if not hasattr(made, "get_params"):
        return []
    from sklearn.utils._param_validation import validate_parameter_constraints

    return parameter_problems(made, given, validate_parameter_constraints)


def hide_secrets(output: Path) -> None:
    """Take passwords and tokens out of what Hydra wrote of a job; only the owner may read those files.

    `output` is the job's folder; a sweep has `multirun.yaml` in the folder above.
    """
    sweep = output.parent / "multirun.yaml"
    for path in [*sorted((output / ".hydra").glob("*.yaml")), *([sweep] if sweep.is_file() else [])]:
        text = path.read_text(encoding="utf-8")
        if (hidden := without_secrets(text)) != text:
            write_text(path, hidden)
        path.chmod(0o600)


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return ``{"a.b": value}`` for nested mappings; lists stay as they are."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{path}.")
        else:
            flat[path] = value
    return flat
