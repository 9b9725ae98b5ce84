"""Draw every figure with its title and foot, and write PNG, SVG and captions."""

import inspect
import textwrap
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.transforms import Bbox
from PIL import Image

from gp_segmentation.figures._registry import FigureModule, NotShown, figure_modules
from gp_segmentation.figures._style import GREY, INK, style
from gp_segmentation.figures._table import table_texts
from gp_segmentation.schemas import Results
from gp_segmentation.utils.files import fresh_folder, read_json, write_json
from gp_segmentation.utils.hashes import identity
from gp_segmentation.utils.parallel import count_jobs, parallel_map
from gp_segmentation.utils.progress import watched
from gp_segmentation.utils.wording import SIMULATED, data_mark, visible_name

#: Inches per line of title and foot, the space around them, and letters that fit into an inch.
TITLE_LINE, MARK_LINE, FOOT_LINE, MARGIN = 0.27, 0.3, 0.19, 0.12
TITLE_LETTERS, FOOT_LETTERS = 9.1, 14.2
#: Pixels per inch of the PNG.
DPI = 150


@dataclass(frozen=True)
class Rendered:
    """One figure on disk, and its words.

    Attributes
    ----------
    name : of the module. label : what kind of figure it is.
    png, svg : the files.
    title : the finding. caption : measure, source, population, period. alt : text equivalent.
    table : ``columns`` and ``rows`` of the numbers behind it, as from `table_texts`.
    body : first row of pixels of the drawing with its mark, and the first below it: above is the title, below
        the foot.
    """

    name: str
    label: str
    png: Path
    svg: Path
    title: str
    caption: str
    alt: str
    table: dict[str, Any]
    body: tuple[int, int]

    def picture(self) -> Image.Image:
        """Return the picture without title and foot, for a page that has both in its text."""
        with Image.open(self.png) as whole:
            return whole.crop((0, self.body[0], whole.width, self.body[1]))


def render_all(
    results: Results, folder: Path, names: list[str] | None = None, *, jobs: int | None = 1
) -> list[Rendered]:
    """Draw the figures called `names` (default: all) into `folder`, replacing its contents.

    Writes NAME.png (150 dpi), NAME.svg and captions.json; a figure that has nothing to show is named there
    under ``left_out`` with its reason. The same results give the same bytes, whatever the number of `jobs`
    (processes; None: one per core).

    Raises
    ------
    KeyError : `names` holds something that is not a figure.
    """
    modules = figure_modules()
    chosen = list(modules) if names is None else [name for name in names if modules[name]]
    workers = max(1, min(count_jobs(jobs), len(chosen)))
    with fresh_folder(folder) as out:
        # One task per worker, so that the results are sent to each only once.
        tasks = [(chosen[i::workers], results, out) for i in range(workers)]
        with watched(lambda: len(list(out.glob("*.svg"))), len(chosen), "figures drawn"):
            parts = list(parallel_map(_render_each, tasks, jobs, processes=True))
        entries = sorted((entry for part in parts for entry in part), key=lambda e: chosen.index(e["name"]))
        shown = [entry for entry in entries if "reason" not in entry]
        left_out = [entry for entry in entries if "reason" in entry]
        write_json(out / "captions.json", {"figures": shown, "left_out": left_out})
    return load_figures(folder)[0]


def load_figures(folder: Path) -> tuple[list[Rendered], list[dict[str, str]]]:
    """Return the figures of `folder`, as written by `render_all`, and those left out with the reason."""
    content = read_json(folder / "captions.json")
    shown = [
        Rendered(
            **entry | {name: folder / entry[name] for name in ("png", "svg")} | {"body": tuple(entry["body"])}
        )
        for entry in content["figures"]
    ]
    return shown, content["left_out"]


def _render_each(names: list[str], results: Results, out: Path) -> list[dict[str, Any]]:
    return [_render(name, figure_modules()[name], results, out) for name in names]


def _render(name: str, module: FigureModule, results: Results, out: Path) -> dict[str, Any]:
    """Draw one figure and return its entry in captions.json."""
    try:
        data = module.data(results)
    except NotShown as reason:
        return {"name": name, "label": module.LABEL, "reason": str(reason)}
    title, png, svg = visible_name(module.title(data)), f"{name}.png", f"{name}.svg"
    with style(), warnings.catch_warnings():
        # A letter that the font lacks is drawn as a box; the figure is still of use.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = compose(module, data, title, results)
        of_run = "; ".join(f"{k}: {v}" for k, v in identity(results.config, results.source).items())
        figure.savefig(out / png, dpi=DPI, metadata={"Software": None, "Description": of_run})
        figure.savefig(out / svg, metadata={"Date": None, "Creator": None, "Description": of_run})
    words: dict[str, Any] = {
        "title": title,
        "caption": caption(module, results),
        "alt": visible_name(module.alt(data)),
    }
    words["table"] = table_texts(module.table(data))
    return {"name": name, "label": module.LABEL, "png": png, "svg": svg, "body": body_of(figure), **words}


