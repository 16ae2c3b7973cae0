"""Reply: an answer as a model reads it: short, with its warnings, and with what is left out said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tallystick.core.document import Answer, Document
from tallystick.core.question import Table, written
from tallystick.core.text import inert

BYTES = 4_000
"""What a reply may take as JSON: fewer than 2,000 tokens, at two bytes a token or more."""
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["report", "warnings"],
    "properties": {"report": {"type": "string"}, "warnings": {"type": "array"}},
}
"""What every reply has."""
Json = dict[str, Any]


def reply(report: str, answer: Answer, *, full: bool = False) -> Json:
    """Return an answer as plain data; unless `full`, without notes and rows that make it longer than it may be.

    A Table has `columns`, `units` and `rows` of cells, a Document `figures` and `sections`. `left_out` counts what is
    missing. Money and ratios are exact texts.
    """
    body = _document(answer) if isinstance(answer, Document) else _table(answer)
    notes = [inert(text) for text in answer.notes]
    content = {"report": report, **body, "warnings": [inert(text) for text in answer.warnings], "notes": notes}
    if not full:
        _shorten(content)
    return content


def as_text(content: Json) -> str:
    """Return a reply as JSON, as short as can be."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _table(table: Table) -> Json:
    units = {heading.name: heading.unit for heading in table.headings if heading.unit}
    days = {} if table.question is None else _days(table)
    rows = [[_cell(cell) for cell in row] for row in table.cells]
    content = {"columns": [heading.name for heading in table.headings], "units": units, "rows": rows}
    totals = {name: _cell(cell) for name, cell in table.totals.items()}
    return {**days, **_headline(table), **content, **({"totals": totals} if totals else {}), "as_of": dict(table.as_of)}


def _days(table: Table) -> Json:
    question = table.question.to_dict() if table.question else {}
    return {"since": question["since"], "until_before": question["until"]}


def _document(document: Document) -> Json:
    figures = [
        {"name": figure.heading.name, "value": _cell(figure.cell), "unit": figure.heading.unit, "note": figure.note}
        for figure in document.figures
    ]
    facts = {name: value for name, value in document.facts.items() if value not in (None, [], {})}
    return {
        "title": inert(document.title),
        "subtitle": inert(document.subtitle),
        **_headline(document),
        **json.loads(inert(json.dumps(facts, ensure_ascii=False, default=str))),
        "figures": figures,
        "sections": [
            {
                "title": inert(section.title),
                **({"words": [inert(text) for text in section.words]} if section.words else {}),
                **(_section(section.table) if section.table else {}),
            }
            for section in document.sections
        ],
    }


def _headline(answer: Answer) -> Json:
    return {"headline": inert(answer.headline)} if answer.headline else {}


def _section(table: Table) -> Json:
    rows = [[_cell(cell) for cell in row] for row in table.cells]
    return {"columns": [heading.name for heading in table.headings], "rows": rows}


def _cell(cell: Any) -> str | int | None:
    plain = written(cell)
    return inert(plain) if isinstance(plain, str) else plain


def _shorten(content: Json) -> None:
    """Leave out notes, then rows of the longest list, until the reply is short; say how many of each."""
    left_out: dict[str, int] = {}
    while len(as_text(content).encode()) > BYTES:
        name, part = next(_longest(content), ("", []))
        if not part:
            break
        count = 1 if name == "notes" else max(1, len(part) // 8)
        del part[len(part) - count :]
        left_out[name] = left_out.get(name, 0) + count
        content["left_out"] = {**left_out, "all": 'ask with "full": true, or of fewer days or groups'}


def _longest(content: Json) -> Iterator[tuple[str, list[Any]]]:
    """Give what can be shortened, the first to go first: notes, then the longest list of rows."""
    if content["notes"]:
        yield "notes", content["notes"]
    parts = [
        (f"rows of {section['title']}", section["rows"])
        for section in content.get("sections", ())
        if section.get("rows")
    ]
    parts += [("rows", content["rows"])] if content.get("rows") else []
    yield from sorted(parts, key=lambda part: -len(part[1]))
