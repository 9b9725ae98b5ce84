"""Expected and recorded numbers of patients on every register: by practice, by segment and by area."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, diags_array, eye_array
from threadpoolctl import threadpool_limits

from gp_segmentation.features import Tables, age_design
from gp_segmentation.insight.expected.regression import between_groups, fit_register, gamma_interval
from gp_segmentation.insight.groups import ENGLAND, areas_of
from gp_segmentation.schemas import LEVEL_COLUMNS, SCHEMAS, empty
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.wording import listed

#: Reference practices that a register needs for each coefficient of its regression.
PER_COEFFICIENT = 10
#: Areas of one kind from which it can be told how they differ by more than their practices do.
MANY = 20
#: Decimals of expected numbers of patients.
DECIMALS = 2
#: The group of practices that belong to no segment.
NO_SEGMENT = "No segment"


@dataclass(frozen=True)
class Expected:
    """Expected numbers beside recorded ones.

    Attributes
    ----------
    practices, groups : schemas ``expected`` and ``expected_groups``; without a row where nothing is expected.
    about : ``adjusted_for`` (what numbers are expected from), ``sentences`` (how to read them, what was left
        out and why) and ``registers``: a row each, with rho (`regression`) and inside, the share of the
        reference practices whose recorded number is in its interval.
    """

    practices: pd.DataFrame
    groups: pd.DataFrame
    about: dict[str, Any]


class _Basis(NamedTuple):
    """What numbers are expected from: x by practice (NaN: not known), its names, sentences on what lacks."""

    design: Floats | None
    names: tuple[str, ...]
    lacking: tuple[str, ...]


class _Groups(NamedTuple):
    """Every group (level, area, area_code) and which practices are in it: groups x practices."""

    table: pd.DataFrame
    member: csr_array


class _Register(NamedTuple):
    practices: pd.DataFrame
    groups: pd.DataFrame
    about: dict[str, Any]


def expected_numbers(
    tables: Tables,
    deprivation: str | None,
    everyone: pd.DataFrame,
    levels: pd.DataFrame,
    own: pd.DataFrame | None = None,
) -> Expected:
    """Return the expected number of patients of every register by practice, segment and area.

    The reference, over which differences sum to zero, is the ordinary practices of which it is known what
    the numbers are expected from. Segments and areas are sums over it. Special practices have expected
    numbers too, from the same regression.

    Parameters
    ----------
    tables : prepared tables. deprivation : a context measure. everyone : schema ``segments``, with practices
        that belong to none. levels : schema ``levels``. own : practice_code -> its group in each grouping.
    """
    index, names, ordinary = tables.index, tables.condition_names, tables.ordinary.to_numpy()
    basis = _basis(tables, index, deprivation)
    if basis.design is None or tables.registers.empty:
        lacking = basis.lacking if basis.design is None else ("The source has no registers.",)
        said = f"No number of patients is expected. {' '.join(lacking)}"
        nothing = {"adjusted_for": list[str](), "sentences": [said], "registers": list[str]()}
        return Expected(empty("expected"), empty("expected_groups"), nothing)
    groups = _groups(index, everyone, levels, pd.DataFrame() if own is None else own)
    known = np.isfinite(basis.design.sum(axis=1))
    registers = tables.registers.assign(place=index.get_indexer(pd.Index(tables.registers["practice_code"])))
    registers = registers[(registers["denominator"] > 0) & known[registers["place"]]]
    found, few = _registers(registers, names, index, basis.design, ordinary, groups)
    return Expected(
        _joined("expected", [one.practices for one in found]),
        _joined("expected_groups", [one.groups for one in found]),
        {
            "adjusted_for": list(basis.names),
            "sentences": _sentences(basis, found, few),
            "registers": [one.about for one in found],
        },
    )


def _registers(
    registers: pd.DataFrame,
    names: Mapping[str, str],
    index: pd.Index,
    design: Floats,
    ordinary: np.ndarray,
    groups: _Groups,
) -> tuple[list[_Register], list[str]]:
    """What is expected on every register, and the conditions of which too few practices are known."""
    found, few = list[_Register](), list[str]()
    with threadpool_limits(1):
        for key, rows in registers.groupby("group_code", sort=True):
            code = str(key)
            condition = names.get(code, code)
            place, y, n = (rows[c].to_numpy() for c in ("place", "register", "denominator"))
            # A count above its list is no rate.
            reference = ordinary[place] & (y <= n)
            if reference.sum() < PER_COEFFICIENT * design.shape[1]:
                few.append(condition)
                continue
            register = _register(place, y.astype(float), n.astype(float), design, reference, groups)
            practices = register.practices.assign(practice_code=index[place], group_code=code)
            of_groups = register.groups.assign(group_code=code, condition=condition)
            about = dict(group_code=code, condition=condition, **register.about)
            found.append(_Register(practices, of_groups, about))
    return found, few


def _basis(tables: Tables, index: pd.Index, deprivation: str | None) -> _Basis:
    if tables.age_sex.empty:
        return _Basis(None, (), ("The source has no registrations by age and sex.",))
    ordinary = tables.ordinary
    design = age_design(tables.age_sex, index, ordinary, sex=True)
    design.insert(0, "one", 1.0)
    if not deprivation or deprivation not in tables.context:
        lacking = "The source has no deprivation score: numbers are expected from age and sex only."
        return _Basis(design.to_numpy(), ("age", "sex"), (lacking,))
    score = tables.context.set_index("practice_code")[deprivation].reindex(index).astype(float)
    seen = score[ordinary]
    score = (score.clip(seen.min(), seen.max()) - seen.mean()) / (seen.std() or 1.0)
    design = design.assign(deprivation=score, deprivation_squared=score**2)
    unknown = int(score.isna().sum())
    lacking = f"Practices without a deprivation score have no expected numbers: {unknown:,}."
    return _Basis(design.to_numpy(), ("age", "sex", "deprivation"), (lacking,) * bool(unknown))


def _groups(index: pd.Index, everyone: pd.DataFrame, levels: pd.DataFrame, own: pd.DataFrame) -> _Groups:
    rows = everyone.set_index("practice_code", drop=False).reindex(index)
    names = levels.set_index("code")["name"]
    kinds = [("england", pd.Series(ENGLAND, index), pd.Series(None, index, dtype="str"))]
    kinds += [
        (level, rows[column].map(names).fillna(NO_SEGMENT), rows[column])
        for level, column in LEVEL_COLUMNS.items()
    ]
    tables, numbers, before = [], [], 0
    for level, area, code in (*kinds, *areas_of(rows, own)):
        number, keys = pd.factorize(code.fillna(area), sort=True)  # several areas can have one name
        numbers.append(number + before)
        before += len(keys)
        table = pd.DataFrame({"level": level, "area": area, "area_code": code, "number": number})
        tables.append(table.drop_duplicates("number").sort_values("number").drop(columns="number"))
    number = np.concatenate(numbers)
    practice = np.tile(np.arange(len(index)), len(numbers))
    member = csr_array((np.ones(len(number)), (number, practice)), shape=(before, len(index)))
    table = pd.concat(tables, ignore_index=True).astype("str")  # a list of one's own may have no areas
    return _Groups(table, member)


def _register(
    place: Ints, y: Floats, n: Floats, design: Floats, reference: np.ndarray, groups: _Groups
) -> _Register:
    """The numbers of one register, without its name; `place`: rows of `design` of its practices."""
    fit = fit_register(y, n, design[place], reference)
    practices = pd.DataFrame({"reference": reference, **_numbers(n, y, *fit.sums(eye_array(len(y)).tocsr()))})
    member = groups.member[:, place] @ diags_array(reference.astype(float))
    expected, variance = fit.sums(member)
    for level in groups.table["level"].unique():
        rows = np.flatnonzero((groups.table["level"] == level).to_numpy() & (expected > 0))
        if level not in ("england", *LEVEL_COLUMNS) and len(rows) >= MANY:
            difference = (member @ y - expected)[rows]
            variance[rows] = between_groups(difference, variance[rows], expected[rows])
    counted = {
        "practices": _whole(member @ reference),
        **_numbers(member @ n, member @ y, expected, variance),
    }
    of_groups = groups.table.assign(**counted)
    ours = practices[reference]
    inside = ours["recorded"].between(ours["low"], ours["high"]).mean()
    about = {"practices": len(ours), "rho": float(fit.rho), "inside": float(inside)}
    return _Register(practices, of_groups[of_groups["practices"] > 0], about)


def _numbers(patients: Floats, recorded: Floats, expected: Floats, variance: Floats) -> dict[str, Any]:
    """The columns that tables of practices and of groups have in common."""
    low, high = gamma_interval(expected, variance, patients)
    return {
        "patients": _whole(patients),
        "recorded": _whole(recorded),
        "expected": np.round(expected, DECIMALS),
        "low": _whole(low),
        "high": _whole(high),
        "difference": np.round(recorded - expected, DECIMALS),
    }


def _whole(values: Floats) -> Ints:
    return np.round(values).astype("int64")


def _joined(schema: str, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Tables of registers in one, in the order of the schema's columns."""
    table = pd.concat(parts, ignore_index=True) if parts else empty(schema)
    return table[list(SCHEMAS[schema].columns)]


def _sentences(basis: _Basis, found: list[_Register], few: list[str]) -> list[str]:
    """How to read the numbers, and what was left out."""
    said = list(basis.lacking)
    if few:
        said.append(f"Too few practices have figures to expect a number of: {listed(few)}.")
    if not found:
        return said
    practices = max(one.about["practices"] for one in found)
    return [
        "Expected is the number of patients that a practice would have on a register if patients of its "
        f"{listed(list(basis.names))} were on it as often as in England: a regression over {practices:,} "
        "ordinary practices, over which differences add up to zero.",
        "The recorded numbers of 95 in 100 practices lie in their interval, and so do those of 95 in 100 "
        "areas: it allows for how practices, and areas of one kind, ordinarily differ. Of segments, and of "
        f"fewer than {MANY} areas of one kind, that cannot be told: their interval takes practices to differ "
        "independently, and many lie outside.",
        "A difference is something to look into, not a finding. It can come from illness, from how "
        "conditions are found and coded, or from what is not adjusted for, such as ethnicity.",
        *said,
    ]
