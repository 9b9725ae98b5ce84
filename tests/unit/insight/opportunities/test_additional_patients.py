"""Additional patients: by hand, never negative, adding up, and with intervals that cover the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from gp_segmentation.insight.groups import segment_sizes
from gp_segmentation.insight.opportunities import additional_patients
from gp_segmentation.insight.opportunities.additional_patients import Opportunities, find_opportunities
from gp_segmentation.insight.opportunities.shrunken_rates import achieved_rates, shrink_in_segments
from gp_segmentation.insight.opportunities.tables import by_practice, by_segment, count_not_open, totals

England = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def england_of(x: np.ndarray, n: np.ndarray, segment: np.ndarray) -> England:
    """Achievement of one indicator, segments, and groups to sum over."""
    codes = [f"P{i:04d}" for i in range(len(x))]
    achievement = pd.DataFrame(
        {"practice_code": codes, "indicator_code": "HYP008", "numerator": x, "denominator": n, "pcas": 0.0}
    ).astype({"numerator": float, "denominator": float})
    segments = pd.DataFrame({"practice_code": codes, "segment": segment, "fitted": True})
    segments["segment_name"] = segments["segment"].map({1: "One", 2: "Two"})
    index = pd.Index(codes, name="practice_code")
    groups = pd.DataFrame(
        {"england": "England", "segment": segment.astype(str), "icb": np.arange(len(x)) % 4}, index=index
    )
    return achievement, segments, groups.astype({"icb": "str"})


def opportunities_of(england: England, **options: int) -> Opportunities:
    achievement, segments, groups = england
    return find_opportunities(achieved_rates(achievement, segments), groups, **options)


def draw(rng: np.random.Generator, practices: int, eligible: float) -> tuple[np.ndarray, England]:
    """True rates, and counts drawn from them: two segments of unlike rates, lists of unlike size."""
    segment = np.repeat([1, 2], practices // 2)
    n = np.maximum(20, rng.lognormal(np.log(eligible), 0.6, practices)).astype(int)
    mean = np.where(segment == 1, 0.7, 0.85)
    truth = rng.beta(30 * mean, 30 * (1 - mean))
    return truth, england_of(rng.binomial(n, truth), n, segment)


def practices_of(segment: int, none: int, one: int, two: int) -> pd.DataFrame:
    """Rates of a segment's practices with 2 eligible patients, so many of which reach 0, 1 and 2 of them."""
    x = np.repeat([0.0, 1.0, 2.0], [none, one, two])
    codes = [f"P{segment}{i:02d}" for i in range(len(x))]
    frame = pd.DataFrame({"indicator_code": "I", "practice_code": codes, "segment": segment})
    return frame.assign(numerator=x, eligible=2.0, rate=x / 2)


def groups_of(rates: pd.DataFrame) -> pd.DataFrame:
    index = pd.Index(rates["practice_code"].unique(), name="practice_code")
    return pd.DataFrame({"england": "England"}, index=index)


def test_practices_gain_what_separates_their_shrunk_rate_from_the_upper_quartile() -> None:
    rates = pd.concat([practices_of(1, 5, 10, 15), practices_of(2, 15, 10, 5)], ignore_index=True)
    found = find_opportunities(rates, groups_of(rates), draws=0)
    # Priors are Beta(2, 1) and Beta(1, 2) (see the tests of shrunken rates), the weight is 2 / (2 + 3).
    root = (2 / 5) ** 0.5
    none_1, two_1 = 2 / 3 - root * 2 / 3, 2 / 3 + root * 1 / 3
    none_2, one_2, two_2 = 1 / 3 - root * 1 / 3, 1 / 3 + root * 1 / 6, 1 / 3 + root * 2 / 3
    # Of 30 practices in order, place 0.75 x 29 = 21.75 is among the two of two of segment 1, and among the
    # one of two of segment 2. England's place 0.75 x 59 = 44.25 is between those that reach two of two.
    england = two_2 + 0.25 * (two_1 - two_2)
    # Posteriors with simple quantiles: Beta(4, 1) of two in segment 1 and Beta(1, 4) of none in segment 2.
    worst_1, best_2, worst_2 = 0.025**0.25, 1 - 0.025**0.25, 1 - 0.975**0.25
    expected = pd.DataFrame(
        {
            "indicator_code": "I",
            "practice_code": ["P129", "P200"],
            "segment": [1, 2],
            "numerator": [2.0, 0.0],
            "eligible": 2.0,
            "rate": [1.0, 0.0],
            "shrunk_rate": [two_1, none_2],
            "below": [False, True],
            "target": [two_1, one_2],
            "additional_patients": [0.0, 2 * (one_2 - none_2)],
            "low": [0.0, 0.0],
            "high": [2 * (two_1 - worst_1), 2 * (one_2 - worst_2)],
            "england_target": england,
            "england_additional_patients": [0.0, 2 * (england - none_2)],
            "england_low": [0.0, 2 * (england - best_2)],
            "england_high": [2 * (england - worst_1), 2 * (england - worst_2)],
        },
        index=[29, 30],
    )
    assert_frame_equal(found.practices.iloc[[29, 30]], expected, rtol=1e-5, atol=1e-7)
    assert_allclose(found.practices["additional_patients"].iloc[0], 2 * (two_1 - none_1), rtol=1e-5)
    assert found.totals[["low", "high", "england_low", "england_high"]].isna().all(axis=None), "no draws"


