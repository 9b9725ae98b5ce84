"""Same inputs, configuration, seed and code: the same bytes, wherever and however it is run.

Also on an old processor: tables have only digits that mean something.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.timeout(1500)

BLANKS = "Ordner mit Löchern"


class Surrounding(NamedTuple):
    """What must not matter: how the system is set, the project's folder, where a command is typed."""

    LC_ALL: str
    TZ: str
    folder: str  # in the one without blanks a command is typed in the project, else elsewhere
    PYTHONHASHSEED: str
    threads: int  # of BLAS and OpenMP
    jobs: int

    def __str__(self) -> str:
        return "-".join(map(str, self)).replace("/", "_").replace(" ", "_")


#: That of the project which all tests start from.
BASE = Surrounding("C", "Pacific/Auckland", "project", "0", 1, 1)
#: One that has nothing in common with it: what any part of a surrounding changes, it changes.
OTHER = Surrounding("de_DE.UTF-8", "America/St_Johns", BLANKS, "4711", 2, 2)
#: numpy, OpenBLAS and numba as on a processor of 2008; what is set stands (`utils.processor`).
OLD = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Nehalem",
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
}
#: A picture of curves fitted between trials: on an old processor its lines move by less than a dot. On the
#: same one, `test_gpseg` compares it.
LEFT_OUT = "study/plots/contour.png"

#: Below data/, in the order in which they come to be: what differs first is where to look.
ORDER = [
    *("raw", "prepared", "features", "matrix", "study", "segments"),
    *("years", "evidence", "metrics.json", "insight", "area", "figures", "report"),
]

# Every stage as DVC calls it, in one process. The locale is taken up, which Python by itself does not do:
# a library may. A locale that the system does not have is an error.
IN_A_ROW = """
import locale, sys
from gp_segmentation import cli, config
from numpy._core._multiarray_umath import __cpu_features__
from threadpoolctl import threadpool_info
import scipy.linalg
from gp_segmentation.pipeline.order import STAGES
from gp_segmentation.pipeline.stages import configure
from gp_segmentation.utils.root import project_root

print({lib["architecture"] for lib in threadpool_info() if "architecture" in lib}, __cpu_features__["X86_V3"])
locale.setlocale(locale.LC_ALL, "")
root = project_root()
configure.run(root)
source = config.load_params(root / "params.yaml")["source"]
config.build(source["england"])(root / "data" / "raw" / source["name"])
sys.exit(next((name for name in STAGES if cli.stage_main([name])), None))
"""


def variables(surrounding: Surrounding) -> dict[str, str]:
    """Return the variables of the environment that a surrounding sets."""
    named = {name: getattr(surrounding, name) for name in ("LC_ALL", "TZ", "PYTHONHASHSEED")}
    return named | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(surrounding.threads))


def digests(data: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of `ORDER` below a folder, in that order."""
    paths = [path for name in ORDER for path in sorted([data / name, *(data / name).rglob("*")])]
    files = [path for path in paths if path.is_file()]
    return {p.relative_to(data).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def first_difference(found: dict[str, str], expected: dict[str, str]) -> str | None:
    """Name the first file that is another, too many or missing."""
    names = sorted(found.keys() | expected.keys(), key=lambda name: (ORDER.index(name.split("/")[0]), name))
    return next((name for name in names if found.get(name) != expected.get(name)), None)


@pytest.fixture(scope="module")
def german(tmp_path_factory) -> dict[str, str]:
    """The German locale, for C's library to find: made here, since few systems come with it."""
    if (
        "de_DE.utf8"
        in subprocess.run(["locale", "-a"], capture_output=True, encoding="utf-8", check=True).stdout
    ):
        return {}
    folder = tmp_path_factory.mktemp("locales")
    made = ["localedef", "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")]
    done = subprocess.run(made, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, f"no German locale (apt-get install locales): {done.stderr}"
    return {"LOCPATH": str(folder)}


@pytest.fixture(scope="module")
def results_in(template, german, tmp_path_factory):
    """Run the stages in a surrounding, on an old processor; return the digests of all that came of it."""

    def run(surrounding: Surrounding) -> dict[str, str]:
        root = tmp_path_factory.mktemp("machine") / surrounding.folder
        shutil.copytree(template / "conf", root / "conf")
        config = root / "conf" / "config.yaml"
        text = config.read_text(encoding="utf-8")
        assert "jobs: 1" in text
        config.write_text(text.replace("jobs: 1", f"jobs: {surrounding.jobs}"), encoding="utf-8")
        compiled = tmp_path_factory.mktemp("compiled")
        environment = variables(surrounding) | {"GPSEG_ROOT": str(root)}
        environment |= OLD | {"NUMBA_CACHE_DIR": str(compiled)}
        environment |= german if "de_DE" in surrounding.LC_ALL else {}
        here = tmp_path_factory.mktemp("elsewhere") if surrounding.folder == BLANKS else root
        command = [sys.executable, "-c", IN_A_ROW]
        done = subprocess.run(
            command,
            cwd=here,
            env=os.environ | environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "{'Nehalem'} False" in done.stdout
        assert not [*here.iterdir()] or here == root, "something was written where the command was typed"
        return digests(root / "data")

    return run


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


def test_neither_the_surrounding_nor_the_processor_changes_a_byte(base, results_in):
    found = results_in(OTHER)
    expected = base | {LEFT_OUT: found.get(LEFT_OUT)}
    assert first_difference(found, expected) is None
