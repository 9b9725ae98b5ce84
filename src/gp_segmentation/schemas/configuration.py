"""What a composed configuration must be: every key of `conf/` with the values it may have."""

import math
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from gp_segmentation.schemas.configured_values import (
    Addresses,
    AnyClusterer,
    AnyImputer,
    AnyOutliers,
    AnyReducer,
    AnyScaler,
    AtLeastOne,
    Block,
    CheckObject,
    Draws,
    England,
    Figure,
    FileRole,
    Folds,
    Keys,
    Name,
    Named,
    Reader,
    Seed,
    Selection,
    Share,
    Simulated,
    Special,
    Starts,
    Text,
)
from gp_segmentation.schemas.panel_options import Panel, Panelling
from gp_segmentation.schemas.scope_options import Scope, aimless_scope
from gp_segmentation.schemas.study_options import Evidence, Study
from gp_segmentation.schemas.tracking_options import Tracking
from gp_segmentation.utils.allowed import Problem, did_you_mean, problems_of, shown


class File(Keys):
    """A raw file of a source."""

    filename: Text
    url: Addresses | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")] | None = None
    required: bool = True
    max_bytes: Annotated[float, Field(ge=1, multiple_of=1)] | None = None
    licence: Text | None = None
    aliases: list[Text] | None = None
    role: FileRole
    reader: Reader


class Source(Keys):
    """`source`: a data year, its raw files and how they are read."""

    name: Name
    label: Text
    period: Text
    synthetic: bool
    simulated: list[Simulated] | None = None
    licence: Text
    attribution: Text
    england: England | None = None
    files: Annotated[dict[str, File], Field(min_length=1)]


class Features(Named):
    """`features`: a feature set, weighted blocks."""

    label: Text
    description: Text
    blocks: Annotated[dict[str, Block], Field(min_length=1)]


class Peers(Keys):
    """`insight.peers`."""

    count: AtLeastOne
    resamples: Draws


class Rules(Keys):
    """`insight.rules`."""

    max_depth: Annotated[int, Field(ge=1, le=30)]
    folds: Folds
    floor: Share
    seed: Seed


class Opportunities(Keys):
    """`insight.opportunities`."""

    gross: bool
    min_denominator: AtLeastOne
    draws: Draws


class Spatial(Keys):
    """`insight.spatial`."""

    neighbours: AtLeastOne
    permutations: Starts
    seed: Seed


class Insight(Named):
    """`insight`: portraits, peers, rules, opportunities."""

    top_features: AtLeastOne
    deprivation: Text | None
    peers: Peers
    rules: Rules
    opportunities: Opportunities
    spatial: Spatial


class Report(Named):
    """`report`: the page and its figures."""

    figures: list[Figure] | None
    top_features: AtLeastOne
    embedding: Literal["tsne"] | None


class Configuration(Keys):
    """The whole of `conf/config.yaml`, composed."""

    source: Source
    special: Special
    scope: Scope
    features: Features
    selection: Selection
    imputer: AnyImputer
    outliers: AnyOutliers
    scaler: AnyScaler
    reducer: AnyReducer
    clusterer: AnyClusterer
    study: Study
    evidence: Evidence
    insight: Insight
    panel: Panel
    report: Report
    tracking: Tracking
    seed: Seed
    jobs: Annotated[int, Field(ge=1, le=1024)] | None


class Fetching(Keys):
    """The whole of `conf/data.yaml`, composed."""

    source: Source
    from_: Annotated[Text | None, Field(alias="from")]
    inspect: Text | None
    restart: bool
    seed: Seed


#: Samplers that try every combination once.
ENDING = (".brute_force", ".BruteForceSampler", ".GridSampler")

#: File of `conf/` -> what it composes to.
WHOLE: dict[str, type[Keys]] = {
    "config": Configuration,
    "explore": Configuration,
    "data": Fetching,
    "panel": Panelling,
}


def configuration_problems(
    config: Mapping[str, Any], name: str = "config", check: CheckObject | None = None
) -> list[Problem]:
    """Return all that is wrong with a composed configuration, one problem for each key.

    Parameters
    ----------
    config : plain mappings and lists. name : of the file in `conf/` that it was composed from (`WHOLE`).
    check : see `CheckObject`; None: what the configuration names is not looked at.
    """
    found = problems_of(_adapter(name), config, check)
    for problem in (problem for compare in COMPARISONS for problem in compare(config)):
        if not any(one.concerns(problem.key) for one in found):  # that one is told with its own words
            found.append(problem)
    if any(problem.key == "seed" for problem in found):  # other keys refer to it
        found = [p for p in found if p.key == "seed" or not p.key.endswith((".seed", ".random_state"))]
    return found


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(WHOLE[name])


