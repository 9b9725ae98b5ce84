"""The steps of the synthetic England, each by itself on small tables."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, logit, ndtri

from gp_segmentation.sources.synthetic import patients
from gp_segmentation.sources.synthetic.achievement import THRESHOLDS, at_level, points_of_rates
from gp_segmentation.sources.synthetic.calibration import load_calibration, share_out, stream, times
from gp_segmentation.sources.synthetic.geography import draw_geography, group_neighbours
from gp_segmentation.sources.synthetic.latent import list_sizes, plant_special, to_variables


def test_streams_are_named_and_do_not_disturb_each_other() -> None:
    expected = stream(5, "latent").standard_normal(3)
    stream(5, "geography").standard_normal(1000)
    assert_array_equal(stream(5, "latent").standard_normal(3), expected)
    assert not np.isclose(stream(5, "geography").standard_normal(3), expected).any()
    assert not np.isclose(stream(6, "latent").standard_normal(3), expected).any()


def test_no_description_of_an_indicator_is_cut() -> None:
    rows = load_calibration().raw["achievement"]["indicators"]
    described = {row["code"]: row["description"] for row in rows}
    assert len(described) == 76
    assert [code for code, text in described.items() if text.endswith("...]") or "…" in text] == []
    assert described["BP002"] == (
        "The percentage of patients aged 45 or over who have a record of blood pressure in the preceding 5 "
        "years"
    )


@pytest.mark.parametrize(
    ("weights", "total", "least", "shares"),
    [
        ([1, 1, 2], 8, 0, [2, 2, 4]),
        ([1, 1, 1], 4, 0, [2, 1, 1]),  # 4/3 each: the first takes what is left
        ([100, 1, 1], 3, 1, [1, 1, 1]),
        ([3, 1, 0], 7, 1, [4, 2, 1]),  # 4 spare: 3, 1, 0
    ],
)
def test_share_out_takes_largest_remainders(
    weights: list[int], total: int, least: int, shares: list[int]
) -> None:
    assert share_out(np.array(weights), total, least=least).tolist() == shares


def test_times_is_a_matrix_product() -> None:
    factor, normals = stream(1, "a").random((3, 3)), stream(1, "b").random((5, 3))
    assert_allclose(times(factor, normals), normals @ factor.T)


def test_whole_numbers_add_to_their_total() -> None:
    cells = np.array([[1.5, 1.25, 1.25], [0.1, 0.8, 2.1], [0.0, 0.0, 0.0]])
    assert patients.whole_numbers(cells, np.array([4, 3, 0])).tolist() == [[2, 1, 1], [0, 1, 2], [0, 0, 0]]


def test_broad_ages_follow_from_nested_logits() -> None:
    # 20% are 65+, half of them 75+; of the other 80%: a quarter children; of adults a fifth 15-24, half 45-64
    nested = np.array([logit([0.2, 0.5, 0.25, 0.2, 0.5])])
    expected = [0.8 * 0.25, 0.6 * 0.2, 0.6 * 0.8 * 0.5, 0.6 * 0.8 * 0.5, 0.2 * 0.5, 0.2 * 0.5]
    assert_allclose(patients.broad_age_shares(nested), [expected])


def test_women_have_the_share_asked_for() -> None:
    wanted = np.array([0.35, 0.5, 0.53])
    logits = np.tile(logit([0.2, 0.5, 0.25, 0.2, 0.5]), (3, 1))
    size = np.array([100_000, 100_000, 100_000])
    drawn = patients.draw_patients(load_calibration(), size, logits, logit(wanted), stream(2, "ages"))
    assert_array_equal(drawn.sum(axis=(1, 2)), size)
    assert_allclose(drawn[:, 0].sum(axis=1) / size, wanted, atol=3e-4)


def test_neighbours_are_grouped() -> None:
    centres = np.repeat([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]], 20, axis=0)
    points = centres + 0.1 * stream(3, "points").standard_normal(centres.shape)
    labels = group_neighbours(points, 3, stream(3, "groups"))
    assert [len(set(labels[start : start + 20])) for start in (0, 20, 40)] == [1, 1, 1]
    assert sorted(set(labels.tolist())) == [0, 1, 2]


def test_neighbours_of_fewer_places_than_groups_are_numbered_without_gaps() -> None:
    labels = group_neighbours(np.zeros((4, 2)), 3, stream(3, "groups"))
    assert labels.tolist() == [0, 0, 0, 0]


def test_points_keep_within_reach_of_their_town() -> None:
    calibration = load_calibration()
    place = draw_geography(calibration, 2000, stream(4, "geography"))
    means = np.concatenate([icb.means for icb in calibration.icbs])[place.component]
    covariances = np.concatenate([icb.covariances for icb in calibration.icbs])[place.component]
    away = np.column_stack([place.longitude, place.latitude]) - means
    distance = np.einsum("ni,nij,nj->n", away, np.linalg.inv(covariances), away)
    assert distance.max() < calibration.truncation
    # A squared radius that is exponential (mean 2) and cut at 5 has mean 2 - 5/(e^2.5 - 1).
    assert_allclose(distance.mean(), 2 - 5 / np.expm1(2.5), atol=0.1)
    assert_array_equal(place.component_icb[place.component], place.icb)
    assert_array_equal(place.pcn_component[place.pcn], place.component)


def test_marginals_are_the_real_quantiles_whatever_was_drawn() -> None:
    mixture = load_calibration().archetypes
    z = np.exp(stream(5, "z").standard_normal((999, len(mixture.names))))
    x = to_variables(mixture, z)
    assert_allclose(np.median(x, axis=0), mixture.quantiles[:, 12])
    assert_array_equal(np.argsort(x[:, 0], kind="stable"), np.argsort(z[:, 0], kind="stable"))
    # rank 158 of 999 stands at probability 157.5/999
    at = np.interp(ndtri(157.5 / 999), mixture.z_grid, mixture.quantiles[0])
    assert_allclose(np.sort(x[:, 0])[157], at)


def test_special_practices_are_planted_in_their_fractions() -> None:
    calibration = load_calibration()
    x = np.zeros((10_000, len(calibration.archetypes.names)))
    planted, special = plant_special(calibration, x, stream(6, "special"))
    classes = calibration.raw["archetypes"]["special"]["classes"]
    for entry in classes:
        assert (special == entry["name"]).sum() == round(10_000 * entry["fraction_of_practices"])
    assert not planted[special == ""].any()
    students = planted[special == "student"]
    assert_allclose(students[:, 0].mean(), classes[0]["centre"][0], atol=4 * classes[0]["sd"][0] / 76**0.5)


def test_list_sizes_keep_tiny_classes_below_a_thousand() -> None:
    special = np.array(["", "", "care_home_list", "homeless_inclusion", "student"])
    log_list = np.log([5000.4, 990, 5, 1500, 700])
    assert list_sizes(log_list, special).tolist() == [5000, 1000, 20, 999, 1000]


def test_points_are_linear_between_thresholds() -> None:
    lower, upper = THRESHOLDS["CHD005"]
    assert (lower, upper) == (56, 96)
    numerator = np.array([[50], [56], [76], [96], [100], [0]])
    denominator = np.array([[100], [100], [100], [100], [100], [0]])
    found = points_of_rates(["CHD005"], np.array([7.0]), numerator, denominator)
    assert_allclose(found[:, 0], [0, 0, 3.5, 7, 7, 0])


def test_rates_are_moved_to_englands_level() -> None:
    score = stream(7, "score").standard_normal((500, 3))
    weight = stream(7, "weight").integers(0, 200, (500, 3))
    weight[:, 2] = 0
    wanted = np.array([0.98, 0.6, 0.5])
    rates = at_level(score, weight, wanted)
    assert_allclose(np.average(rates[:, 0], weights=weight[:, 0]), 0.98)
    assert_allclose(np.average(rates[:, 1], weights=weight[:, 1]), 0.6)
    assert_allclose(rates[:, 2], expit(score[:, 2]))
    assert_allclose(np.diff(logit(rates[:, 0]) - score[:, 0]), 0, atol=1e-9)