class Fixed:
    """Rates of five practices as shrunk, and two draws of them."""

    def __init__(self, rates: pd.DataFrame) -> None:
        self.rows = rates.assign(shrunk_rate=rates["rate"], alpha=1.0, beta=1.0)

    def draw(self, draws: int, rng: np.random.Generator) -> np.ndarray:
        assert (draws, type(rng)) == (2, np.random.Generator)
        return np.array([[0.2, 0.4, 0.6, 0.8, 0.5], [0.4, 0.4, 0.6, 1.0, 0.7]], dtype=np.float32)


@pytest.fixture
def five(monkeypatch: pytest.MonkeyPatch) -> Opportunities:
    """Four practices of segment 1 and one of segment 2. Upper quartiles of the rates and of the draws:

    segment 1   0.6 + 0.2 / 4 = 0.65;   0.65 and 0.6 + 0.4 / 4 = 0.7
    segment 2   0.5;                    0.5 and 0.7
    England     0.6;                    0.6 and 0.7 (the second highest of five)

    so gains in patients, of the rates, then drawn:

    eligible    10      20     20      40   10      sum
    segment     4.5     5      1       0    0       10.5
                4.5, 3  5, 6   1, 2    0    0       10.5, 11
    England     4       4      0       0    1       9
                4, 3    4, 6   0, 2    0    1, 0    9, 11
    """
    monkeypatch.setattr(additional_patients, "shrink_in_segments", Fixed)
    rates = pd.DataFrame(
        {
            "indicator_code": "I",
            "practice_code": ["P1", "P2", "P3", "P4", "P5"],
            "segment": [1, 1, 1, 1, 2],
            "numerator": [2.0, 8.0, 12.0, 32.0, 5.0],
            "eligible": [10.0, 20.0, 20.0, 40.0, 10.0],
            "rate": [0.2, 0.4, 0.6, 0.8, 0.5],
        }
    )
    groups = pd.DataFrame(
        {"england": "England", "icb": ["W", "Z", "Y", "X", "X", "Y"]},
        index=pd.Index(["P9", "P3", "P5", "P1", "P4", "P2"], name="practice_code"),
    )
    return find_opportunities(rates, groups, min_denominator=10, draws=2)


def test_sums_are_the_mean_of_the_draws_with_1_96_standard_deviations_on_either_side(
    five: Opportunities,
) -> None:
    f, f_england = 10.75 / 10.5, 10 / 9  # the mean of the draws, over the gain of the rates
    margin = 1.959964 / 2**0.5  # of two draws that differ by 1
    expected = pd.DataFrame(
        {
            "level": ["england", "icb", "icb", "icb"],
            "area": ["England", "X", "Y", "Z"],  # none of W has the indicator
            "practices": [5, 2, 2, 1],
            "eligible_patients": [100, 50, 30, 20],
            "rate": [59 / 100, 34 / 50, 13 / 30, 12 / 20],
            "practices_below": [3, 1, 1, 1],
            "additional_patients": [10.75, 4.5 * f, 5 * f, 1 * f],
            "low": [10.75 - 0.5 * margin, 4.5 * f - 1.5 * margin, 5 * f - 1 * margin, 0.0],
            "high": [10.75 + 0.5 * margin, 4.5 * f + 1.5 * margin, 5 * f + 1 * margin, 1 * f + 1 * margin],
            "england_practices_below": [3, 1, 2, 0],
            "england_additional_patients": [10.0, 4 * f_england, 5 * f_england, 0.0],
            "england_low": [10 - 2 * margin, 4 * f_england - 1 * margin, 5 * f_england - 1 * margin, 0.0],
            "england_high": [
                10 + 2 * margin,
                4 * f_england + 1 * margin,
                5 * f_england + 1 * margin,
                0 + 2 * margin,
            ],
            "indicator_code": "I",
        }
    )
    assert_frame_equal(five.totals, expected, rtol=1e-5)


