"""Published tables of small areas, brought to the practices of an extract of patients by LSOA.

GPSEG_NHS_SAMPLES names the folder of the extracts; the census and Fingertips stand below GPSEG_NHS_DATA.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gp_segmentation import config
from gp_segmentation.sources.ohid import read_indicator
from gp_segmentation.sources.small_areas import AreaLookup, AreaPatients, weight_areas
from gp_segmentation.sources.tidy import QualityLog

ROOT = Path(__file__).resolve().parents[2]
#: Of the whole index, in the order of the table's columns: income, employment, education, health, crime, ...
WEIGHTS = np.array([0.225, 0.225, 0.135, 0.135, 0.093, 0.093, 0.093])


def read(name: str, path: Path, **options):
    files = config.compose_config(ROOT, ["source=tables_2024_25"], name="data")["source"]["files"]
    return config.build(files[name]["reader"])(path=path, **options)


@pytest.fixture(scope="module")
def patients(nhs_samples: Path) -> AreaPatients:
    return read("registrations_lsoa", nhs_samples / "gp-reg-pat-prac-lsoa-all.csv")


@pytest.fixture(scope="module")
def lookup(nhs_samples: Path) -> AreaLookup:
    return read("lsoa_lookup", nhs_samples / "lsoa11_to_lsoa21.zip")


def weighted(
    table, patients: AreaPatients, lookup: AreaLookup | None = None
) -> tuple[pd.DataFrame, QualityLog]:
    log = QualityLog("table")
    found = weight_areas(table, patients, lookup, pd.Series(patients.practices), log)
    assert found is not None
    return found.frame.set_index("practice_code"), log


def test_the_extract_has_80_practices_of_one_county(patients):
    assert patients.weights.shape == (80, 2107)
    assert patients.weights.sum() == 817_133


def test_the_index_of_deprivation_so_weighted_is_that_of_fingertips(nhs_samples, nhs_data, patients):
    domains, log = weighted(
        read("imd_domains", nhs_samples / "File_9_IoD2025_Transformed_Domain_Scores.xlsx"), patients
    )
    official = read_indicator(
        next(nhs_data.rglob("94240_imd2025.csv")), indicator_id=94240, measure="imd", unit="score"
    )
    both = pd.DataFrame(
        {"own": domains @ WEIGHTS, "official": official.frame.set_index("practice_code")["imd"]}
    ).dropna()
    assert len(both) == 80
    assert both.corr().iloc[0, 1] > 0.999  # 0.9999; patients of July 2026 against Fingertips' own
    assert (both["own"] - both["official"]).abs().max() < 0.5
    assert set(log.frame["count"]) == {977}  # of 817,133 patients, in Wales, Scotland, nowhere, ...


def test_ethnicity_so_weighted_is_that_of_the_published_table(nhs_data, patients):
    found, _ = weighted(read("census_ethnicity", next(nhs_data.rglob("census2021-ts021-lsoa.zip"))), patients)
    assert found.sum(axis=1).to_numpy() == pytest.approx(100)
    published = pd.read_csv(next(nhs_data.rglob("practice_ethnicity.csv"))).set_index("practice_code")
    both = pd.DataFrame(
        {"own": 100 - found["white_percent"], "published": 100 * published["pct_non_white"]}
    ).dropna()
    assert len(both) == 80
    assert both.corr().iloc[0, 1] > 0.999
    assert (both["own"] - both["published"]).abs().max() < 0.5  # three years of patients lie between


def test_rurality_of_2011_reaches_patients_in_areas_of_2021(nhs_samples, patients, lookup):
    table = read("rurality", nhs_samples / "ruc2011_lsoa11.zip", code="LSOA.code")
    found, log = weighted(table, patients, lookup)
    share = found["rural_percent"]
    assert share.between(0, 100).all()
    assert share["C83001"] == pytest.approx(expected_of("C83001", patients, nhs_samples))
    noted = log.frame.set_index("check")["count"].to_dict()
    assert noted == {
        "small areas of 2021 given the values of those of 2011": 2025,
        "rural_percent: patients in small areas without a value": 973,
    }


def expected_of(code: str, patients: AreaPatients, nhs_samples: Path) -> float:
    """The percentage again, by merging the files as they are."""
    rows = pd.read_csv(nhs_samples / "gp-reg-pat-prac-lsoa-all.csv").query("PRACTICE_CODE == @code")
    lookup = pd.read_csv(nhs_samples / "lsoa11_to_lsoa21.zip")[["LSOA11CD", "LSOA21CD"]]
    classes = pd.read_csv(nhs_samples / "ruc2011_lsoa11.zip")[["LSOA.code", "RUC11CD"]]
    joined = lookup.merge(classes, left_on="LSOA11CD", right_on="LSOA.code")
    rural = joined["RUC11CD"].str[0].isin(["D", "E"]).groupby(joined["LSOA21CD"]).mean()
    known = rows[rows["LSOA_CODE"].isin(rural.index)]
    weights = known["NUMBER_OF_PATIENTS"]
    return 100 * (weights * known["LSOA_CODE"].map(rural)).sum() / weights.sum()
