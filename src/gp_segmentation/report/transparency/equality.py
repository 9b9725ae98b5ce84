"""Tables for an equality analysis: who is in which segment, and for whom the segment is uncertain.

Every figure is of registered patients, as far as a practice's own figures tell: what is a mean of a practice
(ethnicity, deprivation) counts by its list.
"""

import itertools
from collections.abc import Iterator

import numpy as np
import pandas as pd

from gp_segmentation.report.transparency.document import (
    BY_OWNER,
    Column,
    Columns,
    Document,
    Section,
    Table,
    numbers,
    table,
)
from gp_segmentation.report.transparency.facts import Facts
from gp_segmentation.schemas import AGE_BANDS
from gp_segmentation.utils.averages import weighted_means
from gp_segmentation.utils.fifths import FIFTHS, fifths
from gp_segmentation.utils.rounding import UNKNOWN, natural, percent, whole_percent
from gp_segmentation.utils.wording import CERTAIN

ENGLAND = "England"
#: First age of each band of the table.
AGES = (0, 15, 30, 45, 65, 75, 85)
#: The share of patients from ethnic minority groups, as the sources call it.
MINORITY = "non_white_percent"
#: Protected characteristics of the Equality Act 2010 of which no publication that is used has figures.
NOT_COVERED = (
    "Disability, gender reassignment, marriage and civil partnership, pregnancy and maternity, religion or "
    "belief, and sexual orientation: the run has no table of these."
)


def equality(facts: Facts) -> Document:
    """Return the equality analysis of a run."""
    return Document(
        "equality",
        "Equality analysis",
        (
            "Whom the segments put together, and for whom they are uncertain. These tables describe; they do "
            "not assess what a use of the segments does to people. Whoever uses them has to assess that "
            f"({BY_OWNER}).",
            "Figures are of practices and their lists, not of persons: a difference between segments need "
            "not be one between the people in them. No segment is better than another.",
        ),
        (
            _section("Age and sex", _age_and_sex(facts), "The source has no registrations by age and sex."),
            _section("Ethnicity", _ethnicity(facts), "The source has no figures of ethnicity."),
            _section("Deprivation", _deprivation(facts), "The source has no measure of deprivation."),
            _uncertain(facts),
            _rules_and_peers(facts),
            Section("Not covered", (NOT_COVERED,)),
        ),
    )


def _section(heading: str, tables: list[Table], absent: str) -> Section:
    return Section(heading, tables=tuple(tables)) if tables else Section(heading, (absent,))


def _codes(facts: Facts) -> dict[int, str]:
    return {int(s["segment"]): f"{s['code']}: {s['name']}" for s in facts.said["segments"]}


def _groups(facts: Facts) -> pd.DataFrame:
    """Practice_code -> segment and list of every practice in a segment."""
    return facts.results.segments.set_index("practice_code")[["segment", "list_size"]]


def _age_and_sex(facts: Facts) -> list[Table]:
    if facts.age_sex.empty:
        return []
    rows = facts.age_sex.assign(first=facts.age_sex["age_band"].map(_first_ages()))
    rows["age"] = pd.cut(rows["first"], [*AGES, np.inf], right=False, labels=_age_labels()).astype(str)
    segment = rows["practice_code"].map(_groups(facts)["segment"])
    shares = []
    for column, names in (("age", _age_labels()), ("sex", ["FEMALE"])):
        counts = rows.pivot_table("patients", segment, column, aggfunc="sum")
        counts.loc[0] = rows.groupby(column)["patients"].sum()
        shares.append(counts.div(counts.sum(axis=1), axis=0)[names])
    found = shares[0].join(shares[1])
    columns = numbers(*(f"Aged {name}" for name in _age_labels()), "Women and girls")
    title = "Share of registered patients by age and sex"
    return [_by_segment(facts, title, columns, found.map(percent))]


def _first_ages() -> dict[str, int]:
    return {band: 5 * number for number, band in enumerate(AGE_BANDS)}


def _age_labels() -> list[str]:
    ends = [f"{low} to {high - 1}" for low, high in itertools.pairwise(AGES)]
    return [*ends, f"{AGES[-1]} and over"]


