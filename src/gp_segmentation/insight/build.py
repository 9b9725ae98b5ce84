"""Everything this room finds of one run, gathered: the tables by the names of their files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gp_segmentation.insight import groups
from gp_segmentation.insight.equity import peers_by_quintile, rules_by_quintile
from gp_segmentation.insight.opportunities import tables
from gp_segmentation.insight.opportunities.additional_patients import find_opportunities
from gp_segmentation.insight.opportunities.funnels import count_flags, find_outliers
from gp_segmentation.insight.opportunities.practice_status import practice_standing
from gp_segmentation.insight.opportunities.shrunken_rates import achieved_rates
from gp_segmentation.insight.peers.nearest import nearest_peers
from gp_segmentation.insight.portraits.gradient import main_gradient
from gp_segmentation.insight.portraits.names import claims
from gp_segmentation.insight.portraits.portraits import write_portraits
from gp_segmentation.insight.portraits.profiles import segment_profiles
from gp_segmentation.insight.portraits.unused_measures import measures_not_used
from gp_segmentation.insight.rules import Rules


@dataclass(frozen=True)
class RunTables:
    """What one run knows before it is read.

    Attributes
    ----------
    prepared : the prepared tables by name (`gp_segmentation.schemas.run_tables.SCHEMAS`).
    natural, features, dictionary : the feature tables. matrix : what was clustered. segments : schema.
    verdict : of the evidence.
    """

    prepared: Mapping[str, pd.DataFrame]
    natural: pd.DataFrame
    features: pd.DataFrame
    dictionary: pd.DataFrame
    matrix: pd.DataFrame
    segments: pd.DataFrame
    verdict: str

    @property
    def labels(self) -> pd.Series:
        """Practice_code -> segment of the fitted practices."""
        return self.segments[self.segments["fitted"]].set_index("practice_code")["segment"]


#: Prepared tables that are read here.
PREPARED = (
    *("practices", "organisations", "registers", "achievement", "indicators"),
    *("context", "context_dictionary"),
)


def read(
    run: RunTables, options: Mapping[str, Any], *, seed: int, jobs: int | None
) -> dict[str, pd.DataFrame]:
    """Return the tables of this room, file name without ending -> table.

    Parameters
    ----------
    options : conf/insight. seed : of resamples. jobs : tasks at once; changes no figure.
    """
    practices = run.prepared["practices"]
    quintiles = groups.deprivation_quintiles(practices, run.prepared["context"], options["deprivation"])
    return {
        **_profiles(run, quintiles),
        "segment_sizes": groups.sizes(run.segments, practices),
        "segment_mix": groups.mix(run.segments, practices, quintiles),
        "peers": _peers(run, options["peers"], seed, jobs),
        **_indicators(run, options["opportunities"], quintiles, seed, jobs),
    }


def _profiles(run: RunTables, quintiles: pd.Series) -> dict[str, pd.DataFrame]:
    """Profiles of the segments, and of deprivation quintiles as if they were segments."""
    unused, unused_dictionary = measures_not_used(
        run.prepared["practices"],
        run.prepared["context"],
        run.prepared["context_dictionary"],
        run.natural.columns,
        registers=run.prepared["registers"],
        achievement=run.prepared["achievement"],
        indicators=run.prepared["indicators"],
        used_labels=set(run.dictionary["label"]),
    )
    told = {"unused": unused, "unused_dictionary": unused_dictionary}
    quintile = run.segments["practice_code"].map(quintiles)
    number = pd.Series(range(len(groups.QUINTILES)), index=groups.QUINTILES) + 1
    known = run.segments[quintile.isin(groups.QUINTILES)]
    as_segments = known.assign(segment=quintile.map(number)[known.index], segment_name=quintile[known.index])
    found = {"profiles": segment_profiles(run.natural, run.dictionary, run.segments, **told)}
    if len(known):
        by_quintile = segment_profiles(
            run.natural, run.dictionary, as_segments.astype({"segment": "int64"}), **told
        )
        found["profiles_by_quintile"] = by_quintile.rename(
            columns={"segment": "quintile", "segment_name": "deprivation_quintile"}
        )
    return found


def _peers(run: RunTables, options: Mapping[str, Any], seed: int, jobs: int | None) -> pd.DataFrame:
    blocks = dict(zip(run.dictionary["feature"], run.dictionary["block"], strict=True))
    practices = run.prepared["practices"]
    return nearest_peers(
        run.matrix,
        run.segments,
        practices,
        closed=_closed(run),
        blocks=blocks,
        **options,
        seed=seed,
        jobs=jobs,
    )


def _closed(run: RunTables) -> pd.Index:
    """Codes of practices that no longer operate, or do not yet."""
    status = run.prepared["organisations"].set_index("practice_code")["status"]
    return status.index[status.notna() & (status != "ACTIVE")]


def equity(
    run: RunTables, tables: Mapping[str, pd.DataFrame], rules: Rules, options: Mapping[str, Any]
) -> dict[str, pd.DataFrame]:
    """Return peers and rules by deprivation quintile, file name without ending -> table.

    Parameters
    ----------
    tables : from `read`. rules : the surrogate rules. options : conf/insight.
    """
    practices, segments = run.prepared["practices"], run.segments
    quintiles = groups.deprivation_quintiles(practices, run.prepared["context"], options["deprivation"])
    return {
        "peers_by_quintile": peers_by_quintile(
            tables["peers"], run.matrix, segments, practices, quintiles, closed=_closed(run)
        ),
        "rules_by_quintile": rules_by_quintile(rules, segments, practices, quintiles),
    }


def _indicators(
    run: RunTables, options: Mapping[str, Any], quintiles: pd.Series, seed: int, jobs: int | None
) -> dict[str, pd.DataFrame]:
    """Opportunities and outliers: what practices achieve within their segment, place and quintile."""
    practices, achievement = run.prepared["practices"], run.prepared["achievement"]
    indicators = run.prepared["indicators"]
    level = groups.levels(run.segments, practices, quintiles)
    found = find_opportunities(achievement, run.segments, level, **options, seed=seed, jobs=jobs)
    rows = achieved_rates(achievement, run.segments, gross=options["gross"])
    placed, funnels = find_outliers(rows, min_denominator=options["min_denominator"])
    flagged = placed[placed["flag"] != 0]
    order = flagged["z"].abs().sort_values(ascending=False, kind="stable").index
    sizes = groups.sizes(run.segments, practices)
    flagged = flagged.loc[order].reset_index(drop=True)
    each = tables.by_practice(found)
    organisations, few = run.prepared["organisations"], options["min_denominator"]
    each = each.assign(standing=practice_standing(each, organisations, min_denominator=few))
    by_segment = tables.by_segment(found, indicators, run.segments, sizes)
    return {
        "opportunities": tables.with_not_open(by_segment, each),
        "opportunity_totals": tables.totals(found, indicators),
        "practice_opportunities": each,
        "outliers": flagged.assign(standing=practice_standing(flagged, organisations)),
        "outlier_counts": count_flags(placed, level),
        "funnels": funnels,
    }


def portray(run: RunTables, tables: Mapping[str, pd.DataFrame], top: int) -> list[dict[str, Any]]:
    """Return the portraits, from the tables of `read`."""
    claimed = claims(run.natural, run.features, run.dictionary, run.labels)
    practices = run.prepared["practices"]
    along = main_gradient(run.matrix, run.features, run.dictionary, run.labels)
    return write_portraits(
        tables["profiles"],
        run.segments,
        practices,
        claims=claimed,
        verdict=run.verdict,
        gradient=along,
        top=top,
    )
