"""How figures look: the style and palettes of the Government Analysis Function."""

import re
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from itertools import cycle
from typing import Any

import matplotlib.style
import pandas as pd
from afcharts.af_colours import get_af_colours
from matplotlib.colors import LinearSegmentedColormap

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.schemas import Results
from gp_segmentation.utils.labels import BLOCKS, in_words, titled
from gp_segmentation.utils.wording import shorten, visible_name

#: Keyword arguments of a matplotlib call.
Look = dict[str, Any]

INK, GREY, PALE = "#1A1A1A", "#595959", "#F2F2F2"
BLUE, ORANGE = get_af_colours("duo")
#: The colours of segments. The first two, three, ... twelve are far apart with normal vision, protanopia,
#: deuteranopia and tritanopia (the first six in grey too), and all have a contrast of 3:1 with white and with
#: `LAND`; a test computes both. Every segment also has its own marker and code, so that colour never carries
#: the meaning alone.
SEGMENT_COLOURS = (
    *("#0C486C", "#C07800", "#900CFC", "#541800", "#0C8490", "#844800"),
    *("#9078E4", "#4854B4", "#CC3C54", "#300090", "#603C3C", "#3C2448"),
)
#: The same segments on a dark page, where nothing is told apart less well.
COLOURS_ON_DARK = (
    *("#75F5FC", "#A27510", "#57A5F4", "#E7B774", "#3E6CA8", "#F8FF3C"),
    *("#B0ABB0", "#4475FD", "#CC8D4E", "#78D1F5", "#CC2FD4", "#AC82BF"),
)
#: What lies below the marks of a map.
LAND = "#F3F3F3"
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*", "d")
LINE_STYLES = ("-", "--", "-.", ":")
#: Letters of the longest name that is drawn whole; those of boards and features have under 100.
LONGEST_NAME = 120
#: Orange below England, white at England, blue above it.
DIVERGING = LinearSegmentedColormap.from_list(
    "gpseg_diverging", [ORANGE, "#FCE3D6", "white", "#CFDCEB", BLUE]
)
#: From white through the palette's blue to near black: the darker, the larger the value.
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
    """Apply the style inside a ``with`` block and restore matplotlib's settings afterwards."""
    with as_file(files("afcharts") / "afcharts.mplstyle") as path, matplotlib.style.context([path, _RC]):
        yield


@dataclass(frozen=True)
class Key:
    """How one segment is drawn: its number in the tables, code, name, colour and marker."""

    number: int
    code: str
    name: str
    colour: str
    marker: str

    @property
    def text(self) -> str:
        return f"{self.code}  {clean(self.name)}"

    @property
    def axis_label(self) -> str:
        """The text; a long one is broken after the comma nearest its middle."""
        text = self.text
        commas = [i for i, letter in enumerate(text) if letter == ","]
        if len(text) < 36 or not commas:
            return text
        middle = min(commas, key=lambda i: abs(i - len(text) / 2))
        return f"{text[: middle + 1]}\n{text[middle + 1 :].strip()}"

    def legend_label(self, width: int = 56) -> str:
        """Return the text in lines of `width` letters; the default fits half a wide figure."""
        return textwrap.fill(self.text, width, subsequent_indent="    ")


def on_dark(colour: str) -> str:
    """Return what a segment's colour becomes on a dark page; any other colour stays as it is."""
    return dict(zip(SEGMENT_COLOURS, COLOURS_ON_DARK, strict=True)).get(colour, colour)


def segment_keys(segments: pd.DataFrame) -> list[Key]:
    """Return a `Key` for every segment, in the order of their codes.

    Colour and marker are those of the number, so that they do not depend on the supergroups. A run without
    levels has the numbers as codes.
    """
    codes = segments["segment_code"] if "segment_code" in segments else segments["segment"].astype(str)
    words = sorted(set(zip(segments["segment"], codes, segments["segment_name"], strict=True)))
    looks = zip(words, cycle(SEGMENT_COLOURS), cycle(MARKERS), strict=False)
    keys = [Key(int(number), str(code), str(name), *look) for (number, code, name), *look in looks]
    return sorted(keys, key=lambda key: code_order(key.code))


def code_order(code: str) -> tuple[int, str, int, int, str]:
    """Return what codes of groups are sorted by: A1 before A2 before A10 before B1, Z before AA.

    >>> sorted(["A10", "B1", "A2", "AA1"], key=code_order)
    ['A2', 'A10', 'B1', 'AA1']
    """
    above, number, below = re.findall(r"^([A-Z]*)(\d*)([a-z]*)", code)[0]
    return len(above), above, int(number or 0), len(below), below


def compared_keys(segments: pd.DataFrame) -> list[Key]:
    """Return `segment_keys`; raise `NotShown` when there is only one segment."""
    keys = segment_keys(segments)
    if len(keys) < 2:
        raise NotShown("There is only one segment, so there is nothing to compare.")
    return keys


def clean(name: object) -> str:
    """Return a name from data as one line that every figure has room for."""
    return shorten(visible_name(name), LONGEST_NAME)


def feature_labels(results: Results, features: Iterable[str]) -> list[str]:
    """Return the label of every feature in `features`; a column that is no feature keeps its name."""
    labels = results.dictionary.set_index("feature")["label"]
    return [clean(labels.get(feature, feature)) for feature in features]


def in_millions(patients: int) -> str:
    """Return a number of patients, in millions where there are so many.

    >>> in_millions(18692566), in_millions(84312)
    ('18.7m', '84,312')
    """
    return f"{patients / 1e6:.1f}m" if patients >= 950_000 else f"{patients:,}"


def block_name(block: object) -> str:
    """Return the name of a block of features in words.

    >>> block_name("age_structure")
    'Age structure'
    """
    return clean(titled(in_words(block, BLOCKS)))


def text_colour(background: tuple[float, ...]) -> str:
    """Return ink or white, whichever has more contrast (WCAG 2.2) with `background` (RGB from 0 to 1)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in background[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    # INK has a luminance of 0.010: its contrast is (L + .05) / .060, that of white 1.05 / (L + .05).
    return "white" if (luminance + 0.05) ** 2 < 1.05 * 0.060 else INK
