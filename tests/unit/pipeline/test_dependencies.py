"""dvc.yaml tells the truth: every stage names the code, data and parameters that it uses, and no other."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from gp_segmentation.pipeline.order import STAGES, stage
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.imports import PACKAGE, dependencies, imported_files

ROOT = Path(__file__).resolve().parents[3]
STAGES_OF_DVC: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))[
    "stages"
]

#: Keys of the configuration that change no result, so that no stage has to run again for them.
WITHOUT_EFFECT = {"jobs"}
#: Folders (and the file of metrics) of a workspace.
FOLDERS = {
    *("raw", "prepared", "features", "matrix", "study", "segments", "evidence", "metrics", "insight"),
    *("figures", "area", "years", "report"),
}


def code_of(stage: str) -> list[str]:
    return [dep for dep in STAGES_OF_DVC[stage]["deps"] if dep.startswith("src/")]


@pytest.mark.parametrize("stage", ["configure", *STAGES])
def test_a_stage_names_the_code_it_imports_and_no_other(stage):
    imported = dependencies(f"gp_segmentation.pipeline.stages.{stage}")
    assert code_of(stage) == [f"src/{path}" for path in imported]


def test_the_stages_of_dvc_are_those_of_gpseg():
    assert list(STAGES_OF_DVC) == ["configure", *STAGES, "track"]
    modules = {path.stem for path in (PACKAGE / "pipeline" / "stages").glob("[a-z]*.py")}
    assert modules == {"configure", *STAGES}


def keys_read(stage: str) -> set[str]:
    """Keys of the configuration that a stage's module reads: ``cfg["study"]["weight"]`` -> study.weight."""
    tree = ast.parse((PACKAGE / "pipeline" / "stages" / f"{stage}.py").read_text(encoding="utf-8"))
    source = ast.unparse(tree)
    found = set()
    for first, second in re.findall(r"cfg\['(\w+)'\](?:\['(\w+)'\])?", source):
        found.add(f"{first}.{second}" if second else first)
    if "for step in STEPS" in source:
        found |= {"imputer", "outliers", "scaler", "reducer"}
    if re.search(r"\bcfg\)|\(cfg,", source):  # handed on whole
        found.add("*")
    return found - WITHOUT_EFFECT


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_names_the_parameters_it_reads(stage):
    params = STAGES_OF_DVC[stage].get("params", [])
    if stage == "report":  # the page shows the whole configuration
        assert params == [{"params.yaml": None}]
        return
    read = keys_read(stage)
    named = set(params)
    unnamed = {key for key in read - {"*"} if not any(key == n or key.startswith(f"{n}.") for n in named)}
    assert unnamed == set()
    unread = {n for n in named if not any(key == n or key.startswith(f"{n}.") for key in read)}
    assert unread == set()


class Watched(Workspace):
    """A workspace that notes which of its folders are asked for."""

    def __getattribute__(self, name: str) -> Any:
        if name in FOLDERS:
            SEEN.add(name)
        return object.__getattribute__(self, name)


SEEN: set[str] = set()


def next_year(workspace: Workspace, folder: Path) -> Path:
    """The prepared tables of a run as those of another year."""
    later = shutil.copytree(workspace.prepared, folder / "later")
    source = (later / "source.json").read_text(encoding="utf-8")
    (later / "source.json").write_text(source.replace("2024-25", "2025-26"), encoding="utf-8")
    return later


@pytest.fixture(scope="module")
def asked(small_england, tmp_path_factory) -> dict[str, set[str]]:
    """Which folders every stage asked for, in a small run."""
    cfg, raw = small_england
    cfg = cfg | {"report": cfg["report"] | {"figures": ["sizes"]}}
    grouping = tmp_path_factory.mktemp("grouping") / "all.csv"
    cfg |= {"scope": cfg["scope"] | {"kind": "group", "grouping": str(grouping), "fit": "local"}}
    workspace = Watched(tmp_path_factory.mktemp("watched"), raw_folder=raw)
    found = {}
    for name in STAGES:
        if name == "area":
            codes = workspace.prepared_table("practices")["practice_code"]
            grouping.write_text(
                "practice_code,group\n" + "".join(f"{code},All\n" for code in codes), encoding="utf-8"
            )
        if name == "panel":
            cfg = cfg | {"panel": cfg["panel"] | {"sources": [str(next_year(workspace, grouping.parent))]}}
        SEEN.clear()
        stage(name)(cfg, workspace)
        found[name] = set(SEEN)
    return found


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_names_the_data_it_reads_and_writes(name, asked):
    entry = STAGES_OF_DVC[name]
    listed = [*entry["deps"], *entry.get("outs", []), *entry.get("metrics", [])]
    paths = [path for item in listed for path in ([item] if isinstance(item, str) else item)]
    named = {Path(path).parts[1].removesuffix(".json") for path in paths if path.startswith("data/")}
    # What is computed once is kept beside the raw files, which the study asks for to find that place.
    assert named == asked[name] - ({"raw"} if name == "study" else set())


def test_imports_inside_functions_count_and_those_for_type_checking_do_not():
    queries = imported_files("gp_segmentation.pipeline.queries")
    assert PACKAGE / "segments" / "assignment.py" in queries  # imported where it is used
    order = imported_files("gp_segmentation.pipeline.order")
    assert PACKAGE / "storage" / "workspace.py" not in order


def test_a_module_that_looks_for_its_neighbours_imports_them():
    assert PACKAGE / "figures" / "map.py" in imported_files("gp_segmentation.figures")


def test_what_is_imported_in_turn_counts_with_the_packages_on_the_way():
    found = imported_files("gp_segmentation.evidence.verdict")
    assert PACKAGE / "evidence" / "__init__.py" in found
    assert PACKAGE / "validity" / "scores.py" in found  # through evidence/assess.py


def test_a_module_that_is_not_there_is_an_error():
    with pytest.raises(ModuleNotFoundError, match=r"gp_segmentation\.nothing"):
        imported_files("gp_segmentation.nothing")


def test_folders_stand_for_what_is_in_them():
    found = dependencies("gp_segmentation.pipeline.stages.segment")
    assert "gp_segmentation/insight/portraits" in found
    assert not any(path.startswith("gp_segmentation/insight/peers") for path in found)
    assert "gp_segmentation/pipeline/stages/segment.py" in found
    assert "gp_segmentation/pipeline/stages/study.py" not in found
