"""Grouping, the one way to answer a report: group, name, sort, total, and say what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from tallystick.core.breakdowns import NAMED_BREAKDOWNS
from tallystick.core.dimensions import TIMES
from tallystick.core.ledger_tables import CHARGES, USED, USED_HOUR
from tallystick.core.message import Message, note
from tallystick.core.money import total
from tallystick.core.question import Kind, Question, Table
from tallystick.core.records import REQUESTS
from tallystick.core.report_tables import BREAKDOWN_TABLES, COST
from tallystick.core.select import Select, identifier, select
from tallystick.core.table import LedgerTable
from tallystick.core.time import Grain, midnight
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.query import gaps
from tallystick.query.breakdowns import breakdown_for, breakdown_totals
from tallystick.query.coverage import cover, present
from tallystick.query.facts import UNREPORTED_SUM, Billed
from tallystick.query.filters import asked_for, column, local, wanted
from tallystick.query.known_zeros import zeros
from tallystick.query.match_shares import matched, of_all_owners
from tallystick.query.month_source import from_months
from tallystick.query.names import dim_cells, dim_headings, dims_of, named, shared, unnamed, with_shared
from tallystick.query.pivot import Pivot
from tallystick.query.priority_tier import priority
from tallystick.query.spelling import formerly, spellings
from tallystick.query.uncounted import uncounted
from tallystick.query.unpriced import unpriced
from tallystick.store.engine import Engine

if TYPE_CHECKING:
    from tallystick.tally.owners import Owners

Row = dict[str, Any]
"""What a query says of one group: its dimensions and sums by their names."""
OTHERS = "others"
"""The id of the row that sums what `top` leaves out."""
RECONCILING = "reconciling item"
"""Names what stands between parts and their whole."""
NO_VALUE = frozenset({OTHERS, RECONCILING})
"""What stands in the place of a value and is none."""


def query(
    pivot: Pivot, engine: Engine, question: Question, now: datetime, owners: Owners | None = None
) -> tuple[Select, LedgerTable]:
    """The query that answers a question, and the table it reads; `owners` are there where it is about them."""
    pivot.check(question)
    pivot = pivot.showing(question.show)
    table = _money_table(question) if pivot.money else USED_HOUR if "hour" in question.by or question.zone else USED
    if table in {CHARGES, USED}:
        tallied(engine)
    if question.owned:
        if question.show:
            raise InvalidQuestion(
                "By owner, spend shows only what was billed.", "Leave out --show, or ask by workspace."
            )
        from tallystick.query.charge_groups import ChargeGroups
        from tallystick.tally.owners import Owners

        return ChargeGroups(engine, question, owners or Owners(), spellings(engine)).query, table
    dims = {name: _column(question, name) for name in dims_of(engine, question)}
    if pivot.apart and pivot.apart[0] not in dims:
        name, sql = pivot.apart
        dims[name] = column(name) if name in question.where else sql
    sums = [f"{measure.aggregated} AS {measure.name}" for measure in pivot.measures if not measure.derived]
    statement = (
        select(*(f"{sql} AS {identifier(name)}" for name, sql in dims.items()), *sums)
        .from_(_from(table))
        .where(asked_for(question, present(engine, table, question, now)), *wanted(engine, table, question.where))
    )
    if table is CHARGES:
        counted = f" OR kind = '{REQUESTS}'" if "requests" in {measure.name for measure in pivot.measures} else ""
        statement = statement.where(f"billed IS NOT NULL{counted}")
    return (statement.group_by("ALL") if dims else statement.having("count(*) > 0")), table


def tallied(engine: Engine) -> None:
    """Raise LedgerError where the ledger has no charges yet."""
    if CHARGES.name not in engine.version.tables and engine.version.number:
        raise LedgerError("This ledger was last synced before cost was matched with usage.", "Run `tallystick sync`.")


def _column(question: Question, name: str) -> str:
    """A dimension as a column of the records; a grain of time of the question's zone where it has one."""
    return local(question.zone, question.window, name) if question.zone and name in TIMES else column(name)


def _from(table: LedgerTable) -> str:
    """A table as the figures of a report take it: a breakdown says its discount too."""
    if table.name not in NAMED_BREAKDOWNS:
        return f"ledger.{table.name}"
    return select("*", "list - billed AS discount").from_(f"ledger.{table.name}").subquery(table.name)


def _money_table(question: Question) -> LedgerTable:
    """The charges; a breakdown, or the bill itself where its own words are asked for, which the match does not keep."""
    if breakdown := breakdown_for(question):
        return BREAKDOWN_TABLES[breakdown.name]
    dimensions = {*question.by, *question.where}
    if not dimensions & {"description", "cost_type"}:
        return CHARGES
    if others := dimensions & {"key", "actor", "product", "method", "team", "cost_center"} or {*question.show}:
        raise InvalidQuestion(
            f"The bill's own lines have no {others.pop()}: several lines can be matched to one use.",
            "Ask by description or cost_type alone, or by kind and model.",
        )
    return COST


