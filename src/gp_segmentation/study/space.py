"""The study's space: exactly what the configuration leaves null or open."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from gp_segmentation.errors import ConfigError

#: Parameters a study can fill in, and how `conf/study` says what to try.
OPEN_PARAMETERS = ("n_clusters", "linkage")


@dataclass(frozen=True)
class Point:
    """One setting to try: a family of clusterers, a value for each parameter it leaves open, and the
    preparation of the matrix (None where there is one only).
    """

    family: str
    params: tuple[tuple[str, Any], ...]
    preparation: str | None = None

    @property
    def values(self) -> dict[str, Any]:
        return dict(self.params)


@dataclass(frozen=True)
class Family:
    """One clusterer: its configuration node and the values to try for each parameter left null."""

    name: str
    node: dict[str, Any]
    domains: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def points(self) -> list[Point]:
        """Every combination of the open parameters, linkages outermost and numbers of clusters ascending."""
        names = sorted(self.domains)  # linkage before n_clusters
        return [
            Point(self.name, tuple(zip(names, combination, strict=True)))
            for combination in product(*(self.domains[name] for name in names))
        ]


#: Preparations where nothing of the matrix is open.
ONE_WAY: Mapping[str | None, Mapping[str, Any]] = {None: {}}


@dataclass(frozen=True)
class Space:
    """Families in the order of the configuration, and the ways to prepare the matrix they are tried on.

    Attributes
    ----------
    preparations : name -> what was left open and is settled in it (scaler, ...); every combination is one.
    """

    families: tuple[Family, ...]
    preparations: Mapping[str | None, Mapping[str, Any]] = field(default_factory=lambda: ONE_WAY)

    def points(self) -> list[Point]:
        """Every point of every family, for one preparation after another."""
        points = [point for family in self.families for point in family.points()]
        return [replace(point, preparation=name) for name in self.preparations for point in points]

    @property
    def ks(self) -> list[int]:
        """Every number of clusters that some point has, ascending."""
        found = set()
        for family in self.families:
            fixed = family.node.get("n_clusters")
            found |= set(family.domains.get("n_clusters", () if fixed is None else (fixed,)))
        return sorted(found)

    @property
    def settings(self) -> dict[str, tuple[Any, ...]]:
        """What differs between preparations, and the values it has."""
        first = next(iter(self.preparations.values()))
        every = self.preparations.values()
        return {key: tuple(dict.fromkeys(settings[key] for settings in every)) for key in first}

    def preparation(self, params: Mapping[str, Any]) -> str | None:
        """The preparation in which every setting has the value it has in `params`."""
        names = (n for n, settings in self.preparations.items() if settings.items() <= params.items())
        return next(names)

    def family(self, name: str) -> Family:
        """The family called `name`."""
        return next(family for family in self.families if family.name == name)

    def node(self, choice: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration node of a choice (`study.choose`), its open parameters filled in."""
        family = self.family(choice["clusterer"])
        return family.node | {name: choice[name] for name in family.domains}


def open_space(
    clusterer: Mapping[str, Any],
    study: Mapping[str, Any],
    preparations: Mapping[str | None, Mapping[str, Any]] = ONE_WAY,
) -> Space:
    """Read the space from the composed nodes ``clusterer`` and ``study``.

    Parameters
    ----------
    clusterer : a node with ``name`` and ``_target_``, or one with ``candidates`` (family name -> such a
        node; null drops the family). Parameters that are null and known to the study are open.
    study : has ``n_clusters`` (``low`` and ``high``, or a list) and ``linkage`` (a list).
    preparations : see `Space`.

    Raises
    ------
    ConfigError : no candidate is left, or the study gives no values for an open parameter.
    """
    nodes = clusterer.get("candidates") or {str(clusterer.get("name", "clusterer")): clusterer}
    families = tuple(_family(name, node, study) for name, node in nodes.items() if node is not None)
    if not families or any("_target_" not in family.node for family in families):
        raise ConfigError(
            "clusterer has no candidate. Set clusterer=open, or name one: clusterer=kmeans|hierarchical"
        )
    return Space(families, preparations)


def _family(name: str, node: Mapping[str, Any], study: Mapping[str, Any]) -> Family:
    domains = {
        parameter: _domain(parameter, study)
        for parameter in OPEN_PARAMETERS
        if parameter in node and node[parameter] is None
    }
    return Family(name, dict(node), domains)


def _domain(parameter: str, study: Mapping[str, Any]) -> tuple[Any, ...]:
    values = study.get(parameter)
    if isinstance(values, Mapping):
        values = range(int(values["low"]), int(values["high"]) + 1)
    if not values:
        raise ConfigError(f"study.{parameter} gives no values to try. Set it, or set clusterer.{parameter}")
    return tuple(values)
