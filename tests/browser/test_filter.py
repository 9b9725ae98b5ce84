"""The page's filter: one for every table and chart, kept in the address; and the search beside it."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Page

from gp_segmentation import report, schemas
from gp_segmentation.areas.conditions import conditions_to_ask
from gp_segmentation.report.expected_text import by_chance, question
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import natural

#: Colours of four segments on white.
OF_SEGMENTS = ("#0C486C", "#C07800", "#900CFC", "#541800")


@pytest.fixture(scope="module")
def results(results_of: Callable[..., Results]) -> Results:
    """240 practices: board Q0, Q1, Q2 in turn, PCN U0 to U5 in turn; three with postcodes of their own."""
    made = results_of(4)
    turn = [n % 6 for n in range(240)]
    practices = made.practices.assign(
        pcn_code=[f"U{n}" for n in turn], pcn_name=[f"Network & {n}" for n in turn]
    )
    practices.loc[[10, 11, 12], "postcode"] = ["B1 2ZZ", "CB1 2AB", "B12 9XY"]
    return dataclasses.replace(made, practices=practices, groupings=groupings())


def groupings() -> pd.DataFrame:
    """Localities: practices 0 to 11 in North, 12 to 17 in the next. Boards to come: 0 to 5 in East."""
    rows = [
        ("localities", "Localities", "2026-04-01", n, "North" if n < 12 else "<b>&</b>") for n in range(18)
    ]
    rows += [("boards", "Boards", "2027-10-15", n, "East") for n in range(6)]
    columns = ["grouping", "label", "date", "practice_code", "group"]
    return pd.DataFrame(rows, columns=columns).assign(practice_code=[f"A{row[3]:05d}" for row in rows])


@pytest.fixture(scope="module")
def address(results: Results, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("filter") / "report.html"
    report.write_page(results, [], path)
    return path.as_uri()


@pytest.fixture
def page(emptied: Page, hear) -> Iterator[Page]:
    said = list[str]()
    hear("pageerror", lambda error: said.append(str(error)))
    hear("console", lambda message: said.append(message.text))
    hear("dialog", lambda dialog: said.append(dialog.message))
    yield emptied
    assert said == []


def fragment(page: Page) -> str:
    return urlsplit(page.url).fragment


def chosen(results: Results, icb: str | None, segment: str | None = None) -> pd.DataFrame:
    about = results.segments.merge(results.practices[["practice_code", "pcn_name", "icb_code"]].rename(
        columns={"icb_code": "board", "pcn_name": "network"}
    ))  # fmt: skip
    wanted = ((about["board"] == icb) | (icb is None)) & (
        (about["segment_code"] == segment) | (segment is None)
    )
    return about[wanted].sort_values("practice_code")


def name_of(results: Results, code: str) -> str:
    return str(results.segments.set_index("segment_code").loc[code, "segment_name"].iloc[0])


def names_of(results: Results) -> dict[str, str]:
    return dict(zip(results.segments["practice_code"], results.segments["practice_name"], strict=True))


def codes(page: Page) -> list[str]:
    return page.locator("#area-practices th").all_inner_texts()


def test_an_address_restores_the_filter_in_every_part(page: Page, address: str, results: Results) -> None:
    page.goto(f"{address}#icb=Q1&segment=A1")
    expected = chosen(results, "Q1", "A1")
    count, patients = len(expected), expected["list_size"].sum()
    assert page.locator("#explore-icb").input_value() == "Q1"
    assert page.locator("#explore-group").input_value() == "A1"
    told = page.locator("#filter-status").inner_text()
    assert told.startswith("ICB & 1, A1 ")
    assert told.endswith(f": {count} practices, {patients:,} patients.")
    assert page.locator("#explore-status").inner_text().startswith(f"{count} practices with")
    assert page.locator("#area-title").inner_text() == "ICB & 1"
    assert page.locator("#area-status").inner_text().startswith(f"{count} of 80 practices: those in A1 ")
    assert sorted(codes(page)) == list(expected["practice_code"])
    page.fill("#finder-input", "practice")  # four of the 240 have other names
    assert page.locator("#finder-status").inner_text() == (
        f"{count} practices; the first 10 are shown; {236 - count} more outside the filter"
    )


def test_the_first_screen_says_what_a_board_has_more_of_how_sure_and_what_follows(
    page: Page, address: str, results: Results
) -> None:
    page.goto(address)
    here = page.locator("#overview tbody td:nth-child(4)")
    assert not here.first.is_visible()
    assert not page.locator("#here").is_visible()
    page.select_option("#explore-icb", "Q1")
    england = chosen(results, None).groupby("segment_code").size()
    counts = chosen(results, "Q1").groupby("segment_code").size().reindex(england.index, fill_value=0)
    in_order = page.locator("#overview tbody tr").evaluate_all("all => all.map(one => one.dataset.code)")
    assert sorted(in_order) == sorted(england.index)
    assert here.all_inner_texts() == [f"{counts[code]} ({counts[code] / 80:.0%})" for code in in_order]
    assert page.locator("#here-title").inner_text() == "ICB & 1: 80 practices"
    largest = counts.idxmax()  # a quarter of 80 practices each, give or take what chance gives
    mix, sure, networks = page.locator("#here-found > li").all_inner_texts()
    patients = chosen(results, "Q1").groupby("segment_code")["list_size"].sum()
    assert mix == (
        f"The mix of segments is much like England's. {counts[largest]} of 80 practices "
        f"({counts[largest] / 80:.0%}) are in {largest} ({name_of(results, largest)}), with "
        f"{patients[largest] / patients.sum():.0%} of the area's patients; in England "
        f"{england[largest] / 240:.0%} of practices."
    )
    doubts = results.doubts[results.doubts.index.isin(chosen(results, "Q1")["practice_code"])]
    clear, special = (doubts == "").sum(), results.practices.set_index("practice_code")["special"].dropna()
    special = [
        name for code, name in names_of(results).items() if code in special.index and code not in doubts
    ]
    special = [name for name in special if name in set(chosen(results, "Q1")["practice_name"])]
    share = f"{clear} of {len(doubts)} practices ({clear / len(doubts):.0%})"  # of all: 200 of 235
    assert sure == (
        f"How sure here: {share} have a clear segment (random samples and a second method give the "
        "same); in England 85%. Compare the other "
        f"{len(doubts) - clear} with both of their segments. Placed, but not assessed: {len(special)} "
        f"special practices ({', '.join(special)})."
    )
    assert networks == f"0 of 2 networks have practices of {largest} only."
    *_, fair = page.locator("#here-asked > li").all_inner_texts()
    assert fair.startswith("England's average is a fair comparison for the area as a whole.")
    unclear = len(doubts) - clear
    boards = page.locator("#here-boards").inner_text().split(": ")[1].split("; ")
    assert sorted(boards) == ["ICB & 0", "ICB & 2"]
    assert page.locator("#here-lists").inner_text() == (
        f"See its {counts[largest]} practices in {largest}; the {unclear} without a clear segment; all its "
        f"practices by network; what sets {largest} apart"
    )
    page.click(f"#here-lists >> text=the {unclear} without a clear segment")
    assert sorted(codes(page)) == [code for code, doubt in doubts.items() if doubt]
    told = dict(
        zip(codes(page), page.locator("#area-practices td:nth-child(6)").all_inner_texts(), strict=True)
    )
    why = {
        "draws": "no: samples differ",
        "method": "no: second method differs",
        "draws, method": "no: both differ",
    }
    assert told == {code: why[doubt] for code, doubt in doubts.items() if doubt}
    page.click(f"text=its {counts[largest]} practices in {largest}")
    assert sorted(codes(page)) == list(chosen(results, "Q1", largest)["practice_code"])
    networks = page.locator("#area-practices td:nth-child(3)").all_inner_texts()
    assert networks == sorted(networks)


def test_what_an_area_has_clearly_more_of_is_named_and_no_segment_to_plan_by_is_said(
    page: Page, results: Results, tmp_path: Path
) -> None:
    mine = results.segments["segment_code"] == "A1"
    moved = results.practices.assign(
        icb_code=results.practices["icb_code"].mask(mine, "Q1"),
        icb_name=results.practices["icb_name"].mask(mine, "ICB & 1"),
    )
    of_board = results.segments.assign(icb_name=moved["icb_name"])
    changed = dataclasses.replace(
        results, practices=moved, segments=of_board, groupings=schemas.empty("groupings")
    )
    feature = results.dictionary["feature"].iloc[0]
    gout = {"feature": feature, "name": "gout <b>", "mean": "1.40%", "england": "1.30%"}
    told_of = [
        portrait | {"conditions": {"more": [gout], "less": [gout | {"name": "asthma"}], "adjusted": True}}
        for portrait in results.portraits
    ]
    changed = dataclasses.replace(changed, portraits=told_of)
    unstable = dataclasses.replace(changed, evidence={**results.evidence, "verdict": "unstable"})
    told = []
    for name, run in (("as it is", changed), ("unstable", unstable)):
        report.write_page(run, [], tmp_path / f"{name}.html")
        page.goto((tmp_path / f"{name}.html").as_uri() + "#icb=Q1")
        of = ("#here-found > li", "#here-asked > li", "#here-asked ul > li")
        told.append([page.locator(part).all_inner_texts() for part in of])
    count, board = int(mine.sum()), int((moved["icb_code"] == "Q1").sum())
    ((first, *_), (*_, compare), _), (_, warned, _) = told
    assert first.startswith(f"{count} of {board} practices ({count / board:.0%}) are in A1 (")
    assert first.endswith(f"; in England {count / 240:.0%} of practices.")
    fitted = of_board[of_board["fitted"] & mine]
    here = natural(results.natural.loc[fitted["practice_code"], feature].mean(), "%")
    assert compare == (
        f"Compare the {count} practices in A1 with the 0 elsewhere, not with England's average. They record "
        f"more gout <b> ({here} here, 1.40% in all A1, 1.30% in England), and less asthma ({here} here, "
        "1.40% in all A1, 1.30% in England), adjusted for age and sex."
    )
    assert warned == ["Do not plan by these segments: below it says why."]


def test_conditions_recorded_by_more_practices_than_chance_gives_are_asked_about(
    page: Page, results: Results, tmp_path: Path
) -> None:
    # No special practice, which is never asked about. 80 practices: two below by chance.
    of_board = chosen(results, "Q1")
    board = list(of_board.loc[of_board["fitted"], "practice_code"])
    special = of_board.loc[~of_board["fitted"], "practice_code"].iloc[0]
    rows = [(code, "COPD", 30, 55.0, 45, 65) for code in board[:9]]  # 9 below, by 25 each
    rows += [(code, "COPD", 40, 55.0, 45, 65) for code in [*board[9:12], special]]  # and 3 by 15 each
    rows += [(code, "COPD", 80, 55.0, 45, 65) for code in board[12:15]]  # 3 above: no more than chance gives
    rows += [(code, "DM", 100, 60.0, 50, 70) for code in board[20:30]]  # 10 above, by 40 each
    rows += [(code, "DM", 60, 60.0, 50, 70) for code in board[30:]]  # as expected
    columns = ["practice_code", "group_code", "recorded", "expected", "low", "high"]
    expected = pd.DataFrame(rows, columns=columns)
    # All segments record four fifths of what is expected for COPD; of diabetes no more is known.
    of = results.segments.drop_duplicates("segment_code")["segment_code"]
    groups = pd.DataFrame(
        {
            **{"group_code": "COPD", "condition": "COPD <b>", "level": "segment", "area_code": list(of)},
            **{"recorded": 80, "expected": 100.0},
        }
    )
    england = pd.DataFrame([{"group_code": "DM", "condition": "Diabetes", "level": "england"}])
    groups = pd.concat([groups, england], ignore_index=True)
    run = dataclasses.replace(
        results,
        expected=expected,
        expected_groups=groups.reindex(columns=results.expected_groups.columns),
        expected_about={"adjusted_for": ["age", "sex", "deprivation"], "sentences": []},
    )
    report.write_page(run, [], tmp_path / "report.html")
    page.goto((tmp_path / "report.html").as_uri() + "#icb=Q1")
    about = results.segments.set_index("practice_code")

    def where(codes_: list[str]) -> str:
        counts = about.loc[codes_, "segment_code"].value_counts()
        order = list(results.segments.drop_duplicates("segment").sort_values("segment")["segment_code"])
        in_order = sorted(counts.index, key=lambda code: (-counts[code], page_order.index(code)))
        assert set(in_order) <= set(order)
        return ", ".join(f"{counts[code]} in {code}" for code in in_order)

    page_order = page.locator("#overview tbody tr").evaluate_all("all => all.map(one => one.dataset.code)")

    def common(codes_: list[str]) -> str:
        counts = of_board.set_index("practice_code").loc[codes_, "network"].value_counts()
        return "; ".join(f"{name}, {n} of 40" for name, n in counts.items() if n > 1)

    names = [about.loc[code, "practice_name"] for code in board[20:23]]
    told = [line.split("\t") for line in page.locator("#here-conditions tbody tr").all_inner_texts()]
    assert told == [
        [
            *("Diabetes", f"10 ({where(board[20:30])})", "400 more", "10 (400 more)"),
            *(common(board[20:30]), "; ".join(f"{name} 100 (60)" for name in names)),
        ],
        # Their segments record 0.8 * 55 = 44, the interval of that ends at 36: 30 are below it, 40 are not.
        [
            *("COPD <b>", f"12 ({where(board[:12])})", "270 fewer", "9 (130 fewer)", common(board[:12])),
            "; ".join(f"{about.loc[code, 'practice_name']} 30 (55)" for code in board[:3]),
        ],
    ]
    assert page.locator("#here-conditions caption").inner_text() == (
        "Practices that record fewer or more patients than expected for their patients' age, sex and "
        "deprivation. Chance alone would flag about 2 of 80 practices either way. A flag does not prove that "
        "patients are missed: ethnicity and smoking are not adjusted for, and some of a gap may be who the "
        "patients are. Special practices are left out."
    )
    asked = page.locator("#here-asked > li").all_inner_texts()
    assert asked[:2] == [
        "Start here: ask 10 practices whether services match their patients with diabetes: they record about "
        "400 more than similar practices would. Of all practices 10 record more than England would, together "
        "about 400.",
        "Ask 9 practices how patients with COPD <b> are found and coded: they record about 130 fewer than "
        "similar practices would. Of all practices 12 record fewer than England would, together about 270.",
    ]
    # The pack of an area is worked out elsewhere, and says the same.
    told = conditions_to_ask(expected, groups, results.segments, list(of_board["practice_code"]))
    assert [question(row, first=not n) for n, row in enumerate(told.to_dict("records"))] == asked[:2]
    assert by_chance(told.iloc[0]) in page.locator("#here-conditions caption").inner_text()
    listed = page.locator("#networks-practices span").evaluate_all("all => all.map(one => one.textContent)")
    assert sum(" COPD 40/55" in text for text in listed) == 3
    assert sum(" COPD* 30/55" in text for text in listed) == 9
    assert sum(" DM* 100/60" in text for text in listed) == 10
    head = page.locator("#networks-table thead th").all_inner_texts()
    assert [text.strip() for text in head[-3:]] == ["Not clear", "More DM", "Fewer COPD"]
    by_network = [line.split("\t") for line in page.locator("#networks-table tbody tr").all_inner_texts()]
    assert [sum(int(line[n]) for line in by_network) for n in (-2, -1)] == [10, 12]
    page.click("#here-conditions button:has-text('COPD')")
    assert sorted(codes(page)) == board[:12]
    assert page.locator("#area-status").inner_text() == (
        "12 of 80 practices (COPD <b>: fewer patients than expected)."
    )
    rows_ = [line.split("\t") for line in page.locator("#area-practices tr").all_inner_texts()]
    assert {(row[4], row[6]) for row in rows_} == {("40 (55)", "as its segment"), ("30 (55)", "also low")}
    with page.expect_download() as saved:
        page.click("#area-csv")
    table = pd.read_csv(saved.value.path())
    assert list(table.columns)[-3:] == ["Recorded (expected)", "Segment", "Beside its own segment"]
    assert list(table["Code"]) == codes(page)
    page.select_option("#area-only", "more-0")
    assert sorted(codes(page)) == board[12:15]
    page.select_option("#explore-icb", "Q2")  # where the choice is not offered
    assert page.locator("#area-only").input_value() == ""
    assert not page.locator("#area-table thead button:text-is('Recorded (expected)')").is_visible()


def test_networks_of_an_area_are_counted_by_segment(page: Page, address: str, results: Results) -> None:
    page.goto(address)
    assert not page.locator("#networks").is_visible()
    page.select_option("#explore-icb", "Q1")
    area = chosen(results, "Q1").set_index("practice_code")
    assert set(area["network"]) == {"Network & 1", "Network & 4"}
    codes_ = sorted(results.segments["segment_code"].unique())
    head = page.locator("#networks-table thead th").all_inner_texts()
    head = [text.strip() for text in head]
    last = head.index("Not clear")  # conditions asked about follow
    assert sorted(head[3:last]) == codes_
    assert head[:3] == ["Network", "Practices", "Patients"]
    found = [line.split("\t") for line in page.locator("#networks-table tbody tr").all_inner_texts()]
    unclear = results.doubts[results.doubts != ""].index
    for name, cells in zip(("Network & 1", "Network & 4"), sorted(found), strict=True):
        mine = area[area["network"] == name]
        by_segment = [str((mine["segment_code"] == code).sum()) for code in head[3:last]]
        assert cells[: last + 1] == [
            *(name, str(len(mine)), f"{mine['list_size'].sum():,}"),
            *by_segment,
            str(mine.index.isin(unclear).sum()),
        ]
    page.click("#networks-table thead button:text-is('Patients')")  # the largest first
    patients = [
        int(n.replace(",", "")) for n in page.locator("#networks-table td:nth-child(3)").all_inner_texts()
    ]
    assert patients == sorted(patients, reverse=True)
    listed = page.locator("#networks-practices span").evaluate_all("all => all.map(one => one.textContent)")
    second = results.segments.set_index("practice_code")["second_segment"]
    code_of = dict(zip(results.segments["segment"], results.segments["segment_code"], strict=True))
    special = set(results.practices.loc[results.practices["special"].notna(), "practice_code"])
    listed = [re.sub(r"( [A-Z]+\*? [\d,]+/[\d,]+)+$", "", text) for text in listed]  # conditions asked about
    assert sorted(listed) == sorted(
        name + (f" ({code_of[second[code]]})" if code in unclear else " (special)" if code in special else "")
        for code, name in area["practice_name"].items()
    )
    page.click("#networks-table button:text-is('Network & 4')")
    assert page.locator("#filter-pcn").input_value() == "U4"


def test_a_board_s_averages_are_those_of_its_fitted_practices(
    page: Page, address: str, results: Results
) -> None:
    page.goto(f"{address}#icb=Q1")
    page.click("#area-averages-part summary")
    fitted = results.segments[results.segments["fitted"] & (results.segments["icb_name"] == "ICB & 1")]
    means = results.natural.loc[fitted["practice_code"]].mean()
    about = results.dictionary.set_index("label")
    lines = [line.split("\t") for line in page.locator("#area-averages tr").all_inner_texts()]
    assert len(lines) == len(results.dictionary)
    for label, board, _ in lines:
        feature, unit = about.loc[label, ["feature", "unit"]]
        assert board == natural(means[feature], unit)
    page.select_option("#filter-pcn", "U4")
    assert not page.locator("#area-averages-part").is_visible()


def test_choosing_writes_the_address_and_clearing_empties_it(page: Page, address: str) -> None:
    page.goto(address)
    assert page.locator("#filter-pcn").is_disabled()
    assert not page.locator("#area").is_visible()
    page.select_option("#explore-icb", label="ICB & 1")
    # Practices 1, 4, 7, 10 ... are of the board: their PCNs are U1 and U4.
    offered = page.locator("#filter-pcn option").all_inner_texts()
    assert offered == ["All of its PCNs", "Network & 1", "Network & 4"]
    page.select_option("#filter-pcn", label="Network & 4")
    page.select_option("#explore-group", "B1")
    assert fragment(page) == "icb=Q1&pcn=U4&segment=B1"
    page.select_option("#explore-group", "")
    assert codes(page)[:3] == ["A00004", "A00010", "A00016"]
    assert len(codes(page)) == 40
    page.select_option("#explore-icb", label="ICB & 2")  # has no PCN U4
    assert fragment(page) == "icb=Q2"
    page.click("#filter-clear")
    assert page.url == address
    assert page.locator("#filter-status").inner_text().startswith("All of England: 240 practices, ")
    assert page.evaluate("document.activeElement.id") == "explore-icb"


def test_anchors_work_and_keep_the_filter(page: Page, address: str) -> None:
    in_sight = "id => Math.abs(document.getElementById(id).getBoundingClientRect().top) < 900"
    page.goto(address)
    page.click("nav a[href='#find']")
    assert fragment(page) == "find"
    page.goto(f"{address}#pcn=U4")  # a PCN names its board
    page.click("nav a[href='#opportunities']")
    page.wait_for_function("location.hash === '#icb=Q1&pcn=U4&at=opportunities'")
    assert page.evaluate(in_sight, "opportunities")
    page.go_back()
    page.wait_for_function("location.hash === '#icb=Q1&pcn=U4'")
    assert len(codes(page)) == 40
    page.reload()
    assert len(codes(page)) == 40
    page.goto("about:blank")
    page.goto(f"{address}#icb=Q1&at=opportunities")
    assert page.evaluate(in_sight, "opportunities")
    page.evaluate("location.hash = 'icb=Q2'")
    page.wait_for_function("document.getElementById('area-title').textContent === 'ICB & 2'")


def test_what_the_run_does_not_have_is_said(page: Page, address: str) -> None:
    page.goto(f"{address}#icb=<b>Q9&segment=A1&pcn=%")
    told = page.locator("#filter-status").inner_text()
    assert told.startswith("This run has no icb <b>Q9. This run has no pcn %. A1 ")
    assert fragment(page) == "segment=A1"


def test_the_area_s_practices_are_sorted_by_any_column(page: Page, address: str, results: Results) -> None:
    page.goto(f"{address}#icb=Q1")
    area = chosen(results, "Q1")
    area["certainty"] = (100 * area["certainty"] + 1e-6) // 1  # as it is shown; of special ones not known
    for heading, column, down in (
        ("Patients", "list_size", True),  # numbers fall first
        ("Patients", "list_size", False),
        ("Code", "practice_code", False),
        ("PCN", "network", False),
        ("Segment", "segment_code", False),
        ("Certainty in samples", "certainty", True),
        ("Certainty in samples", "certainty", False),
    ):
        page.click(f"#area-table thead button:text-is('{heading}')")
        ordered = area.sort_values(column, ascending=not down, kind="stable", na_position="last")
        assert codes(page) == list(ordered["practice_code"]), heading
        sorted_by = page.locator(f"#area-table th[aria-sort={'descending' if down else 'ascending'}]")
        assert sorted_by.all_inner_texts() == [heading]
    first = area.set_index("practice_code").loc["A00100"]
    shown = page.locator("#area-practices tr", has_text="A00100").inner_text().split("\t")
    # Certainty 0.4 + 0.6 * 100 / 239 = 0.651
    assert shown[:7] == [
        *("A00100", "Practice 100", "Network & 4", f"{first['list_size']:,}"),
        *(first["segment_code"], "yes", "65%"),
    ]


def test_the_mix_of_segments_stands_beside_england_s(page: Page, address: str, results: Results) -> None:
    page.goto(f"{address}#icb=Q1&segment=A1")  # all segments of the board all the same
    area, england = chosen(results, "Q1"), results.segments
    for level, column in (("segment", "segment_code"), ("subgroup", "subgroup")):
        page.check(f"input[value={level}]")
        rows = [text.split("\t") for text in page.locator("#area-mix tr").all_inner_texts()]
        assert [row[0].split()[0] for row in rows] == sorted(set(england[column]))
        for code, *figures in rows:
            mine = area[area[column] == code.split()[0]]
            share = (england[column] == code.split()[0]).mean()
            expected = [len(mine), len(mine) / len(area), share, int(mine["list_size"].sum())]
            assert int(figures[0]) == expected[0]
            assert [float(text.strip("%")) / 100 for text in figures[1:3]] == pytest.approx(
                expected[1:3], abs=0.005001
            )
            assert figures[3] == f"{expected[3]:,}"


def test_groups_of_one_s_own_filter_as_a_board_does(page: Page, address: str, results: Results) -> None:
    page.goto(address)
    labels = page.locator("#filter label").all_inner_texts()
    assert labels == [
        *("Start here: your board (ICB)", "Primary care network", "Boards (15 October 2027)"),
        *("Localities (1 April 2026)", "Segment"),
    ]
    page.get_by_label("Localities").select_option("<b>&</b>")
    assert fragment(page) == "group-localities=%3Cb%3E%26%3C%2Fb%3E"
    assert page.locator("#area-title").inner_text() == "<b>&</b>"
    patients = results.everyone["list_size"][12:18].sum()
    assert page.locator("#filter-status").inner_text() == f"<b>&</b>: 6 practices, {patients:,} patients."
    assert sorted(codes(page)) == [f"A{n:05d}" for n in range(12, 18)]
    page.get_by_label("Localities").select_option("North")
    page.select_option("#explore-icb", "Q1")  # in turn with Q0 and Q2
    assert page.locator("#area-title").inner_text() == "ICB & 1, North"
    assert sorted(codes(page)) == ["A00001", "A00004", "A00007", "A00010"]
    page.reload()  # the address keeps it
    assert page.get_by_label("Localities").input_value() == "North"
    assert sorted(codes(page)) == ["A00001", "A00004", "A00007", "A00010"]
    page.get_by_label("Boards").select_option("East")
    assert sorted(codes(page)) == ["A00001", "A00004"]
    assert "group-boards=East" in fragment(page)
    page.get_by_label("Localities").select_option("<b>&</b>")  # nobody is in both
    assert page.locator("#area-status").inner_text() == "0 practices."
    assert "NaN" not in page.locator("#area").inner_text()
    page.click("#filter-clear")
    assert fragment(page) == ""
    assert page.locator("#area").is_hidden()


def test_a_group_that_is_not_there_is_said(page: Page, address: str) -> None:
    page.goto(f"{address}#group-localities=West")
    told = page.locator("#filter-status").inner_text()
    assert told.startswith("This run has no group-localities West. All of England: 240 practices")


def test_tables_of_england_say_so_while_a_filter_is_on(page: Page, address: str) -> None:
    page.goto(address)
    notes = page.locator(".of-england:visible")
    assert notes.count() == 0
    page.select_option("#explore-group", "A1")
    captions = page.locator("main caption:visible")
    inside = page.locator(":is(#overview, #networks, #area, #explore, #find) caption:visible").count()
    assert notes.count() == captions.count() - inside + 3  # and three headings
    for caption in captions.all()[1:4]:
        text = caption.inner_text()
        assert text.endswith("(All of England: the filter does not change it.)") != (
            "Practices shown" in text
        )
    assert page.locator("#explore .of-filter").inner_text().startswith("Only: A1 ")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("B12", ["A00012", "A00010"]),  # B12 before B1 2, and not CB1 2
        ("b12 9", ["A00012"]),
        ("cb12ab", ["A00011"]),
        ("2AB", []),
        ("ractice", []),
        ("a0023", [f"A0023{n}" for n in range(10)]),
    ],
)
def test_a_search_is_of_beginnings(page: Page, address: str, typed: str, found: list[str]) -> None:
    page.goto(address)
    page.fill("#finder-input", typed)
    assert page.locator("#finder-results th").all_inner_texts() == found


def test_enter_opens_the_only_hit_and_a_board_sets_the_filter(page: Page, address: str) -> None:
    page.goto(address)
    page.fill("#finder-input", "practice")
    page.keyboard.press("Enter")
    assert not page.locator("#practice").is_visible()
    page.fill("#finder-input", "A00100")
    page.keyboard.press("Enter")
    assert page.locator("#practice-title").inner_text() == "A00100 Practice 100"
    page.fill("#finder-input", "q2")
    assert page.locator("#finder-status").inner_text() == "0 practices; 1 integrated care board"
    page.click("#finder-boards button:text-is('Show Q2, ICB & 2')")
    assert fragment(page) == "icb=Q2"
    page.fill("#finder-input", "Q1")
    page.keyboard.press("Enter")
    assert fragment(page) == "icb=Q1"
    assert page.evaluate("document.activeElement.id") == "area-title"


@pytest.mark.parametrize("width", [1280, 390])
def test_with_a_filter_axe_finds_no_barrier_and_it_fits(
    page: Page, barriers: Callable[..., str], address: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}#icb=Q1&pcn=U4&segment=A")
    page.fill("#finder-input", "Q2")
    # Colours are the same at every width.
    assert barriers(page, colours=None if width == 390 else False) == ""
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def saved_map(page: Page, kind: str, folder: Path) -> Path:
    """Save the map of practices as a file of this kind."""
    with page.expect_download() as started:
        page.evaluate(f"document.querySelector('#explore-map-data .{kind}').click()")
    started.value.save_as(folder / f"map.{kind}")
    return folder / f"map.{kind}"


def test_the_map_of_an_area_names_its_networks_below_its_practices(
    page: Page, address: str, tmp_path: Path
) -> None:
    def drawn(part: str) -> tuple[list[ET.Element], list[str]]:
        page.goto(f"{address}{part}")
        page.reload()
        parts = list(ET.parse(saved_map(page, "svg", tmp_path)).getroot())  # noqa: S314 - the page's own
        return parts, [one.text or "" for one in parts if (one.text or "").startswith("Network")]

    assert drawn("")[1] == []  # of England there is no room
    assert drawn("#icb=Q1&pcn=U1")[1] == []  # the heading names the only one
    parts, names = drawn("#icb=Q1")
    assert names == ["Network & 1", "Network & 1", "Network & 4", "Network & 4"]  # a ground, and the letters
    at = [n for n, one in enumerate(parts) if one.text in names]
    boxes = [tuple(float(parts[n].attrib[side]) for side in "xy") for n in at[::2]]
    assert abs(boxes[0][1] - boxes[1][1]) >= 11 or abs(boxes[0][0] - boxes[1][0]) >= 59
    practices = [n for n, one in enumerate(parts) if one.attrib.get("fill", "").upper() in OF_SEGMENTS]
    assert len(practices) >= 80
    assert min(practices) > max(at), "a name hides a practice"


def test_a_saved_map_ends_at_its_edge(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(address)
    page.get_by_label("Localities").select_option("North")  # 12 of 240 practices, others all around
    with Image.open(saved_map(page, "png", tmp_path)) as picture:
        edge = picture.convert("L").crop((0, 0, 16 * 150 // 96 - 1, picture.height))
        assert edge.getextrema() == (255, 255)


def test_paper_has_the_colours_of_the_map_where_the_screen_is_dark(page: Page, address: str) -> None:
    """As a browser prints it: with events, and nothing drawn where the screen's charts are hidden."""
    shapes = "document.querySelectorAll('#networks-table canvas')"
    colours = f"() => Array.from({shapes}, shape => shape.toDataURL()).join()"
    page.goto(f"{address}#icb=Q1")
    light = page.evaluate(colours)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"light => ({colours})() !== light", arg=light)
    on_screen = page.evaluate(colours)
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(colours) == light
    assert page.locator("#networks-map").is_visible()
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(colours) == on_screen


def test_the_area_is_printed_whole_and_controls_are_not(page: Page, address: str) -> None:
    page.goto(f"{address}#icb=Q1")
    page.emulate_media(media="print")
    assert page.locator("#filter-status").inner_text().startswith("ICB & 1: 80 practices")
    assert not page.locator("#explore-icb").is_visible()
    cut = "box => box.scrollHeight > box.clientHeight"
    assert page.locator("#area .long").evaluate(cut) is False
    page.emulate_media(media="screen")
    assert page.locator("#area .long").evaluate(cut) is True
