"""The practices whose segment resamples or another method dispute."""

import pandas as pd

#: Columns of the table of disputed practices, in order.
COLUMNS = (
    *("practice_code", "practice_name", "icb_name", "segment", "segment_name", "margin", "second_segment"),
    *("stays", "resample_segment", "other_method_segment", "disputed_by"),
)


def disputed_practices(practices: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """List the disputed practices with both segments and margins, the least sure first: `COLUMNS`.

    Parameters
    ----------
    practices : from `practice_table`, its index named practice_code; may be empty.
    segments : schema ``segments``.
    """
    if practices.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    found = practices[practices["disputed_by"] != ""].drop(columns="segment")
    table = segments.merge(found, left_on="practice_code", right_index=True)
    table = table.sort_values(["stays", "margin", "practice_code"], kind="stable")
    return table[list(COLUMNS)].reset_index(drop=True)
