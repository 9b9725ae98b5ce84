"""The log of assumptions: every key of the configuration has its text, and every text its key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from gp_segmentation.report import Facts
from gp_segmentation.report.transparency.assumptions import assumptions, pattern_of, text_of, texts
from gp_segmentation.schemas.configuration import Configuration

CONF = Path(__file__).resolve().parents[4] / "conf"
#: Files of conf/ that hold no settings of a run, or those of others.
ELSEWHERE = ("hydra", "experiment", "explore.yaml", "data.yaml", "panel.yaml", "config.yaml")
#: Groups that name an object, which has keys of its own.
OBJECTS = ("special", "selection", "imputer", "outliers", "scaler", "reducer", "clusterer")


def _flat(node: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, value in node.items():
        key = f"{prefix}.{name}"
        if isinstance(value, Mapping) and value:
            yield from _flat(value, key)
        else:
            yield key


def _keys_of_files() -> Iterator[str]:
    """Every key that a file of conf/ sets, whichever option is taken."""
    for path in sorted(CONF.rglob("*.yaml")):
        group = path.relative_to(CONF).parts[0]
        if group in ELSEWHERE:
            continue
        node = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        if isinstance(node, list):  # taken into a file of its group
            continue
        node.pop("defaults", None)
        inside = path.parent.name == "excluded"  # conf/features/excluded is taken into a block
        yield from _flat(node, "features.blocks.achievement.exclude" if inside else group)


def _keys_of_schema(model: type[BaseModel] = Configuration, prefix: str = "") -> Iterator[str]:
    """Every key that the schema of the configuration allows, also those that no file sets."""
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        inner = [part for part in _parts(field.annotation) if isinstance(part, type)]
        models = [part for part in inner if issubclass(part, BaseModel)]
        for found in models:
            yield from _keys_of_schema(found, f"{key}.")
        if not models or list in map(get_origin, _parts(field.annotation)):
            yield key


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _known() -> list[str]:
    """Every key there can be; of what names an object, those that some file sets."""
    fixed = [key for key in _keys_of_schema() if key.partition(".")[0] not in OBJECTS]
    plain = [key for key in fixed if not key.startswith(("source.files.", "features.blocks."))]
    return sorted({*_keys_of_files(), *plain, "seed", "jobs"})


def _has_text(key: str) -> bool:
    try:
        return all(text_of(key)[part].endswith(".") for part in ("means", "why"))
    except KeyError:
        return False


def test_every_key_of_the_configuration_has_its_text():
    known = _known()
    assert {"study.rule.tolerance", "evidence.transport", "scaler.method", "seed"} <= set(known)
    assert [key for key in known if not _has_text(key)] == []


def test_every_text_is_of_a_key():
    assert sorted(set(texts()) - {pattern_of(key) for key in _known()}) == []


def test_a_key_without_a_text_is_an_error():
    with pytest.raises(KeyError, match=r"study\.no_such"):
        text_of("study.no_such")


def test_a_candidate_has_the_text_of_its_group_and_a_text_of_its_own_wins():
    assert pattern_of("clusterer.candidates.kmeans.n_init") == "clusterer.n_init"
    assert pattern_of("study.n_clusters.low") == "study.n_clusters.low"
    assert pattern_of("scaler._target_") == "*._target_"
    assert pattern_of("evidence.single_block_references.age._target_") == "evidence.single_block_references.*"


def test_every_key_of_the_run_is_in_the_log_with_its_value(facts: Facts):
    rows = {
        row[0]: row[1]
        for section in assumptions(facts).sections
        for shown in section.tables
        if shown.caption.startswith("Keys of ")
        for row in shown.rows
    }
    assert rows["study.rule.min_share"] == "0.02"
    assert rows["study.linkage"] == "[ward, average, complete, single]"
    assert rows["scope.area"] == "empty"
    assert rows["tracking.uri"] == rows["jobs"] == "not shown"  # they change no result
    assert rows["seed"] == "20250401"
    groups = {key.partition(".")[0] for key in rows}
    assert groups == set(facts.config)


def test_passwords_are_not_in_the_log(facts: Facts):
    study = facts.config["study"] | {"storage": "postgresql://ann:s3cret@host/studies"}
    run = replace(facts, results=replace(facts.results, config=facts.config | {"study": study}))
    assert "s3cret" not in repr(assumptions(run))


def test_what_was_filled_in_left_out_and_simulated_is_said(facts: Facts):
    source = facts.source | {"synthetic": False, "simulated": {"achievement": "drawn by chance"}}
    run = replace(facts, results=replace(facts.results, source=source))
    said = assumptions(run).sections[0]
    assert "Simulated tables: achievement: drawn by chance." in said.bullets
    assert "Filled in: 4 missing values (median)." in said.bullets
    assert "Set apart: 5 special practices, which got the nearest segment afterwards." in said.bullets
    captions = [shown.caption for shown in said.tables]
    assert captions[:2] == ["Values filled in", "Features left out, and notes on blocks"]
    assert said.tables[1].rows == (
        ("twin", "left out: correlates 1.0000 with <x>"),
        ("ethnicity", "left out: <measure> is not there"),
    )


def test_a_key_of_the_analyst_s_own_does_not_end_the_run(facts: Facts):
    own = facts.config | {"clusterer": {"name": "mine", "my_key": 3}}
    run = replace(facts, results=replace(facts.results, config=own))
    (section,) = [section for section in assumptions(run).sections if section.heading == "conf: clusterer"]
    rows = {row[0]: row[1:] for row in section.tables[0].rows}
    mine = ("3", "A setting of this analysis's own.", "To be completed by the author.")
    assert rows["clusterer.my_key"] == mine
