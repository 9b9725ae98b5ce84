"""A draft record by the Algorithmic Transparency Recording Standard of the UK government (template 3.0).

Every field that the run can fill is filled; what only the owner knows is left to the owner. Numbers are those
of the template.
"""

from collections.abc import Mapping

from gp_segmentation.report.transparency.document import (
    BY_OWNER,
    NOT_ASSESSED,
    OWNER,
    Document,
    Item,
    Section,
    count_answers,
    form,
)
from gp_segmentation.report.transparency.facts import Facts, settings_text
from gp_segmentation.report.transparency.model_card import LIMITS, NOT_FOR, USES
from gp_segmentation.utils.wording import listed

#: Number and name of every field, by section.
FIELDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Tier 1: overview": (
        ("1", "Name"),
        ("2", "Description"),
        ("3", "Website URL"),
        ("4", "Contact email"),
    ),
    "Tier 2, section 1: owner and responsibility": (
        ("1.1", "Organisation or department"),
        ("1.2", "Team"),
        ("1.3", "Senior responsible owner"),
        ("1.4", "Third party involvement"),
        ("1.4.1", "Third party"),
        ("1.4.2", "Companies House number"),
        ("1.4.3", "Third party role"),
        ("1.4.4", "Procurement procedure type"),
        ("1.4.5", "Third party data access terms"),
    ),
    "Tier 2, section 2: description and rationale": (
        ("2.1", "Detailed description"),
        ("2.2", "Benefits"),
        ("2.3", "Previous process"),
        ("2.4", "Alternatives considered"),
    ),
    "Tier 2, section 3: decision-making process": (
        ("3.1", "Process integration"),
        ("3.2", "Provided information"),
        ("3.3", "Frequency and scale of usage"),
        ("3.4", "Human decisions and review"),
        ("3.5", "Required training"),
        ("3.6", "Appeals and review"),
    ),
    "Tier 2, section 4: tool specification": (
        ("4.1.1", "System architecture"),
        ("4.1.2", "System-level input"),
        ("4.1.3", "System-level output"),
        ("4.1.4", "Maintenance"),
        ("4.1.5", "Models"),
        ("4.2.1", "Model name"),
        ("4.2.2", "Model version"),
        ("4.2.3", "Model task"),
        ("4.2.4", "Model input"),
        ("4.2.5", "Model output"),
        ("4.2.6", "Model architecture"),
        ("4.2.7", "Model performance"),
        ("4.2.8", "Datasets and their purposes"),
        ("4.3.1", "Development data description"),
        ("4.3.2", "Data modality"),
        ("4.3.3", "Data quantities"),
        ("4.3.4", "Sensitive attributes"),
        ("4.3.5", "Data completeness and representativeness"),
        ("4.3.6", "Data cleaning"),
        ("4.3.7", "Data collection"),
        ("4.3.8", "Data access and storage"),
        ("4.3.9", "Data sharing agreements"),
        ("4.4.1", "Operational data sources"),
        ("4.4.2", "Operational sensitive attributes"),
        ("4.4.3", "Data processing methods"),
        ("4.4.4", "Operational data access and storage"),
        ("4.4.5", "Operational data sharing agreements"),
    ),
    "Tier 2, section 5: risks, mitigations and impact assessments": (
        ("5.1", "Impact assessment"),
        ("5.2", "Risks and mitigations"),
    ),
}


def atrs(facts: Facts) -> Document:
    """Return the draft record of a run."""
    known = answers(facts)
    sections: tuple[Section, ...] = tuple(
        form(heading, [Item(name, known.get(number, OWNER), number) for number, name in fields])
        for heading, fields in FIELDS.items()
    )
    counts = count_answers(sections)
    return Document(
        "atrs",
        "Draft transparency record (ATRS)",
        (
            "A draft by the Algorithmic Transparency Recording Standard of the UK government, fields of "
            "template 3.0. It is not a published record: an owner has to check it against the template in "
            "force, complete "
            "it and publish it.",
            f"Of {sum(counts.values())} fields the run fills {counts['answered']}; {counts['open']} are to "
            "be completed by the owner, in whole or in part.",
        ),
        sections,
    )