def _by_segment(facts: Facts, caption: str, columns: tuple[Column, ...], found: pd.DataFrame) -> Table:
    """A row per segment and England (number 0) last, of texts indexed by number."""
    names = _codes(facts) | {0: ENGLAND}
    rows = [(name, *found.loc[number]) for number, name in names.items() if number in found.index]
    return table(caption, ("Segment", *columns), rows)


def _weighted(facts: Facts, measures: list[str]) -> pd.DataFrame:
    """Means by list of context measures, by number of the segment (0: England)."""
    practices = facts.results.practices.set_index("practice_code")
    values = facts.results.context.set_index("practice_code")[measures].reindex(practices.index)
    segment = _groups(facts)["segment"].reindex(values.index)
    both = weighted_means(values, practices["list_size"], segment)
    everyone = weighted_means(values, practices["list_size"], pd.Series(0, index=values.index))
    return pd.concat([both, everyone])


def _ethnicity(facts: Facts) -> list[Table]:
    about = facts.results.context_dictionary
    named = about["measure"].eq(MINORITY) | about["label"].str.contains("ethnic", case=False)
    return _means(facts, about[named], "Ethnicity, mean by list")


def _deprivation(facts: Facts) -> list[Table]:
    about = facts.results.context_dictionary
    tables = _means(
        facts, about[about["measure"].eq(facts.config["insight"]["deprivation"])], "Deprivation, mean by list"
    )
    mix = facts.mix
    rows = mix[mix["level"] == "deprivation_quintile"] if "level" in mix else mix
    if rows.empty or not tables:
        return tables
    counts = rows.pivot_table("patients", "segment", "area", aggfunc="sum")
    counts.loc[0] = counts.sum()
    shares = counts.div(counts.sum(axis=1), axis=0).map(percent)
    columns = numbers(*(f"Fifth {name}" if name[:1].isdigit() else name for name in map(str, shares)))
    title = "Share of registered patients by fifth of practices by deprivation"
    return [*tables, _by_segment(facts, title, columns, shares)]


def _means(facts: Facts, about: pd.DataFrame, caption: str) -> list[Table]:
    about = about[about["measure"].isin(facts.results.context.columns)]
    if about.empty:
        return []
    found = _weighted(facts, list(about["measure"]))
    units = dict(zip(about["measure"], about["unit"], strict=True))
    shown = pd.DataFrame(
        {name: [natural(value, units[name]) for value in found[name]] for name in found}, index=found.index
    )
    return [_by_segment(facts, caption, numbers(*about["label"].astype(str)), shown)]


def _uncertain(facts: Facts) -> Section:
    known = facts.certainty
    if known.empty and facts.doubts.empty:
        return Section("Who is uncertain", ("This run did not measure how certain the segments are.",))
    doubt = doubts(facts)
    columns: Columns = (
        "Practices by",
        *numbers("Practices", "Patients", "Uncertain practices", "Uncertain patients"),
        *numbers("Disputed practices", "Disputed patients"),
    )
    tables, absent = [], []
    for title, groups, why in _groupings(facts):
        if groups is None:
            absent.append(why)
        else:
            tables.append(table(f"Who is uncertain, by {title}", columns, _doubt_rows(doubt, groups)))
    special = facts.said["counts"]["special"]
    least = facts.config["evidence"]["min_stay_share"]
    told = (
        f"A practice is uncertain if the probability of its segment is below {whole_percent(CERTAIN)}. It is "
        f"disputed if the probability is below {whole_percent(least)}, or another method puts it elsewhere. "
        f"Patients are those on the lists of such practices. The {special:,} special practices are not in "
        "these tables."
    )
    return Section("Who is uncertain", (told, *absent), tables=tuple(tables))


def doubts(facts: Facts) -> pd.DataFrame:
    """Return practice_code -> list_size, uncertain, disputed (True, False; missing where not measured)."""
    known, disputed = facts.certainty, facts.doubts
    index = known.index.union(disputed.index)
    lists = facts.results.practices.set_index("practice_code")["list_size"].reindex(index)
    uncertain = (known < CERTAIN).astype(float).reindex(index)
    return pd.DataFrame(
        {
            "list_size": lists,
            "uncertain": uncertain,
            "disputed": (disputed != "").astype(float).reindex(index),
        }
    )


