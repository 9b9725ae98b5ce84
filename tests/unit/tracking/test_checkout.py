"""The commit a run is recorded with: where git gives none, the log says why and what to do."""

from __future__ import annotations

import logging
import subprocess

import pytest

from gp_segmentation.tracking.describing import git_tags


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder with one commit."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))  # nobody's exceptions
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for command in (["init", "--quiet"], [*who, "commit", "--quiet", "--allow-empty", "-m", "First"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_a_run_has_the_commit_of_its_checkout(checkout, caplog):
    found = git_tags(checkout)
    assert len(found["git_commit"]) == 40
    assert found["git_dirty"] == "false"
    assert caplog.text == ""


def test_a_checkout_of_another_user_has_none_and_the_log_says_so(checkout, caplog, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    caplog.set_level(logging.WARNING)
    assert git_tags(checkout) == {}
    (line,) = caplog.messages
    assert line.startswith("no commit is recorded with this run; git says: fatal: detected dubious ownership")
    assert line.endswith(f"git config --global --add safe.directory {checkout}")


def test_a_folder_without_git_has_none_and_the_log_says_so(tmp_path, caplog, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_tags(tmp_path) == {}
    assert "git says: fatal: not a git repository" in caplog.text
    assert caplog.messages[0].endswith("run in its folder: git init; git add .; git commit -m begin")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_tags(tmp_path) == {}
    assert "git says: [Errno 2] No such file or directory: 'git'" in caplog.text


def test_the_remedy_for_a_folder_without_git_works(tmp_path, caplog, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"):
        monkeypatch.setenv(name, "somebody")
    for name in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "somebody@example.org")
    (tmp_path / "README.md").write_text("downloaded\n", encoding="utf-8")
    git_tags(tmp_path)
    subprocess.run(
        ["sh", "-ec", caplog.messages[0].rpartition("in its folder: ")[2]], cwd=tmp_path, check=True
    )
    assert len(git_tags(tmp_path)["git_commit"]) == 40
