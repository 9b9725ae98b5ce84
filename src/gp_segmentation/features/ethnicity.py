"""Block: ethnic composition of the list, from the context table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gp_segmentation.features.base import BlockFeatures, Tables
from gp_segmentation.features.context import Context, context_features


@dataclass(frozen=True, kw_only=True)
class Ethnicity(Context):
    """Shares of ethnic groups.

    Parameters
    ----------
    measures : context columns in percent or shares. One column is compared with the rest of the list;
        several are a composition and must make up the whole list (or nearly).
    transform : ``log_ratio`` (one column: logit; several: centred log-ratio, shares below 0.05% taken
        as 0.05%) or ``none`` (percent).
    """

    transform: str = "log_ratio"

    transforms: ClassVar[Sequence[str]] = ("log_ratio", "none")

    def __call__(self, tables: Tables) -> BlockFeatures:
        log_ratio = "logit" if len(self.measures) == 1 else "clr"
        return context_features(tables, self.measures, "none" if self.transform == "none" else log_ratio)
