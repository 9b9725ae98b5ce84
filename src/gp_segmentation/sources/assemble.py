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
from gp_segmentation.sources.raw_folder import PresentFiles, find_present
from gp_segmentation.sources.tidy import (
    ContextTable,
    Organisations,
    Postcodes,
    Prepared,
    QofArchive,
    QualityLog,
    Registrations,
    compact,
    some,
)

if TYPE_CHECKING:
    import geopandas as gpd


def read_source(files: Mapping[str, Mapping[str, Any]], folder: Path, *, min_list: int = 1000) -> Prepared:
    """Read and join the raw files of one source.

    Parameters
    ----------
    files : name -> ``filename``, ``required`` (bool), ``role`` (one of `present.ROLES`) and ``reader``,
        called as ``reader(path=...)``; that of postcodes is also given ``wanted``, the postcodes needed.
    folder : where the files lie.
    min_list : practices with fewer patients are special: kept, but not fitted.

    A practice is one that has both a place in the NHS and a list in the QOF archive. Whatever was tolerated
    is counted in `quality`. Raises InputError when a required file is missing or a file is not what it
    should be.
    """
    found = find_present(files, folder)
    qof: QofArchive = found.read("qof")
    registrations: Registrations | None = found.read("registrations")
    organisations: Organisations | None = found.read("organisations")
    practices = _practices(qof, min_list, found.log("qof"), found.quality)
    codes = practices["practice_code"]
    located = _locate(practices, organisations, registrations, found)
    context, dictionary = _context(found.context(), codes, found.quality)
    boundaries = found.read("boundaries")
    prepared = {
        "practices": located,
        "organisations": _statuses(codes, organisations),
        "registers": _of_practices(qof.prevalence, codes, found, "qof", "PREVALENCE"),
        "achievement": _of_practices(qof.achievement, codes, found, "qof", "ACHIEVEMENT"),
        "indicators": qof.indicators,
        "age_sex": _age_sex(registrations, codes, found),
        "context": context,
        "context_dictionary": dictionary,
    }
    shapes = None if boundaries is None else _join_boundaries(boundaries.frame, practices, found)
    _note_unlisted_indicators(qof, found)
    quality = pd.concat([schemas.empty("quality"), *found.quality], ignore_index=True)
    checked = {
        name: schemas.check(name, frame, file=f"{found.names['qof']} (table {name})")
        for name, frame in (prepared | {"quality": quality}).items()
    }
    return Prepared(**checked, boundaries=shapes)


def _practices(qof: QofArchive, min_list: int, log: QualityLog, quality: list[pd.DataFrame]) -> pd.DataFrame:
    """Return geographies with list sizes; a PCN called Unallocated is no PCN and becomes null."""
    places = qof.geographies
    listed = places["practice_code"].isin(qof.list_sizes.index)
    log.note(
        "practices without a TOTAL list left out",
        int((~listed).sum()),
        some(places["practice_code"][~listed]),
    )
    unplaced = qof.list_sizes.index.difference(pd.Index(places["practice_code"]))
    log.note("practices without a geography left out", len(unplaced), some(unplaced))
    places = places[listed]
    without = places["pcn_code"].isna() | places["pcn_code"].str.upper().eq("U")
    log.note("practices in no primary care network", int(without.sum()), "PCN U (Unallocated)")
    sizes = places["practice_code"].map(qof.list_sizes).astype("int64")
    small = sizes < min_list
    log.note(f"practices with a list under {min_list:,}", int(small.sum()), "special: assigned, not fitted")
    quality.append(log.frame)
    return places.assign(
        pcn_code=places["pcn_code"].mask(without),
        pcn_name=places["pcn_name"].mask(without),
        list_size=sizes,
        special=pd.Series(f"list under {min_list:,}", index=places.index, dtype=str).where(small),
    ).sort_values("practice_code", ignore_index=True)


def _locate(
    practices: pd.DataFrame,
    organisations: Organisations | None,
    registrations: Registrations | None,
    found: PresentFiles,
) -> pd.DataFrame:
    """Add postcode, longitude and latitude; the order of columns is that of schema ``practices``."""
    codes = practices["practice_code"]
    postcodes = pd.Series(None, index=codes.index, dtype=str)
    if organisations is not None:
        ods = organisations.frame.set_index("practice_code")
        postcodes = codes.map(ods["postcode"])
        _note_organisations(codes, ods, found)
    if registrations is not None:
        fallback = codes.map(registrations.postcodes)
        taken = postcodes.isna() & fallback.notna()
        log = found.log("registrations")
        log.note("postcodes taken from the registrations", int(taken.sum()), some(codes[taken]))
        found.quality.append(log.frame)
        postcodes = postcodes.fillna(fallback)
    key = compact(postcodes)
    written = key.str[:-3] + " " + key.str[-3:]
    located = practices.assign(postcode=written, longitude=np.nan, latitude=np.nan)
    points: Postcodes | None = found.read("postcodes", wanted=frozenset(key.dropna()))
    if points is not None:
        at = points.frame.set_index("postcode")
        located = located.assign(longitude=key.map(at["longitude"]), latitude=key.map(at["latitude"]))
    log = found.log("postcodes")
    nowhere = located["longitude"].isna()
    log.note("practices without a postcode", int(postcodes.isna().sum()), some(codes[postcodes.isna()]))
    log.note("practices without a point on the map", int(nowhere.sum()), some(codes[nowhere]))
    found.quality.append(log.frame)
    return located[list(schemas.SCHEMAS["practices"].columns)]


