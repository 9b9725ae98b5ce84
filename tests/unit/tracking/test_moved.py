"""A project that was moved or copied: its own store follows it, and no other one is touched."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gp_segmentation.tracking.errors import StoreError
from gp_segmentation.tracking.moved import ARTEFACTS, HOME
from gp_segmentation.tracking.store import Store, open_store


@pytest.fixture(autouse=True)
def no_other_store(monkeypatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="module")
def used(bare, tmp_path_factory) -> Path:
    """A project with a recorded run and a model, to be copied."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        root = shutil.copytree(bare, tmp_path_factory.mktemp("used") / "old place")  # with %20 in addresses
        record(open_store(root, "test"), "before")
    return root


def record(store: Store, text: str) -> str:
    with store.run(text, {}) as run:
        run.log_text(text, "note.txt")
    model = store.client.create_logged_model(store.experiment_id, name="model", source_run_id=run.id)
    store.client.create_registered_model(f"model {text}")
    store.client.create_model_version(f"model {text}", model.artifact_location, run.id)
    return run.id


def addresses(store: Store) -> set[str]:
    """Every address of artefacts that the store gives, and the text of every run's note."""
    client, found = store.client, set()
    for run in client.search_runs([store.experiment_id]):
        note = Path(client.download_artifacts(run.info.run_id, "note.txt"))
        found |= {run.info.artifact_uri, note.read_text(encoding="utf-8")}
    found |= {model.artifact_location for model in client.search_logged_models([store.experiment_id])}
    found |= {version.source for version in client.search_model_versions()}
    return found | {experiment.artifact_location for experiment in client.search_experiments()}


def move(used: Path, root: Path, *, noted: bool) -> Path:
    shutil.copytree(used, root)
    if not noted:  # as stores of before there was a note
        (root / "mlruns" / HOME).unlink()
    return root


@pytest.mark.parametrize("noted", [True, False], ids=["noted", "before there was a note"])
def test_a_copy_reads_and_writes_its_own_files_and_says_so(used, tmp_path, caplog, noted):
    root = move(used, tmp_path / "new place", noted=noted)
    (root / ARTEFACTS / "mark").touch()
    store = open_store(root, "test")
    assert caplog.messages == [f"the project was in {used}: its runs' files are in {root} from now on"]
    record(store, "after")
    found = addresses(store)
    assert {"before", "after"} <= found
    assert not {text for text in found if str(used) in text or used.as_uri() in text}
    assert len({text for text in found if text.startswith(f"{root.as_uri()}/{ARTEFACTS}")}) == 5
    # What was copied is as it was, and the next start has nothing to do.
    assert "after" not in addresses(open_store(used, "test"))
    caplog.clear()
    open_store(root, "test")
    assert caplog.messages == []


def test_a_project_that_goes_by_two_names_is_where_it_was(used, tmp_path, caplog):
    root = move(used, tmp_path / "real", noted=True)
    open_store(root, "test")
    caplog.clear()
    other = tmp_path / "link"
    other.symlink_to(root)
    for name in (other, root):
        assert f"{root.as_uri()}/{ARTEFACTS}" in addresses(open_store(name, "test"))
    assert caplog.messages == []


def test_a_place_of_artefacts_that_somebody_chose_is_not_changed(used, tmp_path, caplog):
    root, chosen = move(used, tmp_path / "project", noted=False), tmp_path / "shared" / "mlruns" / "artifacts"
    chosen.mkdir(parents=True)
    shutil.rmtree(root / ARTEFACTS)  # a project whose files were always elsewhere has none
    with closing(sqlite3.connect(root / "mlruns" / "mlflow.db")) as database, database:
        database.execute("update experiments set artifact_location = ?", [chosen.as_uri()])
    store = open_store(root, "test")
    assert store.client.place == chosen.as_uri()
    assert caplog.messages == []


def test_artefacts_that_stayed_behind_or_are_elsewhere_are_refused(used, tmp_path):
    root = move(used, tmp_path / "without", noted=False)
    shutil.rmtree(root / ARTEFACTS)
    hidden = used.rename(used.with_name("hidden"))
    try:
        with pytest.raises(StoreError) as refused:
            open_store(root, "test")
    finally:
        hidden.rename(used)
    assert str(refused.value) == (
        f"the tracking store sqlite:///{root}/mlruns/mlflow.db keeps artefacts in {used}/mlruns/artifacts, "
        "which is not there: it was moved, or is on another machine. Bring it back, or name another for a "
        "new experiment: tracking.experiment=NAME tracking.artifacts=ADDRESS"
    )


def test_a_run_killed_before_the_move_is_ended_after_it(used, tmp_path):
    root = move(used, tmp_path / "killed", noted=True)
    (root / "mlruns" / ".running" / "own").mkdir(parents=True, exist_ok=True)
    store = open_store(root, "test")
    run = store.client.create_run(store.experiment_id, tags={"process_lock": "abc"}).info.run_id
    (store.running / "abc.lock").touch()
    moved = root.rename(tmp_path / "moved")
    assert open_store(moved, "test").client.get_run(run).info.status == "KILLED"
