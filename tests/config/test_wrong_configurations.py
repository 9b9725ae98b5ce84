"""What is told of a wrong configuration: key, value, what is allowed; all at once, before anything runs."""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf

from gp_segmentation import cli, config
from gp_segmentation.cli.command_check import check_command
from gp_segmentation.errors import ConfigError
from gp_segmentation.figures import figure_modules
from gp_segmentation.schemas.configured_values import figures
from gp_segmentation.utils.imports import names_in

ROOT = Path(__file__).resolve().parents[2]
EXHAUSTIVE = "GPSEG_EXHAUSTIVE" in os.environ
WHOLE_SEED = "Give a whole number from 0 to 4294967295"


@pytest.fixture(scope="module")
def default() -> dict[str, Any]:
    return config.compose_config(ROOT)


def changed(node: Any, key: str, value: Any) -> Any:
    """A copy of nested mappings with another value of a dotted key; `...` takes the key out."""
    name, _, rest = key.partition(".")
    inner = changed(node.get(name, {}), rest, value) if rest else value
    return {k: v for k, v in {**node, name: inner}.items() if v is not ...}


#: Key, its value, and what is told after the key.
MESSAGES = [
    ("seed", "abc", f"is 'abc'. {WHOLE_SEED}"),
    ("seed", -1, f"is -1. {WHOLE_SEED}"),
    ("jobs", "two", "is 'two'. Give a whole number from 1 to 1024, or null"),
    ("jobs", 0, "is 0. Give a whole number from 1 to 1024, or null"),
    ("study.n_clusters.low", 1, "is 1. Give a whole number, 2 or more"),
    ("evidence.subsample_share", 1.5, "is 1.5. Give a number, above 0, below 1"),
    ("evidence.bootstraps", True, "is true. Give a whole number from 0 to 100000"),
    ("study.rule.tolerance", float("nan"), "is nan. Give a number from 0 to 1"),
    ("insight.rules.max_depth", 0, "is 0. Give a whole number from 1 to 30"),
    ("insight.rules.folds", 1, "is 1. Give a whole number from 2 to 1000"),
    ("report.top_features", -1, "is -1. Give a whole number, 1 or more"),
    ("report.embedding", "umap", "is 'umap'. Give one of: tsne, or null"),
    ("report.figures", "elbow", "is 'elbow'. Give a list, each some text, or null"),
    ("tracking.enabled", 1, "is 1. Give true or false"),
    ("study.linkage", [], "is []. Give a list of 1 or more, each some text"),
    ("study.rule.criterion", "gap", "is 'gap'. Give one of: excess_silhouette, silhouette"),
    (
        "evidence.nulls.gausian",
        3,
        "is 'gausian'. Did you mean gaussian? Give one of: gaussian, copula, permutation, uniform",
    ),
    ("reducer", ..., "is missing. Name an option of conf/reducer: reducer=OPTION"),
    ("scaler.name", ..., "scaler has no name. Add the name of its file to it: name: NAME"),
    ("study.n_clusters", [1, 3], "study.n_clusters[0] is 1. Give a whole number, 2 or more"),
    ("insight.peers.count", ..., "is missing. Give a whole number, 1 or more"),
    ("evidence.bootstrap", 5, "is not known. Did you mean evidence.bootstraps?"),
    ("max_depth", 5, "is not known. Did you mean insight.rules.max_depth?"),
    ("report.colour", "red", "is not known. There are name, figures, top_features, embedding"),
    ("outliers.limit", 0, "is 0. Give a number, above 0"),
    ("outliers.limits", 4, "is not known. Did you mean limit?"),
    (
        "clusterer.candidates.kmeans.n_init",
        0,
        "is 0. Give a str among {'auto'} or an int in the range [1, inf)",
    ),
    (
        "scaler._target_",
        "sklearn.preprocessing.StandardScalar",
        "sklearn.preprocessing.StandardScalar does not",
    ),
    (
        "scaler._target_",
        "sklearn.linear_model.Ridge",
        "sklearn.linear_model.Ridge is not allowed as scaler: it must be",
    ),
    ("features.blocks.prevalence", None, "is null. Give an object: _target_ and its arguments"),
    (
        "features.blocks.prevalence.weight",
        -1,
        "features.blocks.prevalence is refused: weight is -1, not a positive number. Correct it",
    ),
    (
        "features.blocks.prevalence.adjust",
        "ages",
        "features.blocks.prevalence is refused: adjust is 'ages'. Choose one of: none, age, age_sex",
    ),
    (
        "special.band_share_of",
        {"15_25": 40},
        "special.band_share_of.15_25 is '15_25'. Did you mean 15_24? Give one of: 0_14, 15_24, 25_44",
    ),
    ("study.sampler.n_trials", 5, "is not known. There are seed"),
    (
        "clusterer.n_clusters",
        5,
        "cannot be set, since clusterer=open lets several compete (kmeans, hierarchical). ",
    ),
    (
        "insight.deprivation",
        "imd",
        "is 'imd', which no file of the source gives. Give one of: imd_score, non_white",
    ),
    ("source.files.imd_2025.reader.valid_range", [100, 0], "is [100, 0]. Give rising numbers"),
    (
        "source.files.registrations.reader.expected_date",
        "2025-13-01",
        "is '2025-13-01': month must be in 1..12",
    ),
    ("source.files.ethnicity.reader.columns.non_white_percent.colunm", "x", "is not known"),
]


