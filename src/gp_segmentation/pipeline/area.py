"""Packs of areas from a finished run, as `gpseg area` writes them."""

from __future__ import annotations

from pathlib import Path

from gp_segmentation.pipeline.packs import PAGE, Wanted, write_packs
from gp_segmentation.pipeline.queries import existing_run, with_prepared
from gp_segmentation.utils.files import read_json
from gp_segmentation.utils.hashes import identity


def packs_of_run(wanted: Wanted, folder: Path, root: Path, out: Path | None) -> str:
    """Write the packs of the areas that are wanted; return what to know as text.

    Parameters
    ----------
    folder : of a finished run. root : the project. out : folder of the packs (default: ``data/areas``); each
        area has one of its own in it, named by its code.

    Raises
    ------
    GpsegError : the run is not finished, or no area is called so.
    """
    cfg, ws = with_prepared(existing_run(folder), root)
    target = out or root / "data" / "areas"
    target.mkdir(parents=True, exist_ok=True)
    tags = identity(cfg, read_json(ws.prepared / "source.json"))
    packs = write_packs(wanted, cfg, ws, target, tags)
    if len(packs.areas) == 1:
        (area,), (where,) = packs.areas, packs.folders
        told = [f"{area.name}: {len(area.practices):,} practices", f"The page:   {(where / PAGE).as_uri()}"]
    else:
        where, inside = target, sum(len(area.practices) for area in packs.areas)
        told = [f"{len(packs.areas):,} areas with {inside:,} practices"]
    return "\n".join([*packs.said, *told, f"The packs:  {where}"]) + "\n"
