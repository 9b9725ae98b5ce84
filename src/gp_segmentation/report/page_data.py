"""The data inside the page, for its search, practice profiles and linked charts."""

import json
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.figures import NotShown, chart_positions, groups_by_level, icb_outlines, on_dark
from gp_segmentation.report.conditions import conditions
from gp_segmentation.report.expected_data import expected_data
from gp_segmentation.report.levels_text import in_tree_order
from gp_segmentation.schemas import Results
from gp_segmentation.utils.intervals import rounded_intervals
from gp_segmentation.utils.rounding import COUNTED, natural_number

#: Most features, indicators and peers of a practice; the features are those on which segments differ most.
MAX_FEATURES, MAX_INDICATORS, MAX_PEERS = 30, 5, 10
#: Unit of the map's coordinates, metres.
METRES = 100
#: What can dispute a practice's segment: nothing, random samples of practices, another method, or both.
DOUBTS = ("", "draws", "method", "draws, method")
#: The group of practices that belong to none, on every level: a small grey mark.
NO_SEGMENT = ["No segment", "", 0, -1, "#7d8589", ".", 0]


def page_data(results: Results) -> dict[str, Any]:
    """Return all data of the page's script; lists by practice have the order of ``rows``."""
    codes = list(results.everyone["practice_code"])
    found = finder(results)
    return {
        **found,
        **_areas(results, codes),
        **_groupings(results, codes),
        "chart": _chart(results, codes),
        "map": _map(results, codes),
        "metres": METRES,
        "on_dark": {group[4]: on_dark(group[4]) for group in found["groups"]},
        "features": _features(results, codes, found["icbs"]),
        "conditions": conditions(results, found["icbs"]),
        "peers": _peers(results.peers, codes),
        **_opportunities(results, codes),
        **expected_data(results, codes),
    }


def data_block(value: Any) -> str:
    """Return `value` as JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def finder(results: Results) -> dict[str, Any]:
    """Return the data of the search: names of boards (ICBs), levels, groups, and a row per practice.

    A group is code, name, position of its level in ``levels``, position of its parent in ``groups`` (-1:
    none), colour, marker, number of the segment (0 on other levels); each stands before those it is made of.
    Where practices belong to no segment, the last group is `NO_SEGMENT`.
    A row is code, name, postcode, position in ``icbs``, position in ``groups`` of the practice's group on the
    last level, that of the next nearest segment (-1: none), margin in thousandths (-1: none), 1 if it was
    fitted, list size, probability in percent that it is in its segment (-1: not measured), its segments with
    their probabilities in words, and what disputes its segment (`_doubt`).
    """
    about = results.everyone.merge(
        results.practices[["practice_code", "postcode"]], on="practice_code", how="left"
    )
    icbs = sorted(set(about["icb_name"]))
    position = {name: i for i, name in enumerate(icbs)}
    found = groups_by_level(results)
    levels, groups = list(found), in_tree_order(found)
    place = {group.code: i for i, group in enumerate(groups)}
    of_segment = {group.number: place[group.code] for group in found["segment"]}
    segment = about["segment"].map(of_segment)
    own = about["subgroup"].map(place) if "subgroup" in found else segment
    rows = zip(
        about["practice_code"],
        about["practice_name"],
        about["postcode"].fillna(""),
        about["icb_name"].map(position),
        own.where(about["segment"] > 0, len(groups)).astype("int64"),
        about["second_segment"].map(of_segment).astype("Int64").fillna(-1),
        (about["margin"].astype(float) * 1000).round().fillna(-1).astype("int64"),
        about["fitted"].astype("int64"),
        about["list_size"],
        _percent(about.get("certainty", pd.Series(np.nan, about.index))),
        about.get("membership", pd.Series("", about.index)).fillna(""),
        _doubt(about, results.doubts),
        strict=True,
    )
    return {
        "icbs": icbs,
        "levels": levels,
        "groups": [
            [g.code, g.name, levels.index(g.level), place.get(g.parent, -1), g.colour, g.marker, g.number]
            for g in groups
        ]
        + [NO_SEGMENT] * bool(len(results.unsegmented)),
        "rows": [[v if isinstance(v, str) else int(v) for v in row] for row in rows],
    }


def _areas(results: Results, codes: list[str]) -> dict[str, Any]:
    """Codes of the boards in the order of ``icbs``; PCNs (code, name); each practice's PCN (-1: none)."""
    practices = results.practices.set_index("practice_code")
    of_board = dict(zip(practices["icb_name"], practices["icb_code"], strict=True))
    pcns = practices.dropna(subset=["pcn_code"]).drop_duplicates("pcn_code").set_index("pcn_code")["pcn_name"]
    pcns = pcns.sort_index()
    position = {code: i for i, code in enumerate(pcns.index)}
    return {
        "icb_codes": [str(of_board.get(name, name)) for name in sorted(set(results.everyone["icb_name"]))],
        "pcns": [[str(code), str(name)] for code, name in pcns.items()],
        "pcn": [position.get(code, -1) for code in practices["pcn_code"].reindex(codes)],
    }


