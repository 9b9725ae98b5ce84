"""data/insight -> data/area: the packs of the area that `conf/scope` names; nothing where it names none."""

from typing import Any

from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import fresh_folder, write_json
from gp_segmentation.utils.root import project_root


def run(cfg: dict[str, Any], ws: Workspace) -> None:
    """Write the packs, and in any case what was asked for."""
    scope = cfg["scope"]
    used = {
        "clusterer": cfg["clusterer"],
        "features": cfg["features"],
        "study": cfg["study"],
        "seed": cfg["seed"],
        "jobs": cfg["jobs"],
    }
    with fresh_folder(ws.area) as out:
        write_json(out / "scope.json", scope)
        if scope["kind"] is not None:
            # Imported only where it is used: without it the stage is over at once.
            from gp_segmentation.pipeline.packs import Wanted, write_packs

            asked = {"fit": scope["fit"], "grouping": scope["grouping"], "base": project_root()}
            write_packs(Wanted(scope["kind"], scope["area"], **asked), used, ws, out)
