"""XLSX: a sheet for each Table with real numbers, dates and formulas, and a cover: figures, messages, the question.

A text stays a text: none is read as a formula, a link or a number, also where somebody edits its cell.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

import msgspec
from rich.cells import cell_len

from tallystick.core.document import Answer, Document, Section
from tallystick.core.message import Message, ordered
from tallystick.core.money import plain, total
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.text import RUNS, safe
from tallystick.errors import InvalidQuestion
from tallystick.formats.shown import FIGURES, document, footer, nothing, shown

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

ROWS, COLUMNS = 1_048_576, 16_384
"""What a sheet of Excel holds."""
LETTERS = 16_000
"""What is shown of a text: a cell holds 32,767 units of UTF-16, up to two a letter."""
NAME = 31
"""Units of UTF-16 in the name of a sheet."""
WIDEST, READ = 60, 100
"""The widest column of a table and of the cover, in letters; what is longer is read in its cell, or wrapped."""
_ARROW = 3
"""Letters that the arrow of a filter takes."""
COVER = "Cover"
_LABEL = 24
"""How wide the names and the figures of the cover are, in letters."""
_MADE = datetime(2000, 1, 1, tzinfo=UTC)
"""The date of every file, so that the same answer is the same bytes."""
DAY = Heading("day", Kind.DIMENSION)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CENTS, _EXACT, _WHOLE, _SHARE, _DATE = "#,##0.00", "#,##0.00##########", "#,##0", "0.0 %", "yyyy-mm-dd"
_CENT = Decimal("0.01")
PRECISION = (
    "Excel keeps 15 digits of a number: enough for a cent of ten trillion dollars, not for every picodollar. Formats "
    "json, jsonl, csv and parquet are exact. A text is cut after 16,000 letters."
)


class _Double(float):
    """A number that is written with every digit a double holds; xlsxwriter's own 16 can miss it."""

    __slots__ = ()

    def __format__(self, _: str) -> str:
        return float.__repr__(self)


def as_xlsx(answer: Answer) -> bytes:
    """The answer as a workbook: a cover, a sheet for each section that has a Table, the lines where they are others.

    Money is shown to the cent and stored as exactly as a double holds. A total that is the sum of its rows is a
    formula, with the exact total as its result. InvalidQuestion where a Table is larger than a sheet.
    """
    from xlsxwriter import Workbook

    page = document(answer)
    sections = list(page.sections)
    if page.lines and not any(section.table is page.lines for section in sections):
        sections.append(Section("Lines", page.lines, ("Every line with all its columns.",)))
    names = _names(section.title or page.name for section in sections if section.table)
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(out, options) as book:
        book.set_properties({"title": safe(page.title)[:255], "created": _MADE})
        style = cache(lambda **look: book.add_format(look))
        cover = _Sheet(book.add_worksheet(COVER), style)
        sheets = {}
        for section in sections:
            if section.table:
                sheets[id(section)] = name = next(names)
                _Sheet(book.add_worksheet(name), style).table(section.table)
        cover.cover(page, answer.messages, [(section, sheets.get(id(section), "")) for section in sections])
    return out.getvalue()


