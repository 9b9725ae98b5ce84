"""The table and charts of runs in MLflow's UI, as this project's links open them."""

import json
from typing import Any

from gp_segmentation.schemas import HEADLINES
from gp_segmentation.tracking.names import KIND, SHORT, TRIAL

#: Under this name the view is shared; MLflow looks it up among the tags of the experiment.
VIEW = "gpseg"
VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"

#: What the columns of the table are, besides name and time.
COLUMNS = (
    *(f"params.`{name}`" for name in SHORT),
    *(f"metrics.`{name}`" for name in HEADLINES if name != "n_clusters"),
    *("tags.`verdict`", "attributes.`Models`", "attributes.`Dataset`"),
)
#: Columns that are shown in any case -> their width; in others names of runs are cut off.
WIDTHS = {"attributes.`Run Name`": 330, "attributes.`Created`": 150}
#: Score by number of segments -> the methods whose curves stand in its chart.
CHARTS = ("silhouette", "davies_bouldin", "calinski_harabasz", "inertia")
METHODS = (
    "kmeans",
    *(f"hierarchical_{linkage}" for linkage in ("ward", "average", "complete", "single")),
)


def link(server: str, experiment_id: str) -> str:
    """Return the address of the table of runs on a server, with the columns of `runs_view`."""
    # Without the second parameter a browser that is new to MLflow shows what it has for language models.
    return (
        f"{server}/#/experiments/{experiment_id}/runs?viewStateShareKey={VIEW}&workflowType=machine_learning"
    )


def runs_view() -> str:
    """Return the view as MLflow keeps one that is shared: no trials, headlines first, curves by method."""
    section = {"uuid": "by-k", "name": "By number of segments", "columns": 2, "cardHeight": 400}
    flags = {"display": True, "isReordered": False, "deleted": False, "isGenerated": False}
    state = {
        "searchFilter": f"tags.{KIND} != '{TRIAL}'",
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "selectedColumns": COLUMNS,
        "columnOrder": [*WIDTHS, *COLUMNS],
        "columnWidths": WIDTHS,
        "compareRunCharts": [_chart(score) for score in CHARTS],
        "compareRunSections": [section | flags],
        "isAccordionReordered": True,
    }
    return json.dumps(state)


def _chart(score: str) -> dict[str, Any]:
    keys = [f"by_k/{score}/{method}" for method in METHODS]
    return {
        "uuid": f"by-k-{score}",
        "type": "LINE",
        "metricSectionId": "by-k",
        "metricKey": keys[0],
        "selectedMetricKeys": keys,
        "xAxisKey": "step",
        "xAxisScaleType": "linear",
        "scaleType": "linear",
        "lineSmoothness": 0,
        "selectedXAxisMetricKey": "",
        "deleted": False,
        "isGenerated": False,
        "height": 400,
    }
