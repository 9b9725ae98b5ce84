"""NHS England's "Patients Registered at a GP Practice": patients by practice, sex and five-year age band."""

import re
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import AfterValidator, Field

from gp_segmentation.schemas import AGE_BANDS, SEXES
from gp_segmentation.sources.files.archive import FETCH_AGAIN, TextFile, find_text
from gp_segmentation.sources.files.delimited import Csv
from gp_segmentation.sources.tidy import (
    QualityLog,
    Registrations,
    drop_rows_without_key,
    refuse_impossible_counts,
    refuse_repeats,
)
from gp_segmentation.utils.wording import first_few

_COLUMNS = {
    "extract_date": "EXTRACT_DATE",
    "org_type": "ORG_TYPE",
    "practice_code": ("ORG_CODE", "CODE"),
    "postcode": "POSTCODE",
    "sex": "SEX",
    "age_band": ("AGE_GROUP_5", "AGE"),
    "patients": "NUMBER_OF_PATIENTS",
}
_KEY = ["practice_code", "sex", "age_band"]


def _a_day(text: str) -> str:
    date.fromisoformat(text)
    return text


Day = Annotated[str, AfterValidator(_a_day)]


def read_registrations(
    path: Path,
    *,
    expected_date: Day | None = None,
    max_difference: Annotated[float, Field(ge=0, le=1)] = 0.01,
) -> Registrations:
    """Read the quin-age zip (or CSV): rows of ORG_TYPE GP only.

    Rows of sex or age ALL repeat the other rows. They are never added; they only check the sum of a
    practice's bands.

    Parameters
    ----------
    expected_date : the expected day of the list ("2025-04-01"); another day is counted in quality.
    max_difference : share of England's patients by which bands and ALL rows may differ; smaller differences,
        such as patients recorded as neither female nor male, are counted in quality.

    Raises InputError for an unknown age band, an impossible count, a key that comes twice, or totals that
    differ by more than `max_difference`.
    """
    text = find_text(path, r".*quin.*age.*\.csv")
    log = QualityLog(path.name)
    frame = _practice_rows(text, log)
    extract_date = date_of_extract(frame["extract_date"], text)
    if expected_date is not None and extract_date != date.fromisoformat(str(expected_date)):
        log.note("registrations of another day", 1, f"{extract_date}, not {expected_date}")
    bands = _bands(frame, text, log)
    stated = frame[(frame["sex"] == "ALL") & (frame["age_band"] == "ALL")]
    refuse_repeats(stated, _KEY, text)
    totals = stated.set_index("practice_code")["patients"].sort_index()
    _check_totals(bands, totals, text, log, max_difference)
    postcodes = frame.dropna(subset="postcode").drop_duplicates("practice_code")
    return Registrations(
        age_sex=_complete(bands, log),
        totals=totals,
        postcodes=postcodes.set_index("practice_code")["postcode"].sort_index(),
        extract_date=extract_date,
        quality=log.frame,
    )


def _practice_rows(text: TextFile, log: QualityLog) -> pd.DataFrame:
    source = Csv(text, _COLUMNS, frozenset({"patients"}), optional=frozenset({"postcode"}))
    frame = source.frame()
    log.note_all(source.tolerated())
    frame = frame[frame["org_type"].str.upper() == "GP"].drop(columns="org_type")
    if frame.empty:
        raise text.error("has no row of ORG_TYPE GP", remedy="Use the quin-age file of practices")
    log.note("rows of other organisations left out", source.rows - len(frame), "regions, ICBs, PCNs")
    frame = drop_rows_without_key(frame.reset_index(drop=True), _KEY, log)
    refuse_impossible_counts(frame, "patients", _KEY, text, "NUMBER_OF_PATIENTS")
    return frame.astype({"patients": "int64"}).assign(sex=frame["sex"].str.upper())


def date_of_extract(texts: pd.Series, text: TextFile) -> date:
    """Return the one day of the extract: ``2025-04-01``, ``01APR2025``, ``01Apr2025`` or ``01/04/2025``."""
    found = sorted(texts.dropna().unique())
    days = {_day(one) for one in found}
    if len(days) != 1 or None in days:
        problem = f"should be one day such as 2025-04-01 or 01Apr2025, found {', '.join(found) or 'nothing'}"
        raise text.error(problem, column="EXTRACT_DATE", remedy=FETCH_AGAIN)
    return next(day for day in days if day is not None)


def _day(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%d%b%Y", "%d/%m/%Y"):
        with suppress(ValueError):
            return datetime.strptime(text, form).date()
    return None


def _band(text: str) -> str:
    """Return an age band as `schemas.AGE_BANDS` writes it: ``05-09`` is ``5_9``, ``95_plus`` is ``95+``."""
    found = re.fullmatch(r"0*(\d+)\s*[_-]\s*0*(\d+)", text)
    if found:
        return f"{found[1]}_{found[2]}"
    return "95+" if re.fullmatch(r"95\s*(\+|_?plus|_?over)", text, re.IGNORECASE) else text.upper()


def _bands(frame: pd.DataFrame, text: TextFile, log: QualityLog) -> pd.DataFrame:
    """Return the rows of one sex and one age band; rows of a sex not in SEXES are counted and left out."""
    parts = frame[(frame["sex"] != "ALL") & (frame["age_band"] != "ALL")]
    parts = parts.assign(age_band=parts["age_band"].map({b: _band(b) for b in parts["age_band"].unique()}))
    unknown = parts[~parts["age_band"].isin(AGE_BANDS)]
    if len(unknown):
        problem = f"{unknown['age_band'].iloc[0]!r} is not a five-year age band"
        raise text.error(problem, column="AGE_GROUP_5", remedy="Use the quin-age file")
    other = parts[~parts["sex"].isin(SEXES)]
    check = "patients of neither female nor male sex left out of age bands"
    log.note(check, int(other["patients"].sum()), first_few(sorted(other["sex"].unique())))
    parts = parts[parts["sex"].isin(SEXES)][[*_KEY, "patients"]]
    refuse_repeats(parts, _KEY, text)
    return parts


def _check_totals(
    bands: pd.DataFrame, totals: pd.Series, text: TextFile, log: QualityLog, max_difference: float
) -> None:
    added = bands.groupby("practice_code")["patients"].sum()
    both = pd.DataFrame({"added": added, "stated": totals}).dropna()
    log.note_codes("practices without an ALL row", added.index.difference(both.index))
    difference = (both["added"] - both["stated"]).abs()
    patients, stated = int(difference.sum()), int(both["stated"].sum())
    if patients > max_difference * stated:
        problem = f"age bands and ALL rows differ by {patients:,} of {stated:,} patients"
        raise text.error(problem, remedy=f"The file may be cut short. {FETCH_AGAIN}")
    differing = difference.index[difference > 0]
    log.note("practices whose age bands differ from their ALL row", len(differing), f"{patients:,} patients")


def _complete(bands: pd.DataFrame, log: QualityLog) -> pd.DataFrame:
    """Return all bands of every practice in order of age; a band without a row has no patients."""
    practices = sorted(bands["practice_code"].unique())
    index = pd.MultiIndex.from_product([practices, SEXES, AGE_BANDS], names=_KEY)
    log.note("age bands without a row, taken as no patients", len(index) - len(bands))
    return bands.set_index(_KEY)["patients"].reindex(index, fill_value=0).reset_index()
