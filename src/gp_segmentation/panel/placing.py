"""Every year in the frozen model of one run: features by the run's estimates, segments by one rule.

Nothing is estimated again (see `segments.assignment`): the practices of every year, those of the run's year
too, are added to the run's tables as special ones. In every year the rule is the same, the nearest centroid,
so that no change comes from the rule. Features that some year lacks are left out of the distances in all.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from gp_segmentation.clustering import assign_nearest
from gp_segmentation.errors import InputError
from gp_segmentation.features import Block, Selection, Tables, build_features
from gp_segmentation.segments.assignment import combine
from gp_segmentation.utils.rounding import whole_percent

#: With features left out, those that stay must make up this share of what the run was segmented by (its
#: variance), and by them alone the rule must put this share of its practices where it puts them with all.
SEGMENTED_BY, SAME_SHARE = 0.5, 0.8


@dataclass(frozen=True)
class Placed:
    """Every year in one space.

    Attributes
    ----------
    matrices, natural : period -> practice_code -> columns of the matrix; features in natural units.
    ordinary : period -> the practices that are not special.
    centres : segment -> centroid. dictionary : schema ``dictionary`` of the features that are compared.
    left_out : labels of the run's features that are not. notes : sentences.
    """

    matrices: dict[str, pd.DataFrame]
    natural: dict[str, pd.DataFrame]
    ordinary: dict[str, pd.Index]
    centres: pd.DataFrame
    dictionary: pd.DataFrame
    left_out: list[str]
    notes: list[str]


def place_years(
    model: Pipeline,
    blocks: Mapping[str, Block],
    selection: Selection,
    base: Tables,
    years: Mapping[str, Tables],
) -> Placed:
    """Put the practices of every year into the space of a run's model.

    Parameters
    ----------
    model, blocks, selection, base : the run's, as for `segments.assignment.assign_practices`.
    years : period -> tables with what all years have in common (`comparable`, `through_time.pool`).

    Raises
    ------
    InputError : too little of what the run was segmented by is in all years, and what to do.
    """
    marks = {period: f"_{number:02d}_" for number, period in enumerate(years)}
    combined = base
    for period, tables in years.items():
        combined = combine(combined, tables, marks[period])
    built = build_features(dict(blocks), combined, selection)
    wanted = [str(name) for name in model.feature_names_in_]
    rows = {p: built.features.index[built.features.index.str.startswith(mark)] for p, mark in marks.items()}
    features = built.features.reindex(columns=wanted)
    known = [
        name for name in wanted if all(features.loc[index, name].notna().any() for index in rows.values())
    ]
    labels = built.dictionary.set_index("feature")["label"]
    left_out = [str(labels.get(name, name)) for name in wanted if name not in known]
    columns = _columns(model, known, left_out)
    centres = model[-1].centroid_table()[columns]
    matrix = model[:-1].transform(features)[columns]
    return Placed(
        {period: _named(matrix.loc[index], marks[period]) for period, index in rows.items()},
        {period: _named(built.natural.loc[index, known], marks[period]) for period, index in rows.items()},
        {period: tables.index[tables.ordinary] for period, tables in years.items()},
        centres,
        built.dictionary[built.dictionary["feature"].isin(known)].reset_index(drop=True),
        left_out,
        _notes(model, columns, left_out),
    )


def _notes(model: Pipeline, columns: list[str], left_out: list[str]) -> list[str]:
    """Say what rule gives the segments and what is left out; InputError where that is too much."""
    notes = [
        "Segments are those of the nearest centroid in every year. This rule gives "
        f"{whole_percent(model[-1].agreement_)} of the run's own practices the segment they have in the run."
    ]
    if not left_out:
        return notes
    weight, kept = _weight(model, columns), _kept(model, columns)
    if kept < SAME_SHARE or weight < SEGMENTED_BY:
        raise _too_little(
            left_out,
            f"make up {whole_percent(weight)} of what it was segmented by ({whole_percent(SEGMENTED_BY)} is "
            f"needed), and by them alone {whole_percent(kept)} of its practices are in their segment "
            f"({whole_percent(SAME_SHARE)} is needed)",
        )
    few = f"{', '.join(left_out[:6])}{' and others' if len(left_out) > 6 else ''}"
    return [
        *notes,
        f"Left out of every year, {len(left_out)} of the run's {len(model.feature_names_in_)} features: "
        f"{few}. Without them the rule gives {whole_percent(kept)} of the run's practices the segment it "
        "gives with all.",
    ]


def _named(rows: pd.DataFrame, mark: str) -> pd.DataFrame:
    return rows.set_axis(rows.index.str.removeprefix(mark), axis=0).rename_axis("practice_code")


def _columns(model: Pipeline, known: list[str], left_out: list[str]) -> list[str]:
    """The columns of the matrix that can be compared: all, or where none is a mixture, those of features."""
    every = [str(name) for name in model[-1].feature_names_in_]
    if not left_out:
        return every
    if not set(every) <= set(map(str, model.feature_names_in_)):
        raise _too_little(left_out, "cannot be told apart from its components (reducer)")
    found = [name for name in every if name in known]
    if not found:
        raise _too_little(left_out, "are none")
    return found


def _too_little(left_out: list[str], found: str) -> InputError:
    few = f"{', '.join(left_out[:4])}{' and others' if len(left_out) > 4 else ''}"
    return InputError(
        f"the years do not all have {few}, and the run's other features {found}",
        file="panel",
        remedy="Make a run of what the years share, such as gpseg source=SOURCE features=panel_core, and "
        "name it: gpseg panel run=FOLDER. Or bring the files that are lacking",
    )


def _kept(model: Pipeline, columns: list[str]) -> float:
    """Share of the run's practices that the rule puts into the same segment by `columns` alone."""
    fitted = pd.DataFrame(model[-1].X_, columns=model[-1].feature_names_in_)
    centres = model[-1].centroid_table()
    full, part = (assign_nearest(fitted[c], centres[c]).labels for c in (fitted.columns, columns))
    return float(np.mean(full == part))


def _weight(model: Pipeline, columns: list[str]) -> float:
    """Share of `columns` in the variance of the run's matrix."""
    variance = pd.Series(model[-1].X_.var(axis=0), index=model[-1].feature_names_in_)
    return float(variance[columns].sum() / variance.sum())
