from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

from gp_segmentation.errors import GpsegError
from gp_segmentation.utils.parallel import count_jobs, parallel_map, start_in_processes


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


def test_processes_are_other_processes():
    assert os.getpid() not in set(parallel_map(os.getpid, [(), ()], 2, processes=True))


def test_none_means_every_core_and_less_than_one_means_one():
    assert count_jobs(None) >= 1
    assert count_jobs(0) == 1
    assert count_jobs(3) == 3


def test_no_tasks_give_no_results():
    assert list(parallel_map(slow_first, [], 2)) == []


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_started_work_comes_in_the_order_of_the_tasks_from_other_processes(jobs):
    assert list(start_in_processes(slow_first, [(i,) for i in range(5)], jobs)) == [0, 1, 4, 9, 16]
    assert os.getpid() not in set(start_in_processes(os.getpid, [(), ()], jobs))


def large_result(folder: Path, i: int) -> bytes:
    (folder / str(i)).touch()
    return bytes(2**20)  # a pipe holds a sixteenth of it


def test_started_work_goes_on_while_nobody_takes_its_results(tmp_path):
    results = start_in_processes(large_result, [(tmp_path, i) for i in range(6)], 2)
    until = time.monotonic() + 60
    while len(list(tmp_path.iterdir())) < 6:
        assert time.monotonic() < until, "the processes stand still"
        time.sleep(0.01)
    assert [len(result) for result in results] == [2**20] * 6


def test_started_work_that_fails_says_why_where_its_result_is_taken():
    results = start_in_processes(int, [("1",), ("one",)], 2)
    assert next(results) == 1
    with pytest.raises(ValueError, match="invalid literal"):
        next(results)


class AwkwardError(Exception):
    """An error that cannot be read back: it takes two arguments and keeps one."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(one)


def awkward() -> None:
    raise AwkwardError("one", "other")


def test_a_result_that_cannot_be_read_is_an_error_and_no_endless_wait():
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        list(start_in_processes(awkward, [(), ()], 2))


def test_started_work_whose_process_is_killed_is_an_error():
    with pytest.raises(GpsegError, match="ended before its work was done"):
        list(start_in_processes(lambda: os.kill(os.getpid(), signal.SIGKILL), [(), ()], 2))
