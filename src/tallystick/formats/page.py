"""Page: an answer laid out in text for paper or a browser; what html and pdf hold, so that they say the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tallystick.core.document import Answer, Figure, Section
from tallystick.core.question import Cell, Heading, Table
from tallystick.core.text import safe
from tallystick.formats.picture import picture
from tallystick.formats.shown import FIGURES, document, footer, nothing, shown

UPRIGHT, ACROSS = 490, 730
"""Points between the margins of A4 and Letter, upright and across; the narrower of the two."""
LETTER = 0.56
"""How wide a letter is at most on average, to the size of type."""
MOST, LEAST = 9.0, 7.0
"""Size of type in tables, in points: the usual one, and the least for which a page stays upright."""
KINDS = {
    "uncached_input": "input tokens",
    "cache_write_5m": "cache write, 5 minutes",
    "cache_write_1h": "cache write, 1 hour",
    "cache_read": "cache read",
    "output": "output tokens",
    "web_search": "web search",
    "code_execution": "code execution",
    "session_time": "session time",
}
"""What a kind is called on a page, which is read by people who never ask by it."""
TEXTS = (31, 24, 16)
"""Letters of a name that stand in one line, the fewer the more columns there are; a longer one is broken, never cut."""


def laid(answer: Answer) -> dict[str, Any]:
    """The answer as plain data, every cell the text that is read, harmless; templates only place it.

    `title`, `subtitle`, `headline`, `figures`, `sections` with `words`, `picture` and `table`, `warnings`, `notes`,
    `source` (the version of the ledger). `aside`: the picture stands alone, its table is at hand only.
    `wide`: on paper it lies across. `full`: a table takes the width of its page, each column by its letters.
    """
    content = document(answer)
    tables = [section.table for section in content.sections if section.table]
    sections = [_section(section) for section in content.sections]
    return {
        "title": safe(content.title),
        "subtitle": safe(content.subtitle),
        "headline": safe(content.headline),
        "figures": [_figure(figure) for figure in content.figures],
        "sections": sections,
        "wide": all(section["wide"] for section in sections),
        "warnings": [safe(text) for text in content.warnings],
        "notes": [safe(text) for text in content.notes],
        "source": _source(tables),
    }


def _figure(figure: Figure) -> dict[str, str]:
    return {
        "name": _named(figure.heading.name),
        "value": shown(figure.cell, figure.heading),
        "unit": safe(figure.heading.unit or "") if figure.heading.unit != figure.heading.name else "",
        "note": safe(figure.note),
    }


def _section(section: Section) -> dict[str, Any]:
    drawn = picture(section)
    aside = bool(drawn and section.chart and section.chart.alone)
    table = _table(section.table) if section.table else None
    return {
        "title": safe(section.title),
        "words": [safe(words) for words in section.words],
        "picture": {"svg": drawn.svg, "caption": drawn.caption, "description": drawn.description} if drawn else None,
        "aside": aside,
        "table": table,
        "wide": bool(table and table["wide"] and not aside),
    }


def _table(table: Table) -> dict[str, Any]:
    rows = [[_read(cell, heading) for cell, heading in zip(row, table.headings, strict=True)] for row in table.cells]
    totals = footer(table)
    texts = [[row[index] for row in (*rows, totals) if row] for index in range(len(table.headings))]
    most, letters, wide, size = _layout(table.headings, texts)
    columns: list[dict[str, Any]] = [
        {
            "name": _named(heading.name),
            "unit": safe(heading.unit or ""),
            "figure": heading.kind in FIGURES,
            "letters": letters[index],
        }
        for index, heading in enumerate(table.headings)
    ]
    return {
        "columns": columns,
        "rows": rows,
        "totals": totals,
        "nothing": nothing(table),
        "wide": wide,
        "full": wide or most < TEXTS[0],
        "size": size,
    }


def _read(cell: Cell, heading: Heading) -> str:
    """A cell as it is read, the kinds of tokens in plain words."""
    text = shown(cell, heading)
    return KINDS.get(text, text) if heading.name == "kind" else text


def _layout(headings: Sequence[Heading], texts: Sequence[list[str]]) -> tuple[int, list[int], bool, float]:
    """How many letters a name has in a line, how many each column has, and what `_fit` says of them."""
    tries = []
    for most in TEXTS:
        letters = [_letters(heading, texts[index], most) for index, heading in enumerate(headings)]
        tries.append((most, letters, *_fit(sum(letters) + 2 * len(letters))))
    return next((fit for fit in tries if not fit[2]), tries[0])


def _letters(heading: Heading, texts: list[str], most: int) -> int:
    """How many letters a column needs beside each other: a figure is never broken, a long text is."""
    longest = max((len(text) for text in texts), default=0)
    words = (*_named(heading.name).split(), heading.unit or "")
    return max(longest if heading.kind in FIGURES else min(longest, most), *(min(len(word), most) for word in words))


def _fit(letters: int) -> tuple[bool, float]:
    """Whether a table so wide lies on a page turned to landscape, and its size of type in points."""
    upright = UPRIGHT / (letters * LETTER)
    if upright >= LEAST:
        return False, round(min(upright, MOST), 1)
    return True, round(min(ACROSS / (letters * LETTER), MOST), 1)


def _named(name: str) -> str:
    """The name of a column as words: `key_name` is read `key name`."""
    return safe(name).replace("_", " ")


def _source(tables: list[Table]) -> str:
    """Which version of the ledger the first table is of, and from when."""
    for table in tables:
        if {"version", "at"} <= table.as_of.keys():
            return safe(f"Version {table.as_of['version']} of the ledger, as of {table.as_of['at']}.")
    return ""
