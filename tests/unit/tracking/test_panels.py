"""A panel in MLflow: recorded once, its years as datasets, its metrics by step."""

from __future__ import annotations

import json

from gp_segmentation.tracking.panels import record
from gp_segmentation.tracking.store import open_store


def test_a_panel_is_recorded_once_with_its_years_as_datasets(empty, tmp_path):
    store = open_store(empty, "test")
    folder = tmp_path / "panel"
    folder.mkdir()
    (folder / "panel.html").write_text("page", encoding="utf-8")
    about = {"practices": 3, "patients": 9, "licence": "OGL"}
    sources = [
        {
            "name": f"year_{n}",
            "period": f"202{n}-2{n + 1}",
            "label": "England",
            "tables": f"digest {n}",
            **about,
        }
        for n in (2, 3, 4)
    ]
    periods = [source["period"] for source in sources]
    metrics = {
        "share_moved": {"2022-23 to 2023-24": 0.01, "2023-24 to 2024-25": 0.02},
        "ari_frozen": {"2022-23 to 2023-24": 0.8, "2023-24 to 2024-25": None},
    }
    result = {"periods": periods, "sources": sources, "metrics": metrics}
    (folder / "panel.json").write_text(json.dumps(result), encoding="utf-8")
    asked = (store, folder, tmp_path / "run", {"draws": 200, "sources": ["a"]})
    told = record(*asked)
    run_id = told.rpartition(" ")[2]
    run = store.client.get_run(run_id)
    assert run.info.run_name == "panel 2022-23 to 2023-24 to 2024-25"
    assert run.data.tags["kind"] == "panel"
    assert run.data.params["panel.draws"] == "200"
    assert [data.dataset.name for data in run.inputs.dataset_inputs] == [
        f"year_{n} prepared" for n in (2, 3, 4)
    ]
    moved = store.client.get_metric_history(run_id, "panel/share_moved")
    assert [(metric.step, metric.value) for metric in moved] == [(0, 0.01), (1, 0.02)]
    assert [metric.step for metric in store.client.get_metric_history(run_id, "panel/ari_frozen")] == [0]
    assert [file.path for file in store.client.list_artifacts(run_id, "panel")] == [
        "panel/panel.html",
        "panel/panel.json",
    ]
    assert record(*asked) == f"This panel is recorded already, as run {run_id}"
