"""The verbs of `gpseg`: one table, from which the commands, their help and their completion are made."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gp_segmentation.cli import answers, apps

if TYPE_CHECKING:
    from omegaconf import DictConfig


@dataclass(frozen=True)
class Verb:
    """A command: ``gpseg NAME``.

    Attributes
    ----------
    line : what it does, in one line.
    examples : commands as they are typed, and what each is for.
    results : where its results go.
    """

    name: str
    line: str
    examples: tuple[tuple[str, str], ...]
    results: str


@dataclass(frozen=True)
class App(Verb):
    """A command that takes a configuration: `conf/<config>.yaml`, composed by Hydra, is handed to `job`."""

    config: str
    job: Callable[[DictConfig], None]


@dataclass(frozen=True)
class Question(Verb):
    """A command with arguments of its own: `answer` is given them and the project's root."""

    arguments: Callable[[ArgumentParser], None]
    answer: Callable[[Namespace, Path], str]


#: In the order in which they are listed. A verb that is added here needs nothing else.
TABLE: tuple[App | Question, ...] = (
    App(
        name="run",
        line="Run the whole job, from features to the page; or many jobs (-m)",
        examples=(
            ("gpseg", "as conf/config.yaml says: the study searches what is left unset"),
            ("gpseg clusterer=kmeans clusterer.n_clusters=5", "what you set is never overruled"),
            ("gpseg source=nhs_2024_25 evidence=quick", "another data year (first: gpseg data)"),
            ("gpseg hydra.run.dir=data/runs/first", "results in a folder you name"),
            (
                "gpseg -m hydra/launcher=joblib features=need,combined scaler=standard,robust",
                "four jobs, on all cores",
            ),
        ),
        results="data/runs/DATE/TIME/ (of -m: a folder below it for each job): report/report.html is the "
        "page, segments/segments.csv has every practice. The run is recorded in MLflow: make ui.",
        config="config",
        job=apps.run_job,
    ),
    App(
        name="data",
        line="Download a source's raw files, or take them from a folder",
        examples=(
            ("gpseg data", "draw the synthetic England"),
            ("gpseg data source=nhs_2024_25", "download a year's official files"),
            ("gpseg data source=nhs_2024_25 from=/some/folder", "take them from a folder"),
            ("gpseg data inspect=FILE", "what a file is, and the YAML with which a source reads it"),
            ("gpseg data source.england.practices=500", "a smaller synthetic England"),
        ),
        results="data/raw/SOURCE/, with manifest.json: address, time, size and SHA-256 of every file. "
        "data.dvc holds the hash of all of them.",
        config="data",
        job=apps.fetch_data,
    ),
    App(
        name="explore",
        line="Look at the features before anything is clustered",
        examples=(
            ("gpseg explore", "the features of conf/config.yaml"),
            ("gpseg explore features=performance", "another feature set"),
            ("gpseg explore features=performance selection=pruned", "without close correlates"),
            ("gpseg explore outliers=winsorise", "extreme values treated otherwise"),
            ("gpseg explore source=nhs_2024_25", "another data year"),
        ),
        results="data/explore/: index.html is the page, features/*.csv are the tables.",
        config="explore",
        job=apps.explore,
    ),
    App(
        name="panel",
        line="Put several years into the segments of a run: what moved, what closed",
        examples=(
            ("gpseg panel", "years of conf/panel/years.yaml, in the segments of the latest run"),
            ("gpseg panel 'panel.sources=[nhs_2022_23,nhs_2024_25]'", "years you name"),
            ("gpseg panel run=data/runs/first", "in the segments of the run in that folder"),
            ("gpseg source=nhs_2022_23 features=panel_core", "a run by what all years have, for panels"),
            ("gpseg panel panel.successors=successors.csv", "with successors that you know"),
        ),
        results="data/panel/: panel.html is the page, *.csv are the tables. It is recorded in MLflow.",
        config="panel",
        job=apps.panel,
    ),
    Question(
        name="peers",
        line="Show the practices most like one, and why",
        examples=(
            ("gpseg peers Z00001", "in the latest run"),
            ("gpseg peers z00001 | head -20", "its peers in a table, without the reasons"),
            ("gpseg peers Z00001 --run data", "in the results of dvc repro and make run"),
            ("gpseg peers Z00001 --run data/runs/first", "in the run of that folder"),
            ("gpseg peers Z00001 > peers.txt", "into a file"),
        ),
        results="on the screen. The peers of every practice: insight/peers.parquet of a run.",
        arguments=answers.peers_arguments,
        answer=answers.peers,
    ),
    Question(
        name="assign",
        line="Put new or changed practices into the segments of a run",
        examples=(
            ("gpseg assign --source synthetic", "into the segments of the latest run"),
            ("gpseg assign --source synthetic --run data", "of dvc repro and make run"),
            ("gpseg assign --source data/prepared --out new.csv", "a folder of prepared tables"),
            ("gpseg assign --source data/raw/synthetic", "a folder of raw files"),
            ("gpseg assign --source synthetic --level 0.2", "fewer practices count as near a border"),
        ),
        results="data/assigned/SOURCE.csv: every practice with its segment, and whether it changed.",
        arguments=answers.assign_arguments,
        answer=answers.assign,
    ),
    Question(
        name="record",
        line="Record a finished run in MLflow, once, when it could not be recorded then",
        examples=(
            ("gpseg record", "the latest run"),
            ("gpseg record data", "the results of dvc repro and make run"),
            ("gpseg record data/runs/first", "the run in that folder"),
            ("MLFLOW_TRACKING_URI=sqlite:///team.db gpseg record data", "in another store"),
            ("cd data/runs/first && gpseg record .", "the run in the folder where you are"),
        ),
        results="the MLflow store: mlruns/, or what MLFLOW_TRACKING_URI names.",
        arguments=answers.record_arguments,
        answer=answers.record,
    ),
    Question(
        name="compare",
        line="Show how two or more runs differ: settings, scores, practices",
        examples=(
            ("gpseg compare data data/runs/first", "two runs"),
            ("gpseg compare data/runs/first data", "from the other's side"),
            ("gpseg compare data data/runs/first --out compared", "in a folder you name"),
            ("gpseg compare data data/runs/first | less", "one screen after another"),
            ("gpseg compare data models:/gp-practice-segmentation@champion", "with the champion"),
        ),
        results="data/compared/DATE_TIME/: summary.html is the page, summary.csv, agreement.csv, "
        "contingency.csv and practices.csv (those that differ) are the tables.",
        arguments=answers.compare_arguments,
        answer=answers.compare,
    ),
    Question(
        name="area",
        line="Write the pack of an area: page, workbook, slides and tables",
        examples=(
            ("gpseg area --icb QHL", "of a board, from the latest run"),
            ("gpseg area --icb birmingham --run data", "by a part of its name, of dvc repro's results"),
            ("gpseg area --every region --out packs", "of every region, in a folder you name"),
            ("gpseg area --region london --fit local", "also segments of its own"),
            ("gpseg area --grouping localities.csv --every group", "of groups of your own"),
        ),
        results="data/areas/CODE/: index.html is the page (it prints on two sides), area.xlsx and area.ods "
        "the workbook, slides.pptx the slides, *.csv the tables.",
        arguments=answers.area_arguments,
        answer=answers.area,
    ),
    Question(
        name="export",
        line="Write a run's tables for maps, Power BI, R and SQL",
        examples=(
            ("gpseg export", "of the latest run"),
            ("gpseg export --run data", "of dvc repro and make run"),
            ("gpseg export --run data/runs/first", "of the run in that folder"),
            ("gpseg export --out shared", "into a folder you name"),
            ("gpseg export > exported.txt", "what was written, into a file"),
        ),
        results="data/exports/: segments.gpkg is the map (GeoPackage), csv/ and parquet/ hold the same "
        "tables, dictionary.csv says what every column is.",
        arguments=answers.export_arguments,
        answer=answers.export,
    ),
    Question(
        name="champion",
        line="Make the model of a recorded run the one in use, in MLflow",
        examples=(
            ("gpseg champion", "that of the latest run"),
            ("gpseg champion data", "of dvc repro and make run"),
            ("gpseg champion data/runs/first", "of the run in that folder"),
            ("gpseg compare models:/gp-practice-segmentation@champion data", "compare with it"),
            ("gpseg champion data > champion.txt", "what was done, into a file"),
        ),
        results="the MLflow store: a version of the registered model, with the alias champion.",
        arguments=answers.champion_arguments,
        answer=answers.champion,
    ),
    Question(
        name="completion",
        line="Print a script that completes verbs, groups, options and keys in your shell",
        examples=(
            ("source <(gpseg completion bash)", "bash, in this shell"),
            ("gpseg completion bash >> ~/.bashrc", "bash, in every shell"),
            ("source <(gpseg completion zsh)", "zsh, after compinit"),
            ("gpseg completion fish | source", "fish, in this shell"),
            ("gpseg completion fish > ~/.config/fish/completions/gpseg.fish", "fish, in every shell"),
        ),
        results="on the screen.",
        arguments=answers.completion_arguments,
        answer=answers.completion,
    ),
)
VERBS: dict[str, App | Question] = {verb.name: verb for verb in TABLE}
#: What runs where no verb is named.
WHOLE_JOB = "run"
#: Verbs that have a command of their own, too: ``gpseg-peers``.
DASHED = ("data", "explore", "peers", "assign", "record")


def named(prog: str) -> str | None:
    """Return the verb of a command such as ``gpseg-peers``; None for another.

    >>> named("gpseg-peers"), named("gpseg")
    ('peers', None)
    """
    verb = prog.removeprefix("gpseg-")
    return verb if verb != prog and verb in VERBS else None
