"""Read the publishers' raw files into tidy frames and join them; each publisher has a module."""

from gp_segmentation.sources.absent import absent_sentences
from gp_segmentation.sources.assemble import read_source
from gp_segmentation.sources.groupings import group_by_code, of_known_practices
from gp_segmentation.sources.pooling import pool_achievement, pool_age_sex, pool_registers
from gp_segmentation.sources.tidy import Prepared
