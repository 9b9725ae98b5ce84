"""Read the publishers' raw files into tidy frames and join them; each publisher has a module."""

from gp_segmentation.sources.assemble import read_source
from gp_segmentation.sources.tidy import Prepared
