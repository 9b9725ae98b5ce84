"""Independent tasks on several cores; the results do not depend on the number of cores."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from joblib import Parallel, delayed
from threadpoolctl import ThreadpoolController

T = TypeVar("T")


def count_jobs(jobs: int | None) -> int:
    """How many tasks may run at once: `jobs`, or the cores this process may use when it is None."""
    if jobs is not None:
        return max(1, jobs)
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows do not say
        return os.cpu_count() or 1


def parallel_map(
    function: Callable[..., T], tasks: Iterable[tuple], jobs: int | None = 1, *, processes: bool = False
) -> Iterator[T]:
    """Yield ``function(*task)`` for every task, in the order of `tasks`.

    Each task runs with one BLAS and OpenMP thread: sums taken by several threads differ in their last
    digits with the number of threads, and tables must not.

    Parameters
    ----------
    function : a top-level function, so that it can be sent to another process.
    tasks : the arguments of each call.
    jobs : tasks at once; None for every core.
    processes : run in processes, not in threads. Worth its start-up cost (about two seconds) only where the
        work holds Python's lock, as drawing does.
    """
    tasks = list(tasks)
    workers = min(count_jobs(jobs), len(tasks))
    # The search for libraries with threads takes milliseconds, longer than many tasks: do it once.
    libraries = ThreadpoolController()
    if workers <= 1:
        yield from (_limited(libraries, function, task) for task in tasks)
        return
    run = delayed(_one_thread if processes else partial(_limited, libraries))
    with libraries.limit(limits=1):
        pool = Parallel(n_jobs=workers, backend="loky" if processes else "threading", return_as="generator")
        yield from pool(run(function, task) for task in tasks)


def start_in_threads(function: Callable[..., T], tasks: Iterable[tuple], jobs: int | None = 1) -> Iterator[T]:
    """Begin ``function(*task)`` for every task in other threads; give an iterator of the results in order.

    As `parallel_map`, but the work begins now and goes on while the caller does other things. An error is
    raised where its result is taken.
    """
    tasks = list(tasks)
    pool = ThreadPoolExecutor(max(1, min(count_jobs(jobs), len(tasks))))
    begun = [pool.submit(function, *task) for task in tasks]
    pool.shutdown(wait=False)
    return (one.result() for one in begun)


def _one_thread(function: Callable[..., T], task: tuple[Any, ...]) -> T:
    return _limited(ThreadpoolController(), function, task)


def _limited(libraries: ThreadpoolController, function: Callable[..., T], task: tuple[Any, ...]) -> T:
    # OpenMP keeps its limit per thread, so the limit is set where the work is done.
    with libraries.limit(limits=1):
        return function(*task)
