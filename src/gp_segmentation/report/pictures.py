"""Figures as a page has them: the picture, its words, its table, and the drawing to download."""

import base64
import gzip
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PIL import Image

from gp_segmentation.figures import Rendered
from gp_segmentation.utils.parallel import parallel_map

#: Different colours in a picture of the page: half the bytes, and all but some dots at edges keep theirs.
COLOURS = 256
#: Bytes of the largest SVG in a page. Larger ones are mostly pixels, and the page has their picture.
LARGEST_DRAWING = 150_000


def shown_figures(figures: Iterable[tuple[Rendered, int]], jobs: int | None) -> list[dict[str, Any]]:
    """Return figures, each with its number, for the macro `picture`; so many at once (None: every core)."""
    return list(parallel_map(_shown, figures, jobs, here=True))


def _shown(figure: Rendered, number: int) -> dict[str, Any]:
    """Return a figure whose title, caption and source stand in the text.

    The alternative text is the finding and the kind of chart: the table is its long form.
    """
    kind = figure.alt.split(". ")[0].rstrip(".")
    return {
        "number": number,
        "name": figure.name,
        "label": figure.label,
        "title": figure.title,
        "caption": figure.caption,
        "alt": f"{figure.title}. {kind}. The table below it has its data.",
        "table": figure.table,
        "drawing": _zipped(figure.svg),
        **embedded(figure.picture()),
    }


def embedded(picture: Image.Image) -> dict[str, Any]:
    """Return a picture as a page has it: ``uri``, and ``width`` and ``height`` in pixels."""
    data = base64.b64encode(_smaller(picture)).decode("ascii")
    return {"uri": f"data:image/webp;base64,{data}", "width": picture.width, "height": picture.height}


def _smaller(picture: Image.Image) -> bytes:
    """Return a picture as lossless WebP of `COLOURS`: areas keep theirs, others take the nearest."""
    smaller = io.BytesIO()
    few = picture.convert("RGB").quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.convert("RGB").save(smaller, "WEBP", lossless=True)
    return smaller.getvalue()


def _zipped(svg: Path) -> str:
    """Return an SVG as base64 of its gzip, which the page's script unpacks; "" beyond `LARGEST_DRAWING`."""
    data = gzip.compress(svg.read_bytes(), mtime=0)
    return base64.b64encode(data).decode("ascii") if len(data) <= LARGEST_DRAWING else ""
