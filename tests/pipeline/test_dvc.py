"""DVC as an analyst uses it: what re-runs, what an experiment is, what the commands answer.

One module-wide project goes through the tests in order; each leaves it as `dvc repro` left it.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import PurePosixPath

import pytest
import yaml
from dvc.repo import Repo

from gp_segmentation.schemas import HEADLINES

# DVC's own debts; its questions are answered in this process.
pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")

STAGES = [
    "configure",
    "prepare",
    "features",
    "matrix",
    "study",
    "segment",
    "panel",
    "evidence",
    "insight",
    "area",
    "report",
    "track",
]


#: For experiments of which only something else is looked at.
LIGHT = ("-S", "report.figures=[sizes]")
QUICK_INSIGHT = ("-S", "insight.peers.resamples=0", "-S", "insight.opportunities.draws=0")


def stages_run(output: str) -> list[str]:
    return re.findall(r"Running stage '(\w+)'", output)


def out_of_date(project) -> tuple[str, ...]:
    """Return the stages that `dvc status` names."""
    with Repo(project.root) as repo:
        return tuple(name.rpartition(":")[2] for name in repo.status())


def undo(project) -> None:
    """Go back to the last commit, data included."""
    project.run("git", "checkout", "--quiet", ".")
    project.call("dvc", "checkout")


@pytest.fixture(scope="module")
def reproduced(project, first_run):
    output = project.run("dvc", "repro")
    assert [*first_run, *stages_run(output)] == STAGES
    project.git_commit("First tracked run")
    return project


def test_one_run_is_recorded_with_everything(reproduced):
    (run,) = reproduced.runs()
    metrics = json.loads((reproduced.root / "data" / "metrics.json").read_text(encoding="utf-8"))
    assert run.info.status == "FINISHED"
    assert run.data.metrics["silhouette"] == metrics["silhouette"]
    assert list(metrics) == sorted(HEADLINES)
    assert {"scores/calinski_harabasz", "data/practices", "data/patients"} <= set(run.data.metrics)
    assert run.data.params["scaler"] == run.data.params["conf.scaler.name"] == "standard"
    # The run took as long as the stages did, and was not over when it was recorded.
    noted = json.loads((reproduced.root / "data" / "cache" / "seconds.json").read_text(encoding="utf-8"))
    assert set(noted) == set(STAGES[1:-1])
    assert (run.info.end_time - run.info.start_time) / 1000 == pytest.approx(sum(noted.values()), abs=0.01)
    assert run.data.tags["data_kind"] == "synthetic"
    lock = yaml.safe_load((reproduced.root / "dvc.lock").read_text(encoding="utf-8"))
    raw = {d["path"]: d["md5"] for d in lock["stages"]["prepare"]["deps"]}["data/raw/synthetic"]
    assert run.data.tags["dvc_raw_hash"] == raw


def test_a_second_repro_runs_only_track_which_records_nothing_new(reproduced):
    assert reproduced.reproduce("dvc", "repro") == ["track"]
    assert len(reproduced.runs()) == 1


@pytest.mark.parametrize(
    ("name", "old", "new", "stages"),
    [
        ("config.yaml", "clusterer: open", "clusterer: kmeans", ("study", "area", "report")),
        ("config.yaml", "scaler: standard", "scaler: robust", ("matrix", "report")),
        ("config.yaml", "reducer: none", "reducer: open", ("matrix", "report")),
        ("evidence/default.yaml", "min_stay_share: 0.75", "min_stay_share: 0.7", ("evidence", "report")),
        ("study/default.yaml", "n_init: 1", "n_init: 3", ("study", "evidence", "area", "report")),
        ("report/default.yaml", "name: default", "name: default # a comment", ()),
    ],
)
def test_an_edit_in_conf_concerns_the_stages_whose_parameters_it_changes(reproduced, name, old, new, stages):
    reproduced.edit(f"conf/{name}", old, new)
    reproduced.call("stage", "configure")
    # The page shows the whole configuration, so that the report is always among them.
    assert out_of_date(reproduced) == ("configure", *stages, "track")
    reproduced.run("git", "checkout", "--quiet", ".")


def test_an_edit_in_conf_reruns_the_stages_it_concerns(reproduced):
    path = reproduced.root / "conf" / "report" / "default.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8")) | {"figures": ["sizes"]}
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    assert reproduced.reproduce("dvc", "repro") == ["configure", "report", "track"]
    assert [path.name for path in (reproduced.root / "data" / "figures").glob("*.png")] == ["sizes.png"]
    undo(reproduced)


ALL = tuple(STAGES[1:-1])
#: Module -> the stages whose results may be others after an edit of it; `track` looks every time.
EDITS = {
    "errors.py": ("configure", *ALL),
    "config.py": (
        "configure",
        "prepare",
        "features",
        "matrix",
        "study",
        "segment",
        "panel",
        "evidence",
        "area",
    ),
    "utils/files.py": ("configure", *ALL),
    "storage/provenance.py": ("configure", *ALL),
    "schemas/run_tables.py": ("configure", *ALL),
    "sources/ods.py": ("prepare", "panel", "area"),
    "features/shrinkage.py": ("prepare", "features", "segment", "panel", "evidence", "insight"),
    "matrix/variants.py": ("matrix",),
    "clustering/lloyd.py": ("study", "segment", "panel", "evidence", "area"),
    "validity/scores.py": ("study", "segment", "panel", "evidence", "area"),
    "study/agreement.py": ("study", "area"),
    "segments/table.py": ("segment", "panel"),
    "evidence/verdict.py": ("evidence",),
    "insight/spatial.py": ("insight",),
    "insight/portraits/names.py": ("segment", "insight", "area"),
    "insight/workbook/layout.py": ("panel", "insight", "area", "report"),
    "figures/map.py": ("panel", "area", "report"),
    "report/page.py": ("panel", "area", "report"),
    "pipeline/stages/segment.py": ("segment", "panel"),
    "pipeline/runs.py": (),
    "tracking/run.py": (),
    "cli/apps.py": (),
}


def naming(stages: dict, name: str) -> tuple[str, ...]:
    """Return the stages of dvc.yaml that depend on a module, itself or one of its folders."""
    module = PurePosixPath("src/gp_segmentation", name)
    above = {str(module), *map(str, module.parents)}
    return tuple(stage for stage, node in stages.items() if above & set(node.get("deps", ())))


def test_an_edit_of_one_module_is_seen_by_the_stages_that_run_it_and_no_other(reproduced):
    stages = yaml.safe_load((reproduced.root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert {name: naming(stages, name) for name in EDITS} == EDITS
    for name in ("segments/table.py", "insight/spatial.py"):
        path = reproduced.root / "src" / "gp_segmentation" / name
        path.write_text(path.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    assert out_of_date(reproduced) == ("segment", "panel", "insight", "track")
    reproduced.run("git", "checkout", "--quiet", "src")


def test_an_experiment_honours_its_override_and_shares_the_store(reproduced):
    """In a folder of its own, as from a queue; what came of it is taken over afterwards."""
    before = len(reproduced.runs())
    ran = reproduced.reproduce(
        *("dvc", "exp", "run", "--temp", "-n", "untested", "-S", "evidence=off"), *LIGHT, *QUICK_INSIGHT
    )
    # A group and a key, as -S takes them: only what they concern is run again.
    assert ran == ["configure", "evidence", "insight", "area", "report", "track"]
    assert len(reproduced.runs()) == before + 1
    assert reproduced.runs()[0].data.params["conf.evidence.name"] == "off"
    assert reproduced.run("git", "status", "--short") == ""

    reproduced.call("dvc", "exp", "apply", "untested")
    params = yaml.safe_load((reproduced.root / "params.yaml").read_text(encoding="utf-8"))
    assert (params["evidence"]["name"], params["report"]["figures"]) == ("off", ["sizes"])
    assert [path.name for path in (reproduced.root / "data" / "figures").glob("*.png")] == ["sizes.png"]
    difference = json.loads(reproduced.run("dvc", "params", "diff", "--json"))
    assert difference["params.yaml"]["evidence.name"] == {"old": "default", "new": "off"}
    metrics = json.loads(reproduced.run("dvc", "metrics", "diff", "--json", "--all"))
    assert "silhouette" in metrics["data/metrics.json"]
    undo(reproduced)

    shown = json.loads(reproduced.run("dvc", "exp", "show", "--json"))
    (baseline,) = [row for row in shown if row["rev"] != "workspace" and row["experiments"]]
    (experiment,) = [one["revs"][0] for one in baseline["experiments"]]
    assert experiment["name"] == "untested"
    assert experiment["data"]["params"]["params.yaml"]["data"]["evidence"]["name"] == "off"


def queued_experiments_each_honour_their_override_and_share_the_store(reproduced):
    before = len(reproduced.runs())
    reproduced.run("dvc", "exp", "run", "--queue", "-S", "report.top_features=9,10", *LIGHT)
    reproduced.run("dvc", "exp", "run", "--run-all")
    runs = reproduced.runs()
    assert len(runs) == before + 2
    assert {run.data.params["conf.report.top_features"] for run in runs[:2]} == {"9", "10"}


# DVC's own queue takes two minutes and is DVC's; what is ours in it, a folder apart, is tried above.
if "GPSEG_EXHAUSTIVE" in os.environ:
    test_queued_experiments = queued_experiments_each_honour_their_override_and_share_the_store


def test_metrics_show_and_plots_show_answer(reproduced):
    shown = json.loads(reproduced.run("dvc", "metrics", "show", "--json"))
    assert shown[""]["data"]["data/metrics.json"]["data"]["n_clusters"] >= 2
    output = reproduced.call("dvc", "plots", "show")
    page = next((reproduced.root / "dvc_plots").glob("index.html"))
    assert "index.html" in output
    text = page.read_text(encoding="utf-8")
    assert "Silhouette by number of segments" in text
    assert "scatter.png" in text
