"""Write the pages: the summary through an autoescaped template, with pictures, data and script inside."""

import base64
import hashlib
import io
import struct
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup
from PIL import Image

from gp_segmentation.figures import Rendered, exploring, segment_keys
from gp_segmentation.report.features_text import features_found
from gp_segmentation.report.page_data import data_block, page_data
from gp_segmentation.report.summarise import summarise
from gp_segmentation.schemas import Results
from gp_segmentation.utils.files import write_text

#: An SVG larger than this goes into the page as PNG, bytes; the PNG has this many colours.
LARGE_SVG, COLOURS = 150_000, 256
#: The script's files, in the order in which they are joined.
SCRIPTS = ("common.js", "explore.js", "finder.js")
#: Parts of the page that show figures, in order, and the figures of each; all others are evidence.
PARTS = ("segments", "evidence", "opportunities", "features")
PART_OF = {
    **dict.fromkeys(("sizes", "map", "icb_shares", "heatmap", "distributions", "scatter"), "segments"),
    "opportunities": "opportunities",
}


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
    script = page_script()
    drawn = {figure.name: _figure(figure) for figure in in_order(rendered)}
    for number, figure in enumerate(drawn.values(), start=1):
        figure["number"] = number
    text = _template("report.html.j2").render(
        **summarise(results, top_features=top_features),
        figures={part: [drawn[f.name] for f in rendered if _part(f.name) == part] for part in PARTS},
        left_out=list(left_out),
        colours={key.number: key.colour for key in segment_keys(results.segments)},
        css=Markup(_asset("page.css")),  # noqa: S704 - our own files
        script=Markup(script),  # noqa: S704
        script_hash=_hash(script),
        data=Markup(data_block(page_data(results))),  # noqa: S704 - escaped by data_block
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
        warning=str(source.get("warning") or ""),
        features=features_found(results),
        figures=[_figure(figure) for figure in rendered],
        left_out=list(left_out),
        css=Markup(_asset("page.css")),  # noqa: S704 - our own file
    )
    write_text(path, text)


def page_script() -> str:
    """Return the page's script: its files inside one function, so that they leave no name behind."""
    return "\n".join(['"use strict";', "(function () {", *(_asset(name) for name in SCRIPTS), "})();"])


def _part(name: str) -> str:
    return "features" if name in exploring() else PART_OF.get(name, "evidence")


def in_order(rendered: Sequence[Rendered]) -> list[Rendered]:
    """Return the figures in the order in which the page shows them."""
    return sorted(rendered, key=lambda figure: PARTS.index(_part(figure.name)))


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


def _smaller(png: bytes) -> bytes:
    """Return `png` with a palette of `COLOURS`, about a third of the bytes."""
    found = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(found, "PNG", optimize=True)
    return found.getvalue()


def _figure(figure: Rendered) -> dict[str, Any]:
    svg = figure.svg.read_bytes()
    png = figure.png.read_bytes()
    kind, content = ("svg+xml", svg) if len(svg) <= LARGE_SVG else ("png", _smaller(png))
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
