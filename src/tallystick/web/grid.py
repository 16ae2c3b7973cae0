"""Grid: a Table as a page shows it: every cell the text that is read, and where it leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tallystick.address import Address
from tallystick.catalog import entry
from tallystick.core.dimensions import TIMES
from tallystick.core.question import Cell, Kind, Question, Table
from tallystick.core.text import safe
from tallystick.formats.layout import ELLIPSIS, Column, columns_of
from tallystick.formats.page import KINDS
from tallystick.formats.shown import NOTHING, nothing
from tallystick.query.groups import NO_VALUE
from tallystick.query.names import apart
from tallystick.query.report import Row
from tallystick.web.links import COMPUTED, leading, lines, narrowed, source, span
from tallystick.web.marks import standing

LINE = 24
"""Letters of a text that is not broken into lines."""
STATES, GOOD = {"attention", "state"}, {"settled", "closed", "can be closed"}
"""Columns of states, and the states that are good."""
MOST = 500
"""Rows that a page shows; the files of the answer have all."""
CELLS = 25_000
"""Cells that a table of a page shows: of many columns it shows fewer rows."""
LETTERS = 2_000
"""Letters of a cell that a page shows."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column; of one of `time` no cell is broken into lines. `source` is what is behind its figures."""

    name: str
    unit: str
    figure: bool
    time: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A cell: what is read, where it leads, and the length of its bar in percent where it has one."""

    text: str
    url: str = ""
    bar: str = ""
    unknown: bool = False
    tag: str = ""
    """How it stands out where it is a state: `warn`, `good` or `plain`."""

    @property
    def void(self) -> bool:
        """Whether it says that there is nothing: zero, none or a dash."""
        return not self.text.strip("0.,-% ") or self.text in {"none", "unowned"}

    @property
    def short(self) -> bool:
        """Whether it stands in one line."""
        return len(self.text) <= LINE


@dataclass(frozen=True, slots=True)
class Grid:
    """The heads, rows and foot of a table; `more` counts the rows that are left out.

    `standing` says how far its figures can be trusted, `standings` the same of each row where rows differ.
    """

    heads: tuple[Head, ...]
    rows: tuple[tuple[Text, ...], ...]
    foot: tuple[Text, ...]
    nothing: str
    more: int
    standing: str = ""
    standings: tuple[str, ...] = ()
    tails: tuple[tuple[tuple[str, str], ...], ...] = ()
    """Words and addresses that stand beside the name of each row."""


def grid(table: Table, address: Address | None = None, most: int = MOST) -> Grid:
    """Return the grid of a Table; with the address that it answers, its names and figures lead further."""
    most = min(most, CELLS // max(len(table.headings), 1))
    columns = columns_of(replace(table, cells=table.cells[:most]))
    names = [heading.name for heading in table.headings]
    grouping = (table.question.by if table.question else ()) or (leading(address.report) if address else ())
    dimension_names = tuple(heading.name for heading in table.headings if heading.kind is Kind.DIMENSION)
    measure = next((column.heading.name for column in columns if column.heading.kind is Kind.MONEY), "")
    groups = [row for row in table.cells if not NO_VALUE & {*row}]
    largest = _largest([row[names.index(measure)] for row in groups]) if measure else None
    question = table.question if address else None
    records = [dict(zip(names, row, strict=True)) for row in table.cells[:most]]

    def url(column: Column, record: Row) -> str:
        name = column.heading.name
        if address and name in dimension_names and name in grouping:
            return narrowed(address, name, str(record[name]), table.question.wall if table.question else None)
        if question and column.is_figure and record[name]:
            return lines(question, name, record, dimension_names)
        return ""

    def text(column: Column, number: int, record: Row) -> Text:
        name, words = column.heading.name, _cut(column.cells[number].strip())
        cell = record[name]
        words = KINDS.get(words, words) if name == "kind" else words
        bar = _bar(cell, largest) if name == measure and not NO_VALUE & {*record.values()} else ""
        return Text(words, url(column, record), bar, cell is None and column.is_figure, _tag(name, words))

    rows = tuple(tuple(text(column, number, record) for column in columns) for number, record in enumerate(records))
    standings = [_standing(table, record) if question else "" for record in records]
    heads = tuple(
        Head(
            safe(column.heading.name.removesuffix("_name").replace("_", " ")),
            safe(column.heading.unit or ""),
            column.is_figure,
            column.heading.name in TIMES,
            _source(question, column.heading.name, records) if question and column.is_figure else "",
        )
        for column in columns
    )
    differ = len({*standings}) > 1
    return Grid(
        heads,
        rows,
        _foot(table, columns, address),
        no_rows(table, address),
        max(len(table.cells) - most, 0),
        standing(table.coverage) if question and not differ else "",
        tuple(standings) if differ else (),
    )


def no_rows(table: Table, address: Address | None) -> str:
    """Return what stands in place of rows: what it means that there are none, else the first message, the verdict."""
    text = nothing(table)
    if text == NOTHING:
        return entry(address.report).report.nothing if address else text
    return text or ("" if table.cells else safe((*table.warnings, *table.notes)[0]))


def _source(question: Question, figure: str, rows: Sequence[Mapping[str, Cell]]) -> str:
    """What is behind a column; where rows differ, what holds of each that leads anywhere."""
    sources = {source(question.report, figure, row) for row in rows or [{}]}
    return sources.pop() if len(sources) == 1 else COMPUTED


def _standing(table: Table, row: Mapping[str, Cell]) -> str:
    """How far the figures of a row can be trusted."""
    times = [name for name in TIMES if name in row and name != "hour" and row[name] not in NO_VALUE]
    window = span(times[0], str(row[times[0]])) if times else None
    if window and table.question:
        window &= table.question.wall
    return standing(table.coverage, window, str(row.get("model") or ""))


def _cut(text: str) -> str:
    return text if len(text) <= LETTERS else text[:LETTERS] + ELLIPSIS


def _foot(table: Table, columns: Sequence[Column], address: Address | None) -> tuple[Text, ...]:
    """The totals, each with where it leads; nothing where there are none."""
    feet = []
    for column in columns:
        name = column.heading.name
        has_lines = address and table.totals.get(name)
        feet.append(Text(column.foot, lines(table.question, name, {}) if has_lines and table.question else ""))
    return tuple(feet) if any(foot.text for foot in feet) else ()


def organizations(table: Table) -> dict[str, str]:
    """Return how each organization of a table's rows is called, apart where several have one name."""
    names = {str(row["organization"]): str(row["organization_name"]) for row in table.rows if "organization" in row}
    return {id_: safe(name) for id_, name in apart(names).items()}


def _tag(column: str, text: str) -> str:
    """How a state stands out."""
    if column not in STATES or text in {"-", "none"}:
        return ""
    return "warn" if column == "attention" else "good" if text in GOOD else "plain"


def _largest(cells: Sequence[Cell]) -> Decimal | None:
    return max((abs(cell) for cell in cells if isinstance(cell, Decimal)), default=None)


def _bar(cell: Cell, largest: Decimal | None) -> str:
    """The length of a bar beside the longest, in percent."""
    if not isinstance(cell, Decimal) or not largest:
        return ""
    return f"{float(abs(cell)) / float(largest) * 100:.1f}"
