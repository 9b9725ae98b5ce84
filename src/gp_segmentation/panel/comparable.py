"""What two or more years have in common: the rest is taken out of all of them, and said.

A change of segment must come from practices, not from files. So a register counts only where every year has
it on the same list type, an indicator where every year has it (under one code), a measure such as the
deprivation index where every year has the same edition, ages where every year has them as of its own day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.features import Tables
from gp_segmentation.segments.renumbering import align_indicator_codes

#: Checks of the quality table that speak of other ages, and of files that lie there and are not read.
OTHER_DAY, NOT_READ = "registrations of another day", "file not used"
ABSENT, THERE = "absent", "there"


@dataclass(frozen=True)
class Year:
    """A source's prepared tables. label, period : of the source ("England 2024-25", "2024-25")."""

    label: str
    period: str
    tables: Tables
    quality: pd.DataFrame


@dataclass(frozen=True)
class Common:
    """The years with what they have in common, and nothing else.

    Attributes
    ----------
    tables : period -> tables; registers, indicators, measures and ages are in all of them or in none.
    core : part (register, indicator, measure, ages), item, used, and a column per period with what was found.
    notes : sentences on what was taken out and why; `warnings`: those that ask for another file.
    """

    tables: dict[str, Tables]
    core: pd.DataFrame
    notes: list[str]
    warnings: list[str]


def common_core(years: Sequence[Year], base: str, same_indicators: Sequence[Sequence[str]] = ()) -> Common:
    """Work out what `years` have in common, and take the rest out of all of them.

    Parameters
    ----------
    years : two or more. base : the period of the run, whose codes and editions are kept.
    same_indicators : groups of codes that mean one indicator (see `segments.renumbering`).

    Raises
    ------
    ConfigError : fewer than two years, or two of one period.
    """
    periods = [year.period for year in years]
    if len(set(periods)) < max(2, len(periods)):
        raise ConfigError(
            f"a panel needs two sources or more, of different years; found: {', '.join(periods) or 'none'}. "
            "Name them: panel.sources=[nhs_2022_23,nhs_2024_25]"
        )
    of_base = next(year.tables for year in years if year.period == base)
    aligned = {y.period: align_indicator_codes(of_base, y.tables, same_indicators)[0] for y in years}
    aligned = {period: _same_measures(of_base, tables) for period, tables in aligned.items()}
    days = {year.period: _ages(year) for year in years}
    parts = {
        "register": {p: t.registers.groupby("group_code")["list_type"].first() for p, t in aligned.items()},
        "indicator": {p: _there([*t.achievement["indicator_code"].unique()]) for p, t in aligned.items()},
        "measure": {p: _labels(t) for p, t in aligned.items()},
        "ages": {p: pd.Series({"ages": found}) for p, found in days.items()},
    }
    core = pd.concat([_compared(part, found, base) for part, found in parts.items()], ignore_index=True)
    used = {part: set(rows.loc[rows["used"], "item"]) for part, rows in core.groupby("part")}
    tables = {period: _only(own, lambda part: used.get(part, set())) for period, own in aligned.items()}
    return Common(tables, core, _notes(core, periods, base), list(_warnings(years, days)))


def _there(items: Sequence[str]) -> pd.Series:
    return pd.Series(THERE, index=list(items), dtype="str")


def _labels(tables: Tables) -> pd.Series:
    labels = tables.context_dictionary.set_index("measure")["label"]
    return labels[[name for name in labels.index if name in tables.context and tables.context[name].any()]]


def _same_measures(base: Tables, tables: Tables) -> Tables:
    """Give each measure of `base` that `tables` have under another name, such as an edition, its name."""
    wanted = base.context_dictionary.set_index("measure")["label"]
    own = tables.context_dictionary.drop_duplicates("label").set_index("label")["measure"]
    source = {name: own[label] for name, label in wanted.items() if label in own.index}
    context, dictionary = tables.context.copy(), tables.context_dictionary.set_index("measure")
    for name, measure in source.items():
        context[name] = tables.context[measure]
        dictionary.loc[name] = tables.context_dictionary.set_index("measure").loc[measure]
    return replace(tables, context=context, context_dictionary=dictionary.reset_index())


def _ages(year: Year) -> str:
    if year.tables.age_sex.empty:
        return ABSENT
    other = year.quality.loc[year.quality["check"] == OTHER_DAY, "detail"]
    return f"of {other.iloc[0]}" if len(other) else THERE


def _compared(part: str, found: Mapping[str, pd.Series], base: str) -> pd.DataFrame:
    """Rows of `Common.core`: the items of the run's year, used where every year has the same."""
    items = pd.Index(sorted(found[base].index), dtype="str")
    table = pd.DataFrame({period: own.reindex(items).fillna(ABSENT) for period, own in found.items()}, items)
    same = table.eq(table[base], axis=0).all(axis=1) & (table[base] != ABSENT)
    if part == "ages":
        same = (table == THERE).all(axis=1)
    table.insert(0, "used", same.astype(bool))
    return table.rename_axis("item").reset_index().assign(part=part)[["part", "item", *table.columns]]


def _only(tables: Tables, used: Callable[[str], set[str]]) -> Tables:
    """Return the tables with what all years have; measures that are not in all become unknown."""
    others = tables.context.columns.drop(["practice_code", *used("measure")], errors="ignore")
    return replace(
        tables,
        registers=tables.registers[tables.registers["group_code"].isin(used("register"))],
        achievement=tables.achievement[tables.achievement["indicator_code"].isin(used("indicator"))],
        context=tables.context.assign(**dict.fromkeys(others, float("nan"))),
        age_sex=tables.age_sex if used("ages") else tables.age_sex.iloc[:0],
    )


#: How the parts are called in sentences.
WORDS = {"register": "registers", "indicator": "indicators", "measure": "measures"}


def _notes(core: pd.DataFrame, periods: Sequence[str], base: str) -> list[str]:
    counts = core[core["part"] != "ages"].groupby("part", sort=False)["used"].agg(["sum", "size"])
    ages = core.loc[core["part"] == "ages", "used"].any()
    shared = ", ".join(f"{row['sum']} of {row['size']} {WORDS[str(part)]}" for part, row in counts.iterrows())
    notes = [
        f"Compared is what all years ({', '.join(periods)}) have in the same form: {shared}"
        f"{', and ages' if ages else ''} of {base}."
    ]
    for part, rows in core[~core["used"]].groupby("part", sort=False):
        items = [_difference(str(part), row, periods) for _, row in rows.iterrows()]
        more = f", and {len(items) - 6} more" if len(items) > 6 else ""
        notes.append(f"Taken out of every year, as not the same in all: {'; '.join(items[:6])}{more}.")
    return notes


def _difference(part: str, row: pd.Series, periods: Sequence[str]) -> str:
    name = "ages" if part == "ages" else f"{part} {row['item']}"
    return f"{name} ({', '.join(f'{period}: {row[period]}' for period in periods)})"


def _warnings(years: Sequence[Year], days: Mapping[str, str]) -> Iterator[str]:
    for year in years:
        day = days[year.period]
        if day == ABSENT:
            yield (
                f"{year.label} has no registrations by age and sex, so ages are compared in no year. Put the "
                "file named under registrations in the source's YAML beside the others"
            )
        elif day != THERE:
            yield (
                f"The registrations of {year.label} are {day}, so ages are compared in no year: patients "
                "grow older meanwhile. Get the list of the right day"
            )
        unread = year.quality.loc[year.quality["check"] == NOT_READ, "file"]
        if len(unread):
            files = ", ".join(unread)
            yield f"{year.label} has files that its source does not name, and they are not read: {files}"
