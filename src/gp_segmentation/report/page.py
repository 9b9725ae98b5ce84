"""Write the pages: the summary through an autoescaped template, with figures and finder inside the file."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from gp_segmentation.atomic import write_text
from gp_segmentation.figures import Rendered, segment_keys
from gp_segmentation.report.exploring import features_found
from gp_segmentation.report.summarise import summarise
from gp_segmentation.results import Results

#: An SVG larger than this goes into the page as PNG, bytes.
LARGE_SVG = 300_000


def write_page(
    results: Results,
    rendered: Sequence[Rendered],
    path: Path,
    *,
    left_out: Sequence[dict[str, str]] = (),
    top_features: int = 12,
) -> None:
    """Write the page of `results` to `path`: one HTML file, no network, the same bytes for the same input.

    Parameters
    ----------
    rendered, left_out : figures, and those that had nothing to show (name, label, reason), as from
        `figures.load`.
    top_features : rows of each segment's profile.

    Notes
    -----
    Every text from data is escaped by the template. The page's policy allows no request at all, and only
    the one script whose hash it names.
    """
    script = _asset("finder.js")
    text = _template("report.html.j2").render(
        **summarise(results, top_features=top_features),
        figures=[_figure(figure) for figure in rendered],
        left_out=list(left_out),
        colours={key.number: key.colour for key in segment_keys(results.segments)},
        css=Markup(_asset("page.css")),  # noqa: S704 - our own files
        script=Markup(script),  # noqa: S704
        script_hash=_hash(script),
        finder=Markup(data_block(finder(results))),  # noqa: S704 - escaped by data_block
    )
    write_text(path, text)


def write_first_look(
    results: Results, rendered: Sequence[Rendered], path: Path, *, left_out: Sequence[dict[str, str]] = ()
) -> None:
    """Write the page of `gpseg-explore`: the features of `results`, before anything is clustered.

    Parameters
    ----------
    rendered, left_out : as for `write_page`.
    """
    source, practices = results.source, results.practices
    ordinary = int(practices["special"].isna().sum())
    text = _template("explore.html.j2").render(
        title=f"A first look at the features, {source['label']}",
        about=f"{len(results.dictionary)} features ({results.config['features']['label']}) of "
        f"{len(practices):,} practices, {len(practices) - ordinary:,} of them special.",
        source=source,
        synthetic=bool(source["synthetic"]),
        features=features_found(results),
        figures=[_figure(figure) for figure in rendered],
        left_out=list(left_out),
        css=Markup(_asset("page.css")),  # noqa: S704 - our own file
    )
    write_text(path, text)


def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("gp_segmentation.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _asset(name: str) -> str:
    return (files("gp_segmentation.report") / "templates" / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _figure(figure: Rendered) -> dict[str, Any]:
    svg = figure.svg.read_bytes()
    png = figure.png.read_bytes()
    kind, content = ("svg+xml", svg) if len(svg) <= LARGE_SVG else ("png", png)
    width, height = struct.unpack(">II", png[16:24])  # of the PNG's header
    return {
        "name": figure.name,
        "label": figure.label,
        "title": figure.title,
        "caption": figure.caption,
        "alt": f"{figure.title}. {figure.alt}",
        "uri": f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}",
        "width": width,
        "height": height,
    }


def finder(results: Results) -> dict[str, Any]:
    """Return what the finder searches: ICB names and segment names once, then a row per practice.

    A row is code, name, postcode, position in ``icbs``, segment, next nearest segment (0: none), margin in
    thousandths (-1: none), 1 if it was fitted.
    """
    about = results.segments.merge(
        results.practices[["practice_code", "postcode"]], on="practice_code", how="left"
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
        strict=True,
    )
    return {
        "icbs": icbs,
        "segments": dict(zip(about["segment"].tolist(), about["segment_name"].tolist(), strict=True)),
        "rows": [[v if isinstance(v, str) else int(v) for v in row] for row in rows],
    }


def data_block(value: Any) -> str:
    """Return `value` as JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
