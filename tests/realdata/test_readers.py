"""The readers on the official files of 2024-25: figures as published.

Achievement of single practices is simulated in the working set; only its structure is tested here.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from gp_segmentation import schemas
from gp_segmentation.sources import Prepared
from gp_segmentation.sources.inspect import inspect_file
from gp_segmentation.sources.ods import read_organisations
from gp_segmentation.sources.ohid import read_indicator
from gp_segmentation.sources.registrations import read_registrations

ROOT = Path(__file__).resolve().parents[2]

#: England's prevalence in percent, QOF 2024-25, as NHS England published it.
PUBLISHED = {
    "HYP": 15.23,
    "DEP": 14.27,
    "OB": 13.88,
    "NDH": 9.19,
    "DM": 7.89,
    "CKD": 4.64,
    "CHD": 2.98,
    "COPD": 1.89,
}


@pytest.fixture(scope="module")
def prepared(official: Prepared) -> Prepared:
    return official


@pytest.fixture(scope="module")
def counted(prepared: Prepared) -> dict[tuple[str, str], int]:
    return prepared.quality.set_index(["file", "check"])["count"].to_dict()


def test_every_practice_and_patient_is_there(prepared):
    assert len(prepared.practices) == 6188
    assert prepared.practices["list_size"].sum() == 63_766_671
    assert prepared.practices["list_size"].agg(["min", "max"]).tolist() == [20, 100_332]
    assert prepared.practices["region_code"].nunique() == 7
    assert prepared.practices["icb_code"].nunique() == 42


@pytest.mark.parametrize("register", sorted(PUBLISHED))
def test_prevalence_is_as_published(prepared, register):
    rows = prepared.registers[prepared.registers["group_code"] == register]
    assert len(rows) == 6188
    percent = 100 * rows["register"].sum() / rows["denominator"].sum()
    assert round(percent, 2) == PUBLISHED[register]


def test_prevalence_of_asthma_is_as_published_to_a_hundredth(prepared):
    """The archive gives 6.5555, which would round to 6.56; 6.55 is stated."""
    rows = prepared.registers[prepared.registers["group_code"] == "AST"]
    assert 100 * rows["register"].sum() / rows["denominator"].sum() == pytest.approx(6.55, abs=0.006)


def test_every_achievement_row_is_accounted_for(prepared, counted):
    """Rows read = rows of each measure; cells kept = rows of the four measures kept."""
    total = counted["QOF2425.zip", "ACHIEVEMENT rows read"]
    assert total == 158_883 + 285_259 + 312_218 + 235_123 + 235_002 + 195_499 + 130_739  # regions
    measures = {"NUMERATOR": 315_588, "DENOMINATOR": 315_588, "PCAS": 315_405, "ACHIEVED_POINTS": 470_006}
    assert total == sum(measures.values()) + 21 * 6188 + 6188  # REGISTER, and NEWLY_DIAGNOSED of depression
    kept = prepared.achievement[["numerator", "denominator", "pcas", "points"]].notna().sum()
    assert kept.tolist() == list(measures.values())


def test_absent_is_not_zero(prepared, counted):
    assert counted["QOF2425.zip", "PCAS absent where DENOMINATOR stands"] == 183
    assert counted["QOF2425.zip", "practice x indicator without ACHIEVED_POINTS"] == 282
    frame = prepared.achievement
    assert int((frame["denominator"].notna() & frame["pcas"].isna()).sum()) == 183


def test_all_indicators_are_described(prepared):
    assert len(prepared.indicators) == 76
    assert prepared.indicators["points"].sum() == 635
    assert set(prepared.achievement["indicator_code"].unique()) == set(prepared.indicators["indicator_code"])


def test_registrations_add_up(nhs_data, prepared, counted):
    found = read_registrations(next(nhs_data.rglob("gp-reg-pat-prac-quin-age.zip")))
    assert len(found.totals) == 6239
    assert found.age_sex["patients"].sum() == found.totals.sum() == 63_769_849
    assert len(found.age_sex) == 6239 * 2 * 20
    check = "practices of registrations left out: not among the practices"
    assert counted["gp-reg-pat-prac-quin-age.zip", check] == 51
    assert len(prepared.age_sex) == 6188 * 2 * 20
    # The same day's lists: QOF's list sizes and the registrations agree practice by practice.
    lists = prepared.practices.set_index("practice_code")["list_size"]
    registered = prepared.age_sex.groupby("practice_code")["patients"].sum()
    assert ((lists - registered).abs() > 0.05 * lists.clip(lower=1000)).mean() < 0.01


def test_nearly_every_practice_lies_on_the_map(prepared):
    practices = prepared.practices
    assert practices["postcode"].notna().all()
    located = practices.dropna(subset="longitude")
    assert len(located) == 6188 - 40  # the working set lacks the points of some postcodes
    densham = located.set_index("practice_code").loc["A81001", ["longitude", "latitude"]].astype(float)
    assert_allclose(densham, [-1.32, 54.56], atol=0.01)  # Stockton-on-Tees
    # The mean point of a region lies where the region does.
    centre = located.groupby("region_name")[["longitude", "latitude"]].mean()
    assert_allclose(centre.loc["London"].astype(float), [-0.12, 51.52], atol=0.05)


def test_unallocated_practices_have_no_network(prepared):
    assert prepared.practices["pcn_code"].isna().sum() == 44
    assert not prepared.practices["pcn_name"].eq("Unallocated").any()


def test_special_practices_stay_flagged(prepared):
    practices = prepared.practices.set_index("practice_code")
    assert (practices["special"].notna() == (practices["list_size"] < 1000)).all()
    assert practices.loc[["Y00081", "Y05750", "H85691"], "special"].eq("list under 1,000").all()


def test_every_board_has_its_boundary(prepared):
    assert sorted(prepared.boundaries["icb_code"]) == sorted(prepared.practices["icb_code"].unique())


def test_context_measures_and_their_gaps(prepared):
    missing = prepared.context.drop(columns="practice_code").isna().sum().to_dict()
    assert missing == {
        "imd_2019_score": 33,
        "imd_score": 45,
        "non_white_percent": 37,  # 3 practices are not in the file, 34 have no value
        "gp_fte_per_10000": 55,
        "admin_fte_per_10000": 31,
        "vaccination_percent_2324": 32,
    }
    deprived = prepared.context[["imd_2019_score", "imd_score"]].corr().iloc[0, 1]
    assert deprived > 0.95
    assert prepared.context_dictionary["measure"].tolist() == list(missing)


def test_both_dialects_of_the_organisation_list(nhs_data, prepared):
    now = read_organisations(next(nhs_data.rglob("epraccur.zip"))).frame
    before = read_organisations(next(nhs_data.rglob("epraccur_2023-02.zip"))).frame
    codes = prepared.practices["practice_code"]
    both = now.merge(before, on="practice_code", suffixes=("", "_before"))
    both = both[both["practice_code"].isin(codes)]
    assert len(both) > 6000
    assert (both["setting"] == both["setting_before"]).mean() > 0.98
    assert (both["open_date"] == both["open_date_before"]).mean() > 0.95
    assert set(before["status"]) == {"ACTIVE", "INACTIVE", "DORMANT", "PROPOSED"} & set(before["status"])
    assert now[now["practice_code"].isin(codes)]["status"].eq("DORMANT").sum() == 39


def test_fingertips_values_are_as_published(nhs_data):
    found = read_indicator(
        next(nhs_data.rglob("93553_imd2019.csv")), indicator_id=93553, measure="imd", unit="score"
    )
    scores = found.frame.set_index("practice_code")["imd"]
    assert len(scores) == 6545  # 6,547 rows, two of them England's
    assert scores["A81001"] == pytest.approx(32.3609392614188)


def test_every_table_agrees_with_its_schema(prepared):
    for name in ("practices", "registers", "achievement", "indicators", "age_sex", "context", "quality"):
        frame = getattr(prepared, name)
        assert_frame_equal(schemas.check(name, frame), frame)


def test_an_archive_is_told_as_if_it_had_never_been_seen(nhs_data):
    told = inspect_file(next(nhs_data.rglob("QOF2425.zip"))).splitlines()
    assert "  practices: 6,188; patients: 63,766,671" in told
    assert "  indicators: 76 described, 76 with achievement" in told
    assert [line for line in told if line.startswith("  registers: 21 (AF, AST,")]
    assert "Proposed for conf/source/nhs_2024_25.yaml (url: the official address, if you know it):" in told
