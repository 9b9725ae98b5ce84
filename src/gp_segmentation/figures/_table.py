"""The table of a figure as texts, for the page and for files made from it."""

from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from gp_segmentation.utils.wording import visible_name

#: Significant digits of a number that is no count.
DIGITS = 4


def table_texts(frame: pd.DataFrame) -> dict[str, Any]:
    """Return ``columns`` (heading, and "n" for numbers, else "") and ``rows`` (texts) of `frame`.

    Thousands have commas, what is not known is "".

    >>> table_texts(pd.DataFrame({"Segment": ["A1"], "Patients": [12345], "Mean": [0.123456]}))
    {'columns': [['Segment', ''], ['Patients', 'n'], ['Mean', 'n']], 'rows': [['A1', '12,345', '0.1235']]}
    """
    kinds = ["n" if is_numeric_dtype(kind) else "" for kind in frame.dtypes]
    columns = [[visible_name(name), kind] for name, kind in zip(frame.columns, kinds, strict=True)]
    return {"columns": columns, "rows": [[_text(value) for value in row] for row in _rows(frame)]}


def _rows(frame: pd.DataFrame) -> list[list[Any]]:
    """The rows; counts stay counts beside fractions."""
    return [
        list(row) for row in zip(*(frame.iloc[:, i].tolist() for i in range(frame.shape[1])), strict=True)
    ]


def _text(value: Any) -> str:
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, float):
        # Rounded first: formatting with so few digits would write large numbers with an exponent.
        return f"{float(f'{value:.{DIGITS}g}'):z,.12g}" if value else "0"
    return f"{value:,}" if isinstance(value, int) else visible_name(value)
