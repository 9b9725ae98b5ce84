"""The project's own errors: each names the thing, what was found and the remedy."""

import re
import unicodedata
from typing import Any

#: Who is asked for in an address, with or without a password: ``scheme://name:password@host``. The last form
#: has a password with blanks, which is no port.
_USER = re.compile(
    r"""(?<=://)(?:[^\s/@'"]*:\S*|[^\s/@'"?#]+|[^\s/@'"]+:(?!\d{1,5}(?!\w))(?=\S)[^@\n]*)@(?=[^\s@])"""
)
_QUOTED_USER = re.compile(r"(?i)(?<=%3A%2F%2F)[^\s&'\"]*?%40")
#: What a secret is called, alone or at the end of a longer name (``AWS_SECRET_ACCESS_KEY``).
_NAME = (
    r"[\w.-]*(?:pass(?:word|wd|phrase|code|(?==))|pwd|secret|token|credentials?|signature|sig|cookie|"
    r"(?<![a-z])auth(?:orization)?|session[_-]?id|(?:api|access|account|encryption|master|private|secret|"
    r"session|shared|signing|storage|subscription)[_-]?(?:access[_-]?)?key(?:[_-]?id)?)"
)
#: What may stand in quotes: no line that begins another entry of YAML.
_INSIDE = r"""(?:[^\n]|\n(?![ \t]*(?:-[ ]|['"]?[\w.-]+['"]?:[ ])))"""
#: In quotes (escaped or doubled where the text itself stands in quotes), in braces, or up to what often ends
#: a value: after a colon that is another name, not a blank. After a quote that nothing closes, the line.
_VALUE = (
    r"""(?!(?:null|none|true|false)(?:[\s,;&)}\]'"]|$))(?:"""
    r"""(?P<outer>\\+['"]|(?:'{2,}|"{2,})(?=[^\s,;&)}\]'"]))"""
    rf"""(?:(?P=outer){{2}}|(?!(?<!\\)(?P=outer)){_INSIDE})*(?<!\\)(?P=outer)|"""
    rf"""(?P<quote>['"])(?:\\+.|(?P=quote){{2}}|(?!(?P=quote)){_INSIDE})*(?P=quote)|"""
    r"""\\*['"][^\n]*|\{[^}\n]*\}|"""
    r"""(?(colon)(?:(?!\s['"]?[\w.-]+['"]?\s*[:=])[^,;}\]'"\n])*[^\s,;}\]'"\n]|"""
    r"""(?:[^\s&;,'"]|['"](?=\w))*[^\s&;,'".)}\]]))"""
)
#: ``password=...``, ``"token": "..."``, ``Authorization: Bearer ...``, ``--token ...``, in whatever text.
_NAMED = re.compile(
    rf"""(?is)(?<![\w.-])(?P<name>['"]?{_NAME}\\*['"]{{0,4}}\s*(?:=|%3D|(?P<colon>:(?!//)))\s*)"""
    rf"""(?:(?:bearer|basic|token)\s+)?{_VALUE}"""
)
_OPTION = re.compile(rf"""(?is)(?P<name>--{_NAME}\\*['"]{{0,4}}(?:,\s*|\s+))(?P<colon>(?!))?{_VALUE}""")
#: Such a key on a line of its own (YAML, headers): the whole line, and the lines below that belong to it.
_LINE = re.compile(
    rf"""(?im)^(?P<indent>[ \t]*)(?P<name>(?:-[ ])?(?P<quote>['"]?){_NAME}(?P=quote):[ \t]+)"""
    r"""[^\s'"{\[][^\n]*(?:\n(?P=indent)[ \t]+\S[^\n]*)*"""
)
#: Parameters of an address whose names would say too little elsewhere; the key of a view of MLflow is none.
_PARAMETER = re.compile(r"(?i)([?&](?!viewStateShareKey=)[\w.-]*(?:key|sas|session|sid|jwt)=)[^\s&#'\"]+")
_BEARER = re.compile(r"\b((?i:bearer|basic))\s+(?=\S*(?:\d|[a-z][A-Z]|[+/=]))[\w.~+/=-]{8,}")
#: Tokens that are known by their shape alone.
_SHAPES = re.compile(
    r"\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|A(?:KIA|SIA)[0-9A-Z]{16}|"
    r"AIza[\w-]{20,}|npm_\w{16,}|[rs]k_(?:live|test)_\w{8,}|ya29\.[\w-]{16,}|"
    r"sk-[\w-]{16,}|hf_\w{16,}|dapi[0-9a-f]{16,}|pypi-[\w-]{16,}|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?)"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)

