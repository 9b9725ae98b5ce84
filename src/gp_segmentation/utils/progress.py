"""How far a long computation is, on a terminal; nothing anywhere else."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event, Thread
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")

#: What stands before every bar, and whether there are any.
_LABEL = ContextVar("label", default="")
_SHOWN = ContextVar("shown", default=True)
#: Seconds between two looks at how far a work is that does not say so itself.
WAIT = 0.5
#: Seconds between two drawings of a bar.
EVERY = 0.1
FORM = "{l_bar}{bar}| {n_fmt} of {total_fmt}, {remaining} left"


@contextmanager
def shown(label: str, visible: bool) -> Iterator[None]:
    """Have every bar begin with `label`; without `visible` there is none."""
    before = _LABEL.set(label), _SHOWN.set(visible)
    try:
        yield
    finally:
        _LABEL.reset(before[0])
        _SHOWN.reset(before[1])


def bar(total: int, what: str, done: int = 0) -> tqdm:
    """Return a bar that says `what` while standard error is a terminal, and is gone when it is closed."""
    # disable=None: tqdm looks for itself whether it writes to a terminal.
    off = None if total and _SHOWN.get() else True
    desc = f"{_LABEL.get()}{what}"
    return tqdm(
        desc=desc,
        total=total,
        initial=done,
        disable=off,
        leave=False,
        mininterval=EVERY,
        bar_format=FORM,
    )


def progress_bar(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Yield `items`, with a bar that says `what`."""
    with bar(total, what) as shown_bar:
        for item in items:
            yield item
            shown_bar.update()


@contextmanager
def watched(count: Callable[[], int], total: int, what: str) -> Iterator[None]:
    """Show a bar while other processes work, of whose results `count` tells how many there are."""
    ended = Event()
    with bar(total, what) as shown_bar:

        def look() -> None:
            while not ended.wait(WAIT):
                shown_bar.update(count() - shown_bar.n)

        looking = Thread(target=look, daemon=True)
        if not shown_bar.disable:
            looking.start()
        try:
            yield
        finally:
            ended.set()
            if not shown_bar.disable:
                looking.join()
