"""Measures of practices that were not used to make the segments: an independent check of them."""

from collections.abc import Collection

import pandas as pd

from gp_segmentation.features import condition_name

UNUSED = "not used"
#: Share of practices that must have a figure for it to be profiled.
KNOWN = 0.5


def measures_not_used(
    practices: pd.DataFrame,
    context: pd.DataFrame,
    context_dictionary: pd.DataFrame,
    used: pd.Index | list[str],
    *,
    registers: pd.DataFrame | None = None,
    achievement: pd.DataFrame | None = None,
    indicators: pd.DataFrame | None = None,
    used_labels: Collection[str] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the measures that were not clustered: values by practice code, and their dictionary.

    These are list size, every context measure, the crude prevalence of every register and the achievement of
    every indicator (net of personalised care adjustments), except those used as a feature. A crude
    prevalence stays when its feature was adjusted for age.

    Parameters
    ----------
    used, used_labels : names and labels of the features that were clustered.

    Returns
    -------
    values : practice_code -> one float column per measure.
    dictionary : feature, label, unit, block ("not used").
    """
    codes = practices["practice_code"]
    values = context.set_index("practice_code").reindex(codes)
    values.insert(0, "list_size", practices["list_size"].to_numpy(dtype=float))
    measures = context_dictionary.set_index("measure")
    labels = {"list_size": "List size", **measures["label"]}
    units = {"list_size": "patients", **measures["unit"]}
    names: dict[str, str] = {}
    if indicators is not None:
        groups = indicators.drop_duplicates("group_code")
        names = dict(zip(groups["group_code"], groups["group_name"].map(condition_name), strict=True))
    parts = [values]
    if registers is not None and len(registers):
        crude, crude_labels = _crude_prevalences(registers, names, used_labels)
        parts.append(crude.reindex(codes))
        labels |= crude_labels
    if achievement is not None and indicators is not None and len(achievement):
        rates, rate_labels = _achievements(achievement, indicators, names, used)
        parts.append(rates.reindex(codes))
        labels |= rate_labels
    everything = pd.concat(parts, axis=1)
    kept = [name for name in labels if name in everything and name not in used]
    rows = [(name, labels[name], units.get(name, "%"), UNUSED) for name in kept]
    return everything[kept].astype(float), pd.DataFrame(rows, columns=["feature", "label", "unit", "block"])


def _crude_prevalences(
    registers: pd.DataFrame, names: dict[str, str], used_labels: Collection[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Crude prevalences that were not used, and their labels."""
    crude = _percentages(registers, "group_code", "register")
    prevalences = {code: f"{names.get(code, code)} prevalence" for code in map(str, crude)}
    codes = [code for code, label in prevalences.items() if label not in used_labels]
    labels = {f"crude_prevalence_{code}": f"{prevalences[code]}, crude" for code in codes}
    return crude[codes].set_axis(list(labels), axis=1), labels


def _achievements(
    achievement: pd.DataFrame, indicators: pd.DataFrame, names: dict[str, str], used: pd.Index | list[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Achievements of indicators that were not used, and their labels."""
    rates = _percentages(achievement, "indicator_code", "numerator")
    group = dict(zip(indicators["indicator_code"], indicators["group_code"], strict=True))
    codes = [c for c in map(str, rates) if c in group and f"achievement_{c}" not in used]
    labels = {f"net_achievement_{c}": f"{names.get(group[c], group[c])}, {c}: achievement" for c in codes}
    return rates[codes].set_axis(list(labels), axis=1), labels


def _percentages(table: pd.DataFrame, column: str, counted: str) -> pd.DataFrame:
    """Practices x codes; codes that too few practices have a figure for are left out."""
    known = table[(table["denominator"] > 0) & table[counted].notna()]
    known = known.assign(percent=100 * known[counted] / known["denominator"])
    wide = known.pivot(index="practice_code", columns=column, values="percent")  # noqa: PD010 - refuses doubles
    return wide.loc[:, wide.notna().mean() >= KNOWN].rename_axis(columns=None)
