"""Indicators under another code in another year, under the codes of a run."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import yaml

from gp_segmentation.errors import ConfigError
from gp_segmentation.features import Tables


def read_renumbered(path: Path) -> list[list[str]]:
    """Read groups of codes that are one indicator, from a YAML list of lists.

    Raises
    ------
    ConfigError : it is not such a list, or a code stands in two groups.
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


def renumbered(ours: Iterable[str], theirs: Iterable[str], groups: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return their code -> our code for every indicator that both have under different codes.

    A code that both use stays as it is, and so does one whose counterpart they use beside it.
    """
    mine, other = set(ours), set(theirs)
    found = {}
    for group in groups:
        wanted = [code for code in group if code in mine]
        given = [code for code in group if code in other]
        if len(wanted) == len(given) == 1 and wanted != given:
            found[given[0]] = wanted[0]
    return found


def under_codes_of(
    base: Tables, new: Tables, groups: Sequence[Sequence[str]]
) -> tuple[Tables, dict[str, str]]:
    """Return `new` with its renumbered indicators under the codes of `base`, and which these are."""
    codes = renumbered(base.indicators["indicator_code"], new.indicators["indicator_code"], groups)
    tables = {
        name: table.assign(indicator_code=table["indicator_code"].replace(codes))
        for name, table in (("achievement", new.achievement), ("indicators", new.indicators))
    }
    return replace(new, **tables), codes
