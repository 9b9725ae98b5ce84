"""What an analyst asks of a finished run: the peers of a practice, the segments of new practices."""

import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation import config
from gp_segmentation.errors import GpsegError, InputError
from gp_segmentation.features import Tables
from gp_segmentation.insight.peers.comparison import Comparison
from gp_segmentation.insight.peers.search import found_practices, found_text
from gp_segmentation.insight.peers.text import peers_text
from gp_segmentation.pipeline.project import Project
from gp_segmentation.pipeline.runs import recorded_config
from gp_segmentation.pipeline.years.other_sources import prepared_source
from gp_segmentation.segments.assignment import assign_practices
from gp_segmentation.segments.changes import BORDER_CHANCE
from gp_segmentation.segments.renumbering import read_renumbered
from gp_segmentation.storage import provenance
from gp_segmentation.storage.model_files import load_model
from gp_segmentation.storage.table_files import read_segments, read_table, write_table
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import read_json

Config = dict[str, Any]

log = logging.getLogger("gpseg")


def describe_peers(asked: str, folder: Path, root: Path) -> str:
    """Return the peers of a practice as text, from the results in `folder`; first what of them is simulated.

    Parameters
    ----------
    asked : its code, a part of its name, or its postcode. Where several are called so, they are listed.
    root : the project, whose raw files a run in a folder of its own was made from.

    Raises
    ------
    GpsegError : the practice or the results are not there.
    """
    ws = Workspace(existing_run(folder))
    segments = recorded_segments(ws.segments / "segments.csv", everyone=True)
    codes = found_practices(asked, segments, _postcodes(ws, root))
    if len(codes) > 1:
        found = found_text(asked, codes, segments)
    else:
        code = codes[0] if codes else asked
        found = _peers_of(code, ws, segments)
        if code.upper() != asked.strip().upper():
            found = f"{asked} is found in one practice, {code}.\n\n{found}"
    warning = warning_of_run(ws, root)
    return f"{warning}\n\n{found}" if warning else found


def _peers_of(code: str, ws: Workspace, segments: pd.DataFrame) -> str:
    natural, values, dictionary = ws.feature_tables()
    comparison = Comparison.of(values, natural, dictionary)
    peers, names = read_table(ws.insight / "peers.parquet"), _names_of_groups(ws.segments / "levels.csv")
    return peers_text(code, peers, segments, comparison, names)


def _postcodes(ws: Workspace, root: Path) -> pd.Series | None:
    """Practice code -> postcode: of the run's prepared tables or, in a job's folder, of the project's."""
    for there in (ws, Workspace(root / "data")):
        if (there.prepared / "practices.parquet").is_file():
            return there.prepared_table("practices").set_index("practice_code")["postcode"]
    return None


def recorded_segments(path: Path, *, everyone: bool = False) -> pd.DataFrame:
    """Read the segments of a run (`read_segments`); without codes if it is from before there were levels."""
    if "supergroup" in pd.read_csv(path, nrows=0).columns:
        return read_segments(path, everyone=everyone)
    return read_table(path, "segments_without_levels")


def _names_of_groups(path: Path) -> dict[str, str] | None:
    """Code -> name of every group of a run; None if it is from before there were levels."""
    if not path.is_file():
        return None
    levels = read_table(path, "levels")
    return dict(zip(levels["code"], levels["name"], strict=True))


def warning_of_run(ws: Workspace, root: Path, cfg: Config | None = None) -> str:
    """What is simulated of the source of the run in `ws`; "" when nothing is. `cfg` saves reading it."""
    if ws.prepared.is_dir():
        return _warning(ws.prepared)
    # A job's folder has no prepared tables of its own: its source and the raw files say it.
    source = (cfg or recorded_config(ws.root, root))["source"]
    tables = provenance.simulated_tables(source.get("simulated"), root / "data" / "raw" / source["name"])
    return provenance.simulated_warning(tables)


def _warning(prepared: Path) -> str:
    """The warning that source.json beside prepared tables holds; "" when there is none."""
    path = prepared / "source.json"
    return str(read_json(path).get("warning") or "") if path.is_file() else ""


