"""Every path of a run, and the tables that stand there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation.schemas import Results, empty, of_preparation, weighted, weights_of
from gp_segmentation.storage.table_files import read_segments, read_table
from gp_segmentation.utils.files import read_json

#: The tables of `data/prepared`, and those of them that figures and page show.
PREPARED = (
    "practices",
    "organisations",
    "registers",
    "achievement",
    "indicators",
    "age_sex",
    "context",
    "context_dictionary",
    "groupings",
    "successors",
    "quality",
)
SHOWN = ("practices", "context", "context_dictionary", "registers", "quality")
#: Tables of the results that the workbook shows.
OF_WORKBOOK = ("profiles", "opportunities", "practice_opportunities", "expected_groups")
#: The first look at the features, tables beside them.
EXPLORED = (
    "summary",
    "correlations",
    "pairs",
    "missing",
    "ceilings",
    "age_explained",
    "dropped",
    "notes",
)


class _BelowRoot:
    """A path that is always found below a workspace's root."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, workspace: "Workspace", owner: type) -> Path:
        return workspace.root / self.name


@dataclass(frozen=True)
class Workspace:
    """The folders of one run.

    Parameters
    ----------
    root : where the run's results go (`data/` under DVC, the job's folder under Hydra).
    raw_folder, prepared_folder : where raw files and prepared tables stand when not below `root`. A Hydra
        job takes both from the project, so that a sweep never reads raw files again.
    """

    root: Path
    raw_folder: Path | None = None
    prepared_folder: Path | None = None

    @property
    def raw(self) -> Path:
        return self.raw_folder or self.root / "raw"

    @property
    def cache(self) -> Path:
        """Where what was computed is kept by content: beside the raw files, for every run of the project."""
        return self.raw.parent / "cache"

    @property
    def prepared(self) -> Path:
        return self.prepared_folder or self.root / "prepared"

    features = _BelowRoot("features")
    matrix = _BelowRoot("matrix")
    study = _BelowRoot("study")
    segments = _BelowRoot("segments")
    evidence = _BelowRoot("evidence")
    insight = _BelowRoot("insight")
    figures = _BelowRoot("figures")
    area = _BelowRoot("area")
    years = _BelowRoot("years")
    report = _BelowRoot("report")
    metrics = _BelowRoot("metrics.json")

    def prepared_table(self, name: str) -> pd.DataFrame:
        """Read one of `PREPARED`."""
        return read_table(self.prepared / f"{name}.parquet", name)

    def groupings(self) -> pd.DataFrame:
        """Read the groupings of the source; tables prepared by a version that knew none have no row."""
        there = (self.prepared / "groupings.parquet").is_file()
        return self.prepared_table("groupings") if there else empty("groupings")

    def dictionary(self, weights: Mapping[str, float] | None = None) -> pd.DataFrame:
        """Read what the features are; `weights` are those of blocks that were left open."""
        found = read_table(self.features / "dictionary.parquet", "dictionary")
        return weighted(found, weights) if weights else found

    def feature_tables(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Read the features in natural units, on the analysis scale, and their dictionary.

        Where weights of blocks were left open they are the chosen ones.
        """
        natural, values = (read_table(self.features / f"{name}.parquet") for name in ("natural", "features"))
        return natural, values, self.dictionary(weights_of(self.choice()["settings"]))

    def fitted(self) -> pd.Series:
        """Tell of every practice whether it takes part in fitting: True where it is not special."""
        practices = self.prepared_table("practices").set_index("practice_code")
        return practices["special"].isna().rename("fitted")

    def preparations(self) -> dict[str | None, dict[str, Any]]:
        """Read the ways the matrix was prepared in: name -> what was left open and is settled in it.

        Where nothing was open there is one, named None, and its matrix stands in `matrix` itself; else each
        has a folder there.
        """
        return {row["name"]: row["settings"] for row in read_json(self.matrix / "preparations.json")}

    def matrix_folder(self, preparation: str | None) -> Path:
        """Where the matrix of a preparation stands."""
        return self.matrix / preparation if preparation else self.matrix

    def choice(self) -> dict[str, Any]:
        """Read what the study chose."""
        choice: dict[str, Any] = read_json(self.study / "choice.json")
        return choice

    @property
    def chosen_matrix(self) -> Path:
        """Where the matrix that the segments are of stands, with the pipeline that made it."""
        return self.matrix_folder(self.choice()["preparation"])

    def trials(self) -> pd.DataFrame:
        """Read the trials on every matrix."""
        return read_table(self.study / "trials.parquet", "trials")

    def null(self) -> pd.DataFrame:
        """Read the draws of the study's null on the chosen matrix."""
        return of_preparation(read_table(self.study / "null.parquet"), self.choice()["preparation"])

    def matrix_table(self) -> pd.DataFrame:
        """Read the matrix that the segments are of, every practice."""
        return read_table(self.chosen_matrix / "matrix.parquet")

    def fitted_matrix(self, folder: Path | None = None) -> pd.DataFrame:
        """Read the rows that take part in fitting: of the matrix in `folder`, or the chosen one."""
        matrix = read_table((folder or self.chosen_matrix) / "matrix.parquet")
        return matrix[self.fitted().reindex(matrix.index).to_numpy(dtype=bool)]

    def segment_table(self, *, everyone: bool = False) -> pd.DataFrame:
        """Read the practices that have a segment; with `everyone` also the others (see `read_segments`)."""
        return read_segments(self.segments / "segments.csv", everyone=everyone)

    def every_metric(self) -> dict[str, Any]:
        """Read every figure of the run; one from before there were headlines has them all in `metrics`."""
        path = self.evidence / "metrics.json"
        found: dict[str, Any] = read_json(path if path.is_file() else self.metrics)
        return found

    def results(self, cfg: dict[str, Any]) -> Results:
        """Gather what the run found, for the rooms that show it."""
        natural, values, dictionary = self.feature_tables()
        choice, trials, everyone = self.choice(), self.trials(), self.segment_table(everyone=True)
        return Results(
            source=read_json(self.prepared / "source.json"),
            config=cfg,
            **self._shown(),
            boundaries=self.boundaries(),
            groupings=self.groupings(),
            features=values,
            natural=natural,
            dictionary=dictionary,
            matrix=self.matrix_table(),
            trials=of_preparation(trials, choice["preparation"]),
            choice=choice,
            preparations=read_table(self.study / "preparations.csv"),
            candidates=read_table(self.study / "candidates.csv"),
            segments=self.segment_table(),
            unsegmented=everyone[everyone["segment"] < 1].reset_index(drop=True),
            levels=read_table(self.segments / "levels.csv", "levels"),
            tree=read_table(self.study / "tree.parquet"),
            profiles=read_table(self.insight / "profiles.csv"),
            portraits=read_json(self.insight / "portraits.json"),
            level_portraits=read_json(self.insight / "portraits_by_level.json"),
            doubts=self.doubts(),
            evidence=read_json(self.evidence / "evidence.json"),
            metrics=self.every_metric(),
            imputed=read_table(self.chosen_matrix / "imputed.parquet"),
            labels=read_table(self.study / "labels.parquet"),
            peers=read_table(self.insight / "peers.parquet"),
            opportunities=read_table(self.insight / "opportunities.csv"),
            practice_opportunities=read_table(self.insight / "practice_opportunities.parquet"),
            space=read_table(self.insight / "space.csv"),
            **self.expected(),
            expected_about=self.expected_about(),
            exploration=self.exploration()
            | {"components": read_table(self.chosen_matrix / "components.csv")},
        )

    def workbook_tables(self, results: Results) -> dict[str, pd.DataFrame]:
        """Gather the tables of data/insight that the workbook has: those of `results`, and others."""
        by_quintile = ("peers_by_quintile", "rules_by_quintile")
        return {
            **{name: getattr(results, name) for name in OF_WORKBOOK},
            **{
                name: read_table(self.insight / f"{name}.csv", name if name in by_quintile else None)
                for name in ("segment_sizes", "segment_mix", "opportunity_totals", *by_quintile)
            },
        }

    def expected(self) -> dict[str, pd.DataFrame]:
        """Read the numbers of patients expected on registers; empty in a run from before there were any."""
        files = {"expected": "expected.parquet", "expected_groups": "expected_groups.csv"}
        known = (self.insight / "expected.json").is_file()
        return {n: read_table(self.insight / f, n) if known else empty(n) for n, f in files.items()}

    def expected_about(self) -> dict[str, Any]:
        """Read how expected numbers are to be read; empty in a run from before there were any."""
        path = self.insight / "expected.json"
        found: dict[str, Any] = read_json(path) if path.is_file() else {}
        return found

    def doubts(self) -> pd.Series:
        """Read what disputes the segment of each practice ("": nothing does); empty where not assessed."""
        table = read_table(self.evidence / "practices.parquet")
        return table.get("disputed_by", pd.Series(dtype=str))

    def equality(self) -> dict[str, Any]:
        """Read what an equality analysis needs beside the results (`report.transparency.Facts`)."""
        names = {"mix": "segment_mix", "peers": "peers_by_quintile", "rules": "rules_by_quintile"}
        return {
            "age_sex": self.prepared_table("age_sex"),
            "doubts": self.doubts(),
            **{name: read_table(self.insight / f"{file}.csv") for name, file in names.items()},
        }

    def exploration(self) -> dict[str, pd.DataFrame]:
        """Read the first look at the features."""
        return {name: read_table(self.features / f"{name}.csv") for name in EXPLORED}

    def explored(self, cfg: dict[str, Any]) -> Results:
        """Gather what is known before anything is clustered; the rest is empty."""
        return Results(
            source=read_json(self.prepared / "source.json"),
            config=cfg,
            **self._shown(),
            features=read_table(self.features / "features.parquet"),
            natural=read_table(self.features / "natural.parquet"),
            dictionary=self.dictionary(),
            exploration=self.exploration(),
        )

    def _shown(self) -> dict[str, Any]:
        return {name: self.prepared_table(name) for name in SHOWN}

    def boundaries(self) -> Any:
        """Read the official boundaries of ICBs; None where the source has none."""
        path = self.prepared / "boundaries.geojson"
        if not path.is_file():
            return None
        import geopandas as gpd

        return gpd.read_file(path)
