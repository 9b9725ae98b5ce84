"""The raw files of one source, joined into the tables of `data/prepared`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gp_segmentation import schemas
from gp_segmentation.errors import ConfigError
from gp_segmentation.sources.groupings import join_groupings
from gp_segmentation.sources.names import visible_tables
from gp_segmentation.sources.raw_folder import PresentFiles, find_present
from gp_segmentation.sources.small_areas import weight_tables
from gp_segmentation.sources.successors import joined_successors
from gp_segmentation.sources.tidy import (
    Boundaries,
    Organisations,
    Postcodes,
    Prepared,
    QofArchive,
    Registrations,
    compact,
)
from gp_segmentation.utils.wording import visible_name

if TYPE_CHECKING:
    import geopandas as gpd


def read_source(files: Mapping[str, Mapping[str, Any]], folder: Path, *, min_list: int = 1000) -> Prepared:
    """Read and join the raw files of one source.

    Parameters
    ----------
    files : name -> ``filename``, ``required`` (bool), ``role`` (one of `raw_folder.ROLES`) and ``reader``,
        called as ``reader(path=...)``; the reader of postcodes also gets ``wanted``, the postcodes needed.
    folder : the folder of the files.
    min_list : practices with fewer patients are special: kept, but not fitted.

    Practices are those with both a geography and a list size in the QOF archive, or those of the table with
    the role practices; there are no registers and no achievement then. Every tolerated
    irregularity is counted in `quality`. Raises InputError when a required file is missing or a file is not
    valid.
    """
    raw = find_present(files, folder)
    qof: QofArchive = raw.read("qof") or raw.read("practices")
    registrations: Registrations | None = raw.read("registrations")
    organisations: Organisations | None = raw.read("organisations")
    practices = _practices(qof, min_list, raw)
    codes = practices["practice_code"]
    statuses = _statuses(codes, organisations, raw)
    located = _locate(practices, organisations, registrations, raw)
    context, dictionary = _context(practices, raw)
    boundaries: Boundaries | None = raw.read("boundaries")
    tables = {
        "practices": located,
        "organisations": statuses,
        "registers": _of_practices(qof.prevalence, codes, raw, "qof", "PREVALENCE"),
        "achievement": _of_practices(qof.achievement, codes, raw, "qof", "ACHIEVEMENT"),
        "indicators": qof.indicators,
        "age_sex": schemas.empty("age_sex")
        if registrations is None
        else _of_practices(registrations.age_sex, codes, raw, "registrations", "registrations"),
        "context": context,
        "context_dictionary": dictionary,
        "groupings": join_groupings(raw, codes),
        "successors": joined_successors(raw.read_all("successors")),
    }
    prepared = visible_tables(tables, raw)
    shapes = None if boundaries is None else _join_boundaries(boundaries.frame, prepared["practices"], raw)
    _note_undescribed(qof, raw)
    quality = pd.concat([schemas.empty("quality"), *raw.quality], ignore_index=True)
    prepared |= visible_tables({"quality": quality}, raw)
    checked = {
        name: schemas.check(name, frame, file=f"{raw.names['qof']} (table {name})")
        for name, frame in prepared.items()
    }
    return Prepared(**checked, boundaries=shapes)


def _practices(qof: QofArchive, min_list: int, raw: PresentFiles) -> pd.DataFrame:
    """Return geographies with list sizes; the PCN "Unallocated" (code U) becomes null."""
    places = qof.geographies
    listed = places["practice_code"].isin(qof.list_sizes.index)
    raw.note("qof", "practices without a TOTAL list left out", places["practice_code"][~listed])
    unplaced = qof.list_sizes.index.difference(pd.Index(places["practice_code"]))
    raw.note("qof", "practices without a geography left out", unplaced)
    places = places[listed]
    codes = places["practice_code"]
    no_pcn = places["pcn_code"].isna() | places["pcn_code"].str.upper().eq("U")
    raw.note("qof", "practices in no primary care network", codes[no_pcn], "PCN U (Unallocated)")
    sizes = codes.map(qof.list_sizes).astype("int64")
    small, reason = sizes < min_list, f"list under {min_list:,}"
    raw.note("qof", f"practices with a {reason}", codes[small], "special: assigned, not fitted")
    return places.assign(
        pcn_code=places["pcn_code"].mask(no_pcn),
        pcn_name=places["pcn_name"].mask(no_pcn),
        list_size=sizes,
        special=pd.Series(reason, index=places.index, dtype=str).where(small),
    ).sort_values("practice_code", ignore_index=True)


def _statuses(codes: pd.Series, organisations: Organisations | None, raw: PresentFiles) -> pd.DataFrame:
    """Return practice_code, status; null for a practice not in the organisation list, or without a list."""
    status = pd.Series(None, index=codes.index, dtype=str)
    if organisations is not None:
        ods = organisations.frame.set_index("practice_code")
        raw.note("organisations", "practices not in the organisation list", codes[~codes.isin(ods.index)])
        status = codes.map(ods["status"]).astype(str)
        for word in sorted(set(status.dropna()) - {"ACTIVE"}):
            raw.note("organisations", f"practices now {word}", codes[status == word])
    return pd.DataFrame({"practice_code": codes, "status": status})


def _locate(
    practices: pd.DataFrame,
    organisations: Organisations | None,
    registrations: Registrations | None,
    raw: PresentFiles,
) -> pd.DataFrame:
    """Add postcode, longitude and latitude; the columns are in the order of schema ``practices``."""
    codes = practices["practice_code"]
    postcodes = pd.Series(None, index=codes.index, dtype=str)
    if organisations is not None:
        postcodes = codes.map(organisations.frame.set_index("practice_code")["postcode"])
    if registrations is not None:
        fallback = codes.map(registrations.postcodes)
        filled = codes[postcodes.isna() & fallback.notna()]
        raw.note("registrations", "postcodes taken from the registrations", filled)
        postcodes = postcodes.fillna(fallback)
    key = compact(postcodes)
    spaced = key.str[:-3] + " " + key.str[-3:]
    located = practices.assign(postcode=spaced, longitude=np.nan, latitude=np.nan)
    points: Postcodes | None = raw.read("postcodes", wanted=frozenset(key.dropna()))
    if points is not None:
        at = points.frame.set_index("postcode")
        located = located.assign(longitude=key.map(at["longitude"]), latitude=key.map(at["latitude"]))
    raw.note("postcodes", "practices without a postcode", codes[postcodes.isna()])
    raw.note("postcodes", "practices without a point on the map", codes[located["longitude"].isna()])
    return located[list(schemas.SCHEMAS["practices"].columns)]


def _of_practices(
    frame: pd.DataFrame, codes: pd.Series, raw: PresentFiles, role: str, table: str
) -> pd.DataFrame:
    """Return the rows of known practices; practices on one side only are counted."""
    present = frame["practice_code"].unique()
    others = sorted(set(present) - set(codes))
    raw.note(role, f"practices of {table} left out: not among the practices", others)
    raw.note(role, f"practices without {table}", codes[~codes.isin(present)])
    return frame[frame["practice_code"].isin(codes)].reset_index(drop=True) if others else frame


def _context(practices: pd.DataFrame, raw: PresentFiles) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a row of all context measures for every practice, and the description of the measures."""
    codes, sizes = practices["practice_code"], practices["list_size"].where(practices["list_size"] > 0)
    columns, dictionaries, owners = {}, [schemas.empty("context_dictionary")], dict[str, str]()
    for file, table in weight_tables(raw.read_all("context"), raw, codes):
        values = table.frame.set_index("practice_code")
        others = values.index.difference(pd.Index(codes))
        raw.note(file, "practices left out: not among the practices", others)
        for measure in values.columns:
            if measure in owners:
                both = f"{owners[measure]} and from {file}"
                raise ConfigError(f"measure {measure} comes from {both}. Rename one")
            owners[measure] = file
            own = codes.map(values[measure]).astype(float)
            columns[measure] = own / sizes if measure in table.per_patient else own
            raw.note(file, f"practices without {measure}", codes[columns[measure].isna()])
        dictionaries.append(table.dictionary.assign(file=file))
    return pd.DataFrame({"practice_code": codes, **columns}), pd.concat(dictionaries, ignore_index=True)


