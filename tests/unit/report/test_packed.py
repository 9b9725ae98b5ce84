"""Packed lists hold what was packed, in few bytes: the page of all of England is one small file."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gp_segmentation import figures, report
from gp_segmentation.report.packed import DIGITS, pack, packed, unpack
from gp_segmentation.report.page_data import MAX_FEATURES, MAX_INDICATORS, MAX_PEERS, data_block, page_data
from gp_segmentation.schemas import Results, empty

#: Bytes of the page at most, and practices of England.
LARGEST, ENGLAND = 4_000_000, 6_200


@given(st.lists(st.integers(0, 10**9)))
def test_what_is_packed_is_unpacked(numbers: list[int]) -> None:
    assert unpack(pack(numbers)) == numbers


def test_small_numbers_take_one_sign_and_positions_of_practices_three() -> None:
    assert [len(pack([n])) for n in (0, 43, 44, 44**2 - 1, 44**2, 6199)] == [1, 1, 2, 2, 3, 3]


def test_json_and_html_write_every_digit_as_one_byte() -> None:
    assert data_block(DIGITS) == f'"{DIGITS}"'
    assert len(set(DIGITS)) == len(DIGITS.encode()) == 88


def test_what_is_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 cannot be packed"):
        pack([3, -1])


def test_the_page_s_lists_are_packed_whole(results_of: Callable[..., Results]) -> None:
    plain = page_data(results_of(4))
    small = packed(plain)
    assert [n - 1 for n in unpack(small["pcn"])] == plain["pcn"]
    assert "groupings" not in plain
    assert "groupings" not in small
    for one, other in zip(small["features"], plain["features"], strict=True):
        assert [one["known"][n] for n in unpack(one["values"])] == other["values"]
    for n, peers in enumerate(plain["peers"]):
        found = unpack(small["peers"][n])
        assert (found[::2], [share - 1 for share in found[1::2]]) == (peers[::2], peers[1::2])
    assert small["widths"] == {"gains": 7, "outside": 5}
    for name in small["widths"]:
        for n, mine in enumerate(plain[name]):
            assert [number - 1 for number in unpack(small[name][n])] == [
                number for one in mine for number in one
            ]
        assert any(plain[name])


def test_a_practice_has_its_gains_its_targets_and_the_registers_outside_their_interval(
    results_of: Callable[..., Results],
) -> None:
    results = results_of(4)
    found = page_data(results)
    assert found["indicators"] == [["DM001", "Asks & <i>"], ["DM002", "Asks & <i>"]]
    # 20 (1.2 to 40), as its interval bears; 50% achieved, 55% by its peers, the seventh.
    assert found["gains"][0] == [[1, 20, 1, 40, 500, 550, 7], [0, 10, 1, 40, 500, 550, 7]]
    sizes = results.segments["segment"].value_counts()
    assert found["targets"] == 2 * [{n: [600, size] for n, size in sizes.sort_index().items()}]
    assert found["registers"] == ["Atrial <b>fibrillation", "Hypertension"]
    # Recorded 75 of 100 expected (80 to 120); 80 is inside.
    assert found["outside"][0] == [[0, 75, 100, 80, 120], [1, 75, 100, 80, 120]]
    assert found["outside"][5] == []


def test_what_an_older_run_lacks_is_not_known(results_of: Callable[..., Results]) -> None:
    results = results_of(4)
    columns = ["practice_code", "indicator_code", "additional_patients"]
    older = replace(
        results,
        practice_opportunities=results.practice_opportunities[columns],
        expected=empty("expected"),
        expected_groups=empty("expected_groups"),
        expected_about={},
    )
    found = page_data(older)
    assert found["gains"][0] == [[1, 20, -1, -1, -1, -1, -1], [0, 10, -1, -1, -1, -1, -1]]
    assert found["targets"] == [{}, {}]
    assert (found["registers"], found["outside"][0]) == ([], [])
    packed(found)


def test_areas_have_codes_and_practices_their_pcn(results_of: Callable[..., Results]) -> None:
    results = results_of(4)
    results.practices.loc[7, ["pcn_code", "pcn_name"]] = None
    found = page_data(results)
    assert found["icbs"] == ["ICB & 0", "ICB & 1", "ICB & 2"]
    assert found["icb_codes"] == ["Q0", "Q1", "Q2"]
    assert found["pcns"] == [["U1", "P"]]
    assert found["pcn"] == [-1 if n == 7 else 0 for n in range(240)]


def test_the_page_of_england_is_below_four_megabytes(
    results_of: Callable[..., Results], figures_of_four: Path, tmp_path: Path
) -> None:
    results, rng = results_of(4), np.random.default_rng(0)
    report.write_page(results, figures.load_figures(figures_of_four)[0], tmp_path / "report.html")
    small = page_data(results)
    names = [f"{'A practice with a name ' * 2}{n}" for n in range(ENGLAND)]
    values = [float(f"{value:.3g}") for value in rng.gamma(2, 5, ENGLAND)]
    full = {
        **small,
        "rows": [[*small["rows"][100][:1], name, *small["rows"][100][2:]] for name in names],
        "pcn": rng.integers(0, 1300, ENGLAND).tolist(),
        "pcns": [[f"U{n:05d}", f"A PRIMARY CARE NETWORK {n}"] for n in range(1300)],
        "features": [{**small["features"][0], "values": values}] * MAX_FEATURES,
        "peers": rng.integers(0, ENGLAND, (ENGLAND, MAX_PEERS, 2))
        .clip(0, [ENGLAND, 100])
        .reshape(ENGLAND, -1),
        "gains": rng.integers(
            0, [45, 400, 300, 600, 1000, 1000, 1500], (ENGLAND, MAX_INDICATORS, 7)
        ).tolist(),
        # One of 20 registers is outside its interval.
        "outside": rng.integers(0, [20, 2000, 2000, 2000, 2000], (ENGLAND, 1, 5)).tolist(),
        **{
            place: {**small[place], **{axis: rng.integers(1000, 6000, ENGLAND).tolist() for axis in "xy"}}
            for place in ("chart", "map")
        },
    }
    data = [len(data_block(packed(each)).encode()) for each in (small, full)]
    size = (tmp_path / "report.html").stat().st_size + data[1] - data[0]
    assert LARGEST / 2 < size < LARGEST


def test_a_picture_keeps_its_size_and_the_colours_of_its_areas(
    figures_of_four: Path, results_of: Callable[..., Results], tmp_path: Path
) -> None:
    (figure,) = (each for each in figures.load_figures(figures_of_four)[0] if each.name == "heatmap")
    report.write_page(results_of(4), [figure], tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    (content,) = re.findall(r"data:image/webp;base64,([^\"]+)", text)
    shown, drawn = (
        np.asarray(each.convert("RGB"), dtype=int)
        for each in (Image.open(io.BytesIO(base64.b64decode(content))), figure.picture())
    )
    off = np.abs(shown - drawn).max(axis=2)
    assert (off == 0).mean() > 0.95  # areas and letters; dots at their edges take the nearest of 256 colours
    assert off.mean() < 0.5
