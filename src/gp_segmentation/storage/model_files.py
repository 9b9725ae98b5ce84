"""Models as files, without pickle.

A model is stored in skops' format, which holds values and the names of types but no code. Reading refuses
every type that no model of this project has, and every function, before anything is made from the file.
"""

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import skops.io

from gp_segmentation.errors import InputError
from gp_segmentation.storage.moved_names import present_name
from gp_segmentation.utils.files import atomic, existing

#: Types of the project's models beside those skops itself vouches for; a test fits every option to see them.
TYPES = frozenset(
    {
        "gp_segmentation.matrix.transformers.BlockWeights",
        "gp_segmentation.matrix.transformers.ClipRobustZ",
        "gp_segmentation.matrix.transformers.NamedComponents",
        "gp_segmentation.matrix.transformers.StandardisedImputer",
        "gp_segmentation.matrix.transformers.Winsorise",
        "gp_segmentation.segments.model.Segments",
        "numpy.dtype",
        "sklearn.impute._iterative.IterativeImputer",
        "sklearn.impute._iterative._ImputerTriplet",
    }
)
#: Version of skops' format that the project writes and reads.
PROTOCOL = 2
#: What skops may make of a part of the file: values, and objects of a type. Functions are not among them.
KINDS = frozenset(
    {
        *("DictNode", "ListNode", "TupleNode", "JsonNode", "TypeNode", "ObjectNode", "CachedNode"),
        *("DTypeNode", "NdArrayNode", "RandomStateNode"),
    }
)
_REMEDY = "Use model files of your own runs only"
#: The earliest time a zip file can hold: written for every member, so that bytes depend on content alone.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
#: The member of a skops file that says what the others are.
SCHEMA = "schema.json"


def save_model(path: Path, model: Any) -> None:
    """Write `model` in skops' format; the same model gives the same bytes."""
    written = io.BytesIO()
    skops.io.dump(model, written)
    with zipfile.ZipFile(written) as members:
        schema = json.loads(members.read(SCHEMA))
        contents = {name: members.read(name) for name in members.namelist() if name != SCHEMA}
    files: dict[str, str] = {}
    schema = _renamed(schema, {}, files)
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w") as out:
        for name, content in {SCHEMA: json.dumps(schema).encode(), **contents}.items():
            info = zipfile.ZipInfo(files.get(name, name), ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(info, content)


def _renamed(node: Any, ids: dict[int, int], files: dict[str, str]) -> Any:
    """Number objects and files in the order they come: skops names them by memory address."""
    if isinstance(node, list):
        return [_renamed(value, ids, files) for value in node]
    if not isinstance(node, dict):
        return node
    told = dict(node)
    if "__id__" in told:
        told["__id__"] = ids.setdefault(told["__id__"], len(ids) + 1)
    if isinstance(told.get("file"), str):
        told["file"] = files.setdefault(told["file"], f"{len(files) + 1}{Path(told['file']).suffix}")
    return {key: _renamed(value, ids, files) for key, value in told.items()}


def load_model(path: Path, sha256: str | None = None) -> Any:
    """Read a model written by `save_model`, also before modules moved.

    Parameters
    ----------
    sha256 : digest that was recorded of the file, where one was.

    Raises
    ------
    InputError : the file is damaged or another than the recorded one, or names a function, or a type that no
        model of this project has.
    """
    content = existing(path).read_bytes()
    if sha256 is not None and (found := hashlib.sha256(content).hexdigest()) != sha256:
        problem = f"has the SHA-256 {found[:12]}…; with the run {sha256[:12]}… was recorded"
        remedy = "Bring the run's own file back, or run gpseg again"
        raise InputError(problem, file=path.name, remedy=remedy)
    content = _with_present_names(content, path.name)
    trusted = _checked_types(content, path.name)
    try:
        return skops.io.loads(content, trusted=trusted)
    except Exception as error:
        raise _damaged(path.name, error) from error


def trusted_types(path: Path) -> list[str]:
    """Return the types of `TYPES` in a model file, once it is known to hold no other that must be trusted.

    Which of them skops vouches for by itself depends on what was imported before it, so that a reader in
    another process needs the names of all.
    """
    return _checked_types(_with_present_names(existing(path).read_bytes(), path.name), path.name)


def _checked_types(content: bytes, file: str) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as members:
            schema = json.loads(members.read(SCHEMA))
        if schema["protocol"] != PROTOCOL:  # an older one is read by code of skops that checks less
            raise ValueError(f"it has protocol {schema['protocol']} of skops, not {PROTOCOL}")
        nodes = list(_nodes(schema))
        other = [f"{kind}, {name}," for kind, name in nodes if kind not in KINDS]
        unknown = [] if other else [str(name) for name in skops.io.get_untrusted_types(data=content)]
    except Exception as error:
        raise _damaged(file, error) from error
    other += [f"type {name}," for name in sorted(set(unknown) - TYPES)]
    if other:
        problem = f"holds the {other[0]} which no model of this project has"
        raise InputError(problem, file=file, remedy=_REMEDY)
    return sorted({name for _, name in nodes} & TYPES)


def _nodes(node: Any) -> Iterator[tuple[str, str]]:
    """Yield kind and type of every part of skops' schema."""
    if isinstance(node, dict):
        if "__loader__" in node:
            yield str(node["__loader__"]), f"{node.get('__module__')}.{node.get('__class__')}"
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            yield from _nodes(value)


def _damaged(file: str, error: Exception) -> InputError:
    return InputError(f"cannot be read as a model ({error})", file=file, remedy=_REMEDY)


def _with_present_names(content: bytes, file: str) -> bytes:
    """Return the bytes of a model file with its types named as they are called now."""
    try:
        members = zipfile.ZipFile(io.BytesIO(content))
        schema = members.read(SCHEMA).decode()
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, zlib.error) as error:
        raise _damaged(file, error) from error
    with members:
        named = re.sub(r'(?<="__module__": ")[\w.]+', lambda found: present_name(found.group()), schema)
        if named == schema:
            return content
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as out:
            for name in members.namelist():
                out.writestr(name, named if name == SCHEMA else members.read(name))
    return written.getvalue()