def answer(
    pivot: Pivot,
    engine: Engine,
    question: Question,
    now: datetime,
    owners: Owners | None = None,
    read: Sequence[Row] | None = None,
) -> Table:
    """The answer, from one version of the ledger; InvalidQuestion where the question cannot be.

    `read` are the rows of `query`, where a finer one was read already and summed.
    """
    statement, table = query(pivot, engine, question, now, owners)
    pivot = pivot.showing(question.show)
    coverage, covered = cover(engine, table, question, now)
    inner = question
    attribution: list[Message] = []
    if question.owned:
        from tallystick.query.owners import attributed, unasked
        from tallystick.tally.owners import Owners

        inner = unasked(question, owners or Owners())
        dims, rows, attribution, renamed, sums = attributed(engine, question, owners or Owners())
        coverage |= {"renamed": renamed} if renamed else {}
    else:
        dims = [dim for dim in statement.names if dim not in {measure.name for measure in pivot.measures}]
        asked = statement.select(f"{UNREPORTED_SUM} AS unreported") if table is CHARGES else statement
        read = engine.rows(from_months(engine, asked, question.window)) if read is None else read
        rows = [_known(row, dims, coverage) for row in read]
        sums = Billed(
            *(total([row[name] for row in rows if row.get(name) is not None]) for name in ("billed", "unreported"))
        )
    totals: Mapping[str, Any] = _sum(pivot, rows)
    method = tuple(map(note, pivot.notes))
    if breakdown := NAMED_BREAKDOWNS.get(table.name):
        totals, method = breakdown_totals(engine, breakdown, question, totals)
    rows = [*rows, *zeros(pivot, question, dims, rows, coverage)]
    times = [name for name in dims if name in TIMES]
    rows.sort(
        key=lambda row: (
            [_when(row[name], name) for name in times],
            -(row[pivot.order] or 0),
            [row[name] for name in dims],
        )
    )
    names = named(engine, dims)
    several = {name: shared((row[name] for row in rows), (names[name](row[name]) for row in rows)) for name in names}
    if question.top is not None and len(rows) > question.top:
        rows = _top(pivot, rows, dims, question)
    headings = with_shared(dim_headings(dims, names), several)
    cells = [(*dim_cells({dim: row[dim] for dim in dims}, names), *pivot.cells(row)) for row in rows]
    split: list[Message] = []
    if table is not CHARGES and table.name not in NAMED_BREAKDOWNS:
        days, split = uncounted(engine, question)
        coverage |= {"uncounted": days} if days else {}
    if table is CHARGES:
        coverage["billed"], split = matched(engine, inner, sums)
        split = of_all_owners(question, split)
        coverage["unpriced"], nameless = unpriced(engine, question, owners)
        split += nameless
    split += formerly(engine, question.where)
    zone = question.zone
    known = coverage["present"] > gaps.late_days(coverage) or any(row[pivot.order] is not None for row in rows)
    return Table(
        question,
        (*headings, *(measure.heading for measure in pivot.measures)),
        cells,
        {measure.name: totals[measure.name] if known else None for measure in pivot.measures},
        (
            *([note(f"Days are those of {zone.name}, made of UTC hours; cost stays by UTC day.")] if zone else ()),
            *priority(engine, table, question, present(engine, table, question, now)),
            *covered,
            *split,
            *attribution,
            *method,
            *unnamed(engine, rows, dims),
        ),
        coverage,
        engine.version.identity,
    )


def _when(cell: str, name: str) -> datetime | str:
    """What rows of a grain of time stand in the order of: a local hour that comes twice, by its offset."""
    return datetime.fromisoformat(cell) if name == "hour" else cell


def _known(row: dict[str, Any], dims: Sequence[str], coverage: Mapping[str, Any]) -> dict[str, Any]:
    """A row without its requests where they are unknown: of days that were billed and whose usage was not read."""
    unread = [midnight(date.fromisoformat(day)) for day in coverage.get(gaps.LOST, {}).get("unread", ())]
    times = [name for name in dims if name in TIMES]
    lost = any(all(f"{Grain(name).floor(day):%Y-%m-%d}".startswith(row[name]) for name in times) for day in unread)
    return row | {REQUESTS: None} if lost and REQUESTS in row else row


def _sum(pivot: Pivot, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    sums: dict[str, Any] = {}
    for measure in pivot.measures:
        if measure.derived is None:
            cells = [row[measure.name] for row in rows if row[measure.name] is not None]
            sums[measure.name] = total(cells) if measure.kind is Kind.MONEY else sum(cells)
            if (measure.aggregate and len(cells) < len(rows)) or (rows and not cells):
                sums[measure.name] = None  # a sum of what nobody knows is unknown, not zero
    for measure in pivot.measures:
        if measure.derived is not None:
            sums[measure.name] = measure.derived(sums)
    return sums


def _top(pivot: Pivot, rows: list[dict[str, Any]], dims: list[str], question: Question) -> list[dict[str, Any]]:
    """The largest rows, and the rest in one: one for each value of what stands apart though nobody asked."""
    by_size = sorted(range(len(rows)), key=lambda index: -(rows[index][pivot.order] or 0))
    largest = set(by_size[: question.top])
    unasked = [name for name in dims if name not in question.by]
    rest: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for index, row in enumerate(rows):
        if index not in largest:
            rest.setdefault(tuple(row[name] for name in unasked), []).append(row)
    top_rows = [row for index, row in enumerate(rows) if index in largest]
    others = [
        dict.fromkeys(dims, OTHERS) | dict(zip(unasked, group, strict=True)) | _sum(pivot, group_rows)
        for group, group_rows in rest.items()
    ]
    return [*top_rows, *others]
