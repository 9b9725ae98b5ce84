"""Segments of an area's own: planted ones are found, compared with England's; too few are refused."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gp_segmentation import config
from gp_segmentation.errors import ConfigError
from gp_segmentation.pipeline.packs.local_fit import fit_locally

ROOT = Path(__file__).resolve().parents[3]
DICTIONARY = pd.DataFrame(
    {"feature": ["age_75_plus", "imd_score"], "label": ["Patients aged 75 and over", "Deprivation score"],
     "unit": ["%", "score"], "block": ["age_structure", "deprivation"], "weight": 1.0, "transform": "none"}
)  # fmt: skip


@pytest.fixture(scope="module")
def cfg() -> dict[str, Any]:
    small = ("study.rule.stability_draws=6", "study.rule.splits=3", "clusterer=kmeans", "jobs=1")
    return config.compose_config(ROOT, small)


def results(rows: np.ndarray, national: list[int]) -> Any:
    """What is read of a run whose matrix has these rows."""
    codes = pd.Index([f"A{n:05d}" for n in range(len(rows))], name="practice_code")
    table = pd.DataFrame(rows, codes, DICTIONARY["feature"].to_list())
    segments = pd.DataFrame(
        {"practice_code": codes, "segment": national, "segment_code": [f"A{number}" for number in national]}
    )
    return SimpleNamespace(
        fitted_matrix=lambda: table,
        feature_tables=lambda: (table, table, DICTIONARY),
        segment_table=lambda **_: segments,
    )


def planted(sizes: tuple[int, ...], apart: float = 8.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    truth = np.repeat(np.arange(len(sizes)), sizes)
    return np.random.default_rng(seed).normal(size=(len(truth), 2)) + apart * np.eye(2)[truth % 2], truth


def test_planted_groups_are_found_and_compared_with_englands(cfg):
    rows, truth = planted((40, 25))
    codes = [f"A{n:05d}" for n in range(65)]
    alike = fit_locally(cfg, results(rows, [*(truth + 1)]), codes)
    assert alike.labels.to_list() == [*(truth + 1)], "the larger is the first"
    assert (alike.agreement, alike.supported, alike.method) == (1.0, True, "kmeans")
    assert alike.crossed.to_dict("list") == {
        "local_segment": [1, 2], "name": [*alike.names.values()], "practices": [40, 25],
        "A1": [40, 0], "A2": [0, 25],
    }  # fmt: skip
    assert fit_locally(cfg, results(rows, [1] * 65), codes).agreement == 0.0


def test_practices_elsewhere_do_not_count(cfg):
    rows, truth = planted((40, 25))
    own = fit_locally(cfg, results(rows, [*(truth + 1)]), [f"A{n:05d}" for n in range(65)])
    more = np.vstack([rows, np.random.default_rng(2).normal(50, 20, size=(90, 2))])
    beside = fit_locally(cfg, results(more, [*(truth + 1), *[3] * 90]), [f"A{n:05d}" for n in range(65)])
    pd.testing.assert_series_equal(own.labels, beside.labels)
    assert own.names == beside.names


def test_too_few_practices_are_refused_with_the_least_number(cfg):
    rows, truth = planted((20, 9))
    with pytest.raises(ConfigError, match=r"need 30 ordinary practices; the area has 29\. Use the national"):
        fit_locally(cfg, results(rows, [*(truth + 1)]), [f"A{n:05d}" for n in range(29)])


def test_an_area_of_one_lump_and_a_stray_is_refused(cfg):
    rows = np.vstack([np.zeros((39, 2)) + np.arange(39)[:, None] * 1e-3, [[100.0, 100.0]]])
    with pytest.raises(
        ConfigError, match="no division of the area's 40 ordinary practices has 5 or more in every"
    ):
        fit_locally(
            cfg | {"study": cfg["study"] | {"n_clusters": {"low": 2, "high": 2}}},
            results(rows, [1] * 40),
            [f"A{n:05d}" for n in range(40)],
        )
