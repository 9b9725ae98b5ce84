"""Tables of a run that several documents show."""

from typing import Any

import pandas as pd

from gp_segmentation.report.formatting import score_text
from gp_segmentation.report.transparency.document import Columns, Table, numbers, table
from gp_segmentation.report.transparency.facts import Facts
from gp_segmentation.schemas import by_chosen_method, of_preparation
from gp_segmentation.utils.hashes import configuration_hash
from gp_segmentation.utils.labels import clusterer_in_words, titled
from gp_segmentation.utils.rounding import UNKNOWN, natural, percent, signed, whole_percent

#: Column of the trials or of the evidence by number of segments -> heading.
BY_K = {
    "smallest_segment": "Smallest segment",
    "silhouette": "Silhouette",
    "null_silhouette": "Silhouette of random data",
    "excess_silhouette": "Above random data",
    "davies_bouldin": "Davies-Bouldin",
    "calinski_harabasz": "Calinski-Harabasz",
    "inertia": "Sum of squares within",
    "bic": "BIC of a mixture",
    "icl": "ICL of a mixture",
    "gap": "Gap statistic",
    "jaccard_min": "Lowest overlap when redrawn",
    "prediction_strength": "Prediction strength",
    "ari_seeds": "Agreement between seeds",
    "ari_kmeans_ward": "K-means and Ward's method",
}
#: Most trials listed, and differences listed of each segment.
MAX_TRIALS, MAX_DIFFERENCES = 100, 5


def sizes(facts: Facts) -> Table:
    """Practices and patients of every segment."""
    table_rows = [
        (f"{s['code']}: {s['name']}", f"{s['practices']:,}", whole_percent(s["share"]), f"{s['patients']:,}")
        for s in facts.said["segments"]
    ]
    columns: Columns = ("Segment", *numbers("Practices", "Share", "Patients"))
    return table("Sizes of the segments", columns, table_rows)


def criteria_by_k(facts: Facts) -> Table:
    """Every criterion at every number of segments, with the chosen method."""
    choice = facts.results.choice
    trials = of_preparation(facts.results.trials, choice.get("preparation"))
    own = trials[by_chosen_method(trials, choice)]
    rows = own.drop_duplicates("n_clusters").set_index("n_clusters").sort_index()
    evidence = pd.DataFrame(facts.results.evidence.get("by_k") or [])
    if "k" in evidence:
        extra = evidence.set_index("k")
        rows = rows.join(extra[extra.columns.difference(rows.columns)])
    shown = [name for name in BY_K if name in rows and rows[name].notna().any()]
    columns: Columns = ("Segments", *numbers(*(BY_K[name] for name in shown)))
    chosen = int(choice["n_clusters"])
    return table(
        f"Criteria by number of segments, {clusterer_in_words(choice)}",
        columns,
        [
            (
                f"{k} (chosen)" if k == chosen else k,
                *(number(name, value) for name, value in zip(shown, row, strict=True)),
            )
            for k, row in zip(rows.index, rows[shown].to_numpy(dtype=float), strict=True)
        ],
    )


def trials(facts: Facts) -> Table:
    """The trials, as far as they fit on a page."""
    rows = facts.results.trials.sort_values(["n_clusters", "trial"])
    names = ("smallest_segment", "silhouette", "excess_silhouette", "davies_bouldin")
    cut = f" (the first {MAX_TRIALS} of {len(rows):,})" if len(rows) > MAX_TRIALS else ""
    return table(
        f"All models tried{cut}",
        ("Method", *numbers("Segments", *(BY_K[name] for name in names))),
        [
            (titled(clusterer_in_words(row)), row["n_clusters"], *(number(name, row[name]) for name in names))
            for row in rows.head(MAX_TRIALS).to_dict("records")
        ],
    )


def segment_evidence(facts: Facts) -> Table:
    """Silhouette, stability and border of every segment."""
    keys = ("segment", "practices", "silhouette", "jaccard", "neighbour", "valley")
    columns = numbers("Fitted practices", "Silhouette", "Overlap when redrawn", "Neighbour")
    return table(
        "Evidence on each segment",
        ("Segment", *columns, *numbers("Density at the border with it")),
        [[row[key] for key in keys] for row in facts.said["segment_evidence"]],
    )


