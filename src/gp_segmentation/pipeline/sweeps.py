"""A multirun as one whole: a run above those of its jobs, and a comparison of what they found."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gp_segmentation.errors import without_secrets
from gp_segmentation.utils.files import read_json, write_json
from gp_segmentation.utils.root import project_root

if TYPE_CHECKING:
    from gp_segmentation.tracking.run import Run

log = logging.getLogger("gpseg")

#: What the folder of a sweep holds about it.
FILE = "sweep.json"


@dataclass(frozen=True)
class Sweep:
    """A sweep, as its jobs find it in their folder's parent.

    Attributes
    ----------
    id : tag of its runs. run : the MLflow run above them; None where the sweep is not recorded.
    overrides : what was typed.
    """

    id: str
    run: str | None
    overrides: tuple[str, ...]

    @classmethod
    def of(cls, job: Path) -> Sweep | None:
        """Return the sweep that the folder of a job is in; None of a job that was started by itself."""
        folder = next((parent for parent in job.parents if (parent / FILE).is_file()), None)
        return None if folder is None else cls.read(folder)

    @classmethod
    def read(cls, folder: Path) -> Sweep:
        """Read what `_begin` wrote."""
        found = read_json(folder / FILE)
        return cls(found["id"], found["run"], tuple(found["overrides"]))

    def tags(self, title: str) -> dict[str, str]:
        """Return the tags of a job's run: what is set in it alone, and the run it is below in MLflow.

        `title` : the job's overrides.
        """
        from gp_segmentation.tracking.names import PARENT, SWEEP

        own = " ".join(text for text in title.split(" ") if text not in self.overrides)
        return {SWEEP: self.id, "setting": own or "defaults"} | ({PARENT: self.run} if self.run else {})


class SweepCallback:
    """What Hydra calls when a multirun begins (conf/config.yaml)."""

    def on_multirun_start(self, config: Any, config_name: str | None = None, **_: Any) -> None:
        """Begin the sweep. Of an error Hydra would only warn, and start the jobs all the same."""
        if _opened and config_name == "config":
            try:
                _begin(config, _opened[-1])
            except Exception as error:
                raise _NotBegunError(error) from None

    def on_multirun_end(self, **_: Any) -> None:
        """Leave the end to `ended`: Hydra does not call this when a job failed."""

    on_run_start = on_run_end = on_job_start = on_job_end = on_compose_config = on_multirun_end


class _NotBegunError(BaseException):
    """Carries an error out of Hydra, which catches every Exception."""


@dataclass
class _Opened:
    """What `ended` has to bring to its end."""

    stack: ExitStack
    folder: Path | None = None
    run: Run | None = field(default=None)


_opened: list[_Opened] = []


@contextmanager
def ended() -> Iterator[None]:
    """Bring a sweep that begins within to its end, also when a job failed: compare its jobs, end its run."""
    with ExitStack() as stack:
        _opened.append(_Opened(stack))
        try:
            yield
        except _NotBegunError as error:
            raise error.args[0] from None
        except Exception:
            with _only_warned_of():
                _compare_jobs(_opened[-1])
            raise
        else:
            _compare_jobs(_opened[-1])
        finally:
            _opened.pop()


@contextmanager
def _only_warned_of() -> Iterator[None]:
    """Let an error that came before be told, not one from within."""
    try:
        yield
    except Exception as error:
        log.warning("the jobs that finished could not be compared: %s", error)


def _begin(cfg: Any, opened: _Opened) -> None:
    """Open the run of a sweep, or open it again, and write into its folder what its jobs need to know."""
    from gp_segmentation.pipeline.project import Project

    folder = Path(cfg.hydra.sweep.dir).absolute()
    before = Sweep.read(folder) if (folder / FILE).is_file() else None
    overrides = [without_secrets(str(text)) for text in cfg.hydra.overrides.task]
    project = Project({"tracking": dict(cfg.tracking)}, project_root())
    sweep_id = before.id if before else uuid.uuid4().hex[:8]
    if project.tracked:
        from gp_segmentation.tracking import describing

        tags = describing.sweep_tags(project.root, sweep_id)
        known = before.run if before else None
        opened.run = opened.stack.enter_context(
            project.open_store().run(f"sweep: {_varied(overrides)}", tags, known=known)
        )
    folder.mkdir(parents=True, exist_ok=True)
    opened.folder = folder
    run_id = opened.run.id if opened.run else None
    write_json(folder / FILE, {"id": sweep_id, "run": run_id, "overrides": overrides})


def _compare_jobs(opened: _Opened) -> None:
    """Compare the jobs that finished, in the sweep's folder and with its run."""
    from gp_segmentation.pipeline import compare, marks

    if opened.folder is None:
        return
    jobs = sorted((path.parent for path in opened.folder.rglob(".hydra")), key=_number)
    done = [job for job in jobs if marks.is_marked(job)]
    log.info("sweep: %d of %d jobs finished", len(done), len(jobs))
    text = "no job finished"
    if done:
        others = [job.name for job in jobs if job not in done]
        text = compare.compare_jobs(opened.folder, done, others, project_root())
        log.info("%s", text)
    if opened.run is not None:
        from gp_segmentation.tracking.names import NOTE

        opened.run.set_tags({NOTE: f"```\n{text.partition(compare.WHERE)[0].strip()}\n```"})
        opened.run.log_metrics({"jobs/finished": len(done), "jobs/all": len(jobs)})
        opened.run.log_files([path for name in compare.FILES if (path := opened.folder / name).is_file()], "")


def _varied(overrides: list[str]) -> str:
    """Return the overrides with more than one value; lists and the like in brackets are one."""
    bare = {text: re.sub(r"\[.*\]|\{.*\}|'.*'|\".*\"", "", text) for text in overrides}
    return " ".join(text for text, left in bare.items() if "," in left or "(" in left) or " ".join(overrides)


def _number(job: Path) -> tuple[int, str]:
    return (int(job.name) if job.name.isdigit() else -1, str(job))
