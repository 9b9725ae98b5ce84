"""Tidy frames that the readers return, the log of tolerated irregularities, and checks all readers share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from gp_segmentation import schemas
from gp_segmentation.errors import InputError
from gp_segmentation.sources.files.archive import TextFile
from gp_segmentation.sources.files.delimited import Csv
from gp_segmentation.utils.wording import first_few

if TYPE_CHECKING:
    import geopandas as gpd

Codes = pd.Index | pd.Series | Sequence[str]


class NoRowsError(InputError):
    """A file has no row of what the source asks for, such as its year."""


class QualityLog:
    """Irregularities found in one raw file and tolerated; `frame` lists them as schema ``quality``."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._rows: list[tuple[str, str, int, str]] = []

    def note(self, check: str, count: int, detail: str = "") -> None:
        """Record that `check` applied `count` times; a count of zero is not recorded."""
        if count:
            self._rows.append((self.file, check, int(count), detail))

    def note_all(self, rows: Iterable[tuple[str, int, str]]) -> None:
        """Record several rows of check, count and detail."""
        for row in rows:
            self.note(*row)

    def note_codes(self, check: str, codes: Codes) -> None:
        """Record the number of `codes` to which `check` applies; the detail lists the first few."""
        self.note(check, len(codes), first_few(codes))

    @property
    def frame(self) -> pd.DataFrame:
        if not self._rows:
            return schemas.empty("quality")
        return pd.DataFrame(self._rows, columns=["file", "check", "count", "detail"])


def compact(postcodes: pd.Series) -> pd.Series:
    """Return postcodes in capitals without blanks: publishers pad them in different ways."""
    return postcodes.str.upper().str.replace(r"\s+", "", regex=True)


#: A measure per `LIST_SIZE` is divided by the practice's patients, which other files give.
LIST_SIZE = "list_size"

#: Largest count of patients accepted: England has under 70 million.
MAX_PATIENTS = 100_000_000


def drop_rows_without_key(
    frame: pd.DataFrame, key: list[str], log: QualityLog, detail: str = ""
) -> pd.DataFrame:
    """Return the rows with a value in every `key` column; the others (totals, footnotes) are counted."""
    given = frame[key].notna().all(axis=1)
    log.note(f"rows without {' or '.join(key)} left out", int((~given).sum()), detail)
    return frame if given.all() else frame[given].reset_index(drop=True)


def read_keyed_rows(source: Csv, key: list[str], log: QualityLog, detail: str = "") -> pd.DataFrame:
    """Return the rows of `source` with a value in every `key` column; raise InputError if there is none."""
    frame = drop_rows_without_key(source.frame(), key, log, detail)
    log.note_all(source.tolerated())
    if frame.empty:
        raise source.text.error("has no row with data", remedy="Delete it and fetch it again with gpseg data")
    return frame


def refuse_repeats(frame: pd.DataFrame, key: list[str], text: TextFile) -> None:
    """Raise InputError when several rows have the same `key`."""
    repeated = frame[frame.duplicated(key)]
    if len(repeated):
        first = " ".join(str(value) for value in repeated.iloc[0][key])
        problem = f"{first} comes more than once (surplus rows in total: {len(repeated)})"
        raise text.error(problem, remedy="Keep one row of each")


def refuse_impossible_counts(
    frame: pd.DataFrame, column: str, key: list[str], text: TextFile, header: str
) -> None:
    """Raise InputError unless every value of `column` is a whole number from 0 to `MAX_PATIENTS`.

    `header` is the name of the column in the file.
    """
    values = frame[column]
    bad = frame[~((values >= 0) & (values <= MAX_PATIENTS) & (values % 1 == 0))]
    if len(bad):
        first = bad.iloc[0]
        value = "nothing" if pd.isna(first[column]) else f"{first[column]:g}"
        problem = f"{value} for {' '.join(first[key])} is not a count of patients"
        raise text.error(problem, column=header, remedy="Correct the value")


@dataclass(frozen=True)
class QofArchive:
    """One year of the Quality and Outcomes Framework.

    Attributes
    ----------
    prevalence, achievement, indicators : frames of schemas ``registers``, ``achievement``, ``indicators``.
    geographies : practice_code, practice_name, pcn_code, pcn_name and ODS codes and names of sub-ICB
        location, ICB and region; before 2022 of CCG, STP and region.
    list_sizes : practice_code -> patients on the TOTAL list (all ages).
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
    """`frame` has postcode (without blanks) and longitude, latitude in degrees (WGS 84)."""

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

    `dictionary` describes them: measure, label, unit. Measures `per_patient` are still to be divided by the
    practice's list size. Of a table of small areas, `practice_code` holds the areas' codes; it is still to be
    weighted by the patients in the source's file `weight_by`. A practice of whose patients less than
    `min_coverage` (a share) live in areas with a value gets none.
    """

    frame: pd.DataFrame
    dictionary: pd.DataFrame
    quality: pd.DataFrame
    per_patient: frozenset[str] = frozenset()
    weight_by: str | None = None
    min_coverage: float = 0.9


@dataclass(frozen=True)
class Prepared:
    """The joined tables of one source: each satisfies its schema in `schemas` and is sorted by its key."""

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
    groupings: pd.DataFrame = field(default_factory=partial(schemas.empty, "groupings"))
    successors: pd.DataFrame = field(default_factory=partial(schemas.empty, "successors"))
