"""Question and Table: one shape for asking and one for answering. core.time_words reads the words for time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tallystick.core.dimensions import OWNED
from tallystick.core.filter import Filter, filter_texts
from tallystick.core.message import Message, Messages
from tallystick.core.money import plain
from tallystick.core.notebook import html, library
from tallystick.core.time import Window, text

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from tallystick.core.zones import Zone

BITS = 63
"""What an Arrow int64 holds beside the sign; larger counts become decimals."""
DIGITS = 38
"""What an Arrow decimal128 holds; a HUGEINT of one's own SQL can have one more."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the ledger: a report, a window of UTC days, what to group by, what to hold fixed.

    `where` maps a dimension to its filter; `top` keeps the largest groups and sums the rest in a row; `show` names
    further figures; `against` is a window to compare with. With a `zone` the window is of local days.
    """

    report: str
    window: Window
    by: tuple[str, ...]
    where: Mapping[str, Filter] = field(default_factory=dict)
    top: int | None = None
    show: tuple[str, ...] = ()
    against: Window | None = None
    zone: Zone | None = None

    @property
    def wall(self) -> Window:
        """The days asked about as they are named: with a zone its local days, written as if they were UTC days."""
        return self.zone.wall(self.window) if self.zone else self.window

    def __hash__(self) -> int:
        """Return one hash for equal questions, whose filters may stand in another order."""
        fields = (self.report, self.window, self.by, self.top, self.show, self.against, self.zone)
        return hash((fields, frozenset(self.where.items())))

    @property
    def owned(self) -> bool:
        """Whether it is about owners."""
        return any(name in OWNED for name in (*self.by, *self.where))

    def scope(self, *names: str) -> Question:
        """Its days and filters, whatever the report, and of what it is asked by these dimensions alone."""
        by = tuple(name for name in self.by if name in names)
        return Question("", self.window, by, self.where, zone=self.zone)

    def where_of(self, *names: str) -> dict[str, Filter]:
        """What it holds fixed of these dimensions."""
        return {name: part for name, part in self.where.items() if name in names}

    def where_but(self, *names: str) -> dict[str, Filter]:
        """What it holds fixed of all other dimensions."""
        return {name: part for name, part in self.where.items() if name not in names}

    def to_dict(self) -> dict[str, Any]:
        """The question as it stands in an answer."""
        return {
            "report": self.report,
            **_span_of(self.window),
            **({"zone": self.zone.name} if self.zone else {}),
            "by": list(self.by),
            "where": filter_texts(self.where),
            "top": self.top,
            **({"show": list(self.show)} if self.show else {}),
            **({"against": _span_of(self.against)} if self.against else {}),
        }


def _span_of(window: Window) -> dict[str, str]:
    return {"since": text(window.start), "until": text(window.end)}


class Kind(StrEnum):
    """What a column of an answer holds."""

    DIMENSION = "dimension"
    NAME = "name"
    COUNT = "count"
    MONEY = "money"
    RATIO = "ratio"
    NUMBER = "number"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Heading:
    """One column of an answer; `unit` is tokens, searches, USD, ... or None.

    `drop_order` is the order in which a narrow terminal leaves columns out: the highest first, 0 last, and a dimension
    of 0 never; columns of one `range` are left out together, for half a range says nothing. A dimension that is of a
    `block` of rows is printed once for each block. `shared` are names of the column that several ids have, shown here
    or left to a rest.
    """

    name: str
    kind: Kind
    unit: str | None = None
    drop_order: int = 0
    block: bool = False
    shared: frozenset[str] = frozenset()
    range: str = ""


Cell = str | int | Decimal | None


@dataclass(frozen=True)
class Table(Messages):
    """An answer: typed columns, rows, totals over all rows, messages beside it, how much of the window is covered.

    Money is exact Decimal US dollars; a ratio is Decimal or None (nothing to divide by). `as_of` names the version of
    the ledger. `headline` is the answer in a sentence, where it has one. A user's own SQL has no question. In a
    notebook the answer shows itself.
    """

    question: Question | None
    headings: tuple[Heading, ...]
    cells: Sequence[tuple[Cell, ...]]
    totals: Mapping[str, Cell]
    messages: tuple[Message, ...] = ()
    coverage: Mapping[str, Any] = field(default_factory=dict)
    as_of: Mapping[str, Any] = field(default_factory=dict)
    headline: str = ""

    @property
    def size(self) -> int:
        """How many cells it has."""
        return len(self.cells) * len(self.headings)

    @property
    def rows(self) -> list[dict[str, Cell]]:
        """One dictionary a row, by column name."""
        names = [heading.name for heading in self.headings]
        return [dict(zip(names, row, strict=True)) for row in self.cells]

    def of_columns(self, names: Sequence[str]) -> Table:
        """The Table with these of its columns, in this order, without headline and messages."""
        places = [index for name in names for index, heading in enumerate(self.headings) if heading.name == name]
        return replace(
            self,
            headings=tuple(self.headings[index] for index in places),
            cells=[tuple(row[index] for index in places) for row in self.cells],
            totals={name: cell for name, cell in self.totals.items() if name in names},
            messages=(),
            headline="",
        )

    def to_arrow(self) -> pyarrow.Table:
        """The rows as an Arrow table; money and ratios as exact decimals."""
        import pyarrow as pa

        types = {Kind.COUNT: pa.int64(), Kind.MONEY: pa.decimal128(38, 12), Kind.RATIO: pa.decimal128(38, 12)}
        columns = list(zip(*self.cells, strict=True)) or [()] * len(self.headings)
        arrays = []
        for heading, column in zip(self.headings, columns, strict=True):
            kind = types.get(heading.kind, pa.string())
            if heading.kind is Kind.NUMBER and column:
                kind = None
            elif heading.kind is Kind.COUNT:
                largest = max((abs(count) for count in column if isinstance(count, int)), default=0)
                if largest >= 10**DIGITS:
                    kind = pa.decimal256(76, 0)
                elif largest.bit_length() > BITS:
                    kind = pa.decimal128(DIGITS, 0)
            arrays.append(pa.array(column, kind))
        return pa.Table.from_arrays(arrays, names=[heading.name for heading in self.headings])

    def to_pandas(self, *, floats: bool = False) -> pandas.DataFrame:
        """Return the rows as a pandas DataFrame, where pandas is installed; money stays Decimal unless `floats`.

        Floats are for plots: their sums are not exact.
        """
        library("pandas")
        frame = self.to_arrow().to_pandas()
        if floats:
            exact = [heading.name for heading in self.headings if heading.kind in {Kind.MONEY, Kind.RATIO, Kind.NUMBER}]
            frame[exact] = frame[exact].astype(float)
        return frame

    def to_polars(self) -> polars.DataFrame:
        """Return the rows as a polars DataFrame, where polars is installed; money and ratios stay exact decimals."""
        frame: polars.DataFrame = library("polars").from_arrow(self.to_arrow())
        return frame

    def __repr__(self) -> str:
        """Return the report and the size of the answer."""
        name = self.question.report if self.question else "sql"
        return f"<Table {name}: {len(self.cells):,} rows of {', '.join(heading.name for heading in self.headings)}>"

    def written(self) -> dict[str, Any]:
        """The answer as plain data, as JSON has it: money and ratios are strings."""
        return {
            "report": self.question.report if self.question else "sql",
            "question": self.question.to_dict() if self.question else None,
            **({"headline": self.headline} if self.headline else {}),
            "columns": [
                {"name": heading.name, "kind": heading.kind.value, "unit": heading.unit} for heading in self.headings
            ],
            "rows": [{name: written(cell) for name, cell in row.items()} for row in self.rows],
            "totals": {name: written(cell) for name, cell in self.totals.items()},
            "warnings": list(self.warnings),
            "notes": list(self.notes),
            "coverage": dict(self.coverage),
            "as_of": dict(self.as_of),
        }

    def _repr_html_(self) -> str:
        return html(self)


def written(cell: Cell) -> str | int | None:
    """A cell as plain data: money and ratios as exact text."""
    return plain(cell) if isinstance(cell, Decimal) else cell
