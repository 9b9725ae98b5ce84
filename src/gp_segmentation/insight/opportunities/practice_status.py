"""How far a practice can be spoken to: whether it is open still, and has enough patients to be judged."""

import pandas as pd

OPEN, NOT_LISTED, FEW = "open", "not listed", "few eligible patients"
#: Statuses of the Organisation Data Service in words.
WORDS = {"ACTIVE": OPEN, "INACTIVE": "closed", "DORMANT": "dormant", "PROPOSED": "not open yet"}


def practice_standing(
    rows: pd.DataFrame, organisations: pd.DataFrame, *, min_denominator: float | None = None
) -> pd.Series:
    """Return, for every row about a practice, what a reader must know before writing to that practice.

    ``open``, ``closed``, ``dormant`` (kept for what is still to be paid), ``not open yet`` or ``not listed``
    (the list of organisations does not have it); to an open one is added, in place of ``open``, ``few
    eligible patients`` where the row rests on fewer than `min_denominator`; to others after "; ".

    Parameters
    ----------
    rows : practice_code, and eligible (patients) where `min_denominator` is given.
    organisations : schema ``organisations``.
    """
    status = organisations.set_index("practice_code")["status"].map(WORDS)
    found = rows["practice_code"].map(status).fillna(NOT_LISTED).astype("str").rename("standing")
    if min_denominator is None:
        return found
    few = rows["eligible"] < min_denominator
    return found.mask(few, found.where(found != OPEN, "") + "; " + FEW).str.removeprefix("; ")
