"""The notes on the columns of the workbooks."""

from collections.abc import Iterable

#: Header of a column -> the note that explains it.
NOTES = {
    "Segment": "A segment groups practices with similar patients or recorded care, so that like can be "
    "compared with like. No segment is better than another.",
    "Supergroup": "Segments that are most alike form a supergroup. The code of a segment begins with that of "
    "its supergroup: A1 and A2 are segments of A.",
    "Subgroup": "Part of a segment, for finding similar practices: A1a is part of segment A1. The borders "
    "between subgroups are not found again when practices are redrawn.",
    "Certainty (%)": "The probability that the practice belongs to its segment when its counts of patients, "
    "and the practices of England, are drawn again at random. Figures that are no counts (deprivation, list "
    "size) are taken as known. Not known for special practices.",
    "Belongs to": "The segments the practice may belong to, its own first, with the probability of each. "
    "From 90% on a segment is called certain.",
    "Margin": "1 at the centre of the practice's own segment, 0 half-way to the next nearest one. A practice "
    "near 0 fits either segment.",
    "Fitted": "Special practices (very small, care-home, student, homeless and digital ones) did not shape "
    "the segments. Each was put into the nearest one.",
    "Difference from England (SD)": "In standard deviations between practices, with its 95% interval. "
    "Segments were made to differ on the features used, so there the interval shows how exactly the "
    "difference is known.",
    "Additional patients, own segment": "Additional patients if practices below the upper quartile of their "
    "own segment reached it. Rates are shrunk for small numbers. A practice at or above the quartile adds "
    "nothing. The columns for England compare with the upper quartile of England. A patient can count for "
    "several indicators: do not add indicators up.",
    "Practices expected by drift alone": "How many of the segment's practices would be there next year if "
    "nothing happened but what commonly happens to practices from one year to the next, in no particular "
    "direction. More than that are more than drift explains.",
    "Moved beyond drift": "Drift explains these changes of segment with a probability under 10%.",
    "Target: upper quartile of the segment (%)": "The rate that a quarter of the practices of the segment "
    "reach, by shrunk rates. Additional patients are those it takes to reach it.",
    "Median of its peers (%)": "The median rate of the practices most like it (peers.parquet).",
    "Expected on the register": "Patients that would be on the register if those of the same age, sex and "
    "deprivation (where it is known) were on it as often as in England. A difference is something to look "
    "into: it can come from illness, from how conditions are found and coded, or from what is not adjusted "
    "for, such as ethnicity.",
    "Expected, interval from": "The recorded numbers of 95 in 100 areas lie in the interval, which allows "
    "for how areas ordinarily differ. Of segments and regions that cannot be told: many lie outside.",
    "Interval from": "The 95% interval. For additional patients it covers chance in what happened to the "
    "patients of that year (a bootstrap). It does not say what a change of care could achieve.",
}


def note_numbers(headers: Iterable[str]) -> dict[str, int]:
    """Return the headers that have a note, in the order of `NOTES` -> the number of the note, from 1.

    >>> note_numbers(["Code", "Subgroup", "Segment"])
    {'Segment': 1, 'Subgroup': 2}
    """
    shown = set(headers)
    return {header: number for number, header in enumerate((h for h in NOTES if h in shown), start=1)}
