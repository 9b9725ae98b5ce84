"""New or changed practices into the segments of a finished run, with everything estimated kept as it was.

Features hold estimates made from all practices: how prevalence depends on age, what small numbers are shrunk
toward, which features are kept. Making them afresh from another year would move the ruler with what it
measures. So the new practices are laid beside the run's own, marked as special: blocks, imputation, scaling
and reduction estimate from practices that are not special only, hence from the run's own, exactly as
they did then; the new rows are measured by it. They then get the segment of the nearest centroid,
except that a practice whose figures are those of a fitted one keeps its segment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from gp_segmentation.errors import InputError
from gp_segmentation.features import Block, Selection, Tables, build_features
from gp_segmentation.segments.changes import LEVEL, NEAR, Changes, changes, in_words
from gp_segmentation.segments.renumbering import under_codes_of

#: Put before the codes of new practices while they lie beside the run's own (a code cannot begin so).
MARK = "_"
NEW = "to be assigned"
#: Share of a practice's features outside the range of the fitted practices, or unknown, that is worth a word.
WORTH_A_WORD = 0.1


@dataclass(frozen=True)
class Assigned:
    """Segments of new practices.

    Attributes
    ----------
    table : a row per new practice (see `assign_practices`).
    notes : what to know before using it, in words.
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
    level: float = LEVEL,
) -> Assigned:
    """Give every practice of `new` one of the segments of a run.

    Parameters
    ----------
    model : the run's model (`gp_segmentation.segments.model`). blocks, selection : its feature set.
    base : the prepared tables the run was made from. new : those of the practices to be assigned.
    segments : the run's segments.
    same_indicators : groups of codes that are one indicator in different years (see `renumbering`).
    level : chance of crossing a border by drift alone above which a practice is near it (see `movers`).

    Returns
    -------
    table : schema ``assigned``. unchanged: its figures are those of a fitted practice. change: why it has
        another segment than in the run, if it has (see `movers`). Features are counted.

    Raises
    ------
    InputError
        When the features made of both are not those of the model, or no new practice has any of them.
    """
    new, codes = under_codes_of(base, new, same_indicators)
    built = build_features(dict(blocks), _beside(base, new), selection)
    wanted = [str(name) for name in model.feature_names_in_]
    _check_features(wanted, list(built.features.columns))
    mine = built.features.index.str.startswith(MARK)
    values = built.features.loc[mine, wanted]
    values.index = values.index.str.removeprefix(MARK)
    own = built.features.loc[base.ordinary.index[base.ordinary], wanted]
    if values.isna().to_numpy().all():
        raise InputError("no practice has any feature of the run", file="features")
    outside = (values < own.min() - 1e-9) | (values > own.max() + 1e-9)
    labels = dict(zip(built.dictionary["feature"], built.dictionary["label"], strict=True))
    facts = _facts(model, values, outside, labels)
    found = _changes(model, built.features.loc[~mine, wanted], values, segments, facts["segment"], new, level)
    table = _table(facts, found, new, segments)
    renumbered = ", ".join(f"{theirs} as {ours}" for theirs, ours in codes.items())
    told = [f"Renumbered indicators, taken as the run's: {renumbered}."]
    spread = pd.Series(model[-1].X_.std(axis=0), index=found.shift.index)
    notes = _notes(table, values, base, new, labels, model)
    return Assigned(table, [notes[0], *in_words(found, labels, spread), *notes[1:], *(told if codes else [])])


def _changes(
    model: Pipeline,
    before: pd.DataFrame,
    after: pd.DataFrame,
    segments: pd.DataFrame,
    now: pd.Series,
    new: Tables,
    level: float,
) -> Changes:
    """Why practices have another segment than in the run; `before` and `after` are features."""
    columns = [str(name) for name in model[:-1].get_feature_names_out()]
    then, since = (
        pd.DataFrame(np.asarray(model[:-1].transform(part)), index=part.index, columns=columns)
        for part in (before, after)
    )
    centres = pd.DataFrame(
        model[-1].centroids_, index=pd.Index(model[-1].classes_, name="segment"), columns=columns
    )
    run = segments.set_index("practice_code")
    ordinary = new.ordinary.index[new.ordinary].intersection(run.index[run["fitted"]])
    return changes(then, since, centres, run["segment"], now, ordinary=set(ordinary), level=level)


def _facts(
    model: Pipeline, values: pd.DataFrame, outside: pd.DataFrame, labels: Mapping[str, str]
) -> pd.DataFrame:
    """Segment, margin and what makes them doubtful, practice by practice."""
    matrix = model[:-1].transform(values)
    placed = model[-1].place(matrix)
    return pd.DataFrame(
        {
            "segment": placed.labels,
            "second_segment": placed.second,
            "margin": placed.margin,
            "unchanged": model[-1].known(matrix) >= 0,
            "unknown_features": values.isna().sum(axis=1).to_numpy("int64"),
            "out_of_range": outside.sum(axis=1).to_numpy("int64"),
            "warning": _warnings(values, outside, placed.margin, labels),
        },
        index=values.index,
    )


