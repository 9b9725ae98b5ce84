"""`gpseg-peers`, `gpseg-assign` and the logged model, as an analyst uses them after a run."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from gp_segmentation.pipeline import queries
from gp_segmentation.pipeline.compare import compare_runs
from gp_segmentation.storage.table_files import read_table

#: Of a run, what is asked here needs neither evidence nor figures.
LIGHT = ("evidence=off", "report.figures=[sizes]")


@pytest.fixture(scope="module")
def finished(project):
    """The project with one tracked run of hierarchical segments in `data/runs`; and that run's folder."""
    explicit = ("clusterer=hierarchical", "clusterer.linkage=average", "clusterer.n_clusters=6")
    project.call("gpseg", "features=performance", *explicit, *LIGHT)
    folder = next(path.parent for path in (project.root / "data" / "runs").rglob("segments") if path.is_dir())
    return project, folder


def run_of(project):
    """Return the run of `finished`."""
    (found,) = (run for run in project.runs() if run.data.params.get("linkage") == "average")
    return found


def segments_of(folder):
    return pd.read_csv(folder / "segments" / "segments.csv")


def test_what_is_explicit_is_never_overruled(finished):
    run = run_of(finished[0])
    assert run.data.metrics["n_clusters"] == 6  # the study's own end at 4
    assert run.data.params["linkage"] == run.data.params["conf.clusterer.linkage"] == "average"
    assert (run.data.params["features"], run.data.params["k"]) == ("performance", "6")


LOAD = """
import builtins, sys
for name in ("pickle", "cloudpickle", "dill"):  # whoever reads a pickle fails here
    module = __import__(name) if name != "dill" else None
    if module is not None:
        def refuse(*_, **__):
            raise AssertionError("a pickle was read")
        module.load = module.loads = refuse
import pandas as pd
import mlflow.sklearn
for model_id, folder in zip(sys.argv[1::2], sys.argv[2::2]):
    model = mlflow.sklearn.load_model("models:/" + model_id)
    features = pd.read_parquet(folder + "/features/features.parquet")
    labels = pd.Series(model.predict(features), index=features.index)
    segments = pd.read_csv(folder + "/segments/segments.csv").set_index("practice_code")
    placed = model[-1].place(model[:-1].transform(features))
    assert labels.index.equals(segments.index)
    assert (labels == segments["segment"]).all()
    assert (placed.second == segments["second_segment"]).all()
    assert abs(placed.margin - segments["margin"]).max() < 1e-6
    print("reproduced", len(labels))
"""


def test_a_fresh_process_loads_models_without_pickle_and_reproduces_the_segments(finished):
    """Of a tree, and of K-means: the run that DVC made, recorded now."""
    project, folder = finished
    of_hierarchical = run_of(project)
    choice = json.loads((project.root / "data" / "study" / "choice.json").read_text(encoding="utf-8"))
    assert choice["clusterer"] == "kmeans"
    project.call("gpseg-record", "data")
    (of_kmeans,) = (run for run in project.runs() if run.info.run_id != of_hierarchical.info.run_id)
    asked: list[str] = []
    for run, results in ((of_hierarchical, folder), (of_kmeans, project.root / "data")):
        (output,) = run.outputs.model_outputs
        asked += [output.model_id, str(results)]
    store = f"sqlite:///{project.root}/mlruns/mlflow.db"
    told = project.run("python", "-c", LOAD, *asked, MLFLOW_TRACKING_URI=store)
    assert told.count("reproduced 300\n") == 2, told


def test_the_logged_model_has_a_signature_and_an_example_and_no_pickle(finished):
    from gp_segmentation.tracking import store

    project, _ = finished
    client = store.open_store(project.root, "gp-practice-segmentation").client
    (output,) = run_of(project).outputs.model_outputs
    model = client.get_logged_model(output.model_id)
    files = {path.name for path in _folder_of(model.artifact_location).rglob("*")}
    assert {"MLmodel", "model.skops", "input_example.json"} <= files
    assert not {name for name in files if name.endswith((".pkl", ".pickle"))}
    words = (_folder_of(model.artifact_location) / "MLmodel").read_text(encoding="utf-8")
    assert "signature" in words
    assert "serialization_format: skops" in words


def _folder_of(uri):
    from pathlib import Path
    from urllib.parse import unquote, urlparse

    return Path(unquote(urlparse(uri).path))


