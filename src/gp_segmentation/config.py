"""Compose `conf/` and build what it names; besides `cli` the only module that imports hydra."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from gp_segmentation.errors import ConfigError, without_secrets
from gp_segmentation.storage.moved_names import present_config, present_key, renamed_keys
from gp_segmentation.utils.files import write_text
from gp_segmentation.utils.targets import check_hydra, check_node

#: Resolvers a configuration may use: the environment, the time, and Hydra's own facts.
RESOLVERS = ("oc.env", "now", "hydra")
_INTERPOLATION = re.compile(r"\$\{\s*(?:(?P<resolver>[\w.]+)\s*:|[\w.\[\]]+\s*\})")

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
    return plain(_composed(root, overrides, name))


def compose_yaml(root: Path) -> str:
    """Compose `conf/config.yaml` as YAML, resolved but for what comes from the environment.

    The environment may hold passwords, and the text is for a file that is kept.
    """
    cfg = _composed(root, (), "config")
    resolved = plain(cfg)
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


def _composed(root: Path, overrides: Sequence[str], name: str, *, with_hydra: bool = False) -> Any:
    refuse_renamed(overrides)
    GlobalHydra.instance().clear()
    with initialize_config_dir(version_base="1.3", config_dir=str(root / "conf")):
        return compose(config_name=name, overrides=list(overrides), return_hydra_config=with_hydra)


def check_hydra_of(root: Path, name: str, arguments: Sequence[str]) -> None:
    """Refuse a configuration whose `hydra` node runs code; Hydra acts on that node before any job begins.

    `arguments` are those of the command line; overrides that sweep over values say nothing of this node.
    """
    single = [text for text in arguments if not (text.startswith("-") or _sweeps(text))]
    try:
        composed = _composed(root, single, name, with_hydra=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(str(error).strip()) from None  # Hydra's own line would show passwords
    check_hydra(cast(dict[str, Any], OmegaConf.to_container(composed.hydra, resolve=False)))


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
        _check_interpolations(key, str(value))
    value = cast(dict[Any, Any], OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True))
    return {str(key): node for key, node in value.items() if key != "hydra"}


def _check_interpolations(key: str, text: str) -> None:
    """Refuse what is no reference to a key and no known resolver: others make nodes or run code."""
    for begun in re.finditer(r"\$\{", text):
        found = _INTERPOLATION.match(text, begun.start())
        if found is None or found["resolver"] not in (None, *RESOLVERS):
            raise ConfigError(
                f"{key} holds the interpolation {text[begun.start() :][:60]}; allowed are ${{a.key}} and the "
                f"resolvers {', '.join(RESOLVERS)}. Write the value itself"
            )


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
    try:
        return OmegaConf.create(OmegaConf.to_container(OmegaConf.load(path)))
    except (OmegaConfBaseException, YAMLError, UnicodeError, OSError) as error:
        raise ConfigError(f"{path} cannot be read as a configuration: {error}") from error


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
    check_node(node, *roles)
    try:
        return instantiate(node, _convert_="all", **arguments)
    except Exception as error:
        # Hydra wraps what the target raised; the user needs the cause and which object it was.
        cause = error.__cause__ or error
        raise ConfigError(f"cannot build {node['_target_']}: {cause}") from error


def _sweeps(override: str) -> bool:
    """Whether an override names several values; ConfigError where Hydra cannot read it."""
    try:
        (parsed,) = OverridesParser.create().parse_overrides([override])
    except HydraException as error:
        problem = " ".join(str(error).splitlines()[:1])
        raise ConfigError(
            f"{override!r} is no override ({problem}). Put values with {{ or , in quotes"
        ) from None
    return bool(parsed.is_sweep_override())


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
