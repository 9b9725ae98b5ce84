"""conf/ -> params.yaml."""

import os
import re
from pathlib import Path
from typing import Any

import yaml

from gp_segmentation import config
from gp_segmentation.errors import ConfigError, without_secrets
from gp_segmentation.utils.files import write_text

_REFERENCE = r"\$\{[^}]*\}"
#: What may stand in a kept file: references to the environment, and a database's user without a password.
_HARMLESS = re.compile(
    rf"(?<!http://)(?<!https://)(?<=://)(?:[^\s:/@$]*|{_REFERENCE}):?(?:{_REFERENCE})?@|{_REFERENCE}"
)
#: Variables of the environment that are shorter stand in many a value by chance.
SHORTEST = 4


def run(root: Path) -> None:
    """Compose `conf/` into `params.yaml`, unless DVC has just done so with an experiment's overrides.

    DVC writes what comes from the environment into that file; here it becomes a reference to it again.

    Raises
    ------
    ConfigError : a password or token would stand in `params.yaml`, which git keeps. It is taken out of there.
    """
    path = root / "params.yaml"
    if os.environ.get("DVC_EXP_NAME"):
        before = path.read_text(encoding="utf-8")
        text = config.to_yaml(_each(_reopened, yaml.safe_load(before)))
    else:
        before, text = "", config.compose_yaml(root)
    found = [key for key, value in config.flatten(yaml.safe_load(text)).items() if _is_open(key, value)]
    if found:
        if before:
            write_text(path, config.to_yaml(_each(_hidden, yaml.safe_load(before))))
        raise ConfigError(
            f"{', '.join(found)}: a password or token would stand in params.yaml, which git keeps. Put it "
            "into a variable of the environment and write ${oc.env:NAME} in conf/; the address of the "
            "tracking store can be given as MLFLOW_TRACKING_URI"
        )
    if text != before:
        write_text(path, text)
    if before:
        config.load_params(path, objects=True)  # DVC composes, and checks nothing


def _each(change: Any, node: Any, key: str = "") -> Any:
    """Return `node` with ``change(key, text)`` in the place of every text."""
    if isinstance(node, dict):
        return {name: _each(change, value, str(name)) for name, value in node.items()}
    if isinstance(node, list):
        return [_each(change, value, key) for value in node]
    return change(key, node) if isinstance(node, str) else node


def _is_open(key: str, value: Any) -> bool:
    """Whether a secret can be read in a value."""
    text = f"{key}={_HARMLESS.sub('', str(value))}"
    return isinstance(value, str | list) and without_secrets(text) != text


def _hidden(key: str, text: str) -> str:
    return "***" if _is_open(key, text) else text


def _reopened(key: str, text: str) -> str:
    """Return a text with a secret as a reference to the variable of the environment that it is from."""
    if not _is_open(key, text):
        return text
    for name, value in sorted(os.environ.items(), key=lambda variable: (-len(variable[1]), variable[0])):
        reference = text.replace(value, f"${{oc.env:{name}}}") if len(value) >= SHORTEST else text
        if not _is_open(key, reference):
            return reference
    return text
