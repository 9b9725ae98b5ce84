"""What a configuration may name and how: everything else is refused before anything is built or run."""

from __future__ import annotations

import os
import shutil
from importlib import import_module
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from gp_segmentation import config
from gp_segmentation.cli.command_check import check_command
from gp_segmentation.errors import ConfigError
from gp_segmentation.utils.targets import CALLBACK, ROLES, check_hydra, check_node

ROOT = Path(__file__).resolve().parents[2]

#: Functions and classes that delete, write, run, load or ask for something, under names that can be imported.
HARMFUL = [
    *("os.system", "os.remove", "subprocess.run", "subprocess.Popen", "shutil.rmtree", "builtins.eval"),
    *("builtins.exec", "builtins.open", "runpy.run_path", "pickle.loads", "importlib.import_module"),
    *("pathlib.Path", "urllib.request.urlopen", "joblib.load", "numpy.load", "pandas.read_pickle"),
    *("sklearn.datasets.clear_data_home", "sklearn.datasets.fetch_openml", "sklearn.datasets.load_files"),
    *("sklearn.show_versions", "sklearn.set_config", "sklearn.clone", "sklearn.utils._testing.check_output"),
    *("sklearn.externals.joblib.load", "sklearn.cluster.k_means", "sklearn.preprocessing.scale"),
    *(
        "scipy.test",
        "scipy.io.savemat",
        "scipy.io.loadmat",
        "scipy.sparse.save_npz",
        "scipy.LowLevelCallable",
    ),
    *("optuna.delete_study", "optuna.create_study", "optuna.copy_study", "optuna.load_study"),
    *(
        "optuna.storages.JournalStorage",
        "optuna.storages.RDBStorage",
        "optuna.artifacts.FileSystemArtifactStore",
    ),
    *("optuna.storages.journal.JournalFileBackend", "optuna.samplers.BaseSampler", "optuna.samplers.nothing"),
    *("gp_segmentation.cli.main", "gp_segmentation.cli.sys.exit", "gp_segmentation.__main__.stage_main"),
    *("gp_segmentation.config.build", "gp_segmentation.utils.files.fresh_folder"),
    *("gp_segmentation.pipeline.fetch.fetch_raw", "gp_segmentation.sources.download.fetch_files"),
    *("gp_segmentation.sources.download.shutil.rmtree", "gp_segmentation.sources.synthetic.england.Path"),
    *("gp_segmentation.features.special.pd.read_csv", "gp_segmentation.features.build_features"),
    *("gp_segmentation.matrix.pipeline.build_pipeline", "gp_segmentation.matrix.transformers.clone"),
    *("gp_segmentation.storage.model_files.load_model", "gp_segmentation.tracking.store.open_store"),
    *("gp_segmentation.study.write_plots", "gp_segmentation.study.run_study", "hydra.utils.call"),
    *("hydra.utils.instantiate", "mlflow.delete_run", "", ".", "sklearn", "sklearn.", ".system"),
]
#: A transformer that is made of another estimator.
SELECTOR = {"_target_": "sklearn.feature_selection.RFE"}


@pytest.mark.parametrize("target", HARMFUL)
def test_what_is_of_no_role_is_refused_in_every_place(target):
    for role in ROLES:
        with pytest.raises(ConfigError, match=r"is not allowed as|does not exist"):
            config.build({"_target_": target, "path": "/nowhere"}, role)
    with pytest.raises(ConfigError, match=r"is not allowed as|does not exist"):
        config.build(
            {"_target_": "sklearn.feature_selection.RFE", "estimator": {"_target_": target}}, "reducer"
        )


FITTING = {
    "scaler": "sklearn.preprocessing.MaxAbsScaler",
    "clusterer": "gp_segmentation.clustering.Hierarchical",
    "sampler": "optuna.samplers.RandomSampler",
    "block": "gp_segmentation.features.list_size.ListSize",
    "selection": "gp_segmentation.features.Selection",
    "special": "gp_segmentation.features.SpecialRules",
    "reader": "gp_segmentation.sources.ods.read_organisations",
    "england": "gp_segmentation.sources.synthetic.write_england",
}


