"""Arrivals: keys, models, workspaces, tiers, contexts and speeds that were used lately and not in the weeks before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from tallystick.core.dimensions import NAMED, UNKNOWN
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import USED
from tallystick.core.message import Message, note
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.select import select
from tallystick.core.time import DAY
from tallystick.core.time_words import When
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import day_of
from tallystick.query.context import Context
from tallystick.query.coverage import cover, states_of
from tallystick.query.names import directory, organizations
from tallystick.query.report import ChargeSum, Parameter, Report, Row
from tallystick.store.engine import Engine

SINCE = "7d"
DIMENSIONS = ("workspace", "key", "model", "tier", "context", "speed")
"""What arrives."""
UNUSED = 28
"""Days without use after which a value arrives, each of them known."""
NEW, BACK = "new", "back"
HEADINGS = (
    Heading("organization", Kind.DIMENSION, drop_order=2),
    Heading("what", Kind.DIMENSION),
    Heading("value", Kind.DIMENSION),
    Heading("value_name", Kind.NAME),
    Heading("status", Kind.TEXT),
    Heading("first_used", Kind.TEXT),
    Heading("used_before", Kind.TEXT, drop_order=1),
    Heading("billed", Kind.MONEY, "USD"),
)
_ABSENT = {dimension: {NAMED[dimension].absent, UNKNOWN, "none"} - {"default"} for dimension in DIMENSIONS}
"""What stands where no value is: it does not arrive."""


def answer(context: Context, since: When | None = None) -> Table:
    """Return what was used since a day and on none of the 28 days before, the newest first.

    A value is `new` to the ledger or `back`; its status is None where one of those days is not known, as in a young
    ledger. Raises LedgerError where there is no ledger, InvalidQuestion where the word for time names no day.
    """
    engine = context.engine
    question = context.question("arrivals", (), (since or SINCE, "today", None))
    known = {name: _known(engine, question, name) for name in organizations(engine)}
    cells = [cell for dimension in DIMENSIONS for cell in _rows(engine, question, dimension, known)]
    cells.sort(key=lambda cell: (str(cell[5]), *map(str, cell[:3])), reverse=True)
    coverage, covered = cover(engine, USED, question, context.now)
    alone = int(len(known) == 1)
    cells = [cell[alone:] for cell in cells]
    messages = (*covered, *_messages(cells))
    return Table(question, HEADINGS[alone:], cells, {}, messages, coverage, engine.version.identity)


def _rows(
    engine: Engine, question: Question, dimension: str, known: Mapping[str, Collection[date]]
) -> Iterator[tuple[Cell, ...]]:
    names = directory(engine, dimension)
    for row in _used(engine, question, dimension):
        first, before, value = row["first"], row["before"], row["value"]
        if value in _ABSENT[dimension] or (before and first - before <= timedelta(UNUSED)):
            continue
        is_known = all(first - DAY * ago in known[row["organization"]] for ago in range(1, UNUSED + 1))
        status = (BACK if before else NEW) if is_known else None
        dates = str(first), str(before) if before else None
        yield (row["organization"], dimension, value, names.get(value, value), status, *dates, row["billed"])


def _used(engine: Engine, question: Question, dimension: str) -> list[dict[str, Any]]:
    """The first day of use of each value in the window, its last before, and what was billed for it in the window."""
    start, end = day_of(question.window.start), day_of(question.window.end)
    query = select(
        "organization",
        f"{dimension} AS value",
        f"min(day) FILTER (quantity IS NOT NULL AND day >= {start}) AS first",
        f"max(day) FILTER (quantity IS NOT NULL AND day < {start}) AS before",
        f"sum(billed) FILTER (day >= {start}) AS billed",
    ).from_("ledger.charges")
    query = query.where(f"day < {end}").group_by("organization", dimension)
    return engine.rows(from_sums(engine, query.having("first IS NOT NULL")))


def _known(engine: Engine, question: Question, organization: str) -> Collection[date]:
    """The days of which the use of an organization is known, in part of a running day."""
    return states_of(engine, USED, Question("", question.window, (), {"organization": Filter.of(organization)})).keys()


def _messages(cells: list[tuple[Cell, ...]]) -> Iterator[Message]:
    yield note(f"new: never used in the ledger before; back: not used on the {UNUSED} days before.")
    if count := sum(cell[-4] is None for cell in cells):
        yield note(f"{count:,} can be new or not: a day of the {UNUSED} before their first use is not in the ledger.")


def _behind(row: Row) -> ChargeSum:
    where = ((row["what"], row["value"]),) if row else ()  # a column without rows is asked about too
    return ChargeSum("billed", "billed", where=where)


REPORT = Report(
    answer,
    (Parameter("since", "First day on which something can arrive, or a word.", default=SINCE, metavar="WHEN"),),
    f"Lists workspaces, keys, models, tiers, contexts and speeds that were not used on the {UNUSED} days before: `new` "
    "to the ledger, or `back`.",
    priced=False,
    charges={"billed": _behind},
    nothing="Nothing new: all that was used these days was used before.",
)
