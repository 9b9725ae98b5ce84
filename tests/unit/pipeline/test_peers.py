"""`gpseg peers` of a finished run: one practice by code, name or postcode, or a list of those called so."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import pytest

from gp_segmentation.cli.answers import peers, peers_arguments
from gp_segmentation.errors import InputError
from gp_segmentation.pipeline.queries import describe_peers
from gp_segmentation.schemas import Results
from gp_segmentation.storage.table_files import write_segments, write_table
from gp_segmentation.utils.files import write_json


@pytest.fixture
def run(results_of: Callable[..., Results], tmp_path: Path) -> Path:
    """A job's folder in a project that has its prepared tables; A00100 alone is at B12 9XY."""
    results, folder = results_of(4), tmp_path / "job"
    for room in ("segments", "features", "study", "insight"):
        (folder / room).mkdir(parents=True)
    write_segments(folder / "segments" / "segments.csv", results.segments)
    write_table(folder / "segments" / "levels.csv", results.levels, "levels")
    for name in ("natural", "features", "dictionary"):
        write_table(folder / "features" / f"{name}.parquet", getattr(results, name))
    write_json(folder / "study" / "choice.json", {**results.choice, "settings": {}})
    write_table(folder / "insight" / "peers.parquet", results.peers)
    (folder / ".hydra").mkdir()
    (folder / ".hydra" / "config.yaml").write_text("source: {name: made_up}\n", encoding="utf-8")
    practices = results.practices
    practices.loc[100, "postcode"] = "B12 9XY"
    (tmp_path / "data" / "prepared").mkdir(parents=True)
    write_table(tmp_path / "data" / "prepared" / "practices.parquet", practices, "practices")
    return folder


def test_one_practice_of_that_name_or_postcode_is_said_and_shown(run: Path, tmp_path: Path) -> None:
    by_code = describe_peers("a00100", run, tmp_path)
    assert by_code.startswith("A00100 Practice 100, ")
    for asked in ("practice 100", "B12 9XY", "b129x"):
        assert describe_peers(asked, run, tmp_path) == (
            f"{asked} is found in one practice, A00100.\n\n{by_code}"
        )


def test_several_are_listed(run: Path, tmp_path: Path) -> None:
    lines = describe_peers("practice 23", run, tmp_path).splitlines()
    assert lines[0] == "practice 23 finds 11 practices:"  # 23 and 230 to 239
    assert lines[1] == "A00023  Practice 23   ICB & 2"
    assert lines[-1] == "Ask for one by its code: gpseg peers A00023"


def test_none_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere is not among the 240 practices"):
        describe_peers("nowhere", run, tmp_path)


def test_a_name_needs_no_quotes(run: Path, tmp_path: Path) -> None:
    parser = ArgumentParser()
    peers_arguments(parser)
    asked = parser.parse_args(["practice", "100", "--run", str(run)])
    assert peers(asked, tmp_path).startswith("practice 100 is found in one practice, A00100.")
