"""Indicators that have another code in another year, translated to the codes of a run."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import yaml

from gp_segmentation.errors import ConfigError
from gp_segmentation.features import Tables


def read_renumbered(path: Path) -> list[list[str]]:
    """Read groups of codes that mean one indicator, from a YAML list of lists.

    Raises
    ------
    ConfigError : it is not such a list, or a code is in two groups.
    """
    groups = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    if not isinstance(groups, list) or any(
        not isinstance(group, list) or not all(isinstance(code, str) for code in group) for group in groups
    ):
        raise ConfigError(f"{path} is not a list of lists of indicator codes. Write: - [AF007, AF008]")
    codes = pd.Series([code for group in groups for code in group], dtype="str")
    twice = codes[codes.duplicated()]
    if len(twice):
        raise ConfigError(f"{path} has {twice.iloc[0]} twice. A code belongs to one indicator")
    return groups


def matching_codes(
    ours: Iterable[str], theirs: Iterable[str], groups: Sequence[Sequence[str]]
) -> dict[str, str]:
    """Return their code -> our code for each indicator that both have under different codes.

    A code that both use stays as it is, and so does one that they use together with its counterpart.
    """
    here, there = set(ours), set(theirs)
    pairs = ((there.intersection(group), here.intersection(group)) for group in groups)
    return {min(new): min(base) for new, base in pairs if len(new) == len(base) == 1 and new != base}


def align_indicator_codes(
    base: Tables, new: Tables, groups: Sequence[Sequence[str]]
) -> tuple[Tables, dict[str, str]]:
    """Return `new` with its renumbered indicators under the codes of `base`, and new code -> base code."""
    codes = matching_codes(base.indicators["indicator_code"], new.indicators["indicator_code"], groups)
    tables = {
        name: table.assign(indicator_code=table["indicator_code"].replace(codes))
        for name, table in (("achievement", new.achievement), ("indicators", new.indicators))
    }
    return replace(new, **tables), codes
