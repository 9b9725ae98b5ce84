"""How the loops of this room are compiled."""

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile, free of Python's lock, and keep the code beside the module where that can be written."""
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # nowhere to keep it: compiled anew in each process
        return njit(nogil=True)(function)