def assign_source(run: str, source: str, out: Path, root: Path, level: float | None = None) -> str:
    """Put the practices of `source` into the segments of `run`, write them to `out`, return what to know.

    Parameters
    ----------
    run : an MLflow run's id, the folder of a run, or the address of a model (``models:/NAME@ALIAS``).
    source : an option of conf/source, or a folder (prepared tables, or raw files named as those of the
        run's source).
    root : the project. level : chance above which a practice is near a border (None: the default).
    """
    with tempfile.TemporaryDirectory() as downloads:
        past = _past_run(run, root, Path(downloads))
        if past.model_sha256 is None:
            log.warning(
                "No digest of its model was recorded with run %s: whether it is the same is not known", run
            )
        cfg, new = past.cfg, prepared_source(source, past.cfg, root)
        blocks = {name: config.build(node, "block") for name, node in cfg["features"]["blocks"].items()}
        assigned = assign_practices(
            load_model(past.model, past.model_sha256),
            blocks,
            config.build(cfg["selection"], "selection"),
            _tables(past.prepared),
            _tables(new),
            recorded_segments(past.segments, everyone=True),
            read_renumbered(root / "conf" / "source" / "_renumbered.yaml"),
            BORDER_CHANCE if level is None else level,
        )
    write_table(out, assigned.table, "assigned")
    sides = {"In the run": _warning(past.prepared), "In what is assigned": _warning(new)}
    warnings = [f"{where}: {words}" for where, words in sides.items() if words]
    return "\n".join([*warnings, *assigned.notes, f"Written: {out}"]) + "\n"


def crown(run: str, root: Path) -> str:
    """Register the model of a run under the project's name with the alias ``champion``; return what to know.

    Parameters
    ----------
    run : an MLflow run's id, or the folder of a recorded run. root : the project.

    Raises
    ------
    GpsegError : the store has no such run, or the run logged no model.
    """
    from gp_segmentation.tracking import models, recording

    store, folder = Project(config.compose_config(root), root).open_store(), Path(run).expanduser()
    run_id: str | None = run
    if folder.is_dir():
        run_id = store.find(recording.content_hash(Workspace(existing_run(folder))))
        if run_id is None:
            raise GpsegError(f"the run in {folder} is not recorded. Record it first: gpseg-record {folder}")
    version = models.crown(store.client, str(run_id))
    address = f"models:/{models.REGISTERED}@{models.CHAMPION}"
    return (
        f"Run {run_id} is the champion now (version {version} of {models.REGISTERED}).\n"
        f"Put practices into its segments: gpseg assign --run {address} --source SOURCE\n"
    )


@dataclass(frozen=True)
class _PastRun:
    """Where the parts of a finished run are: composed configuration, model, segments, prepared tables.

    `model_sha256` is None for runs recorded before digests were.
    """

    cfg: Config
    model: Path
    model_sha256: str | None
    segments: Path
    prepared: Path


def _past_run(run: str, root: Path, downloads: Path) -> _PastRun:
    folder = Path(run).expanduser()
    if folder.is_dir():
        cfg, ws = with_prepared(folder, root)
        recorded = ws.segments / "model.json"
        sha256 = str(read_json(recorded)["sha256"]) if recorded.is_file() else None
        return _PastRun(cfg, ws.segments / "model.skops", sha256, ws.segments / "segments.csv", ws.prepared)
    from gp_segmentation.tracking import models

    client = Project(config.compose_config(root), root).open_store().client
    run_id = models.run_of_model(client, run) if models.is_model(run) else run
    found, sha256 = models.fetch_model(client, run_id, downloads)
    cfg = config.load_recorded(found["config"])
    prepared = Project(cfg, root).prepared_folder()
    _check_same(read_json(found["source"]), read_json(prepared / "source.json"))
    return _PastRun(cfg, found["model"], sha256, found["segments"], prepared)


def with_prepared(folder: Path, root: Path) -> tuple[Config, Workspace]:
    """Return a run's configuration and workspace; a job's prepared tables are those of the project."""
    cfg, ws = recorded_config(folder, root), Workspace(folder)
    if ws.prepared.is_dir():
        return cfg, ws
    return cfg, Workspace(folder, prepared_folder=Project(cfg, root).prepared_folder())


def _check_same(then: Config, now: Config) -> None:
    files = [{file["filename"]: file["sha256"] for file in side["files"]} for side in (then, now)]
    changed = sorted(name for name, digest in files[0].items() if files[1].get(name) != digest)
    if changed:
        raise InputError(
            "is not the file the run was made from",
            file=changed[0],
            remedy="Bring back the run's raw files with gpseg data or dvc, or name another run",
        )


def _tables(folder: Path) -> Any:
    ws = Workspace(folder.parent, prepared_folder=folder)
    return Tables(**{name: ws.prepared_table(name) for name in Tables.names()})


def existing_run(folder: Path) -> Path:
    """Return the folder of a run; GpsegError where it holds no segments."""
    if not (folder / "segments" / "segments.csv").is_file():
        raise GpsegError(
            f"{folder} holds no segments. Run dvc repro or gpseg, or name a run with --run FOLDER"
        )
    return folder
