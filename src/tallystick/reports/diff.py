"""Diff: which lines of a month changed between two versions of the ledger, from what to what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.dimensions import SUBJECTS, TERMS
from tallystick.core.ledger_tables import CHARGES, CLOSED_AS
from tallystick.core.message import note
from tallystick.core.money import EXACT, plain, total
from tallystick.core.question import Heading, Kind, Question, Table
from tallystick.core.select import select
from tallystick.core.text import choose
from tallystick.core.time import text
from tallystick.core.time_words import When, month_name, utc_month
from tallystick.errors import InvalidQuestion
from tallystick.query.conditions import equals
from tallystick.query.context import Context
from tallystick.query.coverage import cover
from tallystick.query.filters import column
from tallystick.query.known_zeros import quiet
from tallystick.query.names import dim_cells, dim_headings, dims_of, named
from tallystick.query.report import Form, Parameter, Report
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables
from tallystick.store.version import EMPTY, Version
from tallystick.store.version_choice import unbroken
from tallystick.tally.reconcile.line_changes import changes

LINE = ("day", *SUBJECTS[1:], *TERMS)
"""What tells the lines of a month apart, and so what they can be summed by."""
BY = ("organization", *LINE)
SUMMARY = ("day",)
"""What is told apart where nothing is asked for."""
FIGURES = ("quantity", "billed")
_SIDES = ("before", "after", "change")


def diff(context: Context, month: When, before: str | None, after: str | None, by: Sequence[str] | None) -> Table:
    """The days of a month of which something is not what it was, with what they were billed before and after.

    With `by` the lines whose quantity or billed amount changed, summed by these dimensions, with their units.

    `before` and `after` are versions, UTC days or instants. `after` is the newest by default; `before` the version that
    closed the month, or, of an open one, the version before the newest that changed it. A line that a side does not
    have is zero there; where it has nothing of the day, figure and change are unknown. Totals are those of the lines
    that changed. A month that was read and has no line in either version is said to be zero; InvalidQuestion for one of
    which no day was read.
    """
    tables, now = context.tables, context.now
    month = month_name(month, now)
    lines, by = by is not None, SUMMARY if by is None else by
    if unknown := [name for name in by if name not in BY]:
        raise InvalidQuestion(f"`diff` knows no dimension {unknown[0]!r}.", choose(unknown[0], BY))
    to = tables.as_of(after) if after else context.engine.version
    later = context.engine.of(to)
    question = Question("diff", utc_month(month), tuple(by))
    coverage, covered = cover(later, CHARGES, question, now)
    start = tables.as_of(before) if before else _default(tables, later, month)
    if start is None:
        if not coverage["present"]:
            raise InvalidQuestion(
                f"The ledger has no charges of {month}.", f"`tallystick sync --since {month}` reads them."
            )
        start = to
    if start.number > to.number:
        raise InvalidQuestion(
            f"Version {start.number} is newer than version {to.number}.", "--from is the older, --to the newer."
        )
    sides = [_charges(context.engine.of(start), month, by), _charges(later, month, by)]
    dims = dims_of(later, question)
    changed_lines = _changed(sides, dims, lines=lines)
    names = named(later, dims)
    measures = [
        *([Heading("unit", Kind.TEXT)] if lines else []),
        *(Heading(f"quantity_{side}", Kind.COUNT) for side in _SIDES if lines),
        *(Heading(f"billed_{side}", Kind.MONEY, "USD") for side in _SIDES),
    ]
    cells = [
        (*dim_cells({dim: row[dim] for dim in dims}, names), *(row[heading.name] for heading in measures))
        for row in changed_lines.to_pylist()
    ]
    zero = None if any(side.num_rows for side in sides) else quiet(later, question, month, now)
    return Table(
        question,
        (*dim_headings(dims, names), *measures),
        cells,
        _sums(changed_lines),
        (note(zero), *covered)
        if zero
        else tuple(map(note, _amounts(month, start, to, *(_sum(side["billed"]) for side in sides)))),
        {"from": start.number, "to": to.number, "lines": changed_lines.num_rows, "present": coverage["present"]},
        to.identity,
    )


def _charges(engine: Engine, month: str, by: Sequence[str]) -> pa.Table:
    """The charges of a month by what they are to be told apart by."""
    dims = dict.fromkeys(("organization", *by))
    query = (
        select(*(f"{column(name)} AS {name}" for name in dims), "coalesce(unit, 'none') AS unit", *FIGURES)
        .from_("ledger.charges")
        .where(equals("month", month))
    )
    return engine.ask(query)


def _changed(sides: Sequence[pa.Table], dims: Sequence[str], *, lines: bool) -> pa.Table:
    """The `lines` that changed, or days; what a side lacks is zero if it has the day, else unknown, as its change."""
    changed = changes(sides[0], sides[1], [*dims, *(["unit"] if lines else [])], FIGURES)
    rows = changed.to_pylist()
    for side, charges in zip(_SIDES, sides, strict=False):
        days = set(charges["day"].to_pylist()) if "day" in dims else None
        for row in rows:
            has_day = charges.num_rows if days is None else row["day"] in days
            if has_day and all(row[f"{figure}_{side}"] is None for figure in FIGURES):
                row |= {f"{figure}_{side}": 0 for figure in FIGURES if row[f"{figure}_change"] is not None}
    for row in rows:
        for figure in FIGURES:
            if None in (row[f"{figure}_before"], row[f"{figure}_after"]):
                row[f"{figure}_change"] = None
    known = [row for row in rows if lines or row["billed_before"] is not None or row["billed_after"] is not None]
    return pa.Table.from_pylist(known, changed.schema)


def _sums(changed: pa.Table) -> dict[str, Any]:
    """The totals of what was billed; the change is unknown where that of a line is."""
    sums = {name: _sum(changed[name]) for name in (f"billed_{side}" for side in _SIDES)}
    return sums | {"billed_change": None} if changed["billed_change"].null_count else sums


def _default(tables: Tables, later: Engine, month: str) -> Version | None:
    """The version that closed the month; of an open one that before the newest that changed it, None if none did.

    Where older ones were dropped, it is the oldest that stays.
    """
    versions = [version for version in tables.every_version() if version.number <= later.version.number]
    readable = unbroken(versions)
    for version in reversed(versions):
        if version.tables and any(name.startswith(f"{CLOSED_AS}{month} ") for name in version.totals):
            return version
    for version, before in pairwise([*readable, EMPTY] if len(readable) == len(versions) else readable):
        if _files(tables, version, month) != _files(tables, before, month):
            return before
    return None if len(readable) == len(versions) else readable[-1]


def _files(tables: Tables, version: Version, month: str) -> set[str]:
    """The files that hold the charges of a month."""
    pin = version.tables.get(CHARGES.name)
    return set() if pin is None else {path for path in tables.files(CHARGES, pin) if f"month={month}/" in path}


def _sum(amounts: pa.ChunkedArray) -> Any:
    known = amounts.drop_null()
    return total([pc.sum(known).as_py()]) if len(known) else None


def _amounts(month: str, start: Version, to: Version, before: Any, after: Any) -> list[str]:
    """What the month was billed in both versions."""

    def when(instant: datetime | None) -> str:
        return f", committed {text(instant)}" if instant else ", before anything was committed"

    notes = [
        f"{month} was billed {plain(amount)} USD in version {version.number}{when(version.at)}."
        if amount is not None
        else f"Version {version.number}{when(version.at)}, has nothing billed of {month}."
        for version, amount in ((start, before), (to, after))
    ]
    if before is not None and after is not None:
        notes.append(f"That is a change of {plain(EXACT.subtract(after, before))} USD.")
    return [*notes, "Totals are those of the lines shown: what did not change is in none."]


REPORT = Report(
    diff,
    (
        Parameter("month", "The month, as 2026-10 or last-month.", Form.ARGUMENT, required=True),
        Parameter(
            "before",
            "The older version. By default the one that closed the month, or the one before its last change.",
            metavar="DAY|VERSION",
            option="--from",
        ),
        Parameter("after", "The newer version. By default the newest.", metavar="DAY|VERSION", option="--to"),
        Parameter(
            "by",
            "Show the lines that changed, summed by these: day, workspace, model, ...; by default only days.",
            Form.NAMES,
            metavar="DIM[,DIM]",
        ),
    ),
    "Compares MONTH (2026-10) in two versions of the ledger: which days changed, from what to what. What did not "
    "change is not shown. A day that a version does not have is unknown, and so is its change.",
    priced=False,
    nothing="Nothing changed: every line is as it was.",
)
