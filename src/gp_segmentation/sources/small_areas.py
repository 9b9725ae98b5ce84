"""From small areas (LSOAs) to practices: means over a practice's patients, by where they live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.sources.files.archive import find_text
from gp_segmentation.sources.files.delimited import Csv
from gp_segmentation.sources.raw_folder import PresentFiles
from gp_segmentation.sources.registrations import Day, date_of_extract
from gp_segmentation.sources.tidy import (
    ContextTable,
    QualityLog,
    read_keyed_rows,
    refuse_impossible_counts,
    refuse_repeats,
)
from gp_segmentation.utils.wording import first_few

_PATIENTS = {
    "extract_date": "EXTRACT_DATE",
    "practice_code": "PRACTICE_CODE",
    "area": "LSOA_CODE",
    "sex": "SEX",
    "patients": "NUMBER_OF_PATIENTS",
}
_KEY = ["practice_code", "area"]
#: The last codes of 2011 in England and Wales: an area that was changed in 2021 has a higher one.
_LAST_OF_2011 = {"E": "E01033768", "W": "W01001958"}
_EVERYWHERE_ELSE = "~"  # after any code


@dataclass(frozen=True)
class AreaPatients:
    """Patients by practice (row of `weights`) and small area (column)."""

    practices: pd.Index
    areas: pd.Index
    weights: csr_array
    quality: pd.DataFrame


@dataclass(frozen=True)
class AreaLookup:
    """`frame` has a row for every pair of areas that share ground: columns 2011 and 2021."""

    frame: pd.DataFrame
    quality: pd.DataFrame


def read_lsoa_registrations(path: Path, *, expected_date: Day | None = None) -> AreaPatients:
    """Read the zip (or CSV) of NHS England's "Patients Registered at a GP Practice" by LSOA.

    In a zip the member of both sexes is taken. Rows of one sex are added where there are none of SEX ALL.

    Parameters
    ----------
    expected_date : the expected day of the list ("2025-04-01"); another day is counted in quality.

    Raises InputError for an impossible count, a practice and area that come twice, and a file without rows.
    """
    text = find_text(path, r".*lsoa.*all.*\.csv")
    log = QualityLog(path.name)
    source = Csv(text, _PATIENTS, frozenset({"patients"}))
    frame = read_keyed_rows(source, ["practice_code", "sex"], log)
    frame = frame.assign(area=frame["area"].fillna("").str.upper(), sex=frame["sex"].str.upper())
    refuse_impossible_counts(frame, "patients", _KEY, text, _PATIENTS["patients"])
    day = date_of_extract(frame["extract_date"], text)
    if expected_date is not None and day != date.fromisoformat(expected_date):
        log.note("patients by small area of another day", 1, f"{day}, not {expected_date}")
    of_all = frame["sex"] == "ALL"
    frame = frame[of_all] if of_all.any() else frame
    refuse_repeats(frame, [*_KEY, "sex"], text)
    elsewhere = frame[~frame["area"].str.startswith("E01")]
    patients = int(elsewhere["patients"].sum())
    log.note("patients not in a small area of England", patients, first_few(elsewhere["area"]))
    rows, practices = pd.factorize(frame["practice_code"], sort=True)
    columns, areas = pd.factorize(frame["area"], sort=True)
    shape = (len(practices), len(areas))
    weights = csr_array((frame["patients"].to_numpy(), (rows, columns)), shape=shape)
    return AreaPatients(pd.Index(practices), pd.Index(areas), weights, log.frame)


def read_lsoa_lookup(path: Path) -> AreaLookup:
    """Read the exact-fit lookup of the Office for National Statistics, LSOAs of 2011 to those of 2021."""
    log = QualityLog(path.name)
    source = Csv(find_text(path), {"2011": "LSOA11CD", "2021": "LSOA21CD"})
    return AreaLookup(read_keyed_rows(source, ["2011", "2021"], log), log.frame)


def weight_tables(
    tables: Sequence[tuple[str, ContextTable]], raw: PresentFiles, practices: pd.Series
) -> Iterator[tuple[str, ContextTable]]:
    """Yield file and table with one row a practice: tables of small areas are weighted (`weight_areas`).

    Left out, with a note, is a table whose patients are not given, or that needs a lookup which is not given.
    Raises ConfigError when `weight_by` names no file of the source, or a measure is per list size.
    """
    if all(table.weight_by is None for _, table in tables):
        yield from tables
        return
    patients = dict(raw.read_all("small_area_patients"))
    lookup: AreaLookup | None = raw.read("small_area_lookup")
    for file, table in tables:
        if table.weight_by is None:
            yield file, table
            continue
        if table.weight_by not in raw.entries:
            named = ", ".join(raw.entries)
            raise ConfigError(
                f"{file}: weight_by is {table.weight_by!r}. Name one of the source's files: {named}"
            )
        if table.per_patient:
            names = ", ".join(sorted(table.per_patient))
            raise ConfigError(
                f"{file}: {names} has per: list_size. Name a column of this table of small areas"
            )
        log, weighted = QualityLog(file), None
        weights = patients.get(raw.entries[table.weight_by])
        if weights is None:
            log.note("small areas not weighted", 1, f"{table.weight_by} is not given, or not of patients")
        else:
            weighted = weight_areas(table, weights, lookup, practices, log)
        raw.quality.append(log.frame)
        if weighted is not None:
            yield file, weighted


def weight_areas(
    table: ContextTable,
    patients: AreaPatients,
    lookup: AreaLookup | None,
    practices: pd.Series,
    log: QualityLog,
) -> ContextTable | None:
    """Return the means of a table's measures over the patients of each of `practices`.

    mean = sum of patients x value / sum of patients, over the areas with a value. The practice's coverage is
    the share of its patients who live in these; below the table's `min_coverage` there is no mean.

    Where the LSOAs of the table and those of the patients are of different years, they are joined by the
    lookup: an area's value is the mean of those that it shares ground with. Without a lookup: None.
    Raises InputError when no patient lives in an area of the table.
    """
    values = _joined(table.frame.set_index("practice_code"), _edition(patients.areas), lookup, log)
    if values is None:
        return None
    at = patients.practices.get_indexer(pd.Index(practices))
    log.note_codes("practices without patients by small area", practices[at < 0])
    codes, weights = pd.Index(practices[at >= 0], name="practice_code"), patients.weights[at[at >= 0]]
    by_area = values.reindex(patients.areas).to_numpy(dtype=float)
    known = weights @ ~np.isnan(by_area)
    if len(codes) and not known.any():
        problem = f"no patient lives in one of its small areas ({first_few(values.index)})"
        raise InputError(problem, file=log.file, remedy="Name the column with codes of LSOAs as `code`")
    total = weights.sum(axis=1)[:, None]
    with np.errstate(invalid="ignore"):  # no patient, or none in an area with a value
        coverage = known / total
        means = weights @ np.nan_to_num(by_area) / known
    _note_coverage(pd.DataFrame(coverage, codes, values.columns), total - known, table.min_coverage, log)
    frame = pd.DataFrame(np.where(coverage < table.min_coverage, np.nan, means), codes, values.columns)
    return replace(table, frame=frame.reset_index(), weight_by=None)


def _note_coverage(
    coverage: pd.DataFrame, patients: np.ndarray, min_coverage: float, log: QualityLog
) -> None:
    """Note patients whose area has no value, and practices left out, once for measures that are alike.

    `coverage` (share) and `patients` (without a value) have a row a practice and a column a measure.
    """
    alike: dict[bytes, list[int]] = {}
    for at in range(patients.shape[1]):
        alike.setdefault(patients[:, at].tobytes(), []).append(at)
    for columns in alike.values():
        measures, shares = first_few(coverage.columns[columns]), coverage.iloc[:, columns[0]]
        told = [f"{code} {share:.1%}" for code, share in shares.sort_values(kind="stable").items()]
        check = f"{measures}: patients in small areas without a value"
        detail = f"coverage of practices: median {shares.median():.1%}, lowest {', '.join(told[:5])}"
        log.note(check, int(patients[:, columns[0]].sum()), detail)
        below = int((shares < min_coverage).sum())
        check = f"{measures}: practices covered by less than {min_coverage:.0%}, left out"
        log.note(check, below, first_few(told[:below]))


def _joined(
    values: pd.DataFrame, edition: str, lookup: AreaLookup | None, log: QualityLog
) -> pd.DataFrame | None:
    """Return the values by the LSOAs of `edition`; None where that takes a lookup and there is none."""
    own = _edition(values.index)
    if own == edition:
        return values
    if lookup is None:
        check = f"small areas of {own} not weighted by patients in those of {edition}"
        log.note(check, len(values), "the source has no lookup (role small_area_lookup)")
        return None
    pairs = lookup.frame
    joined = values.reindex(pairs[own]).groupby(pairs[edition].to_numpy()).mean().dropna(how="all")
    changed = joined.index.difference(values.index)
    log.note(f"small areas of {edition} given the values of those of {own}", len(changed), first_few(changed))
    return joined


def _edition(areas: pd.Index) -> str:
    """Return the year of the LSOAs: 2021 if any of them is not of 2011."""
    later = (code > _LAST_OF_2011.get(code[:1], _EVERYWHERE_ELSE) for code in areas)
    return "2021" if any(later) else "2011"
