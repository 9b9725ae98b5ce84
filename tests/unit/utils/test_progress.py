"""Bars on a terminal: what they say, that they count, and that there are none elsewhere."""

from __future__ import annotations

import io
import time
from contextlib import redirect_stderr

import pytest

from gp_segmentation.utils import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_says_what_is_counted_and_is_gone_afterwards():
    with redirect_stderr(Terminal()) as terminal:
        assert list(progress.progress_bar(iter("abc"), 3, "figures")) == ["a", "b", "c"]
    assert terminal.getvalue().startswith("\rfigures:   0%|")
    assert terminal.getvalue().split("\r")[-1].strip() == ""


def test_no_bar_where_there_is_nothing_to_do():
    with redirect_stderr(Terminal()) as terminal:
        assert list(progress.progress_bar([], 0, "figures")) == []
    assert terminal.getvalue() == ""


def test_no_bar_where_nobody_sees_it(capsys):
    with progress.watched(lambda: 1, 3, "figures"):
        assert list(progress.progress_bar([1, 2], 2, "draws")) == [1, 2]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("label", "visible", "begins"), [("[3] ", True, "\r[3] draws:"), ("[3] ", False, "")]
)
def test_the_bars_of_a_job_have_its_label_or_are_left_out(label, visible, begins):
    with redirect_stderr(Terminal()) as terminal, progress.shown(label, visible):
        list(progress.progress_bar([1], 1, "draws"))
    assert terminal.getvalue().partition("   0%|")[0] == begins
    with redirect_stderr(Terminal()) as terminal:
        list(progress.progress_bar([1], 1, "draws"))
    assert terminal.getvalue().startswith("\rdraws:"), "as it was before"


def test_work_that_does_not_tell_is_watched(monkeypatch):
    monkeypatch.setattr(progress, "WAIT", 0.001)
    monkeypatch.setattr(progress, "EVERY", 0.0)
    done = iter([1, 2])
    with redirect_stderr(Terminal()) as terminal, progress.watched(lambda: next(done, 2), 4, "figures"):
        for _ in range(10_000):
            if "| 2 of 4," in terminal.getvalue():
                break
            time.sleep(0.001)
    assert "figures:  25%|" in terminal.getvalue()
    assert "figures:  50%|" in terminal.getvalue()


def test_what_fails_while_it_is_watched_fails():
    with redirect_stderr(Terminal()), pytest.raises(ZeroDivisionError), progress.watched(lambda: 0, 1, "x"):
        raise ZeroDivisionError
