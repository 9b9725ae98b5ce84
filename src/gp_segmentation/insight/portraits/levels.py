"""Names of supergroups, segments and subgroups: what each is like, and how it differs from its siblings."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import pandas as pd

from gp_segmentation.insight.portraits.names import AVERAGE, Claim, name_claims, name_segments

T = TypeVar("T")
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
    tables = natural, features, dictionary
    named = _by_code(name_segments, tables, codes["supergroup"])
    names: dict[str, tuple[str, str, str | None]] = {}
    for code, name in named.items():
        segments = codes.loc[codes["supergroup"] == code, "segment"].unique()
        names[code] = (segment_names[segments[0]] if len(segments) == 1 else name, ENGLAND, None)
    for parent, child in (("supergroup", "segment"), ("segment", "subgroup")):
        for above, members in codes.groupby(parent, sort=True):
            apart = _by_code(name_segments, tables, members[child])
            for code, name in apart.items():
                difference = (
                    name.replace(AVERAGE, f"Close to the average of {above}") if len(apart) > 1 else None
                )
                if child == "segment":
                    names[code] = (segment_names[code], ENGLAND, difference)
                else:
                    names[code] = (difference or f"All of {above}", str(above), difference)
    return names


def level_claims(
    natural: pd.DataFrame, features: pd.DataFrame, dictionary: pd.DataFrame, codes: pd.DataFrame
) -> tuple[dict[str, list[Claim]], dict[str, list[Claim]]]:
    """Return code -> the claims that can be made of a group against England, and against its parent.

    The second has segments and subgroups; an only child has no claims there.

    Parameters
    ----------
    As for `name_levels`.
    """
    tables = natural, features, dictionary
    england: dict[str, list[Claim]] = {}
    parents: dict[str, list[Claim]] = {}
    for level in codes:
        england |= _by_code(name_claims, tables, codes[level])
    for parent, child in (("supergroup", "segment"), ("segment", "subgroup")):
        for _, members in codes.groupby(parent, sort=True):
            parents |= _by_code(name_claims, tables, members[child])
    return england, parents


def _by_code(
    function: Callable[..., dict[int, T]], tables: tuple[pd.DataFrame, ...], groups: pd.Series
) -> dict[str, T]:
    """Code -> what `function` finds of each group, compared with all practices of `groups`."""
    numbers, values = pd.factorize(groups, sort=True)
    found = function(*tables, pd.Series(numbers, index=groups.index))
    return {str(values[number]): result for number, result in found.items()}
