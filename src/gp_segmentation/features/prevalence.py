"""Block: prevalence of each registered condition, crude or adjusted for age and sex."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import pandas as pd
from scipy.special import expit
from threadpoolctl import threadpool_limits

from gp_segmentation.errors import ConfigError
from gp_segmentation.features.age_adjustment import (
    AgeTerms,
    adjust,
    age_basis,
    age_design,
    share_explained,
)
from gp_segmentation.features.age_structure import DEFAULT_BANDS, band_counts, sex_counts
from gp_segmentation.features.base import (
    BlockFeatures,
    NotInSource,
    Tables,
    WeightedBlock,
    check_choice,
    groups_in_source,
)
from gp_segmentation.features.counted import AgeAdjustment, CountedRates
from gp_segmentation.features.rates import RATE_TRANSFORMS, SHRINKAGES, Rates, rate_features, wide

NO_REGISTERS = "Choose a feature set without prevalence, or a source with a QOF archive"
ADJUSTMENTS = {"none": "", "age": ", age-adjusted", "age_sex": ", age-sex adjusted"}


@dataclass(frozen=True, kw_only=True)
class Prevalence(WeightedBlock):
    """Patients on each register as a share of the register's own list (18 and over for depression, ...).

    Parameters
    ----------
    groups : register groups to take (``["HYP", "DM"]``); all when not given. Those that the source's year
        does not have are left out, with a note.
    transform : ``empirical_logit`` or ``none`` (percent).
    adjust : ``none`` (crude), ``age`` or ``age_sex``: the regression of
        `gp_segmentation.features.age_adjustment`, on the logit scale.
    shrink : ``none`` or ``beta_binomial`` (before any adjustment).
    optional : leave the block out, with a note, where the source has no such register.
    """

    groups: Sequence[str] | None = None
    transform: str = "empirical_logit"
    adjust: str = "none"
    shrink: str = "none"
    optional: bool = False

    transforms: ClassVar[Sequence[str]] = RATE_TRANSFORMS

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("adjust", self.adjust, ADJUSTMENTS)
        check_choice("shrink", self.shrink, SHRINKAGES)
        if self.adjust != "none" and self.transform == "none":
            raise ConfigError(
                "adjust works on the logit scale. Set transform: empirical_logit, or adjust: none"
            )

    def __call__(self, tables: Tables) -> BlockFeatures:
        groups, absent = self._groups(tables)
        rates = self.crude_rates(tables, groups)
        values, natural, ordinary = rates.values, rates.natural, tables.ordinary
        if self.adjust != "none":
            design = age_design(tables.registrations, tables.index, ordinary, sex=self.adjust == "age_sex")
            values = adjust(values, design, tables.list_size, ordinary)
            natural = 100 * expit(values)
        names = tables.condition_names
        labels = {
            f"prevalence_{code}": f"{names.get(code, code)} prevalence{ADJUSTMENTS[self.adjust]}"
            for code in values.columns
        }
        values, natural = values.add_prefix("prevalence_"), natural.add_prefix("prevalence_")
        capped = f"registers larger than their list, taken as the whole list: {rates.capped:,}"
        notes = (*absent, capped) if rates.capped else absent
        return BlockFeatures(values, natural, labels, "%", rates.transform, notes=notes)

    def _groups(self, tables: Tables) -> tuple[list[str], tuple[str, ...]]:
        known = sorted(set(tables.registers["group_code"]))
        if self.groups is None and not known:
            raise NotInSource("the source has no registers", file="registers", remedy=NO_REGISTERS)
        return groups_in_source(known if self.groups is None else self.groups, known)

    def counted(self, tables: Tables) -> CountedRates:
        """Return the patients on each register, and how they become features."""
        groups, _ = self._groups(tables)
        numerator, denominator = self._counts(tables, groups)
        found = CountedRates.of(numerator, denominator, self.transform, self.shrink, tables.ordinary)
        if self.adjust != "none":
            sexes = sex_counts(tables.registrations, tables.index) if self.adjust == "age_sex" else None
            basis = age_basis(band_counts(tables.registrations, tables.index, DEFAULT_BANDS), sexes)
            terms = AgeTerms.of(basis[tables.ordinary.to_numpy()])
            crude = pd.DataFrame(found.values(found.cases.to_numpy(), None), tables.index, numerator.columns)
            taken = crude - adjust(crude, terms.design(basis), tables.list_size, tables.ordinary)
            found = replace(found, adjustment=AgeAdjustment.of(taken, terms, DEFAULT_BANDS, basis))
        return replace(
            found,
            cases=found.cases.add_prefix("prevalence_"),
            patients=found.patients.add_prefix("prevalence_"),
        )

    def crude_rates(self, tables: Tables, groups: Sequence[str]) -> Rates:
        """Return crude prevalence, practices x register groups."""
        counts = self._counts(tables, groups)
        return rate_features(*counts, transform=self.transform, shrink=self.shrink, fitted=tables.ordinary)

    def _counts(self, tables: Tables, groups: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Patients on each register and on its list, practices x register groups."""
        registers = tables.registers[tables.registers["group_code"].isin(groups)]
        register, denominator = (
            wide(registers, tables.index, "group_code", c) for c in ("register", "denominator")
        )
        return register, denominator


def age_explained(tables: Tables, *, sex: bool = False, min_list: int = 1000) -> pd.DataFrame:
    """Return how much of each register's prevalence the age structure of the lists explains.

    R^2 of the logit prevalence on the age terms of `gp_segmentation.features.age_adjustment` (and on sex
    if `sex`), over practices of `min_list` patients or more, all weighted equally. Unlike the adjustment,
    this includes special practices of unusual age, such as student practices.

    Returns
    -------
    DataFrame
        group_code, label, r_squared, practices; the most explained first. No rows where the source has
        no registrations by age and sex.
    """
    if tables.age_sex.empty:
        columns = {"group_code": "str", "label": "str", "r_squared": "float64", "practices": "int64"}
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
    crude = Prevalence().crude_rates(tables, sorted(set(tables.registers["group_code"]))).values
    large = tables.list_size >= min_list
    design = age_design(tables.age_sex, tables.index, large, sex=sex)
    with threadpool_limits(1):
        r_squared = share_explained(crude, design, large)
    used = crude[large].notna() & design[large].notna().all(axis=1).to_numpy()[:, None]
    names = tables.condition_names
    table = pd.DataFrame(
        {
            "group_code": crude.columns,
            "label": [names.get(code, code) for code in crude.columns],
            "r_squared": r_squared.to_numpy(),
            "practices": used.sum().to_numpy(),
        }
    )
    return table.sort_values(["r_squared", "group_code"], ascending=[False, True], ignore_index=True)
