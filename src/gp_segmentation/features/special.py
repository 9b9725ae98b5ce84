"""Which practices are not ordinary general practice, found from their own figures.

Care-home, student, homeless and digital practices, and very small lists, would make clusters of their
own. They are kept out of fitting, assigned to a segment afterwards, and flagged with the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from gp_segmentation.features.age_structure import DEFAULT_BANDS, band_counts, band_labels


@dataclass(frozen=True)
class SpecialRules:
    """When a practice is special. Shares and prevalences in percent.

    Parameters
    ----------
    min_list : fewer patients than this.
    max_list_ratio : more than this many times the median list.
    band_share : an age band with more than this share of the list.
    band_share_of : other limits for single bands, by name. Patients aged 25 to 44 are over half of the
        list in many a city centre; those aged 15 to 24 are 12% in England.
    sex_share : more than this share of one sex.
    register_prevalence, register_ratio : a register with at least this prevalence which is also at least
        this many times England's.
    """

    min_list: int = 1000
    max_list_ratio: float = 10.0
    band_share: float = 50.0
    band_share_of: Mapping[str, float] = field(default_factory=lambda: {"15_24": 45.0, "25_44": 70.0})
    sex_share: float = 70.0
    register_prevalence: float = 20.0
    register_ratio: float = 10.0


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
    found = [
        _list_reasons(sizes, rules),
        _age_reasons(age_sex, index, rules),
        _sex_reasons(age_sex, index, rules),
        _register_reasons(registers, index, rules),
    ]
    table = pd.concat([part.reindex(index) for part in found], axis=1)
    joined = ["; ".join(row[row.notna()]) for _, row in table.iterrows()]
    return pd.Series([text or None for text in joined], index=index, dtype="str", name="special")


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
        reasons[rows] = [f"{share:.0f}% of p{label[1:]}" for share in shares.loc[rows, name]]
    return reasons


def _sex_reasons(age_sex: pd.DataFrame, index: pd.Index, rules: SpecialRules) -> pd.Series:
    totals = age_sex.pivot_table(index="practice_code", columns="sex", values="patients", aggfunc="sum")
    shares = (100 * totals.div(totals.sum(axis=1), axis=0)).reindex(index)
    reasons = pd.Series(None, index=index, dtype="str")
    for sex, words in (("FEMALE", "female"), ("MALE", "male")):
        rows = index[shares[sex] > rules.sex_share]
        reasons[rows] = [f"{share:.0f}% of patients {words}" for share in shares.loc[rows, sex]]
    return reasons


def _register_reasons(registers: pd.DataFrame, index: pd.Index, rules: SpecialRules) -> pd.Series:
    totals = registers.groupby("group_code")[["register", "denominator"]].sum()
    england = 100 * totals["register"] / totals["denominator"].where(totals["denominator"] > 0)
    prevalence = 100 * registers["register"] / registers["denominator"].where(registers["denominator"] > 0)
    limit = np.maximum(rules.register_prevalence, rules.register_ratio * registers["group_code"].map(england))
    extreme = registers.assign(prevalence=prevalence)[(prevalence >= limit).to_numpy()]
    found: dict[str, list[str]] = {}
    for row in extreme.itertuples():
        found.setdefault(str(row.practice_code), []).append(
            f"{row.prevalence:.0f}% on the {row.group_code} register"
        )
    reasons = pd.Series({code: "; ".join(words) for code, words in found.items()}, dtype="str")
    empty = registers.groupby("practice_code")["register"].max() == 0
    reasons = pd.concat(
        [reasons, pd.Series("every register is empty", index=empty.index[empty], dtype="str")]
    )
    return reasons[~reasons.index.duplicated()].reindex(index)
