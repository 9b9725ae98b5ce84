"""What the pages say of the features: left out, noted, spread, what age explains, what was kept."""

from typing import Any

import pandas as pd

from gp_segmentation.schemas import Results
from gp_segmentation.utils.wording import natural, signed


def features_found(results: Results) -> dict[str, Any]:
    """Return the first look at the features as plain values.

    ``components`` is None when nothing is known of a reducer (before anything was prepared for clustering),
    and empty when nothing was reduced.
    """
    found = results.exploration
    components = found.get("components")
    return {
        "notes": _records(found.get("notes")),
        "dropped": _records(found.get("dropped")),
        "summary": [_spread(row) for row in _records(found.get("summary"))],
        "age": [_age(row) for row in _records(found.get("age_explained"))],
        "components": None if components is None else [_component(row) for row in _records(components)],
        "kept": _kept(results),
    }


def _records(table: pd.DataFrame | None) -> list[dict[Any, Any]]:
    return [] if table is None else table.to_dict("records")


def _spread(row: dict[Any, Any]) -> dict[str, str]:
    unit = str(row["unit"])
    spread = {name: natural(row[name], unit) for name in ("median", "minimum", "maximum")}
    ceiling = row["ceiling_share"]
    return spread | {
        "label": str(row["label"]),
        "missing": f"{int(row['missing']):,}",
        "skew_before": signed(float(row["skew_before"])),
        "skew_after": signed(float(row["skew_after"])),
        "ceiling": "" if pd.isna(ceiling) else f"{float(ceiling):.1%}",
    }


def _age(row: dict[Any, Any]) -> dict[str, str]:
    return {
        "label": str(row["label"]),
        "explained": "not known" if pd.isna(row["r_squared"]) else f"{float(row['r_squared']):.2f}",
        "practices": f"{int(row['practices']):,}",
    }


def _component(row: dict[Any, Any]) -> dict[str, str]:
    shares = {name: f"{float(row[name]):.1%}" for name in ("share", "cumulative")}
    return {"component": str(row["component"]), "features": str(row["features"])} | shares


def _kept(results: Results) -> str:
    components = results.exploration.get("components")
    if components is None or components.empty:
        return ""
    return (
        f"{len(results.dictionary)} features were reduced to {len(components)} components, which carry "
        f"{float(components['cumulative'].iloc[-1]):.0%} of their variance."
    )
