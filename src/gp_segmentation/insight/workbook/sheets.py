"""Which tables go into the workbook, and what their columns are called there."""

from collections.abc import Mapping

import pandas as pd

from gp_segmentation.insight.workbook.workbook import TOP, WorkbookSheet

GAIN = {
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
}
#: Patients are counted whole.
WHOLE = (
    "additional_patients",
    "low",
    "high",
    *(f"england_{c}" for c in ("additional_patients", "low", "high")),
)
INDICATOR = {"indicator_code": "Indicator", "group_name": "Condition"}
ASKED = {"description": "What it asks for"}


def workbook_sheets(tables: Mapping[str, pd.DataFrame], segments: pd.DataFrame) -> dict[str, WorkbookSheet]:
    """Return the workbook's sheets from the tables of this room (named as their files)."""
    totals = tables["opportunity_totals"]
    england, icbs = totals[totals["level"] == "england"], totals[totals["level"] == "icb"]
    quintiles = totals[totals["level"] == "deprivation_quintile"]
    sizes = tables["segment_sizes"]
    sizes = sizes.assign(segment=sizes["segment"].astype(object).replace({0: "all"}))
    counts = {"practices": "Practices", "patients": "Registered patients"}
    top = f"The {min(TOP, len(icbs))} rows with most additional patients, of {len(icbs):,}"
    return {
        "Lookup": _lookup(segments),
        "Segments": WorkbookSheet(
            sizes, "Practices and patients by segment", "All practices; England comes last",
            {"segment": "Segment", "segment_name": "Name", **counts, "fitted": "Fitted", "special": "Special",
             "share_of_practices": "Practices (%)", "share_of_patients": "Patients (%)",
             "median_list_size": "Median list size"}, percent=("share_of_practices", "share_of_patients"),
        ),
        "Mix": WorkbookSheet(
            tables["segment_mix"], "Segments by region, care board and deprivation", "All practices",
            {"level": "Kind of area", "area": "Area", "segment": "Segment", "segment_name": "Name", **counts,
             "share_of_segment": "Of the segment (%)", "share_of_area": "Of the area (%)"},
            percent=("share_of_segment", "share_of_area"),
        ),
        "Profiles": _profiles(tables["profiles"]),
        "Opportunities": WorkbookSheet(
            tables["opportunities"], "Additional patients by indicator and segment", "Fitted practices",
            {"indicator_code": "Indicator", "segment": "Segment", "segment_name": "Name",
             "target": "Target, own segment (%)",
             "england_target": "Target, England (%)", **GAIN, **ASKED},
            percent=("rate", "target", "england_target"), whole=WHOLE,
        ),
        "England": WorkbookSheet(england, "Additional patients by indicator, England", "Fitted practices",
                         {**INDICATOR, **GAIN, **ASKED}, percent=("rate",), whole=WHOLE),
        "Care boards": WorkbookSheet(icbs.head(TOP), "Additional patients by integrated care board", top,
                             {"area": "Integrated care board", **INDICATOR, **GAIN, **ASKED},
                             percent=("rate",), whole=WHOLE),
        "Deprivation": WorkbookSheet(quintiles, "Additional patients by deprivation quintile of practices",
                             "Fitted practices; quintiles of practices by deprivation score",
                             {"area": "Deprivation quintile", **INDICATOR, **GAIN, **ASKED},
                             percent=("rate",), whole=WHOLE),
        **_equity(tables),
    }  # fmt: skip


def _equity(tables: Mapping[str, pd.DataFrame]) -> dict[str, WorkbookSheet]:
    """Peers and rules by deprivation quintile."""
    counts = {
        "deprivation_quintile": "Deprivation quintile",
        "practices": "Practices",
        "patients": "Registered patients",
    }
    groups = {"quintile": "quintile", "segment": "segment", "icb": "care board"}
    shares = {
        f"{prefix}same_{name}": f"{whose} in the same {word} (%)"
        for name, word in groups.items()
        for prefix, whose in (("", "Peers"), ("random_", "Random practices"))
    }
    distances = {"distance": "Distance of peers", "random_distance": "Distance of random practices"}
    fidelity = {
        "fitted": "Fitted",
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
            {**counts, **shares, **distances, "inclusion": "Stays a peer (%)"},
            decimals=2,
            percent=(*shares, "inclusion"),
        ),
        "Rules by deprivation": WorkbookSheet(
            tables["rules_by_quintile"],
            "How well the surrogate rules tell segments, by deprivation quintile",
            "Fitted practices, cross-validated; England comes last",
            {**counts, **fidelity},
            percent=("fidelity", "low", "high", "largest_segment"),
        ),
    }


def _lookup(segments: pd.DataFrame) -> WorkbookSheet:
    columns = {
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
    return WorkbookSheet(segments, "The segment of every practice", "All practices", columns, decimals=3)


def _profiles(profiles: pd.DataFrame) -> WorkbookSheet:
    used = profiles["used"].map({True: "yes", False: "no"})
    unit = profiles["unit"].replace({"%": "percent"})  # a cell of signs alone is not read out
    columns = {
        "segment": "Segment",
        "segment_name": "Name",
        "rank": "Rank",
        "label": "Feature",
        "unit": "Unit",
        "used_word": "Used to make segments",
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
    table = profiles.assign(used_word=used, unit=unit).sort_values(
        ["segment", "used", "rank"], ascending=[True, False, True]
    )
    return WorkbookSheet(
        table, "What each segment is like", "Fitted practices with a figure", columns, decimals=3
    )
