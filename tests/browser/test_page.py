"""The page in Chromium: opens from disk, asks for nothing, works by keyboard, and axe finds no barrier."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from gp_segmentation import figures, report
from gp_segmentation.schemas import Results

WHITE = "rgb(255, 255, 255)"
OPEN_ALL = "document.querySelectorAll('details').forEach(d => { d.open = true; })"
#: Where axe looks with `GPSEG_EXHAUSTIVE` too: the rows of the other levels are built in the same way.
MORE_LOOKS = [(1280, "supergroup"), (390, "segment")] if "GPSEG_EXHAUSTIVE" in os.environ else []


@pytest.fixture(scope="module")
def name_of(results_of: Callable[..., Results]) -> Callable[[str], str]:
    """The name of a group."""
    return results_of(4).levels.set_index("code")["name"].to_dict().__getitem__


def test_it_opens_from_disk_and_asks_for_nothing(
    opened: tuple[Page, list[str], list[str]], path: Path
) -> None:
    page, said, asked = opened
    assert page.locator("h1").inner_text().startswith("Segments of general practices")
    broken = "[...document.images].filter(i => !i.naturalWidth).length"
    assert page.evaluate(broken) == 0
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    shown = page.locator("figure img").count()
    page.goto(path.with_name("analyst.html").as_uri(), wait_until="load")
    assert page.evaluate(broken) == 0
    assert shown + page.locator("figure img").count() == len(figures.figure_modules())


@pytest.mark.parametrize(
    ("level", "column"),
    [("supergroup", "supergroup"), ("segment", "segment_code"), ("subgroup", "subgroup")],
)
def test_every_level_counts_the_practices_of_its_groups(
    opened: tuple[Page, list[str], list[str]], results_of: Callable[..., Results], level: str, column: str
) -> None:
    page, said, _ = opened
    expected = results_of(4).segments[column].value_counts().sort_index()
    page.check(f"input[value={level}]")
    assert page.locator("#explore-status").inner_text().endswith(f"by {level}")
    groups = page.locator(f"tbody[data-level={level}] tr")
    for rows in (groups, page.locator("#explore-counts tr")):
        codes = [text.split()[0] for text in rows.locator("th").all_inner_texts()]
        counts = [int(row.locator("td.n").first.inner_text().replace(",", "")) for row in rows.all()]
        assert dict(zip(codes, counts, strict=True)) == expected.to_dict()
    assert page.locator("tbody[data-level]:visible").count() == 1
    assert said == []


def test_the_level_is_chosen_with_the_arrow_keys(opened: tuple[Page, list[str], list[str]]) -> None:
    page, said, _ = opened
    pixels = "document.getElementById('explore-map').toDataURL()"
    looks = [page.evaluate(pixels)]
    page.focus("input[name=level]:checked")
    for level in ("subgroup", "supergroup"):
        page.keyboard.press("ArrowRight")
        assert page.locator("input[name=level]:checked").get_attribute("value") == level
        assert page.locator(f"tbody[data-level={level}]").is_visible()
        looks.append(page.evaluate(pixels))
    assert len(set(looks)) == 3
    assert said == []


@pytest.mark.parametrize(("width", "level"), [(1280, "segment"), (390, "subgroup"), *MORE_LOOKS])
def test_axe_finds_no_barrier(
    opened: tuple[Page, list[str], list[str]], barriers: Callable[..., str], width: int, level: str
) -> None:
    page, _, _ = opened
    page.set_viewport_size({"width": width, "height": 900})
    page.check(f"input[value={level}]")
    page.fill("#finder-input", "practice 1")
    page.locator("#finder-results button").first.click()
    page.evaluate(OPEN_ALL)
    page.focus("#explore-map")
    page.keyboard.press("ArrowRight")
    assert barriers(page) == ""


def test_axe_finds_no_barrier_on_a_dark_page(emptied: Page, path: Path, barriers: Callable[..., str]) -> None:
    emptied.emulate_media(color_scheme="dark")
    for name in ("report.html", "analyst.html"):
        emptied.goto(path.with_name(name).as_uri(), wait_until="load")
        emptied.evaluate(OPEN_ALL)
        assert barriers(emptied, colours=True) == ""  # all else is as in the light


def test_a_reader_who_turns_the_screen_dark_sees_the_charts_again(opened) -> None:
    page, said, _ = opened
    ground = "getComputedStyle(document.getElementById('explore-map')).backgroundColor"
    pixels = "document.getElementById('explore-map').toDataURL()"
    light, below = page.evaluate(pixels), page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("light => document.getElementById('explore-map').toDataURL() !== light", arg=light)
    assert (below, page.evaluate(ground)) == (WHITE, "rgb(21, 25, 28)")
    assert page.evaluate("getComputedStyle(document.querySelector('figure img')).backgroundColor") == WHITE
    assert said == []


def test_it_fits_a_narrow_screen(opened: tuple[Page, list[str], list[str]], path: Path) -> None:
    page, _, _ = opened
    page.set_viewport_size({"width": 390, "height": 800})
    for level in ("supergroup", "segment", "subgroup"):
        page.check(f"input[value={level}]")
        page.fill("#finder-input", "practice 1")
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    for name in ("report.html", "analyst.html"):
        page.goto(path.with_name(name).as_uri(), wait_until="load")
        page.evaluate(OPEN_ALL)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
        right = "[...document.images].map(i => i.getBoundingClientRect().right)"
        assert max(page.evaluate(right)) <= 390


def test_a_region_is_a_tab_stop_where_it_scrolls_and_only_there(
    opened: tuple[Page, list[str], list[str]],
) -> None:
    page, said, _ = opened
    wrong = """() => [...document.querySelectorAll(".scroll, pre")].filter(part => {
      const scrolls = part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1;
      return scrolls !== part.hasAttribute("tabindex");
    }).map(part => part.getAttribute("aria-label"))"""
    stops = "document.querySelectorAll('.scroll[tabindex]').length"
    counts = []
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(OPEN_ALL)
        page.fill("#finder-input", "practice 1")
        page.wait_for_timeout(100)  # a frame, in which the sizes are told
        assert page.evaluate(wrong) == []
        counts.append(page.evaluate(stops))
    assert 0 < counts[0] < counts[1] < page.locator(".scroll").count()
    assert said == []


def test_the_finder_finds_and_shows_hostile_names_as_text(opened: tuple[Page, list[str], list[str]]) -> None:
    page, said, _ = opened
    page.fill("#finder-input", "A00000")
    assert page.locator("#finder-status").inner_text() == "1 practice"
    cells = page.locator("#finder-results tr").first.locator("td")
    assert cells.first.inner_text() == "<script>alert(1)</script>"
    row = page.locator("#finder-results tr").first.inner_text()
    assert "not measured: assigned, not fitted" in row
    page.fill("#finder-input", "nowhere at all")
    assert page.locator("#finder-status").inner_text() == "0 practices"
    assert not page.locator("#finder-table").is_visible()
    assert said == []


def test_a_practice_is_shown_beside_its_segment_peers_and_opportunities(
    opened: tuple[Page, list[str], list[str]],
    results_of: Callable[..., Results],
) -> None:
    page, said, _ = opened
    page.fill("#finder-input", "A00000")
    page.focus("#finder-results button")
    page.keyboard.press("Enter")
    assert page.locator("#practice-title").inner_text().endswith("<script>alert(1)</script>")
    assert page.evaluate("document.activeElement.id") == "practice-title"
    assert page.locator("#practice-profile tr").count() == 5
    assert page.locator("#practice-peers tr").count() == 2
    assert page.locator("#practice-peers td").first.inner_text() == '$x$ & "q"'
    assert "Asks & <i>" in page.locator("#practice-gains tr").first.inner_text()
    page.locator("#practice-peers button").first.click()
    assert page.locator("#practice-title").inner_text().startswith("A00001")
    page.fill("#finder-input", "A00100")
    page.locator("#finder-results button").click()
    age = results_of(4).natural.at["A00100", "age_15_29"]
    assert page.locator("#practice-profile td").first.inner_text() == f"{float(f'{age:.3g}'):g}%"
    peers = [row.split("\t") for row in page.locator("#practice-peers tr").all_inner_texts()]
    assert [(row[0], row[-1]) for row in peers] == [("A00101", "87%"), ("A00102", "87%")]
    # 10 n + 3 * (100 % 7), the largest first
    gains = [row.split("\t") for row in page.locator("#practice-gains tr").all_inner_texts()]
    ranked = (
        f"7 of {(results_of(4).segments['segment'] == results_of(4).segments['segment'].iloc[100]).sum()}"
    )
    assert [(row[0], *row[2:]) for row in gains] == [
        ("DM002", "50.0%", "60.0%", "55.0%", ranked, "26 (1 to 40)"),
        ("DM001", "50.0%", "60.0%", "55.0%", ranked, "16 (1 to 40)"),
    ]
    registers = [row.split("\t") for row in page.locator("#practice-registers tr").all_inner_texts()]
    assert registers == [
        [name, "75", "100 (80 to 120)"] for name in ("Atrial <b>fibrillation", "Hypertension")
    ]  # 75 + 100 % 50 are recorded
    assert said == []


def test_the_finder_shows_every_level_and_how_certain_the_segment_is(
    opened: tuple[Page, list[str], list[str]],
    results_of: Callable[..., Results],
    name_of: Callable[[str], str],
) -> None:
    page, _, _ = opened
    practice = results_of(4).segments.iloc[100]
    codes = [practice[column] for column in ("supergroup", "segment_code", "subgroup")]
    page.fill("#finder-input", "A00100")
    row = page.locator("#finder-results tr").inner_text()
    facts = page.locator("#practice-facts")
    page.locator("#finder-results button").click()
    for text in (row, facts.inner_text()):
        assert [f"{code} {name_of(code)}" in text.replace("  ", " ") for code in codes] == [True] * 3
        # 0.4 + 0.6 * 100 / 239 = 0.651; the rest, 0.349, is the next nearest segment's
        assert re.search(rf"{codes[1]} or [A-Z]\d \(65%, 34%\)", text)


def test_practices_of_no_segment_are_found_drawn_and_counted(
    emptied: Page, hear, barriers: Callable[..., str], results_of: Callable[..., Results], tmp_path: Path
) -> None:
    results = results_of(4, outside=10)
    report.write_page(results, [], tmp_path / "report.html")
    page, said = emptied, list[str]()
    hear("pageerror", lambda error: said.append(str(error)))
    page.goto((tmp_path / "report.html").as_uri(), wait_until="load")
    page.fill("#finder-input", "A00239")
    cells = page.locator("#finder-results td").all_inner_texts()
    assert cells == ["Practice 239", "AB1 2CD", "ICB & 2", "No segment", "none", "none", "none"]
    page.locator("#finder-results button").click()
    facts = page.locator("#practice-facts div").all_inner_texts()
    patients = int(results.unsegmented["list_size"].iloc[-1])
    assert [text.split("\n") for text in facts] == [
        ["Segment", "No segment"],
        ["Integrated care board", "ICB & 2"],
        ["Registered patients", f"{patients:,}"],
    ]
    assert set(page.locator("#practice-profile td:nth-child(3)").all_inner_texts()) == {"none"}
    page.locator("#practice-peers button").first.click()  # from a practice of no segment to one that has one
    assert page.locator("#practice-facts dt").first.inner_text() == "Supergroup"
    page.select_option("#explore-group", label="No segment")
    assert page.locator("#explore-status").inner_text().startswith("10 practices with")
    for level in ("supergroup", "segment", "subgroup"):
        page.check(f"input[value={level}]")
        assert page.locator("#explore-counts tr").all_inner_texts() == ["No segment\t10\t100%"]
        assert page.locator(f"tbody[data-level={level}] tr").last.inner_text().startswith("No segment")
    page.focus("#explore-chart")
    page.keyboard.press("ArrowRight")
    told = page.locator("#explore-said").inner_text().split(". ")
    assert told[0][:6] in set(results.unsegmented["practice_code"])
    assert told[1] == "No segment"
    assert "Margin" not in told[-1]
    grey = """() => {
      const canvas = document.getElementById("explore-chart"), pen = canvas.getContext("2d");
      const pixels = pen.getImageData(0, 0, canvas.width, canvas.height).data;
      return pixels.some((_, i) => i % 4 === 0 && [125, 133, 137].every((part, n) => pixels[i + n] === part));
    }"""
    assert page.evaluate(grey)
    page.select_option("#explore-group", index=1)  # the first supergroup
    assert not page.evaluate(grey)
    assert barriers(page) == ""
    assert said == []


def test_filters_choose_practices_in_both_charts(
    opened: tuple[Page, list[str], list[str]], name_of: Callable[[str], str]
) -> None:
    page, said, _ = opened
    pixels = "id => document.getElementById(id).toDataURL()"
    before = [page.evaluate(pixels, f"explore-{name}") for name in ("map", "chart")]
    assert page.locator("#explore-status").inner_text().startswith("240 practices")
    page.select_option("#explore-icb", label="ICB & 1")
    assert page.locator("#explore-status").inner_text().startswith("80 practices")
    after = [page.evaluate(pixels, f"explore-{name}") for name in ("map", "chart")]
    assert all(old != new for old, new in zip(before, after, strict=True))
    page.select_option("#explore-group", label="\u2003A1  " + name_of("A1"))
    assert page.locator("#explore-counts tr").count() == 1
    page.check("input[value=subgroup]")
    shown = page.locator("#explore-counts th").all_inner_texts()
    assert [text.split()[0] for text in shown] == ["A1a", "A1b", "A1c"]
    assert said == []


def test_pointing_at_a_practice_tells_of_it(opened: tuple[Page, list[str], list[str]]) -> None:
    page, said, _ = opened
    chart, tip = page.locator("#explore-chart"), page.locator("#explore-tip")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    places = [(x, y) for y in range(15, int(box["height"]), 20) for x in range(15, int(box["width"]), 20)]
    for x, y in places:
        page.mouse.move(box["x"] + x, box["y"] + y)
        if tip.is_visible():
            break
    assert "patients" in tip.inner_text()
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    assert said == []


def test_the_keyboard_goes_from_practice_to_practice(opened: tuple[Page, list[str], list[str]]) -> None:
    page, said, _ = opened
    told = []
    page.focus("#explore-chart")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
        told.append(page.locator("#explore-said").inner_text())
    assert page.locator("#explore-tip").is_visible()
    assert len(set(told)) == 3
    page.keyboard.press("Enter")
    assert page.locator("#practice-title").inner_text()[:6] == told[-1][:6]
    assert said == []


def test_every_control_is_reached_with_the_tab_key(opened: tuple[Page, list[str], list[str]]) -> None:
    page, _, _ = opened
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    assert {"explore-icb", "explore-group", "explore-map", "explore-chart", "finder-input"} <= reached


def test_the_first_tab_stop_leads_to_the_content(opened: tuple[Page, list[str], list[str]]) -> None:
    page, _, _ = opened
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_it_reads_without_scripts(browser: Browser, path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator("#segments").is_visible()
    assert page.locator("figure img").first.is_visible()
    assert not page.locator("#find").is_visible()
    assert not page.locator("#explore").is_visible()
    assert not page.locator("#level").is_visible()
    levels = page.locator("tbody[data-level]")
    shown = {each.get_attribute("data-level") for each in levels.all() if each.is_visible()}
    assert (levels.count(), shown) == (3, {"segment"})
    context.close()


def test_a_tap_on_a_mark_shows_its_practice(browser: Browser, path: Path) -> None:
    """A finger moves no pointer before it touches; marks stand all over the chart, so some tap meets one."""
    context = browser.new_context(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(path.as_uri(), wait_until="load")
    chart = page.locator("#explore-chart")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    for step in range(40):
        if page.locator("#practice").is_visible():
            break
        at = {"x": box["width"] * (0.1 + 0.02 * step), "y": box["height"] * (0.1 + 0.02 * step)}
        chart.tap(position=at)
    assert page.locator("#practice-title").inner_text()
    context.close()


def test_the_page_for_analysts_opens_from_the_one_for_readers_and_is_accessible(
    opened: tuple[Page, list[str], list[str]], barriers: Callable[..., str]
) -> None:
    page, said, _ = opened
    page.click("nav a[href='analyst.html']")
    assert page.locator("h1").inner_text().startswith("For analysts")
    assert barriers(page) == ""
    page.click("nav a[href='report.html']")
    assert page.locator("#found").is_visible()
    assert said == []