def test_one_factor_per_segment_makes_the_practices_add_up_to_the_mean_of_the_draws(
    five: Opportunities,
) -> None:
    assert_allclose(five.practices["additional_patients"] * 10.5 / 10.75, [4.5, 5, 1, 0, 0], atol=1e-6)
    assert_allclose(five.practices["england_additional_patients"] * 9 / 10, [4, 4, 0, 0, 1], atol=1e-6)
    # Beta(1, 1): the highest of practices' rates is 0.975, the lowest 0.025.
    assert_allclose(five.practices["low"], 0.0)
    assert_allclose(five.practices["high"].iloc[0], 10.75 / 10.5 * (0.65 - 0.025) * 10, rtol=1e-5)
    assert_allclose(five.practices["high"].iloc[4], 1 * (0.5 - 0.025) * 10)
    assert_allclose(five.practices["england_high"].iloc[4], 10 / 9 * (0.6 - 0.025) * 10, rtol=1e-5)


def test_a_sum_of_less_than_one_patient_is_the_mean_of_the_draws_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(additional_patients, "shrink_in_segments", Fixed)
    rates = pd.DataFrame({"indicator_code": "I", "practice_code": list("abcde"), "segment": [1, 1, 1, 1, 2]})
    rates = rates.assign(numerator=0.0, eligible=[1.0, 1, 1, 1, 1], rate=[0.2, 0.4, 0.6, 0.8, 0.5])
    found = find_opportunities(rates, groups_of(rates), draws=2, min_denominator=1)
    # Targets 0.65 and, of the second draw, 0.7: gains 0.45 + 0.25 + 0.05, then 0.3 + 0.3 + 0.1.
    assert_allclose(found.totals["additional_patients"], (0.75 + 0.7) / 2, rtol=1e-5)


def test_one_practice_alone_with_one_eligible_patient_is_its_own_target() -> None:
    rates = practices_of(1, 0, 1, 0).assign(eligible=1.0, rate=1 / 1)
    found = find_opportunities(rates, groups_of(rates), draws=2)
    assert found.totals[["indicator_code", "rate"]].to_numpy().tolist() == [["I", 1.0]]
    assert_allclose(found.totals[["additional_patients", "low", "high"]], 0.0)
    assert_allclose(found.practices["target"], found.practices["shrunk_rate"])


def test_targets_are_set_by_practices_with_enough_eligible_patients_or_by_all_where_none_has() -> None:
    n, segment = np.array([20, 20, 20, 20, 19, 19, 19, 19]), np.repeat([1, 1, 2], [4, 2, 2])
    x = np.array([2, 4, 9, 14, 19, 19, 3, 16])
    each = opportunities_of(england_of(x, n, segment), draws=0).practices
    of_20, of_19 = each["shrunk_rate"][:4], each["shrunk_rate"][6:]
    # Place 0.75 x 3 = 2.25 of four practices, 0.75 of the two that have 19 both.
    assert_allclose(each["target"][:6], of_20[2] + 0.25 * (of_20[3] - of_20[2]), rtol=1e-6)
    assert_allclose(each["target"][6:], of_19[6] + 0.75 * (of_19[7] - of_19[6]), rtol=1e-6)
    assert_allclose(each["england_target"], of_20[2] + 0.25 * (of_20[3] - of_20[2]), rtol=1e-6)


def test_indicators_come_in_their_order_each_with_draws_of_its_own() -> None:
    one = practices_of(1, 5, 10, 15)
    rates = pd.concat([one.assign(indicator_code=code) for code in ("B", "A")])
    found = find_opportunities(rates, groups_of(rates), draws=20)
    assert found.practices["indicator_code"].tolist() == ["A"] * 30 + ["B"] * 30
    assert found.practices.index.tolist() == list(range(60))
    assert found.totals["indicator_code"].tolist() == ["A", "B"]
    assert found.totals.index.tolist() == [0, 1]
    assert found.totals["high"].nunique() == 2


