"""A run as a star of tidy tables and as layers of a map: complete keys, sums of the run, meanings."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from gp_segmentation.areas.export_dictionary import KEYS, MEANINGS, REFERENCES, SHARES, dictionary
from gp_segmentation.areas.exports import GRID, LAYER, about_run, area_layer, practice_layer, star_tables

INDICATORS = pd.DataFrame(
    {
        "indicator_code": ["DM001", "DM002", "AF001"],
        "description": "Asks",
        "group_code": ["DM", "DM", "AF"],
        "group_name": ["Diabetes", "Diabetes", "Atrial fibrillation"],
        "domain_name": "Clinical",
        "points": 5.0,
    }
)
AREAS = ("area", "practice_area")
#: Boards of the map: two practices of segment 1 and one of 2; one of segment 2 and one of none.
ROWS = pd.DataFrame(
    [
        ("A00001", "QHL", "A1", 1, 1000, 1.716073973, 52.658007833),
        ("A00002", "QHL", "A1", 1, 2000, -0.12, 51.5),
        ("A00003", "QHL", "B1", 2, 1000, np.nan, np.nan),
        ("A00004", "QOC", "B1", 2, 3000, -2.0, 52.0),
        ("A00005", "QOC", None, None, 9000, -2.1, 52.1),
    ],
    columns=["practice_code", "icb_code", "segment_code", "segment", "list_size", "longitude", "latitude"],
).astype({"segment": "Int64"})
BOARDS = ROWS.reindex(columns=[*LAYER, "longitude", "latitude"]).assign(icb_name="Board")


@pytest.fixture(scope="module")
def made(results_of):
    """A run with ten practices that belong to no segment and one without a PCN."""
    results = results_of(4, outside=10)
    for table in (results.practices, results.segments):
        table.loc[table["practice_code"] == "A00007", ["pcn_code", "pcn_name"]] = None
    gains = results.practice_opportunities.assign(
        numerator=30, eligible=50, rate=0.6, shrunk_rate=0.61, target=0.8, standing="open"
    )
    return replace(results, practice_opportunities=gains)


@pytest.fixture(scope="module")
def star(made):
    unused = made.context.set_index("practice_code")
    return star_tables(made, INDICATORS, unused, about_run(made, "Practices differ by degree."))


@pytest.mark.parametrize("name", KEYS)
def test_a_key_names_every_row_once(star, name):
    keys = star[name][list(KEYS[name])]
    assert len(keys)
    assert keys.notna().all(axis=None)
    assert not keys.duplicated().any()
    assert list(star) == list(KEYS)


@pytest.mark.parametrize("column", REFERENCES, ids=".".join)
def test_what_a_column_refers_to_is_there(star, column):
    (table, name), (other, key) = column, REFERENCES[column]
    found = star[table][name].dropna()
    assert len(found)
    assert found.isin(star[other][key]).all()


def test_every_practice_is_there_with_its_segment_or_without(made, star):
    practice = star["practice"].set_index("practice_code")
    assert list(practice.index) == list(made.practices["practice_code"])
    assert practice["list_size"].sum() == made.practices["list_size"].sum()
    outside = practice.loc[made.unsegmented["practice_code"]]
    assert len(outside) == 10
    assert outside[["segment", "segment_code", "supergroup", "subgroup"]].isna().all(axis=None)
    counted = practice.groupby("segment_code").size()
    expected = made.segments.groupby("segment_code").size()
    assert counted.to_dict() == expected.to_dict()
    second = made.segments.set_index("practice_code")["second_segment"]
    code = made.segments.drop_duplicates("segment").set_index("segment")["segment_code"]
    assert practice.loc["A00009", "second_segment_code"] == code[second["A00009"]]


def test_areas_are_those_that_practices_are_in(star):
    area, rows = star["area"], star["practice_area"]
    assert area.groupby("kind").size().to_dict() == {"icb": 3, "pcn": 1, "region": 3, "sub_icb": 1}
    assert rows.groupby("kind").size().to_dict() == {"icb": 240, "pcn": 239, "region": 240, "sub_icb": 240}
    own = rows[rows["practice_code"] == "A00007"].set_index("kind")["area_code"]
    assert own.to_dict() == {"region": "Y1", "icb": "Q1", "sub_icb": "01A"}


def test_groups_of_the_source_are_areas_of_their_own_kind(made):
    """Two groupings with a group North each, and the practices A00000 and A00001."""
    rows = [("places", "A00000", "North"), ("places", "A00001", "South"), ("teams", "A00000", "North")]
    groupings = pd.DataFrame(rows, columns=["grouping", "practice_code", "group"])
    run = replace(made, groupings=groupings.assign(label=groupings["grouping"], date="2026-04-01"))
    found = star_tables(run, INDICATORS, made.context.set_index("practice_code"), {})
    area, member = (found[name][found[name]["kind"].str.startswith("group:")] for name in AREAS)
    assert area.to_numpy().tolist() == [
        ["group:places", "places:North", "North"],
        ["group:places", "places:South", "South"],
        ["group:teams", "teams:North", "North"],
    ]
    assert member.to_numpy().tolist() == [
        ["A00000", "group:places", "places:North"],
        ["A00001", "group:places", "places:South"],
        ["A00000", "group:teams", "teams:North"],
    ]
    for name, key in KEYS.items():
        assert not found[name].duplicated(list(key)).any(), name


def test_values_stand_beside_the_means_of_ordinary_practices(made, star):
    value = star["value"].set_index(["feature", "practice_code"])
    assert len(value) == 240 * 6  # five features, and smoking, which was not used
    assert star["measure"].set_index("feature")["used"].to_dict() == {
        **dict.fromkeys(made.natural, True),
        "smoking": False,
    }
    rows = made.segments.set_index("practice_code")
    for feature, values in (
        ("imd_score", made.natural["imd_score"]),
        ("smoking", made.context.set_index("practice_code")["smoking"]),
    ):
        found = value.loc[feature]
        pd.testing.assert_series_equal(found["value"], values, check_names=False)
        own = rows[rows["fitted"] & (rows["segment"] == rows.loc["A00009", "segment"])].index
        profile = made.profiles[made.profiles["feature"] == feature].set_index("segment")
        assert found.loc["A00009", "segment_mean"] == profile.loc[rows.loc["A00009", "segment"], "mean"]
        assert len(own) > 20
        assert found["england_mean"].unique().tolist() == [profile["england_mean"].iloc[0]]
        assert found.loc[made.unsegmented["practice_code"], "segment_mean"].isna().all()


def test_opportunities_add_up_to_those_of_the_run(made, star):
    gains = star["opportunity"].groupby("indicator_code")["additional_patients"].sum()
    # The run's practices gain 10 or 20 patients, and 3, 6 ... 18 by turns; the last ten are in no segment.
    turns = [3 * (i % 7) for i in range(230)]
    assert gains.to_dict() == {"DM001": 10 * 230 + sum(turns), "DM002": 20 * 230 + sum(turns)}
    assert gains.sum() == made.practice_opportunities["additional_patients"].sum()


def test_a_run_without_opportunities_has_an_empty_table(made):
    bare = replace(made, practice_opportunities=pd.DataFrame())
    unused = made.context.set_index("practice_code")
    table = star_tables(bare, INDICATORS, unused, {})["opportunity"]
    assert table.empty
    assert list(table)[:2] == ["practice_code", "indicator_code"]


def test_what_must_travel_is_said(made, star):
    about = star["about"].set_index("key")["value"]
    assert about["data"].startswith("SYNTHETIC DATA")
    assert (about["synthetic"], about["simulated"]) == ("yes", "no")
    assert about["licence"] == "Open Government Licence v3.0"
    assert about["attribution"] == "Contains information from nobody."
    assert about["verdict"] == "Practices differ by degree."
    assert (about["practices"], about["segments"], about["method"]) == ("240", "4", "kmeans")
    source = {**made.source, "synthetic": False, "warning": "SIMULATED FIGURES: achievement."}
    simulated = about_run(replace(made, source=source), "")
    assert simulated["data"] == simulated["simulated"] == "SIMULATED FIGURES: achievement."
    assert simulated["synthetic"] == "no"


def test_practices_with_a_position_are_points_on_the_national_grid():
    layer = practice_layer(BOARDS)
    assert layer.crs.to_epsg() == 27700
    assert list(layer["practice_code"]) == ["A00001", "A00002", "A00004", "A00005"]
    # Caister water tower, in the Ordnance Survey's guide to coordinate systems; without its grid of
    # corrections a conversion is right to some metres.
    assert abs(layer.geometry.x[0] - 651_409.8) < 5
    assert abs(layer.geometry.y[0] - 313_177.5) < 5
    assert layer.geometry.x[0] == round(layer.geometry.x[0], 1)


def test_boards_have_shares_of_practices_and_of_patients():
    shapes = gpd.GeoDataFrame(
        {"icb_code": ["QHL", None]}, geometry=[box(0, 0, 1.04, 1), box(1, 0, 2, 1)], crs=GRID
    )
    layer = area_layer(BOARDS, shapes, "official boundaries").set_index("icb_code")
    expected = pd.DataFrame(
        {
            "practices": [3, 2],
            "patients": [4000, 12000],
            "without_segment": [0, 1],
            "practices_share_A1": [2 / 3, 0],
            "practices_share_B1": [1 / 3, 1 / 2],
            "patients_share_A1": [3000 / 4000, 0],
            "patients_share_B1": [1000 / 4000, 3000 / 12000],
        },
        index=pd.Index(["QHL", "QOC"], name="icb_code"),
    )
    pd.testing.assert_frame_equal(pd.DataFrame(layer[list(expected)]), expected, check_dtype=False)
    assert layer.geometry["QHL"].equals(box(0, 0, 1, 1))  # to a tenth of a metre
    assert layer.geometry["QHL"].geom_type == "MultiPolygon"
    assert layer.geometry["QOC"] is None
    assert layer["shape"].fillna("").to_dict() == {"QHL": "official boundaries", "QOC": ""}


def test_every_column_is_explained_and_no_other(star):
    layers = {
        "practices": practice_layer(BOARDS),
        "areas": area_layer(BOARDS, gpd.GeoDataFrame({"icb_code": []}, geometry=[], crs=GRID), ""),
    }
    tables = star | layers
    rows = dictionary(tables).set_index(["table", "column"])
    assert set(rows.index) == {(name, column) for name, table in tables.items() for column in table}
    assert rows["meaning"].str.len().min() > 5
    assert rows.loc[("practice", "list_size"), ["type", "unit"]].tolist() == ["whole number", "patients"]
    assert rows.loc[("practice", "segment"), "type"] == "whole number"
    assert rows.loc[("practice", "certainty"), ["type", "unit"]].tolist() == ["number", "share, 0 to 1"]
    assert rows.loc[("measure", "used"), "type"] == "true or false"
    assert rows.loc[("areas", "geom"), "type"] == "geometry"
    assert rows.loc[("areas", "patients_share_A1"), "meaning"] == (
        "Share of the board's registered patients in segment A1"
    )
    assert rows.loc[("value", "practice_code"), ["key", "refers_to"]].tolist() == [
        True,
        "practice.practice_code",
    ]
    used = {(name, column) for name, column in rows.index if not column.startswith(tuple(SHARES))}
    assert set(MEANINGS) <= {text for name, column in used for text in (column, f"{name}.{column}")}
    with pytest.raises(KeyError, match="unheard_of"):
        dictionary({"practice": pd.DataFrame({"unheard_of": [1]})})
