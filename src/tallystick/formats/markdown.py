"""Markdown: tables as GitHub has them, rounded for reading; no text from the API becomes markup, HTML or a link."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tallystick.core.document import Answer, Document
from tallystick.core.message import ordered
from tallystick.core.question import Table
from tallystick.core.text import safe
from tallystick.formats.shown import FIGURES, document, footer, nothing, shown

_WORD = re.compile(r"[^\s|`]+|[|`]")
_LINKS = re.compile(r"[@#]|:.|www\.|GH-", re.IGNORECASE)
"""What GitHub makes a link, a mention or a picture of, backslash or not; code alone is left as it is."""
_MARKUP = re.compile(r"[\\`*\[\]<>|~&$]|(?<![^\W_])_|_(?![^\W_])")
"""What is active in a text; within a word `_` is not."""
_BEGINS = re.compile(r"(?=[-+=])|[0-9]+(?=[.)](?: |$))")
"""Where a line would become a list or a heading."""


def as_markdown(answer: Answer) -> str:
    """The answer as GitHub Flavored Markdown: headings, tables with figures at the right, totals bold, messages a list.

    A text that has something active in it is escaped; a word that would become a link by itself is shown as code.
    """
    return "\n\n".join(_parts(document(answer))) + "\n"


def _parts(page: Document) -> Iterator[str]:
    yield f"# {_line(page.title)}"
    if page.subtitle:
        yield _line(page.subtitle)
    if page.headline:
        yield _line(page.headline)
    if page.figures:
        head = _grid(("figure", "value", "unit", "note"), (False, True, False, False))
        rows = (
            (
                figure.heading.name,
                f"**{_text(shown(figure.cell, figure.heading))}**",
                figure.heading.unit or "",
                figure.note,
            )
            for figure in page.figures
        )
        yield "\n".join(
            (*head, *(_row((_text(name), cell, _text(unit), _text(note))) for name, cell, unit, note in rows))
        )
    for section in page.sections:
        if section.title:
            yield f"## {_line(section.title)}"
        yield from map(_line, section.words)
        if section.table:
            yield _table(section.table)
    if page.messages:
        yield "\n".join(f"- {message.kind}: {_text(message.text).strip()}" for message in ordered(page.messages))


def _table(table: Table) -> str:
    if words := nothing(table):
        return _line(words)
    names = (_text(heading.name) + (f" ({_text(heading.unit)})" if heading.unit else "") for heading in table.headings)
    rows = (
        _row(_text(shown(cell, heading)) for cell, heading in zip(row, table.headings, strict=True))
        for row in table.cells
    )
    feet = footer(table)
    foot = [_row(f"**{_text(cell)}**" if cell else "" for cell in feet)] if feet else []
    return "\n".join((*_grid(names, (heading.kind in FIGURES for heading in table.headings)), *rows, *foot))


def _grid(names: Iterable[str], right: Iterable[bool]) -> tuple[str, str]:
    return _row(names), _row("---:" if is_figure else ":---" for is_figure in right)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _line(text: str) -> str:
    """A text that begins a line, where a dash or a number would make a list of it."""
    line = _text(text).strip()
    begin = _BEGINS.match(line)
    return f"{begin[0]}\\{line[begin.end() :]}" if begin else line


def _text(text: str) -> str:
    """A text within a line: control characters as escapes, markup escaped, a word that links by itself as code."""
    return _WORD.sub(
        lambda word: f"`{word[0]}`" if _LINKS.search(word[0]) else _MARKUP.sub(r"\\\g<0>", word[0]), safe(text)
    )
