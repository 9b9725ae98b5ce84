"""Blocks: their input, their output and their shared options; the feature set made of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import ClassVar, Protocol

import pandas as pd

from gp_segmentation import schemas as contracts
from gp_segmentation.errors import ConfigError, InputError


class NotInSource(InputError):  # noqa: N818 - no fault of an optional block
    """The source lacks the figures of a block; an optional block is then left out."""


@dataclass(frozen=True)
class Tables:
    """The prepared tables (see `schemas.prepared_tables.SCHEMAS`) from which features are made."""

    practices: pd.DataFrame
    registers: pd.DataFrame
    achievement: pd.DataFrame
    indicators: pd.DataFrame
    age_sex: pd.DataFrame
    context: pd.DataFrame
    context_dictionary: pd.DataFrame = field(default_factory=lambda: contracts.empty("context_dictionary"))

    @staticmethod
    def names() -> tuple[str, ...]:
        """Names of the tables, as the stages write them."""
        return tuple(table.name for table in fields(Tables))

    @property
    def index(self) -> pd.Index:
        """Practice codes in order, named ``practice_code``: the rows of every feature table."""
        return pd.Index(sorted(self.practices["practice_code"]), name="practice_code", dtype="str")

    @property
    def list_size(self) -> pd.Series:
        """Patients per practice, in the order of `index`."""
        return self.practices.set_index("practice_code")["list_size"].reindex(self.index).astype(float)

    @property
    def ordinary(self) -> pd.Series:
        """True where a practice is not special; features are estimated from these practices."""
        return self.practices.set_index("practice_code")["special"].reindex(self.index).isna()

    @property
    def registrations(self) -> pd.DataFrame:
        """The table `age_sex`; `NotInSource` when the source came without it."""
        if self.age_sex.empty:
            without = "" if self.registers.empty else ", such as features=prevalence_crude or panel_core"
            raise NotInSource(
                "the source has no registrations by age and sex",
                file="age_sex",
                remedy="Put the file named under `registrations` in the source's YAML beside the others and "
                f"prepare again, or choose a feature set that needs no registrations{without}",
            )
        return self.age_sex

    @property
    def condition_names(self) -> dict[str, str]:
        """Condition of each register group, also of one not described: ``{"HYP": "Hypertension", ...}``."""
        names = self.indicators.drop_duplicates("group_code").set_index("group_code")["group_name"]
        described = {str(code): condition_name(name) for code, name in names.items()}
        return {**contracts.REGISTERS, **described}


@dataclass(frozen=True)
class BlockFeatures:
    """The features of one block.

    Attributes
    ----------
    values : practice_code -> features on the analysis scale; NaN where a practice has no such figure.
    natural : the same columns in natural units (percent, patients, score).
    labels : feature -> its name in tables and figures.
    unit : unit of `natural`.
    transform : name of the map from natural to analysis scale (`gp_segmentation.features.transforms`).
    dropped : feature -> why the block left it out.
    notes : irregularities of the figures that were accepted, as sentences.
    """

    values: pd.DataFrame
    natural: pd.DataFrame
    labels: Mapping[str, str]
    unit: str
    transform: str
    dropped: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Block(Protocol):
    """A weighted group of features.

    A block may have a field ``optional``. Where the source lacks its figures, an optional block is left out
    with a note; any other block raises `NotInSource`.
    """

    @property
    def weight(self) -> float | None: ...

    def __call__(self, tables: Tables) -> BlockFeatures: ...


@dataclass(frozen=True, kw_only=True)
class WeightedBlock:
    """Options of every block in this package.

    Parameters
    ----------
    weight : the block's total variance in the scaled matrix; None lets the study choose it.
    transform : map to the analysis scale, one of `transforms`.
    """

    weight: float | None = 1.0
    transform: str = "none"

    transforms: ClassVar[Sequence[str]]

    def __post_init__(self) -> None:
        if self.weight is not None and not self.weight > 0:
            raise ConfigError(
                f"weight is {self.weight!r}, not a positive number. Correct it, or leave the block out"
            )
        check_choice("transform", self.transform, self.transforms)


@dataclass(frozen=True)
class FeatureSet:
    """The features of all blocks, side by side.

    Attributes
    ----------
    features : practice_code -> features on the analysis scale (special practices included).
    natural : the same columns in natural units.
    dictionary : label, unit, block, weight and transform of each feature (schema ``dictionary``).
    dropped : feature, block, reason (why it was left out).
    notes : block, note: irregular figures, blocks left out, features that are still skewed.
    """

    features: pd.DataFrame
    natural: pd.DataFrame
    dictionary: pd.DataFrame
    dropped: pd.DataFrame
    notes: pd.DataFrame

    @property
    def blocks(self) -> pd.Series:
        """Feature -> block."""
        return self.dictionary.set_index("feature")["block"]

    @property
    def weights(self) -> dict[str, float]:
        """Block -> weight."""
        return dict(self.dictionary.groupby("block", sort=False)["weight"].first())


def condition_name(group_name: str) -> str:
    """Shorten a QOF group name to its condition.

    >>> condition_name("Secondary prevention of coronary heart disease")
    'Coronary heart disease'
    >>> condition_name("Osteoporosis: secondary prevention of fragility fractures")
    'Osteoporosis'
    >>> condition_name(":")
    ':'
    """
    name = str(group_name).split(":")[0].removeprefix("Secondary prevention of ").strip() or str(group_name)
    return name[:1].upper() + name[1:]


def check_choice(key: str, value: str, allowed: Collection[str]) -> None:
    """Raise ConfigError when option `key` has a `value` that is not `allowed`."""
    if value not in allowed:
        raise ConfigError(f"{key} is {value!r}. Choose one of: {', '.join(allowed)}")


def check_known(key: str, asked: Collection[str], known: Collection[str]) -> None:
    """Raise ConfigError naming those of `asked` that the source does not have."""
    unknown = ", ".join(sorted(set(asked) - set(known)))
    if unknown:
        raise ConfigError(
            f"{key} asks for {unknown}, which this source does not have. It has: {', '.join(sorted(known))}"
        )


def groups_in_source(asked: Collection[str], known: Collection[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return those of the groups `asked` for that the source has, and notes that name the others.

    Years differ in their groups. Raises ConfigError for a group that no year has, and NotInSource when the
    source has none of them.
    """
    check_known("groups", set(asked) - contracts.GROUPS, known)
    absent = [code for code in asked if code not in known]
    if len(absent) == len(asked):
        raise NotInSource(
            f"the source has none of groups {', '.join(asked)}",
            file="prepared tables",
            remedy="Leave the block out of the feature set (or optional: true), or choose another data year",
        )
    notes = (f"not in this source, left out: {', '.join(absent)}",) if absent else ()
    return [code for code in asked if code in known], notes
