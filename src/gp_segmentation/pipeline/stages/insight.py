"""data/segments -> data/insight: profiles, portraits, rules, peers, opportunities, outliers."""

import logging
from typing import Any

import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.insight import build, spatial
from gp_segmentation.insight.disputed import disputed_practices
from gp_segmentation.insight.rules import surrogate_rules
from gp_segmentation.schemas import SCHEMAS
from gp_segmentation.storage.table_files import read_table, rounded, write_table
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import fresh_folder, read_json, write_json, write_text

log = logging.getLogger("gpseg")

#: Tables of data/insight that are parquet; the others are CSV.
LARGE = (
    *("peers", "practice_opportunities", "outliers", "expected"),
    *("opportunities_by_network", "profiles_by_network"),
)


def run(cfg: dict[str, Any], ws: Workspace) -> None:
    """Write what the segments tell, as tables and texts."""
    options = cfg["insight"]
    natural, values, dictionary = ws.feature_tables()
    everyone = ws.segment_table(everyone=True)
    segments = everyone[everyone["segment"] > 0].reset_index(drop=True)
    _check_enough_practices(options, segments)
    prepared = {name: ws.prepared_table(name) for name in build.PREPARED}
    deprivation = options["deprivation"]
    if deprivation not in prepared["context"]:  # its file may be optional
        why = f"no practice has {deprivation}" if deprivation else "null"
        log.warning("insight.deprivation: %s, so quintiles are not known", why)
    verdict = read_json(ws.evidence / "evidence.json")["verdict"] or ""
    levels = read_table(ws.segments / "levels.csv", "levels")
    found = build.InsightInput(
        prepared,
        *(natural, values, dictionary, ws.matrix_table()),
        *(segments, levels, verdict),
        unsegmented=everyone[everyone["segment"] < 1],
        groupings=ws.groupings(),
    )
    tables = build.insight_tables(found, options, seed=cfg["seed"], jobs=cfg["jobs"])
    if tables["practice_opportunities"].empty:
        what = "achievement" if prepared["achievement"].empty else "rate of achievement"
        log.warning("insight: the source has no %s, so opportunities and outliers are left out", what)
    expected = build.expected(found, options)
    if expected.practices.empty:
        log.warning("insight: %s", " ".join(expected.about["sentences"]))
    tables |= {"expected": expected.practices, "expected_groups": expected.groups}
    surrogate = surrogate_rules(natural, dictionary, segments, **options["rules"])
    tables |= build.deprivation_tables(found, tables, surrogate, options)
    tables["disputed"] = disputed_practices(read_table(ws.evidence / "practices.parquet"), segments)
    tables["space"] = spatial.join_counts(prepared["practices"], segments, **options["spatial"])
    tables = {
        name: rounded(table) for name, table in tables.items()
    }  # portraits, pages and workbook show the same
    with fresh_folder(ws.insight) as out:
        for name, table in tables.items():
            ending = "parquet" if name in LARGE else "csv"
            write_table(out / f"{name}.{ending}", table, name if name in SCHEMAS else None)
        of_segments, by_level = build.portraits(found, tables, surrogate, options["top_features"])
        write_json(out / "portraits.json", of_segments)
        write_json(out / "portraits_by_level.json", by_level)
        write_json(out / "expected.json", expected.about)
        write_text(out / "rules.txt", surrogate.text)


def _check_enough_practices(options: dict[str, Any], segments: pd.DataFrame) -> None:
    """Raise ConfigError where more peers or neighbours are asked for than there are other practices."""
    others = {"peers.count": int(segments["fitted"].sum()) - 1, "spatial.neighbours": len(segments) - 1}
    for key, most in others.items():
        group, name = key.split(".")
        if options[group][name] > most:
            raise ConfigError(
                f"insight.{key} is {options[group][name]}, but a practice has {most} others. Lower it"
            )
