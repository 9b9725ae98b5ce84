"""What a configuration is known by."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

#: How to get from a page or a workbook to its run: stands above the names and values of `identity`.
TO_TRACE = (
    "search MLflow for the run with the tags below; it has the git commit, the hash of the raw data in DVC, "
    "the date, and the whole configuration."
)
#: Parts of the configuration that change no result.
WITHOUT_EFFECT = ("jobs", "tracking")


def configuration_hash(cfg: Mapping[str, Any]) -> str:
    """Return the SHA-256 over a configuration, without what changes no result."""
    counted = {key: value for key, value in cfg.items() if key not in WITHOUT_EFFECT}
    return hashlib.sha256(json.dumps(counted, sort_keys=True, default=str).encode()).hexdigest()


def identity(cfg: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, str]:
    """Return what a run's pages, workbooks, figures and MLflow run share: hashes of configuration and data.

    Parameters
    ----------
    cfg : the whole configuration. source : the contents of source.json.
    """
    return {"configuration_hash": configuration_hash(cfg), **identity_of_data(source)}


def identity_of_data(source: Mapping[str, Any]) -> dict[str, str]:
    """Return the part of `identity` that the data have, for what is made by a part of the configuration."""
    return {"data_fingerprint": str(source.get("fingerprint") or "not known")}
