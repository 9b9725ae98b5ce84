"""How long the achievement of a QOF archive takes, here and with pandas, in one run on the same zip.

python benchmarks/bench_readers.py [FOLDER] [ROUNDS]

FOLDER is searched for QOF*.zip (data/raw/nhs_2024_25, say); without it the synthetic England is drawn and
read. Both ways end in the same table, which is checked; the ratio of their fastest rounds is what counts, not
the seconds of one machine. Memory is the peak of a fresh process beyond that of its imports.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import pandas as pd

from gp_segmentation import config
from gp_segmentation.sources.achievement import MEASURES, read_achievement
from gp_segmentation.sources.files.archive import find_texts
from gp_segmentation.sources.nhs_england import DIALECT
from gp_segmentation.sources.tidy import QualityLog

PATTERN = r"ACHIEVEMENT.*\.csv"


def ours(path: Path) -> pd.DataFrame:
    return read_achievement(find_texts(path, PATTERN), DIALECT["achievement"], QualityLog(path.name))


def with_pandas(path: Path) -> pd.DataFrame:
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if re.search(PATTERN, name)]
        frames = []
        for name in members:
            with archive.open(name) as stream:
                frames.append(pd.read_csv(stream))
    rows = pd.concat(frames, ignore_index=True)
    rows = rows[rows["MEASURE"].isin(list(MEASURES))]
    wide = rows.pivot(  # noqa: PD010  pivot_table would hide repeated rows by averaging them
        index=["PRACTICE_CODE", "INDICATOR_CODE"], columns="MEASURE", values="VALUE"
    )
    wide = wide[list(MEASURES)].reset_index()
    wide.columns = ["practice_code", "indicator_code", *MEASURES.values()]
    return wide


WAYS = {"ours": ours, "pandas": with_pandas}


def peak() -> float:
    """Return the largest memory this process has used, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory(way: str, path: Path) -> float:
    done = subprocess.run(
        [sys.executable, __file__, "--memory", way, str(path)],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return float(done.stdout)


def best(way: str, path: Path, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        WAYS[way](path)
        times.append(time.perf_counter() - start)
    return min(times)


def main(folder: Path, rounds: int) -> None:
    path = next(iter(sorted(folder.rglob("*QOF*.zip"))), None)
    if path is None:
        sys.exit(f"no QOF*.zip below {folder}")
    # Memory first: a new process is counted at least as large as the one that starts it.
    used = {way: memory(way, path) for way in WAYS}
    expected, found = with_pandas(path), ours(path)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    seconds = {way: best(way, path, rounds) for way in WAYS}
    print(f"{path.name}: {len(found):,} practice x indicator rows, both ways the same")
    for way in WAYS:
        print(f"{way:>7}: {seconds[way]:6.2f} s  {used[way]:7.0f} MiB")
    ratios = {
        name: values["pandas"] / values["ours"] for name, values in (("time", seconds), ("memory", used))
    }
    print(f"  ratio: {ratios['time']:6.1f}    {ratios['memory']:7.1f}")


def draw(folder: Path) -> None:
    """Draw the synthetic England of conf/source into `folder`."""
    source = config.compose_config(Path(__file__).resolve().parents[1])["source"]
    config.build(source["england"])(folder)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory"]:
        before = peak()
        WAYS[sys.argv[2]](Path(sys.argv[3]))
        print(peak() - before)
    elif sys.argv[1:2] == ["--draw"]:
        draw(Path(sys.argv[2]))
    elif len(sys.argv) > 1:
        main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3)
    else:
        with tempfile.TemporaryDirectory() as temporary:
            # In a process of its own, for this one's memory is where the others' begins.
            subprocess.run([sys.executable, __file__, "--draw", f"{temporary}/raw"], check=True)
            main(Path(temporary), 3)
