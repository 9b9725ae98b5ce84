"""Optuna's own plots of a study, as files."""

import logging
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import optuna
import pandas as pd
from optuna.trial import create_trial
from optuna.visualization import matplotlib as drawn

from gp_segmentation.study import objectives
from gp_segmentation.study.database import quiet
from gp_segmentation.study.space import Point, Space
from gp_segmentation.study.store import distributions, optuna_parameters

DPI = 110

#: With more panels than this side by side, names of categories are turned to fit.
MANY = 3

#: The contour's two parameters, where every trial has them: more would be too many panels.
PREFERRED = ("clusterer", "n_clusters")


def write_plots(
    trials: pd.DataFrame, points: dict[int, Point], space: Space, names: Sequence[str], folder: Path
) -> list[Path]:
    """Write history, importance, slice and contour of the first objective, and the Pareto front of several.

    The study is rebuilt from the table of trials, so the same table gives the same bytes wherever its trials
    were kept. A plot without enough data (a contour of one parameter) is left out.

    Parameters
    ----------
    trials : schema ``trials``; points : trial -> the point tried.
    names : the objectives.
    """
    study = _rebuild(trials, points, space, names)
    # It warns that weights, which are numbers, are drawn as categories.
    logging.getLogger("matplotlib.category").setLevel(logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, draw in _plots(study, names).items():
        path = folder / f"{name}.png"
        # Optuna changes matplotlib's style globally; the context restores it.
        with plt.rc_context(), warnings.catch_warnings(), quiet():
            warnings.simplefilter("ignore")
            plt.switch_backend("agg")
            _save(draw(), path)
        written.append(path)
    return written


def _rebuild(
    trials: pd.DataFrame, points: dict[int, Point], space: Space, names: Sequence[str]
) -> optuna.Study:
    with quiet():
        study = optuna.create_study(directions=objectives.directions(names))
    for row in trials.replace({float("nan"): None}).to_dict("records"):
        point = points[int(row["trial"])]
        study.add_trial(
            create_trial(
                params=optuna_parameters(point, space),
                distributions=distributions(point, space),
                values=objectives.values({str(key): value for key, value in row.items()}, names),
            )
        )
    return study


def _plots(study: optuna.Study, names: Sequence[str]) -> dict[str, Callable[[], Any]]:
    def first(trial: optuna.trial.FrozenTrial) -> float:
        return float(trial.values[0])

    goal: dict[str, Any] = {"target": first, "target_name": names[0]}
    tried = pd.DataFrame([trial.params for trial in study.trials])
    varied = sorted(str(name) for name, values in tried.nunique().items() if values > 1)
    shared = [name for name in varied if tried[name].notna().all()]
    pair = sorted(shared, key=lambda name: name not in PREFERRED)[:2]
    plots: dict[str, Callable[[], Any]] = {"history": lambda: drawn.plot_optimization_history(study, **goal)}
    if varied:
        plots["slice"] = lambda: drawn.plot_slice(study, params=varied, **goal)
    if len(pair) > 1:
        plots["contour"] = lambda: drawn.plot_contour(study, params=pair, **goal)
    if shared and len({first(trial) for trial in study.trials}) > 1:
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        plots["importance"] = lambda: drawn.plot_param_importances(
            study, evaluator=evaluator, params=shared, **goal
        )
    if len(names) in (2, 3):
        plots["pareto"] = lambda: drawn.plot_pareto_front(study, target_names=list(names))
    return plots


def _save(axes: Any, path: Path) -> None:
    panels = axes.ravel() if hasattr(axes, "ravel") else [axes]
    figure = panels[0].figure
    if len(panels) > 1:
        # Narrower panels let the names of categories overlap.
        figure.set_size_inches(4 * len(panels) + 1, 4.8)
        for panel in panels if len(panels) > MANY else ():
            panel.tick_params(axis="x", labelrotation=20)
    figure.savefig(path, dpi=DPI, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
