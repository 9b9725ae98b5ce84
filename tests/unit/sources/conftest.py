"""Raw files of a very small England, in the layout of each year."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

PREVALENCE = """\
PRACTICE_CODE,GROUP_CODE,REGISTER,PATIENT_LIST_TYPE,PRACTICE_LIST_SIZE
A81001,HYP,600.0,TOTAL,4000
A81001,DM,240.0,17OV,3200
E83003,HYP,90.0,TOTAL,900
E83003,DM,30.0,17OV,700
"""

#: Practice, indicator, measure, value; the order of the measures varies.
ACHIEVEMENT = {
    "NORTH_EAST_AND_YORKSHIRE": [
        ("A81001", "HYP001", "REGISTER", "600.0"),
        ("A81001", "HYP001", "ACHIEVED_POINTS", "6.0"),
        ("A81001", "HYP008", "PCAS", "20.0"),
        ("A81001", "HYP008", "NUMERATOR", "300.0"),
        ("A81001", "HYP008", "DENOMINATOR", "400.0"),
        ("A81001", "HYP008", "ACHIEVED_POINTS", "11.63"),
    ],
    "LONDON": [
        ("E83003", "HYP001", "REGISTER", "90.0"),
        ("E83003", "HYP008", "NUMERATOR", "0.0"),
        ("E83003", "HYP008", "DENOMINATOR", "0.0"),
        ("E83003", "HYP008", "ACHIEVED_POINTS", "0.0"),
    ],
}

INDICATORS = """\
INDICATOR_CODE,INDICATOR_DESCRIPTION,INDICATOR_POINT_VALUE,GROUP_CODE,GROUP_DESCRIPTION,SUB_DOMAIN_CODE,\
SUB_DOMAIN_DESCRIPTION,DOMAIN_CODE,DOMAIN_DESCRIPTION,PATIENT_LIST_TYPE
HYP001,"Keeps a register, of patients
\twith hypertension",6,HYP,Hypertension,CL,Clinical,CL,Clinical,TOTAL
HYP008,"Blood pressure is
140/90 mmHg or less",14,HYP,Hypertension,CL,Clinical,CL,Clinical,79UN
"""

COLUMNS = (
    "COUNTRY,REGION_ODS_CODE,REGION_NAME,{icb}_ODS_CODE,{icb}_NAME,{sub}_ODS_CODE,{sub}_NAME,"
    "PCN_ODS_CODE,PCN_NAME,PRACTICE_CODE,PRACTICE_NAME"
)
PLACES = """\
England,Y63,North East and Yorkshire,QHM,NHS North East and North Cumbria Integrated Care Board,16C,Tees,\
U89141,Stockton PCN,A81001,The Densham Surgery
England,Y56,London,QMJ,"NHS North Central, London Integrated Care Board",93C,Camden,\
U,Unallocated,E83003,Oak Lodge
"""


@dataclass(frozen=True)
class QofYear:
    """One year's archive: the content and the names of its members.

    `version` follows the year in the names of members, `folder` precedes them; `icb` and `sub_icb` begin the
    names of the columns of the two levels; `register` is the column of registers. `extra` adds or replaces
    members (None: leaves a member out).
    """

    suffix: str = "2425"
    regional: bool = True
    icb: str = "ICB"
    sub_icb: str = "SUB_ICB"
    register: str = "REGISTER"
    version: str = ""
    folder: str = ""
    newline: str = "\r\n"
    encoding: str = "utf-8"
    places: str = PLACES
    extra: Mapping[str, str | None] = field(default_factory=dict)

    def members(self) -> dict[str, bytes]:
        tail = f"{self.suffix}{self.version}.csv"
        geographies = COLUMNS.format(icb=self.icb, sub=self.sub_icb) + "\n" + self.places
        texts = {
            f"PREVALENCE_{tail}": PREVALENCE.replace("REGISTER", self.register),
            f"MAPPING_INDICATORS_{self.suffix}.csv": INDICATORS,
            f"MAPPING_NHS_GEOGRAPHIES_{self.suffix}.csv": geographies,
            **self._achievement(tail),
            **self.extra,
        }
        return {
            self.folder + name: text.replace("\n", self.newline).encode(self.encoding)
            for name, text in texts.items()
            if text is not None
        }

    def _achievement(self, tail: str) -> dict[str, str]:
        if not self.regional:
            lines = [",".join(row) for rows in ACHIEVEMENT.values() for row in rows]
            return {
                f"ACHIEVEMENT_{tail}": "PRACTICE_CODE,INDICATOR_CODE,MEASURE,VALUE\n"
                + "".join(f"{line}\n" for line in lines)
            }
        header = "REGION_ODS_CODE,REGION_ONS_CODE,REGION_NAME,PRACTICE_CODE,INDICATOR_CODE,MEASURE,VALUE\n"
        return {
            f"ACHIEVEMENT_{region}_{tail}": header
            + "".join(f"Y00,E40000000,{region},{','.join(row)}\n" for row in rows)
            for region, rows in ACHIEVEMENT.items()
        }


#: Every year's dialect; the keys are the names of the sources.
YEARS = {
    "nhs_2019_20": QofYear("1920", regional=False, icb="STP", sub_icb="CCG", newline="\n"),
    "nhs_2020_21": QofYear("2021", regional=False, icb="STP", sub_icb="CCG", version="_v2", newline="\r"),
    "nhs_2021_22": QofYear("2122", regional=False, sub_icb="SUB_ICB_LOC", version="_V2", encoding="latin-1"),
    "nhs_2022_23": QofYear("2223", folder="QOF 2022-23/Raw data/", encoding="utf-8-sig"),
    "nhs_2023_24": QofYear("2324"),
    "nhs_2024_25": QofYear("2425"),
    "nhs_2025_26": QofYear("2526", register="REGISTER_SIZE"),
}


def write_zip(path: Path, members: Mapping[str, bytes | str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture(name="write_zip")
def write_zip_fixture() -> Callable[[Path, Mapping[str, bytes | str]], Path]:
    return write_zip


@pytest.fixture
def qof_years() -> dict[str, QofYear]:
    return dict(YEARS)


@pytest.fixture
def build_qof(tmp_path: Path) -> Callable[..., Path]:
    """Write the archive of a source, with `changes` to the fields of `QofYear`; return its path."""

    def build(source: str = "nhs_2024_25", path: Path | None = None, **changes: object) -> Path:
        year = replace(YEARS[source], **changes)
        return write_zip(path or tmp_path / f"QOF{year.suffix}.zip", year.members())

    return build


QUIN_AGE_HEADER = (
    "PUBLICATION,EXTRACT_DATE,ORG_TYPE,ORG_CODE,ONS_CODE,POSTCODE,SEX,AGE_GROUP_5,NUMBER_OF_PATIENTS"
)
BANDS = [*(f"{a}_{a + 4}" for a in range(0, 95, 5)), "95+"]


@pytest.fixture
def quin_age() -> Callable[..., str]:
    """Return the text of a quin-age file: `women` and `men` patients in every band of each practice."""

    def build(
        practices: Mapping[str, tuple[int, int]], *, date: str = "2025-04-01", postcode: str = "TS18 1HU"
    ) -> str:
        rows = ["ICB,QHM,E54000050,,ALL,ALL,999999", "ICB,QHM,E54000050,,FEMALE,0_4,500000"]
        for code, (women, men) in practices.items():
            rows.append(f"GP,{code},,{postcode},ALL,ALL,{20 * (women + men)}")
            for sex, patients in (("FEMALE", women), ("MALE", men)):
                rows.append(f"GP,{code},,{postcode},{sex},ALL,{20 * patients}")
                rows += [f"GP,{code},,{postcode},{sex},{band},{patients}" for band in sorted(BANDS)]
        lines = [QUIN_AGE_HEADER, *(f"GP_PRAC_PAT_LIST,{date},{row}" for row in rows)]
        return "".join(f"{line}\r\n" for line in lines)

    return build


@pytest.fixture(autouse=True)
def _nothing_announced() -> Iterator[None]:
    """Warnings alone are heard: other tests of the process may have run commands, which announce work."""
    levels = {"gpseg": logging.NOTSET, None: logging.WARNING}  # None: the root, which Hydra sets
    before = {name: logging.getLogger(name).level for name in levels}
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)
