"""All tables of data/insight that are made from the run's own tables, by file name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd

from gp_segmentation.features import Tables
from gp_segmentation.insight import groups
from gp_segmentation.insight.equity import peers_by_quintile, rules_by_quintile
from gp_segmentation.insight.expected.tables import Expected, expected_numbers
from gp_segmentation.insight.networks import network_codes, network_profiles, own_groups
from gp_segmentation.insight.opportunities import tables as opportunity_tables
from gp_segmentation.insight.opportunities.additional_patients import find_opportunities
from gp_segmentation.insight.opportunities.funnels import count_flags, find_outliers
from gp_segmentation.insight.opportunities.shrunken_rates import achieved_rates
from gp_segmentation.insight.peers.nearest import nearest_peers
from gp_segmentation.insight.portraits.gradient import defining_bands
from gp_segmentation.insight.portraits.level_portraits import set_apart, write_level_portraits
from gp_segmentation.insight.portraits.levels import level_claims
from gp_segmentation.insight.portraits.portraits import write_portraits
from gp_segmentation.insight.portraits.profiles import level_profiles, segment_profiles
from gp_segmentation.insight.portraits.unused_measures import measures_not_used
from gp_segmentation.insight.rules import Rules
from gp_segmentation.schemas import LEVEL_COLUMNS, empty

#: Prepared tables that are used here.
PREPARED = ("organisations", *Tables.names())


@dataclass(frozen=True)
class InsightInput:
    """The tables of a run that insight is made from.

    Attributes
    ----------
    prepared : the tables `PREPARED` by name.
    natural, features, dictionary : the feature tables. matrix : what was clustered. segments, levels : tables
        of those schemas. verdict : of the evidence. unsegmented : practices that belong to no segment, with
        the columns of `segments`. groupings : of the source (schema ``groupings``).
    """

    prepared: Mapping[str, pd.DataFrame]
    natural: pd.DataFrame
    features: pd.DataFrame
    dictionary: pd.DataFrame
    matrix: pd.DataFrame
    segments: pd.DataFrame
    levels: pd.DataFrame
    verdict: str
    unsegmented: pd.DataFrame = field(default_factory=pd.DataFrame)
    groupings: pd.DataFrame = field(default_factory=partial(empty, "groupings"))

    @property
    def everyone(self) -> pd.DataFrame:
        """The table of segments with practices that belong to none: their segment is -1."""
        if self.unsegmented.empty:
            return self.segments
        return pd.concat([self.segments, self.unsegmented], ignore_index=True).sort_values(
            "practice_code", ignore_index=True
        )

    @property
    def labels(self) -> pd.Series:
        """Practice_code -> segment of the fitted practices."""
        return self.segments[self.segments["fitted"]].set_index("practice_code")["segment"]

    @property
    def codes(self) -> pd.DataFrame:
        """Practice_code (fitted) -> codes of its supergroup, segment and subgroup; missing: it has none."""
        fitted = self.everyone[self.everyone["fitted"]].set_index("practice_code")
        return fitted[list(LEVEL_COLUMNS.values())].set_axis(list(LEVEL_COLUMNS), axis=1)

    @property
    def practices(self) -> pd.DataFrame:
        """Schema ``practices``."""
        return self.prepared["practices"]

    @property
    def own_groups(self) -> pd.DataFrame:
        """Practice_code -> its group in each grouping of the source."""
        return own_groups(self.groupings, self.practices["practice_code"])

    @property
    def closed(self) -> pd.Index:
        """Codes of practices that are closed, dormant or not open yet."""
        status = self.prepared["organisations"].set_index("practice_code")["status"]
        return status.index[status.notna() & (status != "ACTIVE")]

    def quintiles(self, measure: str) -> pd.Series:
        """Practice_code -> fifth of the practices by the context measure of deprivation."""
        return groups.deprivation_quintiles(self.practices, self.prepared["context"], measure)


def insight_tables(
    run: InsightInput, options: Mapping[str, Any], *, seed: int, jobs: int | None
) -> dict[str, pd.DataFrame]:
    """Return profiles, sizes, peers, opportunities and outliers: file name without ending -> table.

    Parameters
    ----------
    options : conf/insight. seed : of resamples. jobs : tasks at once; changes no figure.
    """
    quintiles = run.quintiles(options["deprivation"])
    peers = nearest_peers(
        run.matrix,
        run.everyone,
        run.practices,
        closed=run.closed,
        blocks=dict(zip(run.dictionary["feature"], run.dictionary["block"], strict=True)),
        **options["peers"],
        seed=seed,
        jobs=jobs,
    )
    return {
        **_profiles(run, quintiles),
        "segment_sizes": groups.segment_sizes(run.everyone),
        "segment_mix": groups.segment_mix(run.everyone, quintiles, run.own_groups),
        "peers": peers,
        **_opportunities(run, peers, options["opportunities"], quintiles, seed, jobs),
    }


def _profiles(run: InsightInput, quintiles: pd.Series) -> dict[str, pd.DataFrame]:
    """Profiles of the segments, of the groups of all levels, and of deprivation quintiles as if segments."""
    values, dictionary = measures_not_used(
        run.practices,
        run.prepared["context"],
        run.prepared["context_dictionary"],
        run.natural.columns,
        registers=run.prepared["registers"],
        achievement=run.prepared["achievement"],
        indicators=run.prepared["indicators"],
        used_labels=set(run.dictionary["label"]),
    )
    measures = {"unused": values, "unused_dictionary": dictionary}
    features = run.natural, run.dictionary
    profiles = segment_profiles(*features, run.everyone, **measures)  # England's figures are of everyone
    tables = {
        "profiles": profiles[profiles["segment"] > 0].reset_index(drop=True),
        "profiles_by_network": network_profiles(*features, run.practices),
        "profiles_by_level": level_profiles(*features, run.everyone, run.levels, **measures),
    }
    name = run.everyone["practice_code"].map(quintiles)
    known = name.isin(groups.QUINTILES)
    if known.any():
        number = name.map({quintile: i for i, quintile in enumerate(groups.QUINTILES, start=1)})
        as_segments = run.everyone.assign(segment=number, segment_name=name)[known].astype({"segment": int})
        by_quintile = segment_profiles(*features, as_segments, **measures)
        tables["profiles_by_quintile"] = by_quintile.rename(
            columns={"segment": "quintile", "segment_name": "deprivation_quintile"}
        )
    return tables


def _opportunities(
    run: InsightInput,
    peers: pd.DataFrame,
    options: Mapping[str, Any],
    quintiles: pd.Series,
    seed: int,
    jobs: int | None,
) -> dict[str, pd.DataFrame]:
    """Opportunities and outliers: achievement compared within the segment, by area and quintile."""
    indicators, organisations = run.prepared["indicators"], run.prepared["organisations"]
    enough = {"min_denominator": options["min_denominator"]}
    by_level = groups.groups_by_level(run.everyone, run.practices, quintiles)
    rates = achieved_rates(run.prepared["achievement"], run.segments, gross=options["gross"])
    opportunities = find_opportunities(
        rates,
        by_level.join(network_codes(run.practices)).join(run.own_groups),
        draws=options["draws"],
        **enough,
        seed=seed,
        jobs=jobs,
    )
    scored, funnels = find_outliers(rates, **enough)
    flagged = scored[scored["flag"] != 0].sort_values(
        "z", key=abs, ascending=False, kind="stable", ignore_index=True
    )
    by_practice = opportunity_tables.by_practice(opportunities)
    by_practice = opportunity_tables.with_peers_and_rank(by_practice, peers)
    by_practice["standing"] = opportunity_tables.practice_status(by_practice, organisations, **enough)
    sizes = groups.segment_sizes(run.everyone)
    by_segment = opportunity_tables.by_segment(opportunities, indicators, sizes)
    return {
        "opportunities": opportunity_tables.count_not_open(by_segment, by_practice),
        "opportunity_totals": opportunity_tables.totals(opportunities, indicators),
        "opportunities_by_network": opportunity_tables.by_network(opportunities, indicators, run.practices),
        "practice_opportunities": by_practice,
        "outliers": flagged.assign(standing=opportunity_tables.practice_status(flagged, organisations)),
        "outlier_counts": count_flags(scored, by_level),
        "funnels": funnels,
    }


def deprivation_tables(
    run: InsightInput, tables: Mapping[str, pd.DataFrame], rules: Rules, options: Mapping[str, Any]
) -> dict[str, pd.DataFrame]:
    """Return peers and rules by deprivation quintile, file name without ending -> table.

    Parameters
    ----------
    tables : from `insight_tables`. rules : the surrogate rules. options : conf/insight.
    """
    places = run.practices, run.quintiles(options["deprivation"])
    return {
        "peers_by_quintile": peers_by_quintile(
            tables["peers"], run.matrix, run.everyone, *places, closed=run.closed
        ),
        "rules_by_quintile": rules_by_quintile(rules, run.segments, *places),
    }


def expected(run: InsightInput, options: Mapping[str, Any]) -> Expected:
    """Return the numbers of patients expected on registers by age, sex and deprivation."""
    tables = Tables(**{name: run.prepared[name] for name in Tables.names()})
    found = expected_numbers(tables, options["deprivation"], run.everyone, run.levels, run.own_groups)
    if found.about["registers"] and run.dictionary["feature"].str.startswith("prevalence_").any():
        made = "Segments were made from these registers among others, so they differ in them by construction."
        found.about["sentences"].append(made)
    return found


def portraits(
    run: InsightInput, tables: Mapping[str, pd.DataFrame], rules: Rules, top: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the portraits of segments, and those of supergroups and subgroups.

    Parameters
    ----------
    tables : from `insight_tables`. rules : the surrogate rules. top : see `write_portraits`.
    """
    features = run.natural, run.features, run.dictionary
    against_england, against_parent = level_claims(*features, run.codes)
    profiles = tables["profiles_by_level"]
    apart = set_apart(profiles, run.levels, against_parent)
    numbers = dict(zip(run.segments["segment_code"], run.segments["segment"], strict=True))
    claims = {int(number): against_england[code] for code, number in numbers.items()}
    of_segments = write_portraits(
        tables["profiles"],
        run.everyone,
        run.practices,
        claims=claims,
        apart=apart,
        verdict=run.verdict,
        bands=defining_bands(run.features, run.dictionary, run.labels, claims),
        top=top,
    )
    for portrait in of_segments:
        portrait["rules"] = rules.by_segment[portrait["segment"]]
    return of_segments, write_level_portraits(profiles, run.everyone, run.levels, against_england, apart)
