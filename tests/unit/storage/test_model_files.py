"""What a model file may hold: the types of the project's own models, no function, and nothing else runs."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from gp_segmentation import config
from gp_segmentation.clustering import nest
from gp_segmentation.errors import InputError
from gp_segmentation.matrix.pipeline import build_pipeline, prepare_matrix
from gp_segmentation.matrix.transformers import Winsorise, iterative_imputer
from gp_segmentation.segments.model import add_segments
from gp_segmentation.storage.model_files import SCHEMA, TYPES, load_model, save_model, trusted_types
from gp_segmentation.utils.files import sha256_of

CONF = Path(__file__).resolve().parents[3] / "conf"
STEPS = ("imputer", "outliers", "scaler", "reducer")


def whole_model(imputer: Any, outliers: Any, scaler: Any, reducer: Any) -> Pipeline:
    rng = np.random.default_rng(0)
    codes = pd.Index([f"P{i:03d}" for i in range(120)], name="practice_code")
    features = pd.DataFrame(rng.normal(size=(120, 6)), index=codes, columns=list("abcdef"))
    features.iloc[::17, 1] = np.nan
    dictionary = pd.DataFrame(
        {"feature": list("abcdef"), "label": list("ABCDEF"), "block": list("xxxyyy"), "weight": 1}
    )
    pipeline = build_pipeline(imputer, outliers, scaler, reducer, dictionary=dictionary)
    result = prepare_matrix(features, pd.Series(True, index=codes), pipeline, dictionary)
    labels = pd.Series(np.arange(120) % 3 + 1, index=codes)
    levels = nest(result.matrix, labels, supergroups=2, most_subgroups=6, floor=5)
    return add_segments(result.pipeline, result.matrix, labels, levels)


def test_the_types_trusted_are_those_that_the_options_of_conf_write(compose_option, tmp_path):
    default = {"imputer": "median", "outliers": "none", "scaler": "standard", "reducer": "pca_count"}
    found = set()
    for group in STEPS:
        for option in sorted(path.stem for path in (CONF / group).glob("*.yaml") if path.stem != "open"):
            chosen = default | {group: option}
            steps = [config.build(compose_option(step, chosen[step])) for step in STEPS]
            save_model(tmp_path / "model.skops", whole_model(*steps))
            load_model(tmp_path / "model.skops")
            found |= set(trusted_types(tmp_path / "model.skops"))
    assert found == TYPES


@pytest.mark.parametrize("first", ["skops.io", "sklearn.experimental.enable_iterative_imputer"])
def test_the_types_named_do_not_depend_on_what_was_imported_first(first, tmp_path):
    model = whole_model(iterative_imputer(), Winsorise(), FunctionTransformer(), None)
    save_model(tmp_path / "model.skops", model)
    code = (
        f"import sys, pathlib, {first}; from gp_segmentation.storage.model_files import trusted_types; "
        "print(*trusted_types(pathlib.Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "model.skops")]
    told = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.split()
    assert told == trusted_types(tmp_path / "model.skops")
    assert "sklearn.impute._iterative.IterativeImputer" in told


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> dict[str, bytes]:
    """The members of a model's file; its scaler is a FunctionTransformer without a function."""
    path = tmp_path_factory.mktemp("model") / "model.skops"
    save_model(path, whole_model(iterative_imputer(), Winsorise(), FunctionTransformer(), None))
    with zipfile.ZipFile(path) as members:
        return {name: members.read(name) for name in members.namelist()}


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def every_node(node: Any) -> list[dict[str, Any]]:
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    below = [found for value in inner for found in every_node(value)]
    return [node, *below] if isinstance(node, dict) else below


def changed(members: dict[str, bytes], change: Callable[[dict[str, Any]], None], **of: str) -> bytes:
    """Return the file with `change` made to the first node that has the entries `of`."""
    schema = json.loads(members[SCHEMA])
    wanted = {f"__{key}__": value for key, value in of.items()}
    change(next(node for node in every_node(schema) if wanted.items() <= node.items()))
    return packed(members | {SCHEMA: json.dumps(schema).encode()})


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_model(path)
    with pytest.raises(InputError):
        trusted_types(path)
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        *("os.system", "subprocess.check_output", "builtins.eval", "builtins.exec", "shutil.rmtree"),
        *("sklearn.utils._testing.check_output", "sklearn.datasets._base.clear_data_home"),
        *("sklearn.cluster._kmeans._kmeans_single_lloyd", "joblib.numpy_pickle.load", "pickle.loads"),
        *("numpy.load", "numpy.save", "scipy.io.savemat", "importlib.import_module", "runpy.run_path"),
        *("gp_segmentation.cli.main", "gp_segmentation.config.build", "numpy.exp"),
    ],
)
def test_a_function_is_refused_whosever_it_is(name, written, tmp_path):
    module, _, function = name.rpartition(".")
    node = {"__class__": function, "__module__": module, "__loader__": "FunctionNode", "content": {}}

    def put_in(transformer: dict[str, Any]) -> None:
        transformer["content"]["content"]["func"] = node

    said = refused(tmp_path / "model.skops", changed(written, put_in, **{"class": "FunctionTransformer"}))
    assert said.startswith(f"model.skops: holds the FunctionNode, {name}, which no model of this project has")


