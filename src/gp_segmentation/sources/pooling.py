"""Practices pooled by primary care network: the tables of `data/prepared` with a row per network."""

from dataclasses import replace

import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.schemas import AGE_BANDS, SCHEMAS, empty
from gp_segmentation.sources.tidy import Prepared, QualityLog
from gp_segmentation.utils.averages import weighted_means
from gp_segmentation.utils.wording import first_few

#: What the quality table names instead of a file.
FILE = "practices pooled by primary care network"


def pool_by_pcn(prepared: Prepared) -> Prepared:
    """Return the tables with a row per primary care network (PCN) where they had one per practice.

    practice_code and practice_name are those of the network. Practices in no network are left out, and
    counted in `quality`. With P the practices of a network and N_i the list size of practice i:

    * Patients (list sizes, registers and their denominators, age bands, achievement) and points are sums over
      P. Of an indicator, only practices with a denominator count; where one of them does not publish its
      numerator or its adjustments, the network's are not known either.
    * A context measure x is sum(N_i x_i) / sum(N_i) over those of P with a figure, so that shares of patients
      stay shares of patients. The position is averaged in the same way.
    * Board, and within it sub-ICB location and region, are those of most of its patients, ties by code.
    * Its group in each grouping is that of most of its patients who are in one.
    * A network counts as open and has no postcode. `special` is null: the rules for it read pooled figures.

    Raises
    ------
    ConfigError : no practice is in a network.
    """
    practices = prepared.practices[prepared.practices["pcn_code"].notna()]
    if practices.empty:
        raise ConfigError(
            "scope.unit is pcn, but no practice of this source is in a primary care network. "
            "Take scope.unit=practice, or a source that names the networks"
        )
    network = practices.set_index("practice_code")["pcn_code"]
    registers, achievement, age_sex = (
        table.assign(practice_code=table["practice_code"].map(network)).dropna(subset="practice_code")
        for table in (prepared.registers, prepared.achievement, prepared.age_sex)
    )
    networks, achieved = _networks(practices), pool_achievement(achievement)
    return replace(
        prepared,
        practices=networks,
        organisations=networks[["practice_code"]].assign(status="ACTIVE"),
        registers=pool_registers(registers),
        achievement=achieved,
        age_sex=pool_age_sex(age_sex),
        context=_context(prepared.context, practices),
        groupings=_groupings(prepared.groupings, practices),
        successors=empty("successors"),  # of practices; networks are followed by their codes
        quality=pd.concat([prepared.quality, _quality(prepared, achieved)], ignore_index=True),
    )


def _networks(practices: pd.DataFrame) -> pd.DataFrame:
    """Schema ``practices`` with a row per network."""
    in_board = practices.merge(_with_most_patients(practices, "icb_code"))
    in_place = in_board.merge(_with_most_patients(in_board, "sub_icb_code"))
    place = in_place.drop_duplicates("pcn_code").set_index("pcn_code", drop=False).sort_index()
    code = practices["pcn_code"]
    position = weighted_means(practices[["longitude", "latitude"]], practices["list_size"], code)
    nothing = pd.Series(None, index=place.index, dtype="str")
    networks = place.assign(
        practice_code=place["pcn_code"],
        practice_name=place["pcn_name"].fillna(place["pcn_code"]),
        list_size=practices.groupby(code)["list_size"].sum(),
        postcode=nothing,
        special=nothing,
        **position,
    )
    return networks[list(SCHEMAS["practices"].columns)].reset_index(drop=True)


def _with_most_patients(practices: pd.DataFrame, place: str) -> pd.DataFrame:
    """Each network's code and the `place` (a column of codes) of most of its patients, ties by code."""
    patients = practices.groupby(["pcn_code", place])["list_size"].sum().reset_index()
    patients = patients.sort_values(["list_size", place], ascending=[False, True])
    return patients.drop_duplicates("pcn_code")[["pcn_code", place]]


