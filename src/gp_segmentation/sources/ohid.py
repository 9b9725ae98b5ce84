"""OHID's Fingertips: one indicator's values for practices, from the CSV of its API."""

from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field

from gp_segmentation.sources.files.archive import TextFile, find_text
from gp_segmentation.sources.files.delimited import Csv
from gp_segmentation.sources.tidy import ContextTable, QualityLog, drop_rows_without_key
from gp_segmentation.utils.allowed import Limits
from gp_segmentation.utils.wording import first_few

_COLUMNS = {
    "indicator_id": "Indicator ID",
    "indicator_name": "Indicator Name",
    "practice_code": "Area Code",
    "area_type": "Area Type",
    "sex": "Sex",
    "age": "Age",
    "category": "Category",
    "period": "Time period",
    "sortable": "Time period Sortable",
    "range": "Time period range",
    "value": "Value",
}
_OPTIONAL = frozenset({"age", "category", "range"})
_YAML = "in the source's YAML"


def read_indicator(
    path: Path,
    *,
    indicator_id: Annotated[int, Field(ge=1)],
    measure: str,
    unit: str,
    label: str | None = None,
    period: str | None = None,
    sex: str = "Persons",
    age: str | None = None,
    valid_range: Limits | None = None,
) -> ContextTable:
    """Read one Fingertips indicator as the context measure `measure`.

    Parameters
    ----------
    indicator_id : its number (93553 is IMD 2019, 94240 IMD 2025); rows of others are ignored.
    label, unit : what the values are; the label is the indicator's name when not given. The period read is
        added to it.
    period : the "Time period" to take, such as "2019". When not given: of years, quarters and so on, the kind
        of period with the most practices in its latest period; of that kind, the latest period with values.
    sex, age : those to take when the indicator is published by sex or age.
    valid_range : lowest and highest possible value.

    Rows of England and other areas are ignored; periods left out are counted. Raises InputError when the
    indicator or period is missing, a practice has two different values, or a value lies outside its range.
    """
    text = find_text(path)
    log = QualityLog(path.name)
    frame = _rows_of_indicator(_practice_rows(text, log), str(indicator_id), text)
    frame = _chosen(_chosen(frame, "sex", sex, text), "age", age, text)
    frame = _rows_of_period(frame, period, text, log)
    name, taken = frame["indicator_name"].iloc[0], frame["period"].iloc[0]
    values = _value_per_practice(drop_rows_without_key(frame, ["practice_code"], log), text, log)
    _check_range(values, valid_range, text)
    full = str(label or name)
    full = full if taken in full else f"{full}, {taken}"
    return ContextTable(
        frame=values.rename(columns={"value": measure}),
        dictionary=pd.DataFrame({"measure": [measure], "label": [full], "unit": [unit]}),
        quality=log.frame,
    )


def indicators_in(path: Path) -> dict[int, tuple[str, str]]:
    """Return the number of each indicator with rows of practices -> its name, and the sex to take."""
    rows = _practice_rows(find_text(path), QualityLog(path.name))
    rows = rows[rows["area_type"].str.upper().isin(["GP", "GPS"])]
    found = {}
    for number, own in rows.dropna(subset="indicator_id").groupby("indicator_id"):
        sexes = sorted(own["sex"].dropna().unique())
        sex = sexes[0] if sexes and "Persons" not in sexes else "Persons"
        found[int(str(number))] = (str(own["indicator_name"].iloc[0]), sex)
    return found


def _practice_rows(text: TextFile, log: QualityLog) -> pd.DataFrame:
    source = Csv(text, _COLUMNS, frozenset({"value", "sortable"}), _OPTIONAL)
    frame = source.frame()
    log.note_all(source.tolerated())
    return frame[frame["category"].isna()]


def _rows_of_indicator(frame: pd.DataFrame, indicator_id: str, text: TextFile) -> pd.DataFrame:
    found = frame[frame["indicator_id"] == indicator_id]
    if found.empty:
        others = first_few(sorted(frame["indicator_id"].dropna().unique())) or "nothing"
        raise text.error(f"has no indicator {indicator_id} (found: {others})", remedy="Is it the right file?")
    return found


def _chosen(frame: pd.DataFrame, column: str, value: str | None, text: TextFile) -> pd.DataFrame:
    """Return the rows of practices with `value` (None: any) or nothing in `column`.

    Raises InputError where there is none, naming the values there are.
    """
    frame = frame[frame["area_type"].str.upper().isin(["GP", "GPS"])]
    if frame.empty:
        problem = "has no rows of practices (Area Type GP or GPs) for this indicator"
        raise text.error(problem, remedy="Ask the API with child_area_type_id=7, which means practices")
    found = frame if value is None else frame[frame[column].fillna(value) == value]
    if found.empty:
        there = sorted(frame[column].dropna().unique())
        problem = f"practices have no value for {value} (found: {', '.join(there)})"
        raise text.error(problem, column=column.capitalize(), remedy=f"Set `{column}: {there[0]}` {_YAML}")
    return found


def _rows_of_period(frame: pd.DataFrame, period: str | None, text: TextFile, log: QualityLog) -> pd.DataFrame:
    """Return the rows of `period`, or of the one that `read_indicator` takes; the others are counted."""
    chosen = _latest(frame, text) if period is None else str(period)
    found = frame[frame["period"] == chosen]
    if found.empty:
        periods = ", ".join(sorted(frame["period"].dropna().unique()))
        problem = f"has no period {chosen} (found: {periods})"
        raise text.error(problem, column="Time period", remedy="Name one of these")
    others = sorted(set(frame["period"].dropna()) - {chosen})
    log.note("periods left out", len(others), f"{chosen} is read; left out: {first_few(others)}")
    return found


def _latest(frame: pd.DataFrame, text: TextFile) -> str:
    dated = frame.dropna(subset=["period", "sortable"])
    if dated.empty:
        problem = "no row of a practice has both a period and its sortable form"
        remedy = "Delete it and fetch it again with gpseg data"
        raise text.error(problem, column="Time period Sortable", remedy=remedy)
    given = dated[dated["value"].notna()]
    # Without a stated range, "2023/24 Q4" and "2023/24" differ in their form.
    shape = given["period"].str.replace(r"\d", "0", regex=True)
    kinds = given.assign(kind=given["range"].fillna(shape))
    latest = kinds[kinds["sortable"] == kinds.groupby("kind")["sortable"].transform("max")]
    practices = latest.groupby(["kind", "period", "sortable"])["practice_code"].nunique().reset_index()
    if practices.empty:
        return str(dated["period"].iloc[int(dated["sortable"].argmax())])
    ranked = practices.sort_values(["practice_code", "sortable"], ascending=False)
    return str(ranked["period"].iloc[0])


def _value_per_practice(frame: pd.DataFrame, text: TextFile, log: QualityLog) -> pd.DataFrame:
    log.note("values not published", int(frame["value"].isna().sum()))
    values = frame.dropna(subset="value")[["practice_code", "value"]]
    distinct = values.drop_duplicates()
    log.note("rows that repeat another", len(values) - len(distinct))
    twice = distinct[distinct.duplicated("practice_code", keep=False)]
    if len(twice):
        code = twice["practice_code"].iloc[0]
        both = " and ".join(f"{value:g}" for value in twice.loc[twice["practice_code"] == code, "value"])
        ages = sorted(frame["age"].dropna().unique())
        remedy = f"Set `age` {_YAML} to one of: {', '.join(ages)}" if len(ages) > 1 else "Keep one of them"
        raise text.error(f"{code} has different values: {both}", column="Value", remedy=remedy)
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
