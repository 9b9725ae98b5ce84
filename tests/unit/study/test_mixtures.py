"""The information criteria of the trials: one mixture for each number, until BIC falls no more."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans

from gp_segmentation.study.criteria import MIXTURE_CRITERIA, best_trials
from gp_segmentation.study.mixtures import with_mixtures


def test_each_number_has_a_mixture_until_two_more_are_no_better():
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(80, 2)) + centre for centre in ([0, 0], [9, 0], [0, 9])])
    ks = [2, 3, 4, 5, 6, 7]
    labels = {i: KMeans(k, n_init=3, random_state=0).fit_predict(rows) for i, k in enumerate(ks)}
    labels[6] = labels[1]  # as many segments by another clusterer
    trials = pd.DataFrame(
        {"trial": range(7), "preparation": None, "clusterer": ["kmeans"] * 6 + ["hierarchical"]}
    ).assign(linkage=[None] * 6 + ["ward"], n_clusters=[*ks, 3])
    found = with_mixtures(trials, labels, None, rows, jobs=1)
    # 3 has the lowest; 4 and 5 are no better, so 6 and 7 are not fitted. Trial 6 has 3 as well.
    assert found["bic"].notna().tolist() == [True, True, True, True, False, False, False]
    assert found["icl"].notna().tolist() == found["bic"].notna().tolist()
    chosen = best_trials(found, MIXTURE_CRITERIA)
    assert {name: choice["n_clusters"] for name, choice in chosen.items()} == {"bic": 3, "icl": 3}
