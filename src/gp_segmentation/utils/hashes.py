"""What a configuration is known by."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

#: Parts of the configuration that change no result.
WITHOUT_EFFECT = ("jobs", "tracking")


def configuration_hash(cfg: Mapping[str, Any]) -> str:
    """Return the SHA-256 over a configuration, without what changes no result."""
    counted = {key: value for key, value in cfg.items() if key not in WITHOUT_EFFECT}
    return hashlib.sha256(json.dumps(counted, sort_keys=True, default=str).encode()).hexdigest()


def identity(cfg: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, str]:
    """Return what a run's pages, figures and MLflow run have in common: hashes of configuration and data.

    Parameters
    ----------
    cfg : the whole configuration. source : the contents of source.json.
    """
    fingerprint = str(source.get("fingerprint") or "not known")
    return {"configuration_hash": configuration_hash(cfg), "data_fingerprint": fingerprint}
