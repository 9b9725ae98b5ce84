"""What is shown of several years."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class PanelTables:
    """What several years on one frozen model show; each table has a schema, ``panel_`` and its name.

    Attributes
    ----------
    segments, practices, account, flows, trends, agreement, returns, core : see `panel_tables`.
    warnings : sentences that ask for another file; they come first. findings, notes : sentences.
    metrics : name -> one number for each two years that follow each other.
    """

    periods: list[str]
    segments: pd.DataFrame
    practices: pd.DataFrame
    account: pd.DataFrame
    flows: pd.DataFrame
    trends: pd.DataFrame
    agreement: pd.DataFrame
    returns: pd.DataFrame
    core: pd.DataFrame
    warnings: list[str]
    findings: list[str]
    notes: list[str]
    metrics: dict[str, list[float]]
