"""How figures look: the Government Analysis Function's style and palettes, kept out of global state."""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files

import matplotlib.style
import pandas as pd
from afcharts.af_colours import get_af_colours
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from gp_segmentation.figures._registry import NotShown

INK, GREY, LIGHT, PALE = "#1A1A1A", "#595959", "#BFBFBF", "#F2F2F2"
BLUE, ORANGE = get_af_colours("duo")
#: The six categorical colours of the Analysis Function, then six more that stay apart from them. No
#: meaning hangs on colour alone: every segment has its marker and its number too.
SEGMENT_COLOURS = (
    *get_af_colours("categorical"),
    *("#6BACE6", "#8A6A00", "#E58FB5", "#5A8F29", "#7A3B10", "#2073BC"),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*", "d")
LINES = ("-", "--", "-.", ":")
#: Orange below England, blue above it; the palette's own ends, white between.
DIVERGING = LinearSegmentedColormap.from_list(
    "gpseg_diverging", [ORANGE, "#FCE3D6", "white", "#CFDCEB", BLUE]
)
#: White to the palette's blue and on to near black: lightness alone tells the value.
SEQUENTIAL = LinearSegmentedColormap.from_list("gpseg_sequential", ["#F4F8FB", "#9DC3E6", BLUE, "#06192B"])

_RC = {
    # A font that comes with matplotlib, so that figures are the same on every machine.
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10.5,
    "axes.titlesize": 11,
    "axes.labelsize": 10.5,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.fontsize": 10,
    "xtick.color": "0.5",
    "ytick.color": "0.5",
    # Names come from data: a "$" in one is a dollar sign, never mathematics.
    "text.parse_math": False,
    # Glyphs as paths and hashed ids: the same picture and the same bytes everywhere.
    "svg.fonttype": "path",
    "svg.hashsalt": "gp_segmentation",
    "figure.dpi": 100,
    "savefig.dpi": 150,
}


@contextmanager
def style() -> Iterator[None]:
    """Apply the style inside a ``with`` block; matplotlib's settings are restored afterwards."""
    with as_file(files("afcharts") / "afcharts.mplstyle") as path, matplotlib.style.context([path, _RC]):
        yield


@dataclass(frozen=True)
class Key:
    """How one segment is drawn: its number, name, size, colour and marker."""

    number: int
    name: str
    practices: int
    colour: str
    marker: str

    @property
    def text(self) -> str:
        return f"{self.number}  {clean(self.name)}"


def segment_keys(segments: pd.DataFrame) -> list[Key]:
    """Return a `Key` for every segment, in the order of their numbers."""
    sizes = segments["segment"].value_counts().to_dict()
    names = dict(zip(segments["segment"], segments["segment_name"], strict=True))
    return [
        Key(
            int(number),
            str(names[number]),
            int(sizes[number]),
            SEGMENT_COLOURS[i % len(SEGMENT_COLOURS)],
            MARKERS[i % len(MARKERS)],
        )
        for i, number in enumerate(sorted(names))
    ]


def compared_keys(segments: pd.DataFrame) -> list[Key]:
    """Return `segment_keys`; `NotShown` when there is a single segment, which leaves nothing to compare."""
    keys = segment_keys(segments)
    if len(keys) < 2:
        raise NotShown("There is only one segment, so there is nothing to compare.")
    return keys


def without_frame(axes: Axes) -> None:
    """Leave out the grid and the lines around the axes."""
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)


def clean(text: object) -> str:
    """Return text from data as one line without control characters, which SVG cannot hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())


def legend_text(key: Key, width: int = 56) -> str:
    """Return number and name of a segment, broken for half a wide figure."""
    return textwrap.fill(key.text, width, subsequent_indent="    ")


def two_lines(text: str) -> str:
    """Break a long name after the comma nearest its middle."""
    commas = [i for i, c in enumerate(text) if c == ","]
    if len(text) < 36 or not commas:
        return text
    middle = min(commas, key=lambda i: abs(i - len(text) / 2))
    return f"{text[: middle + 1]}\n{text[middle + 1 :].strip()}"


def text_colour(background: tuple[float, ...]) -> str:
    """Return ink or white, whichever has more contrast (WCAG 2.2) with `background` (RGB from 0 to 1)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in background[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    # INK has a luminance of 0.010: its contrast is (L + .05) / .060, that of white 1.05 / (L + .05).
    return "white" if (luminance + 0.05) ** 2 < 1.05 * 0.060 else INK
