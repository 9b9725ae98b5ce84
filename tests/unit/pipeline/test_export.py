"""The files of an export: the same bytes twice, read by others, whole or not at all, as their page says."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
from shapely.geometry import box

from gp_segmentation.areas.export_dictionary import KEYS, SHARES
from gp_segmentation.errors import GpsegError
from gp_segmentation.pipeline import export
from gp_segmentation.pipeline.export import PATHS, ExportInput, write_export

ROOT = Path(__file__).resolve().parents[3]
DOCS = (ROOT / "docs" / "EXPORTS.md").read_text(encoding="utf-8")
#: Type in dictionary.csv -> how parquet calls it.
PARQUET = {
    "text": "large_string",
    "number": "double",
    "whole number": "int64",
    "true or false": "bool",
}


@pytest.fixture(scope="module")
def run(results_of) -> ExportInput:
    """A run with ten practices in no segment, two without a position, and one whose name is a formula."""
    results = results_of(4, outside=10)
    results.practices.loc[5:6, ["longitude", "latitude"]] = None
    results.segments.loc[5, "practice_name"] = "=1+1"
    results.segments.loc[6, "practice_name"] = "Surgery Müller"
    gains = results.practice_opportunities.assign(
        numerator=30, eligible=50, rate=0.6, shrunk_rate=0.61, target=0.8, standing="open"
    )
    indicators = pd.DataFrame({"indicator_code": ["DM001", "DM002"], "points": 5.0})
    indicators = indicators.assign(
        description="Asks", group_code="DM", group_name="Diabetes", domain_name="Clinical"
    )
    return ExportInput(
        replace(results, practice_opportunities=gains), indicators, results.context.set_index("practice_code")
    )


@pytest.fixture(scope="module")
def written(run, tmp_path_factory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("export") / "out"
    return out, write_export(run, out)


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_same_run_gives_the_same_bytes(run, written, tmp_path):
    out, told = written
    again = tmp_path / "again"
    write_export(run, again)
    assert contents(again) == contents(out)
    assert {*contents(out), "csv", "parquet"} == set(PATHS)
    with sqlite3.connect(out / "segments.gpkg") as database:
        times = database.execute("SELECT DISTINCT last_change FROM gpkg_contents").fetchall()
    assert times == [("2025-01-01T00:00:00.000Z",)]
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None
    assert told.startswith("SYNTHETIC DATA")
    assert "240 practices in 4 segments, 12 tables\n" in told
    assert "Left out of the map's layer: 2 practices without a position\n" in told


def test_others_read_the_geopackage(run, written):
    path = written[0] / "segments.gpkg"
    assert pyogrio.list_layers(path)[:, 0].tolist() == ["practices", "areas", "about"]
    practices, boards = (gpd.read_file(path, layer=layer) for layer in ("practices", "areas"))
    assert practices.crs.to_epsg() == boards.crs.to_epsg() == 27700
    assert len(practices) == 238
    assert set(practices.geom_type) == {"Point"}
    assert list(boards["icb_code"]) == ["Q0", "Q1", "Q2"]
    assert set(boards.geom_type) == {"MultiPolygon"}
    assert boards.is_valid.all()
    assert set(boards["shape"]) == {"areas computed from the practices"}
    assert boards["practices"].tolist() == [80, 80, 80]
    assert boards["patients"].sum() == run.results.practices["list_size"].sum()
    shares = boards.filter(like="practices_share_").sum(axis=1) + boards["without_segment"] / 80
    assert (shares - 1).abs().max() < 1e-8
    about = pyogrio.read_dataframe(path, layer="about").set_index("key")["value"]
    assert about["licence"] == "Open Government Licence v3.0"
    with sqlite3.connect(path) as database:
        kinds = database.execute("SELECT typeof(segment), count(*) FROM practices GROUP BY 1").fetchall()
    assert kinds == [("integer", 228), ("null", 10)]


@pytest.mark.parametrize("name", KEYS)
def test_csv_and_parquet_hold_the_same_as_the_dictionary_says(written, name):
    out = written[0]
    text = (out / "csv" / f"{name}.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf" + KEYS[name][0].encode()) or name in ("area", "practice_area")
    assert text.count(b"\xef\xbb\xbf") == 1
    parquet = pd.read_parquet(out / "parquet" / f"{name}.parquet")
    csv = pd.read_csv(out / "csv" / f"{name}.csv", keep_default_na=False, na_values=[""])
    if name == "practice":
        assert csv.loc[5:6, "practice_name"].tolist() == ["'=1+1", "Surgery Müller"]
        assert parquet.loc[5, "practice_name"] == "=1+1"
    names = [column for column in csv if column not in ("practice_name", "value", "label", "icb_name")]
    pd.testing.assert_frame_equal(csv[names], parquet[names], check_dtype=False)
    said = pd.read_csv(out / "dictionary.csv").query("table == @name")
    schema = pq.read_schema(out / "parquet" / f"{name}.parquet")
    assert said["column"].tolist() == schema.names == list(csv)
    assert [PARQUET[kind] for kind in said["type"]] == [str(schema.field(c).type) for c in schema.names]


def test_official_boundaries_are_said_to_be(run, tmp_path):
    squares = [box(west, 51, west + 1, 53) for west in (-2, -1, 0)]
    official = gpd.GeoDataFrame({"icb_code": ["Q0", "Q1", None]}, geometry=squares, crs="EPSG:4326")
    write_export(replace(run, results=replace(run.results, boundaries=official)), tmp_path / "out")
    boards = pyogrio.read_dataframe(tmp_path / "out" / "segments.gpkg", layer="areas").set_index("icb_code")
    assert boards["shape"].fillna("").to_dict() == {
        "Q0": "official boundaries",
        "Q1": "official boundaries",
        "Q2": "",
    }
    assert boards.geometry["Q2"] is None
    assert abs(boards.geometry["Q0"].area / 1e6 - 68.7 * 222.5) < 150  # a degree by two, in square kilometres


def test_a_run_without_any_position_has_a_map_without_shapes(run, tmp_path):
    nowhere = run.results.practices.assign(longitude=float("nan"), latitude=float("nan"))
    told = write_export(replace(run, results=replace(run.results, practices=nowhere)), tmp_path / "out")
    assert "240 practices without a position" in told
    path = tmp_path / "out" / "segments.gpkg"
    assert len(pyogrio.read_dataframe(path, layer="practices")) == 0
    boards = pyogrio.read_dataframe(path, layer="areas")
    assert boards["practices"].tolist() == [80, 80, 80]
    assert boards.geometry.isna().all()
    assert boards["shape"].isna().all()


def test_only_an_export_is_replaced(run, tmp_path):
    out = tmp_path / "out"
    (out / "csv").mkdir(parents=True)
    (out / "csv" / "practice.csv").write_text("an older one", encoding="utf-8")
    mine = out / "csv" / "mine.csv"
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(GpsegError, match=r"csv/mine\.csv is not of an export.*--out"):
        write_export(run, out)
    with pytest.raises(GpsegError, match="is not of an export"):
        write_export(run, mine)
    assert mine.read_text(encoding="utf-8") == "mine"
    mine.unlink()
    write_export(run, out)
    assert {*contents(out), "csv", "parquet"} == set(PATHS)


def test_what_fails_midway_leaves_the_earlier_export(run, tmp_path, monkeypatch):
    out = tmp_path / "out"
    (out / "csv").mkdir(parents=True)
    (out / "csv" / "practice.csv").write_text("an older one", encoding="utf-8")

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(export, "_write_geopackage", fail)
    with pytest.raises(RuntimeError):
        write_export(run, out)
    assert contents(tmp_path) == {"out/csv/practice.csv": b"an older one"}


def test_the_page_names_every_column(written):
    said = pd.read_csv(written[0] / "dictionary.csv")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", DOCS, flags=re.MULTILINE)
    shown = {table: re.findall(r"`(\w+)`", columns) for table, columns in rows}
    expected = said.groupby("table", sort=False)["column"].agg(list).to_dict()
    expected["areas"] = [c for c in expected["areas"] if c.endswith("_A1") or not c.startswith(tuple(SHARES))]
    assert {table: sorted(columns) for table, columns in shown.items()} == {
        table: sorted(columns) for table, columns in expected.items()
    }


def test_what_the_page_asks_in_sql_and_r_is_there(run, written):
    said = pd.read_csv(written[0] / "dictionary.csv")
    duckdb, geopackage = re.findall(r"^```sql\n(.*?)^```$", DOCS, flags=re.MULTILINE | re.DOTALL)
    with sqlite3.connect(":memory:") as database:
        for name in ("practice", "opportunity"):
            table = pd.read_parquet(written[0] / "parquet" / f"{name}.parquet")
            table.replace("DM001", "DM006").to_sql(name, database)
        answer = database.execute(re.sub(r"'parquet/(\w+)\.parquet'", r"\1", duckdb)).fetchall()
    gains = run.results.practice_opportunities.query("indicator_code == 'DM001'")["additional_patients"]
    assert len(answer) == 3
    assert sum(patients for _, _, patients in answer) == gains.sum()
    with sqlite3.connect(written[0] / "segments.gpkg") as database:
        assert len(database.execute(geopackage).fetchall()) == 3
    joins = re.findall(r"`(\w+)\[(\w+)\]`", DOCS)
    assert len(joins) > 12
    assert set(joins) <= set(zip(said["table"], said["column"], strict=True))
    words = re.findall(r"aggregate\((\w+) ~ (\w+) \+ (\w+), (\w+)", DOCS)[0]
    assert set(words[:3]) <= set(said[said["table"] == words[3]]["column"])
