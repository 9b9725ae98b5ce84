"""The practices that another draw or another method would put into another segment."""

import pandas as pd


def disputed_practices(practices: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """List the disputed practices with both segments and margins, the least certain first.

    Parameters
    ----------
    practices : from `practice_table`, its index named practice_code; may be empty.
    segments : schema ``segments``.
    """
    columns = [
        *("practice_code", "practice_name", "icb_name", "segment", "segment_name", "margin"),
        *("second_segment", "stays", "likeliest_segment", "other_method_segment", "disputed_by"),
    ]
    if practices.empty:
        return pd.DataFrame(columns=columns)
    disputed = practices[practices["disputed_by"] != ""].drop(columns="segment")
    table = segments.merge(disputed, left_on="practice_code", right_index=True)[columns]
    return table.sort_values(["stays", "margin", "practice_code"], kind="stable", ignore_index=True)
