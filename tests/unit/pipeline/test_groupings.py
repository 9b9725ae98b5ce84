"""A grouping by its name in the source or as a CSV, and among the prepared tables."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from gp_segmentation import schemas
from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.pipeline.packs.write import Wanted, _grouping
from gp_segmentation.pipeline.runs import _check_grouping
from gp_segmentation.pipeline.stages import prepare
from gp_segmentation.storage.workspace import Workspace

PRACTICES = pd.Series(["A00001", "A00002", "A00003"])
TEAMS = pd.DataFrame({"practice_code": ["A00001", "A00002"], "group": ["North", "South"]})
TEAMS = TEAMS.assign(grouping="teams", label="Teams", date="2026-04-01")
READER = {"_target_": "gp_segmentation.sources.groupings.read_groups", "_partial_": True}


def test_a_name_of_the_source_is_taken_before_a_file(tmp_path):
    (tmp_path / "teams.csv").write_text("practice_code,group\nA00003,West\n", encoding="utf-8")
    of_source = _grouping(Wanted("group", None, "teams", base=tmp_path), TEAMS, PRACTICES)
    assert of_source.groups.to_dict() == {"A00001": "North", "A00002": "South"}
    of_file = _grouping(Wanted("group", None, "teams.csv", base=tmp_path), TEAMS, PRACTICES)
    assert of_file.groups.to_dict() == {"A00003": "West"}
    assert _grouping(Wanted("icb", None), TEAMS, PRACTICES) is None


def test_what_is_neither_is_answered_with_what_the_source_has(tmp_path):
    wanted = Wanted("group", None, "team", base=tmp_path)
    with pytest.raises(ConfigError, match=r"team is neither a file nor a grouping .* which has: teams"):
        _grouping(wanted, TEAMS, PRACTICES)
    with pytest.raises(InputError, match=r"team: is missing"):
        _grouping(wanted, schemas.empty("groupings"), PRACTICES)


def project(grouping, root, role="grouping"):
    cfg = {"scope": {"grouping": grouping}, "source": {"files": {"teams": {"role": role}}}}
    return SimpleNamespace(cfg=cfg, root=root)


def test_a_scope_names_a_grouping_of_the_source_or_a_file(tmp_path):
    (tmp_path / "own.csv").touch()
    for known in (None, "teams", "own.csv"):
        _check_grouping(project(known, tmp_path))
    with pytest.raises(InputError, match=r"team: is missing.* or a grouping of the source: teams"):
        _check_grouping(project("team", tmp_path))
    with pytest.raises(InputError, match=r"as scope\.grouping$"):
        _check_grouping(project("teams", tmp_path, role="context"))


def test_a_grouping_is_prepared_and_no_other_table_changes(small_england, tmp_path):
    cfg, raw = small_england
    without, having = (Workspace(tmp_path / name, raw_folder=raw) for name in ("without", "having"))
    prepare.run(cfg, without)
    codes = without.prepared_table("practices")["practice_code"]
    own = raw / cfg["source"]["name"] / "own.csv"
    entry = {
        **{"filename": "own.csv", "url": None, "required": True, "role": "grouping"},
        "reader": {**READER, "title": "Localities", "date": "2026-04-01"},
    }
    own.write_text("code,locality\n" + "".join(f"{c},North\n" for c in codes[:9]), encoding="utf-8")
    try:
        files = {**cfg["source"]["files"], "localities": entry}
        prepare.run({**cfg, "source": {**cfg["source"], "files": files}}, having)
    finally:
        own.unlink()
    assert len(without.groupings()) == 0
    found = having.groupings()
    assert found["practice_code"].tolist() == codes[:9].tolist()
    assert set(found["label"] + " " + found["group"] + " " + found["date"]) == {"Localities North 2026-04-01"}
    changed = {
        path.name
        for path in without.prepared.iterdir()
        if path.read_bytes() != (having.prepared / path.name).read_bytes()
    }
    assert changed == {"groupings.parquet", "quality.parquet", "source.json"}


def test_tables_of_an_earlier_version_have_no_groupings(tmp_path):
    assert Workspace(tmp_path).groupings().shape == (0, 5)
