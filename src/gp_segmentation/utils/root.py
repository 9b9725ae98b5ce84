"""Where the project is."""

import os
from pathlib import Path

from gp_segmentation.errors import ConfigError


def project_root(start: Path | None = None) -> Path:
    """Return the folder of `conf/config.yaml`: `GPSEG_ROOT`, else the first one upwards of `start`."""
    if named := os.environ.get("GPSEG_ROOT"):
        return Path(named).resolve()
    here = (start or Path.cwd()).resolve()
    checkout = Path(__file__).resolve().parents[3]
    for folder in (here, *here.parents, checkout):
        if (folder / "conf" / "config.yaml").is_file():
            return folder
    raise ConfigError(f"no conf/config.yaml in {here} or above it. Run inside the project, or set GPSEG_ROOT")
