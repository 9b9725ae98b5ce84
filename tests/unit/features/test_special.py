"""Special practices and the reasons found for them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gp_segmentation.features.special import SpecialRules, special_reasons
from gp_segmentation.schemas import empty


@pytest.fixture
def parts(small_tables):
    return [small_tables.practices.copy(), small_tables.registers.copy(), small_tables.age_sex.copy()]


def reason(parts, code="A00050", rules=None):
    return special_reasons(*parts, rules=rules)[code]


def set_ages(age_sex, code, **patients):
    rows = age_sex["practice_code"] == code
    keys = age_sex.loc[rows, "sex"] + "_" + age_sex.loc[rows, "age_band"]
    age_sex.loc[rows, "patients"] = keys.map(lambda key: patients.get(key, 0))


def test_ordinary_practices_have_no_reason(parts):
    reasons = special_reasons(*parts)
    assert reasons.dropna().to_dict() == {"A00000": "list under 1,000"}


def test_list_sizes(parts):
    practices = parts[0]
    practices.loc[50, "list_size"] = 11 * int(practices["list_size"].median())
    assert reason(parts) == "list over 10 times the median"
    assert pd.isna(reason(parts, rules=SpecialRules(max_list_ratio=20)))


def test_one_age_band_and_one_sex(parts):
    set_ages(parts[2], "A00050", **{"FEMALE_80_84": 80, "MALE_80_84": 12, "FEMALE_30_34": 8})
    assert reason(parts) == "92% of patients aged 75 and over; 88% of patients female"


def test_city_practices_of_working_age_are_ordinary(parts):
    set_ages(
        parts[2], "A00050", **{"FEMALE_30_34": 30, "MALE_30_34": 30, "FEMALE_50_54": 20, "MALE_60_64": 20}
    )
    assert pd.isna(reason(parts))


def test_registers_out_of_all_proportion(parts):
    registers = parts[1]
    rows = (registers["practice_code"] == "A00050") & (registers["group_code"] == "LD")
    registers.loc[rows, ["register", "denominator"]] = [120, 119]
    assert reason(parts) == "101% on the LD register"


def test_empty_registers(parts):
    registers = parts[1]
    registers.loc[registers["practice_code"] == "A00050", "register"] = 0
    assert reason(parts) == "every register is empty"


def test_no_registrations_is_no_reason(parts):
    parts[2] = parts[2][parts[2]["practice_code"] != "A00050"]
    assert pd.isna(reason(parts))


def test_row_order_does_not_matter(parts):
    shuffled = [part.sample(frac=1, random_state=np.random.RandomState(0)) for part in parts]
    pd.testing.assert_series_equal(special_reasons(*shuffled), special_reasons(*parts))


def test_the_option_small_lists_leaves_out_only_those_and_practices_on_no_register(parts, compose_option):
    practices, registers, age_sex = parts
    node = compose_option("special", "small_lists")
    rules = SpecialRules(**{key: value for key, value in node.items() if key not in ("name", "_target_")})
    practices.loc[52, "list_size"] = 1000 * int(practices["list_size"].median())
    set_ages(age_sex, "A00050", FEMALE_20_24=95, MALE_50_54=5)  # students, and 95% women
    set_ages(age_sex, "A00051", FEMALE_30_34=80, MALE_30_34=20)  # a city centre
    rows = (registers["practice_code"] == "A00053") & (registers["group_code"] == "LD")
    registers.loc[rows, ["register", "denominator"]] = [120, 119]
    registers.loc[registers["practice_code"] == "A00054", "register"] = 0
    assert special_reasons(*parts).notna().sum() == 6  # by default all five, and A00000 with 300 patients
    assert special_reasons(*parts, rules=rules).dropna().to_dict() == {
        "A00000": "list under 1,000",
        "A00054": "every register is empty",
    }


@pytest.mark.parametrize("none_of", [lambda frame, name: frame.iloc[:0], lambda frame, name: empty(name)])
@pytest.mark.parametrize(
    "rules", [SpecialRules(), SpecialRules(register_ratio=10), SpecialRules(sex_share=50)]
)
def test_without_registrations_and_registers_the_list_still_tells(parts, none_of, rules):
    practices, registers, age_sex = parts
    without = none_of(registers, "registers"), none_of(age_sex, "age_sex")
    for tables in ((practices, registers, without[1]), (practices, without[0], without[1])):
        found = special_reasons(*tables, rules=rules)
        assert found.dropna().to_dict() == {"A00000": "list under 1,000"}
        assert len(found) == 120
    set_ages(age_sex, "A00050", FEMALE_20_24=95, MALE_50_54=5)
    found = special_reasons(practices, without[0], age_sex)
    assert found["A00050"] == "95% of patients aged 15 to 24; 95% of patients female"
