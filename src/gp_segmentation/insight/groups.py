"""Who is in a segment: practices and patients by segment, place and deprivation, adding up to England."""

import pandas as pd

#: Fifths of practices by deprivation score, and those without a score.
QUINTILES = ("1 (least deprived)", "2", "3", "4", "5 (most deprived)")
UNKNOWN = "not known"
ENGLAND = "England"


def deprivation_quintiles(practices: pd.DataFrame, context: pd.DataFrame, measure: str) -> pd.Series:
    """Return practice_code -> fifth of England's practices by `measure`, or "not known".

    Fifths hold equal numbers of practices; equal scores are put in the order of practice codes.
    """
    codes = pd.Index(practices["practice_code"], name="practice_code")
    unknown = pd.Series(UNKNOWN, index=codes, dtype="str", name="deprivation_quintile")
    if measure not in context:
        return unknown
    score = context.set_index("practice_code")[measure].reindex(codes).dropna()
    place = score.sort_index().rank(method="first")
    fifth = ((place - 1) * len(QUINTILES) // max(len(place), 1)).astype("int64")
    named = fifth.map(dict(enumerate(QUINTILES)))
    return named.reindex(codes).fillna(UNKNOWN).astype("str").rename("deprivation_quintile")


def levels(segments: pd.DataFrame, practices: pd.DataFrame, quintiles: pd.Series) -> pd.DataFrame:
    """Return practice_code -> the group it is in at every level of the tables of sums."""
    about = practices.set_index("practice_code")
    segment = segments.set_index("practice_code")["segment"].reindex(about.index).astype(str)
    quintile = quintiles.reindex(about.index)
    return pd.DataFrame(
        {
            "england": ENGLAND,
            "segment": segment,
            "region": about["region_name"],
            "icb": about["icb_name"],
            "deprivation_quintile": quintile,
            "segment_by_quintile": segment + ", quintile " + quintile,
        }
    )


def sizes(segments: pd.DataFrame, practices: pd.DataFrame) -> pd.DataFrame:
    """Return practices and patients of every segment, and of England in the last row.

    Returns
    -------
    segment (0: England), segment_name, practices, fitted, special, patients, share_of_practices,
    share_of_patients, median_list_size.
    """
    rows = segments.merge(practices[["practice_code", "list_size"]], on="practice_code")
    england = rows.assign(segment=0, segment_name=ENGLAND)
    both = pd.concat([rows, england])
    table = both.groupby(["segment", "segment_name"], as_index=False).agg(
        practices=("practice_code", "size"),
        fitted=("fitted", "sum"),
        patients=("list_size", "sum"),
        median_list_size=("list_size", "median"),
    )
    table.insert(4, "special", table["practices"] - table["fitted"])
    table["share_of_practices"] = table["practices"] / len(rows)
    table["share_of_patients"] = table["patients"] / rows["list_size"].sum()
    order = (table["segment"] == 0).astype(int)
    return table.iloc[order.argsort(kind="stable")].reset_index(drop=True)


def mix(segments: pd.DataFrame, practices: pd.DataFrame, quintiles: pd.Series) -> pd.DataFrame:
    """Return practices and patients of every segment by region, ICB and deprivation quintile.

    Returns
    -------
    level, area, segment, segment_name, practices, patients, share_of_segment (of the segment's practices
    that are in the area), share_of_area, england_share (of all practices); every combination, zeros too.
    """
    rows = segments.merge(practices[["practice_code", "list_size"]], on="practice_code")
    rows = rows.assign(
        region=rows["region_name"],
        icb=rows["icb_name"],
        deprivation_quintile=rows["practice_code"].map(quintiles),
    )
    names = rows.drop_duplicates("segment").set_index("segment")["segment_name"]
    parts = []
    for level in ("region", "icb", "deprivation_quintile"):
        every = pd.MultiIndex.from_product(
            [sorted(rows[level].unique()), sorted(names.index)], names=["area", "segment"]
        )
        counted = rows.rename(columns={level: "area"}).groupby(["area", "segment"])["list_size"]
        table = pd.DataFrame({"practices": counted.size(), "patients": counted.sum()})
        parts.append(table.reindex(every, fill_value=0).reset_index().assign(level=level))
    table = pd.concat(parts, ignore_index=True)
    of_area = table.groupby(["level", "area"])["practices"].transform("sum")
    table["share_of_segment"] = table["practices"] / table["segment"].map(rows["segment"].value_counts())
    table["share_of_area"] = table["practices"] / of_area
    table["england_share"] = of_area / len(rows)
    table.insert(2, "segment_name", table["segment"].map(names))
    return table[["level", *table.columns.drop("level")]]
