"""Everything the page says, as a dictionary that tests can check without reading HTML."""

import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pandas as pd
import yaml

from gp_segmentation.errors import without_secrets
from gp_segmentation.figures import segment_keys
from gp_segmentation.report.choice_text import choice_text
from gp_segmentation.report.evidence_text import (
    evidence_sentences,
    spatial_sentence,
    usefulness_sentences,
    verdict_text,
)
from gp_segmentation.report.expected_text import expected_text
from gp_segmentation.report.features_text import feature_tables
from gp_segmentation.report.first_screen import elsewhere_rows, first_screen, segments_are_real, verdict_tests
from gp_segmentation.report.formatting import METRICS, score_name, score_text
from gp_segmentation.report.levels_text import levels_text
from gp_segmentation.report.preparation_text import preparation_rows, preparation_sentences
from gp_segmentation.schemas import Results
from gp_segmentation.utils.hashes import WITHOUT_EFFECT, identity
from gp_segmentation.utils.intervals import rounded_interval
from gp_segmentation.utils.labels import BLOCKS, TRANSFORMS, in_words
from gp_segmentation.utils.rounding import UNKNOWN, natural, signed
from gp_segmentation.utils.wording import data_kind

#: Packages whose versions can change the figures.
PACKAGES = (
    *("gp-segmentation", "numpy", "scipy", "pandas", "scikit-learn", "pyarrow", "pandera", "optuna"),
    *("hydra-core", "mlflow", "dvc", "matplotlib", "geopandas", "shapely", "pyproj", "afcharts", "jinja2"),
)
FILE_COLUMNS = ("filename", "address", "bytes", "sha256")
#: Most special practices and most opportunities that the page lists.
MAX_SPECIAL, MAX_OPPORTUNITIES = 200, 15


def summarise(results: Results, *, top_features: int = 12) -> dict[str, Any]:
    """Return the contents of the page of `results`; texts from data are not escaped.

    Parameters
    ----------
    top_features : rows in the profile of each segment, the features on which it differs most from England.
    """
    choice, codes = choice_text(results), {key.number: key.code for key in segment_keys(results.segments)}
    counts, verdict = _counts(results), verdict_text(results, fixed=choice["fixed"])
    portraits = {portrait["segment"]: portrait for portrait in results.portraits}
    return {
        **frame(results),
        "title": f"Segments of general practices, {results.source['label']}",
        "counts": counts,
        "first": first_screen(results, counts, verdict),
        "tests": verdict_tests(results.evidence),
        "elsewhere": elsewhere_rows(results.evidence),
        "verdict": verdict,
        "choice": choice,
        "usefulness": usefulness_sentences(results.evidence),
        "levels": levels_text(results),
        "preparations": preparation_rows(results),
        "metrics": _metrics(results.metrics),
        "segments": [_segment(portraits[n], code, results, top_features) for n, code in codes.items()],
        "segment_evidence": _segment_evidence(results.evidence.get("segments") or [], codes),
        "evidence_sentences": [*evidence_sentences(results.evidence), *preparation_sentences(results)],
        "blocks": _blocks(results.dictionary),
        "special": _special(results),
        "imputed": _imputed(results.imputed),
        "opportunities": _opportunities(results.opportunities, codes),
        "expected": expected_text(results, codes),
        "space": spatial_sentence(results.space, codes),
        "quality": _quality(results),
        "config": _config(results.config),
        "versions": _versions(),
        "files": [
            {name: "" if row.get(name) is None else row[name] for name in FILE_COLUMNS}
            for row in results.source.get("files", [])
        ],
    }


def frame(results: Results) -> dict[str, Any]:
    """Return what every page shows around its own contents, and the tables of features.

    ``file`` begins the name of what is saved from the page: it says what is not real, and of which run it is.
    """
    of_run, kind = identity(results.config, results.source), data_kind(results.source)
    parts = ["gpseg", *([] if kind == "published" else [kind]), of_run["configuration_hash"][:8]]
    return {
        "source": dict(results.source),
        "identity": of_run,
        "file": "_".join(parts),
        "synthetic": bool(results.source["synthetic"]),
        "warning": _warning(results),
        "absent": list(results.source.get("absent", [])),
        "features": feature_tables(results),
    }


def _warning(results: Results) -> str:
    """The warning of the data, and that segments do not rest on simulated figures where they do not."""
    text = str(results.source.get("warning") or "")
    real = "This summary and the segments rest on real figures. "
    return f"{real if segments_are_real(results) else ''}{text}"


def _config(config: dict[str, Any]) -> str:
    """The configuration as YAML, without keys that change no result: the page's bytes stay the same."""
    shown = {key: value for key, value in config.items() if key not in WITHOUT_EFFECT}
    return without_secrets(yaml.safe_dump(shown, sort_keys=True, allow_unicode=True))


def _counts(results: Results) -> dict[str, int]:
    fitted = int(results.segments["fitted"].sum())
    return {
        "practices": len(results.everyone),
        "noise": len(results.unsegmented),
        "patients": int(results.practices["list_size"].sum()),
        "fitted": fitted,
        "special": len(results.segments) - fitted,
        "segments": int(results.segments["segment"].max()),
        "features": len(results.dictionary),
        "imputed": int(results.imputed["count"].sum()) if len(results.imputed) else 0,
        "quality": int(results.quality["count"].sum()),
    }


