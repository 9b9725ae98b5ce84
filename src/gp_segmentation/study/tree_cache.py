"""Trees kept by content, so that studies of the same matrix need not build them again."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np

from gp_segmentation.utils.arrays import Floats
from gp_segmentation.utils.files import atomic


class TreeFolder:
    """Scipy's linkage matrices in a folder, one file each, named by the hash of rows, linkage and metric.

    Parameters
    ----------
    folder : made when first needed.
    megabytes : the most that all files may take. The least recently used are deleted first.
    """

    def __init__(self, folder: Path, megabytes: float) -> None:
        self._folder, self._limit = folder, megabytes * 2**20
        self._hashed: tuple[int, str] = (0, "")

    @classmethod
    def of(cls, folder: Path, megabytes: float) -> TreeFolder | None:
        """Return the cache, or None for 0 megabytes."""
        return cls(folder, megabytes) if megabytes else None

    def get(self, X: Floats, linkage: str, metric: str) -> Floats | None:
        """Return the tree of these rows, linkage and metric; None where it is missing or damaged."""
        path = self._path(X, linkage, metric)
        try:
            tree: Floats = np.load(io.BytesIO(path.read_bytes()))  # numpy refuses pickles by default
            path.touch()
        except (OSError, ValueError, EOFError):
            return None
        return tree if tree.shape == (len(X) - 1, 4) else None

    def put(self, X: Floats, linkage: str, metric: str, tree: Floats) -> None:
        """Keep a tree, and delete the least recently used ones beyond the limit."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with atomic(self._path(X, linkage, metric)) as temporary, temporary.open("wb") as stream:
            np.save(stream, tree)
        self._shrink()

    def _path(self, X: Floats, linkage: str, metric: str) -> Path:
        if self._hashed[0] != id(X):
            digest = hashlib.sha256(np.ascontiguousarray(X).tobytes())
            self._hashed = id(X), hashlib.sha256(digest.digest() + repr(X.shape).encode()).hexdigest()
        return self._folder / f"{self._hashed[1][:32]}-{linkage}-{metric}.npy"

    def _shrink(self) -> None:
        files = [(path.stat(), path) for path in self._folder.glob("*.npy")]
        total = sum(status.st_size for status, _ in files)
        for status, path in sorted(files, key=lambda pair: pair[0].st_mtime):
            if total <= self._limit:
                return
            path.unlink(missing_ok=True)  # another process may have deleted it
            total -= status.st_size
