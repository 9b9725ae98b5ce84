"""Packed lists hold what was packed, in few bytes: the page of all of England is one small file."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gp_segmentation import figures, report
from gp_segmentation.report.packed import DIGITS, pack, packed, unpack
from gp_segmentation.report.page_data import MAX_FEATURES, MAX_INDICATORS, MAX_PEERS, data_block, page_data
from gp_segmentation.schemas import Results

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
    assert small["gain_width"] == 4
    for n, gains in enumerate(plain["gains"]):
        assert unpack(small["gains"][n]) == [number for gain in gains for number in gain]


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
        "gains": rng.integers(0, [45, 400, 300, 600], (ENGLAND, MAX_INDICATORS, 4)),
        **{
            place: {**small[place], **{axis: rng.integers(1000, 6000, ENGLAND).tolist() for axis in "xy"}}
            for place in ("chart", "map")
        },
    }
    data = [len(data_block(packed(each)).encode()) for each in (small, full)]
    size = (tmp_path / "report.html").stat().st_size + data[1] - data[0]
    assert LARGEST / 2 < size < LARGEST


def test_a_picture_keeps_its_size_and_its_colours_but_for_a_shade(
    figures_of_four: Path, results_of: Callable[..., Results], tmp_path: Path
) -> None:
    (figure,) = (each for each in figures.load_figures(figures_of_four)[0] if each.name == "heatmap")
    report.write_page(results_of(4), [figure], tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    (content,) = re.findall(r"data:image/webp;base64,([^\"]+)", text)
    shown, drawn = (
        np.asarray(Image.open(each).convert("RGB"), dtype=int)
        for each in (io.BytesIO(base64.b64decode(content)), figure.png)
    )
    assert np.abs(shown - drawn).max() == 7  # colours are multiples of 15
