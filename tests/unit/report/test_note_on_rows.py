"""A page of networks says on top what a row is; a page of practices does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gp_segmentation import report
from gp_segmentation.schemas import Results

NOTE = "Each row is a primary care network; where a text says practice, read network."


def test_the_note_stands_above_the_page(results_of: Callable[..., Results], tmp_path: Path) -> None:
    results = results_of(4)
    networks = replace(results, source={**results.source, "note": NOTE})
    for name, made in (("practices", results), ("networks", networks)):
        report.write_page(made, [], tmp_path / f"{name}.html")
    practices, text = (
        (tmp_path / f"{name}.html").read_text(encoding="utf-8") for name in ("practices", "networks")
    )
    assert NOTE not in practices
    assert text.count(NOTE) == 1
    assert text.index(NOTE) < text.index("<main")