def _groupings(results: Results, codes: list[str]) -> dict[str, Any]:
    """Groupings of the source: name, label, day, names of groups, each practice's group (-1: none).

    Nothing at all where the source has none.
    """
    found = []
    for name, rows in results.groupings.groupby("grouping", sort=True):
        groups = sorted(set(rows["group"]))
        own = rows.set_index("practice_code")["group"].map({group: i for i, group in enumerate(groups)})
        day = date.fromisoformat(rows["date"].iloc[0])
        found.append(
            {
                "name": str(name),
                "label": str(rows["label"].iloc[0]),
                "day": f"{day.day} {day:%B %Y}",
                "groups": groups,
                "group": own.reindex(codes).fillna(-1).astype("int64").tolist(),
            }
        )
    return {"groupings": found} if found else {}


def _percent(shares: pd.Series) -> pd.Series:
    """Shares in percent, rounded down: what falls short of certainty is not shown as certain."""
    return (100 * shares.astype(float)).round(6).floordiv(1).fillna(-1).astype("int64")


def _doubt(about: pd.DataFrame, doubts: pd.Series) -> pd.Series:
    """What disputes a practice's segment, as a position in `DOUBTS`; -1 where it was not assessed."""
    doubt = about["practice_code"].map(doubts).map({text: n for n, text in enumerate(DOUBTS)})
    return doubt.where(about["segment"] > 0).fillna(-1).astype("int64")


def _chart(results: Results, codes: list[str]) -> dict[str, Any] | None:
    """Scores of the practices on two components, in thousandths, and the names of the axes."""
    try:
        scores, axes = chart_positions(results)
    except NotShown:
        return None
    x, y = (_scaled(scores[name], codes, 1000) for name in ("one", "two"))
    return {"x": x, "y": y, "axes": axes}


def _map(results: Results, codes: list[str]) -> dict[str, Any] | None:
    """Practices and outlines of boards on the National Grid, in units of `METRES`; None without practices."""
    points, rings = icb_outlines(results)
    if points.empty:
        return None
    outlines = [np.round(ring / METRES).astype("int64").ravel().tolist() for ring in rings]
    x, y = (_scaled(points[axis], codes, 1 / METRES) for axis in ("x", "y"))
    return {"x": x, "y": y, "outlines": outlines}


def _scaled(values: pd.Series, codes: list[str], scale: float) -> list[int | None]:
    known = (values.reindex(codes) * scale).round()
    return [None if pd.isna(v) else int(v) for v in known]


def _features(results: Results, codes: list[str], icbs: list[str]) -> list[dict[str, Any]]:
    """Label, unit, means (England, segments, boards) and values by practice of what segments differ on.

    All means are over fitted practices, as those of profiles.
    """
    fitted = results.segments[results.segments["fitted"]].set_index("practice_code")
    boards = results.natural.reindex(fitted.index).groupby(fitted["icb_name"]).mean().reindex(icbs)
    used = results.profiles[results.profiles["used"].astype(bool)]
    difference = used["difference_sd"].abs().groupby(used["feature"]).max().sort_values(ascending=False)
    features = results.dictionary[results.dictionary["feature"].isin(difference.index[:MAX_FEATURES])]
    rows = []
    for feature, label, unit in features[["feature", "label", "unit"]].itertuples(index=False):
        means = used[used["feature"] == feature].set_index("segment")
        rows.append(
            {
                "label": str(label),
                "unit": str(unit),
                "england": _shown(means["england_mean"].iloc[0], unit),
                "segments": {int(segment): _shown(mean, unit) for segment, mean in means["mean"].items()},
                "boards": [_shown(mean, unit) for mean in boards[feature]],
                "values": [_rounded(value, unit) for value in results.natural[feature].reindex(codes)],
            }
        )
    return rows