def _groupings(facts: Facts) -> Iterator[tuple[str, pd.Series | None, str]]:
    """Title, practice_code -> group (in order), and what to say where there is none."""
    lists = facts.results.practices.set_index("practice_code")["list_size"]
    deprivation = str(facts.config["insight"]["deprivation"])
    ends = "least deprived", "most deprived"
    yield (
        "fifth of deprivation",
        _fifths(facts, deprivation, ends),
        "There is no table by deprivation: the source has no such measure.",
    )
    edges = [0, *facts.config["evidence"]["external"]["comparators"]["list_size"], np.inf]
    names = [_band(low, high) for low, high in itertools.pairwise(edges)]
    yield "list size", pd.cut(lists, edges, right=False, labels=names), ""
    yield (
        "fifth of the share of patients from ethnic minority groups",
        _fifths(facts, MINORITY, ("lowest share", "highest share")),
        "There is no table by ethnicity: the source has no such measure.",
    )


def _band(low: float, high: float) -> str:
    if np.isinf(high):
        return f"{low:,.0f} patients and over"
    return f"{low:,.0f} to {high - 1:,.0f} patients" if low else f"under {high:,.0f} patients"


def _fifths(facts: Facts, measure: str, ends: tuple[str, str]) -> pd.Series | None:
    context = facts.results.context
    if measure not in context or context[measure].notna().sum() < FIFTHS:
        return None
    names = [str(number) for number in range(1, FIFTHS + 1)]
    names[0], names[-1] = f"1 ({ends[0]})", f"{FIFTHS} ({ends[1]})"
    found = fifths(context.set_index("practice_code")[measure])
    return found.map(dict(enumerate(names))).astype(pd.CategoricalDtype(names, ordered=True))


def _doubt_rows(doubt: pd.DataFrame, groups: pd.Series) -> list[tuple[str, ...]]:
    group = groups.reindex(doubt.index)
    parts = [(str(name), doubt[group == name]) for name in groups.cat.categories]
    parts += [(UNKNOWN, doubt[group.isna()]), (ENGLAND, doubt)]
    return [
        (
            name,
            f"{len(rows):,}",
            f"{rows['list_size'].sum():,.0f}",
            *(
                _share(rows[column], weights)
                for column in ("uncertain", "disputed")
                for weights in (None, rows["list_size"])
            ),
        )
        for name, rows in parts
        if len(rows)
    ]


def _share(flags: pd.Series, weights: pd.Series | None) -> str:
    known = flags.dropna()
    if known.empty:
        return UNKNOWN
    share = known.mean() if weights is None else np.average(known, weights=weights[known.index])
    return percent(share)


def _rules_and_peers(facts: Facts) -> Section:
    columns: Columns = ("Fifth of deprivation", *numbers("Practices", "Right by the rules", "95% interval"))
    peers = facts.peers.set_index("deprivation_quintile")
    more = numbers("Peers in the same fifth", "Of random peers", "Peers found again when redrawn")
    more = more if len(peers) else ()
    rows = []
    for row in facts.rules.to_dict("records"):
        own = peers.reindex([row["deprivation_quintile"]]).iloc[0]
        rows.append(
            (
                row["deprivation_quintile"],
                f"{row['practices']:,}",
                percent(row["fidelity"]),
                f"{percent(row['low'])} to {percent(row['high'])}",
                *(
                    (percent(own[n]) for n in ("same_quintile", "random_same_quintile", "inclusion"))
                    if more
                    else ()
                ),
            )
        )
    if not rows:
        return Section("Rules and peers", ("The run has no table of rules and peers by deprivation.",))
    told = (
        "Whether simple rules give practices their segment, and whether practices find peers in areas like "
        "theirs, as well in deprived areas as elsewhere."
    )
    return Section("Rules and peers", (told,), tables=(table("By deprivation", (*columns, *more), rows),))