class _Sheet:
    """One sheet: writes each cell as its kind wants it, and knows how wide its columns must be."""

    def __init__(self, sheet: Worksheet, style: Callable[..., Format]) -> None:
        self._sheet = sheet
        self._style = style
        self._widths: dict[int, int] = {}

    def table(self, table: Table) -> None:
        """The headings, frozen and with a filter; the rows; the totals apart below, so that no filter takes them in."""
        last = len(table.cells) or 1
        if last > ROWS - 3 or len(table.headings) > COLUMNS:
            raise InvalidQuestion(
                f"An answer of {len(table.cells):,} rows and {len(table.headings):,} columns is too large for Excel.",
                f"A sheet holds {ROWS:,} rows and {COLUMNS:,} columns: write csv or parquet, or ask for less.",
            )
        for column, heading in enumerate(table.headings):
            unit = f" ({heading.unit})" if heading.unit else ""
            self._text(0, column, heading.name + unit, bold=True, bottom=1, **_side(heading))
        for row, cells in enumerate(table.cells, 1):
            for column, (cell, heading) in enumerate(zip(cells, table.headings, strict=True)):
                self._cell(row, column, cell, heading, **_side(heading))
        if words := nothing(table):
            self._text(1, 0, words)
        for column, (heading, word) in enumerate(zip(table.headings, footer(table), strict=False)):
            look = {"bold": True, "top": 1, **_side(heading)}
            if heading.name not in table.totals:
                self._text(last + 2, column, word, **look)
            elif _adds_up(said_total := table.totals[heading.name], heading, [row[column] for row in table.cells]):
                self._sum(last, column, said_total, heading, **look)
            else:
                self._cell(last + 2, column, said_total, heading, **look)
        self._sheet.freeze_panes(1, 0)
        self._sheet.autofilter(0, 0, last, len(table.headings) - 1)
        self._sheet.set_landscape()
        self._sheet.fit_to_pages(1, 0)
        self._sheet.repeat_rows(0)
        self._fit(WIDEST)

    def cover(self, page: Document, messages: Iterable[Message], sections: Sequence[tuple[Section, str]]) -> None:
        """For a reader: title, figures, a line for each sheet, messages; last what auditors want to know."""
        rows = iter(range(ROWS))
        self._text(next(rows), 0, page.title, bold=True, font_size=16)
        if page.subtitle:
            self._text(next(rows), 0, page.subtitle)
        if page.headline:
            self._text(next(rows), 0, page.headline)
        next(rows)
        for figure in page.figures:
            row = next(rows)
            self._pair(row, figure.heading.name, "")
            self._cell(row, 1, figure.cell, figure.heading, bold=True, align="right", valign="top")
            self._text(row, 2, " ".join(filter(None, (figure.heading.unit, figure.note))), valign="top")
        for heading, pairs in (
            ("Sheets", _contents(sections)),
            ("Messages", _label(messages)),
            ("Details", _details(page, sections)),
        ):
            next(rows)
            self._text(next(rows), 0, heading, bold=True, bottom=1)
            for label, text in pairs:
                self._pair(next(rows), label, text)
        self._sheet.set_column(0, 0, _LABEL)
        self._sheet.set_column(1, 1, _LABEL)
        self._sheet.set_column(2, 2, READ)
        self._sheet.hide_gridlines(2)
        self._sheet.fit_to_pages(1, 0)
        self._sheet.set_landscape()

    def _pair(self, row: int, label: str, text: str) -> None:
        self._text(row, 0, label, valign="top")
        if text:
            self._text(row, 2, text, text_wrap=True, valign="top")

    def _cell(self, row: int, column: int, cell: Cell, heading: Heading, **look: Any) -> None:
        """A cell by its kind; what is not known is the word `unknown`, or empty where that says enough."""
        if (number := _number(cell, heading)) is not None:
            self._sheet.write_number(row, column, number, self._style(num_format=_pattern(cell, heading), **look))
            self._wide(column, cell, heading)
        elif isinstance(cell, str) and heading == DAY and _DAY.fullmatch(cell):
            self._sheet.write_datetime(row, column, date.fromisoformat(cell), self._style(num_format=_DATE, **look))
            self._wide(column, cell, heading)
        elif cell is not None or heading.kind in {Kind.MONEY, Kind.COUNT}:
            self._text(row, column, shown(cell, heading), **look)
        else:
            self._text(row, column, "", **look)

    def _sum(self, last: int, column: int, column_total: Cell, heading: Heading, **look: Any) -> None:
        """The total as a formula over the rows, its exact amount as what readers see that do not calculate."""
        from xlsxwriter.utility import xl_range

        style = self._style(num_format=_pattern(column_total, heading), **look)
        self._sheet.write_formula(last + 2, column, f"=SUM({xl_range(1, column, last, column)})", style, column_total)
        self._wide(column, column_total, heading)

    def _text(self, row: int, column: int, text: str, **look: Any) -> None:
        """A text that stays one: no formula when its cell is edited, no markup of xlsxwriter's own."""
        content = safe(text)
        content = content if len(content) <= LETTERS else f"{content[:LETTERS]}…"
        style = self._style(**look, **({"quote_prefix": True} if content.startswith(RUNS) else {}))
        if not content:
            self._sheet.write_blank(row, column, None, style)
            return
        raw = content.startswith("<r>") and content.endswith("</r>")  # written as XML by xlsxwriter, whoever wrote it
        self._sheet.write_string(
            row, column, f"<r><t>{escape(content, quote=False)}</t></r>" if raw else content, style
        )
        self._widths[column] = max(self._widths.get(column, 0), cell_len(content))

    def _wide(self, column: int, cell: Cell, heading: Heading) -> None:
        text = plain(cell) if isinstance(cell, Decimal) and _pattern(cell, heading) == _EXACT else shown(cell, heading)
        self._widths[column] = max(self._widths.get(column, 0), len(text))

    def _fit(self, widest: int) -> None:
        for column, width in self._widths.items():
            self._sheet.set_column(column, column, min(width, widest) + _ARROW)


