"""What the readers return: tidy frames of one role each, and the log of what was tolerated on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from gp_segmentation import schemas

if TYPE_CHECKING:
    import geopandas as gpd


class QualityLog:
    """Counts of what was found in one raw file and tolerated; `frame` gives them as schema ``quality``."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._rows: list[tuple[str, str, int, str]] = []

    def note(self, check: str, count: int, detail: str = "") -> None:
        """Record that `check` was met `count` times; nothing is recorded for a count of zero."""
        if count:
            self._rows.append((self.file, check, int(count), detail))

    def note_all(self, rows: Iterable[tuple[str, int, str]]) -> None:
        """Record several: check, count and detail of each."""
        for row in rows:
            self.note(*row)

    @property
    def frame(self) -> pd.DataFrame:
        if not self._rows:
            return schemas.empty("quality")
        return pd.DataFrame(self._rows, columns=["file", "check", "count", "detail"])


#: No count of patients is larger: England has under 70 million.
MOST_PATIENTS = 100_000_000


def is_count(numbers: pd.Series) -> pd.Series:
    """Tell of every number whether it can be a count of patients: whole, not below 0, not absurdly large."""
    return (numbers >= 0) & (numbers <= MOST_PATIENTS) & (numbers % 1 == 0)


def keyed(frame: pd.DataFrame, key: list[str], log: QualityLog, detail: str = "") -> pd.DataFrame:
    """Return the rows whose `key` columns are all given; the others (totals, footnotes) are counted."""
    given = frame[key].notna().all(axis=1)
    log.note(f"rows without {' or '.join(key)} left out", int((~given).sum()), detail)
    return frame if given.all() else frame[given].reset_index(drop=True)


def some(codes: pd.Index | pd.Series | list[str], limit: int = 5) -> str:
    """Return the first few distinct codes as text, saying how many more there are."""
    listed = [str(code) for code in pd.Index(codes).unique()]
    rest = len(listed) - limit
    return ", ".join(listed[:limit]) + (f" and {rest:,} more" if rest > 0 else "")


def compact(postcodes: pd.Series) -> pd.Series:
    """Return postcodes in capitals without blanks: publishers pad them in different ways."""
    return postcodes.str.upper().str.replace(r"\s+", "", regex=True)


@dataclass(frozen=True)
class QofArchive:
    """One year of the Quality and Outcomes Framework.

    Attributes
    ----------
    prevalence, achievement, indicators : frames of schemas ``registers``, ``achievement``, ``indicators``.
    geographies : practice_code, practice_name, pcn_code, pcn_name and codes and names (ODS) of sub-ICB
        location, ICB and region; before 2022 the latter are CCG, STP and region.
    list_sizes : practice_code -> patients on the whole (TOTAL) list.
    quality : frame of schema ``quality``.
    """

    prevalence: pd.DataFrame
    achievement: pd.DataFrame
    indicators: pd.DataFrame
    geographies: pd.DataFrame
    list_sizes: pd.Series
    quality: pd.DataFrame


@dataclass(frozen=True)
class Registrations:
    """Patients registered on one day, by practice, sex and five-year age band (schema ``age_sex``).

    `totals` is practice_code -> patients on the practice's ALL row, `postcodes` practice_code -> postcode.
    """

    age_sex: pd.DataFrame
    totals: pd.Series
    postcodes: pd.Series
    extract_date: date
    quality: pd.DataFrame


@dataclass(frozen=True)
class Organisations:
    """Practices of the Organisation Data Service.

    `frame` has practice_code, name, postcode, status (ACTIVE, INACTIVE, DORMANT, PROPOSED), setting ("GP
    practice" or the code found), open_date, close_date, icb_code and sub_icb_code.
    """

    frame: pd.DataFrame
    quality: pd.DataFrame


@dataclass(frozen=True)
class Postcodes:
    """`frame` has postcode (no blanks in it) and longitude, latitude in degrees (WGS 84)."""

    frame: pd.DataFrame
    quality: pd.DataFrame


@dataclass(frozen=True)
class Boundaries:
    """`frame` is a GeoDataFrame (WGS 84): icb_name, icb_code (ODS; null until joined), ons_code, geometry."""

    frame: gpd.GeoDataFrame
    quality: pd.DataFrame


@dataclass(frozen=True)
class ContextTable:
    """Measures of practices' surroundings: `frame` has practice_code and a float column per measure.

    `dictionary` says what each is: measure, label, unit.
    """

    frame: pd.DataFrame
    dictionary: pd.DataFrame
    quality: pd.DataFrame


@dataclass(frozen=True)
class Prepared:
    """One source, assembled: every frame agrees with its schema in `tables`, sorted by its key."""

    practices: pd.DataFrame
    organisations: pd.DataFrame
    registers: pd.DataFrame
    achievement: pd.DataFrame
    indicators: pd.DataFrame
    age_sex: pd.DataFrame
    context: pd.DataFrame
    context_dictionary: pd.DataFrame
    quality: pd.DataFrame
    boundaries: gpd.GeoDataFrame | None = None
