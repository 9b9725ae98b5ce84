"""Samplers that need a word more than their constructor."""

from __future__ import annotations

import warnings
from importlib.util import find_spec

import optuna

from gp_segmentation.errors import ConfigError


def brute_force(seed: int | None = None) -> optuna.samplers.BruteForceSampler:
    """Optuna's sampler of every point of a finite space, without its warning that it is experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.BruteForceSampler(seed=seed)


def gaussian_process(seed: int | None = None) -> optuna.samplers.GPSampler:
    """Optuna's sampler on a Gaussian process.

    Raises
    ------
    ConfigError : PyTorch, which it is written in, is not installed.
    """
    if find_spec("torch") is None:
        raise ConfigError(
            'study=gp needs PyTorch. Install it with: pip install "gp-segmentation[gp]", or take study=tpe'
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.GPSampler(seed=seed)
