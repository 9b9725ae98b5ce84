"""Choosing QOF indicators: what the achievement and adjustments blocks have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.features.base import NotInSource, Tables, check_choice, check_known, check_weight
from gp_segmentation.features.rates import RATE_TRANSFORMS, SHRINKAGES, wide


@dataclass(frozen=True)
class IndicatorBlock:
    """A block with one feature per chosen indicator.

    Indicators without a denominator (registers, quality improvement: yes or no) have no rate and are
    never chosen.

    Parameters
    ----------
    weight : the block's total variance in the scaled matrix; None leaves it to the study.
    groups, domains, indicators : codes to take (``["HYP"]``, ``["CL"]``, ``["HYP008"]``); an indicator
        must agree with each that is given.
    exclude : indicator code -> why it is left out. Codes the source does not have are passed over,
        since indicators are renumbered between years.
    transform : ``empirical_logit`` or ``none`` (percent).
    shrink : ``beta_binomial`` (toward the national rate) or ``none``.
    min_practices : an indicator is dropped when a smaller share of ordinary practices has any patient
        in its denominator.
    optional : leave the block out, with a note, where the source has none of what is asked for.
    """

    weight: float | None = 1.0
    groups: Sequence[str] | None = None
    domains: Sequence[str] | None = None
    indicators: Sequence[str] | None = None
    exclude: Mapping[str, str] = field(default_factory=dict)
    transform: str = "empirical_logit"
    shrink: str = "none"
    min_practices: float = 0.9
    optional: bool = False

    def __post_init__(self) -> None:
        check_weight(self.weight)
        check_choice("transform", self.transform, RATE_TRANSFORMS)
        check_choice("shrink", self.shrink, SHRINKAGES)
        if not 0 <= self.min_practices <= 1:
            raise ConfigError(f"min_practices is {self.min_practices}. Give a share between 0 and 1")


@dataclass(frozen=True)
class IndicatorCounts:
    """Practices x indicators: numerator, denominator, pcas (patients); and what was left out, and why."""

    numerator: pd.DataFrame
    denominator: pd.DataFrame
    pcas: pd.DataFrame
    dropped: dict[str, str]


def indicator_counts(tables: Tables, block: IndicatorBlock) -> IndicatorCounts:
    """Lay out the counts of the indicators `block` chooses.

    Raises ConfigError when a code is asked for which the source does not have, or none is left.
    """
    known = tables.achievement.groupby("indicator_code")["denominator"].count() > 0
    with_rate = tables.indicators[tables.indicators["indicator_code"].isin(known.index[known])]
    for key, column in (
        ("groups", "group_code"),
        ("domains", "domain_code"),
        ("indicators", "indicator_code"),
    ):
        asked = getattr(block, key)
        if asked is not None:
            found = set(tables.indicators[column].dropna())
            if block.optional and not found & set(asked):
                raise NotInSource(f"the source has none of {key} {', '.join(asked)}", file="indicators")
            check_known(key, asked, found)
            with_rate = with_rate[with_rate[column].isin(asked)]
    codes = sorted(with_rate["indicator_code"])
    dropped = {code: str(block.exclude[code]) for code in codes if code in block.exclude}
    rows = tables.achievement[tables.achievement["indicator_code"].isin(set(codes) - set(dropped))]
    numerator, denominator, pcas = (
        wide(rows, tables.index, "indicator_code", c) for c in ("numerator", "denominator", "pcas")
    )
    share = (denominator[tables.ordinary] > 0).mean()
    rare = share[share < block.min_practices]
    dropped |= {code: f"only {value:.1%} of practices have eligible patients" for code, value in rare.items()}
    kept = [code for code in numerator.columns if code not in rare.index]
    if not kept:
        raise ConfigError("no indicator is left. Widen groups, domains or indicators, or exclude fewer")
    return IndicatorCounts(numerator[kept], denominator[kept], pcas[kept], dropped)


def indicator_labels(tables: Tables, codes: Sequence[str], what: str) -> dict[str, str]:
    """Return ``{"HYP008": "Hypertension, HYP008: achievement"}`` for the given codes."""
    names = tables.registers_named
    groups = tables.indicators.set_index("indicator_code")["group_code"]
    return {code: f"{names[groups[code]]}, {code}: {what}" for code in codes}
