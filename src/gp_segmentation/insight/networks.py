"""Practices summed up by sub-ICB location, primary care network (PCN) and groups of one's own."""

import pandas as pd

from gp_segmentation.schemas import SCHEMAS
from gp_segmentation.utils.averages import weighted_means

#: Levels with hundreds of areas, whose sums have tables of their own.
NETWORK_LEVELS = ("sub_icb", "pcn")
#: Code and name under which practices in no network are counted; in tables its code is null.
NO_NETWORK = "no network"
#: The level of a grouping of one's own is this and its label; practices in none of its groups.
GROUP_LEVEL, NO_GROUP = "group: ", "no group"


def network_codes(practices: pd.DataFrame) -> pd.DataFrame:
    """Return practice_code -> code of its area at each of `NETWORK_LEVELS`, or "no network"."""
    rows = practices.set_index("practice_code")
    return pd.DataFrame({level: rows[f"{level}_code"].fillna(NO_NETWORK) for level in NETWORK_LEVELS})


def own_groups(groupings: pd.DataFrame, practices: pd.Series) -> pd.DataFrame:
    """Return practice_code -> its group in each grouping (column "group: LABEL"), or "no group".

    Parameters
    ----------
    groupings : schema ``groupings``. practices : codes of all practices.
    """
    codes = pd.Index(practices, name="practice_code")
    by_label = groupings.set_index("practice_code").groupby("label")["group"]
    return pd.DataFrame(
        {f"{GROUP_LEVEL}{label}": own.reindex(codes).fillna(NO_GROUP) for label, own in by_label}, codes
    )


def names_of(codes: pd.Series, practices: pd.DataFrame) -> pd.Series:
    """Return the name of the area of each code from `network_codes`; several areas can have one name."""
    names = {NO_NETWORK: NO_NETWORK}
    for level in NETWORK_LEVELS:
        names |= dict(zip(practices[f"{level}_code"], practices[f"{level}_name"], strict=True))
    return codes.map(names).fillna(codes).astype("str")


def network_profiles(
    natural: pd.DataFrame, dictionary: pd.DataFrame, practices: pd.DataFrame
) -> pd.DataFrame:
    """Describe every network by every feature; practices count by their list size.

    Of a network with practices i of list size N_i and with a figure x_i,

        weighted_mean = sum(N_i x_i) / sum(N_i),
        difference_sd = (weighted_mean - england_weighted_mean) / standard deviation between practices,

    where england_weighted_mean is the same of all practices with a figure, special ones too. Weighted by
    `patients` (the sum of N_i), the means of networks average to England's.

    Parameters
    ----------
    natural : practice_code -> features in natural units, NaN where not known. dictionary : what they are.
    practices : practice_code, list_size, and code and name of PCN and sub-ICB location.

    Returns
    -------
    Schema ``profiles_by_network``: networks by code, practices in none last.
    """
    rows, about = practices.set_index("practice_code"), dictionary.set_index("feature")
    values, patients = natural.reindex(rows.index)[list(about.index)], rows["list_size"]
    network, known = network_codes(practices)["pcn"], values.notna()
    found = {
        "practices": known.groupby(network).sum(),
        "patients": known.mul(patients, axis=0).groupby(network).sum(),
        "weighted_mean": weighted_means(values, patients, network),
    }
    keys = pd.MultiIndex.from_product([found["practices"].index, about.index], names=["pcn_code", "feature"])
    long = pd.DataFrame({name: frame.to_numpy().ravel() for name, frame in found.items()}, index=keys)
    table = long.reset_index().join(about, on="feature")
    england = weighted_means(values, patients, pd.Series(0, index=rows.index)).iloc[0]
    spread = values.std()
    table["england_weighted_mean"] = table["feature"].map(england)
    difference = table["weighted_mean"] - table["england_weighted_mean"]
    table["difference_sd"] = difference / table["feature"].map(spread.where(spread > 0))
    table["pcn_name"] = names_of(table["pcn_code"], practices)
    table["pcn_code"] = table["pcn_code"].mask(table["pcn_code"] == NO_NETWORK)
    return table[list(SCHEMAS["profiles_by_network"].columns)]
