"""Choice of QOF indicators: what the achievement and adjustments blocks share."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.features.base import (
    BlockFeatures,
    NotInSource,
    Tables,
    WeightedBlock,
    check_choice,
    check_known,
    groups_in_source,
)
from gp_segmentation.features.counted import CountedRates
from gp_segmentation.features.rates import RATE_TRANSFORMS, SHRINKAGES, rate_features, wide
from gp_segmentation.utils.rounding import percent


@dataclass(frozen=True)
class IndicatorCounts:
    """Patients, practices x indicators, indicator -> why it was left out, and notes on groups not there."""

    numerator: pd.DataFrame
    denominator: pd.DataFrame
    pcas: pd.DataFrame
    dropped: dict[str, str]
    notes: tuple[str, ...]

    @property
    def eligible(self) -> pd.DataFrame:
        """Patients before personalised care adjustments; NaN where their number is not published."""
        return self.denominator + self.pcas


@dataclass(frozen=True)
class IndicatorRates:
    """Rates numerator / denominator, and the name of the measure for labels."""

    numerator: pd.DataFrame
    denominator: pd.DataFrame
    measure: str


@dataclass(frozen=True, kw_only=True)
class IndicatorBlock(WeightedBlock, ABC):
    """A block with one rate per chosen indicator.

    Indicators without a denominator (registers and yes-or-no quality improvement) have no rate and are
    never chosen.

    Parameters
    ----------
    groups, domains, indicators : codes to take (``["HYP"]``, ``["CL"]``, ``["HYP008"]``); an indicator
        must satisfy every choice that is given.
    exclude : indicator code -> why it is left out. Codes the source does not have are ignored, since
        indicators are renumbered between years.
    transform : ``empirical_logit`` or ``none`` (percent).
    shrink : ``beta_binomial`` (toward the national rate) or ``none``.
    min_practices : an indicator is dropped when a smaller share of ordinary practices has any patient
        in its denominator.
    optional : leave the block out, with a note, where the source has none of the chosen codes.
    """

    groups: Sequence[str] | None = None
    domains: Sequence[str] | None = None
    indicators: Sequence[str] | None = None
    exclude: Mapping[str, str] = field(default_factory=dict)
    transform: str = "empirical_logit"
    shrink: str = "none"
    min_practices: float = 0.9
    optional: bool = False

    transforms: ClassVar[Sequence[str]] = RATE_TRANSFORMS
    #: Put before the indicator code in names of features.
    prefix: ClassVar[str]

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("shrink", self.shrink, SHRINKAGES)
        if not 0 <= self.min_practices <= 1:
            raise ConfigError(f"min_practices is {self.min_practices}. Give a share between 0 and 1")

    @abstractmethod
    def rates(self, counts: IndicatorCounts) -> IndicatorRates:
        """Return what this block measures."""

    def __call__(self, tables: Tables) -> BlockFeatures:
        counts = indicator_counts(tables, self)
        chosen, without = _with_figures(self.rates(counts), tables.ordinary)
        rates = rate_features(
            *self._named(chosen),
            transform=self.transform,
            shrink=self.shrink,
            fitted=tables.ordinary,
        )
        conditions = tables.condition_names
        groups = tables.indicators.set_index("indicator_code")["group_code"]
        labels = {
            f"{self.prefix}{code}": f"{conditions[groups[code]]}, {code}: {chosen.measure}"
            for code in chosen.numerator.columns
        }
        dropped = {f"{self.prefix}{code}": why for code, why in (counts.dropped | without).items()}
        return BlockFeatures(rates.values, rates.natural, labels, "%", rates.transform, dropped, counts.notes)

    def counted(self, tables: Tables) -> CountedRates:
        """Return the patients that each chosen indicator counts, and how they become features."""
        counts = self._named(self.rates(indicator_counts(tables, self)))
        return CountedRates.of(*counts, self.transform, self.shrink, tables.ordinary)

    def _named(self, chosen: IndicatorRates) -> tuple[pd.DataFrame, pd.DataFrame]:
        return chosen.numerator.add_prefix(self.prefix), chosen.denominator.add_prefix(self.prefix)


def _with_figures(rates: IndicatorRates, ordinary: pd.Series) -> tuple[IndicatorRates, dict[str, str]]:
    """Return the rates that an ordinary practice has, and why the others are left out.

    Raises NotInSource when there is none: the publication has no adjustments, say.
    """
    known = (rates.numerator.notna() & (rates.denominator > 0))[ordinary.to_numpy()].any()
    if not known.any():
        raise NotInSource(
            f"no practice has figures of {rates.measure}",
            file="achievement",
            remedy="Choose a feature set without them (features=need), or a source that has them",
        )
    kept = known.index[known]
    without = dict.fromkeys(known.index[~known].astype(str), "no practice has a figure")
    return replace(rates, numerator=rates.numerator[kept], denominator=rates.denominator[kept]), without


def indicator_counts(tables: Tables, block: IndicatorBlock) -> IndicatorCounts:
    """Return the counts of the indicators that `block` chooses.

    Raises ConfigError when the source lacks a chosen code, or when no indicator is left; NotInSource when it
    has no achievement, no indicator with a denominator, or none of the groups.
    """
    remedy = "Choose a feature set without achievement (features=need), or a source that has it"
    if tables.achievement.empty:
        raise NotInSource("the source has no achievement", file="achievement", remedy=remedy)
    notes: tuple[str, ...] = ()
    known = tables.achievement.groupby("indicator_code")["denominator"].count() > 0
    if not known.any():
        problem = "no indicator of the source has a denominator"
        raise NotInSource(problem, file="achievement", remedy=remedy)
    chosen = tables.indicators[tables.indicators["indicator_code"].isin(known.index[known])]
    columns = {"groups": "group_code", "domains": "domain_code", "indicators": "indicator_code"}
    for key, column in columns.items():
        codes = getattr(block, key)
        if codes is not None:
            in_source = set(tables.indicators[column].dropna())
            if block.optional and key != "groups" and not in_source & set(codes):
                raise NotInSource(f"the source has none of {key} {', '.join(codes)}", file="indicators")
            if key == "groups":
                codes, notes = groups_in_source(codes, in_source)
            else:
                check_known(key, codes, in_source)
            chosen = chosen[chosen[column].isin(codes)]
    codes = sorted(chosen["indicator_code"])
    dropped = {code: str(block.exclude[code]) for code in codes if code in block.exclude}
    rows = tables.achievement[tables.achievement["indicator_code"].isin(set(codes) - set(dropped))]
    numerator, denominator, pcas = (
        wide(rows, tables.index, "indicator_code", c) for c in ("numerator", "denominator", "pcas")
    )
    share = (denominator[tables.ordinary] > 0).mean()
    rare = share[share < block.min_practices]
    dropped |= {
        code: f"only {percent(value)} of practices have eligible patients" for code, value in rare.items()
    }
    kept = [code for code in numerator.columns if code not in rare.index]
    if not kept and block.optional:
        raise NotInSource("no indicator with a rate is left", file="indicators")
    if not kept:
        raise ConfigError("no indicator is left. Widen groups, domains or indicators, or exclude fewer")
    return IndicatorCounts(numerator[kept], denominator[kept], pcas[kept], dropped, notes)
