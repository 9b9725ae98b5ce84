"""Rows drawn for the evidence."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.testing import assert_frame_equal

from gp_segmentation.evidence import drawn_rows


def test_as_many_rows_as_asked_in_their_order_and_all_where_there_are_no_more():
    X = pd.DataFrame(np.arange(40.0).reshape(20, 2), index=[f"A{i:02}" for i in range(20)])
    drawn = drawn_rows(X, 7, seed=1)
    assert len(drawn) == drawn.index.nunique() == 7
    assert drawn.index.is_monotonic_increasing
    assert_frame_equal(drawn, X.loc[drawn.index])
    assert_frame_equal(drawn_rows(X, 7, seed=1), drawn)
    assert not drawn_rows(X, 7, seed=2).index.equals(drawn.index)
    assert drawn_rows(X, 20, seed=1) is X
