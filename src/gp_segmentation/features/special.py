"""Special practices: those that are not ordinary general practice, found from their own figures.

Care-home, student, homeless and digital practices, and very small lists, would form clusters of their
own. They are left out of fitting, assigned to a segment afterwards, and flagged with the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from gp_segmentation.features.age_structure import (
    DEFAULT_BANDS,
    band_counts,
    band_labels,
    band_names,
    sex_counts,
)
from gp_segmentation.utils.allowed import one_of

Percent = Annotated[float, Field(ge=0, le=100)]
Ratio = Annotated[float, Field(ge=0)]
Band = Annotated[str, one_of(lambda: band_names(DEFAULT_BANDS))]


@dataclass(frozen=True)
class SpecialRules:
    """When a practice is special. Shares and prevalences in percent.

    Parameters
    ----------
    min_list : fewer patients than this.
    max_list_ratio : more than this many times the median list.
    band_share : an age band with more than this share of the list.
    band_share_of : other limits for single bands, by name. Patients aged 25 to 44 are over half of the
        list in many city centres; those aged 15 to 24 are 12% of patients in England.
    sex_share : more than this share of one sex.
    register_prevalence, register_ratio : a register with at least this prevalence which is also at least
        this many times England's.
    """

    min_list: Annotated[int, Field(ge=0)] = 1000
    max_list_ratio: Ratio = 10.0
    band_share: Percent = 50.0
    band_share_of: Mapping[Band, Percent] = field(default_factory=lambda: {"15_24": 45.0, "25_44": 70.0})
    sex_share: Percent = 70.0
    register_prevalence: Ratio = 20.0
    register_ratio: Ratio = 10.0


def special_reasons(
    practices: pd.DataFrame, registers: pd.DataFrame, age_sex: pd.DataFrame, rules: SpecialRules | None = None
) -> pd.Series:
    """Return practice_code -> reasons in words, joined by "; ", or NA for an ordinary practice.

    Parameters
    ----------
    practices : practice_code, list_size. registers, age_sex : schemas of these names.
    """
    rules = rules or SpecialRules()
    sizes = practices.set_index("practice_code")["list_size"].sort_index()
    index = pd.Index(sizes.index, name="practice_code")
    reasons = [
        _list_reasons(sizes, rules),
        _age_reasons(age_sex, index, rules),
        _sex_reasons(age_sex, index, rules),
        _register_reasons(registers, rules).reindex(index),
    ]
    joined = ["; ".join(row.dropna()) or None for _, row in pd.concat(reasons, axis=1).iterrows()]
    return pd.Series(joined, index=index, dtype="str", name="special")


def _list_reasons(sizes: pd.Series, rules: SpecialRules) -> pd.Series:
    limit = rules.max_list_ratio * sizes.median()
    reasons = pd.Series(None, index=sizes.index, dtype="str")
    reasons[sizes < rules.min_list] = f"list under {rules.min_list:,}"
    reasons[sizes > limit] = f"list over {rules.max_list_ratio:g} times the median"
    return reasons


def _age_reasons(age_sex: pd.DataFrame, index: pd.Index, rules: SpecialRules) -> pd.Series:
    counts = band_counts(age_sex, index, DEFAULT_BANDS)
    shares = 100 * counts.div(counts.sum(axis=1), axis=0).fillna(0)
    limits = [rules.band_share_of.get(str(name), rules.band_share) for name in shares.columns]
    over = shares.gt(limits, axis=1)
    reasons = pd.Series(None, index=index, dtype="str")
    for name, label in zip(shares.columns, band_labels(DEFAULT_BANDS), strict=True):
        rows = over.index[over[name]]
        reasons[rows] = [f"{share:.0f}% of {label.lower()}" for share in shares.loc[rows, name]]
    return reasons


def _sex_reasons(age_sex: pd.DataFrame, index: pd.Index, rules: SpecialRules) -> pd.Series:
    counts = sex_counts(age_sex, index)
    shares = 100 * counts.div(counts.sum(axis=1), axis=0)
    reasons = pd.Series(None, index=index, dtype="str")
    for sex in ("FEMALE", "MALE"):
        rows = index[shares[sex] > rules.sex_share]
        reasons[rows] = [f"{share:.0f}% of patients {sex.lower()}" for share in shares.loc[rows, sex]]
    return reasons


def _register_reasons(registers: pd.DataFrame, rules: SpecialRules) -> pd.Series:
    totals = registers.groupby("group_code")[["register", "denominator"]].sum()
    england = 100 * totals["register"] / totals["denominator"].where(totals["denominator"] > 0)
    prevalence = 100 * registers["register"] / registers["denominator"].where(registers["denominator"] > 0)
    national = registers["group_code"].map(england).astype(float)  # text where there are no registers
    limit = np.maximum(rules.register_prevalence, rules.register_ratio * national)
    extreme = registers.assign(prevalence=prevalence)[(prevalence >= limit).to_numpy()]
    texts = [f"{row.prevalence:.0f}% on the {row.group_code} register" for row in extreme.itertuples()]
    reasons = pd.Series(texts, index=extreme["practice_code"], dtype="str").groupby(level=0).agg("; ".join)
    empty = registers.groupby("practice_code")["register"].max() == 0
    return reasons.reindex(empty.index).fillna(empty.map({True: "every register is empty"}))
