"""What one run found, gathered for the rooms that show it (figures, insight, report)."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd

from gp_segmentation.schemas.run_tables import empty


@dataclass(frozen=True)
class Results:
    """The tables and findings of one run, as the stages wrote them; what is not there yet is empty.

    Attributes
    ----------
    source : what was segmented: ``name``, ``label`` ("England 2024-25"), ``period``, ``synthetic`` (bool),
        ``attribution``, ``licence``, ``practices``, ``patients``, ``files`` (list of manifest rows),
        ``absent`` (sentences on what it does not have).
    config : the whole resolved configuration.
    practices, context, context_dictionary, registers, quality, groupings : tables of `tables.SCHEMAS`.
    boundaries : GeoDataFrame of ICBs in EPSG:4326 with columns icb_code (may be null), icb_name; or None.
    features : practice_code -> features on the analysis scale (special practices included).
    natural : the same columns in natural units (percent, patients, score).
    dictionary : what each feature is (schema ``dictionary``).
    matrix : practice_code -> the columns that were clustered (special practices included).
    trials, choice : the study; ``choice`` has clusterer, linkage, n_clusters, reason, by_criterion.
    candidates : every trial that the finest rule asked, and its answers (`study.finest.CANDIDATE`).
    segments : schema ``segments``. unsegmented : practices that belong to no segment, with the same columns
        (segment -1); may be empty. levels : schema ``levels``: supergroups, segments and subgroups.
    tree : merges of the hierarchical tree shown beside the segments, columns left, right, height, count
        (scipy's linkage matrix); its leaves are the fitted rows of `matrix`, in order.
    profiles : long table segment, segment_name, feature, label, unit, block, used, practices, mean,
        median, lower_quartile, upper_quartile, england_mean, difference_sd, difference_low,
        difference_high, rank.
    portraits : list of {segment, name, sentences, practices, patients, share}.
    level_portraits : list of {code, name, sentences, ...} of supergroups and subgroups.
    doubts : practice_code -> what disputes its segment ("": nothing does), where that was assessed.
    evidence : the contents of evidence.json (``verdict``, ``reasons``, ``by_k``, ...).
    metrics : every figure of the run (evidence/metrics.json).
    imputed : feature, label, count of values imputed.
    labels : practice_code (fitted) -> one column per trial, named by its number: cluster of the practice.
    peers : practice_code, peer_code, rank, distance, same_segment, same_icb, inclusion.
    opportunities : additional patients per indicator, summed over groups of practices (insight).
    practice_opportunities : the same for every practice and indicator.
    expected, expected_groups : schemas of those names; expected_about : how to read them (expected.json).
    space : joins of every segment between nearest neighbours (`gp_segmentation.insight.spatial.join_counts`).
    exploration : the first look at the features, by name: summary, correlations, pairs, missing, ceilings,
        age_explained, dropped, notes (`gp_segmentation.features.first_look`), and ``components``, what a
        reducer kept (`gp_segmentation.matrix.pipeline`).
    """

    source: dict[str, Any]
    config: dict[str, Any]
    practices: pd.DataFrame
    context: pd.DataFrame
    context_dictionary: pd.DataFrame
    registers: pd.DataFrame
    quality: pd.DataFrame
    features: pd.DataFrame
    natural: pd.DataFrame
    dictionary: pd.DataFrame
    boundaries: Any = None
    matrix: pd.DataFrame = field(default_factory=pd.DataFrame)
    trials: pd.DataFrame = field(default_factory=partial(empty, "trials"))
    choice: dict[str, Any] = field(default_factory=dict)
    candidates: pd.DataFrame = field(default_factory=pd.DataFrame)
    segments: pd.DataFrame = field(default_factory=partial(empty, "segments"))
    unsegmented: pd.DataFrame = field(default_factory=partial(empty, "segments"))
    levels: pd.DataFrame = field(default_factory=partial(empty, "levels"))
    tree: pd.DataFrame = field(default_factory=pd.DataFrame)
    profiles: pd.DataFrame = field(default_factory=pd.DataFrame)
    portraits: list[dict[str, Any]] = field(default_factory=list)
    level_portraits: list[dict[str, Any]] = field(default_factory=list)
    doubts: pd.Series = field(default_factory=partial(pd.Series, dtype=str))
    evidence: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    imputed: pd.DataFrame = field(default_factory=pd.DataFrame)
    preparations: pd.DataFrame = field(default_factory=pd.DataFrame)
    labels: pd.DataFrame = field(default_factory=pd.DataFrame)
    peers: pd.DataFrame = field(default_factory=pd.DataFrame)
    opportunities: pd.DataFrame = field(default_factory=pd.DataFrame)
    practice_opportunities: pd.DataFrame = field(default_factory=pd.DataFrame)
    expected: pd.DataFrame = field(default_factory=partial(empty, "expected"))
    expected_groups: pd.DataFrame = field(default_factory=partial(empty, "expected_groups"))
    expected_about: dict[str, Any] = field(default_factory=dict)
    space: pd.DataFrame = field(default_factory=pd.DataFrame)
    exploration: dict[str, pd.DataFrame] = field(default_factory=dict)
    groupings: pd.DataFrame = field(default_factory=partial(empty, "groupings"))

    @property
    def everyone(self) -> pd.DataFrame:
        """`segments` and `unsegmented` in one table, by practice code."""
        both = pd.concat([self.segments, self.unsegmented]) if len(self.unsegmented) else self.segments
        return both.sort_values("practice_code", kind="stable", ignore_index=True)
