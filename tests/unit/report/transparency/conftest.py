"""A small run with the tables and the configuration that the documents need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gp_segmentation import config
from gp_segmentation.report import Facts
from gp_segmentation.schemas import AGE_BANDS, Results, check, empty

ROOT = Path(__file__).resolve().parents[4]
QUINTILES = ("1 (least deprived)", "2", "3", "4", "5 (most deprived)")


def _age_sex(codes: list[str]) -> pd.DataFrame:
    """Ten men and ten women in every band; in the first practice 610 more women aged 75 to 79."""
    rows = [(code, sex, band, 10) for code in codes for sex in ("FEMALE", "MALE") for band in AGE_BANDS]
    table = pd.DataFrame(rows, columns=["practice_code", "sex", "age_band", "patients"])
    more = (table["practice_code"] == codes[0]) & (table["sex"] == "FEMALE") & (table["age_band"] == "75_79")
    table.loc[more, "patients"] = 620
    return check("age_sex", table)


def _by_quintile(name: str, **values: float) -> pd.DataFrame:
    table = empty(name)
    rows = [
        {"deprivation_quintile": quintile, "practices": 48, "patients": 500_000} for quintile in QUINTILES
    ]
    return pd.DataFrame(rows).assign(**values).reindex(columns=table.columns)


@pytest.fixture(scope="package")
def settings() -> dict[str, Any]:
    """The configuration, composed."""
    return config.compose_config(ROOT)


@pytest.fixture(scope="package")
def facts(results_of: Callable[..., Results], settings: dict[str, Any]) -> Facts:
    """240 practices in four segments; measures of deprivation and ethnicity; a doubt about every tenth."""
    results = results_of(4)
    codes = list(results.practices["practice_code"])
    context = results.context.assign(
        imd_score=[float(i % 60) for i in range(240)], non_white_percent=[float(i % 50) for i in range(240)]
    )
    about = pd.DataFrame(
        {
            "measure": ["imd_score", "non_white_percent"],
            "label": ["Deprivation score", "Patients from ethnic minority groups"],
            "unit": ["score", "%"],
            "file": ["imd.csv", "ethnicity.csv"],
        }
    )
    results = replace(
        results,
        config=settings,
        context=context,
        context_dictionary=pd.concat([results.context_dictionary, about], ignore_index=True),
    )
    fitted = results.segments[results.segments["fitted"]]
    doubts = pd.Series(["method" if i % 10 == 0 else "" for i in range(len(fitted))], fitted["practice_code"])
    mix = [("deprivation_quintile", q, s, 100 * s) for q in QUINTILES for s in (1, 2, 3, 4)]
    return Facts(
        results,
        age_sex=_age_sex(codes),
        doubts=doubts,
        mix=pd.DataFrame(mix, columns=["level", "area", "segment", "patients"]),
        peers=_by_quintile("peers_by_quintile", same_quintile=0.6, random_same_quintile=0.2, inclusion=0.5),
        rules=_by_quintile("rules_by_quintile", fitted=45, fidelity=0.8, low=0.7, high=0.9),
    )
