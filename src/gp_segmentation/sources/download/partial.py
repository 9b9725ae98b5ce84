"""A partly downloaded file, and what the next attempt needs to continue it."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gp_segmentation.utils.files import write_text


@dataclass(frozen=True)
class Partial:
    """The bytes received so far, ``.NAME.part`` beside `target`, and their state, ``.NAME.part.state``.

    The state holds the server's validator (a strong ETag, else Last-Modified), so that parts of two versions
    of a file are never joined. It also holds a hash of the address, which itself may contain a secret.
    """

    target: Path
    address: str

    @property
    def path(self) -> Path:
        return self.target.with_name(f".{self.target.name}.part")

    @property
    def _state(self) -> Path:
        return self.target.with_name(f".{self.target.name}.part.state")

    @property
    def _address_hash(self) -> str:
        return hashlib.sha256(self.address.encode()).hexdigest()

    def size(self) -> int:
        """Return the number of bytes received so far."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def validator(self) -> str | None:
        """Return the ``If-Range`` value to continue with; None when the download must start again."""
        if not self.size():
            return None
        try:
            state = json.loads(self._state.read_bytes())
            validator = state["validator"] if state["address"] == self._address_hash else None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return validator if isinstance(validator, str) else None

    def begin(self, headers: Mapping[str, Any]) -> None:
        """Discard the bytes so far and store the validator of a response's `headers`."""
        self.discard()
        validator = validator_of(headers)
        if validator is not None:
            write_text(self._state, json.dumps({"address": self._address_hash, "validator": validator}))

    def finish(self, name: str) -> None:
        """Give the complete file its final `name`, in one step."""
        with self.path.open("rb") as handle:
            os.fsync(handle.fileno())
        self.path.replace(self.target.with_name(name))
        self._state.unlink(missing_ok=True)

    def discard(self) -> None:
        self._state.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)


def validator_of(headers: Mapping[str, Any]) -> str | None:
    """Return a strong ETag, else Last-Modified, else None (RFC 9110, 13.1.5: not a weak ETag)."""
    if headers.get("Content-Encoding", "identity") != "identity" or headers.get("Accept-Ranges") == "none":
        return None  # a range would count other bytes than those on disk
    etag = headers.get("ETag")
    return etag if etag and not etag.startswith("W/") else headers.get("Last-Modified")
