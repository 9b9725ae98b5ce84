"""The generic reader on real tables: GPSEG_NHS_SAMPLES names the folder of extracts."""

from __future__ import annotations

from pathlib import Path

from gp_segmentation import config

ROOT = Path(__file__).resolve().parents[2]


def test_the_ratings_of_practices_become_numbers(nhs_samples):
    files = config.compose_config(ROOT, ["source=tables_2024_25"], name="data")["source"]["files"]
    table = config.build(files["cqc"]["reader"], "reader")(path=nhs_samples / "cqc.csv")
    ratings = table.frame["cqc_rating"].value_counts().to_dict()
    # 6,229 rows: 42 have no code, two practices have two rows. The same figures by pandas alone:
    # rows with a code, words mapped to numbers, grouped by code and averaged.
    assert ratings == {3: 5549, 4: 291, 2: 289, 1: 55, 3.5: 1}
    assert len(table.frame) == 6229 - 42 - 2
    assert table.quality["count"].tolist() == [42]
