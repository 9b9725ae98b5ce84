"""What a value may be: checked by pydantic, and told in words when it is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError

from gp_segmentation.errors import ConfigError

#: The text "5" and true are no numbers, and neither are infinity and "not a number".
STRICT = ConfigDict(strict=True, allow_inf_nan=False, extra="forbid", arbitrary_types_allowed=True)

#: What a problem with a text of its own is called among pydantic's kinds of errors.
_OWN = "problem"
#: Longest text of a value in a message.
_SHOWN = 60


@dataclass(frozen=True)
class Problem:
    """What is wrong with a value: its key (``study.n_clusters.low``, ``report.figures[0]``), and the rest.

    `text` continues the key as a sentence, and says what to do.
    """

    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.key} {self.text}".strip()

    def concerns(self, key: str) -> bool:
        """Whether the problem is of `key`, of what is in it, or of what it is in."""
        one, other = (f"{name.replace('[', '.')}." for name in (self.key, key))
        return one.startswith(other) or other.startswith(one)


class ConfigurationError(ConfigError):
    """A configuration has problems, told one a line."""

    def __init__(self, problems: Iterable[Problem | str]) -> None:
        self.lines = [str(ConfigError(str(problem))) for problem in problems]  # each made fit to be shown
        super().__init__("; ".join(self.lines))

    def __str__(self) -> str:
        many = [f"the configuration has {len(self.lines)} problems:"] if len(self.lines) > 1 else []
        return "\n  ".join([*many, *self.lines])


def problems_of(allowed: TypeAdapter[Any], value: Any, context: Any = None) -> list[Problem]:
    """Return all that is wrong with `value`, one problem a key; nothing where it is `allowed`."""
    try:
        allowed.validate_python(value, context=context)
    except ValidationError as error:
        schema = _schema(allowed)
        found: dict[str, Problem] = {}
        for line in error.errors(include_url=False):
            problem = _problem(line, schema, value)
            found.setdefault(problem.key, problem)
        return list(found.values())
    return []


@lru_cache(maxsize=32)
def _schema(allowed: TypeAdapter[Any]) -> dict[str, Any]:
    """Return the JSON schema of a type; an empty one for a type of a library's own."""
    try:
        return allowed.json_schema()
    except PydanticInvalidForJsonSchema:
        return {}


def refusal(problems: Iterable[Problem], also: ValidationError | None = None) -> ValidationError:
    """Return what a validator raises for `problems` of its value, beside those of `also`."""
    lines = [_detail(line) for line in ([] if also is None else also.errors(include_url=False))]
    lines += [
        InitErrorDetails(type=problem_error(p.text), loc=(p.key,) if p.key else (), input=None)
        for p in problems
    ]
    return ValidationError.from_exception_data("problems", lines)


def problem_error(text: str) -> PydanticCustomError:
    """Return what a validator raises for one problem of its value."""
    return PydanticCustomError(_OWN, "{text}", {"text": text})


def one_of(names: Callable[[], Collection[str]]) -> BeforeValidator:
    """Allow the `names`, which are asked for when a value is checked."""

    def check(value: Any) -> Any:
        known = names()
        if value not in list(known):
            listed = ", ".join(known)
            raise problem_error(f"is {shown(value)}.{did_you_mean(value, known)} Give one of: {listed}")
        return value

    return BeforeValidator(check)


def rising(values: Sequence[float]) -> Sequence[float]:
    """Allow numbers of which each is larger than the one before it."""
    if any(one >= other for one, other in pairwise(values)):
        raise problem_error(f"is [{', '.join(f'{value:g}' for value in values)}]. Give rising numbers")
    return values


