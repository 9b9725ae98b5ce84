"""Every key of `conf/` in every option: a wrong type, a value out of range and a key too many are refused."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from gp_segmentation import config
from gp_segmentation.schemas.configuration import Configuration, configuration_problems

ROOT = Path(__file__).resolve().parents[2]
GROUPS = tuple(Configuration.model_fields)

#: Number -> least and most. ">" and "<": the end itself is refused; "-": no such end; "whole": 2.5 is refused
#: too. Some ends are other keys' values in conf/.
RANGES = """
seed                                                  0      4294967295  whole
*.seed                                                0      4294967295  whole
*.random_state                                        0      4294967295  whole
jobs                                                  1      1024        whole
source.files.*.max_bytes                              1      -           whole
source.files.*.reader.indicator_id                    1      -           whole
source.files.*.reader.valid_range.0                   -      <100        number
source.files.*.reader.valid_range.1                   >0     -           number
source.files.ethnicity.reader.columns.*.range.0       -      <1          number
source.files.workforce.reader.columns.gp*.range.0     -      <200        number
source.files.workforce.reader.columns.admin*.range.0  -      <1000       number
source.files.vaccination.reader.columns.*.range.0     -      <100        number
source.files.*.reader.columns.survey*.range.0         -      <1          number
source.files.*.reader.columns.staff_admin*.range.0    -      <2000       number
source.files.*.reader.columns.staff*.range.0          -      <500        number
source.files.imd_domains.reader.columns.*.range.0     -      <100        number
source.files.*.reader.columns.antibiotic*.range.0     -      -           number
source.files.*.reader.columns.*.range.1               >0     -           number
source.files.*.reader.columns.*.categories.*          -      -           number
source.files.*.reader.columns.*.scale                 >0     -           number
source.england.practices                              1      1000000     whole
special.min_list                                      0      -           whole
special.max_list_ratio                                0      -           number
special.band_share                                    0      100         number
special.band_share_of.*                               0      100         number
special.sex_share                                     0      100         number
special.register_prevalence                           0      -           number
special.register_ratio                                0      -           number
features.blocks.*.weight                              >0     -           number
features.blocks.age_structure.bands.0                 0      0           whole
features.blocks.age_structure.bands.1                 5      55          whole
features.blocks.age_structure.bands.2                 20     -           whole
selection.max_missing                                 >0     1           number
selection.max_constant_share                          >0     1           number
selection.duplicate_correlation                       >0     1           number
selection.min_variance                                0      -           number
selection.max_correlation                             >0     1           number
imputer*.n_neighbors                                  1      -           whole
imputer*.max_iter                                     0      -           whole
imputer*.n_nearest_features                           1      -           whole
outliers*.limit                                       >0     -           number
outliers*.lower                                       0      <0.99       number
outliers*.upper                                       >0.01  1           number
scaler.n_quantiles                                    1      -           whole
scaler.subsample                                      1      -           whole
reducer.n_components                                  1      -           whole
reducer.candidates.pca.n_components                   >0     <1          number
reducer.candidates.factor_analysis.n_components       1      -           whole
reducer*.tol                                          0      -           number
reducer*.max_iter                                     1      -           whole
clusterer*.n_clusters                                 2      -           whole
clusterer*.n_init                                     1      -           whole
clusterer.max_iter                                    0      -           whole
clusterer.reg_covar                                   0      -           number
study.n_clusters.low                                  2      15          whole
study.n_clusters.high                                 2      10000       whole
study.weight.*                                        >0     -           number
study.sampler.population_size                         2      -           whole
study.n_trials                                        1      -           whole
study.tree_cache                                      0      -           number
study.exact_up_to                                     0      -           whole
study.sample_rows                                     100    -           whole
study.null_model.draws                                0      100000      whole
study.null_model.n_init                               1      100000      whole
study.rule.min_share                                  0      1           number
study.rule.min_practices                              0      -           whole
study.rule.tolerance                                  0      1           number
study.rule.min_agreement                              0      1           number
study.rule.stability_draws                            0      100000      whole
study.certainty_draws                                 0      100000      whole
study.rule.min_jaccard                                0      1           number
study.rule.min_exceedance                             0      1           number
study.rule.min_prediction_strength                    0      1           number
study.rule.splits                                     0      100000      whole
study.rule.stability_checks                           0      -           whole
study.levels.most_subgroups                           1      -           whole
evidence.rows                                         100    -           whole
evidence.nulls.*                                      0      100000      whole
evidence.n_init.nulls                                 1      100000      whole
evidence.n_init.by_k                                  1      100000      whole
evidence.bootstraps                                   0      100000      whole
evidence.bootstraps_by_k                              0      100000      whole
evidence.subsamples                                   0      100000      whole
evidence.subsample_share                              >0     <1          number
evidence.splits                                       0      100000      whole
evidence.seeds                                        0      100000      whole
evidence.min_stay_share                               0      1           number
evidence.external.max_correlation                     0      1           number
evidence.external.comparators.list_size.0             >0     <6000       number
evidence.external.comparators.list_size.1             >3000  <9000       number
evidence.external.comparators.list_size.2             >6000  <12000      number
evidence.external.comparators.list_size.3             >9000  -           number
evidence.external.folds                               2      1000        whole
evidence.external.draws                               0      100000      whole
evidence.thresholds.unstable_jaccard                  0      0.75        number
evidence.thresholds.excess                            0      1           number
evidence.thresholds.jaccard                           0.6    1           number
evidence.thresholds.ari                               0      1           number
evidence.thresholds.valley                            0      1           number
evidence.thresholds.max_tied_share                    0      1           number
insight.top_features                                  1      -           whole
insight.peers.count                                   1      -           whole
insight.peers.resamples                               0      100000      whole
insight.rules.max_depth                               1      30          whole
insight.rules.folds                                   2      1000        whole
insight.rules.floor                                   0      1           number
insight.opportunities.min_denominator                 1      -           whole
insight.opportunities.draws                           0      100000      whole
insight.spatial.neighbours                            1      -           whole
insight.spatial.permutations                          1      100000      whole
panel.draws                                           1      100000      whole
report.top_features                                   1      -           whole
"""
ROWS = [line.split() for line in RANGES.strip().splitlines()]

#: What a row of an analyst's table must have in a column, or has for "no value", may be of any type. A sheet
#: has a name or a position.
ANY_VALUE = ("*.reader*.where.*", "*.reader.missing.*", "*.reader.sheet")
#: Lists that may be a single text, too.
ONE_OR_MORE = ("source.files.*.url",)
#: Mappings whose keys are names in the data.
ANY_KEY = ("*.exclude", "*.reader*.where", "*.reader.columns.*.categories")

Path_ = tuple[str | int, ...]
Places = dict[Path_, tuple[dict[str, Any], Any]]


def walk(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every value of nested mappings and lists with its path, the outer ones first."""
    yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from walk(one, (*path, key))


