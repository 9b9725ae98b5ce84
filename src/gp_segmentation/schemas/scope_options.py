"""Keys of `conf/scope`, and what of them goes together."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from gp_segmentation.schemas.configured_values import Named, Text
from gp_segmentation.utils.allowed import Problem, shown


class Scope(Named):
    """`scope`: which area gets a pack of its own, and what is segmented."""

    kind: Literal["region", "icb", "sub_icb", "pcn", "group"] | None
    area: Text | None
    fit: Literal["england", "local"]
    grouping: Text | None
    unit: Literal["practice", "pcn"]


def aimless_scope(config: Mapping[str, Any]) -> Iterator[Problem]:
    """Keys of the scope that say something of an area where none is asked for, and groups without a file."""
    scope = config.get("scope")
    if not isinstance(scope, Mapping):
        return
    kind, grouping = scope.get("kind"), scope.get("grouping")
    aimless = [key for key, value in (("area", None), ("fit", "england")) if scope.get(key, value) != value]
    if kind is None:
        for key in aimless:
            told = (
                f"is {shown(scope[key])}, but no kind of area is asked for. Give scope=icb, or another kind"
            )
            yield Problem(f"scope.{key}", told)
    if (kind == "group") != (grouping is not None):
        told = (
            "is null, but groups are of a file. Give its path"
            if kind == "group"
            else (f"is {shown(grouping)}, but scope.kind is {shown(kind)}. Give scope=group")
        )
        yield Problem("scope.grouping", told)
