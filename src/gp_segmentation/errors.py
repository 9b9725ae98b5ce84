"""The project's own errors: each names the thing, what was found and the remedy."""

import re

#: Who is asked for in an address, with or without a password: ``scheme://name:password@host``.
_USER = re.compile(r"(?<=://)(?:[^\s/@'\"]*:[^\s'\"]*|[^\s/@'\"?#]+)@(?=[^\s@])")
_VALUE = r"""(?:'[^']*'|"[^"]*"|[^\s&;,'"]*[^\s&;,'".])"""
#: What a secret is called, alone or at the end of a longer name (``AWS_SECRET_ACCESS_KEY``).
_NAME = (
    r"[\w.-]*(?:pass(?:word|wd|phrase)|pwd|secret|token|credentials?|signature|sig|authorization|api[_-]?key|"
    r"(?:access|account|private|shared|storage)[_-]?(?:access[_-]?)?key(?:[_-]?id)?)"
)
#: ``password=...``, ``"token": "..."``, ``Authorization: Bearer ...``, in whatever text.
_NAMED = re.compile(
    rf"""(?i)(?<![\w.-])(['"]?{_NAME}['"]?\s*(?:=|:(?!//))\s*)(?:(?:bearer|basic|token)\s+)?{_VALUE}"""
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}")
#: Tokens that are known by their shape alone.
_SHAPES = re.compile(
    r"\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|A(?:KIA|SIA)[0-9A-Z]{16}|"
    r"sk-[\w-]{16,}|hf_\w{16,}|dapi[0-9a-f]{16,}|pypi-[\w-]{16,}|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?)"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)


def without_secrets(text: str) -> str:
    """Return `text` with every password, token and key in it made unreadable.

    Known are names and passwords in addresses, values of parameters and keys that are called as secrets are
    (in addresses, connection strings, headers, YAML, JSON), and tokens that have a shape of their own.

    >>> without_secrets("https://ann:s3cret@example.org/mlflow?token=abc failed")
    'https://***@example.org/mlflow?token=*** failed'
    >>> without_secrets("host=db user=ann password='my word' dbname=mlflow")
    'host=db user=ann password=*** dbname=mlflow'
    """
    for pattern, shown in (
        (_PRIVATE_KEY, "***"),
        (_USER, "***@"),
        (_NAMED, r"\1***"),
        (_BEARER, r"\1 ***"),
        (_SHAPES, "***"),
    ):
        text = pattern.sub(shown, text)
    return text


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
