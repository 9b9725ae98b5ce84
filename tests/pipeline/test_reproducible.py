"""Same inputs, configuration, seed and code: the same bytes, wherever and however it is run.

Also on an old processor: tables have only digits that mean something.
"""

from __future__ import annotations

import hashlib
import runpy
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.timeout(1500)

#: A picture of curves fitted between trials: on an old processor its lines move by less than a dot.
NEARLY = "study/plots/contour.png"

#: Below data/, in the order in which they come to be: what differs first is where to look.
ORDER = [
    *("raw", "prepared", "features", "matrix", "study", "segments"),
    *("years", "evidence", "metrics.json", "insight", "area", "figures", "report"),
]


def digests(data: Path, names: Iterable[str] = ORDER) -> dict[str, str]:
    """Return the SHA-256 of every file below these folders of one, in that order."""
    paths = [path for name in names for path in sorted([data / name, *(data / name).rglob("*")])]
    files = [path for path in paths if path.is_file()]
    return {p.relative_to(data).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def first_difference(found: dict[str, str], expected: dict[str, str]) -> str | None:
    """Name the first file that is another, too many or missing."""
    names = sorted(found.keys() | expected.keys(), key=lambda name: (ORDER.index(name.split("/")[0]), name))
    return next((name for name in names if found.get(name) != expected.get(name)), None)


@pytest.fixture(scope="module")
def found(elsewhere):
    """The digests of all that came of a job elsewhere, and the picture that is nearly the same."""
    results, prepared = elsewhere.results, elsewhere.prepared
    raw, tables = digests(elsewhere.root / "data", ["raw"]), digests(prepared.parent, [prepared.name])
    named = {f"prepared/{name.partition('/')[2]}": digest for name, digest in tables.items()}
    return raw | named | digests(results), results / NEARLY


@pytest.fixture(scope="module")
def base(template):
    """What `dvc repro` made in the project that all tests start from."""
    return digests(template / "data")


def test_the_other_surrounding_has_nothing_in_common_with_the_first():
    fixture = runpy.run_path(str(Path(__file__).parents[1] / "fixtures" / "elsewhere.py"))
    assert not set(map(str, fixture["OTHER"])) & set(map(str, fixture["BASE"]))


def test_the_first_difference_is_named():
    expected = {"raw/b": "1", "study/a": "2", "insight/c": "3"}
    assert first_difference(dict(reversed(expected.items())), expected) is None
    assert first_difference(expected | {"study/a": "9", "insight/c": "9"}, expected) == "study/a"
    assert first_difference(expected | {"prepared/more": "4"}, expected) == "prepared/more"
    assert first_difference({"raw/b": "1", "study/a": "2"}, expected) == "insight/c"


def test_all_that_counts_is_compared(base):
    assert {name.split("/")[0] for name in base} == set(ORDER)
    assert {"report/report.html", "segments/segments.csv", "segments/model.skops"} <= base.keys()
    assert sum(name.startswith("raw/") for name in base) >= 8
    assert sum(name.startswith("figures/") for name in base) >= 12


def test_neither_the_surrounding_nor_the_processor_changes_a_byte(base, found):
    """Nor whether DVC runs the stages or `gpseg` the whole job."""
    assert first_difference(found[0] | {NEARLY: ""}, base | {NEARLY: ""}) is None


def test_a_picture_of_fitted_curves_is_the_same_to_the_eye(template, found):
    pictures = (template / "data" / NEARLY, found[1])
    here, there = (np.asarray(Image.open(path).convert("RGB"), float) for path in pictures)
    assert np.abs(here - there).mean() < 1
