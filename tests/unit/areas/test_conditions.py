"""What an area's practices are asked about: by arithmetic that can be followed."""

from __future__ import annotations

import pandas as pd
import pytest

from gp_segmentation.areas.conditions import COLUMNS, conditions_to_ask
from gp_segmentation.insight.portraits.profiles import wilson_low
from gp_segmentation.report.expected_text import asked_row, by_chance, question

CODES = [f"A{n:05}" for n in range(80)]
SPECIAL = "B00001"


@pytest.fixture
def segments() -> pd.DataFrame:
    """80 ordinary practices of segment A1 and a special one."""
    codes = [*CODES, SPECIAL]
    names = [f"Practice {code}" for code in codes]
    ordinary = [code != SPECIAL for code in codes]
    return pd.DataFrame(
        {"practice_code": codes, "practice_name": names, "segment_code": "A1", "fitted": ordinary}
    )


@pytest.fixture
def groups() -> pd.DataFrame:
    """The segment records 80 patients with COPD for 100 expected, and diabetes as expected."""
    rows = [("COPD", "COPD", "segment", "A1", 80, 100.0), ("DM", "Diabetes", "segment", "A1", 100, 100.0)]
    columns = ["group_code", "condition", "level", "area_code", "recorded", "expected"]
    return pd.DataFrame(rows, columns=columns)


def recorded(group: str, counts: dict[str, int]) -> pd.DataFrame:
    """Practices of which 55 (45 to 65) patients are expected, and so many recorded."""
    rows = [(code, group, count, 55.0, 45, 65) for code, count in counts.items()]
    columns = ["practice_code", "group_code", "recorded", "expected", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def test_practices_count_beside_england_and_beside_their_own_segment(segments, groups):
    # As much as the segment records is 0.8 * 55 = 44, and the interval begins at 36: 30 is below, 40 is not.
    low = recorded("COPD", dict.fromkeys(CODES[:9], 30) | dict.fromkeys(CODES[9:12], 40))
    expected = pd.concat([low, recorded("COPD", {SPECIAL: 0}), recorded("COPD", {CODES[20]: 50})])
    (row,) = conditions_to_ask(expected, groups, segments, [*CODES, SPECIAL]).to_dict("records")
    assert (row["condition"], row["group_code"], row["way"]) == ("COPD", "COPD", "fewer")
    assert (row["practices"], row["patients"]) == (12, 9 * 25 + 3 * 15)
    assert (row["own_practices"], row["own_patients"]) == (9, 9 * 14)
    assert (row["area_practices"], row["by_chance"]) == (81, pytest.approx(0.025 * 81))
    assert row["largest"] == "; ".join(f"Practice {code} 30 (55)" for code in CODES[:3])
    assert question(row, first=True) == (
        "Start here: ask 9 practices how patients with COPD are found and coded: they record about 130 "
        "fewer than similar practices would. Of all practices 12 record fewer than England would, together "
        "about 270."
    )
    assert asked_row(row)["own"] == "9 (130 fewer)"
    assert by_chance(row).startswith("Chance alone would flag about 2 of 81 practices either way. ")


def test_no_more_than_chance_gives_is_not_asked_about(segments, groups):
    # Twice what chance gives is 5%: of 80 practices the interval of 7 begins below it, that of 8 above.
    assert wilson_low(pd.Series([7 / 80, 8 / 80]), 80).round(3).tolist() == [0.043, 0.052]
    none, some = (
        conditions_to_ask(recorded("DM", dict.fromkeys(CODES[:n], 90)), groups, segments, CODES)
        for n in (7, 8)
    )
    assert (list(none.columns), len(none), len(some)) == (COLUMNS, 0, 1)
    nothing = conditions_to_ask(recorded("DM", dict.fromkeys(CODES, 55)), groups, segments, CODES)
    assert (list(nothing.columns), len(nothing)) == (COLUMNS, 0)


def test_the_way_with_most_practices_comes_first_and_two_conditions_either_way(segments, groups):
    more = recorded("DM", dict.fromkeys(CODES[:20], 90))
    others = [("X1", 12), ("X2", 14), ("X3", 16)]
    known = pd.DataFrame([(code, code, "england", "E") for code, _ in others], columns=groups.columns[:4])
    fewer = [recorded(code, dict.fromkeys(CODES[30 : 30 + n], 20)) for code, n in others]
    found = conditions_to_ask(pd.concat([more, *fewer]), pd.concat([groups, known]), segments, CODES)
    assert list(zip(found["condition"], found["way"], strict=True)) == [
        ("Diabetes", "more"),
        *(("X3", "fewer"), ("X2", "fewer")),
    ]
    # Where nothing is known of the segment, it counts as England: 55 - 20 each.
    assert found["own_patients"].tolist() == [20 * 35, 16 * 35, 14 * 35]


def test_a_few_practices_are_never_asked_about(segments, groups):
    two = conditions_to_ask(recorded("DM", dict.fromkeys(CODES[:2], 99)), groups, segments, CODES[:4])
    assert two.empty
    three = conditions_to_ask(recorded("DM", dict.fromkeys(CODES[:3], 99)), groups, segments, CODES[:4])
    assert three["own_practices"].tolist() == [3]
    assert by_chance(three.iloc[0]).startswith("Chance alone would flag less than 1 of 4 practices")
