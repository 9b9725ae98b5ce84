"""What the practices of each segment record more and less than England, and the same of each board."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import natural


def conditions(results: Results, icbs: Sequence[str]) -> dict[int, dict[str, Any]]:
    """Return segment -> ``more``, ``less`` (lists of conditions) and ``adjusted``, as its portrait has them.

    A condition has name, mean and England's mean as texts, and ``boards``: in the order of `icbs`, the mean
    of the board's fitted practices of the segment; None where it has none. A run of before there were any has
    no conditions.
    """
    fitted = results.segments[results.segments["fitted"]].set_index("practice_code")
    found = {}
    for portrait in results.portraits:
        told = portrait.get("conditions") or {"more": [], "less": [], "adjusted": False}
        of_board = fitted.loc[fitted["segment"] == portrait["segment"], "icb_name"]
        found[int(portrait["segment"])] = {
            "adjusted": told["adjusted"],
            **{
                name: [
                    {key: one[key] for key in ("name", "mean", "england")}
                    | {"boards": _boards(results.natural[one["feature"]], of_board, icbs)}
                    for one in told[name]
                ]
                for name in ("more", "less")
            },
        }
    return found


def _boards(values: pd.Series, of_board: pd.Series, icbs: Sequence[str]) -> list[str | None]:
    means = values.reindex(of_board.index).groupby(of_board).mean().reindex(list(icbs))
    return [natural(mean, "%") if np.isfinite(mean) else None for mean in means]
