"""A small document of everything that could go wrong on a page, and one of ordinary months."""

from __future__ import annotations

from decimal import Decimal

from tallystick.core.document import Chart, Document, Figure, Section
from tallystick.core.message import note
from tallystick.core.question import Cell, Heading, Kind, Table

BILLED = Heading("billed", Kind.MONEY, "USD")
NAME = Heading("key_name", Kind.NAME)
DAY = Heading("day", Kind.DIMENSION)
HOSTILE = (
    "=1+1",
    '#panic("typst")',
    '#read("/etc/passwd")',
    "$x^2$ *b* @ref <lab> \\ `raw` // c",
    '"]})',
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "</style><img src=https://example.com/x onerror=alert(1)>",
    "' onload='alert(1)",
    "a\u202eb\u0000c\ud800d\u2028e\ufffef",
    "]]> &amp; <!--",
)
LONG = "x" * 300
UNKNOWN = 3
"""The row of HOSTILE whose amount is not known."""


def amounts(names: tuple[str, ...], unknown: int | None = None) -> list[tuple[Cell, ...]]:
    """A row for each name; its amount is 1000.25, 1001.25, ..., or unknown."""
    return [(name, None if index == unknown else 1000 + index + Decimal("0.25")) for index, name in enumerate(names)]


def hostile() -> Document:
    """Names that a formula, a template, typst, HTML, SVG or a terminal would obey, in every place that takes a text."""
    names = (*HOSTILE, LONG)
    table = Table(None, (NAME, BILLED), amounts(names, UNKNOWN), {"billed": None})
    return Document(
        "statement",
        HOSTILE[1],
        HOSTILE[5],
        (Section(HOSTILE[6], table, names, Chart("bars", "key_name", ("billed",))),),
        tuple(Figure(Heading(name, Kind.MONEY, name), Decimal(2000 + index), name) for index, name in enumerate(names)),
        tuple(map(note, names)),
    )


def days(*cells: tuple[str, str | None], absent: tuple[str, ...] = ()) -> Section:
    """A section with columns by day."""
    rows = [(day, amount and Decimal(amount)) for day, amount in cells]
    table = Table(None, (DAY, BILLED), rows, {}, coverage={"absent": list(absent)})
    return Section("By day", table, (), Chart("columns", "day", ("billed",)))


def wide(columns: int) -> Table:
    """A table with so many columns of large counts, an id of 300 letters in its first."""
    headings = (
        Heading("key", Kind.DIMENSION),
        *(Heading(f"cache_write_{number}", Kind.COUNT, "tokens") for number in range(columns)),
    )
    row: tuple[Cell, ...] = (LONG, *(1_234_567_890_000 + number for number in range(columns)))
    return Table(
        None, headings, [row] * 12, dict(zip((heading.name for heading in headings[1:]), row[1:], strict=True))
    )
