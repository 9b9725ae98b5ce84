"""data/matrix -> data/study: every trial that the configuration leaves open, and the choice."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from gp_segmentation import config, study
from gp_segmentation.schemas import of_preparation
from gp_segmentation.storage.table_files import read_table, write_table
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.study.plots import write_plots  # with pyplot, for which no check need wait
from gp_segmentation.utils.arrays import Floats
from gp_segmentation.utils.files import fresh_folder, write_json


def build(node: Mapping[str, Any], **parameters: Any) -> Any:
    """Build a clusterer or the sampler of a study."""
    return config.build(node, "clusterer", "sampler", **parameters)


def run(cfg: dict[str, Any], ws: Workspace) -> None:
    """Try every open parameter on every matrix, and choose by the rule."""
    options, ways = cfg["study"], ws.preparations()
    matrices = {name: ws.fitted_matrix(ws.matrix_folder(name)) for name in ways}
    space = study.open_space(cfg["clusterer"], options, ways)
    found = study.run_study(
        matrices,
        space,
        build,
        options,
        folder=ws.cache / "studies",
        cache=study.TreeFolder.of(ws.cache / "trees", options["tree_cache"]),
        seed=cfg["seed"],
        jobs=cfg["jobs"],
    )
    practices = matrices[found.choice["preparation"]].index
    labels = pd.DataFrame({str(trial): row for trial, row in found.result.labels.items()}, index=practices)
    with fresh_folder(ws.study) as out:
        write_table(out / "trials.parquet", found.trials, "trials")
        trials = read_table(out / "trials.parquet", "trials")  # with the digits that others read
        write_table(out / "labels.parquet", labels.astype("int32"))
        write_table(out / "null.parquet", found.null)
        write_table(out / "tree.parquet", found.tree)
        write_table(out / "preparations.csv", found.preparations)
        write_table(out / "candidates.csv", found.candidates)
        write_table(out / "resamples.parquet", found.resamples)
        columns = matrices[found.choice["preparation"]].columns
        write_table(out / "centroids.parquet", _resampled_centroids(found.centroids, columns))
        chosen = of_preparation(trials, found.choice["preparation"])
        write_table(out / "scores_by_k.csv", study.scores_by_k(chosen))
        write_json(out / "choice.json", found.choice)
        write_plots(trials, found.result.points, space, found.objectives, out / "plots")


def _resampled_centroids(found: Floats, columns: pd.Index) -> pd.DataFrame:
    """Return draw, segment (as the chosen trial numbers it) and its centroid, by the matrix's columns."""
    draws, segments = found.shape[:2]
    numbers = pd.MultiIndex.from_product([range(draws), range(segments)], names=["draw", "segment"])
    return pd.DataFrame(found.reshape(len(numbers), len(columns)), numbers, columns).reset_index()
