"""GP Practice Segmentation: segments of England's general practices from published data."""

import os
from pathlib import Path

from gp_segmentation.utils.processor import use_common_instructions

# Before anything imports numpy, which looks once.
use_common_instructions(os.environ, Path("/proc/cpuinfo"))
