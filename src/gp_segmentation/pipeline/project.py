"""A project and one configuration: where its data are, and where its runs are recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gp_segmentation.pipeline.order import announced, stage
from gp_segmentation.pipeline.years.prepared import prepared_folder
from gp_segmentation.storage import provenance
from gp_segmentation.storage.workspace import Workspace

if TYPE_CHECKING:
    from gp_segmentation.tracking.run import Run
    from gp_segmentation.tracking.store import Store


@dataclass(frozen=True)
class Project:
    """What the ways to run the stages have in common.

    Attributes
    ----------
    cfg : the composed configuration. root : the project's folder.
    """

    cfg: dict[str, Any]
    root: Path

    @property
    def data(self) -> Workspace:
        """The project's own workspace, which DVC's stages write."""
        return Workspace(self.root / "data")

    def workspace(self, folder: Path, prepared: Path) -> Workspace:
        """Return a workspace in `folder` that reads the project's raw files and tables prepared elsewhere."""
        return Workspace(folder, raw_folder=self.data.raw, prepared_folder=prepared)

    def prepared_folder(self, raw: Path | None = None) -> Path:
        """Return the folder of prepared tables of the source: `data/prepared`, or one made for it once.

        `raw` is the folder of raw data in which the source has its own (default: the project's).
        """
        return prepared_folder(self.cfg, self.data, raw or self.data.raw, _prepare)

    def prepared_tables(self) -> PreparedTables:
        """Return the prepared tables of the source, and what they held no later than when they were found.

        Looked at in this order, tables replaced in between differ from it at the end.
        """
        content = provenance.content(self.data.prepared)
        folder = self.prepared_folder()
        return PreparedTables(folder, content if folder == self.data.prepared else provenance.content(folder))

    def open_store(self, root: Path | None = None) -> Store:
        """Open the tracking store that the configuration names, of the project in `root` (default: this)."""
        from gp_segmentation.tracking import store

        tracking = self.cfg["tracking"]
        place = tracking.get("artifacts")  # runs of before there was a choice have no such key
        return store.open_store(root or self.root, tracking["experiment"], tracking["uri"], place)

    @property
    def tracked(self) -> bool:
        """Whether runs are recorded."""
        return bool(self.cfg["tracking"]["enabled"])

    @contextmanager
    def run(
        self,
        title: str,
        tags: Mapping[str, str],
        store: Store | None = None,
        seconds: float | None = None,
    ) -> Iterator[Run | None]:
        """Open a run with the parameters and tags it is found by; None where tracking is off.

        `seconds` : how long it took, where what is recorded was done before.
        """
        if not self.tracked:
            yield None
            return
        from gp_segmentation.tracking import recording

        with (
            (store or self.open_store()).run(title, tags, seconds) as opened,
            recording.begun(opened, self.cfg),
        ):
            yield opened


def _prepare(cfg: dict[str, Any], ws: Workspace) -> None:
    with announced("prepare"):
        stage("prepare")(cfg, ws)


@dataclass(frozen=True)
class PreparedTables:
    """A folder of prepared tables and what it held when it was found."""

    folder: Path
    content: str

    def fail_if_changed(self) -> AbstractContextManager[None]:
        """Guard work with the tables: GpsegError when they were replaced meanwhile."""
        return provenance.fail_if_changed(self.folder, self.content)
