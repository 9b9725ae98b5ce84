"""Kinds of values in a configuration: numbers in a range, names that stand in the code, objects to be built.

Options are not listed here. A feature set, a clusterer or a data year is one YAML file, and what may be named
(figures, linkages, null models, ...) is read from the code that has it.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from gp_segmentation.utils.allowed import STRICT, Problem, one_of, problem_error, refusal, shown
from gp_segmentation.utils.imports import PACKAGE, names_in

#: Checks a node against what it names: ``check(node, *roles)`` returns the problems.
CheckObject = Callable[..., list[Problem]]


def figures() -> list[str]:
    """Return the names of all figures."""
    return sorted(path.stem for path in (PACKAGE / "figures").glob("[!_]*.py"))


def _names(module: str, constant: str) -> BeforeValidator:
    return one_of(partial(names_in, f"gp_segmentation.{module}", constant))


Figure = Annotated[str, one_of(figures)]
Linkage = Annotated[str, _names("clustering.hierarchical", "LINKAGES")]
NullModel = Annotated[str, _names("validity.null_models", "NULLS")]
RuleKind = Annotated[str, _names("study.rule", "RULES")]
Objective = Annotated[str, _names("study.objectives", "OBJECTIVES")]
AcrossPreparations = Annotated[str, _names("study.agreement", "ACROSS_PREPARATIONS")]
Simulated = Annotated[str, _names("sources.simulated", "TABLES")]
FileRole = Annotated[str, _names("sources.raw_folder", "ROLES")]

Text = Annotated[str, Field(min_length=1)]


def _addresses(value: Any) -> Any:
    listed = value if isinstance(value, list) else [value]
    if not listed or not all(isinstance(one, str) and one for one in listed):
        raise problem_error(f"is {shown(value)}. Give an address, a list of addresses, or null")
    return value


#: One address, or several that are tried in turn.
Addresses = Annotated[str | list[str], BeforeValidator(_addresses)]
#: Part of a folder's name.
Name = Annotated[str, Field(pattern=r"^\w[\w.\-]*$")]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Whole = Annotated[int, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]
AtLeastTwo = Annotated[int, Field(ge=2)]
#: Draws, starts, fits. With more than so many a run would not end.
Draws = Annotated[int, Field(ge=0, le=100_000)]
Starts = Annotated[int, Field(ge=1, le=100_000)]
Folds = Annotated[int, Field(ge=2, le=1000)]
#: scikit-learn takes no larger one.
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]


class Keys(BaseModel):
    """A group of keys: each must be there unless it has a default, and there is no other."""

    model_config = STRICT


class Named(Keys):
    """An option of a group: called by its file's name."""

    name: Text


class Node(Keys):
    """An object to be built: what it is (`_target_`) and its arguments; those named here have a range."""

    model_config = ConfigDict(extra="allow")

    target: Annotated[Text, Field(alias="_target_")]
    name: Text | None = None
    label: Text | None = None
    description: str | None = None
    seed: Seed | None = None
    random_state: Seed | None = None


class LaterNode(Node):
    """A node that is called later, with what it reads or writes."""

    later: Annotated[bool, Field(alias="_partial_")]


def _components(value: Any) -> Any:
    if isinstance(value, int | float) and not value > 0:
        raise problem_error(f"is {shown(value)}. Give a number of components above 0, or a share of variance")
    return value


class ReducerNode(Node):
    """A node that may say how many components are kept."""

    n_components: Annotated[Any, BeforeValidator(_components)] = None


class ClustererNode(Node):
    """A node with what the study searches where it is null."""

    n_clusters: AtLeastTwo | None = None
    linkage: Linkage | None = None


def _of_role(role: str) -> WrapValidator:
    """Check an object against what it names, where the check is given a function for that (`CheckObject`)."""

    def check(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        check_object: CheckObject | None = info.context
        named = isinstance(value, Mapping) and isinstance(value.get("_target_"), str)
        problems = check_object(value, role) if check_object is not None and named else []
        try:
            made = handler(value)
        except ValidationError as error:
            # That it cannot be built may be for the same reason.
            raise refusal([problem for problem in problems if problem.key], also=error) from None
        if problems:
            raise refusal(problems)
        return made

    return WrapValidator(check)


Imputer = Annotated[Node, _of_role("imputer")]
Outliers = Annotated[Node, _of_role("outliers")]
Scaler = Annotated[Node, _of_role("scaler")]
Reducer = Annotated[ReducerNode, _of_role("reducer")]
Clusterer = Annotated[ClustererNode, _of_role("clusterer")]
Block = Annotated[Node, _of_role("block")]
Selection = Annotated[Node, _of_role("selection")]
Special = Annotated[Node, _of_role("special")]
Sampler = Annotated[Node, _of_role("sampler")]
Reader = Annotated[LaterNode, _of_role("reader")]
England = Annotated[LaterNode, _of_role("england")]

N = TypeVar("N")


def _some_candidate(candidates: dict[str, Any]) -> dict[str, Any]:
    if not any(candidates.values()):
        raise problem_error("has none. Name one option of the group, or leave one of its candidates")
    return candidates


class Open(Named, Generic[N]):
    """Several nodes, of which the study chooses one; null drops one."""

    label: Text | None = None
    candidates: Annotated[dict[str, N | None], AfterValidator(_some_candidate)]


def _is_open(value: Any) -> str:
    return "<several>" if isinstance(value, Mapping) and "candidates" in value else "<one>"


def _has_name(node: Node) -> Node:
    if node.name is None:
        raise problem_error("has no name. Add the name of its file to it: name: NAME")
    return node


_NAMED = AfterValidator(_has_name)
_ONE, _SEVERAL, _EITHER = Tag("<one>"), Tag("<several>"), Discriminator(_is_open)
AnyImputer = Annotated[Annotated[Imputer, _NAMED, _ONE] | Annotated[Open[Imputer], _SEVERAL], _EITHER]
AnyOutliers = Annotated[Annotated[Outliers, _NAMED, _ONE] | Annotated[Open[Outliers], _SEVERAL], _EITHER]
AnyScaler = Annotated[Annotated[Scaler, _NAMED, _ONE] | Annotated[Open[Scaler], _SEVERAL], _EITHER]
AnyReducer = Annotated[Annotated[Reducer, _NAMED, _ONE] | Annotated[Open[Reducer], _SEVERAL], _EITHER]
AnyClusterer = Annotated[Annotated[Clusterer, _NAMED, _ONE] | Annotated[Open[Clusterer], _SEVERAL], _EITHER]