def _metrics(metrics: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and values as text, in the order of `METRICS`, then all others."""
    order = [key for key in METRICS if key in metrics]
    order += sorted(set(metrics) - set(order))
    return [(score_name(key), score_text(key, metrics[key])) for key in order]


def _segment_evidence(rows: list[dict[str, Any]], codes: Mapping[int, str]) -> list[dict[str, str]]:
    """The evidence on each segment, as text, in the order of `codes`."""
    by_number = {row["segment"]: row for row in rows}
    keys = ("practices", "silhouette", "jaccard", "valley")
    return [
        {key: score_text(key, by_number[number].get(key)) for key in keys}
        | {"segment": code, "neighbour": codes.get(by_number[number].get("neighbour") or 0, UNKNOWN)}
        for number, code in codes.items()
        if number in by_number
    ]


def _segment(portrait: dict[str, Any], code: str, results: Results, top: int) -> dict[str, Any]:
    number = portrait["segment"]
    regions = results.segments.loc[results.segments["segment"] == number, "region_name"]
    rows = results.profiles[results.profiles["segment"] == number]
    used = rows["used"].astype(bool)
    return {
        **portrait,
        "code": code,
        "rules": portrait.get("rules", []),  # runs of before they were kept have none
        "profile": [_profile_row(r) for r in rows[used].sort_values("rank").head(top).to_dict("records")],
        "profile_unused": [_profile_row(r) for r in rows[~used].sort_values("rank").to_dict("records")],
        "features": int(used.sum()),
        "regions": _shares(regions),
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
        # Half the width of the bar is two standard deviations.
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
            "block": in_words(name, BLOCKS),
            "features": len(rows),
            "weight": f"{rows['weight'].iloc[0]:g}",
            "transforms": ", ".join(sorted({in_words(key, TRANSFORMS) for key in rows["transform"]})),
        }
        for name, rows in blocks
    ]


def _special(results: Results) -> dict[str, Any]:
    """Practices that were assigned but not fitted: how many by kind of reason, and the first `MAX_SPECIAL`.

    A practice with several reasons ("list under 1,000; 83% of patients male") counts under each.
    "61% of patients aged 15 to 24" and "48% of patients aged 15 to 24" are one kind.
    """
    rows = results.segments[~results.segments["fitted"]].sort_values("practice_code")
    reasons = rows["practice_code"].map(results.practices.set_index("practice_code")["special"])
    practices = [
        {"code": str(code), "name": str(name), "reason": "other" if pd.isna(reason) else str(reason)}
        for code, name, reason in zip(rows["practice_code"], rows["practice_name"], reasons, strict=True)
    ]
    kinds = Counter(kind for row in practices for kind in _kinds(row["reason"]))
    by_count = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    return {
        "kinds": [{"kind": kind, "count": count} for kind, count in by_count],
        "practices": practices[:MAX_SPECIAL],
    }


def _kinds(reason: str) -> set[str]:
    return {re.sub(r"^\d[\d.]*% ", "unusual share ", part) for part in reason.split("; ")}


def _quality(results: Results) -> list[dict[Any, Any]]:
    """Irregularities of the files; measures by their labels."""
    about = results.context_dictionary
    labels = dict(zip(about["measure"], about["label"], strict=True))
    rows = results.quality.to_dict("records")
    return [
        row | {"check": " ".join(labels.get(word, word) for word in str(row["check"]).split(" "))}
        for row in rows
    ]


def _imputed(imputed: pd.DataFrame) -> list[dict[Any, Any]]:
    if imputed.empty:
        return []
    rows = imputed[imputed["count"] > 0].sort_values(["count", "feature"], ascending=[False, True])
    return rows[["label", "count"]].to_dict("records")


def _opportunities(table: pd.DataFrame, codes: Mapping[int, str]) -> list[dict[str, str]]:
    """The largest opportunities as text; columns that the table lacks are not known."""
    if "additional_patients" not in table.columns:
        return []
    rows = table.sort_values("additional_patients", ascending=False, kind="stable").head(MAX_OPPORTUNITIES)
    rows = rows.reindex(columns=list(dict.fromkeys([*rows.columns, "rate", "target", "low", "high"])))
    return [
        {
            "indicator": str(row["indicator_code"]),
            "description": str(row.get("description") or ""),
            "segment": codes[int(row["segment"])],
            "rate": natural(100 * row["rate"], "%"),
            "target": f"{natural(100 * row['target'], '%')}, upper quartile of {codes[int(row['segment'])]}",
            "below": natural(row.get("practices_below"), "count"),
            "eligible": natural(row.get("eligible_patients"), "patients"),
            "patients": str(rounded_interval(row["additional_patients"], row["low"], row["high"])),
        }
        for row in rows.to_dict("records")
    ]


def _versions() -> list[tuple[str, str]]:
    """Names and versions of the installed packages of `PACKAGES`."""
    installed = []
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            installed.append((name, version(name)))
    return installed
