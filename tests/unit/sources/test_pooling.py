"""Practices pooled by primary care network: sums are exact, averages weighted, omissions counted."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pandas as pd
import pytest
from numpy.testing import assert_allclose

from gp_segmentation import schemas
from gp_segmentation.errors import ConfigError
from gp_segmentation.features import special_reasons
from gp_segmentation.sources import Prepared
from gp_segmentation.sources.pooling import FILE, pool_by_pcn

# U02 has more patients in board QB (5,000 of 8,000), there most in 02B; U03 as many in 01A as in 01B.
PRACTICES = """\
code pcn icb sub region longitude latitude list
A01 U01 QA 01A Y1 -1.0 52.0 1000
A02 U01 QA 01A Y1 -3.0 54.0 3000
A03 U02 QA 01A Y1 0.0 51.0 3000
A04 U02 QB 02A Y2 -2.0 53.0 2000
A05 U02 QB 02B Y2 . . 3000
A06 U03 QA 01B Y1 . . 700
A07 U03 QA 01A Y1 . . 700
A08 . QA 01A Y1 -1.0 52.0 900
"""
REGISTERS = """\
practice_code group_code register list_type denominator
A01 DM 60 17OV 800
A01 HYP 150 TOTAL 1000
A02 DM 140 17OV 2400
A08 DM 50 17OV 720
"""
# Of DM006 one practice has no row, one no denominator; of HYP008 one does not publish its adjustments.
ACHIEVEMENT = """\
practice_code indicator_code numerator denominator pcas points
A01 AF001 . . . 5.0
A01 DM006 30 40 4 2.5
A01 HYP008 100 140 6 9.0
A02 DM006 90 100 1 3.0
A02 HYP008 300 320 . 14.0
A03 DM006 7 . . 1.0
A04 DM006 5 6 0 1.0
A08 DM006 1 2 0 1.0
"""
AGES = """\
practice_code sex age_band patients
A01 FEMALE 5_9 30
A01 FEMALE 10_14 40
A02 FEMALE 0_4 25
A02 FEMALE 10_14 60
A08 FEMALE 0_4 9
"""
CONTEXT = """\
practice_code imd_score smoking
A01 40.0 20.0
A02 20.0 .
A03 . .
A04 . .
A05 . .
A06 10.0 8.0
A07 30.0 8.0
A08 99.0 99.0
"""


def read(text: str, **types: type) -> pd.DataFrame:
    return pd.read_csv(StringIO(text), sep=" ", na_values=["."], dtype=types)


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    rows = read(PRACTICES, pcn=str)
    places = {
        f"{level}_{part}": rows[column] + (" name" if part == "name" else "")
        for level, column in (("pcn", "pcn"), ("sub_icb", "sub"), ("icb", "icb"), ("region", "region"))
        for part in ("code", "name")
    }
    practices = pd.DataFrame({"practice_code": rows["code"], "practice_name": "P " + rows["code"], **places})
    nothing = pd.Series(None, index=rows.index, dtype="str")
    practices = practices.assign(
        postcode="AB1 2CD",
        longitude=rows["longitude"],
        latitude=rows["latitude"],
        list_size=rows["list"],
        special=nothing.mask(rows["list"] < 1000, "list under 1,000"),
    )
    counts = dict.fromkeys(("numerator", "denominator", "pcas", "points"), float)
    empty = {name: schemas.empty(name) for name in ("indicators", "context_dictionary", "quality")}
    made = Prepared(
        practices=practices,
        organisations=pd.DataFrame({"practice_code": rows["code"], "status": "DORMANT"}),
        registers=read(REGISTERS),
        achievement=read(ACHIEVEMENT, **counts),
        age_sex=read(AGES),
        context=read(CONTEXT),
        **empty,
    )
    for name in ("practices", "organisations", "registers", "achievement", "age_sex", "context"):
        schemas.check(name, getattr(made, name))
    return made


@pytest.fixture(scope="module")
def pooled(prepared: Prepared) -> Prepared:
    return pool_by_pcn(prepared)


def test_every_table_keeps_its_schema(pooled: Prepared) -> None:
    for name in ("practices", "organisations", "registers", "achievement", "age_sex", "context", "quality"):
        table = getattr(pooled, name)
        assert list(schemas.check(name, table)) == list(table), name


def test_a_network_has_its_code_name_patients_and_mean_position(pooled: Prepared) -> None:
    found = pooled.practices.set_index("practice_code")
    assert list(found.index) == list(found["pcn_code"]) == ["U01", "U02", "U03"]
    assert list(found["practice_name"]) == list(found["pcn_name"]) == ["U01 name", "U02 name", "U03 name"]
    assert list(found["list_size"]) == [1000 + 3000, 3000 + 2000 + 3000, 700 + 700]
    # (1000 x -1 + 3000 x -3) / 4000; of U02 only the two practices with a position; U03 has none
    assert_allclose(found["longitude"], [-2.5, (3000 * 0.0 + 2000 * -2.0) / 5000, float("nan")])
    assert_allclose(found["latitude"], [53.5, (3000 * 51.0 + 2000 * 53.0) / 5000, float("nan")])
    assert found[["postcode", "special"]].isna().all(axis=None)
    assert list(pooled.organisations["practice_code"]) == ["U01", "U02", "U03"]
    assert set(pooled.organisations["status"]) == {"ACTIVE"}


def test_a_network_is_where_most_of_its_patients_are(pooled: Prepared) -> None:
    places = pooled.practices[["icb_code", "sub_icb_code", "region_code", "sub_icb_name"]].to_numpy().tolist()
    assert places == [
        ["QA", "01A", "Y1", "01A name"],
        ["QB", "02B", "Y2", "02B name"],  # not in 01A, which has as many patients, but is in the other board
        ["QA", "01A", "Y1", "01A name"],  # a tie: the first code
    ]


def test_registers_and_ages_are_sums(pooled: Prepared) -> None:
    assert pooled.registers.to_numpy().tolist() == [
        ["U01", "DM", 60 + 140, "17OV", 800 + 2400],
        ["U01", "HYP", 150, "TOTAL", 1000],
    ]
    assert pooled.age_sex.to_numpy().tolist() == [  # youngest first
        ["U01", "FEMALE", "0_4", 25],
        ["U01", "FEMALE", "5_9", 30],
        ["U01", "FEMALE", "10_14", 40 + 60],
    ]


def test_achievement_is_summed_and_not_known_where_a_part_is_not(pooled: Prepared) -> None:
    expected = """\