def pool_registers(rows: pd.DataFrame) -> pd.DataFrame:
    """Schema ``registers``: sums over the rows of one practice_code and group."""
    return rows.groupby(["practice_code", "group_code"], as_index=False).agg(
        register=("register", "sum"), list_type=("list_type", "first"), denominator=("denominator", "sum")
    )


def pool_achievement(rows: pd.DataFrame) -> pd.DataFrame:
    """Schema ``achievement``: sums of known counts, missing where a part of them is."""
    key, counts = ["practice_code", "indicator_code"], ["numerator", "denominator", "pcas"]
    known = rows[rows["denominator"].notna()].groupby(key)[counts].sum(skipna=False)
    points = rows.groupby(key)[["points"]].sum(min_count=1)
    return points.join(known)[[*counts, "points"]].reset_index()


def pool_age_sex(rows: pd.DataFrame) -> pd.DataFrame:
    """Schema ``age_sex``: sums over the rows of one practice_code, sex and age band."""
    key = ["practice_code", "sex", "age_band"]
    order = dict(zip(AGE_BANDS, range(len(AGE_BANDS)), strict=True))  # as text they sort wrongly
    sums = rows.groupby(key)["patients"].sum().reset_index()
    return sums.sort_values(key, key=lambda c: c.map(order) if c.name == "age_band" else c, ignore_index=True)


def _context(context: pd.DataFrame, practices: pd.DataFrame) -> pd.DataFrame:
    values = context.set_index("practice_code").reindex(practices["practice_code"])
    by_practice = practices.set_index("practice_code")
    means = weighted_means(values, by_practice["list_size"], by_practice["pcn_code"])
    return means.rename_axis("practice_code").reset_index()


def _groupings(groupings: pd.DataFrame, practices: pd.DataFrame) -> pd.DataFrame:
    """Schema ``groupings`` of networks: the group of most of a network's grouped patients, ties by name."""
    rows = groupings.merge(practices[["practice_code", "pcn_code", "list_size"]])
    rows = rows.drop(columns="practice_code").rename(columns={"pcn_code": "practice_code"})
    network = ["grouping", "label", "date", "practice_code"]
    patients = rows.groupby([*network, "group"])["list_size"].sum().reset_index()
    most = patients.sort_values(["list_size", "group"], ascending=[False, True]).drop_duplicates(network)
    return most.sort_values(network)[list(groupings.columns)].reset_index(drop=True)


def _quality(prepared: Prepared, achieved: pd.DataFrame) -> pd.DataFrame:
    """What was pooled, averaged and left out, as rows of schema ``quality``."""
    everyone, log = prepared.practices, QualityLog(FILE)
    outside = everyone[everyone["pcn_code"].isna()]
    within = everyone.drop(outside.index)
    boards = within.groupby("pcn_code")["icb_code"].nunique()
    measures = list(prepared.context.columns.drop("practice_code"))
    codes = first_few(outside["practice_code"])
    log.note("practices pooled", len(within), f"into {len(boards):,} networks")
    log.note(
        "practices in no network left out", len(outside), f"{outside['list_size'].sum():,} patients: {codes}"
    )
    log.note_codes("networks across boards: in that of most of their patients", boards.index[boards > 1])
    grouped = prepared.groupings.merge(within[["practice_code", "pcn_code"]])
    parts = grouped.groupby(["grouping", "pcn_code"])["group"].nunique()
    across = parts.index[parts > 1].get_level_values("pcn_code")
    log.note_codes("networks across groups: in that of most of their patients", across)
    log.note("measures averaged, weighted by list size", len(measures), ", ".join(measures))
    partly = achieved[achieved["denominator"].notna() & achieved[["numerator", "pcas"]].isna().any(axis=1)]
    log.note(
        "network x indicator without a count that a practice does not publish",
        len(partly),
        first_few(partly["indicator_code"]),
    )
    return log.frame