def test_sixty_draws_from_seed_zero_and_twenty_eligible_patients_unless_told_otherwise() -> None:
    rates = pd.concat([practices_of(1, 5, 10, 15).assign(eligible=n) for n in (19.0, 20.0)])
    rates = rates.assign(practice_code=[f"P{i}" for i in range(60)])
    found = find_opportunities(rates, groups_of(rates))
    told = find_opportunities(rates, groups_of(rates), min_denominator=20, draws=60, seed=0, jobs=1)
    assert_frame_equal(found.practices, told.practices)
    assert_frame_equal(found.totals, told.totals)


def test_without_rates_there_are_two_empty_tables_with_the_same_columns() -> None:
    rates = practices_of(1, 1, 0, 0)
    groups = groups_of(rates)
    found, usual = find_opportunities(rates.iloc[:0], groups), find_opportunities(rates, groups)
    assert (len(found.practices), len(found.totals)) == (0, 0)
    assert set(found.practices) == set(usual.practices)
    assert set(found.totals) == set(usual.totals)


def test_shrunk_rates_have_the_spread_of_the_true_rates() -> None:
    truth, england = draw(np.random.default_rng(1), 4000, 40)
    rows = shrink_in_segments(achieved_rates(*england[:2])).rows
    for number in (1, 2):
        mine = (rows["segment"] == number).to_numpy()
        raw, kept = rows["rate"][mine].std(), rows["shrunk_rate"][mine].std()
        posterior = (rows["alpha"] / (rows["alpha"] + rows["beta"]))[mine].std()
        assert posterior < kept < raw
        assert_allclose(kept, truth[mine].std(), rtol=0.05)
        assert_allclose(rows["shrunk_rate"][mine].quantile(0.75), np.quantile(truth[mine], 0.75), atol=0.006)


@pytest.fixture(scope="module", params=[30, 200], ids=["few eligible", "many eligible"])
def coverage(request: pytest.FixtureRequest) -> dict[str, float]:
    """Share of intervals that hold the known truth, over 60 drawn Englands of 300 practices."""
    rng, held = np.random.default_rng(5), {}
    for seed in range(60):
        truth, england = draw(rng, 300, request.param)
        _, segments, groups = england
        found = opportunities_of(england, seed=seed, draws=60)
        n = found.practices.set_index("practice_code")["eligible"].loc[groups.index].to_numpy()
        for prefix, of in (("", segments["segment"].to_numpy()), ("england_", np.zeros(len(truth)))):
            target = pd.Series(truth).groupby(of).transform(lambda p: p.quantile(0.75)).to_numpy()
            gain = pd.Series(np.maximum(0, target - truth) * n, index=groups.index)
            for level in groups:
                rows = found.totals[found.totals["level"] == level].set_index("area")
                known = gain.groupby(groups[level]).sum()
                inside = rows[f"{prefix}low"].le(known) & known.le(rows[f"{prefix}high"])
                held.setdefault(f"{prefix}{level}", []).extend(inside)
            each = found.practices.set_index("practice_code").loc[groups.index]
            slack = 1e-9
            inside = (each[f"{prefix}low"] <= gain + slack) & (gain <= each[f"{prefix}high"] + slack)
            held.setdefault(f"{prefix}practice", []).extend(inside)
    return {name: float(np.mean(values)) for name, values in held.items()}


def test_intervals_cover_the_truth_at_about_their_level(coverage: dict[str, float]) -> None:
    assert len(coverage) == 8
    # 60 draws of England alone leave a standard error of 0.03; of practices, ten thousand intervals.
    assert {name: share for name, share in coverage.items() if not 0.87 <= share <= 1.0} == {}
    assert 0.92 <= coverage["practice"] <= 0.98
    assert 0.89 <= np.mean(list(coverage.values())) <= 0.98


@pytest.fixture(scope="module")
def found() -> Opportunities:
    return opportunities_of(draw(np.random.default_rng(7), 400, 60)[1], draws=60)


def test_who_is_at_or_above_the_target_adds_nothing_and_no_one_less(found: Opportunities) -> None:
    rows = found.practices
    for prefix in ("", "england_"):
        reached = rows["shrunk_rate"] >= rows[f"{prefix}target"]
        assert reached.any()
        assert_allclose(rows.loc[reached, f"{prefix}additional_patients"], 0.0)
        assert (rows.loc[~reached, f"{prefix}additional_patients"] > 0).all()
        assert (rows[[f"{prefix}low", f"{prefix}high"]] >= 0).all(axis=None)
        assert (found.totals[f"{prefix}low"] <= found.totals[f"{prefix}additional_patients"]).all()
        assert (found.totals[f"{prefix}additional_patients"] <= found.totals[f"{prefix}high"]).all()


