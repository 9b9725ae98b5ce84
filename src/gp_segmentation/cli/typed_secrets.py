"""Secrets that were typed in overrides are kept from Hydra's files."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence

from gp_segmentation.errors import ConfigError, without_secrets

log = logging.getLogger("gpseg")


def without_open_secrets(arguments: Sequence[str]) -> list[str]:
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
