"""Features of the official figures of 2024-25: reference figures, and the practices known to be special."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.cluster import KMeans

from gp_segmentation import config
from gp_segmentation import schemas as contracts
from gp_segmentation.clustering import nest
from gp_segmentation.features import Tables, build_features
from gp_segmentation.features.prevalence import age_explained
from gp_segmentation.matrix.pipeline import build_pipeline, prepare_matrix
from gp_segmentation.segments.table import segment_table
from gp_segmentation.sources import Prepared
from gp_segmentation.validity import score_labellings

ROOT = Path(__file__).resolve().parents[2]
SETS = sorted(path.stem for path in (ROOT / "conf" / "features").glob("*.yaml"))

#: Share of each register's variance (logit prevalence) that age structure explains: reference figures.
AGE_R2 = {
    "AF": 0.91, "CAN": 0.89, "HYP": 0.84, "STIA": 0.84, "CHD": 0.81, "DEM": 0.69, "RA": 0.65, "HF": 0.64,
    "CKD": 0.60, "AST": 0.53, "PAD": 0.50, "DM": 0.48, "COPD": 0.48, "EP": 0.39, "OB": 0.31, "LD": 0.30,
    "PC": 0.28, "MH": 0.24, "NDH": 0.24, "OST": 0.20, "DEP": 0.15,
}  # fmt: skip

#: Practices that are not ordinary general practice, and words of the reason that must be found.
SPECIAL = {
    "H85691": "100% on the PC register",
    "Y02625": "aged 75 and over",
    "Y06113": "aged 75 and over",
    "E87711": "aged 75 and over",
    "Y05750": "101% on the LD register",
    "N81655": "% of patients male",
    "Y00081": "list under 1,000",
    "E85124": "aged 25 to 44",
    "Y05291": "every register is empty",
}


@pytest.fixture(scope="module")
def england(with_special: Prepared) -> Tables:
    """The prepared tables of England, special practices found from the data."""
    return Tables(**{name: getattr(with_special, name) for name in Tables.names()})


@pytest.fixture(scope="module")
def feature_sets(england, compose_option):
    return {
        name: build_features(
            {key: config.build(node) for key, node in compose_option("features", name)["blocks"].items()},
            england,
        )
        for name in SETS
    }


@pytest.fixture(scope="module")
def matrices(england, feature_sets, compose_option):
    options = {"imputer": "median", "outliers": "none", "scaler": "standard", "reducer": "none"}
    made = {}
    for name, built in feature_sets.items():
        steps = {group: config.build(compose_option(group, option)) for group, option in options.items()}
        pipeline = build_pipeline(**steps, dictionary=built.dictionary)
        made[name] = prepare_matrix(built.features, england.ordinary, pipeline, built.dictionary)
    return made


def test_age_explains_as_much_as_the_reference_says(england):
    found = age_explained(england).set_index("group_code")["r_squared"]
    reference = pd.Series(AGE_R2)
    assert_allclose(found[reference.index], reference, atol=0.05)


@pytest.mark.parametrize("code", sorted(SPECIAL))
def test_known_special_practices_are_found_with_a_true_reason(england, code):
    reason = england.practices.set_index("practice_code").loc[code, "special"]
    assert SPECIAL[code] in reason


def test_special_practices_are_few(england):
    assert 40 < (~england.ordinary).sum() < 90


@pytest.mark.parametrize("name", SETS)
def test_no_practice_is_lost_and_block_variances_are_the_weights(name, england, feature_sets, matrices):
    matrix, built = matrices[name].matrix, feature_sets[name]
    assert len(matrix) == 6188
    variance = matrix[england.ordinary].var(ddof=0).groupby(built.blocks).sum()
    assert_allclose(variance.sort_index(), pd.Series(built.weights).sort_index())


@pytest.mark.parametrize("name", SETS)
def test_no_transformed_feature_is_skewed(name, england, feature_sets):
    """Sets that ask for no transform (crude prevalence, a published set) keep their figures on purpose."""
    built = feature_sets[name]
    transformed = built.dictionary.loc[built.dictionary["transform"] != "none", "feature"]
    skew = built.features.loc[england.ordinary, transformed].skew().abs()
    assert skew[skew >= 2].to_dict() == {}


@pytest.mark.parametrize("name", SETS)
def test_what_is_skewed_says_why(name, england, feature_sets):
    built = feature_sets[name]
    skew = built.features[england.ordinary].skew().abs()
    told = " ".join(built.notes["note"])
    assert [feature for feature in skew.index[skew > 2] if f"{feature} " not in told] == []


def test_special_practices_are_flagged_in_segments_and_get_one(england, matrices):
    matrix = matrices["need"].matrix
    fitted = matrix[england.ordinary]
    labels = KMeans(5, n_init=1, random_state=0).fit_predict(fitted) + 1
    labels = pd.Series(labels, index=fitted.index)
    table, _ = segment_table(
        matrix,
        labels,
        england.practices,
        {segment: f"Segment {segment}" for segment in range(1, 6)},
        nest(fitted, labels, supergroups=2, most_subgroups=8, floor=30),
        pd.DataFrame({"certainty": 1.0, "membership": "certain"}, labels.index),
    )
    table = table.astype({"segment": "int64"})
    checked = contracts.check("segments", table).set_index("practice_code")
    flagged = checked.loc[sorted(SPECIAL)]
    assert flagged["segment"].between(1, 5).all()
    assert not flagged["fitted"].any()
    for code, words in SPECIAL.items():
        assert words in flagged.loc[code, "special"]
    assert (checked["special"].isna() == checked["fitted"]).all()


@pytest.fixture(scope="module")
def crude_z(england, feature_sets, compose_option):
    """Crude prevalence, standardised, of the reference's practices: 1,000 patients or more, IMD known."""
    scored = england.context.set_index("practice_code")["imd_score"].reindex(england.index).notna()
    fitted = (england.list_size >= 1000) & scored
    built = feature_sets["prevalence_crude"]
    options = {"imputer": "median", "outliers": "none", "scaler": "standard", "reducer": "none"}
    steps = {group: config.build(compose_option(group, option)) for group, option in options.items()}
    pipeline = build_pipeline(**steps, dictionary=built.dictionary)
    return prepare_matrix(built.features, fitted, pipeline, built.dictionary).matrix[fitted].to_numpy()


def test_crude_prevalence_has_the_reference_silhouettes(crude_z):
    assert len(crude_z) == 6141
    labels = [KMeans(k, n_init=3, random_state=0).fit_predict(crude_z) for k in (2, 5, 10)]
    assert_allclose(score_labellings(crude_z, labels).silhouette, [0.257, 0.155, 0.107], atol=0.01)


def test_imputed_values_are_counted(matrices):
    counts = matrices["need"].imputed.set_index("feature")["count"]
    assert counts[counts > 0].to_dict() == {"imd_score": 45, "non_white_percent": 37}
    assert not np.isnan(matrices["need"].matrix).any(axis=None)
