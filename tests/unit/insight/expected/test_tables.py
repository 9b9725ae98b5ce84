"""Tables of expected numbers: sums, what is left out and why, and how differences are spoken of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from gp_segmentation import schemas
from gp_segmentation.features import Tables
from gp_segmentation.insight.expected.tables import Expected, expected_numbers
from gp_segmentation.schemas import AGE_BANDS, empty
from gp_segmentation.utils.wording import listed

COUNT = 400
CODES = [f"A{n:05d}" for n in range(COUNT)]
#: Practices 0 and 1 are special; practice 2 has no deprivation score; practice 3 has more patients on its
#: register than on its list.
SPECIAL, WITHOUT_SCORE, TOO_MANY = [0, 1], 2, 3


@pytest.fixture(scope="module")
def tables() -> Tables:
    rng = np.random.default_rng(7)
    size = rng.integers(3000, 20_000, COUNT)
    old = rng.uniform(0.05, 0.3, COUNT)
    score = rng.uniform(5, 50, COUNT)
    practices = empty("practices").reindex(range(COUNT)).assign(practice_code=CODES, list_size=size)
    practices["special"] = pd.Series(["a student practice"] * 2 + [None] * (COUNT - 2), dtype="str")
    shares = np.column_stack([np.where(np.arange(len(AGE_BANDS)) >= 13, old[:, None], 1 - old[:, None])])
    ages = pd.DataFrame(shares, CODES, AGE_BANDS).rename_axis("practice_code").reset_index()
    ages = ages.melt("practice_code", var_name="age_band", value_name="share")
    women = rng.uniform(0.45, 0.55, COUNT)
    share_of = {
        "FEMALE": dict(zip(CODES, women, strict=True)),
        "MALE": dict(zip(CODES, 1 - women, strict=True)),
    }
    age_sex = pd.concat(
        [
            ages.assign(sex=sex, patients=(100 * ages["share"] * ages["practice_code"].map(of)).round())
            for sex, of in share_of.items()
        ]
    )
    rate = 0.02 + 0.3 * old + 0.001 * score
    register = rng.binomial(size, rng.beta(rate * 400, (1 - rate) * 400))
    register[TOO_MANY] = size[TOO_MANY] + 5
    registers = pd.DataFrame({"practice_code": CODES, "register": register, "denominator": size})
    registers = registers.assign(group_code="HYP", list_type="TOTAL")
    context = pd.DataFrame({"practice_code": CODES, "imd_score": score})
    context.loc[WITHOUT_SCORE, "imd_score"] = np.nan
    return Tables(
        practices=practices,
        registers=registers,
        achievement=empty("achievement"),
        indicators=empty("indicators"),
        age_sex=age_sex,
        context=context,
    )


@pytest.fixture(scope="module")
def everyone() -> pd.DataFrame:
    number = np.arange(COUNT)
    return pd.DataFrame(
        {
            "practice_code": CODES,
            "segment": 1 + number % 2,
            "supergroup": "A",
            "segment_code": [f"A{1 + n % 2}" for n in number],
            "subgroup": pd.Series([None] * COUNT, dtype="str"),
            **{f"{kind}_code": [f"{kind}{n % m}" for n in number] for kind, m in KINDS.items()},
            **{f"{kind}_name": "One name" for kind in KINDS},
        }
    )


KINDS = {"region": 4, "icb": 30, "sub_icb": 30, "pcn": 50}
LEVELS = pd.DataFrame({"code": ["A", "A1", "A2"], "name": ["All", "Odd", "Even"]})


def made(tables: Tables, everyone: pd.DataFrame, deprivation: str | None = "imd_score") -> Expected:
    own = pd.DataFrame({"group: Teams": "no group"}, index=CODES).assign(
        **{"group: Teams": ["X", "no group"] * 200}
    )
    return expected_numbers(tables, deprivation, everyone, LEVELS, own)


@pytest.fixture(scope="module")
def found(tables: Tables, everyone: pd.DataFrame) -> Expected:
    return made(tables, everyone)


def test_every_practice_has_its_number_but_those_without_a_score(found: Expected) -> None:
    rows = schemas.check("expected", found.practices).set_index("practice_code")
    assert set(CODES) - set(rows.index) == {CODES[WITHOUT_SCORE]}
    assert list(rows.index[~rows["reference"]]) == [CODES[n] for n in (*SPECIAL, TOO_MANY)]
    assert_allclose(rows["difference"], rows["recorded"] - rows["expected"], atol=0.005)
    assert found.about["adjusted_for"] == ["age", "sex", "deprivation"]
    assert "Practices without a deprivation score have no expected numbers: 1." in found.about["sentences"]


def test_differences_sum_to_zero_over_the_reference_at_every_level(found: Expected) -> None:
    groups = schemas.check("expected_groups", found.groups)
    ours = found.practices[found.practices["reference"]]
    assert ours["difference"].sum() == pytest.approx(0, abs=0.005 * COUNT)
    levels = groups.groupby("level")[["practices", "patients", "recorded", "difference"]].sum()
    assert set(levels.index) == {
        *("england", "supergroup", "segment", "subgroup", *KINDS, "group: Teams"),
    }
    for level, row in levels.iterrows():
        assert row["difference"] == pytest.approx(0, abs=0.5), level
        assert row["practices"] == len(ours) == COUNT - 4, level
        assert list(row[["patients", "recorded"]]) == list(ours[["patients", "recorded"]].sum()), level


def test_groups_have_names_and_codes_and_practices_in_none_have_no_code(found: Expected) -> None:
    rows = found.groups.set_index(["level", "area_code"])["area"]
    assert rows.loc["segment"].to_dict() == {"A1": "Odd", "A2": "Even"}
    assert list(rows.loc["subgroup"]) == ["No segment"]
    assert rows.loc["group: Teams"].fillna("").to_dict() == {"X": "X", np.nan: "no group"}
    assert len(rows.loc["icb"]) == 30
    assert found.groups["condition"].unique().tolist() == ["Hypertension"]


def test_practices_of_a_list_without_areas_are_in_none(tables: Tables, everyone: pd.DataFrame) -> None:
    nowhere = everyone.assign(**{f"{kind}_{part}": None for kind in KINDS for part in ("code", "name")})
    groups = schemas.check("expected_groups", made(tables, nowhere).groups)
    assert groups[groups["level"] == "icb"][["area", "area_code"]].fillna("").to_numpy().tolist() == [
        ["no network", ""]
    ]


def test_the_intervals_hold_for_practices_and_for_areas(found: Expected) -> None:
    (register,) = found.about["registers"]
    assert register["practices"] == COUNT - 4
    assert register["rho"] == pytest.approx(1 / 401, rel=0.2), "planted: beta distributions of size 400"
    assert 0.93 <= register["inside"] <= 0.97
    areas = found.groups[found.groups["level"] == "pcn"]
    assert areas["recorded"].between(areas["low"], areas["high"]).mean() >= 0.9


def test_without_a_score_numbers_are_of_age_and_sex(tables: Tables, everyone: pd.DataFrame) -> None:
    for deprivation in (None, "another_score"):
        found = made(tables, everyone, deprivation)
        assert found.about["adjusted_for"] == ["age", "sex"]
        assert found.about["sentences"][-1] == (
            "The source has no deprivation score: numbers are expected from age and sex only."
        )
        assert len(found.practices) == COUNT


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ("age_sex", "No number of patients is expected. The source has no registrations by age and sex."),
        ("registers", "No number of patients is expected. The source has no registers."),
    ],
)
def test_without_ages_or_registers_nothing_is_expected_and_a_note_says_why(
    tables: Tables, everyone: pd.DataFrame, lacking: str, said: str
) -> None:
    found = made(replace(tables, **{lacking: empty(lacking)}), everyone)
    assert found.about == {"adjusted_for": [], "sentences": [said], "registers": []}
    assert schemas.check("expected", found.practices).empty
    assert schemas.check("expected_groups", found.groups).empty


def test_a_register_of_too_few_practices_is_left_out_by_name(tables: Tables, everyone: pd.DataFrame) -> None:
    few = tables.registers.head(100).assign(group_code="AF")
    found = made(replace(tables, registers=pd.concat([tables.registers, few])), everyone)
    assert set(found.practices["group_code"]) == {"HYP"}
    said = "Too few practices have figures to expect a number of: Atrial fibrillation."
    assert said in found.about["sentences"]
    none = made(replace(tables, registers=few), everyone)
    assert none.practices.empty
    assert none.about["sentences"][-1] == said


def test_no_difference_is_called_a_finding_about_patients(found: Expected) -> None:
    package = Path(schemas.__file__).parents[1]
    files = [*(package / "insight" / "expected").glob("*.py"), package / "report/templates/expected.html.j2"]
    said = [*found.about["sentences"], *(file.read_text(encoding="utf-8") for file in files)]
    wrong = [word for word in ("missed", "undiagnosed", "missing patients", "unmet") if word in listed(said)]
    assert wrong == []
    assert len(files) == 4
    assert any("something to look into, not a finding" in sentence for sentence in found.about["sentences"])
