"""Compositions of conf/ that several files look at, made once for all workers."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gp_segmentation import config

ROOT = Path(__file__).resolve().parents[2]


def compose_all() -> list[dict[str, Any]]:
    """As few compositions of conf/config.yaml as have every option of every group.

    The option of a group that comes n-th is in the n-th; an experiment chooses options of other groups.
    """
    others = ("experiment", "hydra")
    folders = [f for f in sorted((ROOT / "conf").iterdir()) if f.is_dir() and f.name not in others]
    options = {f.name: sorted(p.stem for p in f.glob("*.yaml") if p.stem[0] != "_") for f in folders}
    rounds = range(max(map(len, options.values())))
    return [
        config.compose_config(ROOT, [f"{group}={names[i % len(names)]}" for group, names in options.items()])
        for i in rounds
    ]


@pytest.fixture(scope="session")
def compositions(made_once: Callable[[str, Callable[[Path], object]], Path]) -> list[dict[str, Any]]:
    """`compose_all`; read only."""
    folder = made_once("compositions", lambda to: (to / "all.pkl").write_bytes(pickle.dumps(compose_all())))
    return pickle.loads((folder / "all.pkl").read_bytes())  # noqa: S301 - written above
