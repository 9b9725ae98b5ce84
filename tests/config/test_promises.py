"""What the comments of the options of conf/ promise, with the value that shows it.

What is promised of the study, of evidence and of feature sets is tested beside their code.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from numpy.testing import assert_allclose
from scipy import stats

from gp_segmentation import config
from gp_segmentation.features import SpecialRules, build_features
from gp_segmentation.features.special import special_reasons

ROOT = Path(__file__).resolve().parents[2]
CONF = ROOT / "conf"


@pytest.fixture
def option(compose_option):
    """The object that an option of a group builds, with `more` in place of its own arguments."""
    return lambda group, name, **more: config.build({**compose_option(group, name), **more})


class TestSpecial:
    """conf/special/default.yaml: every limit, just not reached and reached."""

    @pytest.fixture
    def reason(self, small_tables, compose_option):
        node = compose_option("special", "default")
        rules = SpecialRules(**{key: value for key, value in node.items() if key not in ("name", "_target_")})

        def found(size=None, ages=None, register=None):
            """Why A00050 is special with this list, patients by ``SEX_BAND``, number on the LD register."""
            practices, registers, age_sex = (
                getattr(small_tables, name).copy() for name in ("practices", "registers", "age_sex")
            )
            if size is not None:
                practices.loc[50, "list_size"] = size
            if ages is not None:
                own = age_sex["practice_code"] == "A00050"
                keys = age_sex["sex"].astype(str) + "_" + age_sex["age_band"].astype(str)
                age_sex.loc[own, "patients"] = keys[own].map(ages).fillna(0).astype(int)
            if register is not None:
                own = (registers["practice_code"] == "A00050") & (registers["group_code"] == "LD")
                registers.loc[own, ["register", "denominator"]] = [register, 1000]
            return special_reasons(practices, registers, age_sex, rules).astype(object)["A00050"]

        return found

    def test_fewer_patients_than_1000(self, reason):
        assert pd.isna(reason(size=1000))
        assert reason(size=999) == "list under 1,000"

    def test_more_than_ten_times_the_median_list(self, reason, small_tables):
        others = small_tables.practices["list_size"].drop(50)  # an even number with A00050 above the middle
        ten = 10 * float(np.median([*others, others.max()]))
        assert pd.isna(reason(size=int(ten)))
        assert reason(size=int(ten) + 1) == "list over 10 times the median"

    @pytest.mark.parametrize(
        ("band", "most", "words"),
        [
            ("20_24", 45, "46% of patients aged 15 to 24"),
            ("30_34", 70, "71% of patients aged 25 to 44"),
            ("80_84", 50, "51% of patients aged 75 and over"),
            ("0_4", 50, "51% of patients aged 0 to 14"),
        ],
    )
    def test_one_age_band_with_more_than_its_share(self, reason, band, most, words):
        def ages(share: int) -> dict[str, int]:
            """`share` percent in the band, the rest in two others, half of each women."""
            rest = 100 - share
            patients = {band: share, "50_54": rest // 2, "65_69": rest - rest // 2}
            return {f"{sex}_{b}": n for sex in ("FEMALE", "MALE") for b, n in patients.items()}

        assert pd.isna(reason(ages=ages(most)))
        assert str(reason(ages=ages(most + 1))).lower() == words.lower()

    @pytest.mark.parametrize("sex", ["FEMALE", "MALE"])
    def test_more_than_70_percent_of_one_sex(self, reason, sex):
        def ages(share: int) -> dict[str, int]:
            other = {"FEMALE": "MALE", "MALE": "FEMALE"}[sex]
            bands = ("20_24", "50_54", "65_69", "80_84")
            shares = {sex: share, other: 100 - share}
            return {f"{s}_{band}": n for s, n in shares.items() for band in bands}

        assert pd.isna(reason(ages=ages(70)))
        assert reason(ages=ages(71)) == f"71% of patients {sex.lower()}"

    def test_a_register_of_20_percent_that_is_ten_times_englands(self, reason):
        # Learning disability is under 1% in England: ten times that is less than 20%.
        assert pd.isna(reason(register=199))
        assert reason(register=200) == "20% on the LD register"


X = np.random.default_rng(7).lognormal(size=(1001, 1))


class TestOutliers:
    COLUMN = pd.DataFrame({"x": [*range(100), 10_000.0]})  # median 50, MAD 25

    def test_clip_is_at_4_robust_standard_deviations_of_1_4826_mad(self, option):
        clipped = np.asarray(option("outliers", "clip").fit_transform(self.COLUMN))
        assert_allclose(clipped[:100, 0], range(100))
        assert clipped[100, 0] == pytest.approx(50 + 4 * 1.4826 * 25, abs=0.01)

    def test_winsorise_clips_to_the_first_and_the_last_percentile(self, option):
        clipped = np.asarray(option("outliers", "winsorise").fit_transform(self.COLUMN))
        # Of 101 values the 1st and 99th percentiles are the second smallest and the second largest.
        assert_allclose(clipped[:, 0], [1, *range(1, 100), 99])


class TestScalers:
    def scaled(self, option, name: str) -> np.ndarray:
        return np.asarray(option("scaler", name).fit_transform(pd.DataFrame({"x": X[:, 0]})))[:, 0]

    def test_standard(self, option):
        z = self.scaled(option, "standard")
        assert_allclose([z.mean(), z.std()], [0, 1], atol=1e-12)

    def test_robust_has_median_0_and_interquartile_range_1_whatever_the_largest_value(self, option):
        z = self.scaled(option, "robust")
        assert_allclose(
            np.quantile(z, [0.25, 0.5, 0.75]) - np.quantile(z, 0.25), [0, -np.quantile(z, 0.25), 1]
        )
        assert np.median(z) == pytest.approx(0)
        far = X[:, 0].copy()
        far[far.argmax()] *= 1000
        moved = np.asarray(option("scaler", "robust").fit_transform(pd.DataFrame({"x": far})))[:, 0]
        assert_allclose(np.delete(moved, far.argmax()), np.delete(z, far.argmax()))

    def test_minmax_runs_from_0_to_1_between_the_two_most_extreme(self, option):
        z = self.scaled(option, "minmax")
        assert (z[X[:, 0].argmin()], z[X[:, 0].argmax()]) == (0, 1)

    def test_quantile_keeps_the_order_and_gives_the_shape_of_a_normal_distribution(self, option):
        z = self.scaled(option, "quantile")
        assert_allclose(stats.spearmanr(z, X[:, 0]).statistic, 1, atol=1e-6)
        assert_allclose(np.quantile(z, [0.16, 0.5, 0.84]), stats.norm.ppf([0.16, 0.5, 0.84]), atol=0.02)

    def test_power_brings_a_skewed_feature_close_to_normal(self, option):
        z = self.scaled(option, "power")
        assert_allclose([z.mean(), z.std()], [0, 1], atol=1e-9)
        assert stats.skew(X[:, 0]) > 3
        assert abs(stats.skew(z)) < 0.2


class TestReducers:
    RNG = np.random.default_rng(3)
    FACTORS = RNG.normal(size=(2000, 2))
    #: a, b, c are made of one factor, d, e, f of the other.
    FRAME = pd.DataFrame(
        np.repeat(FACTORS, 3, axis=1) + 0.5 * RNG.normal(size=(2000, 6)), columns=list("abcdef")
    )

    def test_pca_takes_the_first_components_that_explain_nine_tenths(self, option):
        fitted = option("reducer", "pca").fit(self.FRAME)
        explained = np.cumsum(np.linalg.eigvalsh(self.FRAME.cov())[::-1]) / self.FRAME.var().sum()
        assert fitted.n_components_ == int(np.argmax(explained >= 0.9)) + 1 == 3

    def test_pca_count_takes_as_many_as_it_says(self, option):
        assert option("reducer", "pca_count").fit_transform(self.FRAME).shape == (2000, 5)

    def test_each_feature_loads_mainly_on_one_rotated_factor(self, option):
        loadings = np.abs(option("reducer", "factor_analysis", n_components=2).fit(self.FRAME).components_)
        assert np.ptp(loadings.argmax(axis=0)[:3]) == np.ptp(loadings.argmax(axis=0)[3:]) == 0
        assert (loadings.min(axis=0) < 0.1).all()
        assert (loadings.max(axis=0) > 0.9).all()


class TestImputers:
    def test_median_is_of_the_column(self, option):
        filled = option("imputer", "median").fit_transform(pd.DataFrame({"x": [1.0, 2, 9, np.nan]}))
        assert_allclose(filled[:, 0], [1, 2, 9, 2])

    def test_knn_is_the_mean_of_the_ten_most_similar_that_have_the_value_the_nearer_the_more(self, option):
        # Distance 0 without a value; five at distance 1; five at distance 2; all others are further.
        frame = pd.DataFrame(
            {"a": [0.0] * 2 + [1.0] * 5 + [2.0] * 5 + [50.0] * 30, "b": [0.0] * 7 + [30.0] * 5 + [1e6] * 30}
        )
        frame.loc[[0, 1], "b"] = np.nan
        filled = option("imputer", "knn").fit_transform(frame)
        assert_allclose(filled[:2, 1], (5 * 0 / 1 + 5 * 30 / 2) / (5 / 1 + 5 / 2), atol=1e-6)  # 10

    def test_iterative_is_a_regression_on_correlated_features(self, option):
        a = np.linspace(0, 1, 200)
        frame = pd.DataFrame({"a": a, "b": 3 * a + 2, "noise": np.random.default_rng(0).normal(size=200)})
        frame.loc[150, "b"] = np.nan
        filled = option("imputer", "iterative").fit_transform(frame)
        assert filled[150, 1] == pytest.approx(3 * a[150] + 2, abs=0.02)


#: Overrides that comments of conf/*/open.yaml name, each as ``(group, override)``.
IN_COMMENTS = [
    (path.parent.name, word)
    for path in sorted(CONF.glob("*/open.yaml"))
    for line in path.read_text(encoding="utf-8").splitlines()
    if line.startswith("#")
    for word in re.findall(r"[~+]?[\w@./]+(?:=[\w.]+)|~[\w.]+", line)
]


def test_the_overrides_in_comments_are_found():
    assert IN_COMMENTS == [
        ("clusterer", "~clusterer.candidates.kmeans"),
        ("clusterer", "clusterer.candidates.hierarchical.linkage=ward"),
        ("imputer", "~imputer.candidates.iterative"),
        ("outliers", "~outliers.candidates.none"),
        ("reducer", "+reducer@reducer.candidates.five=pca_count"),
        ("reducer", "~reducer.candidates.pca"),
        ("scaler", "+scaler@scaler.candidates.power=power"),
        ("scaler", "~scaler.candidates.robust"),
    ]


def test_each_of_them_does_what_its_comment_says(compose_option):
    groups = sorted({group for group, _ in IN_COMMENTS})
    is_open = [f"{group}=open" for group in groups]
    before, after = (
        {group: composed[group]["candidates"] for group in groups}
        for composed in (
            config.compose_config(ROOT, is_open),
            config.compose_config(ROOT, [*is_open, *(word for _, word in IN_COMMENTS)]),
        )
    )
    changed = {g: (before[g].keys() - after[g].keys(), after[g].keys() - before[g].keys()) for g in groups}
    assert changed == {
        "clusterer": ({"kmeans"}, set()),
        "imputer": ({"iterative"}, set()),
        "outliers": ({"none"}, set()),
        "reducer": ({"pca"}, {"five"}),
        "scaler": ({"robust"}, {"power"}),
    }
    assert after["clusterer"]["hierarchical"]["linkage"] == "ward"
    assert after["reducer"]["five"] == compose_option("reducer", "pca_count")


class TestSelection:
    """conf/selection: what is left out by default, and what `pruned` leaves out beside."""

    RNG = np.random.default_rng(2)
    A = RNG.normal(size=1000)
    FRAME = pd.DataFrame(
        {
            "a": A,
            "near": A + 0.4 * RNG.normal(size=1000),  # correlates 0.93
            "twin": A + 0.001 * RNG.normal(size=1000),
            "half": np.where(np.arange(1000) < 500, np.nan, RNG.normal(size=1000)),
            "most": np.where(np.arange(1000) < 501, np.nan, RNG.normal(size=1000)),
            "rare": np.where(np.arange(1000) < 11, 1.0, 0.0),  # 98.9% are the same
            "same": np.where(np.arange(1000) < 10, 1.0, 0.0),  # 99.0% are the same
            "still": 0.009 * RNG.normal(size=1000),
        }
    )

    @pytest.mark.parametrize(
        ("name", "dropped"),
        [("default", ["most", "same", "twin"]), ("pruned", ["most", "near", "same", "still", "twin"])],
    )
    def test_what_is_left_out(self, option, name, dropped):
        assert sorted(option("selection", name).drop(self.FRAME, self.FRAME)) == dropped


def test_the_published_style_is_crude_prevalence_z_scores_k_means_and_the_highest_silhouette():
    made = config.compose_config(ROOT, ["experiment=published_style"])
    rule = made["study"]["rule"]
    assert [made[group]["name"] for group in ("features", "scaler", "clusterer")] == [
        "prevalence_crude", "standard", "kmeans",
    ]  # fmt: skip
    assert (rule["criterion"], rule["kind"], made["study"]["null_model"]["draws"]) == (
        "silhouette",
        "coarse",
        0,
    )
    assert {block.get("transform") for block in made["features"]["blocks"].values()} <= {
        None,
        "none",
        "identity",
    }


class TestPublishedDesigns:
    """Weights in conf/features/published_*.yaml count alike what the publication counted alike."""

    @pytest.fixture
    def columns(self, small_tables, compose_option):
        """Block -> its weight and its number of columns."""

        def of(name):
            blocks = compose_option("features", name)["blocks"]
            built = {block: config.build(node, "block") for block, node in blocks.items()}
            made = build_features(built, small_tables).dictionary.groupby("block").size()
            return {
                block: (node["weight"], int(made[block])) for block, node in blocks.items() if block in made
            }

        return of

    def test_lee_every_variable_counts_alike_but_three_age_bands_share_the_weight_of_two(self, columns):
        assert columns("published_lee_2025") == {
            "prevalence": (19, 19),
            "list_size": (1, 1),
            "age_structure": (2, 3),
            "sex": (1, 1),
            "deprivation": (1, 1),
            "smoking": (1, 1),
        }

    def test_south_west_a_blocks_weight_is_its_number_of_columns(self, columns, compose_option):
        assert columns("published_south_west") == {
            "prevalence": (21, 21),
            "age_structure": (6, 6),
            "sex": (1, 1),
            "list_size": (1, 1),
            "deprivation": (1, 1),
            "ethnicity": (1, 1),
            "workforce": (2, 2),
        }
        blocks = compose_option("features", "published_south_west")["blocks"]
        optional = {name: block for name, block in blocks.items() if block.get("optional")}
        assert {name: (block["weight"], len(block["measures"])) for name, block in optional.items()} == {
            "imd_domains": (7, 7),
            "density": (1, 1),
            "ethnic_groups": (4, 4),
            "ethnicity": (1, 1),
            "workforce": (2, 2),
            "staff": (2, 2),
        }
        assert sum(block["weight"] for block in blocks.values()) == 47

    def test_south_west_every_measure_is_one_of_the_source_with_all_tables(self, compose_option):
        files = compose_option("source", "tables_2024_25")["files"].values()
        given = {name for file in files for name in file["reader"].get("columns", {})}
        blocks = compose_option("features", "published_south_west")["blocks"].values()
        assert {measure for block in blocks for measure in block.get("measures", [])} <= given

    def test_birmingham_seven_groups_with_equal_weights_and_no_protected_indicator(self, compose_option):
        blocks = compose_option("features", "published_bsol_cardiovascular")["blocks"]
        assert [(*node["groups"], node["weight"]) for node in blocks.values()] == [
            ("AF", 1), ("CHD", 1), ("CHOL", 1), ("DM", 1), ("HF", 1), ("HYP", 1), ("STIA", 1),
        ]  # fmt: skip
        protected = yaml.safe_load(
            (CONF / "features/excluded/income_protected_2024_25.yaml").read_text("utf-8")
        )
        groups = tuple(node["groups"][0] for node in blocks.values())
        assert [code for code in protected if str(code).startswith(groups)] == []

    def test_need_21_conditions_together_weigh_three(self, columns):
        found = columns("need")
        assert found["prevalence"] == (3, 21)
        assert {block: weight for block, (weight, _) in found.items()} == {
            "prevalence": 3, "age_structure": 2, "deprivation": 1, "ethnicity": 1, "list_size": 0.5,
        }  # fmt: skip