def test_peers_are_shown_with_reasons(finished):
    project, folder = finished
    code = segments_of(folder)["practice_code"].iloc[7]
    told = project.call("gpseg-peers", code.lower(), "--run", str(folder))
    assert told.startswith(code)
    groups = segments_of(folder).set_index("practice_code").loc[code]
    words = " ".join(told.split())
    assert f" Supergroup {groups['supergroup']}: " in words
    assert f" Segment {groups['segment_code']} (number {groups['segment']}): " in words
    assert f" Subgroup {groups['subgroup']}, within {groups['segment_code']}: " in words
    assert told.count("alike:") == 10
    assert "Stays a peer" in told
    missing = project.call("gpseg-peers", "A00000", "--run", str(folder), check=False)
    assert "is not among the" in missing
    assert "Traceback" not in missing


@pytest.mark.parametrize("by", ["run id", "folder", "champion"])
def test_the_source_of_a_run_is_assigned_to_the_segments_of_the_run(finished, by, tmp_path):
    project, folder = finished
    run = run_of(project).info.run_id if by == "run id" else str(folder)
    if by == "champion":
        run = "models:/gp-practice-segmentation@champion"
        assert f"gpseg assign --run {run} --source SOURCE" in queries.crown(str(folder), project.root)
    out = tmp_path / "assigned.csv"
    told = project.call("gpseg-assign", "--run", run, "--source", "synthetic", "--out", str(out))
    found, known = pd.read_csv(out), segments_of(folder)
    assert list(found["practice_code"]) == list(known["practice_code"])
    for column in ("segment", "supergroup", "segment_code", "subgroup"):
        assert (found[column] == known[column]).all(), column
    assert (found["change"] == "stayed").all()
    assert "0 of 300 changed segment since the run: 0 moved" in told
    assert "of the run's own fitted practices the segment they have" in told


def test_a_run_in_the_store_is_compared_with_one_in_a_folder(finished, tmp_path):
    project, folder = finished
    run_id = run_of(project).info.run_id
    told = compare_runs([run_id, str(folder)], project.root, tmp_path)
    assert "adjusted Rand index 1.00 (1: the same)" in told
    assert read_table(tmp_path / "practices.csv").empty
    one, other = read_table(tmp_path / "summary.csv").to_dict("records")
    assert (one["where"], other["where"]) == (run_id, str(folder))
    assert str({**one, "where": "", "run": ""}) == str({**other, "where": "", "run": ""})


def test_a_folder_of_prepared_tables_or_of_raw_files_can_be_assigned(finished, tmp_path):
    project, folder = finished
    tables = []
    for name in ("data/prepared", "data/raw/synthetic"):
        out = tmp_path / "assigned.csv"
        project.call(
            "gpseg-assign", "--run", str(folder), "--source", str(project.root / name), "--out", str(out)
        )
        tables.append(pd.read_csv(out))
    pd.testing.assert_frame_equal(*tables)


def test_what_is_not_there_is_named(finished):
    project, folder = finished
    cases = {
        ("--run", "nothing", "--source", "synthetic"): "has no run nothing",
        ("--run", str(folder), "--source", "nhs_1999"): "neither a folder nor a source",
        ("--run", str(folder), "--source", "nhs_2023_24"): "gpseg data source=nhs_2023_24",
        ("--run", str(folder), "--source", "synthetic", "--level", "0.7"): "0.7 is not between 0 and 0.5",
    }
    for arguments, words in cases.items():
        told = project.call("gpseg-assign", *arguments, check=False)
        assert words in told
        assert "Traceback" not in told


def test_simulated_figures_are_warned_of_wherever_something_is_printed(finished, tmp_path):
    project, folder = finished
    code = segments_of(folder)["practice_code"].iloc[7]
    ask = ("gpseg-peers", code, "--run", str(folder))
    out = ("--out", str(tmp_path / "assigned.csv"))
    assert "SIMULATED" not in project.call(*ask)
    marker = project.root / "data" / "raw" / "synthetic" / "SIMULATED.txt"
    marker.write_text("achievement: drawn to test with\n", encoding="utf-8")
    try:
        told = project.call(*ask)
        assert told.startswith("SIMULATED FIGURES: achievement of QOF indicators.")
        assert f"\n{code} " in told
        explored = project.call("gpseg-explore")
        assert "SIMULATED FIGURES: achievement of QOF indicators" in explored
        page = (project.root / "data" / "explore" / "index.html").read_text(encoding="utf-8")
        assert "SIMULATED FIGURES: achievement of QOF indicators" in page
        # The run's raw files say so now, and so do those of the source.
        both = project.call("gpseg-assign", "--run", str(folder), "--source", "synthetic", *out)
        assert both.startswith("In the run: SIMULATED FIGURES")
        assert "In what is assigned: SIMULATED FIGURES" in both
    finally:
        marker.unlink()
    plain = project.call(
        "gpseg-assign", "--run", str(folder), "--source", str(project.root / "data/prepared"), *out
    )
    assert "SIMULATED" not in plain
