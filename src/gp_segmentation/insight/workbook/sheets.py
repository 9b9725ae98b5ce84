"""The tables of the workbook and the headers of their columns."""

from collections.abc import Mapping

import pandas as pd

from gp_segmentation.insight.workbook.workbook import TOP, WorkbookSheet

SIZE = {"practices": "Practices", "patients": "Registered patients"}
INDICATOR = {"indicator_code": "Indicator", "group_name": "Condition"}
LOOKUP = {
    "practice_code": "Practice code",
    "practice_name": "Practice",
    "sub_icb_name": "Sub-ICB location",
    "icb_name": "Integrated care board",
    "region_name": "Region",
    "segment": "Segment",
    "segment_name": "Segment name",
    "second_segment": "Next nearest segment",
    "margin": "Margin",
    "fitted": "Fitted",
}
PROFILE = {
    "segment": "Segment",
    "segment_name": "Name",
    "rank": "Rank",
    "label": "Feature",
    "unit": "Unit",
    "used": "Used to make segments",
    "practices": "Practices",
    "mean": "Mean",
    "median": "Median",
    "lower_quartile": "Lower quartile",
    "upper_quartile": "Upper quartile",
    "england_mean": "England mean",
    "difference_sd": "Difference from England (SD)",
    "difference_low": "Interval from",
    "difference_high": "Interval to",
}
OPPORTUNITY = {
    "practices": "Practices compared",
    "eligible_patients": "Eligible patients",
    "rate": "Achieved (%)",
    "practices_below": "Practices below the target",
    "additional_patients": "Additional patients, own segment",
    "low": "Interval from",
    "high": "Interval to",
    "england_additional_patients": "Additional patients, against England",
    "england_low": "Interval from (England)",
    "england_high": "Interval to (England)",
    "description": "What it asks for",
}
#: Columns of patients, shown without decimals.
WHOLE_NUMBERS = tuple(p + name for p in ("", "england_") for name in ("additional_patients", "low", "high"))


def workbook_sheets(tables: Mapping[str, pd.DataFrame], segments: pd.DataFrame) -> dict[str, WorkbookSheet]:
    """Return the workbook's sheets from the tables of data/insight (named as their files)."""
    return {**_segments(tables, segments), **_opportunities(tables), **_by_deprivation(tables)}


def _segments(tables: Mapping[str, pd.DataFrame], segments: pd.DataFrame) -> dict[str, WorkbookSheet]:
    sizes = {
        **{"segment": "Segment", "segment_name": "Name", **SIZE, "fitted": "Fitted", "special": "Special"},
        **{"share_of_practices": "Practices (%)", "share_of_patients": "Patients (%)"},
        "median_list_size": "Median list size",
    }
    mix = {
        **{"level": "Kind of area", "area": "Area", "segment": "Segment", "segment_name": "Name", **SIZE},
        **{"share_of_segment": "Of the segment (%)", "share_of_area": "Of the area (%)"},
    }
    size_table = tables["segment_sizes"]
    number = size_table["segment"].astype(object).replace({0: "all"})
    profile_table = tables["profiles"].sort_values(["segment", "used", "rank"], ascending=[True, False, True])
    unit = profile_table["unit"].replace({"%": "percent"})  # screen readers skip a cell of signs alone
    return {
        "Lookup": WorkbookSheet(
            segments, "The segment of every practice", "All practices", LOOKUP, decimals=3
        ),
        "Segments": WorkbookSheet(
            size_table.assign(segment=number),
            "Practices and patients by segment",
            "All practices; England comes last",
            sizes,
        ),
        "Mix": WorkbookSheet(
            tables["segment_mix"],
            "Segments by region, integrated care board and deprivation",
            "All practices",
            mix,
        ),
        "Profiles": WorkbookSheet(
            profile_table.assign(unit=unit),
            "Profiles: each segment against England",
            "Fitted practices with a figure",
            PROFILE,
            decimals=3,
        ),
    }


def _opportunities(tables: Mapping[str, pd.DataFrame]) -> dict[str, WorkbookSheet]:
    totals = tables["opportunity_totals"]
    icbs = totals[totals["level"] == "icb"]
    top = f"The {min(TOP, len(icbs))} rows with most additional patients, of {len(icbs):,}"
    first = {
        **{"indicator_code": "Indicator", "segment": "Segment", "segment_name": "Name"},
        **{"target": "Target, own segment (%)", "england_target": "Target, England (%)"},
    }

    def sheet(table: pd.DataFrame, by: str, scope: str, groups: dict[str, str]) -> WorkbookSheet:
        title = f"Additional patients by {by}"
        return WorkbookSheet(table, title, scope, {**groups, **OPPORTUNITY}, whole_numbers=WHOLE_NUMBERS)

    return {
        "Opportunities": sheet(tables["opportunities"], "indicator and segment", "Fitted practices", first),
        "England": sheet(
            totals[totals["level"] == "england"], "indicator, England", "Fitted practices", INDICATOR
        ),
        "Care boards": sheet(
            icbs.head(TOP), "integrated care board", top, {"area": "Integrated care board", **INDICATOR}
        ),
        "Deprivation": sheet(
            totals[totals["level"] == "deprivation_quintile"],
            "deprivation quintile of practices",
            "Fitted practices; quintiles of practices by deprivation score",
            {"area": "Deprivation quintile", **INDICATOR},
        ),
    }


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
        "low": "95% interval from",
        "high": "95% interval to",
        "largest_segment": "Naming the largest segment does (%)",
    }
    return {
        "Peers by deprivation": WorkbookSheet(
            tables["peers_by_quintile"],
            "The peers of practices by deprivation quintile",
            "All practices; England comes last",
            {**quintile, **shares, **distances, "inclusion": "Stays a peer (%)"},
            decimals=2,
        ),
        "Rules by deprivation": WorkbookSheet(
            rules.assign(low=100 * rules["low"], high=100 * rules["high"]),
            "How often the simple rules give the right segment, by deprivation quintile",
            "Fitted practices, cross-validated; England comes last",
            {**quintile, "fitted": "Fitted", **fidelity},
        ),
    }
