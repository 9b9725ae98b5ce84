"""GP Practice Segmentation: segments of England's general practices from published data."""

import os
from pathlib import Path

from gp_segmentation.utils.processor import settle_arithmetic

# Before anything imports numpy, which looks once.
settle_arithmetic(os.environ, Path("/proc/cpuinfo"))