@pytest.fixture(scope="module")
def places(compositions: list[dict[str, Any]]) -> Places:
    """Path of every value -> a composition that has it, and the value there (of several, not null)."""
    found: Places = {}
    for composed in compositions:
        for path, value in walk(composed):
            if path and (path not in found or found[path][1] is None):
                found[path] = composed, value
    return found


def dotted(path: Path_) -> str:
    return ".".join(map(str, path))


def shown_key(path: Path_) -> str:
    """The key as messages have it."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def changed(node: Any, path: Path_, value: Any) -> Any:
    """A copy of `node` with `value` at `path`."""
    if not path:
        return value
    copy = node.copy()
    copy[path[0]] = changed(node[path[0]] if len(path) > 1 else None, path[1:], value)
    return copy


SEEN: dict[str, list] = {}


def looked_at(node: dict[str, Any], *roles: str) -> list:
    """`config.object_problems`, once for each node: most are the same from one test to the next."""
    key = repr((node, roles))
    if key not in SEEN:
        SEEN[key] = config.object_problems(node, *roles)
    return SEEN[key]


def problems(composed: dict[str, Any], whole: str = "config") -> list:
    return configuration_problems(composed, whole, looked_at)


def refused(composed: dict[str, Any], path: Path_, value: Any, whole: str = "config") -> bool:
    """Whether `value` at `path` is a problem of that key, or of what holds it."""
    return any(p.concerns(shown_key(path)) for p in problems(changed(composed, path, value), whole))


def wrong_types(value: Any) -> list[Any]:
    """Values of other types than `value`, those that are easily taken for it among them."""
    other: list[Any] = [{"no": "such"}]
    if isinstance(value, bool):
        return [*other, "true", 1, 0]
    if isinstance(value, int | float):
        return [*other, "5", "five", True, math.nan, math.inf]
    if isinstance(value, str):
        return [*other, 7, True]
    return other if value is None else [7, "text"]


def matches(path: Path_, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(dotted(path), pattern) for pattern in patterns)


CONF = ROOT / "conf"
FILES = sorted(path.relative_to(CONF).as_posix() for path in CONF.rglob("*.yaml"))
#: What Hydra reads itself; `check_hydra` looks at it (test_targets.py).
HYDRAS = ("defaults", "hydra")
#: A table, and not a part of a configuration.
NO_OPTION = ("source/_renumbered.yaml",)


def of_file(name: str, compositions: list[dict[str, Any]]) -> tuple[dict[str, Any], str, Path_]:
    """A composition with a file of conf/, what it was composed from, and where the keys of the file stand."""
    group, _, option = name.removesuffix(".yaml").rpartition("/")
    if not group or group == "experiment":
        whole = option if option in ("data", "explore", "panel") else "config"
        return config.compose_config(ROOT, name=whole), whole, ()
    place: Path_ = (group,)
    if group == "features/excluded":
        group, option, place = "features", "performance", EXCLUDED
    shown = {"_nhs": "nhs_2024_25"}.get(option, "tables_2024_25" if option[0] == "_" else option)
    return next(one for one in compositions if one[group]["name"] == shown), "config", place


EXCLUDED = ("features", "blocks", "achievement", "exclude")


@pytest.mark.parametrize("name", [n for n in FILES if n not in NO_OPTION and not n.startswith("hydra/")])
def test_a_wrong_type_is_refused_for_every_key_of_every_file(compositions, name):
    composed, whole, place = of_file(name, compositions)
    own = yaml.safe_load((CONF / name).read_text(encoding="utf-8")) or {}
    accepted = []
    for inner, _ in walk({key: value for key, value in own.items() if key not in HYDRAS}, place):
        if inner == place or matches(inner, ANY_VALUE):
            continue
        value = composed
        for part in inner:
            value = value[part]
        wrongs = [wrong for wrong in wrong_types(value) if not refused(composed, inner, wrong, whole)]
        if matches(inner, ONE_OR_MORE):
            wrongs = [wrong for wrong in wrongs if wrong != "text"]
        accepted += [f"{dotted(inner)}={wrong!r}" for wrong in wrongs]
    assert accepted == []


@pytest.mark.parametrize("group", GROUPS)
def test_a_key_too_many_is_refused_wherever_it_stands(places, group):
    accepted = [
        dotted(path)
        for path, (composed, value) in places.items()
        if path[0] == group
        if isinstance(value, dict) and not matches(path, ANY_KEY)
        if not refused(composed, (*path, "no_such_key"), 1)
    ]
    assert accepted == []


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_that_is_missing_is_named(compositions, group):
    composed = {key: value for key, value in compositions[0].items() if key != group}
    assert [str(p).split(". ")[0] for p in problems(composed)] == [f"{group} is missing"]


@pytest.fixture(scope="module")
def keys_of_rows(places: Places) -> dict[str, list[Path_]]:
    """First word of every row -> its keys; a key is of the first row that fits."""
    found: dict[str, list[Path_]] = {pattern: [] for pattern, *_ in ROWS}
    for path in places:
        fitting = next((pattern for pattern in found if fnmatch(dotted(path), pattern)), None)
        if fitting:
            found[fitting].append(path)
    return found


def test_no_number_is_without_a_range_and_no_range_without_a_number(places, keys_of_rows):
    numbers = [p for p, (_, value) in places.items() if type(value) in (int, float)]
    assert len(numbers) > 120
    ranged = {path for paths in keys_of_rows.values() for path in paths}
    assert [dotted(p) for p in numbers if p not in ranged and not matches(p, ANY_VALUE)] == []
    assert [pattern for pattern, paths in keys_of_rows.items() if not paths] == []


def values_at(end: str, kind: str, outwards: int) -> tuple[list[float], list[float]]:
    """The values at an end that are accepted, and those that are refused."""
    if end == "-":
        return [outwards * 10**9 if kind == "whole" else outwards * 1e300], []
    edge = int(end.strip("<>")) if kind == "whole" else float(end.strip("<>"))
    if kind == "whole":
        return [edge], [edge + outwards]
    if end[0] in "<>":
        return [math.nextafter(edge, -outwards * math.inf)], [edge]
    return [edge], [math.nextafter(edge, outwards * math.inf)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_number_is_accepted_up_to_its_ends_and_refused_beyond(places, keys_of_rows, row):
    pattern, least, most, kind = row
    low, high = values_at(least, kind, -1), values_at(most, kind, +1)
    for path in keys_of_rows[pattern]:
        composed = places[path][0]
        accepted = [value for value in low[0] + high[0] if refused(composed, path, value)]
        beyond = [*low[1], *high[1], *([2.5] if kind == "whole" else [])]
        missed = [value for value in beyond if not refused(composed, path, value)]
        assert (accepted, missed) == ([], []), dotted(path)
