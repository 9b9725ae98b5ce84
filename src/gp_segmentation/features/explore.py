"""A first look at features: missing values, skew, ceilings, correlations. Tables only, no figures."""

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from gp_segmentation.features.base import FeatureSet, Tables
from gp_segmentation.features.prevalence import age_explained


def first_look(feature_set: FeatureSet, tables: Tables) -> dict[str, pd.DataFrame]:
    """Return tables by name: dropped, notes, summary, correlations, pairs, missing, ceilings, age_explained.

    Correlations and pairs are over ordinary practices, missing is over all practices.
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
    skew_after (analysis scale), each the sample skewness; ceiling_share and floor_share (shares of known
    percentages at 100 or above, and at 0 or below; NaN for other units). Shrunk rates never reach 0% or 100%;
    `achievement_ceilings` counts the published rates.

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
    """Return the share of practices with a published achievement of 100%, by indicator, highest first.

    Columns: indicator_code, practices (ordinary, with a denominator above zero), ceiling_share (of these).
    """
    codes = ordinary.index[ordinary.to_numpy(dtype=bool)]
    known = achievement[(achievement["denominator"] > 0) & achievement["practice_code"].isin(codes)]
    full = (known["numerator"] >= known["denominator"]).groupby(known["indicator_code"])
    table = pd.DataFrame({"practices": full.size(), "ceiling_share": full.mean()}).reset_index()
    return table.sort_values(["ceiling_share", "indicator_code"], ascending=[False, True], ignore_index=True)


def correlations(features: pd.DataFrame) -> pd.DataFrame:
    """Return the correlation matrix (feature x feature), correlated features side by side.

    Pearson's correlation over the practices that have both features. The order is that of the leaves of an
    average-linkage tree on ``1 - |r|``, optimally ordered; r counts as 0 where no practice has both.
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
    """Return feature, other, correlation for pairs of absolute correlation `least` or more, highest first."""
    names = features.columns.astype("str")
    first, second = np.triu_indices(len(names), k=1)
    r = features.corr().to_numpy()[first, second]
    table = pd.DataFrame({"feature": names[first], "other": names[second], "correlation": r})
    close = table[table["correlation"].abs() >= least]
    return close.sort_values("correlation", key=abs, ascending=False, kind="stable", ignore_index=True)


def missing_patterns(features: pd.DataFrame) -> pd.DataFrame:
    """Return which features are missing together: columns missing (names joined by a space), practices.

    One row per pattern that occurs, the most frequent first; nothing missing is the pattern ``""``.
    """
    patterns = [" ".join(features.columns[row]) for row in features.isna().to_numpy()]
    table = pd.Series(patterns, dtype="str", name="missing").value_counts().reset_index(name="practices")
    return table.sort_values(["practices", "missing"], ascending=[False, True], ignore_index=True)
