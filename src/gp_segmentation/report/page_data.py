"""The data inside the page: what its search, practice profiles and linked charts read."""

import json
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.figures import NotShown, chart_positions, icb_outlines, segment_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.wording import COUNTED

#: Features in a practice's profile, the ones segments differ on most; indicators and peers listed.
FEATURES, INDICATORS, PEERS = 30, 5, 10
#: Metres on the ground that are one step of the map's numbers.
STEP = 100


def page_data(results: Results) -> dict[str, Any]:
    """Return everything the page's script reads, one entry per practice in the order of ``rows``."""
    codes = list(results.segments["practice_code"])
    return {
        **finder(results),
        "chart": _chart(results, codes),
        "map": _map(results, codes),
        "features": _features(results, codes),
        "peers": _peers(results.peers, codes),
        **_opportunities(results, codes),
    }


def data_block(value: Any) -> str:
    """Return `value` as JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def finder(results: Results) -> dict[str, Any]:
    """Return what the finder searches: ICB names and segments once, then a row per practice.

    A row is code, name, postcode, position in ``icbs``, segment, next nearest segment (0: none), margin in
    thousandths (-1: none), 1 if it was fitted, list size.
    """
    about = results.segments.merge(
        results.practices[["practice_code", "postcode", "list_size"]], on="practice_code", how="left"
    )
    icbs = sorted(set(about["icb_name"]))
    place = {name: i for i, name in enumerate(icbs)}
    rows = zip(
        about["practice_code"],
        about["practice_name"],
        about["postcode"].fillna(""),
        about["icb_name"].map(place),
        about["segment"],
        about["second_segment"].astype("Int64").fillna(0),
        (about["margin"].astype(float) * 1000).round().fillna(-1).astype("int64"),
        about["fitted"].astype("int64"),
        about["list_size"],
        strict=True,
    )
    keys = segment_keys(results.segments)
    return {
        "icbs": icbs,
        "segments": {key.number: [key.name, key.colour, key.marker] for key in keys},
        "rows": [[v if isinstance(v, str) else int(v) for v in row] for row in rows],
    }


def _chart(results: Results, codes: list[str]) -> dict[str, Any] | None:
    """Places of the practices on two components, in thousandths, and the names of the axes."""
    try:
        scores, axes = chart_positions(results)
    except NotShown:
        return None
    return {"x": _column(scores["one"], codes, 1000), "y": _column(scores["two"], codes, 1000), "axes": axes}


def _map(results: Results, codes: list[str]) -> dict[str, Any] | None:
    """Places of the practices and outlines of ICBs in steps of the National Grid; None when not known."""
    points, rings = icb_outlines(results)
    if points.empty:
        return None
    outlines = [np.round(ring / STEP).astype("int64").ravel().tolist() for ring in rings]
    x, y = (_column(points[axis], codes, 1 / STEP) for axis in ("x", "y"))
    return {"x": x, "y": y, "outlines": outlines}


def _column(values: pd.Series, codes: list[str], scale: float) -> list[int | None]:
    known = (values.reindex(codes) * scale).round()
    return [None if pd.isna(v) else int(v) for v in known]


def _features(results: Results, codes: list[str]) -> list[dict[str, Any]]:
    """Label, unit, means (England, segments) and every practice's value of the most telling features."""
    used = results.profiles[results.profiles["used"].astype(bool)]
    strength = used["difference_sd"].abs().groupby(used["feature"]).max().sort_values(ascending=False)
    telling = set(strength.index[:FEATURES])
    found = []
    for about in results.dictionary.to_dict("records"):
        if about["feature"] not in telling:
            continue
        mine = used[used["feature"] == about["feature"]]
        whole = about["unit"] in COUNTED
        values = results.natural[about["feature"]].reindex(codes)
        found.append(
            {
                "label": str(about["label"]),
                "unit": str(about["unit"]),
                "england": _rounded(mine["england_mean"].iloc[0], whole=whole),
                "segments": {
                    int(s): _rounded(m, whole=whole)
                    for s, m in zip(mine["segment"], mine["mean"], strict=True)
                },
                "values": [_rounded(v, whole=whole) for v in values],
            }
        )
    return found


def _rounded(value: float, *, whole: bool) -> float | int | None:
    if not np.isfinite(value):
        return None
    return round(float(value)) if whole else float(f"{value:.3g}")


def _peers(peers: pd.DataFrame, codes: list[str]) -> list[list[int]]:
    """Per practice its peers, nearest first: position in ``rows``, then percent of resamples (-1: none)."""
    found: list[list[int]] = [[] for _ in codes]
    if not {"practice_code", "peer_code", "rank"} <= set(peers.columns):
        return found
    place = {code: i for i, code in enumerate(codes)}
    near = peers[
        (peers["rank"] <= PEERS) & peers["peer_code"].isin(place) & peers["practice_code"].isin(place)
    ]
    near = near.sort_values(["practice_code", "rank"])
    stays = near["inclusion"] if "inclusion" in near.columns else pd.Series(np.nan, index=near.index)
    percent = (100 * stays).round().fillna(-1).astype("int64")
    for own, other, share in zip(near["practice_code"], near["peer_code"], percent, strict=True):
        found[place[own]] += [place[other], int(share)]
    return found


def _opportunities(results: Results, codes: list[str]) -> dict[str, Any]:
    """Per practice its largest indicators: position in ``indicators``, additional patients, low, high."""
    table = results.practice_opportunities
    gains: list[list[list[int]]] = [[] for _ in codes]
    needed = {"practice_code", "indicator_code", "additional_patients"}
    if not needed <= set(table.columns):
        return {"indicators": [], "gains": gains}
    rows = table[(table["additional_patients"] >= 0.5) & table["practice_code"].isin(set(codes))]
    rows = rows.sort_values(["practice_code", "additional_patients"], ascending=[True, False], kind="stable")
    rows = rows.groupby("practice_code").head(INDICATORS)
    names = sorted(set(rows["indicator_code"]))
    place, indicator = {c: i for i, c in enumerate(codes)}, {n: i for i, n in enumerate(names)}
    columns = ["additional_patients", *[c for c in ("low", "high") if c in rows.columns]]
    for code, name, *values in rows[["practice_code", "indicator_code", *columns]].itertuples(index=False):
        gains[place[code]].append([indicator[name], *[round(float(v)) for v in values]])
    about = described(results.opportunities)
    return {"indicators": [[name, about.get(name, "")] for name in names], "gains": gains}


def described(opportunities: pd.DataFrame) -> dict[str, str]:
    """Return what each indicator asks for, where the table of opportunities says it."""
    if not {"indicator_code", "description"} <= set(opportunities.columns):
        return {}
    rows = opportunities.drop_duplicates("indicator_code").dropna(subset=["description"])
    return dict(zip(rows["indicator_code"], rows["description"].astype(str), strict=True))
