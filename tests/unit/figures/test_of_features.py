"""The figures that show features: their numbers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from gp_segmentation.figures import NotShown, age_explained, before_after, correlations, embedding, missing


@pytest.fixture(scope="module")
def results(results_of):
    return results_of(4)


def test_skew_is_that_of_ordinary_practices(results):
    shown = before_after.data(results)
    ordinary = results.practices["special"].isna().to_numpy()
    expected = results.natural[ordinary].skew().abs().sort_values(ascending=False)
    assert_allclose([abs(shape.skew[0]) for shape in shown.shapes], expected)
    assert all(shape.before.max() == 1 for shape in shown.shapes)


def test_practices_that_lack_the_same_stand_together(results):
    shown = missing.data(results)
    # Four practices lack the deprivation score, and one of them a prevalence too.
    assert_array_equal(shown.matrix, [[True, True, True, True], [True, False, False, False]])
    assert shown.counts == [4, 1]
    assert missing.title(shown).startswith("4 of 240 practices lack a value; most often missing (4 times): ")


def test_nothing_missing_is_not_shown(results):
    with pytest.raises(NotShown, match="No value is missing"):
        missing.data(dataclasses.replace(results, features=results.matrix))


def test_little_is_said_in_a_sentence_instead_of_a_picture(results):
    features = results.matrix.copy()
    features.iloc[3, 1] = features.iloc[4, 2] = np.nan  # 2 of 1,200 values
    with pytest.raises(NotShown) as reason:
        missing.data(dataclasses.replace(results, features=features))
    assert str(reason.value).startswith(
        "Little is missing. 2 of 240 practices lack a value: patients aged 75 and over (1) and deprivation "
        "score (IMD 2025) (1). Missing values are filled in before clustering, never taken as zero"
    )


def test_the_closest_pair_is_named(results):
    shown = correlations.data(results)
    expected = results.matrix.corr().to_numpy()
    assert_allclose(shown.matrix, expected)
    i, j = shown.closest
    assert abs(expected[i, j]) == np.abs(np.tril(expected, -1)).max()


def test_registers_stand_from_the_most_to_the_least_explained_by_age(results):
    shown = age_explained.data(results)
    assert list(shown["r_squared"]) == [0.91, 0.15]
    title = age_explained.title(shown)
    assert title == (
        "Age alone explains 91.0% of the variation in atrial <b>fibrillation between practices, "
        "and 15.0% in depression"
    )


def test_neighbourhoods_are_drawn_only_on_request(results):
    with pytest.raises(NotShown, match=r"report\.embedding=tsne"):
        embedding.data(dataclasses.replace(results, config={"seed": 1, "report": {"embedding": None}}))


def test_neighbourhoods_are_the_same_each_time_and_keep_neighbours(results):
    one, two = embedding.data(results), embedding.data(results)
    assert_array_equal(one.points, two.points)
    fitted = int(results.segments["fitted"].sum())
    assert len(one.points) == fitted
    assert one.points["same"].between(0, 1).all()
    # Planted blobs: nearly every neighbour is of the same one, in the matrix as on paper.
    assert one.points["same"].mean() > 0.9
    places = one.points[["x", "y"]].to_numpy()
    paper = embedding.same_segment_share(places, one.points["segment"].to_numpy())
    assert paper.mean() > 0.9