def _unknown_measures(config: Mapping[str, Any]) -> Iterator[Problem]:
    """Measures of practices that no file of the source gives."""
    known = _measures(_lookup(config, "source.files"))
    keys = (
        *("insight.deprivation", "evidence.external.comparators.deprivation"),
        "evidence.external.comparators.rurality",
    )
    for key in keys:
        measure = _lookup(config, key)
        if known is not None and isinstance(measure, str) and measure and measure not in known:
            listed = f"Give one of: {', '.join(sorted(known))}; or null" if known else "Give null"
            near = did_you_mean(measure, known)
            yield Problem(key, f"is {shown(measure)}, which no file of the source gives.{near} {listed}")


def _not_of_ward(config: Mapping[str, Any]) -> Iterator[Problem]:
    """A metric that Ward's linkage does not take, where that is set or would be tried."""
    tried = _lookup(config, "study.linkage")
    nodes = {"clusterer": _lookup(config, "clusterer")}
    candidates = _lookup(config, "clusterer.candidates")
    if isinstance(candidates, Mapping):
        nodes |= {f"clusterer.candidates.{name}": node for name, node in candidates.items()}
    for key, node in nodes.items():
        metric, linkage = _lookup(node, "metric"), _lookup(node, "linkage")
        of_ward = linkage == "ward" or (linkage is None and isinstance(tried, list) and "ward" in tried)
        if isinstance(metric, str) and metric != "euclidean" and of_ward and "linkage" in node:
            remedy = f"Set {key}.linkage to another, or take ward out of study.linkage"
            yield Problem(f"{key}.metric", f"is {metric}, and Ward's linkage takes euclidean only. {remedy}")


def _endless_study(config: Mapping[str, Any]) -> Iterator[Problem]:
    """A sampler that goes on for ever."""
    sampler, trials = (_lookup(config, f"study.{key}") for key in ("sampler._target_", "n_trials"))
    if isinstance(sampler, str) and not sampler.endswith(ENDING) and trials is None:
        yield Problem("study.n_trials", f"is null, and {sampler} has no end. Give a whole number, 1 or more")


def _too_few_draws(config: Mapping[str, Any]) -> Iterator[Problem]:
    """So few draws of the null that they could never show what the rule asks for."""
    draws, least = (_lookup(config, f"study.{key}") for key in ("null_model.draws", "rule.min_exceedance"))
    if _lookup(config, "study.rule.kind") != "finest" or not isinstance(draws, int):
        return
    if isinstance(least, int | float) and 0 <= least <= 1 and draws < (needed := draws_needed(least)):
        more = f"Give {needed} or more" if needed < math.inf else "Lower study.rule.min_exceedance"
        yield Problem(
            "study.null_model.draws",
            f"is {draws}, which cannot show the {least:g} of study.rule.min_exceedance. {more}, or take the "
            "other rule: study=coarse",
        )


def draws_needed(exceedance: float) -> float:
    """Return how many draws of a null can show that data exceed this share of them.

    >>> draws_needed(0.95), draws_needed(0.99), draws_needed(1)
    (19, 99, inf)
    """
    return math.ceil(round(1 / (1 - exceedance), 6)) - 1 if exceedance < 1 else math.inf


#: What is asked of several keys together.
COMPARISONS = (_unknown_measures, aimless_scope, _not_of_ward, _endless_study, _too_few_draws)


def _measures(files: Any) -> set[str] | None:
    """Return the measures that the files of a source give; None where they do not say."""
    found: set[str] = set()
    if not isinstance(files, Mapping):
        return None
    for file in files.values():
        if not isinstance(file, Mapping) or file.get("role") != "context":
            continue
        measure, columns = _lookup(file, "reader.measure"), _lookup(file, "reader.columns")
        if not isinstance(measure, str) and not isinstance(columns, Mapping):
            return None
        if isinstance(columns, Mapping) and any(_lookup(keys, "pivot") for keys in columns.values()):
            return None  # its measures are called by the file's own values
        found |= {measure} if isinstance(measure, str) else {str(name) for name in columns}
    return found


def _lookup(value: Any, key: str) -> Any:
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
