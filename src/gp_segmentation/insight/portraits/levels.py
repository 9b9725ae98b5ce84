"""Names of supergroups, segments and subgroups: what each is like, and how it differs from its siblings."""

from collections.abc import Mapping

import pandas as pd

from gp_segmentation.insight.portraits.names import AVERAGE, name_segments

#: What a name is compared with where it has no parent.
ENGLAND = "England"


def name_levels(
    natural: pd.DataFrame,
    features: pd.DataFrame,
    dictionary: pd.DataFrame,
    codes: pd.DataFrame,
    segment_names: Mapping[str, str],
) -> dict[str, tuple[str, str, str | None]]:
    """Return code -> its name, what this name compares it with, and what sets it apart from its siblings.

    Supergroups and segments are named by how they differ from England, subgroups by how they differ from
    their segment: most of a segment's practices share what makes it differ from England. A supergroup of one
    segment has this segment's name. An only child is set apart from nothing (None).

    Parameters
    ----------
    natural, features, dictionary : as for `name_segments`.
    codes : practice_code (fitted) -> supergroup, segment, subgroup.
    segment_names : code -> name of the segments.
    """
    named = _names(natural, features, dictionary, codes["supergroup"])
    names: dict[str, tuple[str, str, str | None]] = {}
    for code, name in named.items():
        segments = codes.loc[codes["supergroup"] == code, "segment"].unique()
        names[code] = (segment_names[segments[0]] if len(segments) == 1 else name, ENGLAND, None)
    for parent, child in (("supergroup", "segment"), ("segment", "subgroup")):
        for above, members in codes.groupby(parent, sort=True):
            apart = _names(natural, features, dictionary, members[child])
            for code, name in apart.items():
                difference = (
                    name.replace(AVERAGE, f"Close to the average of {above}") if len(apart) > 1 else None
                )
                if child == "segment":
                    names[code] = (segment_names[code], ENGLAND, difference)
                else:
                    names[code] = (difference or f"All of {above}", str(above), difference)
    return names


def _names(
    natural: pd.DataFrame, features: pd.DataFrame, dictionary: pd.DataFrame, groups: pd.Series
) -> dict[str, str]:
    """Code -> name of groups, compared with all practices of `groups`."""
    numbers, values = pd.factorize(groups, sort=True)
    named = name_segments(natural, features, dictionary, pd.Series(numbers, index=groups.index))
    return {str(values[number]): name for number, name in named.items()}
