"""What goes wrong with a tracking store, in the project's words; nothing here needs MLflow."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gp_segmentation.errors import GpsegError, without_secrets

_ELSEWHERE = "correct MLFLOW_TRACKING_URI or tracking.uri, or do without: tracking=none"
#: Where MLflow takes them from for a server.
_LOGIN = "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
#: How to have another place of artefacts.
OTHER_PLACE = "name another for a new experiment: tracking.experiment=NAME tracking.artifacts=ADDRESS"


class StoreError(GpsegError):
    """The tracking store, or the place of its artefacts, does not do what it was asked.

    `problem` is the text without the remedy, for who knows a better one.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(f"{problem}. {remedy}" if remedy else problem)
        self.problem = without_secrets(problem)


@dataclass(frozen=True)
class _Kind:
    """A kind of error: how its text is known, what it means, and what to do.

    In `meaning`, ``{found}`` is what of the text was found; in `remedy`, ``{otherwise}`` how to have another
    store or another place of artefacts, ``{login}`` where user name and password are given.
    """

    text: str
    meaning: str
    remedy: str


_UNREACHABLE = ("cannot be reached ({found})", "Bring it back, or {otherwise}")

#: The first kind that fits is told.
_KINDS = (
    _Kind(
        r"is not a database|disk image is malformed",
        "is no SQLite database, or a damaged one",
        "Bring back a copy of the file, or move it away: the next run begins a new store",
    ),
    _Kind(
        r"database is locked",
        "is locked by another program",
        "Close what has it open, and run the same command again",
    ),
    _Kind(
        r"No space left on device|database or disk is full|Disk quota exceeded",
        "has no room left ({found})",
        "Make room, and run the same command again",
    ),
    _Kind(
        r"authentication failed|Access denied|no password supplied|role \S+ does not exist|error code 401|"
        r"UNAUTHENTICATED|InvalidAccessKeyId|SignatureDoesNotMatch|Unable to locate credentials",
        "refuses the user name or password ({found})",
        "Correct {login} before the next try: a wrong password, given often, locks an account",
    ),
    _Kind(
        r"error code 403|PERMISSION_DENIED|permission denied for \w+ \w+|AccessDenied",
        "does not allow this ({found})",
        "Ask who runs it for the right to write",
    ),
    _Kind(
        r'database "[^"]*" does not exist|Unknown database',
        "is not there ({found})",
        "Create the database, or correct MLFLOW_TRACKING_URI or tracking.uri",
    ),
    _Kind(
        r"Connection refused|timed out|timeout expired|Name or service not known|failed to resolve host|"
        r"Failed to resolve|(?:server|unexpectedly) closed the connection|terminating connection|"
        r"the connection is (?:closed|lost)|Connection (?:reset|aborted)|Broken pipe|No route to host|"
        r"Network is unreachable|the database system is (?:starting up|shutting down|in recovery mode)|"
        r"too many clients|too many \d+ error responses|error code 5\d\d|Could not connect|"
        r"consuming input failed|certificate verify failed|\[SSL[^\]]*\]",
        *_UNREACHABLE,
    ),
    _Kind(r"connection to server[^:]* failed|connection failed", *_UNREACHABLE),
    _Kind(
        r"readonly database|unable to open database file|Permission denied|Read-only file system|"
        r"Operation not permitted|Not a directory|Is a directory|File exists|No such file or directory",
        "cannot be written ({found})",
        "Make it writable, or {otherwise}",
    ),
    _Kind(
        r"No module named '[\w.]+'|cannot import name '\w+'",
        "needs a Python package that is not installed ({found})",
        "Install it (for PostgreSQL: pip install 'gp-segmentation[postgres]')",
    ),
    _Kind(
        r"must be in the 'active' state",
        "has no such experiment any more: it was deleted",
        "Bring it back with mlflow experiments restore, or name another: tracking.experiment=NAME",
    ),
    _Kind(
        r"Run with id=(?P<found>\S+) not found|Run '(?P<run>[^']+)' not found",
        "has no run {found}",
        "Name a run's id, or the folder of a run",
    ),
    _Kind(
        r"Registered model alias \S+ not found|Registered Model with name=\S+ not found|"
        r"Model Version \([^)]*\) not found|Logged model with ID '[^']+' not found",
        "has no such model ({found})",
        "Name one that is there, or register that of a run: gpseg champion RUN",
    ),
    _Kind(
        r"error code 404|ENDPOINT_NOT_FOUND|not in a valid JSON format|Invalid url|unsupported URI|"
        r"Could not parse SQLAlchemy URL|filesystem tracking backend|Could not find a registered artifact",
        "cannot be used: nothing that MLflow knows stands there ({found})",
        "{otherwise}",
    ),
)

#: Errors that only a mistake in the code makes: they are no errors of the store.
_MISTAKES = (AssertionError, AttributeError, NameError, TypeError)


@contextmanager
def explained(address: str, place: str | None = None) -> Iterator[None]:
    """Turn any error from within into one StoreError.

    Parameters
    ----------
    address : the store's. place : where artefacts go, when it is asked for those.
    """
    try:
        yield
    except (GpsegError, *_MISTAKES):
        raise
    except Exception as error:
        # Not chained: its text and frames name the address, password and all.
        raise _explanation(f"{type(error).__name__}: {error}", address, place) from None


def _explanation(text: str, address: str, place: str | None) -> StoreError:
    store = f"the tracking store {address}"
    what = store if place is None else f"the place of artefacts {place} of {store}"
    # Statements and their values say nothing to the user, and may be long.
    text = " ".join(re.sub(r"(?s)\s*(?:\[SQL: |\(Background on ).*", "", text).split())
    meaning, remedy = f"failed ({text[:200]})", "{otherwise}"
    for kind in _KINDS:
        if found := re.search(kind.text, text, re.IGNORECASE):
            words = next(filter(None, found.groupdict().values()), found.group())
            meaning, remedy = kind.meaning.format(found=words), kind.remedy
            break
    remedy = remedy.format(
        otherwise=_ELSEWHERE if place is None else OTHER_PLACE,
        login=_LOGIN if place is None and address.startswith("http") else "them",
    )
    return StoreError(f"{what} {meaning}", remedy[:1].upper() + remedy[1:])
