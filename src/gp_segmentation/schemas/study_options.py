"""Keys of `conf/study` and `conf/evidence`, with the values they may have."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from gp_segmentation.schemas.configured_values import (
    AcrossPreparations,
    AtLeastOne,
    AtLeastTwo,
    Block,
    Draws,
    Folds,
    Keys,
    Linkage,
    Named,
    NullModel,
    Objective,
    Positive,
    RuleKind,
    Sampler,
    Share,
    Starts,
    Text,
    Whole,
)
from gp_segmentation.utils.allowed import problem_error, rising


class Range(Keys):
    """`study.n_clusters` as a range."""

    low: AtLeastTwo
    high: Annotated[int, Field(ge=2, le=10_000)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise problem_error(f"has low {self.low} above high {self.high}. Lower low, or raise high")
        return self


def _is_range(value: Any) -> str:
    return "<list>" if isinstance(value, list) else "<range>"


class NullModelOptions(Keys):
    """`study.null_model`."""

    kind: NullModel
    draws: Draws
    n_init: Starts


class Rule(Keys):
    """`study.rule`: how a trial is chosen."""

    kind: RuleKind
    min_share: Share
    min_practices: Whole
    min_exceedance: Share
    gradient: bool
    min_prediction_strength: Share
    splits: Draws
    criterion: Literal["excess_silhouette", "silhouette"]
    tolerance: Share = 0.0
    min_agreement: Share
    across_preparations: AcrossPreparations
    stability_draws: Draws
    min_jaccard: Share
    stability_checks: Whole = 0


class Levels(Keys):
    """`study.levels`: how many supergroups and subgroups."""

    supergroups: AtLeastOne | None
    most_subgroups: AtLeastOne


class Study(Named):
    """`study`: what is searched and how a trial is chosen."""

    n_clusters: Annotated[
        Annotated[Range, Tag("<range>")] | Annotated[list[AtLeastTwo], Field(min_length=1), Tag("<list>")],
        Discriminator(_is_range),
    ]
    linkage: Annotated[list[Linkage], Field(min_length=1)]
    weight: Annotated[list[Positive], Field(min_length=1)]
    sampler: Sampler
    n_trials: AtLeastOne | None
    objectives: Annotated[list[Objective], Field(min_length=1)] | None
    prune: bool
    storage: Text | None
    workers: Literal["ray"] | None
    tree_cache: Annotated[float, Field(ge=0)]
    better_starts: bool
    exact_up_to: Whole
    sample_rows: Annotated[int, Field(ge=100)]
    null_model: NullModelOptions
    rule: Rule
    certainty_draws: Draws
    levels: Levels


class EvidenceStarts(Keys):
    """`evidence.n_init`: starts of K-means."""

    nulls: Starts
    by_k: Starts


class Comparators(Keys):
    """`evidence.external.comparators`."""

    deprivation: Text | None
    list_size: Annotated[list[Positive], Field(min_length=1), AfterValidator(rising)]
    rurality: Text | None


class External(Keys):
    """`evidence.external`."""

    outcomes: dict[str, Block]
    context: bool
    max_correlation: Share
    comparators: Comparators
    folds: Folds
    draws: Draws


class Thresholds(Keys):
    """`evidence.thresholds` of the verdict."""

    unstable_jaccard: Share
    excess: Share
    jaccard: Share
    ari: Share
    valley: Share
    max_tied_share: Share

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.unstable_jaccard > self.jaccard:
            raise problem_error(
                f"has unstable_jaccard {self.unstable_jaccard:g} above jaccard {self.jaccard:g}. "
                "Lower the first, or raise the second"
            )
        return self


class Evidence(Named):
    """`evidence`: how far the segments can be trusted."""

    assess: bool
    rows: Annotated[int, Field(ge=100)]
    nulls: dict[NullModel, Draws]
    n_init: EvidenceStarts
    bootstraps: Draws
    bootstraps_by_k: Draws
    subsamples: Draws
    subsample_share: Annotated[float, Field(gt=0, lt=1)]
    splits: Draws
    seeds: Draws
    min_stay_share: Share
    transport: list[Literal["region", "icb"]]
    single_block_references: dict[str, Block]
    external: External
    thresholds: Thresholds
