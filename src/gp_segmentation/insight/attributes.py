"""What is known of practices and did not make the segments: the fair judge of what segments tell."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from gp_segmentation.features import condition_name

UNUSED = "not used"
#: Share of practices that must have a figure for it to be profiled.
KNOWN = 0.5


def attributes(
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
    rows = [("list_size", "List size", "patients")]
    rows += list(zip(*(context_dictionary[c] for c in ("measure", "label", "unit")), strict=True))
    names = {} if indicators is None else _names(indicators)
    parts = [values]
    if registers is not None and len(registers):
        crude = _rates(registers, "group_code", "register").reindex(codes)
        told = {code: f"{names.get(code, code)} prevalence" for code in map(str, crude)}
        told = {code: label for code, label in told.items() if label not in used_labels}
        crude = crude[list(told)]
        parts.append(crude.add_prefix("crude_prevalence_"))
        rows += [(f"crude_prevalence_{c}", f"{label}, crude", "%") for c, label in told.items()]
    if achievement is not None and indicators is not None and len(achievement):
        rates = _rates(achievement, "indicator_code", "numerator").reindex(codes)
        group = dict(zip(indicators["indicator_code"], indicators["group_code"], strict=True))
        rates = rates[[c for c in map(str, rates) if c in group and f"achievement_{c}" not in used]]
        parts.append(rates.add_prefix("net_achievement_"))
        rows += [
            (f"net_achievement_{c}", f"{names.get(group[c], group[c])}, {c}: achievement", "%")
            for c in map(str, rates)
        ]
    everything = pd.concat(parts, axis=1)
    dictionary = pd.DataFrame(rows, columns=["feature", "label", "unit"]).assign(block=UNUSED)
    kept = ~dictionary["feature"].isin(list(used)) & dictionary["feature"].isin(everything.columns)
    dictionary = dictionary[kept].reset_index(drop=True)
    return everything[list(dictionary["feature"])].astype(float), dictionary


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