def comparable_name(name: str) -> str:
    """Return an ICB's or STP's name without the parts that differ between publications.

    >>> comparable_name("NHS Sussex Integrated Care Board") == comparable_name("Sussex ICB")
    True
    """
    text = re.sub(r"[^a-z ]", " ", name.lower().replace("&", " and "))
    text = re.sub(r"\b(nhs|the|integrated care (board|system)|icb|ics|stp)\b", " ", text)
    return " ".join(text.split())


def _join_boundaries(
    shapes: gpd.GeoDataFrame, practices: pd.DataFrame, raw: PresentFiles
) -> gpd.GeoDataFrame:
    """Give each boundary the ODS code of the ICB of the same name; the code is null when there is none."""
    shapes = shapes.assign(icb_name=shapes["icb_name"].map(visible_name))
    icbs = practices.drop_duplicates("icb_code")
    by_name = dict(zip(icbs["icb_name"].map(comparable_name), icbs["icb_code"], strict=True))
    codes = [by_name.get(comparable_name(name)) for name in shapes["icb_name"]]
    joined = shapes.assign(icb_code=pd.Series(codes, index=shapes.index, dtype=str))
    unmatched = joined["icb_name"][joined["icb_code"].isna()]
    raw.note("boundaries", "boundaries named like no practice's ICB", unmatched)
    without = icbs["icb_name"][~icbs["icb_code"].isin(joined["icb_code"])]
    raw.note("boundaries", "ICBs without a boundary", without)
    return joined


def _note_undescribed(qof: QofArchive, raw: PresentFiles) -> None:
    indicators = set(qof.achievement["indicator_code"].unique()) - set(qof.indicators["indicator_code"])
    raw.note("qof", "indicators with achievement but no description", sorted(indicators))
    groups = set(qof.prevalence["group_code"].unique()) - set(qof.indicators["group_code"].dropna())
    raw.note("qof", "groups with registers but no description", sorted(groups))
