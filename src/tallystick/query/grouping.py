"""Grouping, the one way to answer a report: group, name, sort, total, and say what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tallystick.core.breakdowns import NAMED_BREAKDOWNS
from tallystick.core.dimensions import TIMES
from tallystick.core.ledger_tables import CHARGES, USED, USED_HOUR
from tallystick.core.message import Message, note
from tallystick.core.question import Question, Table
from tallystick.core.records import REQUESTS
from tallystick.core.report_tables import BREAKDOWN_TABLES, COST
from tallystick.core.select import Select, identifier, select
from tallystick.core.table import LedgerTable
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.query import gaps
from tallystick.query.breakdowns import breakdown_for, breakdown_totals
from tallystick.query.coverage import cover, present
from tallystick.query.facts import UNREPORTED_SUM
from tallystick.query.filters import asked_for, column, local, wanted
from tallystick.query.groups import Groups, Row, largest, ordered, summed
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
    if question.owned:
        groups = _owned(engine, question, owners)
    else:
        dims = [name for name in statement.names if name not in {measure.name for measure in pivot.measures}]
        records = _records(engine, table, statement, question) if read is None else read
        groups = Groups.of(records, dims, question, coverage)
    dims = [*groups.dims]
    totals: Mapping[str, Any] = summed(pivot, groups.rows)
    method: Sequence[Message] = [*map(note, pivot.notes)]
    if breakdown := NAMED_BREAKDOWNS.get(table.name):
        totals, method = breakdown_totals(engine, breakdown, question, totals)
    rows = ordered([*groups.rows, *zeros(pivot, question, dims, groups.rows, coverage)], dims, pivot)
    names = named(engine, dims)
    several = {name: shared((row[name] for row in rows), (names[name](row[name]) for row in rows)) for name in names}
    rows = largest(pivot, rows, dims, question)
    facts, doubts = _doubts(engine, table, question, groups, owners)
    coverage |= facts
    is_known = coverage["present"] > gaps.late_days(coverage) or any(row[pivot.order] is not None for row in rows)
    zone = question.zone
    messages = [
        *([note(f"Days are those of {zone.name}, made of UTC hours; cost stays by UTC day.")] if zone else ()),
        *priority(engine, table, question, present(engine, table, question, now)),
        *covered,
        *doubts,
        *groups.messages,
        *method,
        *unnamed(engine, rows, dims),
    ]
    return Table(
        question,
        (*with_shared(dim_headings(dims, names), several), *(measure.heading for measure in pivot.measures)),
        [(*dim_cells({dim: row[dim] for dim in dims}, names), *pivot.cells(row)) for row in rows],
        {measure.name: totals[measure.name] if is_known else None for measure in pivot.measures},
        tuple(messages),
        coverage,
        engine.version.identity,
    )


def _records(engine: Engine, table: LedgerTable, statement: Select, question: Question) -> list[Row]:
    """The rows of a query; of charges also what of their bill says no user."""
    if table is CHARGES:
        statement = statement.select(f"{UNREPORTED_SUM} AS unreported")
    return engine.rows(from_months(engine, statement, question.window))


def _owned(engine: Engine, question: Question, owners: Owners | None) -> Groups:
    """The rows of a question about owners."""
    from tallystick.query.owners import attributed, unasked
    from tallystick.tally.owners import Owners

    rules = owners or Owners()
    dims, rows, messages, renamed, sums = attributed(engine, question, rules)
    return Groups(dims, rows, sums, unasked(question, rules), messages, renamed)


def _doubts(
    engine: Engine, table: LedgerTable, question: Question, groups: Groups, owners: Owners | None
) -> tuple[dict[str, Any], list[Message]]:
    """What the figures lack or were split by, for the coverage, and what to say of it."""
    facts: dict[str, Any] = {"renamed": groups.renamed} if groups.renamed else {}
    messages: list[Message] = []
    if table is CHARGES:
        facts["billed"], split = matched(engine, groups.scope, groups.billed)
        facts["unpriced"], nameless = unpriced(engine, question, owners)
        messages = [*of_all_owners(question, split), *nameless]
    elif table.name not in NAMED_BREAKDOWNS:
        days, messages = uncounted(engine, question)
        facts |= {"uncounted": days} if days else {}
    return facts, [*messages, *formerly(engine, question.where)]