#: The lowest and the highest possible value.
Limits = Annotated[Sequence[float], Field(min_length=2, max_length=2), AfterValidator(rising)]


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return the question whether the nearest of the `known` names is meant; "" when none is near.

    >>> did_you_mean("n_cluster", ["linkage", "n_clusters"])
    ' Did you mean n_clusters?'
    """
    near = get_close_matches(str(name), list(known), 1, 0.7)
    return f" Did you mean {near[0]}?" if near else ""


def shown(value: object) -> str:
    """Return a value as YAML has it, shortened.

    >>> shown(True), shown(None), shown("5"), shown([1.5])
    ('true', 'null', "'5'", '[1.5]')
    """
    text = json.dumps(value) if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 4]} ..."


def dotted_keys(value: Any, prefix: str = "") -> Iterator[str]:
    """Yield every key of nested mappings, groups of keys too: ``study``, ``study.n_clusters``, ..."""
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        yield f"{prefix}{key}"
        yield from dotted_keys(inner, f"{prefix}{key}.")


def _unknown_key(key: str, value: Any, given: Any, beside: Sequence[str]) -> Problem:
    """Return the problem of a key that does not exist, with the one that may have been meant.

    That is one spelt much alike, or else one of the same last name elsewhere.

    Parameters
    ----------
    value : the whole configuration. given : what the key was set to. beside : the keys that may stand there.
    """
    parent, _, name = key.rpartition(".")
    around = _lookup(value, parent)
    if isinstance(around, Mapping) and "candidates" in around:
        return _set_while_open(key, given, around["candidates"] or {})
    prefix = key.removesuffix(name)
    others = dict.fromkeys([*(f"{prefix}{one}" for one in beside), *dotted_keys(value)])
    others.pop(key, None)
    near = get_close_matches(key, others, 1, 0.8)
    near = near or [other for other in others if other.rpartition(".")[2] == name][:3]
    if near:
        return Problem(key, f"is not known. Did you mean {' or '.join(near)}?")
    return Problem(key, f"is not known. There are {', '.join(beside)}")


def _lookup(value: Any, key: str) -> Any:
    for name in filter(None, key.split(".")):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _set_while_open(key: str, given: Any, candidates: Mapping[str, Any]) -> Problem:
    """Return the problem of a parameter of one candidate that is set for all of them."""
    group, _, parameter = key.rpartition(".")
    able = [name for name, node in candidates.items() if isinstance(node, Mapping) and parameter in node]
    name = [*able, *candidates, "OPTION"][0]
    end = f"{parameter}={'VALUE' if given is None else given}"
    return Problem(
        key,
        f"cannot be set, since {group}=open lets several compete ({', '.join(candidates)}). Choose one of "
        f"them: {group}={name} {group}.{end}, or set it for one: {group}.candidates.{name}.{end}",
    )


def _problem(line: Mapping[str, Any], schema: Mapping[str, Any], value: Any) -> Problem:
    """Return the problem that a line of pydantic's report tells of."""
    location = [part for part in line["loc"] if not str(part).startswith("<")]  # tags of alternatives
    if location[-1:] == ["[key]"]:
        location.pop()
    key, kind = _dotted(location), line["type"]
    if kind == _OWN:
        return Problem(key, str(line["msg"]))
    if kind == "extra_forbidden":
        kinds = _alternatives(_at(schema, location[:-1], schema), schema)
        names = [name for one in kinds for name in one.get("properties", {})]
        return _unknown_key(key, value, line["input"], names)
    if kind == "value_error":
        return Problem(key, f"is {shown(line['input'])}: {line['ctx']['error']}")
    wanted = _words(_at(schema, location, schema), schema)
    if kind == "missing":
        group = len(location) == 1 and wanted.startswith(("the keys", "an object"))
        remedy = f"Name an option of conf/{key}: {key}=OPTION" if group else f"Give {wanted}"
        return Problem(key, f"is missing. {remedy}")
    return Problem(key, f"is {shown(line['input'])}. {f'Give {wanted}' if wanted else line['msg']}")


def _dotted(location: Iterable[Any]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


def _detail(line: Any) -> InitErrorDetails:
    kind = problem_error(line["msg"]) if line["type"] == _OWN else line["type"]
    return InitErrorDetails(type=kind, loc=line["loc"], input=line["input"], ctx=line.get("ctx", {}))


def _at(schema: Mapping[str, Any], location: Iterable[Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of a JSON schema that describes the value at `location`; empty where there is none."""
    for part in location:
        kinds = (_inner(kind, part) for kind in _alternatives(schema, root))
        schema = next(filter(None, kinds), {})
    return schema


def _inner(kind: Mapping[str, Any], part: int | str) -> Mapping[str, Any]:
    entries = kind.get("additionalProperties")
    found = kind.get("items") if isinstance(part, int) else kind.get("properties", {}).get(part, entries)
    return found if isinstance(found, Mapping) else {}


def _alternatives(schema: Mapping[str, Any], root: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the kinds of value that a JSON schema allows, references followed."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    several = schema.get("anyOf") or schema.get("oneOf")
    return [kind for one in several for kind in _alternatives(one, root)] if several else [schema]


def _words(schema: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    """Return what a JSON schema allows, in words: ``a whole number, 2 or more, or null``."""
    return ", or ".join(filter(None, (_kind(kind, root) for kind in _alternatives(schema, root))))


def _kind(kind: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    names = kind.get("enum") or ([kind["const"]] if "const" in kind else [])
    if names:
        return f"one of: {', '.join(map(str, names))}"
    match kind.get("type"):
        case "integer" | "number" as number:
            whole = number == "integer" or kind.get("multipleOf") == 1
            return f"a{' whole' if whole else ''} number{_range(kind)}"
        case "array":
            least, most, each = kind.get("minItems", 0), kind.get("maxItems"), kind.get("items", {})
            size = f" of {least}" if least == most else f" of {least} or more" if least else ""
            return f"a list{size}, each {_words(each, root) or 'any value'}"
        case "object":
            keys = kind.get("properties", {})
            if "_target_" in keys:
                return "an object: _target_ and its arguments"
            return f"the keys {', '.join(keys)}" if keys else "names with their values"
        case "string":
            return f"text of the form {kind['pattern']}" if "pattern" in kind else "some text"
        case other:
            return {"boolean": "true or false", "null": "null"}.get(str(other), "")


def _range(kind: Mapping[str, Any]) -> str:
    least, most = kind.get("minimum"), kind.get("maximum")
    above, below = kind.get("exclusiveMinimum"), kind.get("exclusiveMaximum")
    if least is not None and most is not None:
        return f" from {least} to {most}"
    lower = f"{least} or more" if least is not None else f"above {above}" if above is not None else ""
    upper = f"at most {most}" if most is not None else f"below {below}" if below is not None else ""
    return "".join(f", {end}" for end in (lower, upper) if end)
