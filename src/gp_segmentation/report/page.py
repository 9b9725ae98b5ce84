"""Write the pages: results through an autoescaped template, with pictures, data and script inside."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gp_segmentation.figures import Rendered, exploring, on_dark, segment_keys
from gp_segmentation.report.packed import packed
from gp_segmentation.report.page_data import data_block, page_data
from gp_segmentation.report.pictures import shown_figures
from gp_segmentation.report.summarise import frame, summarise
from gp_segmentation.schemas import Results
from gp_segmentation.utils.files import write_text
from gp_segmentation.utils.hashes import TO_TRACE
from gp_segmentation.utils.rounding import whole_percent
from gp_segmentation.utils.wording import UNCHECKED

#: What every page has as its script, or begins it with; files that follow it on pages with figures; and those
#: that follow them on the page for readers, in the order in which they are joined.
OF_ALL = "page.js"
OF_FIGURES = ("drawing.js", "figure_files.js")
OF_READERS = (
    *(
        "tables.js",
        "common.js",
        "filter.js",
        "explore.js",
        "chart_files.js",
        "finder.js",
        "chosen_area.js",
        "gaps.js",
        "networks.js",
        "here.js",
    ),
)
#: The page for analysts, beside that for readers.
ANALYST = "analyst.html"
#: The workbook beside the page.
WORKBOOK = "segments.xlsx"
#: Parts of the pages that show figures, in order, and the figures of each; all others belong to the evidence.
PARTS = ("segments", "opportunities", "choice", "evidence", "features")
PART_OF = {
    **dict.fromkeys(("levels", "sizes", "map", "icb_shares"), "segments"),
    **dict.fromkeys(("heatmap", "distributions", "scatter"), "segments"),
    "usefulness": "choice",
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
    """Write the page for readers to `path`, that for analysts beside it; same bytes for the same input.

    Parameters
    ----------
    rendered, left_out : from `figures.load_figures`: figures, and those with nothing to show.
    top_features : rows in the profile of each segment.

    Notes
    -----
    The template escapes every text from data. The page's policy allows no request at all, and no script but
    the one whose hash it names.
    """
    in_order = sorted(rendered, key=lambda figure: PARTS.index(_part(figure.name)))
    numbers = {figure.name: number for number, figure in enumerate(in_order, start=1)}
    shown: dict[str, list[dict[str, Any]]] = {part: [] for part in PARTS}
    numbered = [(figure, numbers[figure.name]) for figure in rendered]
    for figure in shown_figures(numbered, results.config.get("jobs")):
        shown[_part(figure["name"])].append(figure)
    said = {
        **summarise(results, top_features=top_features),
        "figures": shown,
        "left_out": left_out,
        "readers": path.name,
        "analyst": ANALYST,
        "workbooks": (WORKBOOK, WORKBOOK.replace(".xlsx", ".ods")),
    }
    about = {"title": f"For analysts: how the segments were made, {results.source['label']}"}
    write_template(path.with_name(ANALYST), "analyst.html.j2", scripts=OF_FIGURES, **(said | about))
    write_template(
        path,
        "report.html.j2",
        **said,
        colours={key.number: key.colour for key in segment_keys(results.segments)},
        scripts=OF_FIGURES + OF_READERS,
        data=packed(page_data(results)),
    )


def write_first_look(
    results: Results, rendered: Sequence[Rendered], path: Path, *, left_out: Sequence[dict[str, str]] = ()
) -> None:
    """Write the page of `gpseg-explore`: the features of `results`, before anything is clustered.

    Parameters
    ----------
    rendered, left_out : as for `write_page`.
    """
    practices = results.practices
    write_template(
        path,
        "explore.html.j2",
        scripts=OF_FIGURES,
        **frame(results),
        title=f"A first look at the features, {results.source['label']}",
        about=f"{len(results.dictionary)} features ({results.config['features']['label']}) of "
        f"{len(practices):,} practices, {int(practices['special'].notna().sum()):,} of them special.",
        figures=shown_figures(
            [(figure, number) for number, figure in enumerate(rendered, start=1)], results.config.get("jobs")
        ),
        left_out=left_out,
    )


def write_template(
    path: Path, template: str, *, scripts: Sequence[str] = (), data: Any = None, **parts: Any
) -> None:
    """Write a page whose every text from data is escaped; it gets `parts` and the style of all pages.

    Parameters
    ----------
    scripts : files of `templates/` that follow `OF_ALL` in its script. data : what they read, as JSON.
    """
    css, (script, digest) = Markup(_asset("page.css")), script_of(OF_ALL, *scripts)  # noqa: S704 - our own
    frame = {"css": css, "script": Markup(script), "script_hash": digest}  # noqa: S704 - our own files
    block = "" if data is None else Markup(data_block(data))  # noqa: S704 - escaped by data_block
    page = _environment().get_template(template)
    write_text(path, page.render(**frame, data=block, unchecked=UNCHECKED, to_trace=TO_TRACE, **parts))


@cache
def _environment() -> Environment:
    """One for all pages: a template is compiled once."""
    environment = Environment(
        loader=PackageLoader("gp_segmentation.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["own"] = lambda colour: f"--light:{colour};--dark:{on_dark(colour)}"
    environment.filters["whole_percent"] = whole_percent
    return environment


def script_of(*names: str) -> tuple[str, str]:
    """Return files of `templates/` as one script, and the hash by which a page's policy allows it."""
    script = "\n".join(['"use strict";', "(function () {", *(_asset(name) for name in names), "})();"])
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return script, f"sha256-{digest}"


def _part(name: str) -> str:
    return "features" if name in exploring() else PART_OF.get(name, "evidence")


def _asset(name: str) -> str:
    return (files("gp_segmentation.report") / "templates" / name).read_text(encoding="utf-8")
