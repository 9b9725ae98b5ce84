"""What the evidence takes from the study: labels by number of segments, and the stability of the choice."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from gp_segmentation.pipeline.stages.evidence import _known, _labels_by_k
from gp_segmentation.storage.table_files import write_table
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import write_json

TRIALS = [
    ("a", "hierarchical", "ward", 2),
    ("a", "hierarchical", "ward", 3),
    ("a", "hierarchical", "average", 2),
    ("a", "hierarchical", "average", 4),
    ("a", "kmeans", None, 5),
    ("b", "hierarchical", "ward", 6),
]
#: Scores of the trials, which do not matter here.
SCORES = {
    **dict.fromkeys(("silhouette", "davies_bouldin", "calinski_harabasz", "inertia"), 0.5),
    **{"smallest_segment": 1, "largest_segment": 1, "sizes": "1 1"},
    **dict.fromkeys(("null_silhouette", "excess_silhouette"), 0.1),
}


def test_labels_are_those_of_the_chosen_clusterer_and_at_its_number_the_segments(tmp_path: Path) -> None:
    ws = Workspace(tmp_path)
    trials = pd.DataFrame(TRIALS, columns=["preparation", "clusterer", "linkage", "n_clusters"])
    trials = trials.assign(**SCORES).rename_axis("trial").reset_index()
    practices = pd.Index(["A1", "A2", "A3"], name="practice_code")
    labels = pd.DataFrame({str(trial): [trial, trial, 0] for trial in range(6)}, index=practices)
    ws.study.mkdir()
    write_table(ws.study / "trials.parquet", trials, "trials")
    write_table(ws.study / "labels.parquet", labels)
    choice = {"preparation": "a", "clusterer": "hierarchical", "linkage": "ward", "n_clusters": 3}
    write_json(ws.study / "choice.json", choice)
    segments = pd.Series([1, 2], index=["A3", "A1"])  # the evidence may use a part of the practices
    found = _labels_by_k(ws, segments)
    assert list(found) == [2, 3]
    assert found[2].to_dict() == {"A3": 0, "A1": 0}
    assert found[3] is segments


def test_the_study_s_resamples_are_numbered_as_the_segments_and_practices_of_none_left_out(
    tmp_path: Path,
) -> None:
    ws = Workspace(tmp_path)
    ws.study.mkdir()
    setting = {"preparation": None, "clusterer": "dbscan", "linkage": None, "n_clusters": 2}
    trials = pd.DataFrame([setting]).assign(**SCORES, trial=0)
    columns = ["trial", *(name for name in trials if name != "trial")]
    write_table(ws.study / "trials.parquet", trials[columns].astype({"preparation": "str", "linkage": "str"}))
    write_json(ws.study / "choice.json", setting | {"trial": 0})
    write_table(
        ws.study / "candidates.csv", pd.DataFrame(columns=["trial", "n_clusters", "prediction_strength"])
    )
    practices = pd.Index(["A1", "A2", "A3", "A4"], name="practice_code")
    write_table(ws.study / "labels.parquet", pd.DataFrame({"0": [1, -1, 0, 1]}, practices))
    resamples = pd.DataFrame({"trial": 0, "draw": [0, 0, 1, 1], "segment": [0, 1, 0, 1], "jaccard": 0.25})
    write_table(ws.study / "resamples.parquet", resamples)
    every = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]}, practices)
    # The study's cluster 1 is the largest: segment 1.
    labels = pd.Series([1, 2, 1], index=["A1", "A3", "A4"])
    known = _known({"study": {"rule": {"splits": 3}}}, ws, every, labels)
    assert known.rows.tolist() == [[1.0], [2.0], [3.0], [4.0]]
    assert known.segments.tolist() == [1, -1, 2, 1]
    assert known.jaccard[["k", "draw", "segment"]].to_numpy().tolist() == [
        [2, 0, 2],
        [2, 0, 1],
        [2, 1, 2],
        [2, 1, 1],
    ]
