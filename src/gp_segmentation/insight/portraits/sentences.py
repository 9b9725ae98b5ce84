"""Sentences that portraits of segments and of other groups share, written by fixed rules from figures."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from gp_segmentation.insight.portraits.names import NOTABLE, Claim
from gp_segmentation.insight.portraits.phrases import COUNTED, PLACES, PREVALENCE, measured, short, worded
from gp_segmentation.insight.portraits.profiles import wilson_low
from gp_segmentation.utils.rounding import natural, whole_percent
from gp_segmentation.utils.wording import listed

#: Percentage of patients in rural areas from which a segment is mostly rural.
MOSTLY = 50
#: Share of England's rate by which a segment's rate of a condition differs to be worth a question.
WORTH_ASKING = 0.1


def clear_rows(profile: pd.DataFrame) -> pd.DataFrame:
    """Return the features whose difference is clear: its 95% interval leaves out zero."""
    rows = profile[profile["used"].astype(bool)].sort_values("rank")
    return rows[(rows["difference_low"] > 0) | (rows["difference_high"] < 0)]


def examples(claims: Sequence[Claim], clear: pd.DataFrame) -> list[pd.DataFrame]:
    """Return per claim the profile row that supports it most, of `clear` ones; no row where none does."""
    single = {feature for claim in claims if len(claim.members) == 1 for feature in claim.members}
    found = []
    for claim in claims:
        # The feature that another claim is about is no example of a claim about many features.
        features = set(claim.members) if len(claim.members) == 1 else set(claim.members) - single
        rows = clear[clear["feature"].isin(features)]
        support = rows["difference_sd"] * rows["feature"].map(claim.members).astype(float)
        best = support[support > 0].sort_values(ascending=False, kind="stable").index[:1]
        found.append(rows.loc[best])
    return found


def claim_sentence(claims: Sequence[Claim], supported_by: list[pd.DataFrame]) -> str:
    """Return claims against England, each with what supports it most (`examples`); "" without claims."""
    if not claims:
        return ""
    parts = _supported(claims, supported_by, "england_mean", "England", " than average")
    text = listed(parts)
    return f"{text[:1].upper()}{text[1:]}. Intervals are in the tables of profiles."


def claim_figures(
    claims: Sequence[Claim], supported_by: Sequence[pd.DataFrame], profile: pd.DataFrame
) -> list[str]:
    """Return what supports each claim most, in its unit: "patients aged 75 and over: 13.5% (England 9.0%)".

    Of a claim about a whole block also for how many of its measures it holds, that one among them.
    """
    found = []
    for claim, rows in zip(claims, supported_by, strict=True):
        block = any(noun in claim.phrase for noun in COUNTED)
        for _, row in rows.iterrows():
            named = _of_block(claim, profile) + short(row["label"]) if block else measured(row["label"])
            mean, england = (natural(row[column], row["unit"]) for column in ("mean", "england_mean"))
            found.append(f"{named}: {mean} (England {england})")
    return found


def recorded_conditions(profile: pd.DataFrame, top: int = 2) -> dict[str, Any]:
    """Return ``more`` and ``less``: conditions recorded clearly more or less often than in England.

    Clearly: the interval of the difference leaves out zero, and it is `NOTABLE` standard deviations or more
    and `WORTH_ASKING` of England's rate or more. At most `top` each, the largest difference first: feature,
    name, mean and England's mean as texts. ``adjusted``: whether rates are adjusted for age and sex.
    """
    rows = clear_rows(profile)
    rows = rows[rows["label"].map(lambda label: bool(PREVALENCE.search(label))).astype(bool)]
    relative = (rows["mean"] / rows["england_mean"].where(rows["england_mean"] > 0) - 1).abs()
    rows = rows[(rows["difference_sd"].abs() >= NOTABLE) & (relative >= WORTH_ASKING)]
    found: dict[str, list[dict[str, str]]] = {"more": [], "less": []}
    for _, row in rows.iterrows():
        mean, england = (natural(row[column], row["unit"]) for column in ("mean", "england_mean"))
        one = {"feature": row["feature"], "name": short(row["label"]), "mean": mean, "england": england}
        found["more" if row["difference_sd"] > 0 else "less"].append(one)
    adjusted = bool(rows["label"].str.contains("adjusted").any())
    return {**{name: texts[:top] for name, texts in found.items()}, "adjusted": adjusted}


def _of_block(claim: Claim, profile: pd.DataFrame) -> str:
    """For how many measures of a block a claim holds: "... conditions: 15 of 19 above England, such as "."""
    rows = profile[profile["feature"].isin(set(claim.members))]
    holds = rows["difference_sd"] * rows["feature"].map(claim.members).astype(float) > 0
    noun, above = claim.phrase.split(" ", 1)[1], next(iter(claim.members.values())) > 0
    return f"{noun}: {holds.sum()} of {len(rows)} {'above' if above else 'below'} England, such as "


def apart_sentence(
    claims: Sequence[Claim], profile: pd.DataFrame, parent: pd.DataFrame, siblings: Sequence[str]
) -> str:
    """Return what sets a group apart from its siblings, with the means of both.

    Parameters
    ----------
    claims : against the parent. profile, parent : rows of schema ``profiles_by_level``, of the group and of
        its parent. siblings : codes of the parent's other groups, at least one.
    """
    above, rows = parent["code"].iloc[0], profile.set_index("feature")
    if not claims:
        return f"Close to the average of {above}: it differs too little for a name."
    whole, own = parent.set_index("feature")["practices"].reindex(rows.index), rows["practices"]
    rest = (rows["parent_mean"] * whole - rows["mean"] * own) / (whole - own).where(lambda n: n > 0)
    against = {f"difference_{part}": rows[f"parent_difference_{part}"] for part in ("sd", "low", "high")}
    clear = clear_rows(rows.assign(**against, rest_mean=rest).reset_index())
    who = siblings[0] if len(siblings) == 1 else "the rest"
    parts = _supported(claims, examples(claims, clear), "rest_mean", who, "")
    compared = siblings[0] if len(siblings) == 1 else f"the rest of {above}"
    return f"Compared with {compared}: {listed(parts)}."


def _supported(
    claims: Sequence[Claim], supported_by: list[pd.DataFrame], column: str, who: str, than: str
) -> list[str]:
    """Each claim with the means that support it: "older (patients aged 75 and over: 13.5%; A2 7.8%)"."""
    parts = []
    for claim, example in zip(claims, supported_by, strict=True):
        # "Asthma indicators above average" says it already.
        text = claim.phrase if claim.phrase.endswith(PLACES) else f"{claim.phrase}{than}"
        for label, means in zip(example["label"], means_of(example, column, who), strict=True):
            named = short(label) in claim.phrase
            text += f" ({means})" if named else f" ({worded(label)}: {means})"
        parts.append(text)
    return parts


def means_of(rows: pd.DataFrame, column: str = "england_mean", who: str = "England") -> list[str]:
    """Return the mean of the group and of another, such as "11,445; England 9,019"."""
    return [
        f"{natural(mean, unit)}; {who} {natural(other, unit)}"
        for mean, other, unit in zip(rows["mean"], rows[column], rows["unit"], strict=True)
    ]


def region_sentence(mine: pd.DataFrame, everyone: pd.DataFrame) -> str:
    """Return the regions, at most two, that have clearly more of a group's practices than of all practices.

    Clearly: the 95% interval of the group's share (Wilson) lies above the region's share of all.
    """
    england = everyone["region_name"].value_counts(normalize=True)
    share = mine["region_name"].value_counts(normalize=True).reindex(england.index).fillna(0.0)
    more = (share - england)[wilson_low(share, len(mine)) > england]
    # Ties are broken by name.
    first = more.sort_index().round(9).sort_values(ascending=False, kind="stable").index[:2]
    if not len(first):
        return "No region has clearly more than its share of them."
    parts = [
        f"{whole_percent(share[r])} are in {place(str(r))} ({whole_percent(england[r])} of all practices)"
        for r in first
    ]
    return f"{listed(parts)}."


def place(region: str) -> str:
    """Return a region as it stands after "in".

    >>> place("North West"), place("London")
    ('the North West', 'London')
    """
    return f"the {region}" if region.startswith(("North", "South", "East", "West", "Midlands")) else region


def counted(practices: int) -> str:
    """Return a number of practices in words: "1 practice", "1,904 practices"."""
    return f"{practices:,} practice{'s' * (practices != 1)}"


def place_sentences(mine: pd.DataFrame, everyone: pd.DataFrame, profile: pd.DataFrame) -> str:
    """Return the regions of a segment, and that it is mostly rural if half its patients or more live so.

    The percentage is the mean of its practices, in `profile`, if the source has one for rural areas.
    """
    return f"{region_sentence(mine, everyone)} {_rural_sentence(profile)}".strip()


def _rural_sentence(profile: pd.DataFrame) -> str:
    rural = profile[profile["feature"].str.startswith("rural") & (profile["unit"] == "%")]
    if rural.empty or not rural["mean"].iloc[0] >= MOSTLY:
        return ""
    mean, england = rural[["mean", "england_mean"]].iloc[0]
    whose = "of a practice's patients live in rural areas, on average"
    return f"Mostly rural: {natural(mean, '%')} {whose} (England {natural(england, '%')})."
