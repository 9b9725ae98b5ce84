"""How every measure changed in every segment, and in England."""

from collections.abc import Mapping

import pandas as pd

from gp_segmentation.utils.averages import weighted_means

#: Which practices: those of every year, by their segment in the first; or all, by their segment of each year.
SAME, ALL = "same practices", "all practices"
ENGLAND = "England"


def trends(
    natural: Mapping[str, pd.DataFrame],
    patients: Mapping[str, pd.Series],
    segments: Mapping[str, pd.Series],
    dictionary: pd.DataFrame,
) -> pd.DataFrame:
    """Return the mean of every measure by year, group of practices and segment, weighted by list size.

    In the group of the same practices no practice changes its segment, opens or closes: what changes are
    their figures. A change in all practices that is not in the same ones comes from who is in the segment.

    Parameters
    ----------
    natural, patients, segments : period -> practice_code -> measures in natural units, list size, segment.

    Returns
    -------
    feature, label, unit, period, group, segment (number as text, or England), practices, mean.
    """
    first = segments[next(iter(segments))]
    always = first.index
    for own in segments.values():
        always = always.intersection(own.index)
    rows = [
        _means(values.loc[of.index], patients[period].loc[of.index], names).assign(period=period, group=group)
        for period, values in natural.items()
        for group, of in ((SAME, first[always]), (ALL, segments[period]))
        for names in (of.astype(int).astype(str), pd.Series(ENGLAND, of.index))
    ]
    table = pd.concat(rows, ignore_index=True).merge(dictionary[["feature", "label", "unit"]], on="feature")
    columns = ["feature", "label", "unit", "period", "group", "segment", "practices", "mean"]
    return table[columns].sort_values(["feature", "group", "segment", "period"], ignore_index=True)


def _means(values: pd.DataFrame, patients: pd.Series, names: pd.Series) -> pd.DataFrame:
    """segment, feature, mean, and practices with a figure."""
    tables = {
        "mean": weighted_means(values, patients, names),
        "practices": values.notna().groupby(names).sum(),
    }
    long = [
        table.rename_axis("segment").reset_index().melt("segment", var_name="feature", value_name=name)
        for name, table in tables.items()
    ]
    return long[0].merge(long[1], on=["segment", "feature"])
