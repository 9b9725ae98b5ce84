"""params.yaml, which git keeps, holds no secret: references to the environment stand there instead."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from gp_segmentation import config
from gp_segmentation.errors import ConfigError, without_secrets
from gp_segmentation.pipeline.stages import configure

ROOT = Path(__file__).resolve().parents[3]
ADDRESS = "postgresql://ann:s3cret@db/x"


@pytest.fixture
def composed_by_dvc(tmp_path, monkeypatch):
    """Give a function: values that DVC composed -> those that stand in params.yaml after `configure`."""
    monkeypatch.setenv("DVC_EXP_NAME", "of the test")
    monkeypatch.setattr(
        config, "load_params", lambda path, objects: None
    )  # these are no whole configurations

    def configured(values: dict) -> dict:
        path = tmp_path / "params.yaml"
        path.write_text(yaml.safe_dump(values), encoding="utf-8")
        configure.run(tmp_path)
        return yaml.safe_load(path.read_text(encoding="utf-8"))

    return configured


@pytest.mark.parametrize(
    ("environment", "kept"),
    [
        ({"STORE": ADDRESS}, "${oc.env:STORE}"),
        ({"DB_WORD": "s3cret"}, "postgresql://ann:${oc.env:DB_WORD}@db/x"),
        ({"DB_USER": "anna", "STORE": ADDRESS, "DB_WORD": "s3cret"}, "${oc.env:STORE}"),
    ],
)
def test_what_dvc_took_from_the_environment_is_a_reference_to_it_again(
    environment, kept, composed_by_dvc, monkeypatch, tmp_path
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    values = {"tracking": {"uri": ADDRESS, "name": "local"}, "study": {"storage": [ADDRESS]}, "seed": 5}
    expected = {"tracking": {"uri": kept, "name": "local"}, "study": {"storage": [kept]}, "seed": 5}
    assert composed_by_dvc(values) == expected
    assert config.load_recorded(tmp_path / "params.yaml")["tracking"]["uri"] == ADDRESS


def test_a_secret_from_elsewhere_is_refused_and_taken_out(composed_by_dvc, tmp_path):
    with pytest.raises(ConfigError) as refused:
        composed_by_dvc({"tracking": {"uri": ADDRESS}, "study": {"api_token": "s3cret"}, "seed": 5})
    assert str(refused.value) == (
        "study.api_token, tracking.uri: a password or token would stand in params.yaml, which git keeps. "
        "Put it into a variable of the environment and write ${oc.env:NAME} in conf/; the address of the "
        "tracking store can be given as MLFLOW_TRACKING_URI"
    )
    left = yaml.safe_load((tmp_path / "params.yaml").read_text(encoding="utf-8"))
    assert left == {"tracking": {"uri": "***"}, "study": {"api_token": "***"}, "seed": 5}


@pytest.mark.parametrize(
    "harmless",
    [
        *("postgresql://ann@db/x", "postgresql://${oc.env:U}:${oc.env:W}@db/x", "https://${oc.env:T}@h/x"),
        *(
            "postgresql://h/db?password=${oc.env:W}",
            "sqlite:////srv/a.db",
            "s3://bucket/x",
            "${oc.env:STORE,none}",
        ),
    ],
)
def test_what_holds_no_secret_stays(harmless, composed_by_dvc):
    assert composed_by_dvc({"uri": harmless, "token": None, "n": 1.5}) == {
        "uri": harmless,
        "token": None,
        "n": 1.5,
    }


def test_a_secret_in_conf_is_refused_before_it_is_written(tmp_path, monkeypatch):
    monkeypatch.delenv("DVC_EXP_NAME", raising=False)
    monkeypatch.setattr(config, "compose_yaml", lambda root: f"tracking:\n  uri: {ADDRESS}\n")
    with pytest.raises(ConfigError, match=r"^tracking\.uri: a password"):
        configure.run(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", sorted((ROOT / "conf").rglob("*.yaml")), ids=lambda path: path.stem)
def test_no_option_of_the_project_is_taken_for_a_secret(path):
    text = path.read_text(encoding="utf-8")
    assert without_secrets(text) == text
    flat = config.flatten({"": yaml.safe_load(text)})
    assert [key for key, value in flat.items() if configure._is_open(key, value)] == []
