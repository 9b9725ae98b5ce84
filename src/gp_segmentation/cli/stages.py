"""``python -m gp_segmentation STAGE``: one stage on `params.yaml` and `data/`, for DVC and make."""

from __future__ import annotations

import logging


def run_stage(name: str) -> None:
    """Run a stage of the project, or what make asks for beside them."""
    from gp_segmentation import config
    from gp_segmentation.pipeline import runs
    from gp_segmentation.pipeline.project import Project
    from gp_segmentation.pipeline.stages import configure
    from gp_segmentation.storage.workspace import Workspace
    from gp_segmentation.utils.root import project_root

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    root = project_root()
    if name == "configure":
        configure.run(root)
    elif name == "warm-up":
        runs.warm_up()
    elif name == "ui":
        logging.getLogger("gpseg").info(runs.runs_page(root))
    elif name == "summary":
        logging.getLogger("gpseg").info(runs.summary(Workspace(root / "data")))
    else:
        project = Project(config.load_params(root / "params.yaml"), root)
        runs.track(project) if name == "track" else runs.run_stage(name, project)
