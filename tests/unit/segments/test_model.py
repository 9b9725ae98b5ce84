"""The model of a run: fitted rows keep their segment, others get the nearest; files hold no code."""

from __future__ import annotations

import pickletools
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import PowerTransformer, StandardScaler

from gp_segmentation.clustering import Levels, nest
from gp_segmentation.errors import GpsegError, InputError
from gp_segmentation.matrix.pipeline import build_pipeline, prepare_matrix
from gp_segmentation.matrix.transformers import Winsorise, knn_imputer
from gp_segmentation.segments.model import Segments, add_segments
from gp_segmentation.storage.model_files import load_model, save_model

DICTIONARY = pd.DataFrame(
    {"feature": list("abcd"), "label": list("ABCD"), "block": ["x", "x", "y", "y"], "weight": 1.0}
)


def levels_of(matrix: pd.DataFrame, labels: pd.Series) -> Levels:
    return nest(
        matrix.loc[labels.index], labels, supergroups=2, most_subgroups=3, floor=10, keys=labels.index
    )


@pytest.fixture(scope="module")
def features() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    index = pd.Index([f"P{i:03d}" for i in range(120)], name="practice_code")
    frame = pd.DataFrame(rng.normal(size=(120, 4)), index=index, columns=list("abcd"))
    frame.iloc[::17, 1] = np.nan
    return frame


@pytest.fixture(scope="module")
def labels(features: pd.DataFrame) -> pd.Series:
    """Segments that no nearest centroid would give: the first 100 practices are fitted."""
    return pd.Series(np.arange(100) % 3 + 1, index=features.index[:100])


@pytest.fixture(scope="module")
def model(features: pd.DataFrame, labels: pd.Series) -> Pipeline:
    steps = (knn_imputer(5), Winsorise(), PowerTransformer(), PCA(2))
    pipeline = build_pipeline(*steps, dictionary=DICTIONARY)
    fitted = pd.Series(features.index.isin(labels.index), index=features.index)
    result = prepare_matrix(features, fitted, pipeline, DICTIONARY)
    return add_segments(result.pipeline, result.matrix, labels, levels_of(result.matrix, labels))


def test_fitted_practices_keep_their_segment_and_others_get_the_nearest(
    model: Pipeline, features: pd.DataFrame, labels: pd.Series
) -> None:
    found = model.predict(features)
    assert_array_equal(found[:100], labels)
    frame = model[:-1].transform(features)
    matrix = frame.to_numpy()
    centres = np.stack([matrix[:100][labels == s].mean(axis=0) for s in (1, 2, 3)])
    nearest_centre = ((matrix[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1) + 1
    assert_array_equal(found[100:], nearest_centre[100:])
    assert_allclose(model[-1].agreement_, (nearest_centre[:100] == labels).mean())
    assert_array_equal(model[-1].fitted_rows(frame)[:100], np.arange(100))
    assert_array_equal(model[-1].fitted_rows(frame)[100:], -1)


def test_a_changed_figure_makes_a_practice_a_new_one(model: Pipeline, features: pd.DataFrame) -> None:
    changed = features.head(1).assign(a=lambda f: f["a"] + 0.01)
    assert list(model[-1].fitted_rows(model[:-1].transform(changed))) == [-1]


def test_a_row_gets_the_same_segment_by_itself_as_among_all(model: Pipeline, features: pd.DataFrame) -> None:
    one_by_one = np.concatenate([model.predict(features.iloc[[i]]) for i in range(120)])
    assert_array_equal(one_by_one, model.predict(features))


def test_a_file_gives_back_the_model_and_its_own_bytes(
    model: Pipeline, features: pd.DataFrame, tmp_path: Path
) -> None:
    first, second = tmp_path / "model.skops", tmp_path / "again.skops"
    save_model(first, model)
    back = load_model(first)
    save_model(second, back)
    assert first.read_bytes() == second.read_bytes()
    assert_array_equal(back.predict(features), model.predict(features))
    assert_allclose(back[-1].place(back[:-1].transform(features)).margin,
                    model[-1].place(model[:-1].transform(features)).margin, rtol=0, atol=0)  # fmt: skip


def test_no_member_of_a_file_is_a_pickle(model: Pipeline, tmp_path: Path) -> None:
    save_model(tmp_path / "model.skops", model)
    with zipfile.ZipFile(tmp_path / "model.skops") as members:
        assert {Path(name).suffix for name in members.namelist()} == {".json", ".npy"}
        for name in members.namelist():
            with pytest.raises((ValueError, IndexError)):
                list(pickletools.genops(members.read(name)))


def test_a_foreign_type_is_refused_before_it_is_made(tmp_path: Path) -> None:
    path = tmp_path / "foreign.skops"
    skops.io.dump(Pipeline([("path", Path), ("fit", LinearRegression())]), path)
    with pytest.raises(InputError, match=r"foreign.skops: holds the type pathlib"):
        load_model(path)


def test_an_absent_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(GpsegError, match=r"model\.skops does not exist"):
        load_model(tmp_path / "model.skops")


def test_a_model_without_fit_says_so() -> None:
    with pytest.raises(ValueError, match="not fitted"):
        Pipeline([("scale", StandardScaler().fit([[0.0], [1.0]])), ("segments", Segments())]).predict([[0.0]])
