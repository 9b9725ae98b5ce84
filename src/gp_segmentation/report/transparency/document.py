"""What a document of the transparency pack is made of, before it is Markdown or HTML."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: What the run cannot know is left to people.
AUTHOR, OWNER = "To be completed by the author", "To be completed by the owner"
NOT_APPLICABLE = "Not applicable: "
NOT_ASSESSED = "This run did not assess it (evidence.assess is false)."
#: The first two within a sentence.
BY_AUTHOR, BY_OWNER = AUTHOR.replace("To", "to"), OWNER.replace("To", "to")
#: Heading of a column, and its class in HTML: "", "n" for numbers, "code" for keys and hashes.
Column = tuple[str, str]
#: A column given by its heading alone is of words.
Columns = tuple[str | Column, ...]


@dataclass(frozen=True)
class Table:
    """A table of texts; the first cell of a row names it."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A part of a document: paragraphs, then bullets, then tables; any of them may be missing."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    bullets: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Document:
    """A document: ``name`` of its files, title, what it is, and its sections."""

    name: str
    title: str
    about: tuple[str, ...]
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Item:
    """A question of a form with its answer; `number` in the form."""

    asked: str
    answer: str = AUTHOR
    number: str = ""


def numbers(*headings: str) -> tuple[Column, ...]:
    """Return columns of numbers."""
    return tuple((heading, "n") for heading in headings)


def table(caption: str, columns: Columns, rows: Iterable[Sequence[object]]) -> Table:
    """Return a table of the texts of `rows`."""
    named = tuple((column, "") if isinstance(column, str) else column for column in columns)
    return Table(caption, named, tuple(tuple(str(value) for value in row) for row in rows))


def form(heading: str, items: Iterable[Item], *tables: Table) -> Section:
    """Return a section that is a table of questions and answers, with further tables below."""
    rows = [(item.number, item.asked, item.answer) for item in items]
    return Section(heading, tables=(table(heading, ("Number", "Asked", "Answer"), rows), *tables))


def count_answers(sections: Iterable[Section]) -> dict[str, int]:
    """Count the questions of forms: ``answered``, ``open`` (in part, too), ``not_applicable``."""
    answers = [
        row[2]
        for section in sections
        for shown in section.tables[:1]
        if shown.columns[-1][0] == "Answer"
        for row in shown.rows
    ]
    left = sum(any(part in answer for part in (AUTHOR, OWNER, BY_AUTHOR, BY_OWNER)) for answer in answers)
    outside = sum(answer.startswith(NOT_APPLICABLE) for answer in answers)
    return {"answered": len(answers) - left - outside, "open": left, "not_applicable": outside}
