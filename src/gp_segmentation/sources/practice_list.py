"""A practice list from any table: code, name and list size, where a study has no QOF archive."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import Field

from gp_segmentation import schemas
from gp_segmentation.sources.files.delimited import MISSING
from gp_segmentation.sources.local_rows import Layout, LocalRows, read_rows, refuse_second_rows
from gp_segmentation.sources.local_values import Column, Numbers, values
from gp_segmentation.sources.tidy import MAX_PATIENTS, QofArchive

#: What stands for an area that the table does not give.
UNKNOWN_CODE, UNKNOWN_NAME = "UNKNOWN", "Area not given"
_LEVELS = ("pcn", "sub_icb", "icb", "region")

Area = Literal[
    "pcn_code",
    "pcn_name",
    "sub_icb_code",
    "sub_icb_name",
    "icb_code",
    "icb_name",
    "region_code",
    "region_name",
]


def read_practice_list(
    path: Path,
    *,
    code: str,
    list_size: str,
    name: str | None = None,
    areas: Mapping[Area, str] | None = None,
    where: Mapping[str, Any] | None = None,
    skip: Annotated[int, Field(ge=0)] = 0,
    sheet: str | Annotated[int, Field(ge=0)] = 0,
    member: str = r".*\.csv",
    delimiter: str = ",",
) -> QofArchive:
    """Read which practices there are from a CSV (plain or in a zip), Excel workbook or parquet file.

    Parameters
    ----------
    code, list_size, name : the columns of practice codes, registered patients and names (by default the code
        is the name).
    areas : ``pcn_code``, ``pcn_name``, ``sub_icb_code``, ... ``region_name`` -> its column, as far as there.
        A code without a name is its own name, a name without a code its own code. Without either, a practice
        is in no primary care network, and in an area called `UNKNOWN_NAME`.
    where, skip, sheet, member, delimiter : as in `gp_segmentation.sources.local.read_local_table`.

    Returns an archive without registers, achievement and indicators. A practice without a list size is left
    out and counted. Raises InputError as `read_local_table` does, and for a list size that is no number of
    patients.
    """
    named = dict(areas or {})
    layout = Layout(code, where or {}, skip, sheet, member, delimiter, MISSING)
    found = read_rows(path, layout, [list_size, *([name] if name else []), *named.values()])
    refuse_second_rows(found, found.codes, code)
    patients = Column("list_size", list_size, 0, MAX_PATIENTS)
    sizes = values(found, found.rows, patients, Numbers(MISSING))
    _refuse_fractions(found, sizes, list_size)
    codes = found.codes[sizes.notna()]
    found.log.note("practices left out: without a list size", int(sizes.isna().sum()))
    places = pd.DataFrame({"practice_code": codes, "practice_name": codes})
    if name is not None:
        given = found.rows.loc[codes.index, name].astype("str")
        places["practice_name"] = given.mask(given == "", codes)
    for level in _LEVELS:
        places[f"{level}_code"], places[f"{level}_name"] = _area(found, codes, named, level)
    return QofArchive(
        **{table: schemas.empty(schema) for table, schema in _EMPTY.items()},
        geographies=places.reset_index(drop=True),
        list_sizes=sizes[codes.index].set_axis(codes),
        quality=found.log.frame,
    )


_EMPTY = {"prevalence": "registers", "achievement": "achievement", "indicators": "indicators"}


def _refuse_fractions(found: LocalRows, sizes: pd.Series, column: str) -> None:
    broken = sizes.index[sizes % 1 > 0]
    if len(broken):
        row = broken[0]
        problem = f"{found.rows.loc[row, column]} is not a number of patients"
        raise found.error_at(row, column, problem, "Round the list sizes")


def _area(
    found: LocalRows, codes: pd.Series, named: Mapping[Area, str], level: str
) -> tuple[pd.Series, pd.Series]:
    """Return codes and names of an area; null for the network of a practice in none."""
    columns = [named.get(f"{level}_{kind}") for kind in ("code", "name")]  # type: ignore[call-overload]
    nothing = pd.Series("", index=codes.index, dtype="str")
    texts = [nothing if c is None else found.rows.loc[codes.index, c].astype("str") for c in columns]
    code, name = (own.mask(own == "", other) for own, other in zip(texts, reversed(texts), strict=True))
    without = code == ""
    if level == "pcn":
        return code.mask(without), name.mask(without)
    found.log.note_codes(f"practices without {level}_code or {level}_name", codes[without])
    return code.mask(without, UNKNOWN_CODE), name.mask(without, UNKNOWN_NAME)
