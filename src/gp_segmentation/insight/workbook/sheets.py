"""The tables of the workbook and the headers of their columns."""

from collections.abc import Mapping

import pandas as pd

from gp_segmentation.insight.workbook.headers import (
    BOARD,
    BY_PRACTICE,
    EXPECTED,
    EXPECTED_LEVELS,
    GAINS,
    INDICATOR,
    LEVELS,
    LOOKUP,
    NETWORK,
    OPPORTUNITY,
    PROFILE,
    SEGMENT,
    SIZE,
    TARGET,
)
from gp_segmentation.insight.workbook.layout import WorkbookSheet
from gp_segmentation.insight.workbook.number_formats import unit_in_words
from gp_segmentation.schemas import LEVEL_COLUMNS
from gp_segmentation.utils.intervals import rounded_intervals


def workbook_sheets(
    tables: Mapping[str, pd.DataFrame], segments: pd.DataFrame, levels: pd.DataFrame
) -> dict[str, WorkbookSheet]:
    """Return the workbook's sheets in the order of interest: segments, practices, areas, then of the method.

    A sheet whose table has no row (a source without achievement) is left out.

    Parameters
    ----------
    tables : those of data/insight, named as their files. segments : from `read_segments`, everyone. levels :
        the table of that schema.
    """
    if (segments["segment"] < 1).any():
        groups = list(LEVEL_COLUMNS.values())
        segments = segments.assign(segment=_number(segments), **segments[groups].fillna("none"))
    codes = dict(zip(segments["segment"], segments["segment_code"], strict=True)) | {-1: "none"}
    tables = dict(tables)
    for name in ("segment_sizes", "segment_mix", "profiles", "opportunities"):
        tables[name] = tables[name].assign(segment_code=tables[name]["segment"].map(codes))
    sheets = {
        "Segments": _sizes(tables["segment_sizes"]),
        "Lookup": WorkbookSheet(
            segments, "Every practice: its segment, subgroup and place", "All practices", LOOKUP
        ),
        "Levels": _levels(levels),
        "Profiles": _profiles(tables["profiles"]),
        "Mix": _mix(tables["segment_mix"]),
        "Networks": _networks(tables["segment_mix"], segments),
        **_opportunities(tables, segments),
        "By practice": _by_practice(tables, segments),
        "Expected": _expected(tables["expected_groups"]),
        **_by_deprivation(tables),
    }
    return {name: sheet for name, sheet in sheets.items() if len(sheet.table)}


def _number(table: pd.DataFrame) -> pd.Series:
    """The numbers of segments; "none" for practices that belong to none."""
    return table["segment"].astype(object).replace({-1: "none"})


def _levels(levels: pd.DataFrame) -> WorkbookSheet:
    known = {name: levels[name].astype(object).fillna("none") for name in ("parent", "segment", "apart")}
    shown = levels.assign(**known, level=levels["level"].str.capitalize())
    return WorkbookSheet(shown, "Supergroups, segments and subgroups", "All practices", LEVELS)


def _sizes(sizes: pd.DataFrame) -> WorkbookSheet:
    columns = {
        **{**SEGMENT, **SIZE, "fitted": "Fitted", "special": "Special"},
        **{"share_of_practices": "Practices (%)", "share_of_patients": "Patients (%)"},
        "median_list_size": "Median list size",
    }
    number, code = _number(sizes).replace({0: "all"}), sizes["segment_code"].fillna("all")
    return WorkbookSheet(
        sizes.assign(segment=number, segment_code=code),
        "Practices and patients by segment",
        "All practices; England comes last",
        columns,
    )


def _mix(mix: pd.DataFrame) -> WorkbookSheet:
    columns = {
        **{"level": "Kind of area", "area": "Area", "area_code": "Area code", **SEGMENT, **SIZE},
        **{"share_of_segment": "Of the segment (%)", "share_of_area": "Of the area (%)"},
    }
    areas = mix[mix["level"] != "pcn"]  # which have a sheet of their own
    return WorkbookSheet(
        areas.assign(segment=_number(areas), area_code=areas["area_code"].fillna("none")),
        "Segments by region, integrated care board, sub-ICB location and deprivation",
        "All practices",
        columns,
    )


def _profiles(profiles: pd.DataFrame) -> WorkbookSheet:
    table = profiles.sort_values(["segment", "used", "rank"], ascending=[True, False, True])
    return WorkbookSheet(
        table.assign(unit=table["unit"].map(unit_in_words)),
        "Profiles: each segment against England",
        "Fitted practices with a figure",
        PROFILE,
        in_unit_of_row=("mean", "median", "lower_quartile", "upper_quartile", "england_mean"),
        shows_achievement=True,  # among the measures that were not used
    )


def _networks(mix: pd.DataFrame, segments: pd.DataFrame) -> WorkbookSheet:
    """A row per network; practices in none are in the last."""
    rows = mix[mix["level"] == "pcn"].assign(area_code=lambda table: table["area_code"].fillna("none"))
    sizes = rows.groupby(["area_code", "area"])[list(SIZE)].sum()
    by_segment = rows.pivot_table(index=["area_code", "area"], columns="segment_code", values="patients")
    boards = segments.groupby(["pcn_code", *BOARD])["list_size"].sum().reset_index()
    boards = boards.sort_values("list_size", ascending=False, kind="stable").drop_duplicates("pcn_code")
    table = sizes.join(by_segment.div(sizes["patients"], axis=0)).reset_index()
    table = table.join(boards.set_index("pcn_code")[list(BOARD)], on="area_code")
    places = dict(zip(("area_code", "area"), NETWORK.values(), strict=True))
    shares = {code: f"Patients in {code} (%)" for code in by_segment.columns}
    return WorkbookSheet(
        table,
        "Primary care networks: their patients by segment of the practice",
        "All practices; those in no network come last",
        {**places, **BOARD, **SIZE, **shares},
    )


