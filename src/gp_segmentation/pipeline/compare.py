"""Finished runs beside each other: settings, scores, agreement, and the practices that differ."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation import config
from gp_segmentation.errors import GpsegError
from gp_segmentation.pipeline.project import Project
from gp_segmentation.pipeline.queries import recorded_segments, warning_of_run
from gp_segmentation.pipeline.runs import recorded_config
from gp_segmentation.report import ComparedRun, write_comparison
from gp_segmentation.report.formatting import score_name, score_text, setting_text
from gp_segmentation.schemas import HEADLINES, with_headings
from gp_segmentation.segments.comparison import compare_segmentations
from gp_segmentation.storage.table_files import write_table
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import read_json
from gp_segmentation.utils.rounding import score_reached

Config = dict[str, Any]

#: Parts of the configuration that make no difference to what is found, and keys that only describe.
LEFT_OUT = ("jobs", "tracking", "report")
DESCRIBING = ("label", "description", "_target_")
#: What a finished run has, so far as it is read here.
NEEDED = ("segments/segments.csv", "study/choice.json", "evidence/evidence.json")
#: Of a practice, in the table of those that differ.
ABOUT_PRACTICE = ("practice_name", "sub_icb_name", "icb_name", "region_name")

PAGE, RUNS, AGREEMENT = "summary.html", "summary.csv", "agreement.csv"
CONTINGENCY, PRACTICES = "contingency.csv", "practices.csv"
#: How the lines begin that say where page and tables are.
WHERE = "The page:"
FILES = (PAGE, RUNS, AGREEMENT, CONTINGENCY, PRACTICES)


@dataclass(frozen=True)
class FinishedRun:
    """What is read of one run; `where` is its folder, or its id in MLflow."""

    where: str
    cfg: Config
    source: Config
    segments: pd.DataFrame
    choice: Config
    metrics: Config
    verdict: str

    @classmethod
    def in_folder(cls, folder: Path, root: Path) -> FinishedRun:
        """Read a run from its folder; GpsegError where it is not finished."""
        ws, cfg = Workspace(folder), recorded_config(folder, root)
        return cls._of(str(folder), ws, cfg, {**cfg["source"], "warning": warning_of_run(ws, root, cfg)})

    @classmethod
    def in_store(cls, run_id: str, root: Path, downloads: Path) -> FinishedRun:
        """Read a run from the project's tracking store, by its id or the address of its model."""
        from gp_segmentation.tracking import models

        client = Project(config.compose_config(root), root).open_store().client
        run_id = models.run_of_model(client, run_id) if models.is_model(run_id) else run_id
        folder = downloads / run_id
        folder.mkdir()
        # Where a part of the tables would come to stand depends on the store; the whole is one folder.
        composed, tables = models.fetch_files(client, run_id, ("config.yaml", "tables"), folder)
        cfg, source = config.load_recorded(composed), read_json(tables / "source.json")
        return cls._of(run_id, Workspace(tables), cfg, source)

    @classmethod
    def _of(cls, where: str, ws: Workspace, cfg: Config, source: Config) -> FinishedRun:
        if missing := [name for name in NEEDED if not (ws.root / name).is_file()]:
            raise GpsegError(
                f"{where} is no finished run: it has no {missing[0]}. Name another, or run it again"
            )
        segments = recorded_segments(ws.segments / "segments.csv", everyone=True)
        verdict = read_json(ws.evidence / "evidence.json")["verdict"] or ""
        return cls(where, cfg, source, segments, ws.choice(), ws.every_metric(), verdict)

    def named_segments(self) -> dict[int, str]:
        """Return number -> code and name of every segment."""
        table = self.segments[self.segments["segment"] > 0].drop_duplicates("segment").set_index("segment")
        codes = table["segment_code"] if "segment_code" in table else table.index.astype(str)
        names = zip(table.index, codes, table["segment_name"], strict=True)
        return {int(number): f"{code} {name}" for number, code, name in names}


