"""Sheets: the parts of a Document as a page shows them: words, a picture, a table whose figures lead to charges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tallystick.address import Address
from tallystick.core.document import Document
from tallystick.core.question import Cell, Kind, Question, Table
from tallystick.formats.layout import columns_of
from tallystick.formats.page import laid
from tallystick.formats.picture import NARROW, Picture, picture
from tallystick.web.grid import Grid, grid
from tallystick.web.links import lines, source

NAME = "_name"
"""What ends the column of a name; the id has the column without it."""
TOLD = ("day", "team", "workspace", "key", "model", "kind")
"""The dimensions by which a row of a Document leads to charges."""

Ids = Mapping[tuple[str, str], frozenset[str]]
"""The ids of each name of a dimension."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One part; `picture` is as paper has it, `narrow` the same for a narrow screen, None where there is none."""

    title: str
    words: tuple[str, ...]
    picture: Any
    narrow: Picture | None
    grid: Grid | None


def sheets(report: str, document: Document) -> tuple[Sheet, ...]:
    """Return the parts of a report's Document; figures of what it was asked about lead to the charges behind them."""
    question = next((figure.question for figure in document.figures if figure.question), None)
    ids = _ids(document.lines)
    return tuple(
        Sheet(
            section["title"],
            tuple(section["words"]),
            section["picture"],
            picture(part, NARROW),
            _grid(report, part.table, question, ids) if part.table else None,
        )
        for section, part in zip(laid(document)["sections"], document.sections, strict=True)
    )


def _grid(report: str, table: Table, question: Question | None, ids: Ids) -> Grid:
    """The grid of a table: as its own report shows it, else as part of what the Document was asked about."""
    if table.question:
        return grid(table, Address(table.question.report))
    plain = grid(table)
    if not question:
        return plain
    names = [column.heading.name for column in columns_of(table)]
    heads = tuple(
        replace(head, source=source(report, name, {})) if head.figure else head
        for head, name in zip(plain.heads, names, strict=True)
    )
    rows = []
    for texts, row in zip(plain.rows, table.rows, strict=False):
        record = _told(row, table, ids)
        urls = (
            lines(question, name, record, record) if record and head.figure and row[name] else ""
            for name, head in zip(names, heads, strict=True)
        )
        rows.append(tuple(replace(text, url=url) for text, url in zip(texts, urls, strict=True)))
    foot = tuple(
        replace(text, url=lines(question, name, {}) if table.totals.get(name) else "")
        for text, name in zip(plain.foot, names, strict=False)
    )
    return replace(plain, heads=heads, rows=tuple(rows), foot=foot)


def _told(row: Mapping[str, Cell], table: Table, ids: Ids) -> dict[str, str]:
    """By what a row is told, as ids; a name that several ids have tells none."""
    values = {}
    for heading in table.headings:
        dimension, value = heading.name.removesuffix(NAME), str(row[heading.name])
        if dimension not in TOLD:
            continue
        if heading.kind is Kind.DIMENSION or dimension in {"team", "model", "kind"}:
            values[dimension] = value
        elif heading.kind is Kind.NAME and len(known := ids.get((dimension, value), frozenset())) == 1:
            [values[dimension]] = known
    return values


def _ids(table: Table | None) -> Ids:
    """The ids of the names in a Document's lines."""
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in table.rows if table else ():
        for name in row:
            if name.endswith(NAME):
                dimension = name.removesuffix(NAME)
                ids[dimension, str(row[name])].add(str(row[dimension]))
    return {name: frozenset(values) for name, values in ids.items()}
