"""Block: any measures of the source's context table, by name (Fingertips indicators, local tables)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gp_segmentation.errors import ConfigError
from gp_segmentation.features.base import BlockFeatures, NotInSource, Tables, WeightedBlock
from gp_segmentation.features.transforms import TRANSFORMS

#: Units in which a context table may give a share, with the factor to percent.
TO_PERCENT = {"%": 1.0, "percent": 1.0, "share": 100.0, "proportion": 100.0}


@dataclass(frozen=True, kw_only=True)
class Context(WeightedBlock):
    """Measures of practices, or of the places where their patients live, from the context table.

    Parameters
    ----------
    measures : columns of the context table, all in one unit.
    transform : ``none``, ``log`` (missing where not positive), ``sqrt`` or ``logit`` (for measures in
        percent or shares; 0% and 100% are moved in by 0.05 points).
    optional : leave the block out, with a note, where the source lacks one of the measures.
    """

    measures: Sequence[str]
    optional: bool = False

    transforms: ClassVar[Sequence[str]] = ("none", "log", "sqrt", "logit")

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.measures, str) or not self.measures:
            raise ConfigError(f"measures is {self.measures!r}. Give a list of context measures")

    def __call__(self, tables: Tables) -> BlockFeatures:
        return context_features(tables, self.measures, self.transform)


def context_features(tables: Tables, measures: Sequence[str], transform: str) -> BlockFeatures:
    """Return context measures, shares as percentages, under one of `TRANSFORMS`.

    A measure that the context dictionary does not describe is labelled with its own name.

    Raises
    ------
    NotInSource
        When a measure is not in the context table.
    ConfigError
        When units differ, or a transform for percentages is asked of another unit.
    """
    in_source = [c for c in tables.context.columns if c != "practice_code"]
    for measure in measures:
        if measure not in in_source:
            raise NotInSource(
                f"measure {measure} is missing (found: {', '.join(in_source) or 'none'})",
                file="context table",
                column=measure,
                remedy="Add a file with it to the source, or leave its block out of the feature set "
                "(optional: true)",
            )
    described = tables.context_dictionary.set_index("measure").reindex(list(measures))
    units = described["unit"].fillna("value").unique()
    if len(units) > 1:
        raise ConfigError(
            f"measures have different units ({', '.join(units)}). Give each unit its own block, or convert "
            "them to one unit"
        )
    natural = tables.context.set_index("practice_code")[list(measures)].reindex(tables.index).astype(float)
    unit = str(units[0])
    if unit in TO_PERCENT:
        natural, unit = natural * TO_PERCENT[unit], "%"
    elif transform in ("logit", "clr"):
        raise ConfigError(
            f"{transform} is for percentages, but the unit is {unit!r}. Choose another transform"
        )
    labels = described["label"].fillna(described.index.to_series())
    return BlockFeatures(TRANSFORMS[transform](natural), natural, dict(labels), unit, transform)