practice_code indicator_code numerator denominator pcas points
U01 AF001 . . . 5.0
U01 DM006 120 140 5 5.5
U01 HYP008 400 460 . 23.0
U02 DM006 5 6 0 2.0
"""
    pd.testing.assert_frame_equal(pooled.achievement, read(expected, numerator=float, denominator=float))


def test_measures_are_weighted_by_list_size(pooled: Prepared) -> None:
    found = pooled.context.set_index("practice_code")
    # (1000 x 40 + 3000 x 20) / 4000; nobody in U02 has a score; (700 x 10 + 700 x 30) / 1400
    assert_allclose(found["imd_score"], [25.0, float("nan"), 20.0])
    assert_allclose(found["smoking"], [20.0, float("nan"), 8.0])


def test_what_was_done_and_left_out_is_counted(pooled: Prepared) -> None:
    assert pooled.quality.to_numpy().tolist() == [
        [FILE, "practices pooled", 7, "into 3 networks"],
        [FILE, "practices in no network left out", 1, "900 patients: A08"],
        [FILE, "networks across boards: in that of most of their patients", 1, "U02"],
        [FILE, "measures averaged, weighted by list size", 2, "imd_score, smoking"],
        [FILE, "network x indicator without a count that a practice does not publish", 1, "HYP008"],
    ]


def test_a_network_is_in_the_group_of_most_of_its_patients_who_are_in_one(prepared: Prepared) -> None:
    # U01: nobody in a group. U02: 3,000 in North, 2,000 in South, 3,000 in none. U03: 700 each, by name.
    groups = {"A03": "North", "A04": "South", "A06": "West", "A07": "East", "A08": "North"}
    table = pd.DataFrame({"practice_code": groups.keys(), "group": groups.values()})
    table = table.assign(grouping="localities", label="Localities", date="2026-04-01")
    columns = ["grouping", "label", "date", "practice_code", "group"]
    found = pool_by_pcn(replace(prepared, groupings=table[columns]))
    assert schemas.check("groupings", found.groupings).to_numpy().tolist() == [
        ["localities", "Localities", "2026-04-01", "U02", "North"],
        ["localities", "Localities", "2026-04-01", "U03", "East"],
    ]
    told = found.quality.set_index("check")["detail"]
    assert told["networks across groups: in that of most of their patients"] == "U02, U03"


def test_a_source_without_networks_is_refused(prepared: Prepared) -> None:
    alone = replace(prepared, practices=prepared.practices.assign(pcn_code=None))
    with pytest.raises(ConfigError, match=r"scope.unit is pcn, but no practice .*Take scope.unit=practice"):
        pool_by_pcn(alone)


def test_a_source_of_practices_and_lists_alone_has_nothing_else_of_networks(prepared: Prepared) -> None:
    bare = {name: schemas.empty(name) for name in ("registers", "achievement", "age_sex")}
    bare["context"] = prepared.context[["practice_code"]]
    pooled = pool_by_pcn(replace(prepared, **bare))
    sizes = {name: schemas.check(name, getattr(pooled, name)).shape for name in bare}
    assert sizes == {"registers": (0, 5), "achievement": (0, 6), "age_sex": (0, 4), "context": (3, 1)}
    reasons = special_reasons(pooled.practices, pooled.registers, pooled.age_sex)
    assert reasons.isna().tolist() == [True, True, True]
    assert "measures averaged" not in " ".join(pooled.quality["check"])
