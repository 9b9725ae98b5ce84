"""Block: how common each registered condition is, crude or with age and sex taken out."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from threadpoolctl import threadpool_limits

from gp_segmentation.errors import ConfigError
from gp_segmentation.features.age_adjustment import adjust, age_design, share_explained
from gp_segmentation.features.base import BlockFeatures, Tables, check_choice, check_known, check_weight
from gp_segmentation.features.rates import RATE_TRANSFORMS, SHRINKAGES, Rates, rate_features, wide
from gp_segmentation.features.transforms import percent_expit

ADJUSTMENTS = {"none": "", "age": ", age-adjusted", "age_sex": ", age-sex adjusted"}


@dataclass(frozen=True)
class Prevalence:
    """Patients on each register as a share of the register's own list (18 and over for depression, ...).

    Parameters
    ----------
    weight : the block's total variance in the scaled matrix; None leaves it to the study.
    groups : register groups to take (``["HYP", "DM"]``); all when not given.
    transform : ``empirical_logit`` or ``none`` (percent).
    adjust : ``none`` (crude), ``age`` or ``age_sex``: the regression of
        `gp_segmentation.features.age_adjustment`, on the logit scale.
    shrink : ``none`` or ``beta_binomial`` (before any adjustment).
    """

    weight: float | None = 1.0
    groups: Sequence[str] | None = None
    transform: str = "empirical_logit"
    adjust: str = "none"
    shrink: str = "none"

    def __post_init__(self) -> None:
        check_weight(self.weight)
        check_choice("transform", self.transform, RATE_TRANSFORMS)
        check_choice("adjust", self.adjust, tuple(ADJUSTMENTS))
        check_choice("shrink", self.shrink, SHRINKAGES)
        if self.adjust != "none" and self.transform == "none":
            raise ConfigError(
                "adjust works on the logit scale. Set transform: empirical_logit, or adjust: none"
            )

    def __call__(self, tables: Tables) -> BlockFeatures:
        rates = self._rates(tables)
        values, natural = rates.values, rates.natural
        if self.adjust != "none":
            ordinary = tables.ordinary
            design = age_design(tables.registrations, tables.index, ordinary, sex=self.adjust == "age_sex")
            values = adjust(values, design, tables.list_size, ordinary)
            natural = pd.DataFrame(
                percent_expit(values.to_numpy()), index=values.index, columns=values.columns
            )
        names = tables.registers_named
        labels = {
            f"prevalence_{code}": f"{names.get(code, code)} prevalence{ADJUSTMENTS[self.adjust]}"
            for code in values.columns
        }
        notes = (_capped(rates.capped),) if rates.capped else ()
        columns = list(labels)
        return BlockFeatures(
            values.set_axis(columns, axis=1),
            natural.set_axis(columns, axis=1),
            labels,
            "%",
            rates.transform,
            notes=notes,
        )

    def _rates(self, tables: Tables) -> Rates:
        registers = tables.registers
        if self.groups is not None:
            check_known("groups", self.groups, set(registers["group_code"]))
            registers = registers[registers["group_code"].isin(self.groups)]
        counts = (wide(registers, tables.index, "group_code", c) for c in ("register", "denominator"))
        return rate_features(*counts, transform=self.transform, shrink=self.shrink, fitted=tables.ordinary)


def _capped(registers: int) -> str:
    if registers == 1:
        return "one register exceeds its list and counts as the whole list"
    return f"{registers:,} registers exceed their list and count as the whole list"


def age_explained(tables: Tables, *, sex: bool = False, min_list: int = 1000) -> pd.DataFrame:
    """Return how much of each register's prevalence the age structure of the lists explains.

    R^2 of the logit prevalence on the age terms of `gp_segmentation.features.age_adjustment` (and on sex
    when asked), over practices of `min_list` patients or more, each counting alike. Student and other
    practices of unusual age are part of the picture here, though they take no part in any fitting.

    Returns
    -------
    DataFrame
        group_code, label, r_squared, practices; the most explained first. No rows where the source has
        no registrations by age and sex.
    """
    if tables.age_sex.empty:
        columns = {"group_code": "str", "label": "str", "r_squared": "float64", "practices": "int64"}
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
    crude = Prevalence()._rates(tables).values
    large = tables.list_size >= min_list
    design = age_design(tables.age_sex, tables.index, large, sex=sex)
    with threadpool_limits(1):
        r_squared = share_explained(crude, design, large)
    used = crude[large].notna() & design[large].notna().all(axis=1).to_numpy()[:, None]
    names = tables.registers_named
    table = pd.DataFrame(
        {
            "group_code": crude.columns,
            "label": [names.get(code, code) for code in crude.columns],
            "r_squared": r_squared.to_numpy(),
            "practices": used.sum().to_numpy(),
        }
    )
    return table.sort_values(["r_squared", "group_code"], ascending=[False, True], ignore_index=True)