@pytest.mark.parametrize(("key", "value", "told"), MESSAGES, ids=[f"{m[0]}={m[1]}" for m in MESSAGES])
def test_the_message_names_the_key_the_value_and_what_is_allowed(default, key, value, told):
    (problem,) = config.problems(changed(default, key, value))
    assert str(problem).startswith((told, f"{key} {told}"))


DEPENDENT = [
    ({"study.n_clusters.low": 9, "study.n_clusters.high": 4}, "study.n_clusters has low 9 above high 4"),
    (
        {"evidence.thresholds.unstable_jaccard": 0.8},
        "evidence.thresholds has unstable_jaccard 0.8 above jaccard 0.75",
    ),
    (
        {"evidence.external.comparators.list_size": [3000, 3000]},
        "evidence.external.comparators.list_size is [3000, 3",
    ),
]


@pytest.mark.parametrize(("changes", "told"), DEPENDENT)
def test_values_that_contradict_each_other_are_refused(default, changes, told):
    for key, value in changes.items():
        default = changed(default, key, value)
    (problem,) = config.problems(default)
    assert str(problem).startswith(told)


def test_numbers_of_segments_may_be_a_list(default):
    assert config.problems(changed(default, "study.n_clusters", [2, 5, 9])) == []


def test_all_problems_are_told_at_once_one_a_line(default):
    for key, value in {"seed": "abc", "jobs": 0, "report.figures": ["elbo"], "scaler.copi": True}.items():
        default = changed(default, key, value)
    with pytest.raises(ConfigError) as caught:
        config.check(default)
    first, *lines = str(pickle.loads(pickle.dumps(caught.value))).split("\n")  # noqa: S301 - as from a job
    assert first == "the configuration has 4 problems:"
    assert [line.split()[0] for line in lines] == ["scaler.copi", "report.figures[0]", "seed", "jobs"]


