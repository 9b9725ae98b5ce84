"""The same arithmetic on every processor, and on any number of its cores.

When numpy and OpenBLAS are loaded they take the widest instructions of the processor they meet, and with
others the last digits of sums and logarithms change. Here both are told to use what every x86 processor since
2013 has (AVX2). It costs no time worth measuring: tables of practices have few columns.

OpenBLAS has one thread per core unless it is told otherwise, and these spin while they wait. On matrices as
small as ours (practices by some dozen features) they cost more than they save: a Gaussian mixture of 300 rows
takes 15 times the processor time with two. Cores are used by whole tasks instead (utils/parallel.py).
"""

from collections.abc import MutableMapping
from pathlib import Path

#: What OpenBLAS calls the processors whose instructions all have, and how Linux names those instructions.
KERNELS, COMMON = "Haswell", frozenset({"avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"})
#: What numpy calls wider instructions, and one by which Linux tells that a processor has them.
WIDER = {"X86_V4": "avx512vl", "AVX512_ICL": "avx512_vbmi2", "AVX512_SPR": "avx512_fp16"}


def settle_arithmetic(environment: MutableMapping[str, str], cpuinfo: Path) -> None:
    """Set the variables by which numpy and OpenBLAS, when they are loaded later, calculate as on any machine.

    One thread of OpenBLAS, and the instructions that all processors have. What is set already stands.
    """
    environment.setdefault("OPENBLAS_NUM_THREADS", "1")
    _use_common_instructions(environment, cpuinfo)


def _use_common_instructions(environment: MutableMapping[str, str], cpuinfo: Path) -> None:
    """Name the instructions, if they are there.

    Nothing is set where `cpuinfo`, which is /proc/cpuinfo, does not show that the processor has them: other
    systems, ARM, very old processors. There results may differ in last digits.
    """
    flags = _flags(cpuinfo)
    if not flags >= COMMON:
        return
    environment.setdefault("OPENBLAS_CORETYPE", KERNELS)
    wider = [name for name, flag in WIDER.items() if flag in flags]
    if wider and "NPY_ENABLE_CPU_FEATURES" not in environment:  # numpy refuses to be told both
        environment.setdefault("NPY_DISABLE_CPU_FEATURES", " ".join(wider))


def _flags(cpuinfo: Path) -> frozenset[str]:
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    found = next((line for line in lines if line.startswith("flags")), "")
    return frozenset(found.partition(":")[2].split())
