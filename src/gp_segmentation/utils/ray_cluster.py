"""Tasks done by a Ray cluster; Ray is an extra, and nothing else here imports it."""

import logging
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from gp_segmentation.errors import ConfigError, GpsegError

T = TypeVar("T")

#: Seconds to wait for the cluster's address to answer; Ray itself would try for many minutes.
PATIENCE = 5
_REMEDY = "Start the cluster (ray start), correct RAY_ADDRESS, or take this machine alone: study.workers=null"


@contextmanager
def connected() -> Iterator[None]:
    """Be connected with the cluster at ``RAY_ADDRESS``; without that, with one that this machine starts.

    Raises
    ------
    ConfigError : Ray is not installed, or the cluster cannot be reached. GpsegError : it is lost meanwhile.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # or it warns of what will be
    try:
        import ray
        from ray.exceptions import RayError
    except ModuleNotFoundError:
        raise ConfigError(
            "study.workers is ray, which is not installed. Install it, in an environment of its own (pip "
            "install 'gp-segmentation[ray]'), or take this machine alone: study.workers=null"
        ) from None
    ours = not ray.is_initialized()  # a job of Hydra's Ray launcher is connected already
    address = os.environ.get("RAY_ADDRESS", "")
    if ours:
        _check_answers(address)
        try:
            ray.init(
                # Without an address Ray would look for a cluster that once ran on this machine.
                None if address else "local",
                log_to_driver=False,
                logging_level=logging.ERROR,
                runtime_env={"worker_process_setup_hook": f"{__name__}.{begin_worker.__name__}"},
            )
        except (RayError, OSError, RuntimeError, ValueError) as error:
            raise ConfigError(f"no Ray cluster at {address or 'this machine'}: {error}. {_REMEDY}") from None
    try:
        yield
    except RayError as error:
        reason = str(error).partition("\n")[0]
        raise GpsegError(
            f"the Ray cluster {address or 'of this machine'} was lost ({type(error).__name__}: {reason}). "
            f"Finished trials are kept where study.storage says. {_REMEDY}; then run the same command again"
        ) from None
    finally:
        if ours:
            ray.shutdown()


def begin_worker() -> None:
    """Do nothing: importing this package before numpy has chosen the arithmetic (`processor`)."""


def run_tasks(function: Callable[..., T], tasks: list[tuple]) -> Iterator[T]:
    """Yield ``function(*task)`` for every task, in order; each takes one processor of the cluster.

    What several tasks have in common is sent once. A task whose machine is lost is done again elsewhere.
    """
    import ray
    from ray.exceptions import RayTaskError

    common: dict[int, Any] = {}
    counts = Counter(id(part) for task in tasks for part in task)

    def sent(part: Any) -> Any:
        if counts[id(part)] < 2 or isinstance(part, str | int | float | None):
            return part
        if id(part) not in common:
            common[id(part)] = ray.put(part)
        return common[id(part)]

    remote = ray.remote(num_cpus=1)(function)
    results = [remote.remote(*map(sent, task)) for task in tasks]
    for result in results:
        try:
            yield ray.get(result)
        except RayTaskError as error:
            raise error.cause from None  # the function's own error


def _check_answers(address: str) -> None:
    """Raise ConfigError where nobody listens at ``host:port``."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return  # "auto", "local"
    try:
        socket.create_connection((host, int(port)), PATIENCE).close()
    except OSError as error:
        reason = error.strerror or error
        raise ConfigError(
            f"RAY_ADDRESS is {address}, where no cluster answers ({reason}). {_REMEDY}"
        ) from None
