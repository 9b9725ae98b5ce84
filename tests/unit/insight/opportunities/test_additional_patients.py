"""Additional patients: by hand, never negative, adding up, and with intervals that cover the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from gp_segmentation.insight.groups import segment_sizes
from gp_segmentation.insight.opportunities.additional_patients import Opportunities, find_opportunities
from gp_segmentation.insight.opportunities.shrunken_rates import achieved_rates, shrink_in_segments
from gp_segmentation.insight.opportunities.tables import by_practice, by_segment, count_not_open, totals

England = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def england_of(x: np.ndarray, n: np.ndarray, segment: np.ndarray, pcas: float = 0.0) -> England:
    """Achievement of one indicator, segments, and groups to sum over."""
    codes = [f"P{i:04d}" for i in range(len(x))]
    achievement = pd.DataFrame(
        {"practice_code": codes, "indicator_code": "HYP008", "numerator": x, "denominator": n, "pcas": pcas}
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


def test_an_opportunity_by_hand() -> None:
    # Lists so long that nothing is shrunk: rates .5 .6 .7 .8 .9, upper quartile .8
    x = np.array([0.5, 0.6, 0.7, 0.8, 0.9]) * 1e6
    found = opportunities_of(england_of(x, np.full(5, 1e6), np.ones(5, dtype=int)), draws=200)
    row = found.totals[found.totals["level"] == "segment"].iloc[0]
    practice = found.practices
    assert_allclose(practice["target"], 0.8, atol=1e-3)
    assert_allclose(practice["additional_patients"], np.array([0.3, 0.2, 0.1, 0, 0]) * 1e6, rtol=0.01, atol=1)
    assert_allclose(row["additional_patients"], 0.6e6, rtol=0.01)
    assert_allclose(row["rate"], 3.5 / 5)
    assert row["practices_below"] == 3


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


def test_gross_counts_adjusted_patients_as_eligible() -> None:
    x, n, segment = np.full(30, 60), np.full(30, 80), np.ones(30, dtype=int)
    net, gross = (achieved_rates(*england_of(x, n, segment, pcas=20.0)[:2], gross=g) for g in (False, True))
    assert_allclose(net["rate"], 60 / 80)
    assert_allclose(gross["rate"], 60 / 100)


def test_zero_denominators_and_special_practices_are_left_out() -> None:
    achievement, segments, _ = england_of(
        np.array([5, 0, 5, 9]), np.array([10, 0, 10, 8]), np.ones(4, dtype=int)
    )
    segments.loc[2, "fitted"] = False
    rows = achieved_rates(achievement, segments)
    assert list(rows["practice_code"]) == ["P0000", "P0003"]
    assert list(rows["rate"]) == [0.5, 1.0], "nine of eight counts as all"


def test_a_small_segment_takes_england_s_prior() -> None:
    rng = np.random.default_rng(0)
    segment = np.where(np.arange(200) < 5, 2, 1)
    rows = shrink_in_segments(
        achieved_rates(*england_of(rng.binomial(50, 0.6, 200), np.full(200, 50), segment)[:2])
    )
    assert list(rows.priors.index) == [1, 0]
    assert_allclose(rows.prior_of_row, np.where(segment == 2, 1, 0))


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
    everyone = pd.concat([segments, special], ignore_index=True)
    practices = everyone[["practice_code"]].assign(list_size=1000)
    indicators = pd.DataFrame({"indicator_code": ["HYP008"], "description": ["d"], "group_name": ["g"]})
    table = by_segment(found, indicators, segment_sizes(everyone, practices))
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
    practices = segments.assign(list_size=range(100, 140))
    indicators = pd.DataFrame({"indicator_code": ["DM020", "HYP008"], "description": "", "group_name": ""})
    table = by_segment(found, indicators, segment_sizes(segments, practices))
    each = table.groupby("indicator_code")[["segment_practices", "segment_patients"]].sum()
    assert (each == [40, practices["list_size"].sum()]).all(axis=None)
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
