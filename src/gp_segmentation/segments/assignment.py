"""New or changed practices in the segments of a finished run, with every estimate kept as it was in the run.

Features contain estimates made from all practices: how prevalence depends on age, the mean that small numbers
are shrunk toward, which features are kept. Estimating these again from another year would change the scale
together with the practices. So the new practices are added to the tables of the run and marked as special.
Blocks, imputation, scaling and reduction are estimated from ordinary practices only, hence from the run's
own, exactly as in the run, and then applied to the new rows. A new practice gets the segment of the nearest
centroid, unless its figures are those of a fitted practice, whose segment it keeps. A practice that the run
left without a segment stays without one as long as its figures are the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from gp_segmentation.clustering import NOISE, Assignment
from gp_segmentation.errors import InputError
from gp_segmentation.features import Block, Selection, Tables, build_features
from gp_segmentation.schemas import LEVEL_COLUMNS
from gp_segmentation.segments.changes import (
    BORDER_CHANCE,
    HAD_NONE,
    NEAR,
    NEW,
    Changes,
    classify_changes,
    describe_changes,
)
from gp_segmentation.segments.model import SAME_FIGURES
from gp_segmentation.segments.renumbering import align_indicator_codes
from gp_segmentation.utils.rounding import whole_percent

#: Prefix of the codes of new practices among the run's own (no code begins so), and why they are special.
MARK, REASON = "_", "to be assigned"
#: Share of a practice's features that may be unknown without a warning.
MAX_UNKNOWN_SHARE = 0.1


@dataclass(frozen=True)
class Assigned:
    """Segments of new practices.

    Attributes
    ----------
    table : a row per new practice, schema ``assigned``. segment: missing where the run left the practice
        without one and its figures are the same. unchanged: the figures are those of a fitted practice.
        change: why the segment is not that of the run, if so (see `changes`).
        unknown_features, out_of_range: number of features. supergroup, segment_code, subgroup: codes, missing
        if the run was recorded before there were levels.
    notes : sentences to read before using the table.
    """

    table: pd.DataFrame
    notes: list[str]


def assign_practices(
    model: Pipeline,
    blocks: Mapping[str, Block],
    selection: Selection,
    base: Tables,
    new: Tables,
    segments: pd.DataFrame,
    same_indicators: Sequence[Sequence[str]] = (),
    level: float = BORDER_CHANCE,
) -> Assigned:
    """Give every practice of `new` one of the segments of a run.

    Parameters
    ----------
    model : the run's model (`gp_segmentation.segments.model`). blocks, selection : its feature set.
    base : the prepared tables of the run. new : those of the practices to be assigned.
    segments : the run's segments, with the practices that it left without one (-1).
    same_indicators : groups of codes that mean one indicator in different years (see `renumbering`).
    level : chance of crossing a border by drift alone above which a practice is near it (see `changes`).

    Raises
    ------
    InputError
        The features are not those of the model, or no new practice has any of them.
    """
    new, codes = align_indicator_codes(base, new, same_indicators)
    features = _build_features(model, blocks, selection, base, new)
    before, matrix = (model[:-1].transform(rows) for rows in (features.run, features.new))
    run = segments.set_index("practice_code")
    out = _still_without_segment(run, before, matrix)
    placed = _place(model, matrix, out)
    ordinary = new.ordinary.index[new.ordinary].intersection(run.index[run["fitted"]])
    changes = classify_changes(
        before,
        matrix,
        model[-1].centroid_table(),
        run["segment"],
        pd.Series(placed.labels, index=matrix.index),
        ordinary=set(ordinary),
        level=level,
    )
    unchanged = (model[-1].fitted_rows(matrix) >= 0) | out
    levels = _levels(model, matrix, run, unchanged)
    levels.loc[out] = pd.NA
    table = _table(features, placed, unchanged, changes, new.practices, run, levels)
    notes = _notes(table, changes, features.labels, model)
    notes += _left_out_notes(table, run) + _source_notes(features, base, new, codes)
    return Assigned(table, notes)


def _still_without_segment(run: pd.DataFrame, before: pd.DataFrame, matrix: pd.DataFrame) -> np.ndarray:
    """Return for each row of `matrix` whether the run left the practice out and its figures are the same."""
    left_out = matrix.index.intersection(run.index[run["segment"] == NOISE])
    drift = (matrix.loc[left_out] - before.loc[left_out]).abs().max(axis=1)
    return matrix.index.isin(left_out[drift <= SAME_FIGURES])


def _place(model: Pipeline, matrix: pd.DataFrame, out: np.ndarray) -> Assignment:
    """Place every row; those `out` of all segments have the label -1, no second segment and no margin."""
    placed = model[-1].place(matrix)
    second = placed.second.copy()
    second[out] = pd.NA
    labels, margin = (np.where(out, *pair) for pair in ((NOISE, placed.labels), (np.nan, placed.margin)))
    return replace(placed, labels=labels, second=second, margin=margin)


@dataclass(frozen=True)
class _Features:
    """Features of both sets of practices, in the columns of the model.

    run, new : practice_code -> features. labels : feature -> label. outside : like `new`, True where a value
    is outside the range of the run's fitted practices.
    """

    run: pd.DataFrame
    new: pd.DataFrame
    outside: pd.DataFrame
    labels: dict[str, str]

    def warnings(self, margin: np.ndarray) -> list[str]:
        """Return for each new practice what makes its segment doubtful; empty if nothing does."""
        unknown, total = self.new.isna().sum(axis=1), self.new.shape[1]
        texts = []
        for (_, flags), missing, row_margin in zip(self.outside.iterrows(), unknown, margin, strict=True):
            reasons = []
            names = [self.labels[str(feature)] for feature in flags.index[flags]]
            if names:
                others = " and others" if len(names) > 3 else ""
                reasons.append(f"outside the range of the run: {', '.join(names[:3])}{others}")
            if missing > MAX_UNKNOWN_SHARE * total:
                reasons.append(f"{missing} of {total} features not known")
            if row_margin < NEAR:
                reasons.append("near the border to the next segment")
            texts.append("; ".join(reasons))
        return texts


def _build_features(
    model: Pipeline, blocks: Mapping[str, Block], selection: Selection, base: Tables, new: Tables
) -> _Features:
    built = build_features(dict(blocks), combine(base, new), selection)
    wanted, columns = [str(name) for name in model.feature_names_in_], set(built.features.columns)
    if columns != set(wanted):
        lacking, extra = sorted(set(wanted) - columns), sorted(columns - set(wanted))
        found = f"lacking {', '.join(lacking[:3]) or 'none'}; new {', '.join(extra[:3]) or 'none'}"
        raise InputError(
            f"the run's data and configuration do not give the features of its model ({found})",
            file="features",
            remedy="The raw data or the code have changed since: run gpseg again, and name that run",
        )
    is_new = built.features.index.str.startswith(MARK)
    before, after = built.features.loc[~is_new, wanted], built.features.loc[is_new, wanted]
    after.index = after.index.str.removeprefix(MARK)
    if after.isna().to_numpy().all():
        raise InputError("no practice has any feature of the run", file="features")
    fitted = before.loc[base.ordinary.index[base.ordinary]]
    outside = (after < fitted.min() - 1e-9) | (after > fitted.max() + 1e-9)
    labels = dict(zip(built.dictionary["feature"], built.dictionary["label"], strict=True))
    return _Features(before, after, outside, labels)


def combine(base: Tables, new: Tables, mark: str = MARK) -> Tables:
    """Return the rows of both; the new practices have codes that begin with `mark`, and are special."""
    combined = {}
    for name in ("practices", "registers", "achievement", "age_sex", "context"):
        table = getattr(new, name)
        table = table.assign(practice_code=mark + table["practice_code"].astype(str))
        if name == "practices":
            table = table.assign(special=REASON)
        combined[name] = pd.concat([getattr(base, name), table], ignore_index=True)
    for name, key in (("indicators", "indicator_code"), ("context_dictionary", "measure")):
        ours, theirs = getattr(base, name), getattr(new, name)
        combined[name] = pd.concat([ours, theirs[~theirs[key].isin(ours[key])]], ignore_index=True)
    return replace(base, **combined)


def _table(
    features: _Features,
    placed: Assignment,
    unchanged: np.ndarray,
    changes: Changes,
    practices: pd.DataFrame,
    run: pd.DataFrame,
    levels: pd.DataFrame,
) -> pd.DataFrame:
    about = practices.set_index("practice_code").loc[features.new.index]
    labels = pd.Series(placed.labels, index=about.index)
    names = run.drop_duplicates("segment").set_index("segment")["segment_name"]
    now, then = (numbers.astype("Int64").where(numbers != NOISE) for numbers in (labels, run["segment"]))
    table = about[["practice_name", "sub_icb_name", "icb_name", "region_name"]].assign(
        segment=now,
        segment_name=labels.map(names).astype("str"),
        second_segment=placed.second,
        margin=placed.margin,
        special=about["special"],
        unchanged=unchanged,
        run_segment=then.reindex(about.index),
        **changes.table,
        unknown_features=features.new.isna().sum(axis=1).astype("int64"),
        out_of_range=features.outside.sum(axis=1).astype("int64"),
        warning=features.warnings(placed.margin),
    )
    return table.join(levels).reset_index()


def _levels(model: Pipeline, matrix: pd.DataFrame, run: pd.DataFrame, unchanged: np.ndarray) -> pd.DataFrame:
    """Practice_code -> codes of supergroup, segment and subgroup; with unchanged figures those of the run.

    Subgroups that are branches of a tree are not defined by nearest centroids.
    """
    columns, found = list(LEVEL_COLUMNS.values()), model[-1].levels(matrix)
    if found is None:
        return pd.DataFrame(np.nan, matrix.index, columns, dtype="str")
    found = found.set_axis(columns, axis=1)
    own = run[columns].reindex(matrix.index)
    same = unchanged & (own["segment_code"] == found["segment_code"]).to_numpy()
    found.loc[same] = own[same]
    return found


def _notes(table: pd.DataFrame, changes: Changes, labels: Mapping[str, str], model: Pipeline) -> list[str]:
    in_run, same, outside = table["change"] != NEW, table["unchanged"], table["out_of_range"] > 0
    spread = pd.Series(model[-1].X_.std(axis=0), index=changes.shift.index)
    return [
        f"{len(table):,} practices: {int(in_run.sum()):,} are in the run ({int(same.sum()):,} with the same "
        f"figures), {int((~in_run).sum()):,} are new to it.",
        *describe_changes(changes, labels, spread),
        f"Practices with a feature outside the range of the run's practices: {int(outside.sum()):,}.",
        "New practices, and those with other figures, get the segment of the nearest centroid. This rule "
        f"gives {whole_percent(model[-1].agreement_)} of the run's own fitted practices the segment they "
        "have.",
        "All estimates (age adjustment, shrinkage, scaling) are those of the run.",
    ]


def _left_out_notes(table: pd.DataFrame, run: pd.DataFrame) -> list[str]:
    """Return what becomes of the practices that the run left without a segment, where there are any."""
    left_out = int((run["segment"] == NOISE).sum())
    if not left_out:
        return []
    return [
        f"Practices that the run left without a segment: {left_out:,}. The rule for a new practice is the "
        "nearest centroid and knows no such practices: it gives every practice a segment, and the share "
        "above leaves them out. Here "
        f"{int(table['segment'].isna().sum()):,} of them have the same figures and stay without one; "
        f"{int((table['change'] == HAD_NONE).sum()):,} have other figures and get the nearest segment "
        f"(column change: {HAD_NONE})."
    ]


def _source_notes(features: _Features, base: Tables, new: Tables, codes: Mapping[str, str]) -> list[str]:
    """Return sentences on features that are missing or mean something else, and on renumbered indicators."""
    absent = [features.labels[str(name)] for name in features.new.columns[features.new.isna().all()]]
    notes = [f"Missing for every practice, hence imputed: {', '.join(absent)}."] if absent else []
    ours = base.context_dictionary.set_index("measure")["label"]
    theirs = new.context_dictionary.set_index("measure")["label"]
    for measure in ours.index.intersection(theirs.index):
        if measure in features.new.columns and ours[measure] != theirs[measure]:
            notes.append(f"{measure} is '{theirs[measure]}' here and was '{ours[measure]}' in the run.")
    if codes:
        pairs = ", ".join(f"{code} as {run_code}" for code, run_code in codes.items())
        notes.append(f"Renumbered indicators, treated as the run's: {pairs}.")
    return notes
