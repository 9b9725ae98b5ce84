"""Trees kept by content: found again, bounded, never trusted when broken."""

from __future__ import annotations

import os

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from gp_segmentation.clustering import build_tree
from gp_segmentation.study.tree_cache import TreeFolder


@pytest.fixture(name="X")
def rows() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(50, 3))


def test_a_tree_is_found_by_its_rows_linkage_and_metric(tmp_path, X):
    tree = build_tree(X, "ward")
    TreeFolder(tmp_path, 1).put(X, "ward", "euclidean", tree)
    again = TreeFolder(tmp_path, 1)
    assert_array_equal(again.get(X, "ward", "euclidean"), tree)
    assert again.get(X, "average", "euclidean") is None
    assert again.get(X + 1, "ward", "euclidean") is None


def test_a_broken_file_is_not_there(tmp_path, X):
    folder = TreeFolder(tmp_path, 1)
    folder.put(X, "ward", "euclidean", build_tree(X, "ward"))
    (file,) = tmp_path.glob("*.npy")
    file.write_bytes(file.read_bytes()[:100])
    assert folder.get(X, "ward", "euclidean") is None


def test_the_least_recently_used_go_first(tmp_path, X):
    size = 3 * (build_tree(X, "ward").nbytes + 128)
    folder = TreeFolder(tmp_path, size / 2**20)
    for age, linkage in enumerate(("ward", "average", "complete")):
        folder.put(X, linkage, "euclidean", build_tree(X, linkage))
        (file,) = tmp_path.glob(f"*-{linkage}-*")
        os.utime(file, (1000 + age, 1000 + age))
    assert folder.get(X, "ward", "euclidean") is not None  # used just now
    folder.put(X, "single", "euclidean", build_tree(X, "single"))
    kept = {file.name.split("-")[1] for file in tmp_path.glob("*.npy")}
    assert kept == {"ward", "complete", "single"}
