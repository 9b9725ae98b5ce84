"""The arguments that a configuration gives to an object: known, of the right types, within their ranges."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from types import SimpleNamespace
from typing import Any, get_type_hints

from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError

from gp_segmentation.errors import ConfigError
from gp_segmentation.utils.allowed import STRICT, Problem, did_you_mean, problems_of, shown

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)

#: Parameters that the study sets where they are null; its estimators have none of their own for null.
_OPEN = ("n_clusters", "n_components", "linkage")

#: A value that no parameter takes.
_REFUSED = object()


class ArgumentsError(ConfigError):
    """An object refuses its arguments; `problems` has one for each of them."""

    def __init__(self, target: str, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(f"cannot build {target}: {'; '.join(map(str, self.problems))}")


def argument_problems(
    target: Callable[..., Any], given: Mapping[str, Any], *, partial: bool = False
) -> list[Problem]:
    """Return the arguments that `target` does not know, that it lacks, and those of a type it does not take.

    A type may have a range: ``Annotated[float, Field(gt=0)]``.

    Parameters
    ----------
    partial : more arguments come when it is called, so that only those by keyword can be missing.
    """
    parameters = {
        name: parameter
        for name, parameter in inspect.signature(target).parameters.items()
        if parameter.kind in _NAMED
    }
    kinds = {parameter.kind for parameter in inspect.signature(target).parameters.values()}
    problems = []
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        problems += [_unknown(name, parameters) for name in given if name not in parameters]
    for name, parameter in parameters.items():
        later = partial and parameter.kind is not inspect.Parameter.KEYWORD_ONLY
        if parameter.default is inspect.Parameter.empty and name not in given and not later:
            problems.append(Problem(name, "is missing. Give it"))
    hints = _hints(target)
    for name in (name for name in given if name in hints and name in parameters):
        problems += [_below(name, problem) for problem in _wrong_type(hints[name], given[name])]
    return problems


def parameter_problems(
    estimator: Any, given: Mapping[str, Any], validate: Callable[..., None]
) -> list[Problem]:
    """Return the parameters that an estimator of scikit-learn's kind refuses, and those within it.

    Asked are the constraints it declares, and its own ``check_parameters`` if it has one.

    Parameters
    ----------
    estimator : unfitted. given : the arguments it was made from, some perhaps of other names.
    validate : scikit-learn's own check, ``validate_parameter_constraints(constraints, values, name)``.
    """
    constraints = getattr(estimator, "_parameter_constraints", {})
    problems = []
    for name, value in estimator.get_params(deep=False).items():
        if hasattr(value, "get_params") and not inspect.isclass(value):
            inner = parameter_problems(value, given, validate)
            problems += [p if p.key in given else _below(name, p) for p in inner]
        elif name in constraints and constraints[name] != "no_validation":
            problems += _constrained(estimator, name, value, constraints[name], validate)
    if hasattr(estimator, "check_parameters"):
        try:
            estimator.check_parameters()
        except ConfigError as error:
            problems.append(Problem("", f"is refused: {error}"))
    return problems


def _constrained(
    estimator: Any, name: str, value: Any, allowed: Any, validate: Callable[..., None]
) -> list[Problem]:
    if value is None and name in _OPEN:
        return []
    default = inspect.signature(type(estimator)).parameters[name].default
    endless = isinstance(value, float) and not math.isfinite(value) and value is not default
    # Python takes true for the number 1, and so does scikit-learn.
    switch = isinstance(value, bool) and not any(
        one in ("boolean", "verbose") or one is bool for one in allowed
    )
    try:
        checked = _REFUSED if endless or switch else value
        validate({name: allowed}, {name: checked}, type(estimator).__name__)
    except ValueError as error:
        wanted = re.search(r"must be (.*)\. Got", str(error))
        return [Problem(name, f"is {shown(value)}. Give {wanted[1]}" if wanted else str(error))]
    return []


def _unknown(name: str, parameters: Mapping[str, Any]) -> Problem:
    known = f" There are {', '.join(parameters)}" if parameters else " There are none"
    return Problem(name, f"is not known.{did_you_mean(name, parameters) or known}")


def _hints(target: Callable[..., Any]) -> dict[str, Any]:
    """Return parameter -> type, as far as the target says."""
    described: Any = target.__init__ if inspect.isclass(target) and not is_dataclass(target) else target
    try:
        return get_type_hints(described, include_extras=True)
    except NameError:  # some types are imported for a library's own checks only
        found: dict[str, Any] = {}
        for name, hint in described.__annotations__.items():
            with suppress(NameError):
                one = SimpleNamespace(__annotations__={name: hint})
                found |= get_type_hints(one, described.__globals__, include_extras=True)
        return found


def _wrong_type(hint: Any, value: Any) -> list[Problem]:
    if isinstance(value, Mapping) and "_target_" in value:
        return []  # an object within the object, which is checked when it is built
    try:
        allowed: TypeAdapter[Any] = TypeAdapter(hint, config=STRICT)
    except PydanticUserError:  # a class of pydantic's own has its own strictness
        allowed = TypeAdapter(hint)
    return problems_of(allowed, value)


def _below(name: str, problem: Problem) -> Problem:
    inner = problem.key if problem.key.startswith("[") or not problem.key else f".{problem.key}"
    return Problem(f"{name}{inner}", problem.text)
