"""dvc.yaml tells the truth: every stage names the code, data and parameters that it uses, and no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gp_segmentation.pipeline.order import STAGES
from gp_segmentation.utils.imports import PACKAGE, dependencies, imported_files

ROOT = Path(__file__).resolve().parents[3]
STAGES_OF_DVC: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))[
    "stages"
]

#: Keys of the configuration that change no result, so that no stage has to run again for them.
WITHOUT_EFFECT = {"jobs"}


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


@pytest.fixture(scope="module")
def asked(small_run, tmp_path_factory) -> dict[str, set[str]]:
    """Which folders every stage asked for, in a small run."""
    codes = small_run.ws.prepared_table("practices")["practice_code"]
    grouping = tmp_path_factory.mktemp("grouping") / "all.csv"
    rows = "".join(f"{code},All\n" for code in codes)
    grouping.write_text(f"practice_code,group\n{rows}", encoding="utf-8")
    cfg = small_run.cfg
    cfg = cfg | {"report": cfg["report"] | {"figures": ["sizes"]}}
    cfg |= {"scope": cfg["scope"] | {"kind": "group", "grouping": str(grouping), "fit": "local"}}
    others = [name for name in STAGES if name not in small_run.asked]
    return small_run.asked | small_run.continued(others, cfg, tmp_path_factory.mktemp("watched"))


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