@pytest.mark.parametrize(("role", "target"), FITTING.items())
def test_what_fits_a_role_is_built_there_and_in_no_other_place(role, target):
    check_node({"_target_": target}, role)
    for other in FITTING.keys() - {role}:
        with pytest.raises(ConfigError) as caught:
            check_node({"_target_": target}, other)
        assert f"is not allowed as {other}: it must be {ROLES[other].wanted}" in str(caught.value)


def test_estimators_may_be_made_of_estimators_and_samplers_of_samplers():
    tree = {"_target_": "sklearn.tree.DecisionTreeRegressor", "max_depth": 2}
    assert (
        config.build({"_target_": "sklearn.feature_selection.RFE", "estimator": tree}, "reducer") is not None
    )
    inner = {"_target_": "optuna.samplers.RandomSampler", "seed": 1}
    node = {"_target_": "optuna.samplers.PartialFixedSampler", "fixed_params": {}, "base_sampler": inner}
    check_node(node, "sampler")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("_partial_", True, "_partial_ is not allowed"),
        ("_args_", ["x"], "_args_ is not allowed"),
        ("_recursive_", False, "_recursive_ is not allowed"),
        ("_convert_", "none", "_convert_ is not allowed"),
        ("memory", "/tmp/cache", "memory='/tmp/cache' is not allowed"),  # noqa: S108 - only named
        ("n_clusters", "${oc.create:{_target_:os.system}}", "which is no value"),
        ("n_clusters", [{"a": "${seed}"}], "which is no value"),
    ],
)
def test_what_hydra_or_a_library_would_act_on_is_refused(key, value, words):
    node = {"_target_": "sklearn.cluster.FeatureAgglomeration", key: value}
    with pytest.raises(ConfigError) as caught:
        config.build(node, "scaler")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "${oc.create:{_target_:os.system,command:true}}",
        "${oc.create: {a: 1}}",
        "${ oc.create:{a:1}}",
        "a ${oc.create:{a:1}} b",
        r"\${oc.create:{a:1}}",
        "${oc.decode:'{_target_: os.system}'}",
        "${oc.dict.keys:source}",
        "${oc.dict.values:source}",
        "${oc.deprecated:seed}",
        "${oc.select:seed}",
        "${${seed}:x}",
        "${oc.${seed}:x}",
        "${python_version:}",
        "${unknown:1}",
        "${oc.env:HOME,${oc.create:{a:1}}}",
    ],
)
def test_an_interpolation_that_could_make_a_node_is_refused(text):
    with pytest.raises(ConfigError, match="holds the interpolation"):
        config.plain(
            OmegaConf.create(
                {"seed": 1, "scaler": {"_target_": text if text[:2] == "${" else "x", "a": [text]}}
            )
        )


def test_references_the_environment_and_the_time_are_resolved(monkeypatch):
    monkeypatch.setenv("GPSEG_TEST", "7")
    made = config.plain(OmegaConf.create({"seed": 1, "a": {"b": "${seed}", "c": "${oc.env:GPSEG_TEST}"}}))
    assert made["a"] == {"b": 1, "c": "7"}


def test_a_configuration_file_that_ran_a_command_no_longer_does(tmp_path):
    """An escaped interpolation is a text when it is composed, and was a node when it was built."""
    canary = tmp_path / "canary"
    attack = r"\${oc.create:{_target_:os.mkdir,path:" + str(canary) + "}}"
    params = tmp_path / "params.yaml"
    params.write_text(
        f"scaler:\n  _target_: sklearn.preprocessing.StandardScaler\n  copy: '{attack}'\n", encoding="utf-8"
    )
    with pytest.raises(ConfigError):
        config.build(config.load_params(params)["scaler"], "scaler")
    with pytest.raises(ConfigError):
        config.build({"_target_": "sklearn.preprocessing.StandardScaler", "copy": attack[1:]}, "scaler")
    assert not canary.exists()
    assert not os.path.lexists("/nowhere")


