"""What is shown of one area."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class AreaTables:
    """The figures of one area beside England's, as page, workbook and slides show them.

    Attributes
    ----------
    kind, code, name : of the area.
    practices : a row per practice: segment (-1: none), segment_code, segment_name, certainty, membership,
        second_segment_code, margin, special, list_size, pcn_code, pcn_name, postcode, longitude, latitude,
        and first_indicator_code, first_additional_patients, first_low, first_high of its largest opportunity.
    mix : practices and patients by segment, beside England's.
    measures : every measure: area_mean, lowest, highest, england_mean, difference_sd.
    profiles : every measure of every practice beside its segment's mean and England's.
    opportunities : by indicator: rate, target (of its practices' segments, weighted by eligible patients),
        england_rate, practices_below, additional_patients with low and high; empty without achievement.
    practice_opportunities : the same by practice, with peers_rate, the median of its peers, and its rank
        among the ranked practices of its segment.
    expected : patients expected and recorded on registers, the furthest outside its interval first;
        practice_expected : the same by practice. Empty where nothing is expected. adjusted_for : what
        they are expected from, "age, sex and deprivation".
    conditions : what to ask the practices about: conditions of which clearly more of them than chance gives
        record fewer or more patients than expected (``areas.conditions``).
    neighbours : the nearest peers of every practice. local : segments of the area's own, where asked for.
    """

    kind: str
    code: str
    name: str
    practices: pd.DataFrame
    mix: pd.DataFrame
    measures: pd.DataFrame
    profiles: pd.DataFrame
    opportunities: pd.DataFrame
    practice_opportunities: pd.DataFrame
    neighbours: pd.DataFrame
    expected: pd.DataFrame = field(default_factory=pd.DataFrame)
    practice_expected: pd.DataFrame = field(default_factory=pd.DataFrame)
    adjusted_for: str = ""
    conditions: pd.DataFrame = field(default_factory=pd.DataFrame)
    local: "LocalSegments | None" = None


@dataclass(frozen=True)
class LocalSegments:
    """Segments of an area's own (`fit: local`).

    Attributes
    ----------
    labels : practice code -> local segment, 1 to k by size, of ordinary practices. names : of the segments.
    supported : whether the area's data support the number. method : the family of the clusterer.
    agreement : adjusted Rand index with the national segments of the same practices.
    crossed : local_segment, name, practices, and a column of practices for each national segment's code.
    """

    labels: pd.Series
    names: Mapping[int, str]
    supported: bool
    method: str
    agreement: float
    crossed: pd.DataFrame
