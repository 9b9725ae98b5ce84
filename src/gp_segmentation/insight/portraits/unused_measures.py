"""What is known of practices and did not make the segments: the fair judge of what segments tell."""

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
    """Return what is known of practices and was not clustered: values by practice code, and their dictionary.

    List size, every context measure, the crude prevalence of every register and the achievement of every
    indicator (net of personalised care adjustments) count, unless a feature of that name was used; a
    crude prevalence is named as such when the feature of its name was adjusted for age.

    Parameters
    ----------
    used, used_labels : names and labels of the features that were clustered.

    Returns
    -------
    values : practice_code -> one float column per attribute.
    dictionary : feature, label, unit, block ("not used").
    """
    codes = practices["practice_code"]
    values = context.set_index("practice_code").reindex(codes)
    values.insert(0, "list_size", practices["list_size"].to_numpy(dtype=float))
    labels = dict(zip(context_dictionary["measure"], context_dictionary["label"], strict=True))
    units = dict(zip(context_dictionary["measure"], context_dictionary["unit"], strict=True))
    labels, units = {"list_size": "List size"} | labels, {"list_size": "patients"} | units
    names = {} if indicators is None else _names(indicators)
    parts = [values]
    if registers is not None and len(registers):
        crude, told = _crude(registers, names, used_labels)
        parts.append(crude.reindex(codes))
        labels |= told
    if achievement is not None and indicators is not None and len(achievement):
        rates, told = _achieved(achievement, indicators, names, used)
        parts.append(rates.reindex(codes))
        labels |= told
    everything = pd.concat(parts, axis=1)
    kept = [name for name in labels if name in everything and name not in used]
    dictionary = pd.DataFrame(
        [(name, labels[name], units.get(name, "%"), UNUSED) for name in kept],
        columns=["feature", "label", "unit", "block"],
    )
    return everything[kept].astype(float), dictionary


def _crude(
    registers: pd.DataFrame, names: dict[str, str], used_labels: Collection[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Crude prevalences that were not used, and their labels."""
    crude = _rates(registers, "group_code", "register")
    told = {code: f"{names.get(code, code)} prevalence" for code in map(str, crude)}
    told = {code: label for code, label in told.items() if label not in used_labels}
    labels = {f"crude_prevalence_{code}": f"{label}, crude" for code, label in told.items()}
    return crude[list(told)].set_axis(list(labels), axis=1), labels


def _achieved(
    achievement: pd.DataFrame, indicators: pd.DataFrame, names: dict[str, str], used: pd.Index | list[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Achievements of indicators that were not used, and their labels."""
    rates = _rates(achievement, "indicator_code", "numerator")
    group = dict(zip(indicators["indicator_code"], indicators["group_code"], strict=True))
    codes = [c for c in map(str, rates) if c in group and f"achievement_{c}" not in used]
    labels = {f"net_achievement_{c}": f"{names.get(group[c], group[c])}, {c}: achievement" for c in codes}
    return rates[codes].set_axis(list(labels), axis=1), labels


def _rates(table: pd.DataFrame, column: str, counted: str) -> pd.DataFrame:
    """Practices x codes of percentages; codes that too few practices have a figure for are left out."""
    known = table[(table["denominator"] > 0) & table[counted].notna()]
    percent = (100 * known[counted] / known["denominator"]).rename("percent")
    wide = pd.concat([known[["practice_code", column]], percent], axis=1)
    frame = wide.pivot(index="practice_code", columns=column, values="percent")  # noqa: PD010 - refuses doubles
    return frame.loc[:, frame.notna().mean() >= KNOWN].rename_axis(columns=None)


def _names(indicators: pd.DataFrame) -> dict[str, str]:
    named = indicators.drop_duplicates("group_code").set_index("group_code")["group_name"]
    return {str(code): condition_name(str(name)) for code, name in named.items()}
