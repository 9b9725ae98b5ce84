"""Block: the ethnic composition of the list, from a context table."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.features.base import BlockFeatures, Tables, check_choice, check_weight
from gp_segmentation.features.context import TO_PERCENT, Context, context_measures, describe_measures
from gp_segmentation.features.transforms import PERCENT_EDGE, clr


@dataclass(frozen=True)
class Ethnicity:
    """Shares of ethnic groups.

    Parameters
    ----------
    measures : context columns in percent or shares. One column: a share against the rest. Several: groups
        that make up the whole list (or nearly), taken as a composition.
    weight : the block's total variance in the scaled matrix; None leaves it to the study.
    transform : ``log_ratio`` (one column: logit; several: centred log-ratio, shares below 0.05% taken
        as 0.05%) or ``none`` (percent).
    optional : leave the block out, with a note, where the source lacks one of the measures.
    """

    measures: Sequence[str]
    weight: float | None = 1.0
    transform: str = "log_ratio"
    optional: bool = False

    def __post_init__(self) -> None:
        check_weight(self.weight)
        check_choice("transform", self.transform, ("log_ratio", "none"))

    def __call__(self, tables: Tables) -> BlockFeatures:
        if len(self.measures) == 1 or self.transform == "none":
            transform = "none" if self.transform == "none" else "logit"
            return Context(self.measures, self.weight, transform)(tables)
        described = describe_measures(tables, self.measures)
        units = set(described["unit"])
        if len(units) > 1 or not units <= set(TO_PERCENT):
            raise ConfigError(
                f"ethnic groups must all be in percent or all in shares, found: {', '.join(units)}"
            )
        natural = context_measures(tables, self.measures) * TO_PERCENT[units.pop()]
        values = pd.DataFrame(
            clr(natural.clip(lower=PERCENT_EDGE).to_numpy()), index=natural.index, columns=natural.columns
        )
        return BlockFeatures(values, natural, dict(described["label"]), "%", "clr")
