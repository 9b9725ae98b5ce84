"""Same inputs, configuration, seed and code: the same bytes, wherever and however it is run.

Also on an old processor: tables have only digits that mean something.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.timeout(1500)


class Surrounding(NamedTuple):
    """What must not matter: how the system is set, and the project's folder."""

    LC_ALL: str
    TZ: str
    folder: str
    PYTHONHASHSEED: str
    threads: int  # of BLAS and OpenMP
    jobs: int


#: That of the project which all tests start from.
BASE = Surrounding("C", "Pacific/Auckland", "project", "0", 1, 1)
#: One that has nothing in common with it: what any part of a surrounding changes, it changes.
OTHER = Surrounding("de_DE.UTF-8", "America/St_Johns", "Ordner mit Löchern", "4711", 2, 2)
#: numpy, OpenBLAS and numba as on a processor of 2008; what is set stands (`utils.processor`).
OLD = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Nehalem",
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
}
#: A picture of curves fitted between trials: on an old processor its lines move by less than a dot.
NEARLY = "study/plots/contour.png"

#: Below data/, in the order in which they come to be: what differs first is where to look.
ORDER = [
    *("raw", "prepared", "features", "matrix", "study", "segments"),
    *("years", "evidence", "metrics.json", "insight", "area", "figures", "report"),
]

# What a user types on a new machine, in one process. The locale is taken up, which Python by itself does not
# do: a library may. A locale that the system does not have is an error.
TYPED = """
import locale, sys
from gp_segmentation import cli
from numpy._core._multiarray_umath import __cpu_features__
from threadpoolctl import threadpool_info
import scipy.linalg

print({lib["architecture"] for lib in threadpool_info() if "architecture" in lib}, __cpu_features__["X86_V3"])
locale.setlocale(locale.LC_ALL, "")
ended = cli.data_main([])
print("----", flush=True)
sys.exit(ended or cli.main([]))
"""


def variables(surrounding: Surrounding) -> dict[str, str]:
    """Return the variables of the environment that a surrounding sets."""
    named = {name: getattr(surrounding, name) for name in ("LC_ALL", "TZ", "PYTHONHASHSEED")}
    return named | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(surrounding.threads))


def digests(data: Path, names: Iterable[str] = ORDER) -> dict[str, str]:
    """Return the SHA-256 of every file below these folders of one, in that order."""
    paths = [path for name in names for path in sorted([data / name, *(data / name).rglob("*")])]
    files = [path for path in paths if path.is_file()]
    return {p.relative_to(data).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def first_difference(found: dict[str, str], expected: dict[str, str]) -> str | None:
    """Name the first file that is another, too many or missing."""
    names = sorted(found.keys() | expected.keys(), key=lambda name: (ORDER.index(name.split("/")[0]), name))
    return next((name for name in names if found.get(name) != expected.get(name)), None)


def german(folder: Path) -> dict[str, str]:
    """Make the German locale in a folder, for C's library to find: few systems come with it."""
    made = ["localedef", "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")]
    done = subprocess.run(made, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, f"no German locale (apt-get install locales): {done.stderr}"
    return {"LOCPATH": str(folder)}


def run_elsewhere(template: Path, folder: Path) -> None:
    """Type `gpseg data` and `gpseg` in a clone of the template, in `OTHER` and on an old processor.

    The project is the folder of `OTHER` below `folder`; what `gpseg` printed stands in `printed` beside it.
    """
    root, here, compiled, locales = (folder / name for name in (OTHER.folder, "here", "compiled", "locales"))
    for made in (here, compiled, locales):
        made.mkdir()
    git = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run([*git, "clone", "--quiet", str(template), str(root)], check=True)
    config = root / "conf" / "config.yaml"
    text = config.read_text(encoding="utf-8")
    assert f"jobs: {BASE.jobs}\n" in text
    config.write_text(text.replace(f"jobs: {BASE.jobs}\n", f"jobs: {OTHER.jobs}\n"), encoding="utf-8")
    subprocess.run([*git, "commit", "--quiet", "--all", "--message", "Another machine"], cwd=root, check=True)

    leading_out = ("GPSEG_", "MLFLOW_TRACKING", "LANG")
    unset = {name: value for name, value in os.environ.items() if not name.startswith(leading_out)}
    done = subprocess.run(
        [sys.executable, "-c", TYPED],
        cwd=here,
        env=unset
        | variables(OTHER)
        | german(locales)
        | OLD
        | {"GPSEG_ROOT": str(root), "NUMBA_CACHE_DIR": str(compiled)}
        | {"HOME": "/nonexistent", "COLUMNS": "40"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not [*here.iterdir()], "something was written where the command was typed"
    data, printed = done.stdout.split("----\n")
    assert "{'Nehalem'} False" in data
    (folder / "printed").write_text(printed + done.stderr, encoding="utf-8")


def job_of(folder: Path) -> tuple[Path, Path]:
    """Return the folders of results and of prepared tables of the job that `run_elsewhere` ran."""
    data = folder / OTHER.folder / "data"
    (results,) = (path.parents[1] for path in (data / "runs").glob("2*/*/insight/portraits.json"))
    (prepared,) = (data / "cache" / "prepared").glob("*/")
    return results, prepared


@pytest.fixture(scope="module")
def found(template, made_once):
    """The digests of all that came of a job elsewhere, and the picture that is nearly the same."""
    folder = made_once("elsewhere", lambda folder: run_elsewhere(template, folder))
    results, prepared = job_of(folder)
    raw, tables = digests(folder / OTHER.folder / "data", ["raw"]), digests(prepared.parent, [prepared.name])
    named = {f"prepared/{name.partition('/')[2]}": digest for name, digest in tables.items()}
    return raw | named | digests(results), results / NEARLY


@pytest.fixture(scope="module")
def base(template, surrounding_of_template):
    """What `dvc repro` made in the project that all tests start from."""
    assert surrounding_of_template == variables(BASE)
    return digests(template / "data")


def test_the_other_surrounding_has_nothing_in_common_with_the_first():
    assert not set(map(str, OTHER)) & set(map(str, BASE))


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
