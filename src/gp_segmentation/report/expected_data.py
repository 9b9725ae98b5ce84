"""Recorded and expected patients on registers, as the page's script has them."""

from __future__ import annotations

from typing import Any

import numpy as np

from gp_segmentation.schemas import Results
from gp_segmentation.utils.intervals import rounded_intervals


def expected_data(results: Results, codes: list[str]) -> dict[str, Any]:
    """Return registers, register_codes, outside, ratios and adjusted_for.

    ``outside`` has, in the order of `codes`, the registers of each practice whose recorded number is outside
    the interval of the expected one: position in ``registers``, recorded, expected and the interval (rounded
    to what it bears). ``ratios`` has for each register, by number of the segment, the segment's recorded
    patients for each expected one. ``adjusted_for``: what numbers are expected from.
    """
    table = results.expected
    rows = table[~table["recorded"].between(table["low"], table["high"]) & table["practice_code"].isin(codes)]
    names = results.expected_groups.drop_duplicates("group_code").set_index("group_code")["condition"]
    names = names[names.index.isin(rows["group_code"])].sort_values(kind="stable")
    registers = list(names)
    number = rows["group_code"].map(names).map({name: i for i, name in enumerate(registers)})
    shown = rounded_intervals(*rows[["expected", "low", "high"]].to_numpy(dtype=float).T)
    outside: list[list[list[int]]] = [[] for _ in codes]
    position = {code: i for i, code in enumerate(codes)}
    values = np.column_stack([number, rows["recorded"], *shown]).astype("int64")
    for code, value in zip(rows["practice_code"], values.tolist(), strict=True):
        outside[position[code]].append(value)
    return {
        "registers": registers,
        "register_codes": [str(code) for code in names.index],
        "outside": outside,
        "ratios": _ratios(results, registers),
        "adjusted_for": [str(name) for name in results.expected_about.get("adjusted_for", [])],
    }


def _ratios(results: Results, registers: list[str]) -> list[dict[int, float]]:
    if "segment_code" not in results.segments:  # a run of before there were levels
        return [{} for _ in registers]
    segments = results.segments.drop_duplicates("segment").set_index("segment_code")["segment"]
    groups = results.expected_groups
    groups = groups[(groups["level"] == "segment") & groups["area_code"].isin(segments.index)]
    groups = groups[(groups["expected"] > 0) & groups["condition"].isin(registers)]
    ratios: dict[str, dict[int, float]] = {name: {} for name in registers}
    for _, row in groups.iterrows():
        ratios[row["condition"]][int(segments[row["area_code"]])] = round(
            row["recorded"] / row["expected"], 4
        )
    return list(ratios.values())
