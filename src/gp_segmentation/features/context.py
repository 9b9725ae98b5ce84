"""Block: any measures of the source's context table, by name (Fingertips indicators, local tables)."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.features.base import BlockFeatures, NotInSource, Tables, check_choice, check_weight
from gp_segmentation.features.transforms import TRANSFORMS

CONTEXT_TRANSFORMS = ("none", "log", "sqrt", "logit")
#: Units in which a context table may give a share, with the factor to percent.
TO_PERCENT = {"%": 1.0, "percent": 1.0, "share": 100.0, "proportion": 100.0}


@dataclass(frozen=True)
class Context:
    """Measures about practices or the places their patients live in, as the source gives them.

    Parameters
    ----------
    measures : columns of the context table.
    weight : the block's total variance in the scaled matrix; None leaves it to the study.
    transform : ``none``, ``log`` (not positive gives missing), ``sqrt`` or ``logit`` (for measures in
        percent or shares; 0% and 100% are moved in by 0.05 points).
    optional : leave the block out, with a note, where the source lacks one of the measures.
    """

    measures: Sequence[str]
    weight: float | None = 1.0
    transform: str = "none"
    optional: bool = False

    def __post_init__(self) -> None:
        check_weight(self.weight)
        check_choice("transform", self.transform, CONTEXT_TRANSFORMS)
        if isinstance(self.measures, str) or not self.measures:
            raise ConfigError(f"measures is {self.measures!r}. Give a list of context measures")

    def __call__(self, tables: Tables) -> BlockFeatures:
        natural = context_measures(tables, self.measures)
        described = describe_measures(tables, self.measures)
        units = described["unit"].unique()
        if len(units) > 1:
            raise ConfigError(
                f"measures have different units ({', '.join(units)}). Give each unit its own block"
            )
        unit = str(units[0])
        if unit in TO_PERCENT:
            natural, unit = natural * TO_PERCENT[unit], "%"
        elif self.transform == "logit":
            raise ConfigError(
                f"transform: logit is for percentages, but the unit is {unit!r}. Use log, sqrt or none"
            )
        values = pd.DataFrame(
            TRANSFORMS[self.transform].forward(natural.to_numpy()),
            index=natural.index,
            columns=natural.columns,
        )
        return BlockFeatures(values, natural, dict(described["label"]), unit, self.transform)


def context_measures(tables: Tables, measures: Sequence[str]) -> pd.DataFrame:
    """Return the named context columns, one row per practice; `NotInSource` when one is not there."""
    found = [c for c in tables.context.columns if c != "practice_code"]
    for measure in measures:
        if measure not in found:
            raise NotInSource(
                f"measure {measure} is not there (found: {', '.join(found) or 'none'})",
                file="context table",
                column=measure,
                remedy="Add a file with it to the source, or leave its block out of the feature set "
                "(optional: true)",
            )
    return tables.context.set_index("practice_code")[list(measures)].reindex(tables.index).astype(float)


def describe_measures(tables: Tables, measures: Sequence[str]) -> pd.DataFrame:
    """Return label and unit of each measure; its own name and ``value`` when the dictionary is silent."""
    described = tables.context_dictionary.set_index("measure")[["label", "unit"]].reindex(list(measures))
    names = pd.Series(list(measures), index=described.index)
    return described.assign(label=described["label"].fillna(names), unit=described["unit"].fillna("value"))
