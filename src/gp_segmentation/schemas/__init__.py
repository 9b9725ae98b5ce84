"""Every table that passes between stages and every table others read: columns, types, ranges, units."""

from gp_segmentation.schemas.areas import AreaTables, LocalSegments
from gp_segmentation.schemas.metrics import HEADLINES, headlines, with_headings
from gp_segmentation.schemas.panels import PanelTables
from gp_segmentation.schemas.preparations import (
    WEIGHT,
    by_chosen_method,
    of_preparation,
    weighted,
    weights_of,
)
from gp_segmentation.schemas.prepared_tables import AGE_BANDS, LIST_TYPES, SEXES, STATUSES
from gp_segmentation.schemas.qof_groups import GROUPS, REGISTERS
from gp_segmentation.schemas.results import Results
from gp_segmentation.schemas.run_tables import CHANGES, LEVEL_COLUMNS, SCHEMAS, check, empty
