"""A reporting checklist for cluster analyses, filled from the run.

Adapted from SMART-LCA (Van Lissa, Garnier-Villarreal & Anadria 2023, doi:10.1080/10705511.2023.2250920),
which is for latent class models: its items are put in words that fit any clustering, and those that only such
models have are kept and answered "not applicable".
"""

from gp_segmentation.report.transparency import checklist_data as data
from gp_segmentation.report.transparency import checklist_models as models
from gp_segmentation.report.transparency import checklist_results as results
from gp_segmentation.report.transparency.document import Document, Section, count_answers, table
from gp_segmentation.report.transparency.facts import Facts

#: The sections, in order.
PARTS = (
    *(data.before, data.observed, data.missing, data.excluded),
    *(models.models, models.number, models.estimation),
    *(results.results, results.validity, results.inference, results.reproducing, results.limits),
)


def checklist(facts: Facts) -> Document:
    """Return the checklist of a run."""
    sections = tuple(_numbered(number, part(facts)) for number, part in enumerate(PARTS, start=1))
    counts = count_answers(sections)
    return Document(
        "checklist",
        "Reporting checklist",
        (
            "This checklist says what a paper or report on these segments should tell. It is an adaptation "
            "of SMART-LCA, a published checklist for latent class analyses (Van Lissa and others 2023, "
            "doi:10.1080/10705511.2023.2250920), in words of this project. It is not that checklist.",
            f"Of {sum(counts.values())} items the run answers {counts['answered']}; {counts['open']} are to "
            f"be completed by the author, in whole or in part; {counts['not_applicable']} do not apply.",
        ),
        sections,
    )


def _numbered(number: int, section: Section) -> Section:
    """The section with its number, and its items numbered within it."""
    first, *others = section.tables
    rows = tuple((f"{number}.{i}", *row[1:]) for i, row in enumerate(first.rows, start=1))
    heading = f"{number}. {section.heading}"
    tables = (table(section.heading, first.columns, rows), *others)
    return Section(heading, section.paragraphs, section.bullets, tables)