def _shown(value: float, unit: str) -> float | None:
    """A mean as all tables show it."""
    return natural_number(float(value), unit) if np.isfinite(value) else None


def _rounded(value: float, unit: str) -> float | int | None:
    """A practice's own value: more digits than are shown, so that its percentile is right."""
    if not np.isfinite(value):
        return None
    return round(float(value)) if unit in COUNTED else float(f"{value:.3g}")


def _peers(peers: pd.DataFrame, codes: list[str]) -> list[list[int]]:
    """Peers of each practice, nearest first: position in ``rows``, then percent of resamples (-1: none)."""
    by_practice: list[list[int]] = [[] for _ in codes]
    if not {"practice_code", "peer_code", "rank"} <= set(peers.columns):
        return by_practice
    position = {code: i for i, code in enumerate(codes)}
    known = peers["peer_code"].isin(position) & peers["practice_code"].isin(position)
    nearest = peers[(peers["rank"] <= MAX_PEERS) & known].sort_values(["practice_code", "rank"])
    nearest = nearest.reindex(columns=["practice_code", "peer_code", "inclusion"])
    percent = (100 * nearest["inclusion"]).round().fillna(-1).astype("int64")
    for code, peer, share in zip(nearest["practice_code"], nearest["peer_code"], percent, strict=True):
        by_practice[position[code]] += [position[peer], int(share)]
    return by_practice


def _opportunities(results: Results, codes: list[str]) -> dict[str, Any]:
    """Largest indicators of each practice, and the targets of the segments.

    A gain is position in ``indicators``, additional patients with the ends of their interval (rounded to what
    it bears), the practice's rate and the median of its peers in thousandths, and its rank; -1: not known.
    ``targets`` has for each indicator, by number of the segment, its target in thousandths and how many
    practices are ranked.
    """
    table = results.practice_opportunities
    gains: list[list[list[int]]] = [[] for _ in codes]
    key = ["practice_code", "indicator_code", "additional_patients"]
    if not set(key) <= set(table.columns):
        return {"indicators": [], "gains": gains, "targets": []}
    more = ["low", "high", "rate", "peers_rate", "rank", "target", "ranked", "segment"]
    table = table.reindex(columns=[*key, *more])
    rows = table[(table["additional_patients"] >= 0.5) & table["practice_code"].isin(set(codes))]
    rows = rows.sort_values(key[::2], ascending=[True, False], kind="stable")
    rows = rows.groupby("practice_code").head(MAX_INDICATORS)
    names = sorted(set(rows["indicator_code"]))
    numbers = rows[["additional_patients", "low", "high"]].to_numpy(dtype=float).T
    counts = [*rounded_intervals(*numbers), 1000 * rows["rate"], 1000 * rows["peers_rate"], rows["rank"]]
    shown = np.column_stack([np.asarray(column, dtype=float) for column in counts])
    shown = np.where(np.isfinite(shown), shown, -1).round().astype("int64")
    position = {code: i for i, code in enumerate(codes)}
    for code, name, values in zip(rows["practice_code"], rows["indicator_code"], shown.tolist(), strict=True):
        gains[position[code]].append([names.index(name), *values])
    descriptions = _descriptions(results.opportunities)
    return {
        "indicators": [[name, descriptions.get(name, "")] for name in names],
        "gains": gains,
        "targets": _targets(table.dropna(subset=more[-3:]), names),
    }


def _targets(table: pd.DataFrame, names: list[str]) -> list[dict[int, list[int]]]:
    """The target in thousandths, and the practices ranked, of each indicator by number of the segment."""
    found = table.groupby(["indicator_code", "segment"])[["target", "ranked"]].first()
    of = {name: found.loc[name] for name in found.index.unique("indicator_code")}
    return [
        {int(n): [round(1000 * t), int(r)] for n, t, r in of[name].itertuples()} if name in of else {}
        for name in names
    ]


def _descriptions(opportunities: pd.DataFrame) -> dict[str, str]:
    """Description by indicator, as far as the table of opportunities has them."""
    if not {"indicator_code", "description"} <= set(opportunities.columns):
        return {}
    rows = opportunities.drop_duplicates("indicator_code").dropna(subset=["description"])
    return dict(zip(rows["indicator_code"], rows["description"].astype(str), strict=True))
