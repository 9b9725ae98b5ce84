"""data/raw/SOURCE -> data/prepared: tidy, checked tables."""

import logging
from typing import Any

import pandas as pd

from gp_segmentation import config, sources
from gp_segmentation.features.special import SpecialRules, special_reasons
from gp_segmentation.sources.fetched import check_fetched
from gp_segmentation.sources.pooling import pool_by_pcn
from gp_segmentation.storage import provenance
from gp_segmentation.storage.table_files import write_table
from gp_segmentation.storage.workspace import PREPARED, Workspace
from gp_segmentation.utils.files import fresh_folder, write_json, write_text
from gp_segmentation.utils.root import project_root

log = logging.getLogger("gpseg")


def run(cfg: dict[str, Any], ws: Workspace) -> None:
    """Read the raw files of the source; where networks are segmented, pool its practices by network."""
    source = cfg["source"]
    folder = ws.raw / source["name"]
    check_fetched(source, folder, lambda: config.fetch_command(source, project_root()))
    files = {
        name: {**file, "reader": config.build(file["reader"], "reader")}
        for name, file in source["files"].items()
    }
    prepared = sources.read_source(files, folder)
    if "scope" in cfg and cfg["scope"]["unit"] == "pcn":  # configurations of before there was one have none
        prepared = _pooled(prepared)
    practices = _with_special_reasons(prepared, config.build(cfg["special"], "special"))
    absent = sources.absent_sentences(prepared)
    for sentence in absent:
        log.warning("prepare: %s", sentence)
    with fresh_folder(ws.prepared) as out:
        for name in PREPARED:
            table = practices if name == "practices" else getattr(prepared, name)
            write_table(out / f"{name}.parquet", table, name)
        if prepared.boundaries is not None:
            write_text(out / "boundaries.geojson", prepared.boundaries.to_json(drop_id=True))
        described = provenance.describe_source(cfg, folder, practices)
        write_json(out / "source.json", {**described, "absent": absent})


def _pooled(prepared: sources.Prepared) -> sources.Prepared:
    """Return the tables by network, and say which practices are not in them."""
    outside = prepared.practices["pcn_code"].isna()
    if outside.any():
        patients = prepared.practices.loc[outside, "list_size"].sum()
        log.warning(
            "scope.unit: left out, as in no primary care network: practices %s, patients %s",
            f"{outside.sum():,}",
            f"{patients:,}",
        )
    return pool_by_pcn(prepared)


def _with_special_reasons(prepared: sources.Prepared, rules: SpecialRules) -> pd.DataFrame:
    """Return the practices, `special` saying why one is no ordinary practice, as far as the data tell."""
    practices = prepared.practices.copy()
    reasons = special_reasons(practices, prepared.registers, prepared.age_sex, rules)
    practices["special"] = practices["practice_code"].map(reasons).astype("str")
    return practices