def _names(titles: Iterable[str]) -> Iterator[str]:
    """A legal name of a sheet for each title, none twice: Excel sees no case, and keeps `History` for itself."""
    used_names = {COVER.casefold(), "history"}
    for title in titles:
        words = " ".join(re.sub(r"[\[\]:*?/\\]", " ", safe(title)).split()).strip(" '") or "Sheet"
        endings = ("", *(f" {number}" for number in range(2, len(used_names) + 2)))
        fit = (_cut(words, NAME - len(ending)).strip(" '") + ending for ending in endings)
        name = next(candidate for candidate in fit if candidate.casefold() not in used_names)
        used_names.add(name.casefold())
        yield name


def _cut(text: str, units: int) -> str:
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")


def _contents(sections: Sequence[tuple[Section, str]]) -> Iterator[tuple[str, str]]:
    """Each section with what is said of it; its title is that of its sheet where it has one."""
    for section, name in sections:
        yield name or section.title, section.words[0] if section.words else ""
        yield from (("", words) for words in section.words[1:])


def _label(messages: Iterable[Message]) -> Iterator[tuple[str, str]]:
    return ((message.kind, message.text) for message in ordered(messages))


def _details(page: Document, sections: Sequence[tuple[Section, str]]) -> Iterator[tuple[str, str]]:
    """How exact the numbers are, the facts of the document, and what each table was asked of which version."""
    yield "precision", PRECISION
    yield from ((name, "-" if fact is None else _json(fact)) for name, fact in page.facts.items())
    labels = {}
    for section, name in sections:
        if section.table and section.table.question:
            labels[_json(section.table.question.to_dict())] = f"question of {name}"
        if section.table and section.table.as_of:
            labels.setdefault(_json(section.table.as_of), "as of")
    yield from ((label, text) for text, label in labels.items())


def _json(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _side(heading: Heading) -> dict[str, str]:
    return {"align": "right"} if heading.kind in FIGURES else {}


def _adds_up(column_total: Cell, heading: Heading, column: Sequence[Cell]) -> bool:
    """Whether a total is the sum of its rows: of some it is that of more than is shown, or not known."""
    numbers = [Decimal(cell) for cell in column if isinstance(cell, int | Decimal)]
    summable = isinstance(column_total, int | Decimal) and heading.kind in {Kind.MONEY, Kind.COUNT}
    return summable and bool(numbers) and total(numbers) == column_total


def _number(cell: Cell, heading: Heading) -> float | None:
    """A cell as the number that Excel keeps; None for what is none. A float of SQL comes as text."""
    if isinstance(cell, str):
        figure = heading.kind is Kind.NUMBER and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?", cell)
        return _Double(cell) if figure else None
    if cell is None or (isinstance(cell, int) and abs(cell) < 1 << 53):
        return cell
    return _Double(cell)


def _pattern(cell: Cell, heading: Heading) -> str:
    """How Excel shows a number; an amount below a cent with all its places, for it is not 0.00."""
    if isinstance(cell, int):
        return _WHOLE
    if heading.kind is Kind.RATIO:
        return _SHARE
    if isinstance(cell, str):
        return "General"
    cents = isinstance(cell, Decimal) and heading.kind is not Kind.NUMBER and (not cell or abs(cell) >= _CENT)
    return _CENTS if cents else _EXACT
