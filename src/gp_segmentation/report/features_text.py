"""Tables of the pages about the features."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from gp_segmentation.schemas import Results
from gp_segmentation.utils.labels import BLOCKS, in_words
from gp_segmentation.utils.rounding import natural, percent, signed, whole_percent


def feature_tables(results: Results) -> dict[str, Any]:
    """Return the first look at the features as texts: notes, dropped, summary, age, components, kept.

    ``components`` is None before anything was prepared for clustering, and empty when nothing was reduced.
    """
    labels = dict(zip(results.dictionary["feature"], results.dictionary["label"], strict=True))
    prepared, components = "components" in results.exploration, _rows(results, "components")
    return {
        **{name: [_named(row, labels) for row in _rows(results, name)] for name in ("notes", "dropped")},
        "summary": [_distribution(row) for row in _rows(results, "summary")],
        "age": [_age(row) for row in _rows(results, "age_explained")],
        "components": [_component(row) for row in components] if prepared else None,
        "kept": f"{len(results.dictionary)} features were reduced to {len(components)} components, which "
        f"explain {percent(float(components[-1]['cumulative']))} of their variance."
        if components
        else "",
    }


def _rows(results: Results, name: str) -> list[dict[Any, Any]]:
    table = results.exploration.get(name)
    return [] if table is None else table.to_dict("records")


def _named(row: dict[Any, Any], labels: Mapping[str, str]) -> dict[Any, Any]:
    """A note, or a feature that was left out, which has no label, in words."""
    words = {"feature": in_words(row["feature"], labels)} if "feature" in row else {}
    if "reason" in row:  # it may end with the name of a feature that was kept
        begin, _, name = str(row["reason"]).rpartition(" ")
        words["reason"] = f"{begin} {labels.get(name, name)}"
    return row | {"block": in_words(row["block"], BLOCKS)} | words


def _distribution(row: dict[Any, Any]) -> dict[str, str]:
    unit, ceiling = str(row["unit"]), row["ceiling_share"]
    return {name: natural(row[name], unit) for name in ("median", "minimum", "maximum")} | {
        "label": str(row["label"]),
        "missing": f"{int(row['missing']):,}",
        "skew_before": signed(float(row["skew_before"])),
        "skew_after": signed(float(row["skew_after"])),
        "ceiling": "" if pd.isna(ceiling) else whole_percent(float(ceiling)),
    }


def _age(row: dict[Any, Any]) -> dict[str, str]:
    return {
        "label": str(row["label"]),
        "explained": percent(float(row["r_squared"])),
        "practices": f"{int(row['practices']):,}",
    }


def _component(row: dict[Any, Any]) -> dict[str, str]:
    shares = {name: percent(float(row[name])) for name in ("share", "cumulative")}
    return {"component": str(row["component"]), "features": str(row["features"])} | shares