def test_a_clusterer_of_ones_own_is_one_yaml(tmp_path):
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    spectral = (
        "name: spectral\n_target_: sklearn.cluster.SpectralClustering\nn_clusters: null\nassign_labels: {}\n"
    )
    option = tmp_path / "conf" / "clusterer" / "spectral.yaml"
    option.write_text(spectral.format("discretize"), encoding="utf-8")
    assert (
        config.compose_config(tmp_path, ["clusterer=spectral"])["clusterer"]["assign_labels"] == "discretize"
    )
    option.write_text(spectral.format("guess"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"clusterer\.assign_labels is 'guess'. Give a str among"):
        config.compose_config(tmp_path, ["clusterer=spectral"])


@pytest.mark.parametrize(
    ("module", "constant"),
    [
        ("clustering.hierarchical", "LINKAGES"),
        ("validity.null_models", "NULLS"),
        ("study.objectives", "OBJECTIVES"),
        ("study.agreement", "ACROSS_PREPARATIONS"),
        ("sources.simulated", "TABLES"),
        ("sources.raw_folder", "ROLES"),
    ],
)
def test_names_read_from_the_source_are_those_of_the_code(module, constant):
    name = f"gp_segmentation.{module}"
    assert names_in(name, constant) == tuple(getattr(import_module(name), constant))


def test_a_figure_is_known_by_its_module():
    assert set(figures()) == set(figure_modules())


def test_a_stage_checks_every_key_without_the_libraries_of_other_stages(tmp_path, default):
    (tmp_path / "params.yaml").write_text(config.to_yaml(changed(default, "jobs", 0)), encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from gp_segmentation import config\n"
        "try: config.load_params(Path('params.yaml'))\n"
        "except Exception as error: print(error)\n"
        "print(sorted({'sklearn', 'optuna', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == "jobs is 0. Give a whole number from 1 to 1024, or null\n[]\n"


def test_a_run_of_another_time_stays_readable(tmp_path):
    recorded = tmp_path / "config.yaml"
    recorded.write_text("seed: abc\nno_longer: 1\n", encoding="utf-8")
    assert config.load_recorded(recorded) == {"seed": "abc", "no_longer": 1}


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GPSEG_ROOT", str(tmp_path))
    monkeypatch.delenv("DVC_EXP_NAME", raising=False)
    return tmp_path


@pytest.fixture
def refused(project, monkeypatch, capsys) -> Callable[..., str]:
    """Run a command that must refuse its configuration; return what it wrote, without its name."""

    def run(command: Callable[[], object], name: str, *arguments: str) -> str:
        before = sorted(project.rglob("*"))
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        assert command() == 1
        assert sorted(project.rglob("*")) == before, "nothing was begun"
        written = capsys.readouterr().err
        assert "Traceback" not in written
        return written.removeprefix(f"{name}: ").rstrip()

    return run


#: What is typed, and what is told. Alone each is tried; in a sweep and by DVC, some or with
#: `GPSEG_EXHAUSTIVE` all: there it comes in by another way and is looked at by the same.
TYPED = {
    "+clusterer.n_clusters=5": "clusterer.n_clusters cannot be set, since clusterer=open lets several",
    "clusterer=kmeans clusterer.n_clusters=four": "clusterer.n_clusters is 'four'. Give a whole number, 2 or",
    "clusterer=kmeans clusterer.n_clusters=1": "clusterer.n_clusters is 1. Give a whole number, 2 or more",
    "clusterer=hierarchical clusterer.metric=euclid": "clusterer.metric is 'euclid'. Give one of: euclidean",
    "clusterer=hierarchical clusterer.metric=cosine": "clusterer.metric is cosine, and Ward's linkage takes",
    "scope.area=QHL": "scope.area is 'QHL', but no kind of area is asked for. Give scope=icb, or another",
    "scope=icb scope.fit=locally": "scope.fit is 'locally'. Give one of: england, local",
    "scope=icb scope.grouping=a.csv": "scope.grouping is 'a.csv', but scope.kind is 'icb'. Give scope=group",
    "seed=abc": "seed is 'abc'. Give a whole number from 0 to 4294967295",
    "jobs=two": "jobs is 'two'. Give a whole number from 1 to 1024, or null",
    "~reducer": "reducer is missing. Name an option of conf/reducer: reducer=OPTION",
    "report.figures=[elbo]": "report.figures[0] is 'elbo'. Did you mean elbow?",
    "study=tpe study.n_trials=null": "study.n_trials is null, and optuna.samplers.TPESampler has no end",
    "study.null_model.draws=5": "study.null_model.draws is 5, which cannot show the 0.95 of study.rule",
    "+sclaer=robust": "sclaer is not known. Did you mean scaler?",
    "+scaler.wiht_mean=true": "scaler.wiht_mean is not known. Did you mean with_mean?",
}
#: What Hydra itself cannot compose; DVC composes by Hydra, and says so in its own words.
NOT_COMPOSED = {
    "scaler=robst": "scaler=robst: there is no such option. Did you mean robust? Give one of: minmax, none",
    "source=nhs_2024": "source=nhs_2024: there is no such option. Did you mean nhs_2024_25? ",
    "sclaer=robust": "sclaer is not known. Did you mean scaler?",
    "hydra/launcher=joblb": "hydra/launcher=joblb: there is no such option. Did you mean joblib?",
    "seed=1,2": "seed=1,2 asks for several jobs. Add -m to run each, or put the values in brackets if they",
    "seed": "seed is no verb. Verbs: run, data, explore, panel, peers, assign, record, compare, area",
    "seed jobs=1": "seed is no verb. Verbs: run,",
    "jobs=1 seed": "'seed' is no override",
}


@pytest.mark.parametrize(("typed", "told"), [*TYPED.items(), *NOT_COMPOSED.items()])
def test_a_wrong_command_is_refused_before_anything_runs(refused, typed, told):
    assert refused(cli.main, "gpseg", *typed.split(" ")).startswith(told)


@pytest.mark.parametrize(("typed", "told"), [*TYPED.items()][:: 1 if EXHAUSTIVE else 5])
def test_a_wrong_job_of_a_sweep_is_refused_before_the_first_runs(refused, typed, told):
    words = refused(cli.main, "gpseg", "-m", "insight.top_features=3,4", *typed.split(" "))
    assert words.startswith(told), "the same for both jobs"


@pytest.mark.parametrize(("typed", "told"), [*TYPED.items()][:: 1 if EXHAUSTIVE else 3])
def test_a_wrong_experiment_of_dvc_is_refused_by_its_first_stage(refused, project, monkeypatch, typed, told):
    composed = config.composed(project, typed.split(" "), "config")
    values = OmegaConf.to_container(composed, resolve=True)
    (project / "params.yaml").write_text(json.dumps(values), encoding="utf-8")  # which is YAML
    monkeypatch.setenv("DVC_EXP_NAME", "lemon-bees")
    assert refused(lambda: cli.stage_main(["configure"]), "configure").startswith(told)


COLD = """
import os, sys
from gp_segmentation import cli
write, seen = sys.stdout.write, []
class First:
    def write(self, text):
        seen[:] = seen or [sorted(set(HEAVY) & set(sys.modules))]
        return write(text)
    def __getattr__(self, name):
        return getattr(sys.__stdout__, name)
sys.stdout, HEAVY = First(), sys.argv.pop(1).split(",")
status = cli.main()
sys.stdout, seconds = sys.__stdout__, sum(os.times()[:2])
print(seen[0], sorted(set(HEAVY) & set(sys.modules)), status, round(seconds, 1))
"""
LIBRARIES = ("hydra", "numpy", "pandas", "sklearn", "optuna", "matplotlib", "mlflow", "kneed", "openpyxl")


def test_a_cold_start_is_answered_at_once_and_refused_without_the_libraries_that_work(project):
    """The first line comes before any library, and a wrong value is found without those that do the work."""
    command = [sys.executable, "-c", COLD, ",".join(LIBRARIES), "seed=abc"]
    done = subprocess.run(command, cwd=project, capture_output=True, encoding="utf-8", check=True)
    first, last = done.stdout.splitlines()
    assert first == "gpseg: checking the configuration ..."
    at_first, at_last, status, seconds = re.fullmatch(r"(\[.*?\]) (\[.*?\]) (\d) (\d+\.\d)", last).groups()
    assert (at_first, at_last, status) == ("[]", "['hydra', 'numpy', 'pandas']", "1")
    assert float(seconds) < 3 * 3, "three seconds are promised; of a slow machine's processor, nine"
    assert done.stderr == "gpseg: seed is 'abc'. Give a whole number from 0 to 4294967295\n"


def test_what_shows_a_configuration_is_nothing_but_the_configuration(project, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gpseg", "--cfg", "job", "seed=7"])
    assert cli.main() == 0
    assert yaml.safe_load(capsys.readouterr().out)["seed"] == 7


def test_gpseg_tells_how_to_fix_the_number_of_segments(refused):
    told = (
        "clusterer.n_clusters cannot be set, since clusterer=open lets several compete (kmeans, "
        "hierarchical). Choose one of them: clusterer=kmeans clusterer.n_clusters=5, or set it for one: "
        "clusterer.candidates.kmeans.n_clusters=5"
    )
    for typed in ("+clusterer.n_clusters=5", "clusterer.n_clusters=5"):
        assert refused(cli.main, "gpseg", typed) == told


def test_gpseg_tells_everything_that_is_wrong_with_a_command(refused):
    typed = [
        "clusterer=kmeans",
        "clusterer.n_cluster=5",
        "clusterer.max_iter=9",
        "~reducer",
        "report.figures=[elbo]",
    ]
    assert refused(cli.main, "gpseg", *typed, "study.sampler.foo=1").split("\n") == [
        "the configuration has 5 problems:",
        "  reducer is missing. Name an option of conf/reducer: reducer=OPTION",
        "  clusterer.n_cluster is not known. Did you mean n_clusters?",
        "  study.sampler.foo is not known. There are seed",
        f"  report.figures[0] is 'elbo'. Did you mean elbow? Give one of: {', '.join(figures())}",
        "  clusterer.max_iter is not set in conf/. Add it with +clusterer.max_iter=9",
    ]


def test_a_sweep_with_one_wrong_job_says_so_before_the_first_begins(refused):
    typed = ["-m", "clusterer=kmeans", "clusterer.n_clusters=3,four", "jobs=0"]
    assert refused(cli.main, "gpseg", *typed).split("\n") == [
        "the configuration has 2 problems:",
        "  jobs is 0. Give a whole number from 1 to 1024, or null",
        "  clusterer.n_clusters is 'four'. Give a whole number, 2 or more, or null "
        "(in the job clusterer=kmeans clusterer.n_clusters=four jobs=0)",
    ]


def test_an_experiment_that_is_not_there_is_refused(refused):
    told = refused(cli.main, "gpseg", "experiment=published")
    assert told == (
        "experiment=published: there is no such option. Did you mean published_style? Give one of: "
        "own_table, published_style"
    )


def test_every_other_command_checks_too(refused, project, default, monkeypatch):
    assert refused(cli.explore_main, "gpseg-explore", "jobs=0").startswith("jobs is 0")
    assert refused(cli.data_main, "gpseg-data", "restart=1") == "restart is 1. Give true or false"
    (project / "params.yaml").write_text(config.to_yaml(changed(default, "jobs", 0)), encoding="utf-8")
    for stage in ("features", "report", "track"):
        assert refused(lambda stage=stage: cli.stage_main([stage]), stage).startswith("jobs is 0")
    wrong = changed(default, "scaler.copi", True)  # composed by DVC: dvc exp run -S +scaler.copi=true
    (project / "params.yaml").write_text(config.to_yaml(wrong), encoding="utf-8")
    monkeypatch.setenv("DVC_EXP_NAME", "lemon-bees")
    told = refused(lambda: cli.stage_main(["configure"]), "configure")
    assert told == "scaler.copi is not known. Did you mean copy?"
    monkeypatch.delenv("DVC_EXP_NAME")
    base = project / "conf" / "config.yaml"
    base.write_text(
        base.read_text(encoding="utf-8").replace("jobs: null", "jobs: two"),
        encoding="utf-8",
    )
    assert refused(lambda: cli.stage_main(["configure"]), "configure").startswith("jobs is 'two'")


def test_what_only_a_job_knows_is_left_to_the_job(project, monkeypatch, capsys):
    base = project / "conf" / "tracking" / "local.yaml"
    text = yaml.safe_load(base.read_text(encoding="utf-8")) | {"experiment": "${hydra:job.name}"}
    base.write_text(yaml.safe_dump(text), encoding="utf-8")
    check_command(project, "config", ["jobs=0"])
    monkeypatch.setenv("GPSEG_RUNS", str(project / "runs"))
    monkeypatch.setattr(sys, "argv", ["gpseg", "jobs=0"])
    assert cli.main() == 1
    assert "jobs is 0. Give a whole number" in capsys.readouterr().err
