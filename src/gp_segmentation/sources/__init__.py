"""Raw files of the publishers, read into tidy frames and joined; a module for each publisher."""

from gp_segmentation.sources.assemble import read_source
from gp_segmentation.sources.tidy import Prepared
