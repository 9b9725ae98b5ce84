"""Everything the page says, as a dictionary: what a test can check without reading HTML."""

import re
from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pandas as pd
import yaml

from gp_segmentation.errors import without_secrets
from gp_segmentation.report import evidence_text, formatting, preparation_text
from gp_segmentation.report.features_text import features_found
from gp_segmentation.schemas import Results
from gp_segmentation.utils.wording import natural, signed

#: Packages whose versions bear on the figures.
PACKAGES = (
    *("gp-segmentation", "numpy", "scipy", "pandas", "scikit-learn", "pyarrow", "pandera", "optuna"),
    *("hydra-core", "mlflow", "dvc", "matplotlib", "geopandas", "shapely", "pyproj", "afcharts", "jinja2"),
)
#: Special practices named on the page, and opportunities listed.
NAMED, LISTED = 200, 15


def summarise(results: Results, *, top_features: int = 12) -> dict[str, Any]:
    """Return what the page says of `results`; plain values only, texts from data not escaped.

    Parameters
    ----------
    top_features : rows of each segment's profile, the features that set it apart most.
    """
    return {
        "title": f"Segments of general practices, {results.source['label']}",
        "source": dict(results.source),
        "synthetic": bool(results.source["synthetic"]),
        "warning": str(results.source.get("warning") or ""),
        "counts": _counts(results),
        "verdict": _verdict(results.evidence),
        "choice": _choice(results.choice),
        "preparations": preparation_text.preparation_rows(results),
        "metrics": _metrics(results.metrics),
        "segments": [_segment(p, results, top_features) for p in results.portraits],
        "evidence": _evidence(results.evidence.get("segments") or []),
        "trust": [
            *evidence_text.evidence_sentences(results.evidence),
            *preparation_text.preparation_sentences(results),
        ],
        "blocks": _blocks(results.dictionary),
        "special": _special(results),
        "imputed": _imputed(results.imputed),
        "features": features_found(results),
        "opportunities": _opportunities(results.opportunities),
        "space": evidence_text.spatial_sentence(results.space),
        "quality": results.quality.to_dict("records"),
        "seed": results.config.get("seed"),
        "config": _config(results.config),
        "versions": versions(),
        "files": [dict(row) for row in results.source.get("files", [])],
    }


def _config(config: dict[str, Any]) -> str:
    """Return the configuration as YAML, without what changes no result: the page stays the same bytes."""
    shown = {key: value for key, value in config.items() if key not in ("jobs", "tracking")}
    return without_secrets(yaml.safe_dump(shown, sort_keys=True, allow_unicode=True))


def _counts(results: Results) -> dict[str, int]:
    fitted = int(results.segments["fitted"].sum())
    return {
        "practices": len(results.segments),
        "patients": int(results.practices["list_size"].sum()),
        "fitted": fitted,
        "special": len(results.segments) - fitted,
        "segments": int(results.segments["segment"].max()),
        "features": len(results.dictionary),
        "imputed": int(results.imputed["count"].sum()) if len(results.imputed) else 0,
        "quality": int(results.quality["count"].sum()),
    }


def _verdict(evidence: dict[str, Any]) -> dict[str, Any]:
    word = str(evidence.get("verdict") or "")
    return {
        "word": word,
        "sentence": str(evidence.get("meaning") or formatting.VERDICTS.get(word, formatting.NO_VERDICT)),
        "reasons": [str(reason) for reason in evidence.get("reasons") or []],
    }


def _metrics(metrics: dict[str, Any]) -> list[tuple[str, str]]:
    """Readable names and values, in the order of `formatting.METRICS`, unknown ones last."""
    order = [key for key in formatting.METRICS if key in metrics]
    order += sorted(set(metrics) - set(order))
    return [(formatting.readable(key, formatting.METRICS), formatting.number(metrics[key])) for key in order]


def _choice(choice: dict[str, Any]) -> dict[str, Any]:
    preferred = choice.get("by_criterion") or {}
    return {
        "clusterer": formatting.clusterer(choice),
        "n_clusters": int(choice["n_clusters"]),
        "reason": str(choice.get("reason", "")),
        "by_criterion": [
            (formatting.readable(str(key), formatting.CRITERIA), _preference(value))
            for key, value in sorted(preferred.items())
        ],
    }


