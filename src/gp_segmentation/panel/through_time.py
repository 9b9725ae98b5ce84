"""Practices through time: which closed, opened, merged or were taken over between two years.

A practice that is gone has a successor where the organisation list names one; of several the one that grew
most counts, and it is said. Otherwise one is proposed from the figures, and marked so: the practice of the
same primary care network (PCN) that grew most, if it grew by at least half of the closed list. Lists are
looked at from the longest to the shortest, and growth that one closed list explains does not explain another.

Rates are compared only after the lists are pooled: of a practice that took over another, the earlier year's
figures are those of both together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pandas as pd

from gp_segmentation.features import Tables
from gp_segmentation.sources import pool_achievement, pool_age_sex, pool_registers
from gp_segmentation.utils.averages import weighted_means

#: What becomes of a practice; of one taken over, the successor has a code that is new.
MERGED, TAKEN_OVER, CLOSED, OPENED = "merged", "taken over", "closed", "opened"
#: By what a successor is known.
NAMED, PROPOSED = "named", "proposed"
#: Share of a closed list by which a practice must have grown to be proposed as its successor.
GROWTH = 0.5

#: Code of an organisation -> the codes of those that follow it.
Successors = Mapping[str, Sequence[str]]

COLUMNS = ["practice_code", "practice_name", "pcn_code", "patients", "event", "successor", "basis", "reason"]


def changed_practices(
    before: pd.DataFrame, after: pd.DataFrame, successors: Successors | None = None
) -> pd.DataFrame:
    """Return a row for every practice that is in only one of two years, and why.

    Parameters
    ----------
    before, after : schema ``practices``. successors : code -> codes that follow it, as the organisation list
        names them; chains are followed to practices of `after`.

    Returns
    -------
    practice_code, practice_name, pcn_code, patients (on its list in the year it is in), event (merged, taken
    over, closed, opened), successor, basis (named, proposed; null without a successor), reason.
    """
    old, new = (table.set_index("practice_code").sort_index() for table in (before, after))
    gone = old.loc[old.index.difference(new.index)].sort_values("list_size", ascending=False, kind="stable")
    growth = (new["list_size"] - old["list_size"].reindex(new.index).fillna(0)).astype(float)
    heirs_of = {code: _followed(code, successors or {}, set(new.index)) for code in gone.index}
    known = {code: max(heirs, key=lambda heir: growth[heir]) for code, heirs in heirs_of.items() if heirs}
    for code, heir in known.items():
        growth[heir] -= gone.loc[code, "list_size"]
    rows = []
    for code, row in gone.iterrows():
        found, basis, reason = known.get(code), NAMED, "its successor in the organisation list"
        if found is None:
            found, reason = _proposed(row, new, growth)
            basis = PROPOSED
        elif len(heirs_of[code]) > 1:
            reason = f"the organisation list names {', '.join(heirs_of[code])}; {found} grew most"
        event = CLOSED if found is None else MERGED if found in old.index else TAKEN_OVER
        rows.append((code, *_about(row), event, found, basis if found else None, reason))
    heirs = {row[5] for row in rows}
    rows += [
        (code, *_about(row), OPENED, None, None, "a new code that follows no other practice")
        for code, row in new.loc[new.index.difference(old.index)].iterrows()
        if code not in heirs
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["patients"] = table["patients"].astype("int64")
    return table.sort_values("practice_code", ignore_index=True).astype(
        dict.fromkeys([name for name in COLUMNS if name != "patients"], "str")
    )


def _about(row: pd.Series) -> tuple[object, object, object]:
    return row["practice_name"], row["pcn_code"], row["list_size"]


def _followed(code: str, successors: Successors, there: set[str]) -> list[str]:
    """The first organisations that are `there` in the chains from `code`, in order."""
    seen, waiting, found = {code}, [*successors.get(code, ())], set()
    while waiting:
        if (heir := waiting.pop()) in seen:
            continue
        seen.add(heir)
        if heir in there:
            found.add(heir)
        else:
            waiting += successors.get(heir, ())
    return sorted(found)


def _proposed(gone: pd.Series, new: pd.DataFrame, growth: pd.Series) -> tuple[str | None, str]:
    """Propose a successor and take what it takes over from `growth`; return it and the reason."""
    if pd.isna(gone["pcn_code"]):
        return None, "in no PCN, and the organisation list names no successor"
    peers = growth[new["pcn_code"] == gone["pcn_code"]]
    if peers.empty:
        return None, "its PCN has no practice any more"
    best, patients = str(peers.idxmax()), gone["list_size"]
    if peers[best] < GROWTH * patients:
        least = f"{GROWTH * patients:,.0f}"
        return None, f"no practice of its PCN grew by {least}, half of its list (most: {peers[best]:,.0f})"
    reason = f"{best} of the same PCN grew by {peers[best]:,.0f}; half of this list is {patients / 2:,.0f}"
    growth[best] -= patients
    return best, reason


@dataclass(frozen=True)
class Followed:
    """Practices followed through all years.

    Attributes
    ----------
    events : from_period, to_period and the columns of `changed_practices`.
    units : period -> practice_code -> the code under which its patients are in the last year it can be
        followed to; practices with the same are pooled.
    """

    events: pd.DataFrame
    units: dict[str, pd.Series]


def follow(practices: Mapping[str, pd.DataFrame], successors: Successors | None = None) -> Followed:
    """Follow practices from the first year to the last, year by year; `practices` in order of time."""
    periods = list(practices)
    steps = {
        (start, end): changed_practices(practices[start], practices[end], successors)
        for start, end in pairwise(periods)
    }
    units = {periods[-1]: _own(practices[periods[-1]])}
    for (start, end), events in reversed(steps.items()):
        next_code = _own(practices[start])
        known = events[events["basis"].notna()].set_index("practice_code")["successor"]
        next_code.update(known)
        units[start] = next_code.map(lambda code, later=units[end]: later.get(code, code)).astype("str")
    events = pd.concat(
        [table.assign(from_period=start, to_period=end) for (start, end), table in steps.items()]
    )
    return Followed(events[["from_period", "to_period", *COLUMNS]].reset_index(drop=True), units)


def _own(practices: pd.DataFrame) -> pd.Series:
    codes = practices["practice_code"].astype("str")
    return pd.Series(codes.to_numpy(), index=pd.Index(codes, name="practice_code"), dtype="str")


def pool(tables: Tables, unit: pd.Series) -> Tables:
    """Return the tables with a row per unit: counts added, measures averaged by list size.

    Names, places and `special` are those of the practice whose code the unit has or, where it is not in this
    year, of its longest list. Patients are conserved: list sizes add up to the same.
    """
    practices = tables.practices.assign(unit=tables.practices["practice_code"].map(unit))
    sizes = practices.groupby("unit")["list_size"].sum()
    first = practices.assign(own=practices["unit"] == practices["practice_code"])
    first = first.sort_values(["own", "list_size", "practice_code"], ascending=[False, False, True])
    first = first.drop_duplicates("unit").sort_values("unit")
    pooled = first.assign(practice_code=first["unit"], list_size=first["unit"].map(sizes))
    counts = {"registers": pool_registers, "achievement": pool_achievement, "age_sex": pool_age_sex}
    values = tables.context.set_index("practice_code").reindex(practices["practice_code"])
    weights, groups = (practices.set_index("practice_code")[name] for name in ("list_size", "unit"))
    context = weighted_means(values, weights, groups).rename_axis("practice_code").reset_index()
    return replace(
        tables,
        practices=pooled[list(tables.practices.columns)].reset_index(drop=True),
        context=context,
        **{name: _changed_only(getattr(tables, name), unit, add) for name, add in counts.items()},
    )


def _changed_only(
    table: pd.DataFrame, unit: pd.Series, add: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    """Add up the rows of units of several practices; the others keep theirs, under the unit's code."""
    units = table["practice_code"].map(unit)
    several = unit.groupby(unit).transform("size") > 1
    changed = table["practice_code"].map(several).astype(bool)
    same = table[~changed].assign(practice_code=units[~changed])
    if not changed.any():
        return same
    return pd.concat([same, add(table[changed].assign(practice_code=units[changed]))], ignore_index=True)


