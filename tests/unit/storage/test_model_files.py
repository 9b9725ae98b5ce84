"""What a model file may name: estimators of this package, and nothing that importing would run."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from gp_segmentation.errors import InputError
from gp_segmentation.storage.model_files import SCHEMA, load_model, save_model


@pytest.mark.parametrize(
    "module", ["gp_segmentation.__main__", "gp_segmentation.cli", "gp_segmentation.gone"]
)
def test_a_type_that_is_no_estimator_of_ours_is_refused_and_nothing_runs(module, tmp_path):
    save_model(tmp_path / "model.skops", StandardScaler().fit(np.eye(3)))
    with zipfile.ZipFile(tmp_path / "model.skops") as members:
        contents = {name: members.read(name) for name in members.namelist()}
    named = contents[SCHEMA].replace(b'"sklearn.preprocessing._data"', f'"{module}"'.encode())
    assert named != contents[SCHEMA]
    with zipfile.ZipFile(tmp_path / "other.skops", "w") as out:
        for name, content in (contents | {SCHEMA: named}).items():
            out.writestr(name, content)
    with pytest.raises(InputError, match=rf"holds the type {module}\.StandardScaler"):
        load_model(tmp_path / "other.skops")
