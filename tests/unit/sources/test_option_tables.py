"""The option files of more published tables: each is read in its official layout, to known figures."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from gp_segmentation import config

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ROOT / "conf" / "source"
#: No option files: what all years share, and codes of indicators.
OTHERS = ("_nhs", "_renumbered")
INCLUDED = sorted(path.stem for path in SOURCES.glob("_*.yaml") if path.stem not in OTHERS)
#: `_small_areas` has tests of its own.
OPTIONS = [name for name in INCLUDED if name != "_small_areas"]

MONTH = (
    "APPOINTMENT_MONTH_START_DATE,GP_CODE,GP_NAME,SUPPLIER,PCN_CODE,PCN_NAME,SUB_ICB_LOCATION_CODE,"
    "SUB_ICB_LOCATION_NAME,HCP_TYPE,APPT_MODE,NATIONAL_CATEGORY,TIME_BETWEEN_BOOK_AND_APPT,"
    "COUNT_OF_APPOINTMENTS,APPT_STATUS\n"
)
WHO = "01JUN2026,A81001,THE SURGERY,EMIS,U1,A PCN,16C,A PLACE"
APPOINTMENTS = MONTH + "".join(
    f"{WHO},{row}\n"
    for row in (
        "GP,Face-to-Face,Planned Clinics,Same Day,50,Attended",
        "GP,Telephone,Planned Clinics,1 Day,10,DNA",
        "Other Practice staff,Face-to-Face,Planned Clinics,2 to 7 Days,100,Attended",
        "Other Practice staff,Video Conference/Online,Unmapped,Same Day,30,Unknown",
        "Unknown,Unknown,Unmapped,Unknown / Data Quality,10,Attended",
    )
)
STAFF = (
    "PRAC_CODE,PRAC_NAME,TOTAL_PATIENTS,TOTAL_GP_EXTGL_FTE,TOTAL_NURSES_FTE,TOTAL_DPC_FTE,TOTAL_ADMIN_FTE\n"
    "A81001,THE SURGERY,5000,2.5,ND,1,7.25\n"
)
CQC = (
    '"Practice.Code","Year","location_name","service_population_group","domain","latest_rating",'
    '"inherited_rating_y_n","IMD","IMD_quintile","ICB_NAME"\n'
    '"A81001",2016,"One","Overall","Overall","Outstanding","N",29.9,4,"North"\n'
    '"A81001",2018,"Two","Overall","Overall","Requires improvement","Y",29.9,4,"North"\n'
    'NA,2018,"No code","Overall","Overall","Good","Y",NA,NA,NA\n'
)
SURVEY = (
    "ad_practicecode,ad_practicename,distributed,received,overallexp.pcteval,gpcontactoverall.pcteval,"
    "localgpservicesphone.pcteval,localgpservicesprefhpsee.pcteval\n"
    "A81001,THE SURGERY,300,90,0.755,0.5,0.425,-97\n"
)
PAYMENTS = (
    "Practice Code,Practice Name,Average Number of Registered Patients,Average Number of Weighted Patients,"
    "Total NHS Payments to General Practice\n"
    "A81001,THE SURGERY,3000,3500,600000.50\n"
    "A81001,THE SURGERY,1000,1500,199999.50\n"
)
PRESCRIBING = (
    "actual_cost,ccg,date,items,quantity,row_id,row_name,setting\n"
    "1234.5,16C,2025-03-01,600,9000.0,A81001,THE SURGERY,4\n"
)
#: Option -> key of its file, the texts that stand in for the file (member -> text; of a CSV: one), and for
#: practice A81001 each measure: None where there is no figure; per patient still to be divided by the list.
TABLES: dict[str, tuple[str, dict[str, str], dict[str, float | None]]] = {
    "_appointments": (
        "appointments",
        {
            "Mapping.csv": "GP_CODE\nA81001\n",
            "Practice_Level_Crosstab_Jun_26.csv": APPOINTMENTS,
            "Practice_Level_Crosstab_London_Jun_26.csv": MONTH,
        },
        {
            "appointments_per_1000": 1000 * (50 + 10 + 100 + 30 + 10),
            "appointments_gp_percent": 100 * (50 + 10) / 200,
            "appointments_face_to_face_percent": 100 * (50 + 100) / 200,
            "appointments_telephone_percent": 100 * 10 / 200,
            "appointments_online_percent": 100 * 30 / 200,
            "appointments_same_day_percent": 100 * (50 + 30) / 200,
            "appointments_not_attended_percent": 100 * 10 / 200,
        },
    ),
    "_cqc": ("cqc", {"cqc.csv": CQC}, {"cqc_rating": (4 + 2) / 2}),
    "_patient_survey": (
        "patient_survey",
        {"survey.csv": SURVEY},
        {
            "survey_good_experience_percent": 75.5,
            "survey_good_contact_percent": 50,
            "survey_easy_by_phone_percent": 42.5,
            "survey_sees_preferred_professional_percent": None,
        },
    ),
    "_payments": (
        "payments",
        {"payments.csv": PAYMENTS},
        {"payments_per_patient": 800_000 / 4000, "payments_per_weighted_patient": 800_000 / 5000},
    ),
    "_prescribing": (
        "prescribing",
        {"prescribing.csv": PRESCRIBING},
        {"antibiotic_items_per_1000": 600 * 1000, "antibiotic_cost_per_1000": 1234.5 * 1000},
    ),
    "_staff": (
        "staff",
        {
            "1 General Practice – June 2026 Practice Level - Detailed.csv": STAFF,
            "3 General Practice – June 2026 Practice Level - High level.csv": "PRAC_CODE,VALUE\n",
        },
        {
            "staff_gps_per_10000": 2.5 / 5000 * 10_000,
            "staff_nurses_per_10000": None,
            "staff_direct_care_per_10000": 1 / 5000 * 10_000,
            "staff_admin_per_10000": 7.25 / 5000 * 10_000,
        },
    ),
}


@cache
def composed() -> dict[str, Any]:
    return config.compose_config(ROOT, ["source=tables_2024_25"], name="data")["source"]


def test_every_option_file_is_tested_and_included_by_one_line():
    defaults = yaml.safe_load((SOURCES / "tables_2024_25.yaml").read_text(encoding="utf-8"))["defaults"]
    assert defaults == ["nhs_2024_25", *INCLUDED, "_self_"]
    assert sorted(TABLES) == OPTIONS
    assert composed()["name"] == "tables_2024_25"  # its raw files do not mix with those of the year


@pytest.mark.parametrize("option", OPTIONS)
def test_a_table_is_read_in_its_layout(tmp_path, write_zip, option):
    key, texts, expected = TABLES[option]
    file = composed()["files"][key]
    path = tmp_path / file["filename"]
    if path.suffix == ".zip":
        write_zip(path, texts)
    else:
        path.write_text(*texts.values(), encoding="utf-8")
    table = config.build(file["reader"], "reader")(path=path)
    assert table.frame["practice_code"].tolist() == ["A81001"]
    found = table.frame.drop(columns="practice_code").iloc[0]
    assert {name: None if value != value else value for name, value in found.items()} == pytest.approx(
        expected
    )
    assert all(table.dictionary["unit"].str.len() > 0)
    waiting = {name for name, keys in file["reader"]["columns"].items() if keys.get("per") == "list_size"}
    assert table.per_patient == waiting


@pytest.mark.parametrize("option", OPTIONS)
def test_a_table_says_where_it_comes_from_and_need_not_be_there(option):
    file = composed()["files"][TABLES[option][0]]
    assert file["licence"].startswith("Open Government Licence v3.0")
    assert len(file["licence"]) > len("Open Government Licence v3.0")  # and whose it is
    assert file["required"] is False
    assert file["role"] == "context"
    assert file["url"] is None if option == "_cqc" else file["url"].startswith("https://")
