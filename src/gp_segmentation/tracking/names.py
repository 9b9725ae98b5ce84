"""Names of parameters, metrics and tags: those with a meaning, and all others such that MLflow takes them."""

import getpass
import hashlib
import re
from collections import Counter
from collections.abc import Iterable

#: Longest name that MLflow's server accepts, of whatever: an experiment, a run, a parameter, a metric, a tag.
MAX_NAME = 250

#: Tags of MLflow's own: a run's name, who ran it, the run it is below, its description.
NAME, USER, PARENT, NOTE = "mlflow.runName", "mlflow.user", "mlflow.parentRunId", "mlflow.note.content"
#: Tag that says what a run is: `RUN` (a segmentation), `TRIAL` (one that its study tried), `SWEEP`, or
#: `PANEL` (several years in the segments of a run).
KIND, RUN, TRIAL, SWEEP, PANEL = "kind", "run", "trial", "sweep", "panel"

#: Parameters that runs are sorted by; they stand first, and all others below `OTHERS`.
SHORT = ("k", "method", "linkage", "features", "scaler", "reducer", "outliers", "source", "scope")
OTHERS = "conf."


def fitting(names: Iterable[str]) -> dict[str, str]:
    """Map every name to one that MLflow takes; different names stay different.

    A name that is fit stays as it is. In others, what MLflow refuses (brackets, ``&``, two slashes in a row)
    becomes ``_`` and the end is cut off; where two would then be the same, those that were changed end in
    a part of the hash of what they were.

    >>> fitting(["list & size", "a//b", "k"])
    {'list & size': 'list _ size', 'a//b': 'a/_/b', 'k': 'k'}
    """
    changed = {name: _fit(name) for name in names}
    count = Counter(changed.values())
    return {
        name: fit if fit == name or count[fit] == 1 else _distinct(fit, name) for name, fit in changed.items()
    }


def user() -> str:
    """Return who runs this."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # a container whose user has no name
        return "unknown"


def _fit(name: str) -> str:
    # A server on Windows also refuses colons.
    parts = re.sub(r"[^/\w.\- ]", "_", name).split("/")
    return "/".join("_" if part in ("", ".") else re.sub(r"^\.\.", "__", part) for part in parts)[
        :MAX_NAME
    ].rstrip("/")


def _distinct(fit: str, name: str) -> str:
    mark = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:8]
    return f"{fit[: MAX_NAME - 9]}-{mark}"
