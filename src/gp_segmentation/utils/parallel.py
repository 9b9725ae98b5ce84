"""Independent tasks on several cores; the results do not depend on the number of cores."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from multiprocessing import current_process, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from joblib import Parallel, delayed
from threadpoolctl import ThreadpoolController

from gp_segmentation.errors import GpsegError

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
        work holds Python's lock, as scipy's trees do.
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


def start_in_processes(
    function: Callable[..., T], tasks: Iterable[tuple], jobs: int | None = 1
) -> Iterator[T]:
    """Begin ``function(*task)`` for every task in other processes, and give an iterator of the results.

    As `parallel_map` with `processes`, but the work begins now and goes on while the caller does other
    things; the iterator must be used up. Where the system can fork, the processes share the caller's memory
    and begin at once: no large argument is copied and no library imported again.

    Parameters
    ----------
    function : must use neither BLAS nor OpenMP, whose threads a forked process does not have.

    Raises
    ------
    GpsegError : from the iterator, when a process ended without a result (killed, or out of memory).
    """
    tasks = list(tasks)
    workers = min(count_jobs(jobs), len(tasks))
    if current_process().daemon:  # it may not start processes, and its siblings use the cores
        return (_one_thread(function, task) for task in tasks)
    if sys.platform != "linux":  # macOS' own libraries do not survive a fork
        pool = Parallel(n_jobs=workers, backend="loky", return_as="generator", pre_dispatch="all")
        results: Iterator[T] = pool(delayed(_one_thread)(function, task) for task in tasks)
        return results
    forked = [_forked(function, tasks[worker::workers]) for worker in range(workers)]
    queues = [_emptied(*both) for both in forked]
    return (_received(queues[number % workers]) for number in range(len(tasks)))


def _forked(function: Callable[..., T], tasks: Sequence[tuple]) -> tuple[BaseProcess, Connection]:
    """Fork a process that sends the results of its tasks in order; give it and the end that receives them."""
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send_results, args=(sender, function, tasks), daemon=True)
    process.start()
    sender.close()  # so that the pipe ends with the process
    return process, receiver


def _send_results(sender: Connection, function: Callable[..., T], tasks: Sequence[tuple]) -> None:
    for task in tasks:
        try:
            result: tuple[bool, Any] = True, function(*task)
        except Exception as error:
            result = False, error
        sender.send(result)
    sender.close()


def _emptied(process: BaseProcess, receiver: Connection) -> SimpleQueue[tuple[bool, Any] | None]:
    """Collect results from a process as they come, None at their end.

    A pipe holds less than a tree, so a process whose results nobody collects would stop working.
    """
    results: SimpleQueue[tuple[bool, Any] | None] = SimpleQueue()

    def empty() -> None:
        with receiver:
            try:
                while True:
                    results.put(receiver.recv())
            except (EOFError, OSError):
                process.join()
                results.put(None)
            except Exception as error:  # of a result that cannot be read; told where it is taken
                results.put((False, error))

    Thread(target=empty, daemon=True).start()
    return results


def _received(results: SimpleQueue[tuple[bool, Any] | None]) -> Any:
    found = results.get()
    if found is None:
        raise GpsegError(
            "a process ended before its work was done. Was it killed, or is memory short? Run it again"
        )
    succeeded, result = found
    if not succeeded:
        raise result
    return result


def _one_thread(function: Callable[..., T], task: tuple[Any, ...]) -> T:
    return _limited(ThreadpoolController(), function, task)


def _limited(libraries: ThreadpoolController, function: Callable[..., T], task: tuple[Any, ...]) -> T:
    # OpenMP keeps its limit per thread, so the limit is set where the work is done.
    with libraries.limit(limits=1):
        return function(*task)
