"""A first look at features: what is missing, skewed, at the ceiling, or told twice. Numbers only."""

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from gp_segmentation.features.base import FeatureSet, Tables
from gp_segmentation.features.prevalence import age_explained


def first_look(feature_set: FeatureSet, tables: Tables) -> dict[str, pd.DataFrame]:
    """Return every table of this module by name, and what was left out and noted.

    Names: dropped, notes, summary, correlations, pairs, missing, ceilings, age_explained. Correlations and
    pairs are over ordinary practices, missing is over all.
    """
    ordinary = tables.ordinary
    features = feature_set.features[ordinary.to_numpy()]
    return {
        "dropped": feature_set.dropped,
        "notes": feature_set.notes,
        "summary": summarise_features(feature_set, ordinary),
        "correlations": correlations(features).rename_axis("feature"),
        "pairs": correlated_pairs(features),
        "missing": missing_patterns(feature_set.features),
        "ceilings": achievement_ceilings(tables.achievement, ordinary),
        "age_explained": age_explained(tables),
    }


def summarise_features(feature_set: FeatureSet, ordinary: pd.Series) -> pd.DataFrame:
    """Return one row per feature over ordinary practices.

    Columns: feature, label, unit, block, transform; missing (practices), missing_share; minimum,
    lower_quartile, median, upper_quartile, maximum (natural units); skew_before (natural units) and
    skew_after (analysis scale), each the sample skewness; ceiling_share and floor_share (of known
    percentages, those at 100 or above and at 0; NaN for other units). Shrunk rates never reach an end:
    `achievement_ceilings` counts the published ones.

    Parameters
    ----------
    ordinary : practice_code -> True where not special.
    """
    rows = ordinary.to_numpy(dtype=bool)
    natural, values = feature_set.natural[rows], feature_set.features[rows]
    known = natural.notna().sum()
    percent = (feature_set.dictionary.set_index("feature")["unit"] == "%").reindex(natural.columns)
    columns = {
        "missing": natural.isna().sum(),
        "missing_share": natural.isna().mean(),
        "minimum": natural.min(),
        "lower_quartile": natural.quantile(0.25),
        "median": natural.median(),
        "upper_quartile": natural.quantile(0.75),
        "maximum": natural.max(),
        "skew_before": natural.skew(),
        "skew_after": values.skew(),
        "ceiling_share": ((natural >= 100).sum() / known).where(percent),
        "floor_share": ((natural <= 0).sum() / known).where(percent),
    }
    described = feature_set.dictionary[["feature", "label", "unit", "block", "transform"]]
    return described.merge(pd.DataFrame(columns), left_on="feature", right_index=True, validate="1:1")


def achievement_ceilings(achievement: pd.DataFrame, ordinary: pd.Series) -> pd.DataFrame:
    """Return how many practices stand at 100%, by indicator, as published.

    Columns: indicator_code, practices (ordinary, with a denominator above zero), ceiling_share (of them,
    those whose numerator is the whole denominator). The most crowded ceiling comes first.
    """
    codes = ordinary.index[ordinary.to_numpy(dtype=bool)]
    known = achievement[(achievement["denominator"] > 0) & achievement["practice_code"].isin(codes)]
    full = (known["numerator"] >= known["denominator"]).groupby(known["indicator_code"])
    table = pd.DataFrame({"practices": full.size(), "ceiling_share": full.mean()}).reset_index()
    return table.sort_values(["ceiling_share", "indicator_code"], ascending=[False, True], ignore_index=True)


def correlations(features: pd.DataFrame) -> pd.DataFrame:
    """Return the correlation matrix (feature x feature), features that go together side by side.

    Pearson's correlation over the practices that have both. The order is that of the leaves of an
    average-linkage tree on ``1 - |r|``, optimally turned; a pair never seen together counts as unrelated.
    """
    matrix = features.corr()
    if len(matrix) < 3:
        return matrix
    distance = 1 - matrix.fillna(0.0).abs().to_numpy()
    np.fill_diagonal(distance, 0.0)
    condensed = squareform(np.maximum((distance + distance.T) / 2, 0.0))
    order = leaves_list(linkage(condensed, method="average", optimal_ordering=True))
    return matrix.iloc[order, order]


def correlated_pairs(features: pd.DataFrame, least: float = 0.8) -> pd.DataFrame:
    """Return feature, other, correlation for pairs of absolute correlation `least` or more, closest first."""
    matrix = features.corr().to_numpy()
    first, second = np.triu_indices(len(matrix), k=1)
    close = np.abs(np.nan_to_num(matrix[first, second])) >= least
    names = np.asarray(features.columns, dtype=str)
    table = pd.DataFrame(
        {
            "feature": pd.Series(names[first[close]], dtype="str"),
            "other": pd.Series(names[second[close]], dtype="str"),
            "correlation": matrix[first[close], second[close]],
        }
    )
    order = table["correlation"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def missing_patterns(features: pd.DataFrame) -> pd.DataFrame:
    """Return which features are missing together: columns missing (names joined by a blank), practices.

    One row per pattern that occurs, the most frequent first; nothing missing is the pattern ``""``.
    """
    names = np.asarray(features.columns, dtype=str)
    patterns = [" ".join(names[row]) for row in features.isna().to_numpy()]
    counts = pd.Series(patterns, dtype="str").value_counts()
    table = pd.DataFrame({"missing": counts.index.astype("str"), "practices": counts.to_numpy(dtype="int64")})
    return table.sort_values(["practices", "missing"], ascending=[False, True], ignore_index=True)
