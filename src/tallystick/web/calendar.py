"""Calendar: the days of the ledger as a square for each, a row for each month, the newest first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tallystick.address import Address
from tallystick.core.question import Table
from tallystick.core.text import safe
from tallystick.formats.shown import shown
from tallystick.web.grid import organizations
from tallystick.web.links import month

LAST = 31
"""Days that a row has room for."""
WORDS = {
    "settled": "settled: will not change any more",
    "provisional": "provisional: Anthropic may still change it",
    "running": "running: not ended when it was read",
    "not billed yet": "not billed yet: used, and its bill is late",
    "bill not read": "bill not read: unknown",
    "absent": "absent: not in the ledger, unknown and not zero",
}
"""Every state of a day and what it means."""
SIGNS = {"absent": "?", "bill not read": "?", "running": "…", "not billed yet": "!"}
"""What stands in the square of a state, which need not be told by its color alone."""


@dataclass(frozen=True, slots=True)
class Square:
    """One day: its number, state and sign, all of it in words, and where it leads."""

    number: int
    state: str
    sign: str
    closed: bool
    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """One month of one organization: its squares by number of day, None where there is no day."""

    organization: str
    month: str
    url: str
    closed: bool
    squares: tuple[Square | None, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Every month, and each state that occurs with how many days are in it."""

    rows: tuple[Row, ...]
    legend: tuple[tuple[str, str, int], ...]


def calendar(table: Table) -> Calendar:
    """Return the calendar of an answer of `days`."""
    money = next(heading for heading in table.headings if heading.name == "billed")
    names = organizations(table)
    months: dict[tuple[str, str], dict[int, Square]] = {}
    counts: Counter[str] = Counter()
    for row in table.rows:
        day, state = str(row["day"]), str(row["bill"])
        id_ = str(row.get("organization") or "")
        amount = shown(row["billed"], money)
        unit = "" if row["billed"] is None else " USD"
        words = f"{day}: bill {state}, use {row['use']}, {amount}{unit}, month {row['month']}"
        closed = row["month"] == "closed"
        url = Address("spend", (("by", "workspace"), ("since", day), ("until", day))).url
        square = Square(int(day[8:]), state.replace(" ", "-"), SIGNS.get(state, ""), closed, safe(words), url)
        months.setdefault((id_, day[:7]), {})[square.number] = square
        counts[state] += 1
    rows = tuple(
        Row(
            names.get(id_, ""),
            name,
            month(name, id_),
            all(square.closed for square in squares.values()),
            tuple(squares.get(number) for number in range(1, LAST + 1)),
        )
        for (id_, name), squares in sorted(months.items(), reverse=True)
    )
    legend = tuple((state.replace(" ", "-"), WORDS[state], counts[state]) for state in WORDS if counts[state])
    return Calendar(tuple(sorted(rows, key=lambda row: row.organization)), legend)
