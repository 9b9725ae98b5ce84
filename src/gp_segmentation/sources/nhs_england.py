"""NHS England's Quality and Outcomes Framework (QOF): one year's archive, straight from its zip.

The registrations publication, also NHS England's, has a module of its own; `read_registrations` is offered
here too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gp_segmentation.sources.achievement import read_achievement
from gp_segmentation.sources.files.archive import TextFile, find_text, find_texts
from gp_segmentation.sources.files.delimited import Csv
from gp_segmentation.sources.tidy import QofArchive, QualityLog, is_count, keyed, some

Names = Mapping[str, str | Sequence[str]]

#: Table -> own column name -> name in the header, from 2022-23 on. A year's YAML says where it differs.
DIALECT: dict[str, dict[str, str | Sequence[str]]] = {
    "prevalence": {
        "practice_code": "PRACTICE_CODE",
        "group_code": "GROUP_CODE",
        "register": "REGISTER",
        "list_type": "PATIENT_LIST_TYPE",
        "denominator": "PRACTICE_LIST_SIZE",
    },
    "achievement": {
        "practice_code": "PRACTICE_CODE",
        "indicator_code": "INDICATOR_CODE",
        "measure": "MEASURE",
        "value": "VALUE",
    },
    "indicators": {
        "indicator_code": "INDICATOR_CODE",
        "description": "INDICATOR_DESCRIPTION",
        "points": "INDICATOR_POINT_VALUE",
        "group_code": "GROUP_CODE",
        "group_name": "GROUP_DESCRIPTION",
        "domain_code": "DOMAIN_CODE",
        "domain_name": "DOMAIN_DESCRIPTION",
        "list_type": "PATIENT_LIST_TYPE",
    },
    "geographies": {
        "practice_code": "PRACTICE_CODE",
        "practice_name": "PRACTICE_NAME",
        "pcn_code": "PCN_ODS_CODE",
        "pcn_name": "PCN_NAME",
        "sub_icb_code": "SUB_ICB_ODS_CODE",
        "sub_icb_name": "SUB_ICB_NAME",
        "icb_code": "ICB_ODS_CODE",
        "icb_name": "ICB_NAME",
        "region_code": "REGION_ODS_CODE",
        "region_name": "REGION_NAME",
    },
}

_MEMBERS = {
    "prevalence": "PREVALENCE",
    "achievement": "ACHIEVEMENT(_[A-Z_]+)?",  # one national member, or one for each region
    "indicators": "MAPPING_INDICATORS",
    "geographies": "MAPPING_NHS_GEOGRAPHIES",
    "left_out": "PRACTICE_VALIDATION_OUTCOMES",
}
_KEYS = {
    "prevalence": ["practice_code", "group_code"],
    "indicators": ["indicator_code"],
    "geographies": ["practice_code"],
}
_MOST_POINTS = 1000  # the whole framework has 635
_NUMBERS = {"prevalence": {"register", "denominator"}, "indicators": {"points"}}
#: An indicator's domain and list are labels: an archive without them can still be used.
_OPTIONAL = {"indicators": {"domain_code", "domain_name", "list_type"}}


@dataclass(frozen=True)
class _Archive:
    """The zip of one year: its members by table, and the year's names of their columns."""

    path: Path
    suffix: str
    columns: Mapping[str, Names]
    log: QualityLog

    def pattern(self, table: str) -> str:
        """Return the regular expression of a member's name; a version such as ``_V2`` may follow the year."""
        return rf"{_MEMBERS[table]}_{self.suffix}(_v\d+)?\.csv"

    def member(self, table: str) -> TextFile:
        return find_text(self.path, self.pattern(table))

    def names(self, table: str) -> Names:
        return {**DIALECT[table], **self.columns.get(table, {})}

    def frame(self, table: str) -> pd.DataFrame:
        """Return a whole table under its own names, blank rows left out and counted."""
        text = self.member(table)
        numbers, optional = _NUMBERS.get(table, set()), _OPTIONAL.get(table, set())
        source = Csv(text, self.names(table), frozenset(numbers), frozenset(optional))
        frame = keyed(source.frame(), _KEYS[table], self.log, text.base_name)
        if frame.empty:
            raise text.error("has no row below its header", remedy="Fetch the archive again with gpseg-data")
        self.log.note_all(source.tolerated())
        return frame


def read_qof(path: Path, *, suffix: str, columns: Mapping[str, Names] | None = None) -> QofArchive:
    """Read one year's QOF archive.

    Parameters
    ----------
    path : the zip.
    suffix : the year in the members' names, "2425" for ``PREVALENCE_2425.csv``.
    columns : table (prevalence, achievement, indicators, geographies) -> own column name -> name in the
        header, or several of which one is there; only what differs from `DIALECT`.

    Raises InputError when a member or column is missing, a value cannot be one, a key comes twice, or a
    whole region has no achievement.
    """
    archive = _Archive(path, str(suffix), columns or {}, QualityLog(path.name))
    prevalence = _prevalence(archive)
    geographies = _geographies(archive)
    achievement = _achievement(archive, geographies)
    _note_practices_left_out(archive)
    return QofArchive(
        prevalence=prevalence,
        achievement=achievement,
        indicators=_indicators(archive),
        geographies=geographies,
        list_sizes=_list_sizes(prevalence, archive.member("prevalence")),
        quality=archive.log.frame,
    )


