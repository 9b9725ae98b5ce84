"""A finished run as tables for other programs: a star of tidy tables, and the layers of a GeoPackage.

A star is one table of practices in the middle; the other tables are joined to it by keys
(`export_dictionary`).
"""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd
import shapely

from gp_segmentation.areas.export_dictionary import SHARES
from gp_segmentation.areas.membership import KINDS
from gp_segmentation.insight.workbook.layout import data_note
from gp_segmentation.schemas import Results

GRID = "EPSG:27700"
#: Decimals of a metre: processors differ in the digits after them.
METRE_DECIMALS = 1
PLACES = tuple(f"{kind}_{part}" for kind in KINDS for part in ("code", "name"))
GROUPS = ("segment", "segment_code", "segment_name")
PRACTICE = (
    *("practice_code", "practice_name", "list_size", "postcode", "longitude", "latitude", *PLACES),
    *(*GROUPS, "supergroup", "subgroup", "certainty", "second_segment_code", "margin", "fitted", "special"),
)
SEGMENT = ("code", "name", "level", "parent", "segment", "practices", "patients")
MEASURE = ("feature", "label", "unit", "block", "used")
INDICATOR = ("indicator_code", "description", "group_code", "group_name", "domain_name", "points")
OPPORTUNITY = (
    *("practice_code", "indicator_code", "numerator", "eligible", "rate", "shrunk_rate", "target"),
    *("peers_rate", "rank", "ranked", "additional_patients", "low", "high", "standing"),
)
REGISTER = ("group_code", "condition")
LAYER = ("practice_code", "practice_name", *GROUPS, "certainty", *PLACES, "list_size")


def star_tables(
    run: Results, indicators: pd.DataFrame, unused: pd.DataFrame, about: Mapping[str, object]
) -> dict[str, pd.DataFrame]:
    """Return the tables of the star by name, as `KEYS` has them.

    Parameters
    ----------
    indicators : schema ``indicators``. unused : practice_code -> measures that were not clustered.
    about : what is said of the whole export (`about_run`).
    """
    practice = _practice(run)
    measure = run.profiles.drop_duplicates("feature")[list(MEASURE)].reset_index(drop=True)
    return {
        "practice": practice,
        "segment": run.levels[list(SEGMENT)].astype({"segment": "Int64"}),
        **_areas(practice, run.groupings),
        "measure": measure,
        "value": _values(run, unused, measure["feature"]),
        "indicator": indicators[list(INDICATOR)],
        "opportunity": run.practice_opportunities.reindex(columns=list(OPPORTUNITY)),
        "register": run.expected_groups[list(REGISTER)].drop_duplicates(ignore_index=True),
        "expected": run.expected,
        "expected_area": _expected_areas(run),
        "about": pd.DataFrame({"key": list(about), "value": [str(value) for value in about.values()]}),
    }


def _expected_areas(run: Results) -> pd.DataFrame:
    """Expected numbers of areas, by the kinds and codes that the star has them under."""
    kinds = {kind: kind for kind in KINDS}
    labels = dict(zip(run.groupings["label"], run.groupings["grouping"], strict=True))
    kinds |= {f"group: {label}": f"group:{name}" for label, name in labels.items()}
    rows = run.expected_groups[run.expected_groups["level"].isin(kinds)].dropna(subset="area_code")
    rows = rows.assign(kind=rows["level"].map(kinds).astype("str"))
    grouping = rows["kind"].str.extract("^group:(.*)$", expand=False)
    code = rows["area_code"].where(grouping.isna(), grouping + ":" + rows["area"])
    first = ["kind", "area_code", "group_code"]
    numbers = rows.columns.drop([*first, "level", "area", "condition"])
    return rows.assign(area_code=code)[[*first, *numbers]].reset_index(drop=True)


def about_run(run: Results, verdict: str) -> dict[str, object]:
    """Return what must travel with the figures: what they are of, warnings, verdict, licence, attribution."""
    source = run.source
    return {
        "title": f"Segments of general practices, {source['label']}",
        "data": data_note(source),
        "synthetic": "yes" if source["synthetic"] else "no",
        "simulated": source.get("warning") or "no",
        "period": source["period"],
        "licence": source["licence"],
        "attribution": source["attribution"],
        "verdict": verdict,
        "use": "Figures describe practices, not patients or clinicians.",
        "practices": len(run.practices),
        "patients": int(run.practices["list_size"].sum()),
        "segments": len(run.levels[run.levels["level"] == "segment"]),
        "method": " ".join(str(run.choice[key]) for key in ("clusterer", "linkage") if run.choice.get(key)),
        "fingerprint": source.get("fingerprint", ""),
    }


