"""Text for the terminal: figures aligned and rounded for reading, totals, messages below.

Text from the API cannot steer the terminal: control and direction characters are shown as escapes. Where the output
is no terminal nothing is cut or folded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import zip_longest

from tallystick.core.document import Answer, Document, Section
from tallystick.core.message import ordered
from tallystick.core.question import Cell, Heading, Table
from tallystick.core.text import safe
from tallystick.formats.bars import bars
from tallystick.formats.fold import cell_len, folded, grid
from tallystick.formats.layout import GAP, Column, layout
from tallystick.formats.shown import document, nothing, shown, title

WIDE = 100_000
"""Columns of an output that is not a terminal."""
FIGURES_GAP = 2
"""Columns of space between two columns of a document's figures."""
MOST_LINES = 4
"""Lines of a section that one of a single line follows without a blank between them."""


def as_text(answer: Answer, width: int = WIDE, *, ids: bool = False, notes: int | None = None) -> str:
    """The answer for the eye: money to the cent, counts with thousands, ratios in percent.

    JSON and CSV are exact. `width` is the terminal's columns: columns that have no room are left out and counted.
    `ids` shows ids beside names; `notes` is how many messages are printed, warnings first, all where it is None.
    """
    lines = _document(answer, width, ids) if isinstance(answer, Document) else _answer(answer, width, ids)
    messages = ordered(document(answer).messages)
    for message in messages[:notes]:
        lines += folded(f"{message.kind}: {safe(message.text)}", width)
    if notes is not None and (hidden := messages[notes:]):
        counts = Counter(message.kind for message in hidden)
        words = ", ".join(f"{count} {kind}{'s' * (count > 1)}" for kind, count in counts.items())
        lines.append(f"(+{words}: --notes)")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _answer(table: Table, width: int, ids: bool) -> list[str]:
    heading = title(table)
    lines = _table(table, width, ids)
    headline = folded(safe(table.headline), width) if table.headline else []
    return [*([heading, *headline, ""] if heading else []), *lines, *([""] if lines else [])]


def _document(page: Document, width: int, ids: bool) -> list[str]:
    headline = "" if page.telling else page.headline
    lines = [line for text in (page.title, page.subtitle, headline) for line in folded(safe(text), width) if text]
    if page.figures:
        rows = [
            (figure.heading.name, shown(figure.cell, figure.heading), figure.heading.unit or "", figure.note)
            for figure in page.figures
        ]
        lines += ["", *grid([[safe(part) for part in row] for row in rows], 1, width, FIGURES_GAP)]
    blocks: list[list[list[str]]] = []
    for index, section in enumerate(page.sections):
        paired = section.beside or (index + 1 < len(page.sections) and page.sections[index + 1].beside)
        block = _headed(section, (width - GAP) // 2, ids) if paired else _section(section, width, ids)
        if section.beside and blocks and _breadth([*blocks[-1], block]) <= width:
            blocks[-1].append(block)
        else:
            blocks.append([block])
    after_lines = bool(page.figures)
    for row in blocks:
        block = _beside(row)
        lines += block if after_lines and len(block) == 1 else ["", *block]
        after_lines = len(row) == 1 and len(block) <= MOST_LINES
    return [*lines, ""]


def _section(section: Section, width: int, ids: bool) -> list[str]:
    """A section: its words, and its table, or small bars where the picture stands alone; one line if that is all."""
    if section.table and section.chart and section.chart.alone:
        return _bars(section.title, section.table, section.chart.of[0], width)
    title = safe(section.title)
    if title and not section.table and len(section.words) == 1:
        return folded(f"{title}: {safe(section.words[0])}", width)
    lines = [title] if title else []
    for words in section.words:
        lines += folded(safe(words), width)
    return [*lines, *(_table(section.table, width, ids) if section.table else [])]


def _headed(section: Section, width: int, ids: bool) -> list[str]:
    """A section beside another: its title and words stand at the head of its table's first column."""
    if not section.table or not section.table.cells:
        return _section(section, width, ids)
    first, *rest = section.table.headings
    head = replace(first, name=section.title, unit=" ".join(section.words) or first.unit)
    return _table(replace(section.table, headings=(head, *rest)), width, ids)


def _bars(title: str, table: Table, name: str, width: int) -> list[str]:
    """The amounts of a column as small bars, between a title and the least and largest amount."""
    column = [heading.name for heading in table.headings].index(name)
    cells = [row[column] for row in table.cells]
    title, ends = safe(title), _range(cells, table.headings[column])
    room = width - cell_len(f"{title}    {ends}")
    return [f"{title}  {bars(cells, room)}  {ends}"] if room >= len(cells) else [title, bars(cells, width), ends]


def _range(cells: Sequence[Cell], heading: Heading) -> str:
    """The least and the most of what the bars show."""
    known = [cell for cell in cells if isinstance(cell, Decimal | int)]
    if not known:
        return "unknown"
    return f"{shown(min(known), heading)} to {shown(max(known), heading)} {heading.unit or ''}"


def _beside(blocks: Sequence[Sequence[str]]) -> list[str]:
    """Blocks of lines side by side."""
    widths = [max(map(len, block), default=0) for block in blocks]
    rows = zip_longest(*blocks, fillvalue="")
    return [(" " * GAP).join(line.ljust(width) for line, width in zip(row, widths, strict=True)) for row in rows]


def _breadth(blocks: Sequence[Sequence[str]]) -> int:
    return sum(max(map(len, block), default=0) for block in blocks) + GAP * (len(blocks) - 1)


def _table(table: Table, width: int, ids: bool) -> list[str]:
    if not table.cells:
        words = nothing(table)
        return [words] if words else []
    arrangement = layout(table, width, ids=ids)
    lines = _grid(arrangement.columns, [row[: sum(heading.block for heading in table.headings)] for row in table.cells])
    if arrangement.left_out:
        count = len(arrangement.left_out)
        lines.append(f" (+{count} {'column' if count == 1 else 'columns'}: --wide)")
    return lines


def _grid(columns: Sequence[Column], blocks: Sequence[tuple[Cell, ...]]) -> list[str]:
    """Columns beside each other under their heads, figures at the right, totals at the foot.

    Where the `blocks` of two rows differ a line is left between them, and what they share is printed once.
    """
    widths = [column.width for column in columns]

    def line(cells: Iterable[str]) -> str:
        padded = (
            " " * (width - cell_len(cell)) + cell if column.is_figure else cell + " " * (width - cell_len(cell))
            for column, width, cell in zip(columns, widths, cells, strict=True)
        )
        return f" {(' ' * GAP).join(padded)}"

    height = max(len(column.head) for column in columns)
    heads = [("",) * (height - len(column.head)) + column.head for column in columns]
    lines = [*map(line, zip(*heads, strict=True)), f" {'─' * (sum(widths) + GAP * (len(columns) - 1))}"]
    for index, row in enumerate(zip(*(column.cells for column in columns), strict=True)):
        repeated = index > 0 and blocks[index] == blocks[index - 1]
        if index and not repeated and blocks[index]:
            lines.append("")
        lines.append(
            line("" if repeated and column.heading.block else cell for column, cell in zip(columns, row, strict=True))
        )
    if any(column.foot for column in columns):
        lines += ["", line(column.foot for column in columns)]
    return lines