def answers(facts: Facts) -> dict[str, str]:
    """Return number of a field -> what the run says; fields that only the owner knows are missing."""
    counts, source = facts.said["counts"], facts.source
    return {
        "1": "GP Practice Segmentation",
        "2": f"A statistical program puts {counts['practices']:,} practices into {counts['segments']} "
        "segments, so that each can be compared with similar ones. It is used by analysts, and decides "
        "nothing.",
        "2.1": f"{facts.features}, of {source['label']}, are transformed and put on one scale; "
        f"{facts.method} makes the segments. {facts.results.choice.get('reason', '')}",
        "2.2": f"{' '.join(USES)} What was gained: {BY_OWNER}.",
        "2.4": "Fifths of deprivation, boards and bands of list size are compared with the segments. "
        f"{' '.join(facts.said['usefulness'])} Other alternatives: {BY_OWNER}.",
        "3.2": "For every practice its segment, the probability of it, the next nearest segment, similar "
        "practices and figures beside those of the segment; for every segment a name, a portrait and a "
        "profile. No score of a practice, and no recommendation.",
        "3.4": f"People interpret every result; nothing happens by itself. Not to be used for: "
        f"{' '.join(NOT_FOR)} How results are reviewed: {BY_OWNER}.",
        **_specification(facts),
        "5.1": "Tables for an equality impact assessment stand in the equality analysis beside this draft. "
        f"The assessment, and that of data protection: {BY_OWNER}.",
        "5.2": f"{' '.join(LIMITS)} Mitigations: every label is shown with its probability; evidence against "
        "the segments stands first on the page; the same inputs give the same results. Risks of the actual "
        f"use: {BY_OWNER}.",
    }


def _specification(facts: Facts) -> dict[str, str]:
    """The fields of section 4: the tool, its model and its data."""
    counts, source, node = facts.said["counts"], facts.source, facts.results.choice.get("node") or {}
    settings = settings_text(node)
    files = listed([row["filename"] for row in facts.said["files"]]) or "no file"
    packages = dict(facts.said["versions"])
    return {
        "4.1.1": "A pipeline on one computer: tables are read and checked, features made, models tried, the "
        "segments tested and described. Once the files are there it needs no network, and it calls no "
        "outside service.",
        "4.1.2": f"{files}.",
        "4.1.3": "Tables (CSV, parquet), a workbook, a page, and these documents.",
        "4.1.4": f"To be run again for each year of data. Who does it, and how often: {BY_OWNER}.",
        "4.1.5": "One clustering model; the others that were tried stand in the checklist.",
        "4.2.1": facts.method,
        "4.2.2": f"gp-segmentation {packages.get('gp-segmentation', 'not installed')}; what the run is known "
        "by stands in the model card.",
        "4.2.3": "Clustering (unsupervised): grouping practices that are alike.",
        "4.2.4": f"{facts.features}.",
        "4.2.5": f"One of {counts['segments']} segments for every practice, with a probability.",
        "4.2.6": f"{facts.method}{f' ({settings})' if settings else ''}, from scikit-learn "
        f"{packages.get('scikit-learn', '')} or scipy {packages.get('scipy', '')}.",
        "4.2.7": f"{' '.join(facts.reasons())} {facts.certain}" if facts.assessed else NOT_ASSESSED,
        "4.2.8": f"{source['label']}: the segments are made from it, and tested on it by redrawing "
        "practices.",
        "4.3.1": f"{source['label']}: {facts.data}.",
        "4.3.2": "Tables of counts and means.",
        "4.3.3": f"{counts['practices']:,} practices with {counts['patients']:,} registered patients; "
        f"{counts['features']} features.",
        "4.3.4": "Age, sex, ethnicity and deprivation as shares or means of a practice's list, where the "
        "source has them. No record of a person.",
        "4.3.5": f"All practices of the source; {counts['special']:,} special ones did not shape the "
        f"segments. {counts['imputed']:,} missing values were filled in.",
        "4.3.6": f"Missing values: {facts.step('imputer')}. Extreme values: {facts.step('outliers')}. "
        f"{counts['quality']:,} irregularities were accepted; they are listed in the log of assumptions.",
        "4.3.7": f"{source['attribution']}",
        "4.3.8": f"Published files need no permission. Where files and results are kept: {BY_OWNER}.",
        "4.3.9": f"None is needed for published data ({source['licence']}). Others: {BY_OWNER}.",
        "4.4.1": "The same files as in development; another year's can be assigned to the segments.",
        "4.4.2": "The same as in development.",
        "4.4.3": "The same preparation as in development, stored with the model.",
    }
