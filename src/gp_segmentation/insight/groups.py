"""Practices and patients by segment, area and deprivation quintile; every table adds up to England."""

from collections.abc import Iterator

import pandas as pd

from gp_segmentation.insight.networks import NO_GROUP, NO_NETWORK
from gp_segmentation.utils.fifths import fifths

#: Fifths of practices by deprivation score, and practices without a score.
QUINTILES = ("1 (least deprived)", "2", "3", "4", "5 (most deprived)")
UNKNOWN = "not known"
ENGLAND = "England"


def deprivation_quintiles(practices: pd.DataFrame, context: pd.DataFrame, measure: str) -> pd.Series:
    """Return practice_code -> fifth of England's practices by `measure`, or "not known".

    Fifths hold equal numbers of practices; ties are broken by practice code.
    """
    codes = pd.Index(practices["practice_code"], name="practice_code")
    if measure not in context:
        return pd.Series(UNKNOWN, index=codes, dtype="str", name="deprivation_quintile")
    score = context.set_index("practice_code")[measure].reindex(codes)
    quintile = fifths(score).map(dict(enumerate(QUINTILES)))
    return quintile.reindex(codes).fillna(UNKNOWN).astype("str").rename("deprivation_quintile")


def groups_by_level(segments: pd.DataFrame, practices: pd.DataFrame, quintiles: pd.Series) -> pd.DataFrame:
    """Return practice_code -> its group at each level, one column per level."""
    rows = practices.set_index("practice_code")
    groups = segments.set_index("practice_code").reindex(rows.index)
    segment, quintile = groups["segment"].astype(str), quintiles.reindex(rows.index)
    return pd.DataFrame(
        {
            "england": ENGLAND,
            "supergroup": groups["supergroup"],
            "segment": segment,
            "subgroup": groups["subgroup"],
            "region": rows["region_name"],
            "icb": rows["icb_name"],
            "deprivation_quintile": quintile,
            "segment_by_quintile": segment + ", quintile " + quintile,
        }
    )


def segment_sizes(segments: pd.DataFrame) -> pd.DataFrame:
    """Return practices and patients of every segment, and of England in the last row.

    Returns
    -------
    segment (0: England; -1: practices that belong to none), segment_name, practices, fitted, special,
    patients, share_of_practices, share_of_patients, median_list_size.
    """
    both = pd.concat([segments, segments.assign(segment=0, segment_name=ENGLAND)])
    table = both.groupby(["segment", "segment_name"], as_index=False).agg(
        practices=("practice_code", "size"),
        fitted=("fitted", "sum"),
        patients=("list_size", "sum"),
        median_list_size=("list_size", "median"),
    )
    # Segments, then practices that belong to none (-1), then England.
    table = table.sort_values("segment", key=lambda n: n.where(n > 0, n.max() + 2 + n), ignore_index=True)
    table.insert(4, "special", table["practices"] - table["fitted"])
    table["share_of_practices"] = table["practices"] / len(segments)
    table["share_of_patients"] = table["patients"] / segments["list_size"].sum()
    return table


def segment_mix(
    segments: pd.DataFrame, quintiles: pd.Series, own: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return practices and patients of every segment by area and deprivation quintile.

    Areas are regions, ICBs, sub-ICB locations, primary care networks, and the groups of `own`
    (`networks.own_groups`), whose codes are their names. Practices in none are counted as "no network" or
    "no group".

    Returns
    -------
    level, area (its name), area_code (null for quintiles, "no network" and "no group"), segment,
    segment_name, practices, patients, share_of_segment (share of the segment's practices that are in the
    area), share_of_area (share of the area's practices that are in the segment), england_share (share of
    England's practices that are in the area). Every combination has a row.
    """
    names = segments.drop_duplicates("segment").set_index("segment")["segment_name"]
    parts = []
    quintile = segments["practice_code"].map(quintiles)
    none = pd.Series(None, index=segments.index, dtype="str")
    by_place = areas_of(segments, pd.DataFrame() if own is None else own)
    for level, area, code in (*by_place, ("deprivation_quintile", quintile, none)):
        key = code.fillna(area).rename("key")  # several areas can have one name
        areas = pd.DataFrame({"area": area, "area_code": code, "key": key}).drop_duplicates("key")
        areas = areas.sort_values(["area", "key"]).set_index("key")
        every = pd.MultiIndex.from_product([areas.index, sorted(names.index)], names=["key", "segment"])
        list_sizes = segments.groupby([key, "segment"])["list_size"]
        table = pd.DataFrame({"practices": list_sizes.size(), "patients": list_sizes.sum()})
        table = areas.join(table.reindex(every, fill_value=0)).reset_index()
        parts.append(table.assign(level=level))
    table = pd.concat(parts, ignore_index=True)
    in_area = table.groupby(["level", "key"])["practices"].transform("sum")
    table["share_of_segment"] = table["practices"] / table["segment"].map(segments["segment"].value_counts())
    table["share_of_area"] = table["practices"] / in_area
    table["england_share"] = in_area / len(segments)
    table["segment_name"] = table["segment"].map(names)
    first = ["level", "area", "area_code", "segment", "segment_name"]
    return table[[*first, *table.columns.drop([*first, "key"])]]


def areas_of(segments: pd.DataFrame, own: pd.DataFrame) -> Iterator[tuple[str, pd.Series, pd.Series]]:
    """Yield each kind of area with the names of its practices' areas, and their codes (null in none)."""
    for level in ("region", "icb", "sub_icb", "pcn"):
        yield level, segments[f"{level}_name"].fillna(NO_NETWORK), segments[f"{level}_code"]
    for grouping in own:
        group = segments["practice_code"].map(own[grouping])
        yield str(grouping), group, group.mask(group == NO_GROUP)