def _beside(base: Tables, new: Tables) -> Tables:
    """Lay the tables of both beside each other, the new practices marked and special."""
    marked = {
        name: getattr(new, name).assign(practice_code=MARK + getattr(new, name)["practice_code"].astype(str))
        for name in ("practices", "registers", "achievement", "age_sex", "context")
    }
    marked["practices"] = marked["practices"].assign(special=NEW)
    joined = {
        name: pd.concat([getattr(base, name), table], ignore_index=True) for name, table in marked.items()
    }
    for name, key in (("indicators", "indicator_code"), ("context_dictionary", "measure")):
        ours, theirs = getattr(base, name), getattr(new, name)
        joined[name] = pd.concat([ours, theirs[~theirs[key].isin(ours[key])]], ignore_index=True)
    return replace(base, **joined)


def _check_features(wanted: list[str], found: list[str]) -> None:
    if set(wanted) == set(found):
        return
    lost, more = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    told = f"lacking {', '.join(lost[:3]) or 'none'}; new {', '.join(more[:3]) or 'none'}"
    raise InputError(
        f"the run's data and configuration do not give the features of its model ({told})",
        file="features",
        remedy="The raw data or the code have changed since: run gpseg again, and name that run",
    )


def _warnings(
    values: pd.DataFrame, outside: pd.DataFrame, margin: np.ndarray, labels: Mapping[str, str]
) -> list[str]:
    """Per practice, what makes its segment doubtful; empty when nothing does."""
    found = []
    for i in range(len(values)):
        words = []
        far = outside.columns[outside.iloc[i].to_numpy()]
        if len(far):
            named = ", ".join(labels[str(f)] for f in far[:3]) + (" and others" if len(far) > 3 else "")
            words.append(f"outside the range of the run: {named}")
        unknown = int(values.iloc[i].isna().sum())
        if unknown > WORTH_A_WORD * values.shape[1]:
            words.append(f"{unknown} of {values.shape[1]} features not known")
        if margin[i] < NEAR:
            words.append("near the border to the next segment")
        found.append("; ".join(words))
    return found


def _table(facts: pd.DataFrame, found: Changes, new: Tables, segments: pd.DataFrame) -> pd.DataFrame:
    about = new.practices.set_index("practice_code")
    about = (
        about[["practice_name", "sub_icb_name", "icb_name", "region_name", "special"]]
        .join(facts)
        .join(found.table)
    )
    run = segments.set_index("practice_code")["segment"].astype("Int64")
    names = segments.drop_duplicates("segment").set_index("segment")["segment_name"]
    about["segment_name"] = about["segment"].map(names).astype("str")
    about["run_segment"] = run.reindex(about.index)
    first = ["practice_name", "sub_icb_name", "icb_name", "region_name", "segment", "segment_name"]
    order = [*first, "second_segment", "margin", "special", "unchanged", "run_segment", *found.table.columns]
    return about[[*order, "unknown_features", "out_of_range", "warning"]].sort_index().reset_index()


def _notes(
    table: pd.DataFrame,
    values: pd.DataFrame,
    base: Tables,
    new: Tables,
    labels: Mapping[str, str],
    model: Pipeline,
) -> list[str]:
    in_run = table["run_segment"].notna()
    same, outside = table["unchanged"], table["out_of_range"] > 0
    notes = [
        f"{len(table):,} practices: {int(in_run.sum()):,} are in the run, {int(same.sum()):,} "
        f"with the same figures; {int((~in_run).sum()):,} are new to it.",
        f"{int(outside.sum()):,} have a feature outside the range of the run's practices.",
        "Rule: nearest centroid. It gives "
        f"{model[-1].agreement_:.1%} of the run's own fitted practices the segment they have.",
        "Everything estimated (age adjustment, shrinkage, scaling) is the run's, not made afresh.",
    ]
    absent = [labels[str(f)] for f in values.columns[values.isna().all()]]
    if absent:
        notes.append(f"Not known of any practice, imputed for all: {', '.join(absent)}.")
    ours = base.context_dictionary.set_index("measure")["label"]
    theirs = new.context_dictionary.set_index("measure")["label"]
    used = [m for m in ours.index.intersection(theirs.index) if m in values.columns and ours[m] != theirs[m]]
    notes += [f"{m} is '{theirs[m]}' here and was '{ours[m]}' in the run." for m in used]
    return notes
