"""Figures of a run: one module each; `render_all` draws them.

A figure is a module of this package whose name does not begin with an underscore, with

* a docstring, which is its caption: what is measured and how to read it;
* ``ORDER`` (position), ``LABEL`` (what kind of figure it is), and optionally ``NOTE`` (printed below it),
  ``EXPLORES = True`` (it shows features and needs no clustering) and ``SHOWS_ACHIEVEMENT = True`` (it rests
  on what practices achieved, whatever the features are: where that is simulated, it is marked);
* ``data(results)``, which returns the numbers, or raises `NotShown` with the reason why there are none;
* ``size(data)``, width and height in inches without title and foot;
* ``draw(data, figure)``; ``title(data)``, the finding; ``alt(data)``, the text equivalent;
* ``table(data)``, the numbers behind it with a heading for every column: its long text equivalent.
"""

from gp_segmentation.figures._area_map import AreaPlaces, area_places, draw_area_map
from gp_segmentation.figures._groups import SUBGROUPS_ARE_FOR, Group, groups_by_level, parts_of
from gp_segmentation.figures._page_charts import chart_positions, icb_outlines
from gp_segmentation.figures._panel import draw_flows, draw_trends
from gp_segmentation.figures._registry import FigureModule, NotShown, exploring, figure_modules
from gp_segmentation.figures._render import Rendered, load_figures, render_all
from gp_segmentation.figures._style import on_dark, segment_keys
