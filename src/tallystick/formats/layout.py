"""Layout: which columns of a Table a terminal shows, and the text of their cells: all that fits, nothing over the edge.

A name stands for its id. Where the columns do not fit, the heads of figures are folded and long texts cut with an
ellipsis, a figure never. Columns that still do not fit are left out from the highest `drop_order` down, of equals from
the right, and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.text import safe, with_end
from tallystick.formats.fold import cell_len
from tallystick.formats.shown import FIGURES, footer, shown

GAP = 3
"""Columns of space between two columns of a grid."""
EDGES = 2
"""The space at both edges of a grid."""
SHORT, SHORTEST = 28, 10
"""Letters that a long text keeps rather than that a column is left out, and that it keeps in any case."""
_NAMES = (Kind.DIMENSION, Kind.NAME)
ELLIPSIS = "…"


@dataclass(frozen=True)
class Column:
    """One column as it is printed: its heading and the text of its head, its cells and its foot."""

    heading: Heading
    cells: tuple[str, ...]
    foot: str
    fixed: bool
    folded: bool = False

    @property
    def head(self) -> tuple[str, ...]:
        """The lines above it, harmless: its name, in two lines where it is folded, and its unit where it has one."""
        name = safe(self.heading.name)
        name = name.removesuffix("_name") if self.heading.kind is Kind.NAME else name
        return tuple(
            line for line in (*(_halves(name) if self.folded else (name,)), safe(self.heading.unit or "")) if line
        )

    @property
    def width(self) -> int:
        """Cells of the terminal that its widest line takes."""
        return max(map(cell_len, (*self.head, *self.cells, self.foot)))

    @property
    def is_figure(self) -> bool:
        """Whether it stands at the right and is never cut."""
        return self.heading.kind in FIGURES

    def cut(self, length: int) -> Column:
        """The column with no cell longer than that; figures and heads stay."""
        if self.is_figure or self.width <= length:
            return self
        return replace(self, cells=tuple(_cut(cell, length) for cell in self.cells))


@dataclass(frozen=True)
class Layout:
    """What is printed of a Table, and the names of the columns that had no room."""

    columns: tuple[Column, ...]
    left_out: tuple[str, ...] = ()


def layout(table: Table, width: int, *, ids: bool = False) -> Layout:
    """Lay a Table out for so many letters; with `ids` an id stands beside its name."""
    columns = columns_of(table, ids=ids)
    if _fits(columns, width):
        return Layout(columns)
    columns = tuple(replace(column, folded=column.is_figure) for column in columns)
    left_out: list[str] = []
    while not _fits([column.cut(SHORT) for column in columns], width) and (least := _least(columns)):
        left_out[:0] = [column.heading.name for column in least]
        columns = tuple(column for column in columns if column not in least)
    length = max(column.width for column in columns)
    while not _fits(cut := tuple(column.cut(length) for column in columns), width) and length > SHORTEST:
        length -= 1
    return Layout(cut, tuple(left_out))


def columns_of(table: Table, *, ids: bool = False) -> tuple[Column, ...]:
    """The columns of a Table as text; a name in the place of its id, with the id where several have that name."""
    headings, feet = table.headings, footer(table) or [""] * len(table.headings)
    texts = [_texts([row[index] for row in table.cells], heading) for index, heading in enumerate(headings)]
    columns: list[Column] = []
    for index, heading in enumerate(headings):
        has_name = index + 1 < len(headings) and headings[index + 1].name == f"{heading.name}_name"
        if not ids and has_name:
            names = _named(texts[index], texts[index + 1], headings[index + 1].shared)
            columns.append(Column(heading, names, feet[index], fixed=not heading.drop_order))
        elif ids or not index or heading.name != f"{headings[index - 1].name}_name":
            columns.append(
                Column(heading, texts[index], feet[index], fixed=heading.kind in _NAMES and not heading.drop_order)
            )
    return tuple(columns)


def _texts(cells: Sequence[Cell], heading: Heading) -> tuple[str, ...]:
    """The cells as text; numbers, which are not rounded, so that their points stand under each other."""
    texts = tuple(shown(cell, heading) for cell in cells)
    if heading.kind is not Kind.NUMBER:
        return texts
    ends = [len(text) - text.index(".") if "." in text else 0 for text in texts]
    most = max(ends, default=0)
    return tuple(
        text + " " * (most - end) if text[-1:].isdigit() else text for text, end in zip(texts, ends, strict=True)
    )


def _named(ids: Sequence[str], names: Sequence[str], shared: frozenset[str]) -> tuple[str, ...]:
    """A name for each id; of a name that several ids have, the end of the id too."""
    counts = Counter(name for _, name in set(zip(ids, names, strict=True)))
    several = {*shared, *(name for name, count in counts.items() if count > 1)}
    return tuple(with_end(name, id_) if name in several else name for id_, name in zip(ids, names, strict=True))


def _halves(name: str) -> tuple[str, ...]:
    """A name in the two lines that are shortest, cut after an underscore; one where there is none."""
    cuts = [index for index, letter in enumerate(name, 1) if letter == "_" and index < len(name)]
    if not cuts:
        return (name,)
    cut = min(cuts, key=lambda index: max(index, len(name) - index))
    return name[:cut], name[cut:]


def _fits(columns: Sequence[Column], width: int) -> bool:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1) + EDGES <= width


def _least(columns: Sequence[Column]) -> list[Column]:
    """The next columns to leave out: of the highest `drop_order` the rightmost, and the rest of its range; none fixed.

    The last figure stays.
    """
    figures = sum(column.is_figure for column in columns)
    candidates = [column for column in columns if not column.fixed and not (column.is_figure and figures == 1)]
    if not candidates:
        return []
    least = max(reversed(candidates), key=lambda column: column.heading.drop_order)
    return [column for column in candidates if column is least or (column.heading.range == least.heading.range != "")]


def _cut(text: str, length: int) -> str:
    if cell_len(text) <= length:
        return text
    half = 0 if length > SHORT or " " in text else (length - 1) // 2  # ids and models differ at their ends
    end = text[len(text) - half :]
    text = text[: len(text) - half]
    while cell_len(text) + cell_len(end) >= length:
        text = text[:-1]
    return text + ELLIPSIS + end