def _practice(run: Results) -> pd.DataFrame:
    """A row per practice, with its segment if it has one."""
    everyone = run.everyone
    codes = dict(zip(run.segments["segment"], run.segments["segment_code"], strict=True))
    own = [column for column in run.practices if column == "practice_code" or column not in everyone]
    table = everyone.merge(run.practices[own], on="practice_code", validate="one_to_one")
    number = table["segment"].astype("Int64")
    table = table.assign(
        segment=number.where(number > 0), second_segment_code=table["second_segment"].map(codes).astype("str")
    )
    return table[list(PRACTICE)]


def _areas(practice: pd.DataFrame, groupings: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Every area once, and the areas that every practice is in; groups are areas of the kind group:NAME.

    Two groupings may each have a group North: a group's code begins with the name of its grouping.
    """
    parts = [
        practice[["practice_code", f"{kind}_code", f"{kind}_name"]]
        .set_axis(["practice_code", "area_code", "name"], axis=1)
        .assign(kind=kind)
        .dropna(subset="area_code")
        for kind in KINDS
    ]
    own = groupings.assign(
        kind="group:" + groupings["grouping"], area_code=groupings["grouping"] + ":" + groupings["group"]
    ).rename(columns={"group": "name"})
    rows = pd.concat([*parts, own[list(parts[0].columns)]], ignore_index=True)
    areas = rows.drop_duplicates(["kind", "area_code"]).rename(columns={"area_code": "code"})
    areas = areas.sort_values(["kind", "code"], ignore_index=True)
    return {
        "area": areas[["kind", "code", "name"]],
        "practice_area": rows[["practice_code", "kind", "area_code"]],
    }


def _values(run: Results, unused: pd.DataFrame, features: pd.Series) -> pd.DataFrame:
    """A row per practice and measure, beside the means that the page shows."""
    segment = run.everyone.set_index("practice_code")["segment"]
    wide = pd.concat([run.natural, unused], axis=1).reindex(segment.index)[list(features)]
    long = wide.rename_axis("practice_code").reset_index().melt("practice_code", var_name="feature")
    long["segment"] = long["practice_code"].map(segment)
    means = run.profiles[["segment", "feature", "mean"]].rename(columns={"mean": "segment_mean"})
    long = long.merge(means, on=["segment", "feature"], how="left", validate="many_to_one")
    england = run.profiles.drop_duplicates("feature").set_index("feature")["england_mean"]
    long["england_mean"] = long["feature"].map(england)
    return long[["practice_code", "feature", "value", "segment_mean", "england_mean"]].astype(
        {"feature": "str"}
    )


def practice_layer(practice: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the practices of the star that have a position, as points in `GRID`."""
    rows = practice.dropna(subset=["longitude", "latitude"])
    place = gpd.points_from_xy(rows["longitude"], rows["latitude"], crs="EPSG:4326").to_crs(GRID)
    points = gpd.points_from_xy(place.x.round(METRE_DECIMALS), place.y.round(METRE_DECIMALS), crs=GRID)
    layer = gpd.GeoDataFrame(rows[list(LAYER)].reset_index(drop=True), geometry=points)
    return layer.rename_geometry("geom")


def area_layer(practice: pd.DataFrame, shapes: gpd.GeoDataFrame, origin: str) -> gpd.GeoDataFrame:
    """Return a row per integrated care board: its mix of segments, and its shape in `GRID` if it has one.

    Parameters
    ----------
    practice : of the star. shapes : icb_code and geometry. origin : what the shapes are.
    """
    by = practice.groupby("icb_code", sort=True)
    table = by.agg(
        icb_name=("icb_name", "first"), practices=("practice_code", "size"), patients=("list_size", "sum")
    )
    table["without_segment"] = practice["segment_code"].isna().groupby(practice["icb_code"]).sum()
    mix = practice.pivot_table("list_size", "icb_code", "segment_code", ["size", "sum"], fill_value=0)
    for prefix, counted, total in zip(SHARES, ("size", "sum"), ("practices", "patients"), strict=True):
        shares = mix[counted].reindex(table.index, fill_value=0).div(table[total], axis=0)
        table = table.join(shares.add_prefix(prefix))
    known = shapes.dropna(subset="icb_code").set_index("icb_code").geometry.to_crs(GRID)
    known = known.set_precision(10.0**-METRE_DECIMALS).map(_multipolygon)
    table["shape"] = pd.Series(origin, known.index, dtype="str")
    layer = gpd.GeoDataFrame(table, geometry=known.reindex(table.index), crs=GRID)
    return layer.rename_geometry("geom").reset_index()


def _multipolygon(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """A shape as what every row of a layer has to be."""
    return shapely.multipolygons([part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"])
