"""Files and folders appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from gp_segmentation.utils import files as room
from gp_segmentation.utils.files import atomic, fresh_folder


def _write_half(path: Path) -> None:
    with atomic(path) as temporary:
        temporary.write_text("half", encoding="utf-8")
        raise RuntimeError("broke")


def _fill_half(path: Path) -> None:
    with fresh_folder(path) as temporary:
        (temporary / "new").touch()
        raise RuntimeError("broke")


def _folder_with_old(path: Path) -> Path:
    path.mkdir()
    (path / "old").touch()
    return path


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_its_place_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "a.csv"
    with atomic(path) as temporary:
        temporary.write_text("new", encoding="utf-8")
        assert not path.exists()
    assert path.read_text(encoding="utf-8") == "new"
    assert _names(path.parent) == ["a.csv"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(RuntimeError, match="broke"):
        _write_half(path)
    assert path.read_text(encoding="utf-8") == "old"
    assert _names(tmp_path) == ["a.csv"]


@pytest.fixture(params=["in one step", "moved aside first"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways a folder takes the place of another: what the system offers, and what always works."""
    if request.param == "moved aside first":
        monkeypatch.setattr(room, "_exchanged", lambda one, other: False)


@pytest.mark.usefixtures("way")
def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    path = _folder_with_old(tmp_path / "out")
    with fresh_folder(path) as temporary:
        (temporary / "new").touch()
    assert _names(path) == ["new"]
    assert _names(tmp_path) == ["out"]


@pytest.mark.usefixtures("way")
def test_a_failure_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    path = _folder_with_old(tmp_path / "out")
    with pytest.raises(RuntimeError, match="broke"):
        _fill_half(path)
    assert _names(path) == ["old"]
    assert _names(tmp_path) == ["out"]


def test_a_failed_swap_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _folder_with_old(tmp_path / "out")
    move = Path.replace

    def refuse_the_new(self: Path, target: Path) -> Path:
        if target == path and (self / "new").exists():
            raise PermissionError("in use")
        return move(self, target)

    monkeypatch.setattr(room, "_exchanged", lambda one, other: False)
    monkeypatch.setattr(Path, "replace", refuse_the_new)
    with pytest.raises(PermissionError), fresh_folder(path) as temporary:
        (temporary / "new").touch()
    assert _names(path) == ["old"]
    assert _names(tmp_path) == ["out"]


def test_what_a_killed_writer_left_is_swept_away_by_the_next_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".out.abcdefgh").mkdir()
    (tmp_path / ".out.abcdefgh" / "half").touch()
    (tmp_path / ".a.csv.abcdefgh.csv").write_text("half", encoding="utf-8")
    others = [".out.txt", ".other.abcdefgh", "out.abcdefgh", ".a.csv.of.mine.csv"]
    for name in others:
        (tmp_path / name).touch()
    with fresh_folder(tmp_path / "out"), atomic(tmp_path / "a.csv"):
        pass
    assert _names(tmp_path) == sorted([*others, "a.csv", "out"])


def test_two_writers_of_one_name_leave_each_others_half_alone(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with fresh_folder(path) as first:
        (first / "first").touch()
        with fresh_folder(path) as second:
            (second / "second").touch()
        assert _names(path) == ["second"]
        assert _names(first) == ["first"]
    assert _names(path) == ["first"]
    assert _names(tmp_path) == ["out"]
