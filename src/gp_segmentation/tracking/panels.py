"""A panel of several years as an MLflow run: years as datasets, what moved as metrics, tables and page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gp_segmentation.storage.provenance import content
from gp_segmentation.tracking.names import KIND, PANEL, USER, user

if TYPE_CHECKING:
    from gp_segmentation.tracking.store import Store


def record(
    store: Store,
    folder: Path,
    run: Path,
    sources: Sequence[Mapping[str, Any]],
    prepared: Sequence[Path],
    metrics: Mapping[str, Sequence[float]],
    options: Mapping[str, Any],
) -> str:
    """Record the panel in `folder` once; return what came of it.

    Parameters
    ----------
    run : folder of the run whose segments are kept. sources, prepared : source.json and prepared tables of
        every year. metrics : name -> a number for each two years that follow each other, logged as steps.
    options : ``panel`` of the configuration.
    """
    digest = content(folder)
    if known := store.find(digest):
        return f"This panel is recorded already, as run {known}"
    years = " to ".join(sorted({str(source["period"]) for source in sources}))
    tags = {KIND: PANEL, USER: user(), "panel_of": str(run)}
    with store.run(f"panel {years}", tags) as opened:
        opened.log_params({f"panel.{name}": value for name, value in options.items()})
        opened.log_curves({name: dict(enumerate(values)) for name, values in metrics.items()})
        for source, tables in zip(sources, prepared, strict=True):
            counts = {key: source[key] for key in ("period", "practices", "patients", "licence")}
            name = f"{source['name']} prepared"
            opened.log_data(name, content(tables), "panel", f"data/raw/{source['name']}", counts)
        opened.log_files(sorted(folder.iterdir()), "panel")
        opened.set_tags({"content_hash": digest})
    return f"Recorded as MLflow run {opened.id}"
