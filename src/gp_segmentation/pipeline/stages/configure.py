"""conf/ -> params.yaml."""

import os
from pathlib import Path

from gp_segmentation import config
from gp_segmentation.utils.files import write_text


def run(root: Path) -> None:
    """Compose `conf/` into `params.yaml`, unless DVC has just done so with an experiment's overrides."""
    if not os.environ.get("DVC_EXP_NAME"):
        write_text(root / "params.yaml", config.compose_yaml(root))
