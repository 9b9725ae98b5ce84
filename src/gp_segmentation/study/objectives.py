"""What a sampler is to make high or low."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from gp_segmentation.errors import ConfigError

Direction = Literal["minimize", "maximize"]

#: Columns of the trials a study can optimise: the direction, and the value told where it is not known.
OBJECTIVES: dict[str, tuple[Direction, float]] = {
    "excess_silhouette": ("maximize", -1.0),
    "silhouette": ("maximize", -1.0),
    "davies_bouldin": ("minimize", 1e6),
    "calinski_harabasz": ("maximize", 0.0),
    "inertia": ("minimize", 1e300),
    "smallest_segment": ("maximize", 0.0),
    "n_clusters": ("minimize", 1e6),
}


def check_objectives(names: Sequence[str]) -> tuple[str, ...]:
    """Return `names` as a tuple once all are known."""
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
    """The objectives of a trial; the worst value where one is not known, for Optuna takes no NaN."""
    return [OBJECTIVES[name][1] if row[name] is None else float(row[name]) for name in names]