def differences(facts: Facts) -> Table:
    """The features on which each segment differs most from England, with intervals."""
    profiles, codes = facts.results.profiles, {s["segment"]: s["code"] for s in facts.said["segments"]}
    used = profiles[profiles["used"].astype(bool) & profiles["segment"].isin(codes)]
    rows = used.sort_values(["segment", "rank"]).groupby("segment").head(MAX_DIFFERENCES)
    return table(
        f"The {MAX_DIFFERENCES} largest differences of each segment from England (differences in "
        "standard deviations between practices)",
        (
            *("Segment", "Feature"),
            *numbers("Mean", "England", "Difference", "95% interval"),
        ),
        [
            (
                codes[row["segment"]],
                row["label"],
                natural(row["mean"], row["unit"]),
                natural(row["england_mean"], row["unit"]),
                signed(row["difference_sd"]),
                f"{signed(row['difference_low'])} to {signed(row['difference_high'])}",
            )
            for row in rows.to_dict("records")
        ],
    )


def imputed(facts: Facts) -> Table:
    """Values filled in, by feature."""
    found = facts.results.imputed
    rows = found[found["count"] > 0].sort_values(["count", "feature"], ascending=[False, True])
    size = len(facts.results.matrix)
    return table(
        "Values filled in",
        ("Feature", *numbers("Values", "Share of practices")),
        [(r["label"], f"{r['count']:,}", percent(r["count"] / size)) for r in rows.to_dict("records")],
    )


def special(facts: Facts) -> Table:
    """Practices that did not shape the segments, by reason."""
    rows = [(kind["kind"], f"{kind['count']:,}") for kind in facts.said["special"]["kinds"]]
    return table("Special practices", ("Reason", *numbers("Practices")), rows)


def left_out(facts: Facts) -> Table:
    """Features and blocks that were left out, and what was noted of blocks."""
    found = facts.said["features"]
    rows = [(row["feature"], f"left out: {row['reason']}") for row in found["dropped"]]
    return table(
        "Features left out, and notes on blocks",
        ("Feature or block", "What was done"),
        rows + [(row["block"], row["note"]) for row in found["notes"]],
    )


def quality(facts: Facts) -> Table:
    """Irregularities of the files, and what was done about them."""
    rows = [(row["file"], row["check"], f"{row['count']:,}", row["detail"]) for row in facts.said["quality"]]
    columns: Columns = ("File", "Irregularity", *numbers("Count"), "What was done")
    return table("Irregularities accepted", columns, rows)


def files(facts: Facts) -> Table:
    """The raw files, to be recognised by."""
    rows = [(row["filename"], row["address"] or "by hand", row["sha256"]) for row in facts.said["files"]]
    return table("Files", ("File", ("Address", "code"), ("SHA-256", "code")), rows)


def versions(facts: Facts) -> Table:
    """Packages whose versions can change figures."""
    return table("Versions", ("Package", "Version"), facts.said["versions"])


def identity(facts: Facts) -> Table:
    """What the run is known by."""
    held = "in MLflow, as {} of the run: not written here, so that the same inputs give the same bytes"
    rows = [
        ("Configuration (SHA-256, without jobs and tracking)", configuration_hash(facts.config)),
        ("Data (fingerprint of files and how they were prepared)", facts.source.get("fingerprint")),
        ("Seed", facts.config["seed"]),
        ("Git commit", held.format("git_commit")),
        ("DVC hash of the raw data", held.format("dvc_raw_hash")),
    ]
    shown = [(name, UNKNOWN if value is None else value) for name, value in rows]
    return table("What the run is known by", ("What", ("Value", "code")), shown)


def number(name: str, value: Any) -> str:
    """Return a score as text, or "not measured"."""
    return "not measured" if pd.isna(value) else score_text(name, float(value))
