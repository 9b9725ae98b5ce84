"""The headers of the columns of the workbook's tables: column -> header."""

SIZE = {"practices": "Practices", "patients": "Registered patients"}
SEGMENT = {"segment": "Segment", "segment_code": "Segment code", "segment_name": "Segment name"}
INDICATOR = {"indicator_code": "Indicator", "group_name": "Condition"}
NETWORK = {"pcn_code": "Primary care network code", "pcn_name": "Primary care network"}
BOARD = {"icb_code": "Integrated care board code", "icb_name": "Integrated care board"}
LOOKUP = {
    "practice_code": "Practice code",
    "practice_name": "Practice",
    "supergroup": "Supergroup",
    **SEGMENT,
    "subgroup": "Subgroup",
    "certainty": "Certainty (%)",
    "membership": "Belongs to",
    "second_segment": "Next nearest segment",
    "margin": "Margin",
    "fitted": "Fitted",
    "list_size": "Registered patients",
    **NETWORK,
    "sub_icb_code": "Sub-ICB location code",
    "sub_icb_name": "Sub-ICB location",
    **BOARD,
    "region_code": "Region code",
    "region_name": "Region",
}
LEVELS = {
    "level": "Level",
    "code": "Code",
    "parent": "Part of",
    "segment": "Segment",
    "name": "Name",
    "compared_with": "The name compares it with",
    "apart": "What sets it apart from the others of the group it is part of",
    "practices": "Practices",
    "fitted": "Fitted practices",
    "patients": "Registered patients",
}
PROFILE = {
    **SEGMENT,
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
    "difference_low": "Interval from (SD)",
    "difference_high": "Interval to (SD)",
}
TARGET = {"target": "Target: upper quartile of the segment (%)"}
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
#: Additional patients and their interval, shown as the interval bears: of the segment, and of England.
GAINS = tuple(
    tuple(against + name for name in ("additional_patients", "low", "high")) for against in ("", "england_")
)
BY_PRACTICE = {
    "practice_code": "Practice code",
    "practice_name": "Practice",
    **BOARD,
    "segment_code": "Segment code",
    **INDICATOR,
    "rate": "Achieved (%)",
    **TARGET,
    "peers_rate": "Median of its peers (%)",
    "rank": "Rank in its segment, 1 the highest rate",
    "ranked": "Practices ranked",
    "eligible": "Eligible patients",
    "additional_patients": "Additional patients, own segment",
    "low": "Interval from",
    "high": "Interval to",
    "standing": "Standing",
    "description": "What it asks for",
}
EXPECTED = {
    "condition": "Register",
    "group_code": "Register code",
    "level": "Kind of group",
    "area": "Group",
    "area_code": "Code",
    "practices": "Practices counted",
    "patients": "Patients on the list",
    "recorded": "Recorded on the register",
    "expected": "Expected on the register",
    "low": "Expected, interval from",
    "high": "Expected, interval to",
    "difference": "Recorded less expected",
}
#: Levels of groups whose expected numbers the workbook has; expected_groups.csv has all.
EXPECTED_LEVELS = {
    "supergroup": "Supergroup",
    "segment": "Segment",
    "region": "Region",
    "icb": "Integrated care board",
    "sub_icb": "Sub-ICB location",
}
