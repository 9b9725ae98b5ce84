"""The project's own errors: each names the thing, what was found and the remedy."""

import re

#: Name and password in an address: ``scheme://name:password@host``.
_CREDENTIALS = re.compile(r"(?<=://)[^\s/@'\"]*:[^\s'\"]*@(?=[^\s@])")


def without_secrets(text: str) -> str:
    """Return `text` with the names and passwords of addresses in it made unreadable.

    >>> without_secrets("https://ann:s3cret@example.org/mlflow failed")
    'https://***@example.org/mlflow failed'
    """
    return _CREDENTIALS.sub("***@", text)


class GpsegError(Exception):
    """Base of every error this project raises on purpose; its text is meant for the user.

    Passwords in addresses never show in it.
    """

    def __init__(self, text: str = "") -> None:
        super().__init__(without_secrets(text))


class InputError(GpsegError):
    """A file or table is not what it should be.

    The text reads ``FILE[: MEMBER][, row N][, column C]: PROBLEM. REMEDY``; rows are counted as in the
    file, the header being row 1.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str,
        member: str | None = None,
        row: int | None = None,
        column: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.file, self.member, self.row, self.column, self.remedy = file, member, row, column, remedy
        self.problem = problem
        where = [file if member is None else f"{file}: {member}"]
        where += [] if row is None else [f"row {row}"]
        where += [] if column is None else [f"column {column}"]
        text = f"{', '.join(where)}: {problem}"
        super().__init__(text if remedy is None else f"{text.rstrip('.')}. {remedy}")


class ConfigError(GpsegError):
    """A configuration asks for something that cannot be done; the text names the key and the remedy."""