def _statuses(codes: pd.Series, organisations: Organisations | None) -> pd.DataFrame:
    """Return practice_code, status; null where the organisation list has no such practice, or is absent."""
    status = pd.Series(None, index=codes.index, dtype=str)
    if organisations is not None:
        status = codes.map(organisations.frame.set_index("practice_code")["status"]).astype(str)
    return pd.DataFrame({"practice_code": codes, "status": status})


def _note_organisations(codes: pd.Series, ods: pd.DataFrame, found: PresentFiles) -> None:
    log = found.log("organisations")
    absent = ~codes.isin(ods.index)
    log.note("practices not in the organisation list", int(absent.sum()), some(codes[absent]))
    status = codes[~absent].map(ods["status"])
    for word in sorted(set(status.dropna()) - {"ACTIVE"}):
        log.note(f"practices now {word}", int((status == word).sum()), some(codes[~absent][status == word]))
    found.quality.append(log.frame)


def _of_practices(
    frame: pd.DataFrame, codes: pd.Series, found: PresentFiles, role: str, what: str
) -> pd.DataFrame:
    """Return the rows of known practices; practices on one side only are counted."""
    log = found.log(role)
    present = frame["practice_code"].unique()
    others = pd.Index(sorted(set(present) - set(codes)))
    absent = codes[~codes.isin(present)]
    log.note(f"practices of {what} left out: not among the practices", len(others), some(others))
    log.note(f"practices without {what}", len(absent), some(absent))
    found.quality.append(log.frame)
    if others.empty:
        return frame
    return frame[frame["practice_code"].isin(codes)].reset_index(drop=True)


def _age_sex(registrations: Registrations | None, codes: pd.Series, found: PresentFiles) -> pd.DataFrame:
    if registrations is None:
        return schemas.empty("age_sex")
    return _of_practices(registrations.age_sex, codes, found, "registrations", "registrations")


def _context(
    found: list[tuple[str, ContextTable]], codes: pd.Series, quality: list[pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one row for every practice with all measures, and what the measures are."""
    columns, dictionaries, owners = {}, [schemas.empty("context_dictionary")], dict[str, str]()
    for file, table in found:
        log = QualityLog(file)
        values = table.frame.set_index("practice_code")
        others = values.index.difference(pd.Index(codes))
        log.note("practices left out: not among the practices", len(others), some(others))
        for measure in values.columns:
            if measure in owners:
                raise ConfigError(
                    f"measure {measure} comes from {owners[measure]} and from {file}. Rename one"
                )
            owners[measure] = file
            column = codes.map(values[measure]).astype(float)
            log.note(f"practices without {measure}", int(column.isna().sum()), some(codes[column.isna()]))
            columns[measure] = column
        dictionaries.append(table.dictionary.assign(file=file))
        quality.append(log.frame)
    return pd.DataFrame({"practice_code": codes, **columns}), pd.concat(dictionaries, ignore_index=True)


def readable_name(name: str) -> str:
    """Return an ICB's or STP's name without what differs between publications.

    >>> plain_name("NHS Sussex Integrated Care Board") == plain_name("Sussex ICB")
    True
    """
    text = re.sub(r"[^a-z ]", " ", name.lower().replace("&", " and "))
    text = re.sub(r"\b(nhs|the|integrated care (board|system)|icb|ics|stp)\b", " ", text)
    return " ".join(text.split())


def _join_boundaries(
    shapes: gpd.GeoDataFrame, practices: pd.DataFrame, found: PresentFiles
) -> gpd.GeoDataFrame:
    """Give each boundary the ODS code of the ICB of its name; where none has it, the code stays null."""
    icbs = practices.drop_duplicates("icb_code")
    by_name = {
        readable_name(name): code for name, code in zip(icbs["icb_name"], icbs["icb_code"], strict=True)
    }
    joined = shapes.assign(
        icb_code=shapes["icb_name"].map(lambda name: by_name.get(readable_name(name))).astype(str)
    )
    log = found.log("boundaries")
    lone = joined["icb_name"][joined["icb_code"].isna()]
    log.note("boundaries that no practice's ICB is named as", len(lone), some(lone))
    bare = icbs["icb_name"][~icbs["icb_code"].isin(joined["icb_code"])]
    log.note("ICBs without a boundary", len(bare), some(bare))
    found.quality.append(log.frame)
    return joined


def _note_unlisted_indicators(qof: QofArchive, found: PresentFiles) -> None:
    log = found.log("qof")
    codes = sorted(set(qof.achievement["indicator_code"].unique()) - set(qof.indicators["indicator_code"]))
    log.note("indicators with achievement but no description", len(codes), some(codes))
    groups = sorted(set(qof.prevalence["group_code"].unique()) - set(qof.indicators["group_code"].dropna()))
    log.note("groups with registers but no description", len(groups), some(groups))
    found.quality.append(log.frame)
