"""What the evidence takes from the study: the labels of the chosen clusterer by number of segments."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from gp_segmentation.pipeline.stages.evidence import _labels_by_k
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
