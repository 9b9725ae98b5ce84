"""`gpseg` as an analyst uses it: one job, what is left open, failures on record, a first look."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from gp_segmentation.pipeline.order import STAGES
from gp_segmentation.schemas import HEADLINES
from gp_segmentation.storage import provenance
from gp_segmentation.storage.model_files import load_model
from gp_segmentation.storage.table_files import read_table
from gp_segmentation.tracking import store
from gp_segmentation.tracking.names import SHORT, user
from gp_segmentation.utils.labels import preparation_in_words, titled


@pytest.fixture(scope="module")
def ready(elsewhere, project_in):
    """The project of that machine, in which one job was run."""
    return project_in(elsewhere.root)


def latest(project):
    return project.runs()[0]


def artifacts(project, run, folder=""):
    client = store.open_store(project.root, "gp-practice-segmentation").client
    return {item.path for item in client.list_artifacts(run.info.run_id, folder or None)}


@pytest.fixture(scope="module")
def prepared(elsewhere) -> Path:
    return elsewhere.prepared


@pytest.fixture(scope="module")
def job(elsewhere, ready):
    """Return what one job printed, its run, and its folder."""
    return elsewhere.printed, latest(ready), elsewhere.results


def test_one_job_is_one_run_with_scores_figures_tables_page_and_config(ready, job, prepared):
    output, run, folder = job
    assert run.info.status == "FINISHED"
    unprefixed = {name for name in run.data.metrics if "/" not in name}
    assert unprefixed == set(HEADLINES), "a figure without a heading"
    assert {"scores/calinski_harabasz", "scores/inertia", "data/imputed_share"} <= set(run.data.metrics)
    assert {"sizes/n_supergroups", "stability/certainty_mean"} <= set(run.data.metrics)
    short = [name for name in run.data.params if not name.startswith("conf.")]
    assert list(run.data.params)[: len(short)] == short, "what is sorted by stands first"
    assert set(short) | {"linkage"} == set(SHORT)
    assert (run.data.params["features"], run.data.params["source"]) == ("need", "synthetic")
    assert {"report.html", "config.yaml", "figures", "tables"} <= artifacts(ready, run)
    assert "tables/segments/levels.csv" in artifacts(ready, run, "tables/segments")
    assert "tables/study/candidates.csv" in artifacts(ready, run, "tables/study")
    assert "transparency/checklist.html" in artifacts(ready, run, "transparency")  # where the page links to
    figures = artifacts(ready, run, "figures")
    for name in ("elbow", "silhouette_by_k", "scatter", "heatmap", "dendrogram", "map"):
        assert f"figures/{name}.png" in figures, f"no figure {name}"
    tags = run.data.tags
    assert (tags["source"], tags["data_kind"], tags["git_dirty"]) == ("synthetic", "synthetic", "false")
    assert tags["supported"] in ("true", "false")
    k, kind = int(run.data.metrics["n_clusters"]), r"\d+ supergroups?"
    assert re.fullmatch(rf"{kind}, {k} segments?, \d+ subgroups?", tags["levels"])
    assert "| segment | code | name |" in tags["mlflow.note.content"]
    # From page, workbook and picture to the run, from the run to code, raw data and configuration.
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    picture = (folder / "figures" / "map.png").read_bytes()
    assert {"segments.xlsx", "segments.ods"} <= artifacts(ready, run), "where the page links to"
    book = openpyxl.load_workbook(folder / "report" / "segments.xlsx", read_only=True)
    cover = [str(cell) for row in book["Cover"].iter_rows(values_only=True) for cell in row]
    with zipfile.ZipFile(folder / "report" / "segments.ods") as file:
        properties = file.read("meta.xml").decode("utf-8")
    for name in ("configuration_hash", "data_fingerprint"):
        assert f"tags.{name} = '{tags[name]}'" in page
        assert f"{name}: {tags[name]}".encode() in picture
        assert f"tags.{name} = '{tags[name]}'" in cover
        assert f'meta:name="{name}">{tags[name]}<' in properties
    assert len(tags["git_commit"]) == 40
    assert len(tags["dvc_raw_hash"].removesuffix(".dir")) == 32
    assert "report.html" in output
    assert "MLflow" in output
    assert tags["mlflow.user"] == user()
    data = {d.tags[0].value: d.dataset for d in run.inputs.dataset_inputs}
    assert {kind: found.name for kind, found in data.items()} == {
        "raw": "synthetic",
        "prepared": "synthetic prepared",
    }
    assert provenance.content(prepared).startswith(data["prepared"].digest)
    # What was tolerated in the raw files is with the run too.
    quality = pd.read_parquet(prepared / "quality.parquet")
    assert run.data.metrics["data/tolerated_values"] == quality["count"].sum() > 0
    assert "tables/quality.csv" in artifacts(ready, run, "tables")


def test_a_job_says_what_it_does_and_ends_with_what_it_found(job):
    output, run, folder = job
    lines = output.splitlines()
    assert lines[0] == "gpseg: checking the configuration ..."
    assert lines[1:4] == [
        "Settings:  defaults",
        "Source:    synthetic England 2024-25",
        f"Results:   {folder}",
    ]
    said = [line.split()[0] for line in lines if line.endswith(" ...")][1:]
    assert said == [*STAGES, "track"]
    for stage in said:
        assert sum(bool(re.fullmatch(rf"{stage} +done in \d+\.\d s", line)) for line in lines) == 1
    ends = lines[lines.index("") :]
    verdict = json.loads((folder / "evidence" / "evidence.json").read_text(encoding="utf-8"))["verdict"]
    portraits = json.loads((folder / "insight" / "portraits.json").read_text(encoding="utf-8"))
    assert ends[1] == "synthetic England 2024-25: 300 practices, 3,083,106 patients"
    assert ends[2].startswith(f"Verdict: {verdict}. ")
    assert ends[3 : 3 + len(portraits)] == [
        f"  {p['segment']}  {p['name']}: {p['practices']} practices" for p in portraits
    ]
    assert f"The page:   {(folder / 'report' / 'report.html').as_uri()}" in ends
    assert f"The tables: {folder}" in ends
    assert any(run.info.run_id in line for line in ends)
    log = (folder / "gpseg.log").read_text(encoding="utf-8")
    assert re.search(r"^\[[\d :,-]+\]\[gpseg\]\[INFO\] - study     done in", log, flags=re.M)


def test_every_table_of_a_run_adds_up_to_england(job, prepared, sums):
    folder = job[-1]
    named = {
        path.stem: path for path in (folder / "insight").iterdir() if path.suffix in (".csv", ".parquet")
    }
    tables = {name: read_table(path) for name, path in named.items()}
    tables["segments"] = read_table(folder / "segments" / "segments.csv", "segments")
    practices, achievement = (
        read_table(prepared / f"{name}.parquet", name) for name in ("practices", "achievement")
    )
    natural = read_table(folder / "features" / "natural.parquet")
    england = sums["England"](practices, tables["segments"], natural, achievement)
    assert set(tables) == set(sums["CHECKS"]), "a table that nobody adds up"
    for name, check in sums["CHECKS"].items():
        check(name, tables, england)
        if name not in ("disputed", "space"):  # which are no partitions
            with pytest.raises(AssertionError):
                check(name, {**tables, name: tables[name].iloc[1:]}, england)


@pytest.fixture(scope="module")
def open_ways(ready):
    """Return run and folder of a job that leaves scaler, reducer and a weight to the study."""
    runs = ready.root / "data" / "runs-open"
    wanted = ["scaler=open", "reducer=open", "~reducer.candidates.factor_analysis", "study.weight=[0.5,1]"]
    wanted += ["study.n_clusters.high=3", "clusterer=kmeans", "evidence=off", "report.figures=[sizes]"]
    wanted += ["insight.peers.resamples=0", "insight.opportunities.draws=0"]
    ready.call("gpseg", *wanted, "features.blocks.deprivation.weight=null", GPSEG_RUNS=str(runs))
    return latest(ready), next(runs.glob("*/*"))


def test_what_is_left_open_of_the_matrix_is_tried_and_chosen(ready, open_ways):
    run, folder = open_ways
    choice = json.loads((folder / "study" / "choice.json").read_text(encoding="utf-8"))
    ways = json.loads((folder / "matrix" / "preparations.json").read_text(encoding="utf-8"))
    assert len(ways) == 2 * 2 * 2
    trials = read_table(folder / "study" / "trials.parquet", "trials")
    assert set(trials["preparation"]) == {way["name"] for way in ways}
    assert len(trials) == 8 * 2
    assert not (folder / "matrix" / "matrix.parquet").exists(), "which would be the matrix of which one?"
    assert run.data.tags["preparation"] == choice["preparation"]
    assert run.data.metrics["stability/ari_preparations"] == pytest.approx(
        next(r["agreement"] for r in choice["by_preparation"] if r["trial"] == choice["trial"])
    )
    page = (folder / "report" / "analyst.html").read_text(encoding="utf-8")
    assert "prepared in 8 ways" in page
    for way in ways:
        assert f'<th scope="row">{titled(preparation_in_words(way["name"]))}' in page


def test_everything_after_the_study_is_of_the_chosen_matrix(open_ways):
    folder = open_ways[-1]
    choice = json.loads((folder / "study" / "choice.json").read_text(encoding="utf-8"))
    chosen = folder / "matrix" / choice["preparation"]
    trials = read_table(folder / "study" / "trials.parquet", "trials").set_index("trial")
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["silhouette"] == pytest.approx(trials.loc[choice["trial"], "silhouette"], abs=1e-9)
    segments = read_table(folder / "segments" / "segments.csv", "segments").set_index("practice_code")
    # The centroids are means of the chosen matrix, and of no other.
    matrix = read_table(chosen / "matrix.parquet")
    fitted = segments[segments["fitted"]]
    means = matrix.loc[fitted.index].groupby(fitted["segment"]).mean()
    centroids = pd.read_csv(folder / "segments" / "centroids.csv", index_col=0)
    pd.testing.assert_frame_equal(centroids[means.columns], means, check_names=False, rtol=1e-8)
    # The model goes from features to segments by the chosen way.
    model = load_model(folder / "segments" / "model.skops")
    found = pd.Series(model.predict(read_table(folder / "features" / "features.parquet")), matrix.index)
    assert (found == segments["segment"].reindex(matrix.index)).all()
    weight = choice["settings"]["weight.deprivation"]
    assert model.named_steps["weight"].weights["deprivation"] == weight
    page = (folder / "report" / "analyst.html").read_text(encoding="utf-8")
    assert re.search(
        rf'<th scope="row">deprivation</th><td class="n">1</td><td class="n">{weight:g}</td>', page
    )


def test_trials_are_found_by_how_their_matrix_was_prepared(ready, open_ways):
    run = open_ways[0]
    client = store.open_store(ready.root, "gp-practice-segmentation").client
    asked = (
        f"tags.`mlflow.parentRunId` = '{run.info.run_id}' and params.scaler = 'robust' and "
        "params.`preparation.weight.deprivation` = '0.5' and tags.reducer = 'pca'"
    )
    found = client.search_runs([run.info.experiment_id], asked)
    assert len(found) == 2
    assert all(child.info.run_name.endswith(" robust-pca-deprivation_0.5") for child in found)
    assert len({child.data.params["k"] for child in found}) == 2
    assert max(len(child.data.params) for child in found) == len(SHORT) - 1 + 3  # no linkage; its preparation


def test_a_run_that_left_the_matrix_open_answers_questions(ready, open_ways):
    folder = open_ways[-1]
    segments = read_table(folder / "segments" / "segments.csv", "segments").set_index("practice_code")
    assert segments.index[0] in ready.call("gpseg-peers", segments.index[0], "--run", str(folder))
    out = ready.root / "data" / "assigned.csv"
    ready.call("gpseg-assign", "--run", str(folder), "--source", "synthetic", "--out", str(out))
    assigned = read_table(out, "assigned").set_index("practice_code")
    assert (assigned["segment"] == segments["segment"].reindex(assigned.index)).all()


def test_a_job_that_fails_is_recorded_with_its_error(ready):
    output = ready.call("gpseg", "clusterer=kmeans", "clusterer.n_clusters=100000", check=False)
    run = latest(ready)
    assert run.info.status == "FAILED"
    assert "100000" in run.data.tags["error"]
    assert "100000" in output
    assert "Traceback" not in output


def test_an_unprepared_source_is_refused_with_the_remedy(ready):
    output = ready.call("gpseg", "source=nhs_2024_25", check=False)
    assert "gpseg data source=nhs_2024_25" in output


def test_the_segments_file_keeps_the_contract(job, prepared):
    segments = pd.read_csv(job[-1] / "segments" / "segments.csv")
    source = json.loads((prepared / "source.json").read_text(encoding="utf-8"))
    assert len(segments) == source["practices"], "every practice gets a segment"
    assert segments["segment"].min() == 1
    assert not segments.loc[~segments["fitted"], "segment"].isna().any()


def test_a_first_look_needs_no_clustering(ready):
    output = ready.call("gpseg-explore", "features=performance", "selection=pruned")
    folder = ready.root / "data" / "explore"
    assert str(folder / "index.html") in output
    assert (folder / "index.html").stat().st_size > 50_000
    found = {path.stem for path in (folder / "features").glob("*.csv")}
    assert {"summary", "correlations", "missing", "dropped", "notes", "age_explained"} <= found
    assert {"before_after.png", "correlations.png", "age_explained.png"} <= {
        path.name for path in (folder / "figures").iterdir()
    }
    assert {path.name for path in folder.iterdir()} == {"features", "figures", "index.html"}
