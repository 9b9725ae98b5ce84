"""The Organisation Data Service's list of practices, `epraccur`: no header, 27 columns, two dialects."""

from pathlib import Path

import pandas as pd

from gp_segmentation.sources.files.archive import TextFile, find_text
from gp_segmentation.sources.files.delimited import Csv
from gp_segmentation.sources.tidy import Organisations, QualityLog, read_keyed_rows, refuse_repeats
from gp_segmentation.utils.wording import first_few

_WIDTH = 27
_COLUMNS = {
    "practice_code": 0,
    "name": 1,
    "postcode": 9,
    "status": 12,
    "setting": 25,
    "open_date": 10,
    "close_date": 11,
    "icb_code": 3,
    "sub_icb_code": 14,
}
#: Status letters of the older dialect (to 2025) as words of the newer one.
_STATUS = {"A": "ACTIVE", "C": "INACTIVE", "D": "DORMANT", "P": "PROPOSED", "CLOSED": "INACTIVE"}
#: Prescribing setting of a general practice: once a digit, now one or more role codes joined by "|".
_GP_SETTINGS = frozenset({"4", "RO76"})
GP_PRACTICE = "GP practice"


def read_organisations(path: Path) -> Organisations:
    """Read `epraccur` (zip or CSV) in either dialect; every prescribing organisation is kept.

    Raises InputError for an unknown status, an invalid date, or a code that comes twice.
    """
    text = find_text(path, r".*epraccur.*\.csv")
    log = QualityLog(path.name)
    frame = read_keyed_rows(Csv(text, _COLUMNS, width=_WIDTH), ["practice_code"], log)
    refuse_repeats(frame, ["practice_code"], text)
    log.note("organisations without a postcode", int(frame["postcode"].isna().sum()))
    frame = frame.assign(
        status=_status(frame["status"], text),
        setting=frame["setting"].map(_setting, na_action="ignore"),
        open_date=_dates(frame["open_date"], text, 10),
        close_date=_dates(frame["close_date"], text, 11),
    )
    return Organisations(frame.sort_values("practice_code", ignore_index=True), log.frame)


def _status(texts: pd.Series, text: TextFile) -> pd.Series:
    words = texts.str.upper().replace(_STATUS)
    unknown = words[~words.isin(set(_STATUS.values()))]
    if len(unknown):
        problem = f"status {first_few(sorted(unknown.fillna('(none)').unique()))} is not known"
        raise text.error(problem, column="12", remedy="Columns are counted from 0; is this epraccur?")
    return words


def _setting(text: str) -> str:
    return GP_PRACTICE if _GP_SETTINGS & set(text.upper().split("|")) else text


def _dates(texts: pd.Series, text: TextFile, column: int) -> pd.Series:
    dates = pd.to_datetime(texts, format="%Y%m%d", errors="coerce")
    bad = texts[dates.isna() & texts.notna()]
    if len(bad):
        problem = f"{bad.iloc[0]!r} is not a date such as 20250401"
        raise text.error(problem, row=int(bad.index[0]) + 1, column=str(column), remedy="Is this epraccur?")
    return dates
