"""Instructions that all processors have; what an old one gives is in `test_reproducible`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gp_segmentation.utils.processor import COMMON, KERNELS, WIDER, settle_arithmetic

pytestmark = pytest.mark.timeout(600)

INTEL, AMD = "avx512vl avx512_vbmi2", "sse4a"
CASES = [
    (f"{' '.join(sorted(COMMON))} {INTEL}", {}, {"CORE": KERNELS, "DISABLE": "X86_V4 AVX512_ICL"}),
    (f"{' '.join(sorted(COMMON))} {AMD}", {}, {"CORE": KERNELS}),
    ("sse2 avx avx512vl", {}, {}),
    (f"{' '.join(sorted(COMMON))} {INTEL}", {"CORE": "Zen", "DISABLE": ""}, {"CORE": "Zen", "DISABLE": ""}),
    (f"{' '.join(sorted(COMMON))} {INTEL}", {"ENABLE": "X86_V4"}, {"CORE": KERNELS, "ENABLE": "X86_V4"}),
]
VARIABLES = {
    "CORE": "OPENBLAS_CORETYPE",
    "DISABLE": "NPY_DISABLE_CPU_FEATURES",
    "ENABLE": "NPY_ENABLE_CPU_FEATURES",
}


@pytest.mark.parametrize(("flags", "before", "after"), CASES)
def test_instructions_are_those_that_all_processors_have(flags, before, after, tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nflags\t\t: fpu {flags}\nbugs\t\t:\n", encoding="utf-8")
    environment = {VARIABLES[name]: value for name, value in before.items()}
    settle_arithmetic(environment, cpuinfo)
    expected = {VARIABLES[name]: value for name, value in after.items()}
    assert environment == expected | {"OPENBLAS_NUM_THREADS": "1"}


def test_where_the_system_does_not_tell_no_instructions_are_named(tmp_path):
    environment: dict[str, str] = {"OPENBLAS_NUM_THREADS": "3"}
    settle_arithmetic(environment, tmp_path / "none")
    assert environment == {"OPENBLAS_NUM_THREADS": "3"}


def test_the_package_sets_them_before_numpy_is_loaded():
    """On whatever machine: a new process has no wider features, and one thread of OpenBLAS."""
    code = (
        "import gp_segmentation, numpy, scipy.linalg\n"
        "from numpy._core._multiarray_umath import __cpu_features__ as has\n"
        "from threadpoolctl import threadpool_info\n"
        "threads = {pool['num_threads'] for pool in threadpool_info() if pool['user_api'] == 'blas'}\n"
        f"print(threads, [name for name in {list(WIDER)} if has[name]])"
    )
    settled = {*VARIABLES.values(), "OPENBLAS_NUM_THREADS"}
    unset = {name: value for name, value in os.environ.items() if name not in settled}
    done = subprocess.run(
        [sys.executable, "-c", code], env=unset, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "{1} []"
