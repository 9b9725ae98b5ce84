"""Each feature set of the project, on a source without some figures: built, or refused with what to do."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from gp_segmentation import config
from gp_segmentation.errors import InputError
from gp_segmentation.features import Selection, build_features

#: What is absent, and the tables without it.
WITHOUT = {
    "registrations": lambda tables: {"age_sex": tables.age_sex.iloc[:0]},
    "registers": lambda tables: {"registers": tables.registers.iloc[:0]},
    "deprivation": lambda tables: {"context": tables.context.drop(columns="imd_score")},
    "ethnicity": lambda tables: {"context": tables.context.drop(columns="non_white_percent")},
    "staff": lambda tables: {"context": tables.context[["practice_code", "imd_score", "non_white_percent"]]},
    "all context": lambda tables: {"context": tables.context[["practice_code"]]},
    "achievement": lambda tables: {"achievement": tables.achievement.iloc[:0]},
    "denominators": lambda tables: {
        "achievement": tables.achievement.assign(numerator=np.nan, denominator=np.nan, pcas=np.nan)
    },
    "pcas": lambda tables: {"achievement": tables.achievement.assign(pcas=np.nan)},
    "points": lambda tables: {"achievement": tables.achievement.assign(points=np.nan)},
    "registrations and registers": lambda tables: {
        "age_sex": tables.age_sex.iloc[:0],
        "registers": tables.registers.iloc[:0],
    },
}
REGISTRATIONS, REGISTERS = ({name, "registrations and registers"} for name in ("registrations", "registers"))
DEPRIVATION, ACHIEVEMENT = {"deprivation", "all context"}, {"achievement", "denominators"}
#: Feature set -> what it cannot be made without.
NEEDS = {
    "adjustments": ACHIEVEMENT | {"pcas"},
    "combined": REGISTRATIONS | REGISTERS | DEPRIVATION | ACHIEVEMENT,
    "demographics": REGISTRATIONS | DEPRIVATION,
    "need": REGISTRATIONS | REGISTERS | DEPRIVATION,
    "need_with_workforce": REGISTRATIONS | REGISTERS | DEPRIVATION | {"staff"},
    "panel_core": REGISTERS | DEPRIVATION,
    "performance": ACHIEVEMENT,
    "prevalence_adjusted": REGISTRATIONS | REGISTERS,
    "prevalence_crude": REGISTERS,
    "published_lee_2025": REGISTRATIONS | REGISTERS | DEPRIVATION,
    "published_south_west": REGISTRATIONS | REGISTERS | DEPRIVATION,
}
WHAT_TO_DO = re.compile(r"\. (Put|Add|Choose|Leave) ")


@pytest.mark.parametrize("absent", WITHOUT)
@pytest.mark.parametrize("name", NEEDS)
def test_a_feature_set_is_built_or_refused_with_what_to_do(name, absent, small_tables, compose_option):
    nodes = compose_option("features", name)["blocks"]
    blocks = {block: config.build(node, "block") for block, node in nodes.items()}
    tables = replace(small_tables, **WITHOUT[absent](small_tables))
    if absent in NEEDS[name]:
        with pytest.raises(InputError, match=WHAT_TO_DO):
            build_features(blocks, tables, Selection())
    else:
        assert len(build_features(blocks, tables, Selection()).features) == 120
