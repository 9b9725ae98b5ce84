"""The scores that a sampler may maximise or minimise."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from gp_segmentation.errors import ConfigError

Direction = Literal["minimize", "maximize"]

#: Columns of the trials a study can optimise: the direction, and the value that stands for a missing one.
OBJECTIVES: dict[str, tuple[Direction, float]] = {
    "excess_silhouette": ("maximize", -1.0),
    "silhouette": ("maximize", -1.0),
    "davies_bouldin": ("minimize", 1e6),
    "calinski_harabasz": ("maximize", 0.0),
    "inertia": ("minimize", 1e300),
    "smallest_segment": ("maximize", 0.0),
    "n_clusters": ("minimize", 1e6),
}


def read_objectives(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The objectives in the node ``conf/study``; ConfigError where one is unknown, or there is none."""
    names = options.get("objectives")
    if names is None:
        names = ["excess_silhouette" if options["null_model"]["draws"] else "silhouette"]
    unknown = [name for name in names if name not in OBJECTIVES]
    if unknown or not names:
        raise ConfigError(
            f"study.objectives has {unknown or 'nothing'}. Choose among {', '.join(OBJECTIVES)}"
        )
    return tuple(names)


def directions(names: Sequence[str]) -> list[Direction]:
    """Optuna's direction of every objective."""
    return [OBJECTIVES[name][0] for name in names]


def values(row: Mapping[str, Any], names: Sequence[str]) -> list[float]:
    """The objectives of a trial; the worst value for a missing one, since Optuna refuses NaN."""
    return [OBJECTIVES[name][1] if row[name] is None else float(row[name]) for name in names]
