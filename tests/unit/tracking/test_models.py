"""Models under one name: the champion is found by its address, and what is not there is named."""

from __future__ import annotations

import shutil

import pytest

from gp_segmentation.errors import GpsegError
from gp_segmentation.tracking import models
from gp_segmentation.tracking.models import crown, is_model, run_of_model
from gp_segmentation.tracking.store import Store, open_store

NAME = models.REGISTERED


@pytest.fixture(scope="module")
def store(bare, tmp_path_factory) -> Store:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        root = shutil.copytree(bare, tmp_path_factory.mktemp("models") / "project")
        return open_store(root, "models")


def run_with_model(store: Store) -> tuple[str, str]:
    """A run that logged a model (of which nobody reads the files), and that model's id."""
    from mlflow.entities import LoggedModelOutput

    with store.run("run", {"verdict": "continuum", "chosen": "kmeans"}) as run:
        made = store.client.create_logged_model(store.experiment_id, name="segments", source_run_id=run.id)
        store.client.log_outputs(run.id, [LoggedModelOutput(made.model_id, 0)])
    return run.id, made.model_id


def test_the_champion_is_found_by_name_version_and_id(store):
    (first, model), (second, _) = run_with_model(store), run_with_model(store)
    assert crown(store.client, first) == "1"
    assert run_of_model(store.client, f"models:/{NAME}@champion") == first
    assert crown(store.client, second) == "2"
    assert crown(store.client, first) == "1", "a run's model is registered once"
    addresses = (f"models:/{NAME}@champion", f"models:/{NAME}/1", f"models:/{model}")
    assert {run_of_model(store.client, address) for address in addresses} == {first}
    assert run_of_model(store.client, f"models:/{NAME}/2") == second
    version = store.client.get_model_version(NAME, "1")
    assert version.tags == {"verdict": "continuum", "chosen": "kmeans"}
    assert f"/models/{model}/" in version.source


def test_a_run_without_a_model_cannot_be_the_champion(store):
    with store.run("without", {}) as run:
        pass
    with pytest.raises(GpsegError, match=f"^run {run.id} logged no model. Run gpseg again"):
        crown(store.client, run.id)


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("models:/none@champion", "has no such model (Registered Model with name=none not found). Name one"),
        ("models:/none/1", "has no such model (Model Version (name=none, version=1) not found). Name one"),
        ("models:/m-none", "has no such model (Logged model with ID 'm-none' not found). Name one that"),
        ("models:/a/b/c", "models:/a/b/c is no model. Write models:/NAME@ALIAS, models:/NAME/VERSION or"),
    ],
)
def test_a_model_that_is_not_there_is_named(store, address, problem):
    with pytest.raises(GpsegError) as refused:
        run_of_model(store.client, address)
    assert problem in str(refused.value)


def test_an_alias_that_is_not_there_is_named(store):
    run_id, _ = run_with_model(store)
    crown(store.client, run_id)
    with pytest.raises(GpsegError, match=r"has no such model \(Registered model alias none not found\)"):
        run_of_model(store.client, f"models:/{NAME}@none")


def test_a_folder_or_an_id_is_no_address_of_a_model():
    assert [is_model(text) for text in ("models:/a@b", "data", "0123abc")] == [True, False, False]
