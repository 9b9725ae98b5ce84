from __future__ import annotations

import os
import sys
import time
from threading import Event
from types import ModuleType

import pytest
from threadpoolctl import ThreadpoolController, threadpool_info

from gp_segmentation.utils import parallel
from gp_segmentation.utils.parallel import count_jobs, parallel_map, start_in_threads


def slow_first(i: int) -> int:
    time.sleep(0.05 if i == 0 else 0)
    return i * i


def thread_counts(_: int) -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info()]


@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_results_come_in_the_order_of_the_tasks(jobs):
    assert list(parallel_map(slow_first, [(i,) for i in range(6)], jobs)) == [0, 1, 4, 9, 16, 25]


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_has_one_thread_for_its_arithmetic(jobs):
    before = thread_counts(0)
    found = list(parallel_map(thread_counts, [(i,) for i in range(4)], jobs))
    assert {count for counts in found for count in counts} == {1}
    assert thread_counts(0) == before


def test_libraries_are_searched_for_again_only_after_an_import(monkeypatch):
    searched = []
    monkeypatch.setattr(
        parallel, "ThreadpoolController", lambda: searched.append(1) or ThreadpoolController()
    )
    parallel._libraries.cache_clear()
    for _ in range(2):
        list(parallel_map(slow_first, [(1,)]))
    assert len(searched) == 1
    monkeypatch.setitem(sys.modules, "one_module_more", ModuleType("one_module_more"))
    list(parallel_map(slow_first, [(1,)]))
    assert len(searched) == 2


def test_tasks_go_to_whoever_does_them_unless_they_are_one_or_share_memory():
    sent = []

    def elsewhere(function, tasks):
        sent.append(len(tasks))
        return (function(*task) for task in tasks)

    before = parallel._elsewhere.set(elsewhere)
    try:
        for tasks, here in (([(1,), (2,), (3,)], False), ([(1,)], False), ([(1,), (2,)], True)):
            found = list(parallel_map(slow_first, tasks, 1, here=here))
            assert found == [i * i for (i,) in tasks]
    finally:
        parallel._elsewhere.reset(before)
    assert sent == [3]


def test_processes_are_other_processes():
    assert os.getpid() not in set(parallel_map(os.getpid, [(), ()], 2, processes=True))


def test_none_means_every_core_and_less_than_one_means_one():
    assert count_jobs(None) >= 1
    assert count_jobs(0) == 1
    assert count_jobs(3) == 3


def test_no_tasks_give_no_results():
    assert list(parallel_map(slow_first, [], 2)) == []


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_started_work_comes_in_the_order_of_the_tasks(jobs):
    assert list(start_in_threads(slow_first, [(i,) for i in range(5)], jobs)) == [0, 1, 4, 9, 16]


def test_started_work_goes_on_while_nobody_takes_its_results():
    done = [Event() for _ in range(6)]
    results = start_in_threads(Event.set, [(event,) for event in done], 2)
    assert all(event.wait(60) for event in done)
    assert list(results) == [None] * 6


def test_started_work_that_fails_says_why_where_its_result_is_taken():
    results = start_in_threads(int, [("1",), ("one",)], 2)
    assert next(results) == 1
    with pytest.raises(ValueError, match="invalid literal"):
        next(results)
