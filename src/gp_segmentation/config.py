"""Compose `conf/` and build what it names; besides `cli` the only module that imports hydra."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.utils import get_object, instantiate
from omegaconf import OmegaConf

from gp_segmentation.errors import ConfigError
from gp_segmentation.storage.moved_names import present_config, present_key, renamed_keys

#: Packages a `_target_` may come from: a configuration file must not be able to run anything else.
ALLOWED_PACKAGES = ("gp_segmentation", "sklearn", "scipy", "optuna")

#: The project's own rooms that a configuration file may build from.
ROOMS = ("clustering", "features", "matrix", "sources", "study")

#: Keys that say what a node is; they are for people and tables, never arguments of its object.
DESCRIPTIVE_KEYS = ("name", "label", "description")


def project_root(start: Path | None = None) -> Path:
    """Return the folder of `conf/config.yaml`: `GPSEG_ROOT`, else the first one upwards of `start`."""
    if named := os.environ.get("GPSEG_ROOT"):
        return Path(named).resolve()
    here = (start or Path.cwd()).resolve()
    checkout = Path(__file__).resolve().parents[2]
    for folder in (here, *here.parents, checkout):
        if (folder / "conf" / "config.yaml").is_file():
            return folder
    raise ConfigError(f"no conf/config.yaml in {here} or above it. Run inside the project, or set GPSEG_ROOT")


def compose_config(root: Path, overrides: Sequence[str] = (), name: str = "config") -> dict[str, Any]:
    """Compose `conf/<name>.yaml` below `root` with Hydra overrides; every interpolation is resolved."""
    refuse_renamed(overrides)
    GlobalHydra.instance().clear()
    with initialize_config_dir(version_base="1.3", config_dir=str(root / "conf")):
        return plain(compose(config_name=name, overrides=list(overrides)))


def plain(cfg: Any) -> dict[str, Any]:
    """Turn a composed configuration into plain dicts and lists, resolved; refuse keys that were renamed."""
    config = _resolved(cfg)
    for key in renamed_keys(config):
        raise _renamed(key)
    return config


def _resolved(cfg: Any) -> dict[str, Any]:
    value = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    if not isinstance(value, dict):
        raise ConfigError(f"the configuration is a {type(value).__name__}, not a mapping")
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


def load_params(path: Path) -> dict[str, Any]:
    """Read the project's composed configuration back from `params.yaml`."""
    return plain(_loaded(path))


def load_recorded(path: Path) -> dict[str, Any]:
    """Read the composed configuration of a finished run, whatever its keys and targets were called then."""
    return present_config(_resolved(_loaded(path)))


def _loaded(path: Path) -> Any:
    if not path.is_file():
        raise ConfigError(f"{path} does not exist. Write it with: dvc repro configure")
    return OmegaConf.create(OmegaConf.to_container(OmegaConf.load(path)))


def build(node: Mapping[str, Any], **arguments: Any) -> Any:
    """Build the object of a node: its `_target_` called with its other keys and `arguments`.

    Keys that only describe (`name`, `label`, `description`) are left out at the top level.
    Raises ConfigError when the target lies outside `ALLOWED_PACKAGES` or refuses its arguments.
    """
    node = {key: value for key, value in node.items() if key not in DESCRIPTIVE_KEYS}
    _check_targets(node)
    if "_target_" not in node:
        raise ConfigError(f"a node with keys {sorted(node)} has no _target_: nothing to build")
    try:
        return instantiate(node, _convert_="all", **arguments)
    except Exception as error:
        # Hydra wraps what the target raised; the user needs the cause and which object it was.
        cause = error.__cause__ or error
        raise ConfigError(f"cannot build {node['_target_']}: {cause}") from error


def _check_target(target: str) -> None:
    """Refuse what is not from an allowed package, by its name or by where it was really defined.

    The name alone would not do: every module also offers what it imports (``gp_segmentation.cli.sys.exit``).
    """
    package, *inner = target.split(".")
    refused = ConfigError(
        f"_target_ {target} is not allowed; it must come from one of: {', '.join(ALLOWED_PACKAGES)}"
    )
    closed = package == "gp_segmentation" and inner[:1] and inner[0] not in ROOMS
    if package not in ALLOWED_PACKAGES or closed or any(part.startswith("_") for part in inner):
        raise refused
    try:
        found = get_object(target)
    except Exception as error:
        raise ConfigError(f"_target_ {target} does not exist: {error}") from error
    home = str(getattr(found, "__module__", None) or package)
    if not callable(found) or home.split(".")[0] not in ALLOWED_PACKAGES:
        raise refused


def _check_targets(node: Any) -> None:
    if isinstance(node, Mapping):
        if node.get("_target_") is not None:
            _check_target(str(node["_target_"]))
        for value in node.values():
            _check_targets(value)
    elif isinstance(node, list | tuple):
        for value in node:
            _check_targets(value)


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
