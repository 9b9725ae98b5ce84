"""Models as files, without pickle.

A model is stored in skops' format, which holds values and the names of types but no code. Reading refuses
every type that is neither scikit-learn's nor an estimator of this package.
"""

import io
import json
import re
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import skops.io
from sklearn.base import BaseEstimator

from gp_segmentation.errors import InputError
from gp_segmentation.storage.moved_names import present_name
from gp_segmentation.utils.files import atomic, existing

#: How the names of types begin that a model file may hold, beside those skops itself vouches for.
OTHERS = ("sklearn.", "numpy.dtype")
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


def load_model(path: Path) -> Any:
    """Read a model written by `save_model`, also before modules moved.

    Raises
    ------
    InputError : it names a type that is neither scikit-learn's nor an estimator of this package.
    """
    content = _with_present_names(path)
    return skops.io.loads(content, trusted=_checked_types(content, path.name))


def trusted_types(path: Path) -> list[str]:
    """Return the types in a model file that skops does not vouch for, once all are known to be harmless."""
    return _checked_types(_with_present_names(path), path.name)


def _checked_types(content: bytes, file: str) -> list[str]:
    found = [str(name) for name in skops.io.get_untrusted_types(data=content)]
    foreign = [name for name in found if not (name.startswith(OTHERS) or _is_own_estimator(name))]
    if foreign:
        raise InputError(
            f"holds the type {foreign[0]}, which no model of this project has",
            file=file,
            remedy="Use model files of your own runs only",
        )
    return found


def _is_own_estimator(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    if not module.startswith("gp_segmentation.") or "._" in name:  # importing __main__ would run a command
        return False
    try:
        found = getattr(import_module(module), attribute, None)
    except ImportError:
        return False
    return isinstance(found, type) and issubclass(found, BaseEstimator)


def _with_present_names(path: Path) -> bytes:
    """Return the bytes of a model file, its types named as they are called now."""
    content = existing(path).read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as members:
        schema = members.read(SCHEMA).decode()
        named = re.sub(r'(?<="__module__": ")[\w.]+', lambda found: present_name(found.group()), schema)
        if named == schema:
            return content
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as out:
            for name in members.namelist():
                out.writestr(name, named if name == SCHEMA else members.read(name))
    return written.getvalue()
