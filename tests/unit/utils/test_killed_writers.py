"""Writers killed at any moment leave what stood there, or the new whole: never a half."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gp_segmentation.utils.files import read_json

#: How often the writer is killed; `make reliability` does it 50 times.
ROUNDS = int(os.environ.get("GPSEG_KILLS", "12"))

#: Writes version after version of a file and a folder of three files, for as long as it lives.
WRITER = """
import sys
from pathlib import Path
from gp_segmentation.utils.files import fresh_folder, write_json

root, version = Path(sys.argv[1]), 0
while True:
    version += 1
    write_json(root / "one.json", {"version": version, "filling": "x" * 100_000})
    with fresh_folder(root / "tables") as out:
        for name in "abc":
            write_json(out / f"{name}.json", {"version": version, "filling": "y" * 50_000})
    print(version, flush=True)
"""


def start(folder: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def test_kills_leave_nothing_half_written(tmp_path):
    rng, between = np.random.default_rng(8), 0
    for _ in range(ROUNDS):
        writer = start(tmp_path)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(rng.uniform(0, 0.02))
        writer.kill()
        writer.communicate()
        assert len(read_json(tmp_path / "one.json")["filling"]) == 100_000
        tables = tmp_path / "tables"
        if not tables.exists():  # killed between two renames, where no one step does it
            between += 1
            continue
        versions = {read_json(tables / f"{name}.json")["version"] for name in "abc"}
        assert len(versions) == 1
        assert {path.name for path in tables.iterdir()} == {"a.json", "b.json", "c.json"}
    assert between == 0 if sys.platform == "linux" else between < ROUNDS / 2
    left = [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert len(left) <= 2, "each start sweeps away what the one before it left"


FULL = """
import resource, signal, sys
from pathlib import Path
import pandas as pd
from gp_segmentation.storage.table_files import write_table
from gp_segmentation.utils.files import fresh_folder, write_json
from gp_segmentation.errors import GpsegError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
root = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
for write in (
    lambda: write_json(root / "one.json", {"filling": "x" * 100_000}),
    lambda: write_table(root / "t.parquet", pd.DataFrame({"a": [str(i * 7919) for i in range(100_000)]})),
    lambda: write_table(root / "t.csv", pd.DataFrame({"a": range(100_000)})),
):
    try:
        with fresh_folder(root / "tables") as out:
            write()
            write_json(out / "a.json", {"version": 2})
    except GpsegError as error:
        print(str(error).removeprefix(str(root)))
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no bound on file sizes here")
def test_a_disk_that_is_full_is_an_error_and_what_stood_there_stays(tmp_path):
    kept = {"one.json": '{"version": 1}\n', "t.parquet": "old", "t.csv": "old"}
    for name, text in kept.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "a.json").write_text(json.dumps({"version": 1}), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, encoding="utf-8", check=True
    )
    told = done.stdout.splitlines()  # EFBIG stands for ENOSPC
    assert [line.split(": ")[0] for line in told] == [f"/{name} cannot be written" for name in kept]
    assert all("the disk is full" in line and "run the same command again" in line for line in told)
    assert {name: (tmp_path / name).read_text(encoding="utf-8") for name in kept} == kept
    assert read_json(tmp_path / "tables" / "a.json") == {"version": 1}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept, "tables"])
