"""The files of the other publishers: patients, organisations, postcodes, boundaries, Fingertips."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gp_segmentation.sources.inspect.found import Found, Text, attempt, context_entry
from gp_segmentation.sources.ods import read_organisations
from gp_segmentation.sources.ohid import indicators_in, read_indicator
from gp_segmentation.sources.ons import read_boundaries
from gp_segmentation.sources.os_codepoint import read_postcodes
from gp_segmentation.sources.registrations import read_registrations

OGL = "Open Government Licence v3.0"


def registrations(path: Path, _texts: Sequence[Text]) -> Found:
    """Return what is told of a file of patients by age and sex."""
    found = Found("patients by age and sex, read by registrations.read_registrations")
    entry: dict[str, Any] = {"filename": path.name, "reader": {}}
    found.source = {"files": {"registrations": entry}}

    def read() -> list[str]:
        table = read_registrations(path)
        entry["reader"] = {"expected_date": table.extract_date.isoformat()}
        patients = table.age_sex["patients"].sum()
        return [f"practices: {table.age_sex['practice_code'].nunique():,}; patients: {patients:,}"]

    return attempt(found, read)


def organisations(path: Path, _texts: Sequence[Text]) -> Found:
    """Return what is told of a list of organisations."""
    found = Found("the organisation list epraccur, read by ods.read_organisations")
    found.source = {"files": {"organisations": {"filename": path.name}}}

    def read() -> list[str]:
        frame = read_organisations(path).frame
        kinds = frame.loc[frame["setting"] == "GP practice", "status"].value_counts()
        listed = ", ".join(f"{status} {count:,}" for status, count in kinds.items())
        return [f"organisations: {len(frame):,}; GP practices: {listed or 'none'}"]

    return attempt(found, read)


def postcodes(path: Path, _texts: Sequence[Text]) -> Found:
    """Return what is told of a file of postcodes."""
    found = Found("postcodes, read by os_codepoint.read_postcodes")
    found.source = {"files": {"postcodes": {"filename": path.name}}}
    return attempt(found, lambda: [f"postcodes: {len(read_postcodes(path).frame):,}"])


def boundaries(path: Path, _texts: Sequence[Text]) -> Found:
    """Return what is told of a file of boundaries."""
    found = Found("boundaries, read by ons.read_boundaries")
    found.source = {"files": {"boundaries": {"filename": path.name}}}
    return attempt(found, lambda: [f"boundaries: {len(read_boundaries(path).frame):,}"])


def fingertips(path: Path, _texts: Sequence[Text]) -> Found:
    """Return what is told of each indicator of a Fingertips file."""
    found = Found("a Fingertips file, read by ohid.read_indicator")
    files = {}
    for number, (label, sex) in indicators_in(path).items():
        options = {"indicator_id": number, "measure": f"indicator_{number}", "label": label, "unit": "value"}
        options |= {} if sex == "Persons" else {"sex": sex}
        files[f"indicator_{number}"] = context_entry(path, OGL, "ohid.read_indicator", **options)
        files[f"indicator_{number}"]["url"] = (
            f"https://fingertips.phe.org.uk/api/all_data/csv/by_indicator_id?indicator_ids={number}"
            "&child_area_type_id=7"
        )

        def read(options: dict[str, Any] = options) -> list[str]:
            table = read_indicator(path, **options)
            what = table.dictionary["label"].iloc[0]
            return [f"{options['indicator_id']}: {what}; practices: {len(table.frame):,}"]

        attempt(found, read)
    found.source = {"files": files}
    return found