@pytest.mark.parametrize(
    "node",
    [
        {"callbacks": {"mine": {"_target_": "hydra._internal.callbacks.Callbacks"}}},
        {"callbacks": {"sweep": {"_target_": CALLBACK, "command": "rm"}}},
        {"callbacks": {"sweep": {"_target_": "gp_segmentation.pipeline.sweeps.Sweep"}}},
        {"launcher": {"_target_": CALLBACK}},
        {"launcher": {"_target_": "os.system"}},
        {"sweeper": {"params": [{"_target_": "subprocess.run"}]}},
        {"job_logging": {"handlers": {"console": {"class": "os.system"}}}},
        {"job_logging": {"handlers": {"console": {"class": "logging.handlers.SMTPHandler"}}}},
        {"job_logging": {"handlers": {"console": {"()": "os.system"}}}},
        {"hydra_logging": {"formatters": {"simple": {"()": "subprocess.run"}}}},
        {"job_logging": {"handlers": {"console": {"stream": "ext://os.environ"}}}},
    ],
)
def test_hydras_own_node_may_not_run_anything(node):
    with pytest.raises(ConfigError, match="is not allowed"):
        check_hydra(node)


def test_the_callback_of_the_project_is_there_and_allowed():
    module, _, name = CALLBACK.rpartition(".")
    assert callable(getattr(import_module(module), name)().on_multirun_start)
    check_hydra({"callbacks": {"sweep": {"_target_": CALLBACK}}})
    written = OmegaConf.load(ROOT / "conf" / "config.yaml")
    assert written.hydra.callbacks == {"sweep": {"_target_": CALLBACK}}


def test_hydras_own_node_is_looked_at_with_the_options_of_the_command_line(tmp_path):
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    evil = "# @package _global_\nhydra:\n  callbacks:\n    mine:\n      _target_: os.system\n"
    (tmp_path / "conf" / "experiment").mkdir(exist_ok=True)
    (tmp_path / "conf" / "experiment" / "evil.yaml").write_text(evil, encoding="utf-8")
    for harmless in ([], ["-m", "clusterer=kmeans,hierarchical", "hydra/launcher=joblib"]):
        check_command(tmp_path, "config", harmless)
    for evil in (
        ["experiment=evil"],
        ["-m", "experiment=published_style,evil"],
        ["--cfg", "job", "experiment=evil"],
    ):
        with pytest.raises(ConfigError, match=r"hydra\.callbacks\.mine is not allowed"):
            check_command(tmp_path, "config", evil)


def test_what_hydra_refuses_is_told_without_the_password_in_it():
    for wrong in ("no.such=postgresql://ann:s3cret@db/x", "tracking.uri=postgresql://ann:s3cret@{db"):
        with pytest.raises(ConfigError) as caught:
            check_command(ROOT, "config", [wrong])
        assert "s3cret" not in str(caught.value)
        assert "no is not known" in str(caught.value) or "postgresql://***@" in str(caught.value)


def test_files_of_a_job_keep_no_password_and_are_its_owners(tmp_path):
    output = tmp_path / "sweep" / "0"
    (output / ".hydra").mkdir(parents=True)
    named = [output / ".hydra" / "config.yaml", output / ".hydra" / "overrides.yaml"]
    named += [tmp_path / "sweep" / "multirun.yaml", tmp_path / "sweep" / "mine.yaml"]
    for path in named:
        path.write_text("- tracking.uri=postgresql://ann:s3cret@db/x\n- a.token: s3cret\n", encoding="utf-8")
        path.chmod(0o644)
    config.hide_secrets(output)
    for path in named[:3]:
        assert path.read_text(encoding="utf-8") == "- tracking.uri=postgresql://***@db/x\n- a.token: '***'\n"
        assert path.stat().st_mode & 0o777 == 0o600
    assert "s3cret" in named[3].read_text(encoding="utf-8"), "a file that Hydra did not write"


def test_what_comes_from_the_environment_is_not_written_into_params(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    local = tmp_path / "conf" / "tracking" / "local.yaml"
    assert "uri: null" in local.read_text(encoding="utf-8")
    local.write_text(
        local.read_text(encoding="utf-8").replace("uri: null", "uri: ${oc.env:STORE}"), encoding="utf-8"
    )
    monkeypatch.setenv("STORE", "postgresql://ann:s3cret@db/x")
    text = config.compose_yaml(tmp_path)
    assert "s3cret" not in text
    assert "uri: ${oc.env:STORE}" in text
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    assert config.load_params(tmp_path / "params.yaml") == config.compose_config(tmp_path)
    assert config.load_params(tmp_path / "params.yaml")["tracking"]["uri"].endswith("s3cret@db/x")
