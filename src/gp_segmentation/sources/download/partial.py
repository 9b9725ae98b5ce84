"""A file on its way: its bytes so far, and what is needed to go on from there another time."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gp_segmentation.utils.files import atomic


@dataclass(frozen=True)
class Partial:
    """``.NAME.part`` beside the final file, and ``.NAME.part.state`` beside that.

    The state holds the server's validator (a strong ETag, else Last-Modified), so that two versions of a
    file are never joined, and a hash of the address, which may hold a secret.
    """

    target: Path
    address: str

    @property
    def path(self) -> Path:
        return self.target.with_name(f".{self.target.name}.part")

    @property
    def _state(self) -> Path:
        return self.target.with_name(f".{self.target.name}.part.state")

    def size(self) -> int:
        """Return how many bytes have come so far."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def validator(self) -> str | None:
        """Return what ``If-Range`` needs to go on from here; None when only a clean start is safe."""
        if not self.size():
            return None
        try:
            state = json.loads(self._state.read_bytes())
            same = state["address"] == self._address_hash()
            validator = state["validator"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return validator if same and isinstance(validator, str) else None

    def begin(self, headers: Mapping[str, Any]) -> None:
        """Start from nothing with an answer's `headers`."""
        self.discard()
        validator = validator_of(headers)
        if validator is not None:
            with atomic(self._state) as temporary:
                state = {"address": self._address_hash(), "validator": validator}
                temporary.write_text(json.dumps(state), encoding="utf-8")

    def finish(self) -> None:
        """Give the whole file its final name, in one step."""
        with self.path.open("rb") as handle:
            os.fsync(handle.fileno())
        self.path.replace(self.target)
        self._state.unlink(missing_ok=True)

    def discard(self) -> None:
        """Forget the bytes so far."""
        self._state.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def _address_hash(self) -> str:
        return hashlib.sha256(self.address.encode()).hexdigest()


def validator_of(headers: Mapping[str, Any]) -> str | None:
    """Return a strong ETag, else Last-Modified, else None (RFC 9110, 13.1.5: a weak ETag will not do)."""
    if headers.get("Content-Encoding", "identity") != "identity" or headers.get("Accept-Ranges") == "none":
        return None  # the bytes on disk are not the bytes a range would count
    etag = headers.get("ETag")
    return etag if etag and not etag.startswith("W/") else headers.get("Last-Modified")
