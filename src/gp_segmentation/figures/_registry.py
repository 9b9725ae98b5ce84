"""Which figures there are: every module of this package that does not begin with an underscore."""

import importlib
import pkgutil
from typing import Any, Protocol, cast

from matplotlib.figure import FigureBase

from gp_segmentation.schemas import Results


class NotShown(Exception):  # noqa: N818 - not an error: what a figure needs is not there
    """A figure has nothing to show in this run; the text is the reason, for the reader of the page."""


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


def figure_modules() -> dict[str, FigureModule]:
    """Return the figure modules by name, in the order in which they are shown."""
    package = importlib.import_module("gp_segmentation.figures")
    names = [m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")]
    found = {n: cast(FigureModule, importlib.import_module(f"{package.__name__}.{n}")) for n in names}
    return dict(sorted(found.items(), key=lambda item: (item[1].ORDER, item[0])))


def exploring() -> list[str]:
    """Return the names of the figures that show features, and so need nothing to be clustered."""
    return [name for name, module in figure_modules().items() if getattr(module, "EXPLORES", False)]
