"""Write the transparency pack: each document as Markdown and as HTML, the same bytes for the same input."""

import re
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gp_segmentation.report.page import write_template
from gp_segmentation.report.summarise import frame
from gp_segmentation.report.transparency.assumptions import assumptions
from gp_segmentation.report.transparency.atrs import atrs
from gp_segmentation.report.transparency.checklist import checklist
from gp_segmentation.report.transparency.document import Document
from gp_segmentation.report.transparency.equality import equality
from gp_segmentation.report.transparency.facts import Facts
from gp_segmentation.report.transparency.model_card import model_card
from gp_segmentation.utils.files import write_text
from gp_segmentation.utils.wording import markdown

#: The documents, in the order of their links.
DOCUMENTS = (checklist, model_card, atrs, equality, assumptions)


def write_transparency(facts: Facts, folder: Path) -> None:
    """Write every document of `DOCUMENTS` into `folder`, as NAME.md and NAME.html.

    Simulated and synthetic figures are marked at the top of each.
    """
    documents = [make(facts) for make in DOCUMENTS]
    links = [(document.name, document.title) for document in documents]
    around = frame(facts.results)
    for document in documents:
        write_template(
            folder / f"{document.name}.html",
            "transparency.html.j2",
            **around,
            title=f"{document.title}, {facts.source['label']}",
            document=document,
            links=links,
        )
        write_text(folder / f"{document.name}.md", as_markdown(document, facts, links))


def as_markdown(document: Document, facts: Facts, links: list[tuple[str, str]]) -> str:
    """Return a document as Markdown; no text from data is obeyed as a mark."""
    environment = Environment(  # noqa: S701 - Markdown, whose own marks are made harmless
        loader=PackageLoader("gp_segmentation.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
        keep_trailing_newline=True,
    )
    environment.filters["code"] = _code
    template = environment.get_template("transparency.md.j2")
    return template.render(document=document, source=facts.source, links=links)


def _harmless(value: object) -> object:
    return value if isinstance(value, Markup) else markdown(str(value))


def _code(text: str) -> Markup:
    """A key or a hash as code, where it holds nothing else that Markdown obeys."""
    plain = re.fullmatch(r"[\w.*:/ -]+", text)
    return Markup(f"`{text}`" if plain else markdown(text))  # noqa: S704 - harmless by now