def compare_runs(runs: Sequence[str], root: Path, out: Path) -> str:
    """Compare finished runs, write page and tables into `out`, and return what to know as text.

    Parameters
    ----------
    runs : two or more folders of runs, ids of MLflow runs, or addresses of models (``models:/NAME@ALIAS``).
        Every run is compared with the first one practice by practice.
    root : the project.

    Raises
    ------
    GpsegError : fewer than two runs are named, one is not there, or it is not finished.
    """
    asked = list(dict.fromkeys(runs))
    if len(asked) < 2:
        raise GpsegError("name two runs or more to compare: folders, or ids of MLflow runs")
    with tempfile.TemporaryDirectory() as downloads:
        found = {}
        for run, name in zip(asked, _names(asked), strict=True):
            folder = Path(run).expanduser()
            found[name] = (
                FinishedRun.in_folder(folder.resolve(), root)
                if folder.is_dir()
                else FinishedRun.in_store(run, root, Path(downloads))
            )
    return compare_finished(found, out, f"{len(found)} runs compared")


def compare_jobs(sweep: Path, jobs: Sequence[Path], unfinished: Sequence[str], root: Path) -> str:
    """Compare the finished jobs of a sweep in its folder (`compare_finished`); name those `unfinished`."""
    found = {f"job {job.name}": FinishedRun.in_folder(job, root) for job in jobs}
    notes = [f"Not finished: {', '.join(unfinished)}. Their logs say why."] if unfinished else []
    return compare_finished(found, sweep, f"Sweep of {len(jobs) + len(unfinished)} jobs", notes)


def _names(runs: Sequence[str]) -> list[str]:
    """Name runs by as much of the end of their folder as tells them apart, or the beginning of their id."""
    folders = {run: Path(run).expanduser().resolve() for run in runs if Path(run).expanduser().is_dir()}
    for length in range(1, 9):
        names = [
            "/".join(folders[run].parts[-length:])
            if run in folders
            else run.rpartition("/")[2][: None if "/" in run else 7 + length]
            for run in runs
        ]
        if len(set(names)) == len(runs):
            break
    return names


def compare_finished(
    runs: Mapping[str, FinishedRun], out: Path, title: str, notes: Sequence[str] = ()
) -> str:
    """Compare runs by name, write page and tables into `out`; return what to know as text.

    Parameters
    ----------
    title : of the page. notes : what else it says at the top.
    """
    labels = pd.DataFrame(
        {name: run.segments.set_index("practice_code")["segment"] for name, run in runs.items()}
    )
    compared, settings = (
        compare_segmentations(labels),
        differing_settings({n: r.cfg for n, r in runs.items()}),
    )
    about = [*notes, *_alike(compared.agreement)]
    others = compared.contingency[compared.contingency["run"] != labels.columns[0]]
    scores = _scores(runs, settings)
    out.mkdir(parents=True, exist_ok=True)
    write_table(out / RUNS, scores)
    write_table(out / AGREEMENT, compared.agreement.rename_axis("run"))
    write_table(out / CONTINGENCY, others)
    write_table(out / PRACTICES, _differing_practices(runs, compared.differing))
    shown = [
        ComparedRun(
            name,
            run.where,
            settings[name],
            run.choice,
            run.verdict,
            run.metrics,
            run.named_segments(),
            run.source,
        )
        for name, run in runs.items()
    ]
    write_comparison(
        out / PAGE, shown, compared.agreement, others, compared.matching, title=title, about=about
    )
    table = pd.DataFrame({run.name: _in_words(run) for run in shown})
    where = f"{WHERE}   {(out / PAGE).absolute().as_uri()}\nThe tables: {out}"
    return "\n".join([*about, "", table.to_string(), "", where, ""])


def _in_words(run: ComparedRun) -> dict[str, str]:
    """What differs between runs and their scores, as texts."""
    settings = {key: setting_text(value) for key, value in run.settings.items()}
    scores = {score_name(key): score_text(key, run.metrics.get(key)) for key in HEADLINES}
    return {**settings, **scores, "Verdict": run.verdict or "not assessed"}