def test_every_level_adds_up_to_england(found: Opportunities) -> None:
    columns = ["practices", "eligible_patients", "practices_below", "additional_patients"]
    columns += ["england_practices_below", "england_additional_patients"]
    whole = found.totals[found.totals["level"] == "england"][columns].sum()
    assert whole["practices"] == 400
    for _, rows in found.totals.groupby("level"):
        assert_allclose(rows[columns].sum(), whole)
    assert_allclose(found.practices["additional_patients"].sum(), whole["additional_patients"])


def test_like_with_like_differs_from_england(found: Opportunities) -> None:
    """The segment of lower rates has more to gain against England than against its own."""
    rows = found.totals[found.totals["level"] == "segment"].set_index("area")
    assert rows.loc["1", "england_additional_patients"] > 1.5 * rows.loc["1", "additional_patients"]
    assert rows.loc["2", "england_additional_patients"] < rows.loc["2", "additional_patients"]


def test_jobs_change_nothing() -> None:
    first = draw(np.random.default_rng(3), 100, 50)[1]
    second = first[0].assign(indicator_code="AF006")
    achievement = pd.concat([first[0], second])
    one, two = (opportunities_of((achievement, *first[1:]), draws=20, jobs=jobs) for jobs in (1, 2))
    assert_frame_equal(one.practices, two.practices)
    assert_frame_equal(one.totals, two.totals)


def test_tables_put_top_rows_first_and_hold_all_of_england(found: Opportunities) -> None:
    _, segments, _ = draw(np.random.default_rng(7), 400, 60)[1]
    special = pd.DataFrame(
        {"practice_code": ["S1"], "segment": [2], "fitted": [False], "segment_name": ["Two"]}
    )
    everyone = pd.concat([segments, special], ignore_index=True).assign(list_size=1000)
    indicators = pd.DataFrame({"indicator_code": ["HYP008"], "description": ["d"], "group_name": ["g"]})
    table = by_segment(found, indicators, segment_sizes(everyone))
    assert table["additional_patients"].is_monotonic_decreasing
    assert table["segment_practices"].sum() == 401
    assert table["segment_patients"].sum() == 401_000
    assert (table["practices"] + table["special"] + table["without_figure"]).sum() == 401
    summed = totals(found, indicators)
    assert list(dict.fromkeys(summed["level"])) == ["england", "icb"]
    assert summed[summed["level"] == "icb"]["additional_patients"].is_monotonic_decreasing
    each = by_practice(found)
    assert each["practice_code"].is_monotonic_increasing
    assert len(each) == 400


def test_a_segment_in_which_nobody_has_an_indicator_still_has_a_row() -> None:
    both, segments, groups = england_of(np.full(40, 30.0), np.full(40, 40.0), np.repeat([1, 2], 20))
    only_one = both[both["practice_code"] < "P0020"].assign(indicator_code="DM020")
    found = opportunities_of((pd.concat([both, only_one]), segments, groups), draws=5)
    segments = segments.assign(list_size=range(100, 140))
    indicators = pd.DataFrame({"indicator_code": ["DM020", "HYP008"], "description": "", "group_name": ""})
    table = by_segment(found, indicators, segment_sizes(segments))
    each = table.groupby("indicator_code")[["segment_practices", "segment_patients"]].sum()
    assert (each == [40, segments["list_size"].sum()]).all(axis=None)
    row = table[(table["indicator_code"] == "DM020") & (table["segment"] == 2)].iloc[0]
    assert row[["practices", "eligible_patients", "practices_below", "additional_patients"]].eq(0).all()
    assert row["without_figure"] == row["segment_practices"] == 20
    assert row[["rate", "target", "low", "high"]].isna().all()
    assert row["england_target"] == table.loc[table["indicator_code"] == "DM020", "england_target"].max()


def test_additional_patients_of_practices_that_are_not_open_are_counted_apart() -> None:
    standing = [
        "open",
        "dormant",
        "few eligible patients",
        "closed; few eligible patients",
        "dormant",
        "open",
    ]
    each = pd.DataFrame({"indicator_code": ["A", "A", "A", "A", "A", "B"], "segment": [1, 1, 1, 1, 2, 1]})
    each = each.assign(standing=standing, additional_patients=[10.0, 20, 30, 40, 50, 60])
    table = pd.DataFrame({"indicator_code": ["B", "A", "A"], "segment": [1, 1, 2]})
    found = count_not_open(table, each)
    assert found["not_open"].tolist() == [0, 2, 1]
    assert_allclose(found["not_open_additional_patients"], [0, 20 + 40, 50])
