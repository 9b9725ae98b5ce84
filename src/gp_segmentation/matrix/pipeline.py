"""From features to the matrix that is clustered: impute, treat outliers, scale, weight blocks, reduce.

Every step is a scikit-learn transformer in one Pipeline, fitted on ordinary practices only; special
practices pass through what was learnt from the others.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.decomposition import PCA, FactorAnalysis
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from gp_segmentation.errors import InputError
from gp_segmentation.matrix.transformers import BlockWeights, NamedComponents

#: How the columns of a reducer are called.
PREFIXES: tuple[tuple[type, str], ...] = ((PCA, "PC"), (FactorAnalysis, "factor_"))


@dataclass(frozen=True)
class MatrixResult:
    """The matrix and how it came about.

    Attributes
    ----------
    matrix : practice_code -> the columns that are clustered (special practices included).
    imputed : feature, label, count, share: values that were missing and imputed, all practices counted.
    loadings : feature x component, or empty without a reducer.
    components : component, share (of the matrix's variance before reducing), cumulative, features (those that
        go with it most, with their correlations); no rows without a reducer.
    pipeline : the fitted pipeline.
    """

    matrix: pd.DataFrame
    imputed: pd.DataFrame
    loadings: pd.DataFrame
    components: pd.DataFrame
    pipeline: Pipeline


def build_pipeline(
    imputer: Any,
    outliers: Any,
    scaler: Any,
    reducer: Any,
    dictionary: pd.DataFrame,
) -> Pipeline:
    """Put the steps in their order: impute, outliers, scale, weight, reduce.

    Parameters
    ----------
    imputer, outliers, scaler, reducer : transformers (not fitted); an identity where nothing is to be done.
    dictionary : schema ``dictionary``: the block of each feature, and the block's weight, which is its
        total variance on the fitted rows after scaling and before reducing.
    """
    blocks = dict(zip(dictionary["feature"], dictionary["block"], strict=True))
    weights = dict(zip(dictionary["block"], dictionary["weight"].astype(float), strict=True))
    steps = [
        ("impute", imputer),
        ("outliers", outliers),
        ("scale", scaler),
        ("weight", BlockWeights(blocks, weights)),
        ("reduce", _named(reducer)),
    ]
    return Pipeline(steps).set_output(transform="pandas")


def _named(reducer: Any) -> Any:
    """Wrap a reducer that makes components; leave an identity as it is."""
    for kind, prefix in PREFIXES:
        if isinstance(reducer, kind):
            return NamedComponents(reducer, prefix)
    return NamedComponents(reducer) if hasattr(reducer, "n_components") else reducer


def prepare_matrix(
    features: pd.DataFrame,
    fitted: pd.Series,
    pipeline: Pipeline,
    dictionary: pd.DataFrame,
) -> MatrixResult:
    """Fit `pipeline` on the fitted practices and transform all of them.

    Parameters
    ----------
    features : practice_code -> features on the analysis scale; NaN where not known.
    fitted : practice_code -> bool, True where a practice takes part in fitting.
    dictionary : schema ``dictionary``, for the labels in the count of imputed values.

    Raises
    ------
    InputError
        When fewer than two practices are fitted, or a value of the matrix is not finite.
    """
    rows = fitted.reindex(features.index).fillna(False).to_numpy(dtype=bool)
    if rows.sum() < 2:
        raise InputError(f"only {rows.sum()} practices are not special; fitting needs two", file="features")
    _check_features(features, rows)
    # Sums inside the linear algebra may change with the number of threads; one thread keeps every byte.
    with threadpool_limits(1):
        pipeline.fit(features[rows])
        matrix = pipeline.transform(features).rename_axis(index="practice_code")
    bad = ~np.isfinite(matrix.to_numpy()).all(axis=0)
    if bad.any():
        raise InputError(
            "a value is not finite after preparation", file="matrix", column=matrix.columns[bad][0]
        )
    reduce = pipeline.named_steps["reduce"]
    reduced = isinstance(reduce, NamedComponents)
    loadings = reduce.loadings() if reduced else _no_loadings()
    spread = pd.Series(reduce.spread_ if reduced else [], index=loadings.index, dtype=float)
    components = describe_components(loadings, spread, dictionary)
    return MatrixResult(matrix, count_imputed(features, dictionary), loadings, components, pipeline)


def describe_components(
    loadings: pd.DataFrame, spread: pd.Series, dictionary: pd.DataFrame, *, most: int = 5
) -> pd.DataFrame:
    """Return what a reducer kept: component, share, cumulative, features.

    A component's share is the sum of its squared loadings over that of the squares of `spread`, the
    features' standard deviations (scaled and weighted). Its features are named by the `most` largest
    correlations with it, loading over standard deviation: ``Asthma prevalence +0.81; List size −0.60``.
    """
    labels = dict(zip(dictionary["feature"], dictionary["label"], strict=True))
    share = (loadings**2).sum() / max(float((spread**2).sum()), 1e-300)
    correlations = loadings.div(spread.where(spread > 0), axis=0).fillna(0.0)
    named = []
    for _, column in correlations.items():
        strongest = column[column.abs().sort_values(ascending=False, kind="stable").index[:most]]
        signed = [f"{value:+.2f}".replace("-", "−") for value in strongest]
        named.append("; ".join(f"{labels[f]} {n}" for f, n in zip(strongest.index, signed, strict=True)))
    return pd.DataFrame(
        {
            "component": pd.Series(list(loadings.columns), dtype="str"),
            "share": share.to_numpy(dtype=float),
            "cumulative": share.cumsum().to_numpy(dtype=float),
            "features": pd.Series(named, dtype="str"),
        }
    )


def _check_features(features: pd.DataFrame, rows: NDArray[np.bool_]) -> None:
    """Refuse an infinite value, and a feature that no fitted practice has: no step could say which it was."""
    infinite = np.isinf(features.to_numpy(dtype=float))
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        found = f"{features.to_numpy(dtype=float)[row, column]:g} for {features.index[row]} is not finite"
        raise InputError(found, file="features", column=str(features.columns[column]))
    unknown = features.columns[features[rows].isna().all()]
    if len(unknown):
        problem = "no fitted practice has a value"
        raise InputError(problem, file="features", column=str(unknown[0]), remedy="Leave the feature out")


def count_imputed(features: pd.DataFrame, dictionary: pd.DataFrame) -> pd.DataFrame:
    """Return feature, label, count, share of missing values, the most often missing first."""
    missing = features.isna()
    labels = dict(zip(dictionary["feature"], dictionary["label"], strict=True))
    names = [str(name) for name in features.columns]
    table = pd.DataFrame(
        {
            "feature": pd.Series(names, dtype="str"),
            "label": pd.Series([labels[name] for name in names], dtype="str"),
            "count": missing.sum().to_numpy(dtype="int64"),
            "share": missing.mean().to_numpy(dtype=float),
        }
    )
    return table.sort_values(["count", "feature"], ascending=[False, True], ignore_index=True)


def _no_loadings() -> pd.DataFrame:
    return pd.DataFrame(index=pd.Index([], name="feature", dtype="str"))
