"""The evidence on official figures of 2024-25: five segments of crude prevalence, none once age is out."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans

from gp_segmentation import config
from gp_segmentation.clustering import canonical_order
from gp_segmentation.evidence import assess

ROOT = Path(__file__).resolve().parents[2]
SEED = 20250401
#: Crude prevalences: k -> silhouette, silhouette of the Gaussian null.
CRUDE = {2: (0.257, 0.241), 4: (0.148, 0.145), 5: (0.155, 0.119), 10: (0.107, 0.090)}


def member(nhs_data: Path, archive: str, name: str | None = None) -> pd.DataFrame:
    with zipfile.ZipFile(next(nhs_data.rglob(archive))) as opened:
        content = opened.read(name or opened.namelist()[0])
    return pd.read_csv(io.BytesIO(content), low_memory=False)


@pytest.fixture(scope="module")
def registers(nhs_data: Path) -> pd.DataFrame:
    rows = member(nhs_data, "QOF2425.zip", "PREVALENCE_2425.csv")
    lists = rows[rows["PATIENT_LIST_TYPE"] == "TOTAL"].groupby("PRACTICE_CODE")["PRACTICE_LIST_SIZE"].max()
    return rows[rows["PRACTICE_CODE"].map(lists) >= 1000]


def wide(rows: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    table = rows.assign(value=values).pivot_table(index="PRACTICE_CODE", columns="GROUP_CODE", values="value")
    return table.dropna()


def scaled(frame: pd.DataFrame) -> np.ndarray:
    return ((frame - frame.mean()) / frame.std(ddof=0)).clip(-4, 4).to_numpy()


@pytest.fixture(scope="module")
def crude(registers: pd.DataFrame) -> np.ndarray:
    return scaled(wide(registers, registers["REGISTER"] / registers["PRACTICE_LIST_SIZE"]))


@pytest.fixture(scope="module")
def adjusted(nhs_data: Path, registers: pd.DataFrame) -> np.ndarray:
    """Logit prevalences less what log-ratios of six age bands predict by least squares."""
    on, off = registers["REGISTER"] + 0.5, registers["PRACTICE_LIST_SIZE"] - registers["REGISTER"] + 0.5
    logits = wide(registers, np.log(on / off.clip(lower=0.5)))
    ages = member(nhs_data, "gp-reg-pat-prac-quin-age.zip")
    ages = ages[(ages["ORG_TYPE"] == "GP") & (ages["SEX"] != "ALL") & (ages["AGE_GROUP_5"] != "ALL")]
    start = ages["AGE_GROUP_5"].str.extract(r"(\d+)")[0].astype(int)
    band = pd.cut(start, [0, 15, 25, 45, 65, 75, 200], right=False, labels=False)
    counts = ages.assign(band=band).pivot_table(
        index="ORG_CODE", columns="band", values="NUMBER_OF_PATIENTS", aggfunc="sum", fill_value=0
    )
    patients = counts + 0.5
    both = logits.index.intersection(patients.index)
    logs = np.log(patients.loc[both])
    ratios = logs.sub(logs.mean(axis=1), axis=0).to_numpy()
    design = np.column_stack([np.ones(len(both)), ratios[:, :-1]])
    logits = logits.loc[both]
    return scaled(logits - design @ np.linalg.lstsq(design, logits.to_numpy(), rcond=None)[0])


def evidence_on(X: np.ndarray, k: int, ks: list[int]) -> dict[str, Any]:
    options = config.compose_config(ROOT)["evidence"]
    options |= {"nulls": {"gaussian": 3, "copula": 1}, "bootstraps": 20, "bootstraps_by_k": 0}
    options |= {"subsamples": 3, "splits": 1, "seeds": 0}
    clusterer = KMeans(k, n_init=10, random_state=SEED)
    labels = canonical_order(clusterer.fit_predict(X))
    return assess(X, labels, clusterer, ks=ks, options=options, seed=SEED, jobs=2).evidence


@pytest.fixture(scope="module")
def of_crude(crude: np.ndarray) -> dict[str, Any]:
    return evidence_on(crude, 5, [2, 3, 4, 5, 6, 8, 10])


def test_the_excess_over_the_null_peaks_at_five_segments(of_crude):
    rows = {row["k"]: row for row in of_crude["by_k"]}
    assert max(rows, key=lambda k: rows[k]["excess"]) == 5
    for k, (silhouette, null) in CRUDE.items():
        assert rows[k]["silhouette"] == pytest.approx(silhouette, abs=0.02)
        assert rows[k]["null_mean"] == pytest.approx(null, abs=0.02)


def test_five_segments_are_stable_and_still_a_continuum(of_crude):
    figures = of_crude["figures"]
    assert figures["jaccard_min"] == pytest.approx(0.96, abs=0.05)
    assert figures["ari_kmeans_hierarchical"] < 0.65
    assert of_crude["verdict"] == "continuum"


def test_adjusted_prevalence_is_a_continuum(adjusted):
    """Four segments, and six beside them: neither is more separate than random data."""
    found = evidence_on(adjusted, 4, [4, 6])
    assert found["verdict"] == "continuum"
    rows = {row["k"]: row for row in found["by_k"]}
    for k, silhouette, null in ((4, 0.101, 0.097), (6, 0.066, 0.067)):
        assert rows[k]["silhouette"] == pytest.approx(silhouette, abs=0.02)
        assert rows[k]["null_mean"] == pytest.approx(null, abs=0.02)
        assert abs(rows[k]["excess"]) < 0.02