def test_the_attack_that_ran_a_command_no_longer_does(tmp_path):
    from sklearn.utils._testing import check_output

    canary = tmp_path / "canary"
    model = FunctionTransformer(check_output, kw_args={"shell": True})
    model.transform(f"touch {canary}")
    assert canary.exists(), "the attack would do nothing"
    canary.unlink()
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as dumped:
        members = {name: dumped.read(name) for name in dumped.namelist()}
    here = members[SCHEMA].replace(
        b'"subprocess"', b'"sklearn.utils._testing"'
    )  # every name there was trusted
    (tmp_path / "model.skops").write_bytes(packed(members | {SCHEMA: here}))
    with pytest.raises(InputError, match=r"holds the FunctionNode, sklearn\.utils\._testing\.check_output"):
        load_model(tmp_path / "model.skops").transform(f"touch {canary}")
    assert not canary.exists()


@pytest.mark.parametrize(
    "name",
    [
        *("subprocess.Popen", "pathlib.PosixPath", "tempfile.TemporaryDirectory", "http.server.HTTPServer"),
        *("gp_segmentation.__main__.Any", "gp_segmentation.cli.Winsorise", "gp_segmentation.gone.Winsorise"),
        *("gp_segmentation.matrix.transformers._ColumnLimits", "gp_segmentation.sources.local.Winsorise"),
        *("gp_segmentation.clustering.hierarchical.Hierarchical", "sklearn.utils._testing.TempMemmap"),
    ],
)
def test_a_type_that_no_model_of_ours_has_is_refused(name, written, tmp_path):
    module, _, kind = name.rpartition(".")

    def rename(node: dict[str, Any]) -> None:
        node.update(__class__=kind, __module__=module)

    said = refused(tmp_path / "model.skops", changed(written, rename, **{"class": "Winsorise"}))
    assert said == (
        f"model.skops: holds the type {name}, which no model of this project has. "
        "Use model files of your own runs only"
    )


@pytest.mark.parametrize(
    "kind",
    [
        *("PartialNode", "MethodNode", "OperatorFuncNode", "ConstructorFromReduceNode", "SetNode"),
        *("SparseMatrixNode", "TreeNode", "LossNode", "RandomGeneratorNode", "MadeUpNode"),
    ],
)
def test_a_kind_of_part_that_no_model_of_ours_has_is_refused(kind, written, tmp_path):
    def rename(node: dict[str, Any]) -> None:
        node["__loader__"] = kind

    said = refused(tmp_path / "model.skops", changed(written, rename, **{"class": "Winsorise"}))
    assert said.startswith("model.skops: ")
    assert kind in said


def damages(members: dict[str, bytes]) -> dict[str, bytes]:
    whole, schema = packed(members), json.loads(members[SCHEMA])
    array = next(name for name in members if name.endswith(".npy"))
    pickled = io.BytesIO()
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)

    def with_schema(content: Any) -> bytes:
        return packed(members | {SCHEMA: json.dumps(content).encode()})

    return {
        "cut": whole[: len(whole) // 2],
        "empty": b"",
        "a text": b"no model",
        "without schema": packed({name: content for name, content in members.items() if name != SCHEMA}),
        "schema cut": packed(members | {SCHEMA: members[SCHEMA][:200]}),
        "schema a list": with_schema([]),
        "schema of nothing": with_schema({}),
        "older protocol": with_schema(schema | {"protocol": 1}),
        "later protocol": with_schema(schema | {"protocol": 99}),
        "an array is missing": packed({name: content for name, content in members.items() if name != array}),
        "an array is a pickle": packed(members | {array: pickled.getvalue()}),
        "an array is cut": packed(members | {array: members[array][:40]}),
    }


@pytest.mark.parametrize(
    "damage",
    [
        *("cut", "empty", "a text", "without schema", "schema cut", "schema a list", "schema of nothing"),
        *("older protocol", "later protocol", "an array is missing", "an array is a pickle"),
        "an array is cut",
    ],
)
def test_a_damaged_file_is_refused_in_words(damage, written, tmp_path):
    (tmp_path / "model.skops").write_bytes(damages(written)[damage])
    with pytest.raises(InputError, match=r"^model.skops: cannot be read as a model \("):
        load_model(tmp_path / "model.skops")


def test_a_file_other_than_the_recorded_one_is_not_read(written, tmp_path):
    (tmp_path / "model.skops").write_bytes(packed(written))
    recorded = sha256_of(tmp_path / "model.skops")
    load_model(tmp_path / "model.skops", recorded)
    (tmp_path / "model.skops").write_bytes(packed(written) + b" ")
    with pytest.raises(InputError, match=rf"; with the run {recorded[:12]}… was recorded\. Bring"):
        load_model(tmp_path / "model.skops", recorded)
