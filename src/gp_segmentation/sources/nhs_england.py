"""NHS England's Quality and Outcomes Framework (QOF): one year's archive, read from its zip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gp_segmentation import schemas
from gp_segmentation.sources.achievement import read_achievement
from gp_segmentation.sources.files.archive import TextFile, find_text, find_texts
from gp_segmentation.sources.files.delimited import Csv
from gp_segmentation.sources.tidy import (
    QofArchive,
    QualityLog,
    read_keyed_rows,
    refuse_impossible_counts,
    refuse_repeats,
)

Names = Mapping[str, str | Sequence[str]]

#: Table -> own column name -> its names in the headers from 2019-20 to 2025-26 (the first present is taken).
#: What became integrated care boards and their locations were partnerships (STP) and groups (CCG) before.
DIALECT: dict[str, dict[str, str | Sequence[str]]] = {
    "prevalence": {
        "practice_code": "PRACTICE_CODE",
        "group_code": "GROUP_CODE",
        "register": ("REGISTER", "REGISTER_SIZE"),
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
        "sub_icb_code": ("SUB_ICB_ODS_CODE", "SUB_ICB_LOC_ODS_CODE", "CCG_ODS_CODE"),
        "sub_icb_name": ("SUB_ICB_NAME", "SUB_ICB_LOC_NAME", "CCG_NAME"),
        "icb_code": ("ICB_ODS_CODE", "STP_ODS_CODE"),
        "icb_name": ("ICB_NAME", "STP_NAME"),
        "region_code": "REGION_ODS_CODE",
        "region_name": "REGION_NAME",
    },
}

#: Table -> regular expression of its members' names, up to the year.
MEMBERS = {
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
_MAX_POINTS = 1000  # the whole framework has 635
_NUMBERS = {"prevalence": frozenset({"register", "denominator"}), "indicators": frozenset({"points"})}
#: Columns of names: one that reads ``*`` or ``NULL`` is a name.
_NAMES = {
    "indicators": frozenset({"description", "group_name", "domain_name"}),
    "geographies": frozenset({"practice_name", "pcn_name", "sub_icb_name", "icb_name", "region_name"}),
}
#: An indicator's domain and list are only labels: an archive without them can still be used.
OPTIONAL = {"indicators": frozenset({"domain_code", "domain_name", "list_type"})}


@dataclass(frozen=True)
class _Archive:
    """The zip of one year: its members by table, and the year's names of their columns."""

    path: Path
    suffix: str
    columns: Mapping[str, Names]
    log: QualityLog

    def pattern(self, table: str) -> str:
        """Return the regular expression of a member's name; a version such as ``_V2`` may follow the year."""
        return rf"{MEMBERS[table]}_{self.suffix}(_v\d+)?\.csv"

    def names(self, table: str) -> Names:
        return {**DIALECT[table], **self.columns.get(table, {})}

    def header(self, table: str, column: str) -> str:
        """Return the name, or names, that a column may have in the header, for messages."""
        name = self.names(table)[column]
        return name if isinstance(name, str) else " or ".join(name)

    def read(self, table: str) -> tuple[pd.DataFrame, TextFile]:
        """Return a table under the project's column names, blank rows left out and counted, and its file."""
        text = find_text(self.path, self.pattern(table))
        kinds = (_NUMBERS, OPTIONAL, _NAMES)
        numbers, optional, names = (kind.get(table, frozenset[str]()) for kind in kinds)
        source = Csv(text, self.names(table), numbers, optional, names)
        return read_keyed_rows(source, _KEYS[table], self.log, text.base_name), text


def read_qof(path: Path, *, suffix: str, columns: Mapping[str, Names] | None = None) -> QofArchive:
    """Read one year's QOF archive.

    Parameters
    ----------
    path : the zip.
    suffix : the year in the members' names, "2425" for ``PREVALENCE_2425.csv``.
    columns : table (prevalence, achievement, indicators, geographies) -> own column name -> name in the
        header, or several possible names; only the differences from `DIALECT`.

    An archive without any ACHIEVEMENT member is read, with a note: its achievement is empty. Registers that
    other years have and this one lacks are noted. Raises InputError when another member or a column is
    missing, a value is impossible, a key comes twice, or a whole region has no achievement.
    """
    archive = _Archive(path, str(suffix), columns or {}, QualityLog(path.name))
    prevalence, list_sizes = _prevalence(archive)
    geographies, text = archive.read("geographies")
    refuse_repeats(geographies, ["practice_code"], text)
    achievement = _achievement(archive, geographies)
    _note_practices_left_out(archive)
    return QofArchive(
        prevalence=prevalence,
        achievement=achievement,
        indicators=_indicators(archive),
        geographies=geographies.sort_values("practice_code", ignore_index=True),
        list_sizes=list_sizes,
        quality=archive.log.frame,
    )


