"""A log of every choice: each key of the configuration, and what was filled in, left out or simulated."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from gp_segmentation.errors import without_secrets
from gp_segmentation.report.transparency import tables
from gp_segmentation.report.transparency.document import AUTHOR, Document, Section, table
from gp_segmentation.report.transparency.facts import Facts
from gp_segmentation.utils.hashes import WITHOUT_EFFECT
from gp_segmentation.utils.wording import shorten

#: Longest value that is shown whole.
LONGEST = 200
#: Of a key of the analyst's own.
NOT_DESCRIBED = "A setting of this analysis's own."
#: What is below these keys is shown as one value: it is long, and stands in the configuration on the page.
COUNTED_BELOW = ("source.files",)


@cache
def texts() -> dict[str, dict[str, str]]:
    """Return pattern of keys -> ``means`` and ``why``, from assumptions.yaml."""
    found = {}
    for group, part in _table().items():
        keys = part if group == "anywhere" else part["keys"]
        for key, text in keys.items():
            found[f"*.{key}" if group == "anywhere" else f"{group}.{key}".rstrip(".")] = text
    return found


def why(key: str) -> str:
    """Return why the default of a key is what it is."""
    return text_of(key)["why"]


def text_of(key: str) -> dict[str, str]:
    """Return what is said of a key: its own text, that of a pattern, or that of its last part anywhere.

    Raises
    ------
    KeyError : nothing is said of it.
    """
    return texts()[pattern_of(key)]


def _text_or_none(key: str) -> dict[str, str]:
    """What is said of a key; an option of the analyst's own may have keys of which nothing is said."""
    try:
        return text_of(key)
    except KeyError:
        return {"means": NOT_DESCRIBED, "why": f"{AUTHOR}."}


def pattern_of(key: str) -> str:
    """Return the key of `texts` that speaks of `key` (see `text_of`)."""
    parts = key.split(".")
    if parts[1:2] == ["candidates"]:
        parts = [parts[0], *parts[3:]]
    plain = ".".join(parts)
    matches = [pattern for pattern in texts() if fnmatchcase(plain, pattern)]
    if not matches:
        raise KeyError(key)
    return max(matches, key=lambda pattern: (pattern == plain, not pattern.startswith("*"), len(pattern)))


def assumptions(facts: Facts) -> Document:
    """Return the log of a run."""
    return Document(
        "assumptions",
        "Log of assumptions",
        (
            "Every choice of this run: first what was filled in, left out or simulated, then each key of the "
            "configuration with its value, what it means, and why its default is what it is. Values may "
            "differ from the defaults; the reason of such a choice is the analyst's.",
        ),
        (_data(facts), *_groups(facts.config)),
    )


def _data(facts: Facts) -> Section:
    counts, source = facts.said["counts"], facts.source
    simulated = "; ".join(
        f"{name}: {remark}" if remark else name for name, remark in (source.get("simulated") or {}).items()
    )
    weights = facts.results.choice.get("settings") or {}
    shown = (tables.imputed(facts), tables.left_out(facts), tables.special(facts), tables.quality(facts))
    sampled = facts.results.evidence.get("rows"), facts.results.evidence.get("fitted")
    return Section(
        "What was filled in, left out, simulated or assumed in this run",
        bullets=(
            f"Data: {facts.data}.",
            f"Simulated tables: {simulated or ('all' if source['synthetic'] else 'none')}.",
            f"Filled in: {counts['imputed']:,} missing values ({facts.step('imputer')}).",
            f"Left out: {len(facts.said['features']['dropped'])} features.",
            f"Set apart: {counts['special']:,} special practices, which got the nearest segment afterwards.",
            f"In no segment: {counts['noise']:,} practices.",
            f"Extreme values: {facts.step('outliers')}.",
            f"Scale: {facts.step('scaler')}. Components: {facts.step('reducer')}.",
            f"Irregularities of the files that were accepted: {len(facts.said['quality'])} kinds (see the "
            "table).",
            *(f"Chosen by the study: {key} {value}." for key, value in sorted(weights.items())),
            *(
                [f"The evidence rests on a random sample of {sampled[0]:,} of {sampled[1]:,} practices."]
                if sampled[0] and sampled[1] and sampled[0] != sampled[1]
                else []
            ),
        ),
        tables=tuple(one for one in shown if one.rows),
    )


def _groups(config: Mapping[str, Any]) -> Iterator[Section]:
    columns = (("Key", "code"), ("Value", "code"), "What it means", "Why the default")
    for group, part in _table().items():
        if group not in config:
            continue
        value = config[group]
        keys = {group: value} if not isinstance(value, Mapping) else dict(flat(value, group))
        said = {key: _text_or_none(key) for key in keys}
        rows = [
            (key, _shown(value, group), said[key]["means"], said[key]["why"]) for key, value in keys.items()
        ]
        yield Section(f"conf: {group}", (part["about"],), tables=(table(f"Keys of {group}", columns, rows),))


def flat(config: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield every key with its value: ``study.rule.kind``; what is long is counted (`COUNTED_BELOW`)."""
    for name, value in config.items():
        key = f"{prefix}.{name}"
        if key in COUNTED_BELOW and isinstance(value, Mapping):
            yield f"{key}.*", f"{len(value)}: {', '.join(map(str, value))}"
        elif isinstance(value, Mapping) and value:
            yield from flat(value, key)
        else:
            yield key, value


def _shown(value: object, group: str) -> str:
    """A value as text; those that change no result, and may be of one computer, are not shown."""
    if group in WITHOUT_EFFECT:
        return "not shown"
    if value is None:
        return "empty"
    dumped = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000)
    text = value if isinstance(value, str) else dumped.removesuffix("...\n").strip()
    return shorten(without_secrets(text), LONGEST)


@cache
def _table() -> dict[str, Any]:
    found = files("gp_segmentation.report") / "transparency" / "assumptions.yaml"
    table: dict[str, Any] = yaml.safe_load(found.read_text(encoding="utf-8"))
    return table
