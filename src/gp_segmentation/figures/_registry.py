"""The list of figures: every module of this package whose name does not begin with an underscore."""

import importlib
import pkgutil
from typing import Any, Protocol, cast

import pandas as pd
from matplotlib.figure import FigureBase

from gp_segmentation.schemas import Results


class NotShown(Exception):  # noqa: N818 - not an error: the run lacks what the figure needs
    """A figure has nothing to show in this run; the message says why to the reader of the page."""


class FigureModule(Protocol):
    """What a figure module offers (see the package's docstring)."""

    __name__: str
    __doc__: str | None
    ORDER: int
    LABEL: str

    def data(self, results: Results) -> Any: ...
    def size(self, data: Any) -> tuple[float, float]: ...
    def draw(self, data: Any, figure: FigureBase) -> None: ...
    def title(self, data: Any) -> str: ...
    def alt(self, data: Any) -> str: ...
    def table(self, data: Any) -> pd.DataFrame: ...


def figure_modules() -> dict[str, FigureModule]:
    """Return the figure modules by name, in the order in which they are shown."""
    package = importlib.import_module("gp_segmentation.figures")
    names = [m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")]
    modules = {n: cast(FigureModule, importlib.import_module(f"{package.__name__}.{n}")) for n in names}
    return dict(sorted(modules.items(), key=lambda item: (item[1].ORDER, item[0])))


def exploring() -> list[str]:
    """Return the names of the figures that show features and need no clustering."""
    return [name for name, module in figure_modules().items() if getattr(module, "EXPLORES", False)]
