"""OHID's Fingertips: one indicator's values for practices, from the CSV of its API."""

from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field

from gp_segmentation.sources.files.archive import TextFile, find_text
from gp_segmentation.sources.files.delimited import Csv
from gp_segmentation.sources.tidy import ContextTable, QualityLog, drop_rows_without_key, first_few
from gp_segmentation.utils.allowed import Limits

_COLUMNS = {
    "indicator_id": "Indicator ID",
    "indicator_name": "Indicator Name",
    "practice_code": "Area Code",
    "area_type": "Area Type",
    "sex": "Sex",
    "category": "Category",
    "period": "Time period",
    "sortable": "Time period Sortable",
    "value": "Value",
}


def read_indicator(
    path: Path,
    *,
    indicator_id: Annotated[int, Field(ge=1)],
    measure: str,
    unit: str,
    label: str | None = None,
    period: str | None = None,
    sex: str = "Persons",
    valid_range: Limits | None = None,
) -> ContextTable:
    """Read one Fingertips indicator as the context measure `measure`.

    Parameters
    ----------
    indicator_id : its number (93553 is IMD 2019, 94240 IMD 2025); rows of others are ignored.
    label, unit : what the values are; the label is the indicator's name when not given.
    period : the "Time period" to take, such as "2019"; the latest in the file when not given.
    sex : the sex to take when the indicator is published by sex.
    valid_range : lowest and highest possible value.

    Rows of England and other areas are ignored. Raises InputError when the indicator or period is missing,
    a practice has two different values, or a value lies outside its range.
    """
    text = find_text(path)
    log = QualityLog(path.name)
    source = Csv(text, _COLUMNS, frozenset({"value", "sortable"}), optional=frozenset({"category"}))
    frame = source.frame()
    log.note_all(source.tolerated())
    frame = _rows_of_indicator(frame, str(indicator_id), text)
    frame = frame[frame["area_type"].str.upper().isin(["GP", "GPS"]) & (frame["sex"].fillna(sex) == sex)]
    frame = _rows_of_period(frame[frame["category"].isna()], period, text)
    name = frame["indicator_name"].iloc[0]
    values = _value_per_practice(drop_rows_without_key(frame, ["practice_code"], log), text, log)
    _check_range(values, valid_range, text)
    return ContextTable(
        frame=values.rename(columns={"value": measure}),
        dictionary=pd.DataFrame({"measure": [measure], "label": [label or name], "unit": [unit]}),
        quality=log.frame,
    )


def _rows_of_indicator(frame: pd.DataFrame, indicator_id: str, text: TextFile) -> pd.DataFrame:
    found = frame[frame["indicator_id"] == indicator_id]
    if found.empty:
        others = first_few(sorted(frame["indicator_id"].dropna().unique())) or "nothing"
        raise text.error(f"has no indicator {indicator_id} (found: {others})", remedy="Is it the right file?")
    return found


def _rows_of_period(frame: pd.DataFrame, period: str | None, text: TextFile) -> pd.DataFrame:
    """Return the rows of `period`, or of the latest period by its sortable form."""
    if frame.empty:
        problem = "has no rows of practices (Area Type GP or GPs) for this indicator and sex"
        raise text.error(problem, remedy="Ask the API with child_area_type_id=7, which means practices")
    dated = frame.dropna(subset=["period", "sortable"])
    if dated.empty:
        problem = "no row of a practice has both a period and its sortable form"
        remedy = "Fetch the file again with gpseg-data"
        raise text.error(problem, column="Time period Sortable", remedy=remedy)
    latest = dated["period"].iloc[int(dated["sortable"].argmax())]
    chosen = str(period) if period is not None else latest
    found = frame[frame["period"] == chosen]
    if found.empty:
        periods = ", ".join(sorted(frame["period"].dropna().unique()))
        problem = f"has no period {chosen} (found: {periods})"
        raise text.error(problem, column="Time period", remedy="Name one of these")
    return found


def _value_per_practice(frame: pd.DataFrame, text: TextFile, log: QualityLog) -> pd.DataFrame:
    log.note("values not published", int(frame["value"].isna().sum()))
    values = frame.dropna(subset="value")[["practice_code", "value"]]
    distinct = values.drop_duplicates()
    log.note("rows that repeat another", len(values) - len(distinct))
    twice = distinct[distinct.duplicated("practice_code", keep=False)]
    if len(twice):
        code = twice["practice_code"].iloc[0]
        both = " and ".join(f"{value:g}" for value in twice.loc[twice["practice_code"] == code, "value"])
        raise text.error(f"{code} has different values: {both}", column="Value", remedy="Keep one of them")
    return distinct.sort_values("practice_code", ignore_index=True)


def _check_range(values: pd.DataFrame, valid_range: Limits | None, text: TextFile) -> None:
    if valid_range is None:
        return
    low, high = valid_range
    outside = values[~values["value"].between(low, high)]
    if len(outside):
        first = outside.iloc[0]
        problem = f"{first['value']:g} for {first['practice_code']} lies outside {low:g} to {high:g}"
        remedy = "Correct the value, or valid_range in the source's YAML"
        raise text.error(problem, column="Value", remedy=remedy)