def _opportunities(tables: Mapping[str, pd.DataFrame], segments: pd.DataFrame) -> dict[str, WorkbookSheet]:
    totals = tables["opportunity_totals"]
    of = {level: totals[totals["level"] == level] for level in ("england", "icb", "deprivation_quintile")}
    first = {
        **{**INDICATOR, **SEGMENT},
        **{**TARGET, "england_target": "Target, England: its upper quartile (%)"},
    }

    # Totals are by name; boards of one name have several codes.
    board_codes = segments.groupby("icb_name")["icb_code"].agg(lambda codes: ", ".join(sorted(set(codes))))

    def sheet(table: pd.DataFrame, by: str, scope: str, groups: dict[str, str]) -> WorkbookSheet:
        title = f"Additional patients by {by}"
        return WorkbookSheet(
            with_rounded_gains(table), title, scope, {**groups, **OPPORTUNITY}, shows_achievement=True
        )

    return {
        "Opportunities": sheet(tables["opportunities"], "indicator and segment", "Fitted practices", first),
        "England": sheet(of["england"], "indicator, England", "Fitted practices", INDICATOR),
        "Care boards": sheet(
            of["icb"].assign(area_code=of["icb"]["area"].map(board_codes)),
            "integrated care board",
            "Fitted practices",
            {"area_code": BOARD["icb_code"], "area": BOARD["icb_name"], **INDICATOR},
        ),
        "Deprivation": sheet(
            of["deprivation_quintile"],
            "deprivation quintile of practices",
            "Fitted practices; quintiles of practices by deprivation score",
            {"area": "Deprivation quintile", **INDICATOR},
        ),
    }


def with_rounded_gains(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its additional patients and their intervals rounded to what the intervals bear."""
    for names in GAINS:
        if set(names) <= set(table):
            rounded = rounded_intervals(*(table[name].to_numpy(dtype=float) for name in names))
            table = table.assign(**dict(zip(names, rounded, strict=True)))
    return table


def _by_practice(tables: Mapping[str, pd.DataFrame], segments: pd.DataFrame) -> WorkbookSheet:
    """A row per practice and indicator in which it has a patient or more to reach its target."""
    rows = tables["practice_opportunities"]
    rows = rows[rows["additional_patients"] >= 1]
    places = segments.set_index("practice_code")[["practice_name", *BOARD, "segment_code"]]
    indicators = tables["opportunities"].drop_duplicates("indicator_code").set_index("indicator_code")
    about = indicators[["group_name", "description"]]
    rows = rows.join(places, on="practice_code").join(about, on="indicator_code")
    return WorkbookSheet(
        with_rounded_gains(rows),
        "Additional patients by practice and indicator, the largest of each practice first",
        "Fitted practices below the target by a patient or more; practice_opportunities.parquet has the rest",
        BY_PRACTICE,
        shows_achievement=True,
    )


def _expected(groups: pd.DataFrame) -> WorkbookSheet:
    shown = groups[groups["level"].isin(EXPECTED_LEVELS)]
    shown = shown.assign(
        level=shown["level"].map(EXPECTED_LEVELS), area_code=shown["area_code"].fillna("none")
    )
    return WorkbookSheet(
        shown,
        "Patients expected on registers by age, sex and deprivation, and recorded",
        "Ordinary practices; expected_groups.csv has networks, expected.parquet has practices",
        EXPECTED,
        units=dict.fromkeys(("expected", "difference"), "patients"),
    )


def _by_deprivation(tables: Mapping[str, pd.DataFrame]) -> dict[str, WorkbookSheet]:
    quintile = {"deprivation_quintile": "Deprivation quintile", **SIZE}
    rules = tables["rules_by_quintile"]
    groups = {"quintile": "quintile", "segment": "segment", "icb": "care board"}
    shares = {
        f"{prefix}same_{name}": f"{whose} in the same {word} (%)"
        for name, word in groups.items()
        for prefix, whose in (("", "Peers"), ("random_", "Random practices"))
    }
    distances = {"distance": "Distance of peers", "random_distance": "Distance of random practices"}
    fidelity = {
        "fidelity": "Rules give the segment (%)",
        "low": "95% interval from (%)",
        "high": "95% interval to (%)",
        "largest_segment": "Naming the largest segment does (%)",
    }
    return {
        "Peers by deprivation": WorkbookSheet(
            tables["peers_by_quintile"],
            "The peers of practices by deprivation quintile",
            "All practices; England comes last",
            {**quintile, **shares, **distances, "inclusion": "Stays a peer (%)"},
        ),
        "Rules by deprivation": WorkbookSheet(
            rules,
            "How often the simple rules give the right segment, by deprivation quintile",
            "Fitted practices, cross-validated; England comes last",
            {**quintile, "fitted": "Fitted", **fidelity},
        ),
    }
