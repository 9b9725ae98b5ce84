"""Tables of the pages about the features."""

from typing import Any

import pandas as pd

from gp_segmentation.schemas import Results
from gp_segmentation.utils.wording import UNKNOWN, natural, signed


def feature_tables(results: Results) -> dict[str, Any]:
    """Return the first look at the features as texts: notes, dropped, summary, age, components, kept.

    ``components`` is None before anything was prepared for clustering, and empty when nothing was reduced.
    """
    prepared, components = "components" in results.exploration, _rows(results, "components")
    return {
        "notes": _rows(results, "notes"),
        "dropped": _rows(results, "dropped"),
        "summary": [_distribution(row) for row in _rows(results, "summary")],
        "age": [_age(row) for row in _rows(results, "age_explained")],
        "components": [_component(row) for row in components] if prepared else None,
        "kept": f"{len(results.dictionary)} features were reduced to {len(components)} components, which "
        f"explain {float(components[-1]['cumulative']):.0%} of their variance."
        if components
        else "",
    }


def _rows(results: Results, name: str) -> list[dict[Any, Any]]:
    table = results.exploration.get(name)
    return [] if table is None else table.to_dict("records")


def _distribution(row: dict[Any, Any]) -> dict[str, str]:
    unit, ceiling = str(row["unit"]), row["ceiling_share"]
    return {name: natural(row[name], unit) for name in ("median", "minimum", "maximum")} | {
        "label": str(row["label"]),
        "missing": f"{int(row['missing']):,}",
        "skew_before": signed(float(row["skew_before"])),
        "skew_after": signed(float(row["skew_after"])),
        "ceiling": "" if pd.isna(ceiling) else f"{float(ceiling):.1%}",
    }


def _age(row: dict[Any, Any]) -> dict[str, str]:
    return {
        "label": str(row["label"]),
        "explained": UNKNOWN if pd.isna(row["r_squared"]) else f"{float(row['r_squared']):.2f}",
        "practices": f"{int(row['practices']):,}",
    }


def _component(row: dict[Any, Any]) -> dict[str, str]:
    shares = {name: f"{float(row[name]):.1%}" for name in ("share", "cumulative")}
    return {"component": str(row["component"]), "features": str(row["features"])} | shares
