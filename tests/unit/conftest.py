"""Rows with planted groups, and rows without any."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest


def planted_rows() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    truth = np.repeat([1, 2, 3], [150, 100, 80])
    return 9 * np.eye(4)[truth] + rng.normal(size=(330, 4)), truth


def unstructured_rows(kind: str, seed: int, rows: int = 400) -> np.ndarray:
    """One correlated Gaussian, one even gradient, or one heavy-tailed cloud."""
    rng = np.random.default_rng(seed)
    if kind == "gaussian":
        return rng.normal(size=(rows, 4)) @ rng.normal(size=(4, 4))
    if kind == "gradient":
        return np.outer(rng.uniform(0, 10, rows), [1.0, 0.5, 0.2, -0.3]) + rng.normal(size=(rows, 4)) * 0.3
    return rng.standard_t(3, size=(rows, 4))


@pytest.fixture(scope="session")
def planted() -> tuple[np.ndarray, np.ndarray]:
    """Rows and their three groups."""
    return planted_rows()


@pytest.fixture(scope="session")
def unstructured() -> Callable[..., np.ndarray]:
    return unstructured_rows
