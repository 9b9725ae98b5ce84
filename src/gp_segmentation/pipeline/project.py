"""A project and one configuration: where its data are, and where its runs are recorded."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from gp_segmentation.pipeline.order import announced, stage
from gp_segmentation.storage import provenance
from gp_segmentation.storage.workspace import Workspace

if TYPE_CHECKING:
    from gp_segmentation.tracking.run import Run
    from gp_segmentation.tracking.store import Store

log = logging.getLogger("gpseg")


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
        source, raw = self.cfg["source"], raw or self.data.raw
        wanted = provenance.fingerprint(self.cfg, provenance.describe_raw_files(source, raw / source["name"]))
        if provenance.is_current(self.data.prepared, wanted):
            return self.data.prepared
        own = self.data.cache / "prepared" / wanted[:16]
        own.parent.mkdir(parents=True, exist_ok=True)
        # The jobs of a sweep may all come here at once; the first prepares, the others wait for it.
        with FileLock(own.with_suffix(".lock")):
            if not provenance.is_current(own, wanted):
                log.info("data/prepared is of other data or rules: preparing %s in %s", source["name"], own)
                with announced("prepare"):
                    stage("prepare")(self.cfg, Workspace(own.parent, raw_folder=raw, prepared_folder=own))
        return own

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


@dataclass(frozen=True)
class PreparedTables:
    """A folder of prepared tables and what it held when it was found."""

    folder: Path
    content: str

    def fail_if_changed(self) -> AbstractContextManager[None]:
        """Guard work with the tables: GpsegError when they were replaced meanwhile."""
        return provenance.fail_if_changed(self.folder, self.content)