def _evidence(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """What was measured of every segment, as text."""
    keys = ("segment", "practices", "silhouette", "jaccard", "neighbour", "valley")
    return [{key: formatting.number(row.get(key)) for key in keys} for row in rows]


def _preference(value: Any) -> str:
    """A criterion's preference: a number of segments, or the trial it would have chosen."""
    if isinstance(value, dict):
        score = f" ({formatting.number(value['value'])})" if value.get("value") is not None else ""
        return f"{formatting.clusterer(value)}, {formatting.number(value['n_clusters'])} segments{score}"
    return "none" if value is None else formatting.number(value)


def _segment(portrait: dict[str, Any], results: Results, top: int) -> dict[str, Any]:
    number = portrait["segment"]
    mine = results.segments[results.segments["segment"] == number]
    rows = results.profiles[results.profiles["segment"] == number]
    used = rows["used"].astype(bool)
    silhouette = mine["silhouette"].mean()
    return {
        **portrait,
        "silhouette": None if pd.isna(silhouette) else float(silhouette),
        "profile": [_profile_row(r) for r in rows[used].sort_values("rank").head(top).to_dict("records")],
        "profile_unused": [_profile_row(r) for r in rows[~used].sort_values("rank").to_dict("records")],
        "features": int(used.sum()),
        "regions": _shares(mine["region_name"]),
        "icbs": _shares(mine["icb_name"])[:5],
    }


def _profile_row(row: dict[Any, Any]) -> dict[str, Any]:
    unit = str(row["unit"])
    low, high = signed(row["difference_low"]), signed(row["difference_high"])
    difference = float(row["difference_sd"])
    return {
        "label": str(row["label"]),
        "mean": natural(row["mean"], unit),
        "england": natural(row["england_mean"], unit),
        "quartiles": f"{natural(row['lower_quartile'], unit)} to {natural(row['upper_quartile'], unit)}",
        "difference": signed(difference),
        "interval": f"{low} to {high}",
        # Half the bar's width is two standard deviations.
        "bar": round(min(abs(difference), 2.0) * 25, 1) if difference == difference else 0.0,
        "above": difference > 0,
    }


def _shares(values: pd.Series) -> list[tuple[str, int, float]]:
    counts = values.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    return [(str(name), int(n), n / len(values)) for name, n in counts.items()]


def _blocks(dictionary: pd.DataFrame) -> list[dict[str, Any]]:
    blocks = dictionary.groupby("block", sort=False)
    return [
        {
            "block": str(name),
            "features": len(rows),
            "weight": float(rows["weight"].iloc[0]),
            "transforms": ", ".join(sorted(set(rows["transform"].astype(str)))),
        }
        for name, rows in blocks
    ]


def _special(results: Results) -> dict[str, Any]:
    """Practices that were assigned but not fitted: how many by kind of reason, and the first `NAMED`.

    A practice with several reasons ("list under 1,000; 83% of patients male") counts under each.
    "61% of patients aged 15 to 24" and "48% of patients aged 15 to 24" are one kind.
    """
    reasons = results.practices.set_index("practice_code")["special"]
    rows = results.segments[~results.segments["fitted"]]
    named = [
        {"code": str(code), "name": str(name), "reason": "other" if pd.isna(why) else str(why)}
        for code, name, why in sorted(
            zip(
                rows["practice_code"], rows["practice_name"], rows["practice_code"].map(reasons), strict=True
            ),
            key=lambda row: row[0],
        )
    ]
    kinds = Counter(kind for row in named for kind in _kinds(row["reason"]))
    counted = [{"kind": kind, "count": n} for kind, n in sorted(kinds.items(), key=lambda x: (-x[1], x[0]))]
    return {"kinds": counted, "practices": named[:NAMED]}


def _kinds(reason: str) -> set[str]:
    return {re.sub(r"^\d[\d.]*% ", "unusual share ", part) for part in reason.split("; ")}


def _imputed(imputed: pd.DataFrame) -> list[dict[str, Any]]:
    if imputed.empty:
        return []
    rows = imputed[imputed["count"] > 0].sort_values(["count", "feature"], ascending=[False, True])
    return [{"label": str(r), "count": int(n)} for r, n in zip(rows["label"], rows["count"], strict=True)]


def _opportunities(table: pd.DataFrame) -> list[dict[str, str]]:
    """The `LISTED` largest opportunities as text, read by the columns that are there."""
    if "additional_patients" not in table.columns:
        return []
    rows = table.sort_values("additional_patients", ascending=False, kind="stable").head(LISTED)
    return [
        {
            "indicator": str(row["indicator_code"]),
            "description": str(row.get("description") or ""),
            "segment": str(row["segment"]),
            "below": formatting.whole(row.get("practices_below")),
            "eligible": formatting.whole(row.get("eligible_patients")),
            "patients": formatting.whole(row["additional_patients"]),
            "interval": f"{formatting.whole(row.get('low'))} to {formatting.whole(row.get('high'))}"
            if "low" in row
            else "not known",
        }
        for row in rows.to_dict("records")
    ]


def versions() -> list[tuple[str, str]]:
    """Return name and version of `PACKAGES`, those that are installed."""
    found = []
    for name in PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return found