def differing_settings(cfgs: Mapping[str, Config]) -> dict[str, dict[str, Any]]:
    """Return, by run, the settings that are not the same in every run; None where a run has no such key.

    Of options with other names (features=need, features=demographics) the name stands for all they set.
    """
    runs, flat = list(cfgs), {run: _settings(cfg) for run, cfg in cfgs.items()}
    groups = {
        run: {key: value.get("name") for key, value in cfg.items() if isinstance(value, Mapping)}
        for run, cfg in cfgs.items()
    }
    differing: dict[str, None] = {}
    for key in dict.fromkeys(key for found in flat.values() for key in found):
        group = key.partition(".")[0]
        alike: dict[Any, set[str]] = {}
        for run in runs:
            alike.setdefault(groups[run].get(group), set()).add(repr(flat[run].get(key)))
        named = len(alike) > 1
        if named and any(groups[run].get(group) for run in runs):
            differing[f"{group}.name"] = None
        if any(len(values) > 1 for values in alike.values()):
            differing[key] = None
    return {run: {key.removesuffix(".name"): flat[run].get(key) for key in differing} for run in runs}


def _settings(cfg: Config) -> dict[str, Any]:
    flat = config.flatten({key: value for key, value in cfg.items() if key not in LEFT_OUT})
    return {key: value for key, value in flat.items() if key.rpartition(".")[2] not in DESCRIBING}


def _alike(agreement: pd.DataFrame) -> list[str]:
    """Say which two runs are most alike, and which least."""
    names, values = list(map(str, agreement)), agreement.to_numpy()
    pairs = {(names[i], names[j]): float(values[i, j]) for i, j in combinations(range(len(names)), 2)}
    known = {pair: index for pair, index in pairs.items() if not np.isnan(index)}
    if not known:
        return []
    most, least = max(known, key=known.__getitem__), min(known, key=known.__getitem__)
    highest = score_reached(known[most])
    if most == least:
        return [f"Agreement of {' and '.join(most)}: adjusted Rand index {highest} (1: the same)."]
    return [
        f"Most alike are {' and '.join(most)} (adjusted Rand index {highest}; 1: the same), least alike "
        f"{' and '.join(least)} ({score_reached(known[least])})."
    ]


def _scores(runs: Mapping[str, FinishedRun], settings: Mapping[str, Config]) -> pd.DataFrame:
    rows = [
        {
            **{"run": name, "where": run.where},
            **settings[name],
            **{"method": run.choice["clusterer"], "linkage": run.choice["linkage"]},
            **{"verdict": run.verdict or "not assessed", "supported": run.choice.get("supported")},
            **with_headings(dict.fromkeys(HEADLINES) | dict(run.metrics)),
        }
        for name, run in runs.items()
    ]
    return pd.DataFrame(rows)


def _differing_practices(runs: Mapping[str, FinishedRun], differing: pd.DataFrame) -> pd.DataFrame:
    """Return a row for every practice that is not in matched segments in all runs: its segment in each."""
    known = pd.concat([run.segments for run in runs.values()]).drop_duplicates("practice_code")
    known = known.set_index("practice_code")[list(ABOUT_PRACTICE)]
    count = differing.sum(axis=1)
    chosen = differing.index[count > 0]
    segments = {}
    for name, run in runs.items():
        of_practice = run.segments.set_index("practice_code")["segment"].reindex(chosen)
        segments[name] = of_practice.map(run.named_segments()).where(of_practice > 0, "no segment")
        segments[name] = segments[name].where(of_practice.notna())
    table = pd.DataFrame(segments, index=chosen)
    table = known.reindex(chosen).assign(runs_that_differ=count[chosen]).join(table)
    return table.sort_values("runs_that_differ", ascending=False, kind="stable").rename_axis("practice_code")
