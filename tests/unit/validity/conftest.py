"""What the tests of null models and stability share."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture
def watch_tasks(monkeypatch) -> Callable[..., dict]:
    """Note what a module asks `parallel_map` and the progress bar for.

    ``watch_tasks(module, do)`` returns the notes; `do` gives the result of a task in place of its function.
    """

    def watch(module: ModuleType, do: Callable[..., object]) -> dict:
        seen: dict = {}

        def noted(function, tasks, jobs=None, *, processes=False):
            seen.update(tasks=tasks, jobs=jobs, processes=processes)
            return [do(function, *task) for task in tasks]

        def bar(items, total, what):
            seen.update(total=total, what=what)
            return items

        monkeypatch.setattr(module, "parallel_map", noted)
        monkeypatch.setattr(module, "progress_bar", bar)
        return seen

    return watch
