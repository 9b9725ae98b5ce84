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

from gp_segmentation.study import objectives as goals
from gp_segmentation.study.space import Point, Space
from gp_segmentation.study.store import distributions, optuna_parameters, quiet

DPI = 110

#: Panels side by side with room for names of categories; beyond, these are turned.
MANY = 3

#: What the contour is of, where it was tried of every matrix: more than two parameters are too many panels.
FIRST = ("clusterer", "n_clusters")


def write_plots(
    trials: pd.DataFrame, points: dict[int, Point], space: Space, names: Sequence[str], folder: Path
) -> list[Path]:
    """Write history, importance, slice and contour of the first objective, and the Pareto front of several.

    They are drawn from the table of trials, so the same table gives the same bytes wherever its trials were
    kept. A plot that needs more than there is (a contour of one parameter) is left out.

    Parameters
    ----------
    trials : schema ``trials``; points : trial -> the point tried.
    names : the objectives.
    """
    study = _rebuilt(trials, points, space, names)
    # It remarks on weights drawn as categories, which they are.
    logging.getLogger("matplotlib.category").setLevel(logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, draw in _plots(study, names).items():
        path = folder / f"{name}.png"
        # Optuna changes matplotlib's style for good; the context undoes it.
        with plt.rc_context(), warnings.catch_warnings(), quiet():
            warnings.simplefilter("ignore")
            plt.switch_backend("agg")
            _save(draw(), path)
        written.append(path)
    return written


def _rebuilt(
    trials: pd.DataFrame, points: dict[int, Point], space: Space, names: Sequence[str]
) -> optuna.Study:
    with quiet():
        study = optuna.create_study(directions=goals.directions(names))
    for row in trials.replace({float("nan"): None}).to_dict("records"):
        point = points[int(row["trial"])]
        study.add_trial(
            create_trial(
                params=optuna_parameters(point, space),
                distributions=distributions(point, space),
                values=goals.values({str(key): value for key, value in row.items()}, names),
            )
        )
    return study


def _plots(study: optuna.Study, names: Sequence[str]) -> dict[str, Callable[[], Any]]:
    varied = _varied(study)

    def first(trial: optuna.trial.FrozenTrial) -> float:
        return float(trial.values[0])

    about: dict[str, Any] = {"target": first, "target_name": names[0]}
    plots: dict[str, Callable[[], Any]] = {"history": lambda: drawn.plot_optimization_history(study, **about)}
    if varied:
        plots["slice"] = lambda: drawn.plot_slice(study, params=varied, **about)
    shared = [name for name in varied if all(name in trial.params for trial in study.trials)]
    pair = [name for name in FIRST if name in shared] + [name for name in shared if name not in FIRST]
    if len(pair) > 1:
        plots["contour"] = lambda: drawn.plot_contour(study, params=pair[:2], **about)
    if shared and len({first(trial) for trial in study.trials}) > 1:
        judge = optuna.importance.FanovaImportanceEvaluator(seed=0)
        plots["importance"] = lambda: drawn.plot_param_importances(
            study, evaluator=judge, params=shared, **about
        )
    if len(names) in (2, 3):
        plots["pareto"] = lambda: drawn.plot_pareto_front(study, target_names=list(names))
    return plots


def _varied(study: optuna.Study) -> list[str]:
    """Parameters of which more than one value was tried."""
    tried: dict[str, set[Any]] = {}
    for trial in study.trials:
        for name, value in trial.params.items():
            tried.setdefault(name, set()).add(value)
    return sorted(name for name, found in tried.items() if len(found) > 1)


def _save(axes: Any, path: Path) -> None:
    panels = axes.ravel() if hasattr(axes, "ravel") else [axes]
    figure = panels[0].figure
    if len(panels) > 1:
        # Else names of categories run into one another.
        figure.set_size_inches(4 * len(panels) + 1, 4.8)
        for panel in panels if len(panels) > MANY else ():
            panel.tick_params(axis="x", labelrotation=20)
    figure.savefig(path, dpi=DPI, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
