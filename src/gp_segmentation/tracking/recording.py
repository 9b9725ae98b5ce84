"""What of a run is recorded: its parameters, data, metrics, curves and files, and the hash of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from gp_segmentation import config
from gp_segmentation.matrix.variants import fill_in_preparation
from gp_segmentation.schemas import of_preparation, with_headings
from gp_segmentation.storage.provenance import content
from gp_segmentation.storage.table_files import csv_text, read_table
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.tracking import describing, panels
from gp_segmentation.tracking.errors import StoreError
from gp_segmentation.utils.files import read_json
from gp_segmentation.utils.hashes import identity

if TYPE_CHECKING:
    from gp_segmentation.tracking.run import Run

#: Result folders whose files make the content hash, and the artefact folder each is shown under.
RECORDED = {
    "study": "tables/study",
    "segments": "tables/segments",
    "evidence": "tables/evidence",
    "insight": "tables/insight",
    "figures": "figures",
    "report": "",
}

#: What is recorded of the pack of an area.
PACK = ("index.html", "area.xlsx", "area.ods", "slides.pptx")

#: Scores by number of segments, logged as curves (step = number of segments).
CURVES = ("silhouette", "davies_bouldin", "calinski_harabasz", "inertia", "smallest_segment")


def content_hash(ws: Workspace) -> str:
    """Return the SHA-256 over names and bytes of every result file: equal results, equal hash."""
    digest = hashlib.sha256()
    for path in [*_files(ws), ws.metrics]:
        digest.update(path.relative_to(ws.root).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(ws: Workspace) -> list[Path]:
    recorded = [path for name in RECORDED for path in sorted((ws.root / name).rglob("*"))]
    years = sorted(ws.years.glob("*")) if _has_years(ws) else []
    return [path for path in (*recorded, *_pack_files(ws), *years) if path.is_file()]


def _has_years(ws: Workspace) -> bool:
    """Whether the run has a panel of several years; runs of before there was one have not even its folder."""
    return (ws.years / "panel.json").is_file() and bool(read_json(ws.years / "panel.json")["periods"])


def artefact_folder(folder: str, path: Path) -> str:
    """Return where a result file is shown: below `folder`, in the folders of its `path`, which links rely on.

    >>> artefact_folder("", Path("report.html")), artefact_folder("", Path("transparency/atrs.html"))
    ('', 'transparency')
    >>> artefact_folder("tables/study", Path("plots/history.png"))
    'tables/study/plots'
    """
    return "/".join(part for part in (folder, *path.parent.parts) if part)


def _pack_files(ws: Workspace) -> list[Path]:
    """Page, workbooks and slides of every area that has a pack; none where no area was asked for."""
    return [path for name in PACK for path in sorted(ws.area.glob(f"*/{name}"))]


def unfinished(ws: Workspace) -> list[str]:
    """Name the results that a finished run has and `ws` has not; every stage writes its own whole or not."""
    wanted = ["features", "matrix", *RECORDED, "metrics.json"]
    return [name for name in wanted if not (ws.root / name).exists()]


@contextmanager
def begun(run: Run, cfg: dict[str, Any]) -> Iterator[None]:
    """Log what a run is made of, by which store and artefacts also show that they can be written.

    The whole configuration comes with the results (`record`), below what is sorted by; a run that fails
    before has it, too.
    """
    from gp_segmentation.tracking.client import prompt

    run.log_params(describing.short_parameters(cfg))
    run.log_text(config.to_yaml(cfg), "config.yaml")
    try:
        yield
    except BaseException as error:
        if not isinstance(error, StoreError):
            with suppress(StoreError), prompt():
                run.log_params(describing.other_parameters(cfg))
        raise


def record(run: Run, cfg: dict[str, Any], ws: Workspace, setting: str | None = None) -> None:
    """Log everything one run found into an open MLflow run; MLflow shows what comes first at the top.

    `setting` : what sets the job of a sweep apart from the others; it becomes part of the run's name.
    """
    source, choice, ways = read_json(ws.prepared / "source.json"), ws.choice(), ws.preparations()
    settled = fill_in_preparation(cfg, ways[choice["preparation"]])
    run.log_params(describing.short_parameters(settled, choice))
    run.log_params(describing.other_parameters(cfg))
    quality = ws.prepared_table("quality")
    run.log_metrics(with_headings(ws.every_metric() | _counts(source, quality)))
    trials = ws.trials()
    run.log_curves(curves(of_preparation(trials, choice["preparation"])))
    _record_data(run, ws, source)
    if cfg["tracking"].get("children", False):
        run.log_children(describing.children(cfg, trials, choice, ways))
    found = describing.tags_of_results(
        *(cfg, source, choice, read_json(ws.evidence / "evidence.json")["verdict"]),
        *(read_json(ws.insight / "portraits.json"), read_table(ws.segments / "levels.csv", "levels")),
        setting,
    )
    run.set_tags(found | identity(cfg, source) | {"content_hash": content_hash(ws)})
    for name, folder in RECORDED.items():
        for path in sorted((ws.root / name).rglob("*")):
            if path.is_file():
                run.log_files([path], artefact_folder(folder, path.relative_to(ws.root / name)))
    for path in _pack_files(ws):
        run.log_files([path], f"areas/{path.parent.name}")
    if _has_years(ws):
        panels.log_years(run, ws.years)
    _record_model(run, ws)
    run.log_files([ws.metrics, ws.prepared / "source.json", ws.chosen_matrix / "imputed.parquet"], "tables")
    run.log_text(csv_text(quality), "tables/quality.csv")
    first_look = [*sorted(ws.features.glob("*.csv")), ws.chosen_matrix / "components.csv"]
    run.log_files(first_look, "tables/features")


def _counts(source: Mapping[str, Any], quality: pd.DataFrame) -> dict[str, int]:
    """How many practices and patients there are, and how much was tolerated in the raw files."""
    tolerated = {"tolerated_kinds": len(quality), "tolerated_values": int(quality["count"].sum())}
    return {key: source[key] for key in ("practices", "patients")} | tolerated


def _record_data(run: Run, ws: Workspace, source: Mapping[str, Any]) -> None:
    """Log the raw files and the prepared tables as datasets; equal content, equal digest."""
    files = sorted(f"{file['filename']} {file['sha256']}" for file in source["files"])
    raw = hashlib.sha256("\n".join(files).encode()).hexdigest()
    about = {"period": source["period"], "licence": source["licence"]}
    run.log_data(source["name"], raw, "raw", f"data/raw/{source['name']}", {"files": len(files), **about})
    counts = {key: source[key] for key in ("practices", "patients")}
    run.log_data(f"{source['name']} prepared", content(ws.prepared), "prepared", "data/prepared", counts)


def _record_model(run: Run, ws: Workspace) -> None:
    """Log the whole model, from features to segments, with a few ordinary practices as example."""
    from gp_segmentation.storage.model_files import load_model, trusted_types

    path = ws.segments / "model.skops"
    model = load_model(path)
    features = read_table(ws.features / "features.parquet")
    example = features[ws.fitted().reindex(features.index).to_numpy(dtype=bool)].head(5)
    run.log_model(model, example, model.predict(example), trusted_types(path))


def curves(trials: pd.DataFrame) -> dict[str, dict[int, float]]:
    """Return the scores by number of segments; the curves of a score stand together in the UI."""
    families = trials["clusterer"] + trials["linkage"].map(lambda x: f"_{x}" if isinstance(x, str) else "")
    return {
        f"by_k/{score}/{family}": dict(zip(rows["n_clusters"], rows[score], strict=True))
        for score in CURVES
        for family, rows in trials.sort_values("n_clusters").groupby(families)
    }