def _prevalence(archive: _Archive) -> pd.DataFrame:
    """Return schema ``registers``; rows without a register or a list are left out and counted."""
    text, frame = archive.member("prevalence"), archive.frame("prevalence")
    given = frame[["register", "denominator"]].notna().all(axis=1)
    archive.log.note("registers not given", int((~given).sum()), some(frame.loc[~given, "practice_code"]))
    frame = frame[given]
    for column in ("register", "denominator"):
        bad = frame[~is_count(frame[column])]
        if len(bad):
            first = bad.iloc[0]
            found = f"{first[column]:g} for {first['practice_code']} {first['group_code']}"
            name = str(archive.names("prevalence")[column])
            raise text.error(f"{found} is not a count of patients", column=name, remedy="Correct the value")
    _refuse_repeats(frame, ["practice_code", "group_code"], text)
    above = int((frame["register"] > frame["denominator"]).sum())
    archive.log.note("register larger than its list", above, "an institution's patients; not an error")
    tidy = frame.astype({"register": "int64", "denominator": "int64"})
    return tidy[["practice_code", "group_code", "register", "list_type", "denominator"]].sort_values(
        ["practice_code", "group_code"], ignore_index=True
    )


def _indicators(archive: _Archive) -> pd.DataFrame:
    frame = archive.frame("indicators")
    text = archive.member("indicators")
    _refuse_repeats(frame, ["indicator_code"], text)
    bad = frame[frame["points"].notna() & ~frame["points"].between(0, _MOST_POINTS)]
    if len(bad):
        problem = f"{bad['points'].iloc[0]:g} for {bad['indicator_code'].iloc[0]} cannot be its points"
        name = str(archive.names("indicators")["points"])
        raise text.error(problem, column=name, remedy="Correct the value")
    # Descriptions hold line feeds and tabs; one blank reads better in every table and figure.
    description = frame["description"].fillna("").str.replace(r"\s+", " ", regex=True)
    return frame.assign(description=description).sort_values("indicator_code", ignore_index=True)


def _geographies(archive: _Archive) -> pd.DataFrame:
    frame = archive.frame("geographies")
    _refuse_repeats(frame, ["practice_code"], archive.member("geographies"))
    return frame.sort_values("practice_code", ignore_index=True)


def _achievement(archive: _Archive, geographies: pd.DataFrame) -> pd.DataFrame:
    texts = find_texts(archive.path, archive.pattern("achievement"))
    if not texts:
        archive.member("achievement")  # raises, naming what is there
    frame = read_achievement(texts, archive.names("achievement"), archive.log)
    here = geographies["practice_code"].isin(frame["practice_code"].unique())
    regions = geographies.assign(here=here).groupby("region_name")["here"].any()
    if not regions.all():
        missing = ", ".join(regions.index[~regions])
        members = ", ".join(text.base_name for text in texts)
        raise texts[0].error(
            f"no practice of {missing} has achievement (members read: {members})",
            remedy="An ACHIEVEMENT member may be missing: fetch the archive again with gpseg-data",
        )
    _note_achievement(frame, archive.log)
    return frame


def _note_achievement(frame: pd.DataFrame, log: QualityLog) -> None:
    cells = frame["practice_code"].nunique() * frame["indicator_code"].nunique()
    log.note(
        "practice x indicator without ACHIEVED_POINTS",
        cells - int(frame["points"].notna().sum()),
        "absent is not zero",
    )
    absent = frame["denominator"].notna() & frame["pcas"].isna()
    log.note("PCAS absent where DENOMINATOR stands", int(absent.sum()), some(frame["practice_code"][absent]))
    log.note("denominator of zero", int((frame["denominator"] == 0).sum()), "a rate does not exist there")
    above = frame["numerator"] > frame["denominator"]
    log.note("numerator larger than denominator", int(above.sum()), some(frame["practice_code"][above]))


def _note_practices_left_out(archive: _Archive) -> None:
    """Count the practices that NHS England left out of every other member after validation."""
    for text in find_texts(archive.path, archive.pattern("left_out")):
        codes = Csv(text, {"practice_code": "PRACTICE_CODE"}).frame()["practice_code"].drop_duplicates()
        archive.log.note("practices left out by the publisher", len(codes), some(codes))


def _list_sizes(prevalence: pd.DataFrame, text: TextFile) -> pd.Series:
    """Return practice_code -> patients of the TOTAL list; every register on that list must state the same."""
    total = prevalence[prevalence["list_type"] == "TOTAL"].groupby("practice_code")["denominator"]
    low, high = total.min(), total.max()
    differing = low.index[np.not_equal(low, high)]
    if len(differing):
        code = differing[0]
        problem = (
            f"{code} has TOTAL lists of {low[code]:,} and {high[code]:,} patients ({len(differing)} such)"
        )
        raise text.error(problem, remedy="Fetch the archive again with gpseg-data")
    return high.rename("list_size")


def _refuse_repeats(frame: pd.DataFrame, key: list[str], text: TextFile) -> None:
    repeated = frame[frame.duplicated(key)]
    if len(repeated):
        first = " ".join(str(value) for value in repeated.iloc[0][key])
        raise text.error(
            f"{first} comes more than once ({len(repeated)} rows too many)", remedy="Keep one row"
        )