#: What Unicode calls letters, marks and symbols although nothing is to be seen of them. The two variation
#: selectors that make an emoji of a sign are left: emoji need them.
_EMPTY = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0d\uffa0\U000e0100-\U000e01ef]"
)


def without_secrets(text: str) -> str:
    """Return `text` with every password, token and key in it made unreadable.

    Known are names and passwords in addresses, values of parameters and keys that are called as secrets are
    (in addresses, connection strings, headers, command lines, YAML, JSON), and tokens that have a shape of
    their own. YAML and JSON stay readable as such.

    >>> without_secrets("https://ann:s3cret@example.org/mlflow?token=abc failed")
    'https://***@example.org/mlflow?token=*** failed'
    >>> without_secrets("host=db user=ann password='my word' dbname=mlflow")
    "host=db user=ann password='***' dbname=mlflow"
    >>> without_secrets("api_key: abc def")
    "api_key: '***'"
    """
    for pattern, shown in (
        (_PRIVATE_KEY, "***"),
        (_USER, "***@"),
        (_QUOTED_USER, "***%40"),
        (_LINE, r"\g<indent>\g<name>'***'"),
        (_NAMED, _hidden_value),
        (_OPTION, _hidden_value),
        (_PARAMETER, r"\1***"),
        (_BEARER, r"\1 ***"),
        (_SHAPES, "***"),
    ):
        text = pattern.sub(shown, text)
    return text


def _hidden_value(found: re.Match[str]) -> str:
    """Return the name, and stars in the quotes there were; YAML reads bare stars as a reference."""
    before = found.string[max(0, found.start() - 9) : found.start()]
    in_braces = before.rstrip().endswith(("{", ","))
    quote = found["outer"] or found["quote"] or ("'" if found["colon"] and in_braces else "")
    return f"{found['name']}{quote}***{quote}"


def visible(text: str) -> str:
    r"""Return `text` as one line in which every character is seen and none is obeyed.

    A character that a screen or a program would obey instead of showing it (direction of writing, zero width,
    controls such as escape, line separators, halves of surrogate pairs) is written as its number in Unicode.
    Tabs, line ends and blanks of any width become blanks. Letters of every language and emoji stay.

    >>> visible("Oak\u202eexe.bat"), visible("\x1b[31mred"), visible("Tŷ Gŵyr, عيادة 😀")
    ('Oak{U+202E}exe.bat', '{U+001B}[31mred', 'Tŷ Gŵyr, عيادة 😀')
    """
    if text.isprintable() and not _EMPTY.search(text):
        return text
    return "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    if character in "\t\r\n" or unicodedata.category(character) == "Zs":
        return " "
    hidden = not character.isprintable() or _EMPTY.match(character)
    return f"{{U+{ord(character):04X}}}" if hidden else character


class GpsegError(Exception):
    """Base of every error this project raises on purpose; its text is meant for the user.

    Passwords in addresses never show in it, and what it quotes from data is shown, never obeyed.
    """

    def __init__(self, text: str = "") -> None:
        super().__init__(visible(without_secrets(text)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Come from another process as it was: what a subclass is made from is not what it keeps."""
        return _remade, (type(self), str(self), self.__dict__)


def _remade(kind: type[GpsegError], text: str, state: dict[str, Any]) -> GpsegError:
    error = kind.__new__(kind, text)
    error.__dict__.update(state)
    return error


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
        self.problem = visible(problem)
        where = [file if member is None else f"{file}: {member}"]
        where += [] if row is None else [f"row {row}"]
        where += [] if column is None else [f"column {column}"]
        text = f"{', '.join(where)}: {problem}"
        super().__init__(text if remedy is None else f"{text.rstrip('.')}. {remedy}")


class ConfigError(GpsegError):
    """A configuration asks for something that cannot be done; the text names the key and the remedy."""
