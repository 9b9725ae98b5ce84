"""How far a long computation is, on a terminal; nothing anywhere else."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


def progress_bar(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Yield `items`, with a bar that says `what` while standard error is a terminal, and is gone after."""
    # disable=None: tqdm looks for itself whether it writes to a terminal.
    yield from tqdm(items, total=total, desc=what, disable=None, leave=False)