def patients_account(before: pd.DataFrame, after: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return where the patients of each year are: kind, practices, patients of both years; parts add up.

    Rows: in both years, each event, and all.
    """
    old, new = (table.set_index("practice_code")["list_size"] for table in (before, after))
    both = old.index.intersection(new.index)
    heirs = new.index.intersection([*events.loc[events["event"] == TAKEN_OVER, "successor"].dropna()])
    rows = [("in both years", len(both), old[both].sum(), new[both].sum())]
    for event in (MERGED, TAKEN_OVER, CLOSED, OPENED):
        codes = events.loc[events["event"] == event, "practice_code"]
        later = new.reindex(heirs if event == TAKEN_OVER else codes).sum()
        rows.append((event, len(codes), old.reindex(codes).sum(), later))
    rows.append(("all", len(old.index.union(new.index)), old.sum(), new.sum()))
    table = pd.DataFrame(rows, columns=["kind", "practices", "patients_before", "patients_after"])
    return table.astype(dict.fromkeys(["practices", "patients_before", "patients_after"], "int64"))


def told(events: pd.DataFrame, account: pd.DataFrame, periods: Sequence[str]) -> list[str]:
    """Return sentences on two years' practices."""
    count = events["event"].value_counts()
    basis = events["basis"].value_counts()
    rows = account.set_index("kind")
    gone = sum(int(count.get(event, 0)) for event in (MERGED, TAKEN_OVER, CLOSED))
    patients = rows.loc[[MERGED, TAKEN_OVER, CLOSED], "patients_before"].sum()
    start, end = periods
    both = int(rows["practices"]["in both years"])
    return [
        f"{start} to {end}: {both:,} practices are in both years, {gone:,} "
        f"are gone ({patients:,} patients), {int(count.get(OPENED, 0)) + _heirs(events):,} are new.",
        f"Of those gone: merged into another practice {int(count.get(MERGED, 0)):,}, taken over under a new "
        f"code {int(count.get(TAKEN_OVER, 0)):,}, closed without a known successor "
        f"{int(count.get(CLOSED, 0)):,}. Successors that are named: {int(basis.get(NAMED, 0)):,}; proposed "
        f"from list sizes, and not confirmed: {int(basis.get(PROPOSED, 0)):,}.",
    ]


def _heirs(events: pd.DataFrame) -> int:
    return int(events.loc[events["event"] == TAKEN_OVER, "successor"].nunique())
