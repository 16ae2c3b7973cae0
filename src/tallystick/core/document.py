"""Document: what people receive: a title, figures, sections with their Tables and pictures, messages.

A summary and a statement are Documents; every other answer is one with a single section. Writers take either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tallystick.core.message import Message, Messages
from tallystick.core.notebook import html
from tallystick.core.question import Cell, Heading, Question, Table, written


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure that stands by itself; `note` says what it is compared with or what to know of it.

    `question` says of which days and of what it is, where charges are behind it.
    """

    heading: Heading
    cell: Cell
    note: str = ""
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of a Table: along which column, the amounts of which others.

    `columns` stand along time, `bars` lie under each other. Where it stands `alone`, its Table is not printed beside it
    on pages; formats for data hold it.
    """

    kind: Literal["columns", "bars"]
    along: str
    of: tuple[str, ...]
    alone: bool = False


@dataclass(frozen=True)
class Section:
    """A part of a Document: a title, words under it, a Table, and a picture of that Table.

    On a terminal it stands `beside` the section before it, where both have room.
    """

    title: str
    table: Table | None = None
    words: tuple[str, ...] = ()
    chart: Chart | None = None
    beside: bool = False


@dataclass(frozen=True)
class Document(Messages):
    """What is handed on whole. `name` is summary, statement, ...; `facts` is what machines want to know of it.

    `headline` is the answer in a sentence, where it has one; a terminal leaves it out where the figures are `telling`:
    their notes say the same in less room. `lines` is the one Table that formats of rows hold (csv,
    jsonl, parquet); None where no one Table says it all.
    """

    name: str
    title: str
    subtitle: str
    sections: tuple[Section, ...]
    figures: tuple[Figure, ...] = ()
    messages: tuple[Message, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    lines: Table | None = None
    headline: str = ""
    telling: bool = False

    def __repr__(self) -> str:
        """Return its title and its sections."""
        return f"<Document {self.title}: {', '.join(section.title for section in self.sections)}>"

    def _repr_html_(self) -> str:
        return html(self)

    def written(self) -> dict[str, Any]:
        """The document as plain data, as JSON has it: money and ratios are strings, each Table as an answer."""
        return {
            "report": self.name,
            "title": self.title,
            "subtitle": self.subtitle,
            **({"headline": self.headline} if self.headline else {}),
            **self.facts,
            "figures": [
                {
                    "name": figure.heading.name,
                    "kind": figure.heading.kind.value,
                    "unit": figure.heading.unit,
                    "value": written(figure.cell),
                    "note": figure.note,
                }
                for figure in self.figures
            ],
            "sections": [
                {
                    "title": section.title,
                    "words": list(section.words),
                    "answer": self._answer(section.table) if section.table else None,
                }
                for section in self.sections
            ],
            "warnings": list(self.warnings),
            "notes": list(self.notes),
        }

    def _answer(self, table: Table) -> dict[str, Any]:
        """A Table of the document as an answer; one without a question is the document's own."""
        return table.written() if table.question else table.written() | {"report": self.name}


Answer = Table | Document
"""What writers take."""