def _prevalence(archive: _Archive) -> tuple[pd.DataFrame, pd.Series]:
    """Return schema ``registers`` and list sizes; rows without either are left out and counted."""
    key = _KEYS["prevalence"]
    frame, text = archive.read("prevalence")
    given = frame[["register", "denominator"]].notna().all(axis=1)
    archive.log.note_codes("registers not given", frame.loc[~given, "practice_code"])
    frame = frame[given]
    for column in ("register", "denominator"):
        refuse_impossible_counts(frame, column, key, text, archive.header("prevalence", column))
    refuse_repeats(frame, key, text)
    absent = sorted(schemas.REGISTERS.keys() - set(frame["group_code"]))
    archive.log.note("registers that this year does not have", len(absent), ", ".join(absent))
    above = int((frame["register"] > frame["denominator"]).sum())
    archive.log.note("register larger than its list", above, "an institution's patients; not an error")
    tidy = frame.astype({"register": "int64", "denominator": "int64"})
    tidy = tidy[[*key, "register", "list_type", "denominator"]].sort_values(key, ignore_index=True)
    return tidy, _list_sizes(tidy, text)


def _list_sizes(prevalence: pd.DataFrame, text: TextFile) -> pd.Series:
    """Return practice_code -> patients of the TOTAL list, which must be the same for all its registers."""
    total = prevalence[prevalence["list_type"] == "TOTAL"].groupby("practice_code")["denominator"]
    low, high = total.min(), total.max()
    differing = low.index[np.not_equal(low, high)]
    if len(differing):
        code = differing[0]
        sizes = f"{low[code]:,} and {high[code]:,} patients"
        problem = f"{code} has TOTAL lists of {sizes} (such practices: {len(differing)})"
        raise text.error(problem, remedy="Delete the archive and fetch it again with gpseg data")
    return high.rename("list_size")


def _indicators(archive: _Archive) -> pd.DataFrame:
    frame, text = archive.read("indicators")
    refuse_repeats(frame, ["indicator_code"], text)
    bad = frame[frame["points"].notna() & ~frame["points"].between(0, _MAX_POINTS)]
    if len(bad):
        problem = f"{bad['indicator_code'].iloc[0]} cannot have {bad['points'].iloc[0]:g} points"
        raise text.error(problem, column=archive.header("indicators", "points"), remedy="Correct the value")
    return frame.sort_values("indicator_code", ignore_index=True)


def _achievement(archive: _Archive, geographies: pd.DataFrame) -> pd.DataFrame:
    pattern = archive.pattern("achievement")
    texts = find_texts(archive.path, pattern)
    if not texts:
        archive.log.note("no ACHIEVEMENT member", 1, "only feature sets without achievement can be used")
        return schemas.empty("achievement")
    frame = read_achievement(texts, archive.names("achievement"), archive.log)
    has_achievement = geographies["practice_code"].isin(frame["practice_code"].unique())
    regions = has_achievement.groupby(geographies["region_name"]).any()
    if not regions.all():
        missing = ", ".join(regions.index[~regions])
        members = ", ".join(text.base_name for text in texts)
        problem = f"no practice of {missing} has achievement (members read: {members})"
        remedy = "An ACHIEVEMENT member may be missing: delete the archive and fetch it again with gpseg data"
        raise texts[0].error(problem, remedy=remedy)
    _note_achievement(frame, archive.log)
    return frame


def _note_achievement(frame: pd.DataFrame, log: QualityLog) -> None:
    codes = frame["practice_code"]
    without_points = codes.nunique() * frame["indicator_code"].nunique() - int(frame["points"].count())
    log.note("practice x indicator without ACHIEVED_POINTS", without_points, "absent is not zero")
    no_pcas = frame["denominator"].notna() & frame["pcas"].isna()
    log.note_codes("PCAS absent where DENOMINATOR stands", codes[no_pcas])
    log.note("denominator of zero", int((frame["denominator"] == 0).sum()), "a rate does not exist there")
    log.note_codes("numerator larger than denominator", codes[frame["numerator"] > frame["denominator"]])


def _note_practices_left_out(archive: _Archive) -> None:
    """Count the practices that NHS England left out of every other member after validation."""
    for text in find_texts(archive.path, archive.pattern("left_out")):
        codes = Csv(text, {"practice_code": "PRACTICE_CODE"}).frame()["practice_code"].drop_duplicates()
        archive.log.note_codes("practices left out by the publisher", codes)
