"""Words for what the program calls by a key: methods, criteria, scales, random data, blocks of features.

Every key that a reader could meet stands here once, as it is said within a sentence; `titled` begins a
heading with it.
"""

import re
from collections.abc import Mapping
from typing import Any

CLUSTERERS = {
    "kmeans": "K-means",
    "hierarchical": "hierarchical clustering",
    "gaussian_mixture": "Gaussian mixture",
    "bisecting_kmeans": "bisecting K-means",
    "dbscan": "DBSCAN",
    "hdbscan": "HDBSCAN",
    "optics": "OPTICS",
}
LINKAGES = {"ward": "Ward"}
CRITERIA = {
    "silhouette": "silhouette",
    "davies_bouldin": "Davies-Bouldin",
    "calinski_harabasz": "Calinski-Harabasz",
    "excess_silhouette": "silhouette above that of random data",
    "elbow": "elbow of the sum of squares within segments",
    "gap": "gap statistic by its one-standard-error rule",
    "bic": "BIC of a Gaussian mixture",
    "icl": "ICL of a Gaussian mixture",
}
#: Maps from natural units to the scale on which practices are compared.
TRANSFORMS = {
    "none": "as they are",
    "log": "logarithm",
    "sqrt": "square root",
    "logit": "log odds",
    "empirical_logit": "log odds of counts",
    "clr": "log ratio to the mean of all parts",
}
#: Kinds of random data without clusters, by what they share with the data.
NULLS = {
    "gaussian": "the same correlations",
    "copula": "the same correlations and distributions",
    "permutation": "the same distributions, without correlations",
    "uniform": "the same ranges",
    "gradient": "the same correlations, even along the first component",
}
#: Options of the steps that prepare the matrix; "none" is left out.
PREPARED = {
    "median": "medians filled in",
    "knn": "nearest practices filled in",
    "iterative": "regressions filled in",
    "clip": "outliers clipped",
    "winsorise": "outliers winsorised",
    "standard": "standardised",
    "robust": "robust scaling",
    "power": "power transform",
    "quantile": "normal scores",
    "minmax": "scaled from 0 to 1",
    "pca": "principal components",
    "pca_count": "principal components by count",
    "factor_analysis": "factor analysis",
}
#: Parameters of methods and of steps of the preparation.
SETTINGS = {
    "n_init": "random starts",
    "random_state": "seed",
    "max_iter": "iterations at most",
    "tol": "tolerance",
    "n_neighbors": "neighbours",
    "n_components": "components",
    "covariance_type": "covariance",
}
#: Blocks of features whose key is not their name.
BLOCKS = {"imd_domains": "domains of deprivation"}


def titled(text: str) -> str:
    """Return words with a capital letter, for a heading or the beginning of a sentence.

    >>> titled("hierarchical clustering"), titled("K-means")
    ('Hierarchical clustering', 'K-means')
    """
    return text[:1].upper() + text[1:]


def in_words(key: object, names: Mapping[str, str]) -> str:
    """Return the words of a key; of one without words, such as an analyst's own, its parts with blanks.

    >>> in_words("sqrt", TRANSFORMS), in_words("age_structure", BLOCKS)
    ('square root', 'age structure')
    """
    return names.get(str(key), str(key).replace("_", " "))


def preparation_in_words(name: object) -> str:
    """Return the words of a preparation, whose name joins the options of its steps and its weights.

    >>> preparation_in_words("robust-pca-deprivation_0.5"), preparation_in_words("standard-none")
    ('robust scaling, principal components, deprivation weighted 0.5', 'standardised')
    """
    weighted = re.compile(r"(.+)_(\d[\d.]*)")
    parts = []
    for part in str(name).split("-"):
        if found := weighted.fullmatch(part):
            parts.append(f"{in_words(found[1], BLOCKS)} weighted {found[2]}")
        elif part != "none":
            parts.append(in_words(part, PREPARED))
    return ", ".join(parts) or "as it is"


def clusterer_in_words(row: Mapping[Any, Any]) -> str:
    """Return the name of a row's ``clusterer``, with its ``linkage`` if it has one.

    >>> clusterer_in_words({"clusterer": "hierarchical", "linkage": "ward"})
    'hierarchical clustering (Ward linkage)'
    """
    name, linkage = in_words(row["clusterer"], CLUSTERERS), row.get("linkage")
    return f"{name} ({in_words(linkage, LINKAGES)} linkage)" if isinstance(linkage, str) else name
