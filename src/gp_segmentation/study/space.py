"""The study's search space: exactly what the configuration leaves null or open."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from gp_segmentation.errors import ConfigError

#: Parameters of a clusterer that a study can search.
OPEN_PARAMETERS = ("n_clusters", "linkage")


@dataclass(frozen=True)
class Point:
    """One setting to try: a family, its open parameters, and the preparation of the matrix (None for one)."""

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


#: The preparations where nothing about the matrix is open.
ONE_PREPARATION: Mapping[str | None, Mapping[str, Any]] = {None: {}}


@dataclass(frozen=True)
class Space:
    """Families in the order of the configuration, and the preparations of the matrix to try them on.

    Attributes
    ----------
    preparations : name -> the settings that were left open (scaler, ...) with their values in it.
    """

    families: tuple[Family, ...]
    preparations: Mapping[str | None, Mapping[str, Any]] = field(default_factory=lambda: ONE_PREPARATION)

    def points(self) -> list[Point]:
        """Every point: by preparation, family, linkage and number of clusters, the last changing fastest."""
        points = []
        for family in self.families:
            names = sorted(family.domains)  # linkage before n_clusters
            combinations = product(*(family.domains[name] for name in names))
            points += [Point(family.name, tuple(zip(names, values, strict=True))) for values in combinations]
        return [replace(point, preparation=name) for name in self.preparations for point in points]

    @property
    def ks(self) -> list[int]:
        """Every number of clusters that some point has, ascending."""
        ks = set()
        for family in self.families:
            fixed = family.node.get("n_clusters")
            ks |= set(family.domains.get("n_clusters", () if fixed is None else (fixed,)))
        return sorted(ks)

    @property
    def settings(self) -> dict[str, tuple[Any, ...]]:
        """What differs between preparations, and the values it takes."""
        every = list(self.preparations.values())
        return {key: tuple(dict.fromkeys(settings[key] for settings in every)) for key in every[0]}

    def preparation(self, params: Mapping[str, Any]) -> str | None:
        """The preparation whose settings all have their values in `params`."""
        return next(name for name, own in self.preparations.items() if own.items() <= params.items())

    def family(self, name: str) -> Family:
        return next(family for family in self.families if family.name == name)

    def node_of(self, point: Point) -> dict[str, Any]:
        """The configuration node of a point: open parameters filled in, K-means with the starts it needs."""
        node = self.family(point.family).node | point.values
        k, starts = node.get("n_clusters"), node.get("n_init")
        if "n_clusters" in point.values and isinstance(k, int) and type(starts) is int:
            node["n_init"] = enough_starts(starts, k)
        return node

    def node(self, choice: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration node of a choice (`study.choose`), as `node_of`."""
        family = self.family(choice["clusterer"])
        return self.node_of(Point(family.name, tuple((name, choice[name]) for name in family.domains)))


def enough_starts(starts: int, k: int) -> int:
    """How many starts K-means needs for k clusters, where `starts` are enough for up to ten.

    The more clusters, the more minima: from about twelve on, ten starts end in partitions that differ between
    seeds (adjusted Rand index .70 to .97 at fifteen), which 25 no longer do. They grow with the square of k:
    ten become 25 at k = 15 and 45 at k = 20.
    """
    return starts if k <= 10 else max(starts, -(-starts * k * k // 90))


def open_space(
    clusterer: Mapping[str, Any],
    study: Mapping[str, Any],
    preparations: Mapping[str | None, Mapping[str, Any]] = ONE_PREPARATION,
) -> Space:
    """Read the space from the composed nodes ``clusterer`` and ``study``.

    Parameters
    ----------
    clusterer : a node with ``name`` and ``_target_``, or one with ``candidates`` (family name -> such a
        node; null drops the family). Those of `OPEN_PARAMETERS` that are null are open.
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
    open_names = [parameter for parameter in OPEN_PARAMETERS if node.get(parameter, "absent") is None]
    return Family(name, dict(node), {parameter: _domain(parameter, study) for parameter in open_names})


def _domain(parameter: str, study: Mapping[str, Any]) -> tuple[Any, ...]:
    values = study.get(parameter)
    if isinstance(values, Mapping):
        values = range(int(values["low"]), int(values["high"]) + 1)
    if not values:
        raise ConfigError(f"study.{parameter} gives no values to try. Set it, or set clusterer.{parameter}")
    return tuple(values)