class Canvas(FigureCanvasAgg):
    """A canvas that is drawn when it is asked to be, and not at once whenever geopandas adds shapes."""

    def draw_idle(self, *_: Any, **__: Any) -> None:
        pass


def compose(module: FigureModule, data: Any, title: str, results: Results) -> Figure:
    """Return the figure: the title, the mark of what is not real, the drawing, the foot with the source."""
    width, height = module.size(data)
    heading = textwrap.wrap(title, int((width - 2 * MARGIN) * TITLE_LETTERS))
    foot_letters = int((width - 2 * MARGIN) * FOOT_LETTERS)
    feet = [line for part in foot(module, results) for line in textwrap.wrap(part, foot_letters)]
    text = mark(module, results)
    above = MARGIN * 2 + TITLE_LINE * len(heading)
    below = MARGIN * 2 + FOOT_LINE * len(feet)
    heights = [above, *([MARK_LINE] if text else []), height, below]
    figure = Figure(figsize=(width, sum(heights)))
    Canvas(figure)
    figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.06)
    parts = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights, hspace=0)[:, 0]
    top, *marked, middle, bottom = parts
    left = MARGIN / width
    top.text(left, 1 - MARGIN / above, "\n".join(heading), va="top", size=13, weight="bold", color=INK)
    bottom.text(left, MARGIN / below, "\n".join(feet), va="bottom", size=8.5, color=GREY)
    for part in marked:
        box = {"facecolor": "#FFDD00", "edgecolor": "none", "pad": 3}
        part.text(left + 0.004, 0.5, text, va="center", size=10, weight="bold", color="black", bbox=box)
    module.draw(data, middle)
    round_layout(figure)
    return figure


def body_of(figure: Figure) -> tuple[int, int]:
    """Return the rows of the PNG between which the drawing and its mark stand (see `Rendered.body`)."""
    first, *_, last = figure.subfigs
    rows = figure.get_size_inches()[1] * DPI
    return round((1 - first.bbox_relative.y0) * rows), round((1 - last.bbox_relative.y1) * rows)


def mark(module: FigureModule, results: Results) -> str:
    """Return the mark of a figure: data are synthetic, or a table that it rests on is simulated, or ""."""
    shows_achievement = bool(getattr(module, "SHOWS_ACHIEVEMENT", False))
    return data_mark(results.source, results.config, shows_achievement=shows_achievement)


def round_layout(figure: Figure) -> None:
    """Lay `figure` out once and round every position to 1e-5 of its size.

    The last digits of matplotlib's layout change from run to run; without them, the same figure gives the
    same bytes.
    """
    figure.draw_without_rendering()
    for part in figure.findobj(SubFigure):
        box = part.bbox_relative
        box.p0, box.p1 = np.round(box.p0, 5), np.round(box.p1, 5)
    for axes in figure.axes:
        place = axes.get_position(original=True)
        axes.set_position(Bbox(np.round(place.get_points(), 5)))
    figure.set_layout_engine(None)  # with "none" each file is laid out once more


def caption(module: FigureModule, results: Results) -> str:
    """Return the module's docstring and the lines below the figure."""
    about = " ".join(inspect.cleandoc(module.__doc__ or "").split())
    return visible_name(" ".join([about, *foot(module, results)]))


def foot(module: FigureModule, results: Results) -> list[str]:
    """Return the lines below a figure: population, period, source, and the module's own note."""
    source = results.source
    fitted = int(results.practices["special"].isna().sum())
    label = visible_name(source["label"])
    label = label[:1].upper() + label[1:]
    population = f"{label}: {len(results.practices):,} practices, {fitted:,} of them fitted."
    if source["synthetic"]:
        population = f"Synthetic data, not about any real practice. {population}"
    elif mark(module, results):
        population = f"{visible_name(source.get('warning') or SIMULATED)} {population}"
    note = getattr(module, "NOTE", "")
    credit = visible_name(source["attribution"])
    if note and "OS data" in credit:  # the source has a fuller note
        return [population, f"Source: {credit}"]
    information = credit.split(". Contains OS data")[0].rstrip(".")
    return [population, f"Source: {information}. {note}".strip()]
