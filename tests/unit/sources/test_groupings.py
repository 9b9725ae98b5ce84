"""Groupings of a source: several side by side, each with its day, and what does not match counted."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from pandas.testing import assert_frame_equal

from gp_segmentation import config, schemas
from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.schemas.configuration import configuration_problems
from gp_segmentation.sources import read_source
from gp_segmentation.sources.groupings import read_groups
from gp_segmentation.sources.nhs_england import read_qof
from gp_segmentation.storage.workspace import PREPARED

ROOT = Path(__file__).resolve().parents[3]
QOF = {"role": "qof", "filename": "qof.zip", "reader": partial(read_qof, suffix="2425")}


def grouping(filename: str, title: str, date: str = "2026-04-01", **entry: object) -> dict[str, object]:
    reader = partial(read_groups, title=title, date=date)
    return {"role": "grouping", "filename": filename, "reader": reader, **entry}


@pytest.fixture
def raw(tmp_path, build_qof):
    """A source of A81001 and E83003, with two groupings."""
    build_qof(path=tmp_path / "qof.zip")
    (tmp_path / "teams.csv").write_text(
        "Practice Code,Locality\na81001,Café Quarter\nB99999,South\n", encoding="utf-8"
    )
    (tmp_path / "boards.csv").write_bytes("group,code\nZ\xfcrich,E83003\nEast,A81001\n".encode("cp1252"))
    return tmp_path


def test_groupings_stand_side_by_side_and_change_nothing_else(raw):
    without = read_source({"qof": QOF}, raw)
    files = {
        "qof": QOF,
        "localities": grouping("teams.csv", "Localities", "2025-10-01"),
        "boards": grouping("boards.csv", "Boards from April 2026"),
    }
    prepared = read_source(files, raw)
    assert schemas.check("groupings", prepared.groupings).to_numpy().tolist() == [
        ["boards", "Boards from April 2026", "2026-04-01", "A81001", "East"],
        ["boards", "Boards from April 2026", "2026-04-01", "E83003", "Zürich"],
        ["localities", "Localities", "2025-10-01", "A81001", "Café Quarter"],
    ]
    quality = prepared.quality[prepared.quality["file"].isin(["teams.csv", "boards.csv"])]
    assert quality.to_numpy().tolist() == [
        ["teams.csv", "practices left out: not among the practices", 1, "B99999"],
        ["teams.csv", "practices in no group of localities", 1, "E83003"],
        ["teams.csv", "practices grouped as on 2025-10-01", 1, "Localities: 1 groups"],
        ["boards.csv", "practices grouped as on 2026-04-01", 2, "Boards from April 2026: 2 groups"],
    ]
    for name in set(PREPARED) - {"groupings", "quality"}:
        assert_frame_equal(getattr(prepared, name), getattr(without, name))


def test_a_source_without_a_grouping_has_an_empty_table_and_no_row_on_it(raw):
    prepared = read_source({"qof": QOF}, raw)
    assert_frame_equal(prepared.groupings, schemas.empty("groupings"))
    optional = grouping("nowhere.csv", "Localities", required=False)
    absent = read_source({"qof": QOF, "localities": optional}, raw)
    assert len(absent.groupings) == 0
    (told,) = absent.quality[absent.quality["file"] == "nowhere.csv"].to_numpy().tolist()
    assert told == ["nowhere.csv", "file not given", 1, "grouping: localities"]


def test_two_groupings_of_one_title_and_one_of_other_practices_are_refused(raw):
    teams, boards = grouping("teams.csv", "Places"), grouping("boards.csv", "Places")
    with pytest.raises(ConfigError, match=r"files\.boards\.reader\.title is 'Places', .* that of teams"):
        read_source({"qof": QOF, "teams": teams, "boards": boards}, raw)
    (raw / "other.csv").write_text("code,group\nB99999,North\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"other\.csv: none of its 1 practice codes is in the data"):
        read_source({"qof": QOF, "other": grouping("other.csv", "Other")}, raw)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"title": "Localities"}, ["date is missing. Give it"]),
        ({"date": "2026-04-01"}, ["title is missing. Give it"]),
        (
            {"title": "Localities", "date": "April 2026"},
            ["date is 'April 2026': Invalid isoformat string: 'April 2026'"],
        ),
        ({"title": "Localities", "date": "2026-04-01"}, []),
    ],
)
def test_title_and_day_must_be_given(arguments, told):
    node = {"_target_": "gp_segmentation.sources.groupings.read_groups", "_partial_": True, **arguments}
    assert [str(problem) for problem in config.object_problems(node, "reader")] == told


def test_the_example_in_the_configuration_is_one():
    lines = (ROOT / "conf" / "source" / "_nhs.yaml").read_text(encoding="utf-8").splitlines()
    first = lines.index("  # localities:")
    example = "\n".join(line.removeprefix("  # ") for line in lines[first : lines.index("", first)])
    entry = OmegaConf.to_container(OmegaConf.create(example))["localities"]
    default = config.compose_config(ROOT)
    files = {**default["source"]["files"], "localities": entry}
    changed = {**default, "source": {**default["source"], "files": files}}
    assert configuration_problems(changed, check=config.object_problems) == []
    reader = config.build(entry["reader"], "reader")
    assert reader.keywords == {"title": "Localities", "date": "2026-04-01"}
