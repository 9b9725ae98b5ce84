"""Why practices change their segment, on simulated years in which the reason is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_series_equal
from scipy.spatial.distance import cdist
from sklearn.cluster import AgglomerativeClustering, KMeans

from gp_segmentation.clustering import centroids
from gp_segmentation.schemas import CHANGES
from gp_segmentation.segments.changes import Changes, classify_changes, describe_changes

#: Practices, columns, segments; standard deviation of what chance adds to a practice's figures every year.
N, P, K, CHANCE = 3000, 6, 4, 0.15
DRIFT = CHANCE * np.sqrt(2)
CLUSTERERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "kmeans": lambda x: KMeans(K, n_init=3, random_state=0).fit_predict(x) + 1,
    "hierarchical": lambda x: AgglomerativeClustering(K, linkage="ward").fit_predict(x) + 1,
}


@dataclass(frozen=True)
class Year:
    """A run on one year of a continuum of practices, and what their figures would be without chance."""

    truth: np.ndarray
    before: pd.DataFrame
    segments: pd.Series
    centres: pd.DataFrame

    def after(self, shift: np.ndarray | float = 0.0, seed: int = 2) -> pd.DataFrame:
        """Another year: the truth moved by `shift`, and chance drawn anew."""
        drawn = np.random.default_rng(seed).normal(0, CHANCE, self.truth.shape)
        return pd.DataFrame(self.truth + shift + drawn, self.before.index, self.before.columns)

    def nearest(self, rows: pd.DataFrame) -> pd.Series:
        own = cdist(rows.to_numpy(), self.centres.to_numpy()).argmin(axis=1)
        return pd.Series(self.centres.index.to_numpy()[own], index=rows.index)

    def changes(self, after: pd.DataFrame, **options: float) -> Changes:
        now, codes = self.nearest(after), set(self.before.index)
        return classify_changes(
            self.before, after, self.centres, self.segments, now, ordinary=codes, **options
        )


@pytest.fixture(scope="module", params=sorted(CLUSTERERS))
def year(request: pytest.FixtureRequest) -> Year:
    rng = np.random.default_rng(1)
    truth = rng.normal(0, [1.0, 0.8, 0.6, 0.4, 0.3, 0.3], (N, P))
    index = pd.Index([f"A{i:05d}" for i in range(N)], name="practice_code")
    before = pd.DataFrame(truth + rng.normal(0, CHANCE, (N, P)), index, list("abcdef"))
    labels = pd.Series(CLUSTERERS[request.param](before.to_numpy()), index=index)
    return Year(truth, before, labels, centroids(before, labels))


def counts(found: Changes) -> pd.Series:
    return found.table["change"].value_counts().reindex(CHANGES, fill_value=0)


def test_chance_alone_is_no_move(year: Year) -> None:
    number = counts(year.changes(year.after()))
    changed = number[["with England", "near a border", "moved"]].sum()
    assert changed > 150  # enough to measure 1 in 100
    assert number["moved"] / changed < 0.01
    assert number["near a border"] / changed > 0.9
    assert number["new"] == 0


def test_moves_far_across_a_border_are_distinguished_from_chance(year: Year) -> None:
    first, second = year.centres.loc[1].to_numpy(), year.centres.loc[2].to_numpy()
    normal = (second - first) / np.linalg.norm(second - first)
    depth = ((first + second) / 2 - year.truth) @ normal  # of segment 1, from its border to segment 2
    deep = (year.segments == 1) & (year.nearest(year.before) == 1) & (depth > 4 * DRIFT)
    group = np.flatnonzero(deep)[:60]
    shift = np.zeros((N, P))
    shift[group] = (2 * depth[group])[:, None] * normal  # mirrored at the border
    found = year.changes(year.after(shift))
    change = found.table["change"].to_numpy()
    assert len(group) > 30
    assert (change[group] == "moved").mean() > 0.95
    others = np.delete(change, group)
    assert (others == "moved").sum() <= 0.01 * np.isin(others, ["near a border", "moved"]).sum() + 1


def test_changes_because_england_shifts_are_classed_with_england(year: Year) -> None:
    shift = 4 * DRIFT * (year.centres.loc[2] - year.centres.loc[1]).to_numpy()
    shift /= np.linalg.norm(year.centres.loc[2] - year.centres.loc[1])
    after = year.after(shift)
    found, still = year.changes(after), year.changes(year.after())
    number = counts(found)
    assert_allclose(found.shift, shift, atol=4 * DRIFT / np.sqrt(N))
    assert number["with England"] > 0.6 * number[["with England", "near a border", "moved"]].sum()
    assert number["moved"] <= 0.01 * number["with England"] + 1
    # Without a shift of England only the chance in its estimate gives changes with England.
    assert counts(still)["with England"] < 0.1 * number["with England"]


def test_a_segment_that_differs_from_the_rule_is_no_change(year: Year) -> None:
    rule = year.nearest(year.before)
    differs = rule != year.segments
    found = year.changes(year.before + 1e-6).table  # nothing happened
    assert_array_equal(found["change"], np.where(differs, "rule only", "stayed"))
    assert_array_equal(found["run_rule_segment"], rule)
    assert found["drift_chance"].isna().all()


def test_hierarchical_segments_differ_from_the_rule() -> None:
    x = pd.DataFrame(np.random.default_rng(3).normal(size=(400, P)))
    labels = pd.Series(CLUSTERERS["hierarchical"](x.to_numpy()), index=x.index)
    run = Year(x.to_numpy(), x, labels, centroids(x, labels))
    assert counts(run.changes(x + 1e-6))["rule only"] > 20


@pytest.mark.parametrize(
    ("origin", "england"), [(0.0, 0.0), (0.0, 1.5), (-5.0, 0.0)], ids=["as is", "England up", "border at 0"]
)
def test_the_chance_is_half_the_share_of_practices_that_drift_as_far(origin: float, england: float) -> None:
    # One column, segments around 0 and 10, border at 5. Drift of the others: 50 of 1, 30 of 2, 20 of 3,
    # half of each up and half down, so that England's shift is 0. Neither a shift of all figures in the
    # later year nor another origin of the column changes anything.
    size = np.repeat([1.0, 2.0, 3.0], [50, 30, 20]) * np.tile([1.0, -1.0], 50)
    codes = [f"A{i:05d}" for i in range(104)]
    before = pd.DataFrame({"x": [*np.zeros(100), 4.5, 2.5, 0.0, 3.5]}, index=codes) + origin
    after = pd.DataFrame({"x": [*size, 5.5, 7.5, 10.0, 5.5]}, index=codes) + origin + england
    segments = pd.Series(1, index=codes)
    centres = pd.DataFrame({"x": [0.0, 10.0]}, index=pd.Index([1, 2], name="segment")) + origin
    now = pd.Series([1] * 100 + [2] * 4, index=codes)
    options = {"ordinary": set(codes[:100])}
    found = classify_changes(before, after, centres, segments, now, **options).table
    #          depth before, after:  0.5, 0.5         2.5, 2.5        5, 5     1.5, 0.5
    assert_allclose(found["drift_chance"].iloc[100:], [100 / 200, 20 / 200, 0 / 200, 100 / 200])
    assert list(found["change"].iloc[100:]) == ["near a border", "moved", "moved", "near a border"]
    strict = classify_changes(before, after, centres, segments, now, **options, level=0.05)
    assert list(strict.table["change"].iloc[100:]) == [
        "near a border",
        "near a border",
        "moved",
        "near a border",
    ]
    assert (strict.compared, strict.level) == (100, 0.05)
    assert_allclose(strict.shift["x"], england, atol=1e-12)


def few_changes(centre: float, years: list[tuple[float, float]]) -> Changes:
    """Changes of few practices with one figure in two years, from segment 1 at 0 to segment 2 at `centre`."""
    index = pd.Index([f"A{i:05d}" for i in range(len(years))], name="practice_code")
    before, after = (pd.DataFrame({"x": list(x)}, index) for x in zip(*years, strict=True))
    centres = pd.DataFrame({"x": [0.0, centre]}, index=pd.Index([1, 2], name="segment"))
    one = pd.Series(1, index)
    return classify_changes(before, after, centres, one, one + 1, ordinary=set(index))


def test_figures_within_rounding_are_no_drift() -> None:
    assert few_changes(10.0, [(0.0, 1e-6), (0.0, -1e-6), (0.0, 1.1e-6), (0.0, -1.1e-6)]).compared == 2


def test_the_margin_is_near_below_one_twentieth_in_either_year() -> None:
    # Centroids at 0 and 39. 19 and 20 are 19 from one and 20 from the other: (20 - 19) / 20.
    found = few_changes(39.0, [(19.0, 20.0), (19.1, 39.0), (0.0, 19.9), (0.0, 20.1)])
    assert list(found.table["change"]) == ["moved", "near a border", "near a border", "moved"]


def test_with_few_practices_to_compare_the_margin_decides() -> None:
    codes = [f"A{i:05d}" for i in range(5)]
    before = pd.DataFrame({"x": [0.0, 4.9, 2.0, 8.0, 1.0]}, index=codes)
    after = pd.DataFrame({"x": [0.5, 6.0, 8.0, 9.0, 1.0, 2.0]}, index=[*codes, "B00000"])
    centres = pd.DataFrame({"x": [0.0, 10.0]}, index=pd.Index([1, 2], name="segment"))
    segments = pd.Series([1, 1, 1, 1, 1], index=codes)
    now = pd.Series([1, 2, 2, 2, 1, 1], index=after.index)
    found = classify_changes(before, after, centres, segments, now, ordinary=set(codes))
    # 4.9 is 4.9 from 0 and 5.1 from 10: a margin of 0.04. 8.0 was the second segment's by the rule before.
    assert list(found.table["change"]) == ["stayed", "near a border", "moved", "rule only", "stayed", "new"]
    rule = pd.Series([1, 1, 1, 2, 1, pd.NA], index=after.index, name="run_rule_segment", dtype="Int64")
    assert_series_equal(found.table["run_rule_segment"], rule)
    assert_series_equal(found.shift, pd.Series({"x": np.nan}))
    assert found.compared == 4
    assert describe_changes(found, {}, pd.Series({"x": 1.0})) == [
        "3 of 5 changed segment since the run: 1 moved, 1 near a border, 0 with England, 1 rule only "
        "(column change).",
        "Only 4 ordinary practices have figures that differ from the run's year; estimating drift needs 100. "
        "Near a border therefore means a margin below 0.05.",
    ]


def test_a_practice_that_had_no_segment_is_told_apart_whatever_the_rule_gives() -> None:
    #             same figures, same place, across, same place
    years = [(1.0, 1.0), (1.0, 2.0), (1.0, 9.0), (1.0, 2.0)]
    index = pd.Index([f"A{i:05d}" for i in range(4)])
    before, after = (pd.DataFrame({"x": x}, index) for x in zip(*years, strict=True))
    centres = pd.DataFrame({"x": [0.0, 10.0]}, index=pd.Index([1, 2], name="segment"))
    run, now = (pd.Series(numbers, index) for numbers in ([-1, -1, -1, 1], [-1, 1, 2, 1]))
    found = classify_changes(before, after, centres, run, now, ordinary=set(index))
    assert list(found.table["change"]) == ["stayed", "had no segment", "had no segment", "stayed"]
    assert found.table["run_rule_segment"].tolist() == [1, 1, 1, 1]
    assert found.compared == 3  # their figures tell of England's shift, too
    assert describe_changes(found, {}, pd.Series({"x": 1.0}))[0] == (
        "0 of 4 changed segment since the run: 0 moved, 0 near a border, 0 with England, 0 rule only (column "
        "change). 2 had no segment in the run, and have other figures now."
    )


def described(compared: int, shift: dict[str, float], spread: dict[str, float]) -> list[str]:
    number = {"new": 1000, "stayed": 2000, "rule only": 1001, "with England": 1002, "near a border": 1003}
    table = pd.DataFrame({"change": np.repeat([*number, "moved"], [*number.values(), 1004])})
    changes = Changes(table, compared, pd.Series(shift), 0.2)
    return describe_changes(changes, {"a": "Obesity"}, pd.Series(spread))


def test_the_sentences_say_how_many_changed_why_and_where_england_shifted_most() -> None:
    shift = {"a": 0.5, "flat": 9.0, "c": 0.01, "d": -0.3}
    assert described(1234, shift, {"a": 0.5, "flat": 0.0, "c": 1.0, "d": 0.1}) == [
        "4,010 of 6,010 changed segment since the run: 1,004 moved, 1,003 near a border, 1,002 with England, "
        "1,001 rule only (column change).",
        "Near a border: ordinary drift between years takes such a practice across with a probability above "
        "0.2. Moved: this probability is lower. With England: the practice would not have changed segment if "
        "England as a whole had not shifted. Rule only: in the run's year its nearest centroid was already "
        "that of this segment.",
        "Drift was measured on 1,234 practices. England's shift was largest in d −3.00 SD, Obesity +1.00 SD, "
        "c +0.01 SD.",
    ]


def test_columns_that_shift_alike_come_in_the_order_of_the_matrix_and_without_spread_shift_by_none() -> None:
    shift = {f"x{i}": 0.0 for i in range(60)} | {"x40": 1.0, "x0": 9.0}
    text = described(100, shift, dict.fromkeys(shift, 1.0) | {"x0": 0.0})[-1]
    assert text.endswith("largest in x40 +1.00 SD, x0 0.00 SD, x1 0.00 SD.")


@pytest.mark.parametrize(("compared", "sentences"), [(99, 2), (100, 3)])
def test_drift_is_described_from_a_hundred_practices_on(compared: int, sentences: int) -> None:
    assert len(described(compared, {"a": 0.5}, {"a": 0.5})) == sentences


def test_a_stricter_level_calls_fewer_a_move(year: Year) -> None:
    after = year.after(np.random.default_rng(5).normal(0, 0.5, (N, P)))
    moved = [counts(year.changes(after, level=level))["moved"] for level in (0.02, 0.1, 0.3)]
    assert moved[0] < moved[1] < moved[2]


def test_with_one_segment_every_practice_stays() -> None:
    rows = pd.DataFrame({"x": np.arange(5.0)}, index=[f"A{i:05d}" for i in range(5)])
    one = pd.Series(1, index=rows.index)
    centres = pd.DataFrame({"x": [2.0]}, index=pd.Index([1], name="segment"))
    found = classify_changes(rows, rows + 1, centres, one, one, ordinary=set(rows.index))
    assert_array_equal(found.table["change"], "stayed")
