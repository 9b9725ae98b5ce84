from __future__ import annotations

import os
import time

import pytest
from threadpoolctl import threadpool_info

from gp_segmentation.parallel import count_jobs, ordered_map


def slow_first(i: int) -> int:
    time.sleep(0.05 if i == 0 else 0)
    return i * i


def thread_counts(_: int) -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info()]


@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_results_come_in_the_order_of_the_tasks(jobs):
    assert list(ordered_map(slow_first, [(i,) for i in range(6)], jobs)) == [0, 1, 4, 9, 16, 25]


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_has_one_thread_for_its_arithmetic(jobs):
    before = thread_counts(0)
    found = list(ordered_map(thread_counts, [(i,) for i in range(4)], jobs))
    assert {count for counts in found for count in counts} == {1}
    assert thread_counts(0) == before


def test_processes_are_other_processes():
    assert os.getpid() not in set(ordered_map(os.getpid, [(), ()], 2, processes=True))


def test_none_means_every_core_and_less_than_one_means_one():
    assert count_jobs(None) >= 1
    assert count_jobs(0) == 1
    assert count_jobs(3) == 3


def test_no_tasks_give_no_results():
    assert list(ordered_map(slow_first, [], 2)) == []
