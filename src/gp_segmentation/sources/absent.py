"""What a source does not have, and what is therefore left out of every result."""

from __future__ import annotations

from collections.abc import Iterator

from gp_segmentation.sources.raw_folder import NOT_GIVEN
from gp_segmentation.sources.tidy import Prepared

#: Roles whose absence has a sentence of its own.
_OWN_SENTENCE = ("registrations", "organisations", "postcodes")


def absent_sentences(prepared: Prepared) -> list[str]:
    """Return a sentence for each kind of figures that `prepared` lacks, for log and page."""
    return list(_sentences(prepared))


def _sentences(prepared: Prepared) -> Iterator[str]:
    achievement = prepared.achievement
    if prepared.age_sex.empty:
        yield (
            "No registrations by age and sex: age structure, prevalence adjusted for age, and special "
            "practices found by the age or sex of their patients are left out."
        )
    if prepared.registers.empty:
        yield "No registers: prevalence, and special practices found by their registers, are left out."
    if achievement["denominator"].isna().all():
        what = "achievement" if achievement.empty else "indicator with a denominator"
        yield f"No {what}: opportunities, outliers and all other figures of achievement are left out."
    elif achievement["pcas"].isna().all():
        yield (
            "No personalised care adjustments: their rates, and achievement that counts such patients as "
            "eligible, are left out."
        )
    if prepared.organisations["status"].isna().all():
        yield "No list of organisations: it is not known which practices have closed."
    if prepared.practices["longitude"].isna().all():
        yield "No positions of practices: maps, and how segments lie in space, are left out."
    given = prepared.quality["check"] == NOT_GIVEN
    roles = prepared.quality.loc[given, "detail"].str.split(": ", n=1, expand=True)
    if len(roles):
        others = sorted(roles.loc[~roles[0].isin(_OWN_SENTENCE), 1])
        if others:
            yield f"Files not given, and all that rests on them left out: {', '.join(others)}."
