"""Independent tasks on several cores; the results do not depend on the number of cores."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import Any, TypeVar

from joblib import Parallel, delayed
from threadpoolctl import ThreadpoolController

T = TypeVar("T")
#: Runs a function on every task, somewhere else, and gives the results in order.
Map = Callable[[Callable[..., T], list[tuple]], Iterator[T]]

#: Who does the tasks of `parallel_map` at present; None: this machine.
_elsewhere: ContextVar[Map | None] = ContextVar("elsewhere", default=None)


def count_jobs(jobs: int | None) -> int:
    """How many tasks may run at once: `jobs`, or the cores this process may use when it is None."""
    if jobs is not None:
        return max(1, jobs)
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows do not say
        return os.cpu_count() or 1


@contextmanager
def spread_over(workers: str | None) -> Iterator[None]:
    """Have the tasks of `parallel_map` done by `workers` within: ``ray``, or None for this machine.

    Raises
    ------
    ConfigError : Ray is not installed, or its cluster cannot be reached. GpsegError : the cluster is lost.
    """
    if workers is None:
        yield
        return
    from gp_segmentation.utils import ray_cluster  # Ray is an extra

    with ray_cluster.connected():
        before = _elsewhere.set(ray_cluster.run_tasks)
        try:
            yield
        finally:
            _elsewhere.reset(before)


def parallel_map(
    function: Callable[..., T],
    tasks: Iterable[tuple],
    jobs: int | None = 1,
    *,
    processes: bool = False,
    here: bool = False,
) -> Iterator[T]:
    """Yield ``function(*task)`` for every task, in the order of `tasks`.

    Each task runs with one BLAS and OpenMP thread: sums taken by several threads differ in their last
    digits with the number of threads, and tables must not.

    Parameters
    ----------
    function : a top-level function, so that it can be sent to another process.
    tasks : the arguments of each call.
    jobs : tasks at once; None for every core. Workers elsewhere (`spread_over`) take as many as they can.
    processes : run in processes, not in threads. Worth its start-up cost (about two seconds) only where the
        work holds Python's lock, as drawing does.
    here : never elsewhere, since the tasks share this process's memory.
    """
    tasks = list(tasks)
    elsewhere = _elsewhere.get()
    if elsewhere is not None and len(tasks) > 1 and not here:
        yield from elsewhere(run_on_one_thread, [(function, *task) for task in tasks])
        return
    workers = min(count_jobs(jobs), len(tasks))
    libraries = _libraries(len(sys.modules))
    if workers <= 1:
        yield from (_limited(libraries, function, *task) for task in tasks)
        return
    run = delayed(run_on_one_thread if processes else partial(_limited, libraries))
    with libraries.limit(limits=1):
        pool = Parallel(n_jobs=workers, backend="loky" if processes else "threading", return_as="generator")
        yield from pool(run(function, *task) for task in tasks)


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


def run_on_one_thread(function: Callable[..., T], *task: Any) -> T:
    """Do one task in a process of its own, with one thread for its arithmetic."""
    return _limited(_libraries(len(sys.modules)), function, *task)


@lru_cache(maxsize=1)
def _libraries(modules: int) -> ThreadpoolController:
    """Find the libraries with threads, anew only if the number of `modules` imported has changed.

    The search takes milliseconds, longer than many tasks, and libraries are loaded by imports.
    """
    return ThreadpoolController()


def _limited(libraries: ThreadpoolController, function: Callable[..., T], *task: Any) -> T:
    # OpenMP keeps its limit per thread, so the limit is set where the work is done.
    with libraries.limit(limits=1):
        return function(*task)
