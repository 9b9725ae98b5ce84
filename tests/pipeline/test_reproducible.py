"""Same inputs, configuration, seed and code: the same bytes, wherever and however it is run."""

from __future__ import annotations

import hashlib

import pytest

pytestmark = pytest.mark.xdist_group("reproducible")

#: All that must not matter, set in two ways that differ in everything.
SURROUNDINGS = {
    "here": (
        "jobs=1",
        {"TZ": "UTC", "LC_ALL": "C", "LANG": "C", "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"},
    ),
    "over there, in a folder with blanks": (
        "jobs=2",
        {
            "TZ": "Pacific/Auckland",
            "LC_ALL": "C.UTF-8",
            "LANG": "de_DE.UTF-8",
            "PYTHONHASHSEED": "4711",
            "OMP_NUM_THREADS": "2",
            "HOME": "/nonexistent",
            "COLUMNS": "40",
        },
    ),
}


def digests(folder, *, leave_out=()):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".log" and not {*path.relative_to(folder).parts} & {*leave_out}
    }


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory, copy_of_project):
    """Raw files and results of the whole job in each of the surroundings."""
    found = {}
    for name, (jobs, environment) in SURROUNDINGS.items():
        project = copy_of_project(tmp_path_factory.mktemp("reproducible") / name)
        project.run("gpseg-data", **environment)
        runs = project.root / "runs"
        project.run("gpseg", jobs, "tracking=none", GPSEG_RUNS=str(runs), **environment)
        (results,) = runs.glob("*/*")
        raw = digests(project.root / "data" / "raw", leave_out={"manifest.json"})
        found[name] = raw, digests(results, leave_out={".hydra"})  # the overrides as typed
    return found


@pytest.mark.timeout(1500)
def test_raw_synthetic_data_are_the_same_bytes(outcomes):
    (first, _), (second, _) = outcomes.values()
    assert len(first) >= 8
    assert second == first


@pytest.mark.timeout(1500)
def test_every_table_figure_and_page_is_the_same_bytes(outcomes):
    (_, first), (_, second) = outcomes.values()
    assert {"report/report.html", "segments/segments.csv", "metrics.json"} <= first.keys()
    assert sum(name.startswith("figures/") for name in first) >= 12
    assert {name for name in first if second.get(name) != first[name]} == set()
    assert second.keys() == first.keys()
