"""Claude Code: what was done, its estimate, and the bill beside it where the newer dialect tells of it.

The estimate is of what the bill holds already and is never added to it (reports-api 1.3.3). The report leaves out many
whom a seat pays for, and what a seat costs is in no report, so that neither may look like zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tallystick.core.dimensions import TIMES
from tallystick.core.ledger_tables import DAYS
from tallystick.core.message import Message, note, warning
from tallystick.core.money import plain, ratio, rounded, total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.report_tables import ACTIVITY, TOOLS
from tallystick.core.select import Select, identifier, select
from tallystick.query.activity_control import lacking
from tallystick.query.activity_gaps import messages
from tallystick.query.conditions import within
from tallystick.query.context import Context
from tallystick.query.coverage import cover
from tallystick.query.filters import column, wanted
from tallystick.query.names import dim_cells, dim_headings, dims_of, directory
from tallystick.query.pivot import Measure, Pivot
from tallystick.query.report import WINDOW, ChargeSum, Days, Report, Where, by, narrowed_by
from tallystick.query.strictness import COMPLETE
from tallystick.store.engine import Engine

COUNTS = ("sessions", "lines_added", "lines_removed", "commits", "pull_requests")
_OUTCOMES = ("accepted", "rejected")
_CALLED = {"person": "actor"}
_DONE, _USED = "model = 'none'", "model <> 'none'"
_PEOPLE = "organization || ' ' || actor || ' ' || CAST(day AS VARCHAR)"
_NEWER = (
    "(organization, day) IN (SELECT (organization, day) FROM ledger.days "
    "WHERE source IN ('analytics_cost', 'analytics_usage') GROUP BY organization, day "
    "HAVING count(DISTINCT source) = 2)"
)
"""The days that are tallied by the newer dialect, which alone tells what Claude Code was billed."""
_PAID = f"customer <> 'subscription' AND {_NEWER}"
BILL = """
    SELECT charges.organization, charges.month, charges.day, charges.model, charges.billed,
        coalesce(shared.actor, charges.actor) AS actor
    FROM ledger.charges AS charges
    LEFT JOIN (
        SELECT DISTINCT names.organization, names.id, told.actor
        FROM names JOIN ledger.activity AS told
            ON told.organization = names.organization AND told.actor = 'key:' || names.name
        WHERE names.type = 'key'
    ) AS shared ON shared.organization = charges.organization AND shared.id = charges.actor
    WHERE charges.product = 'claude_code' AND charges.source = 'analytics' AND charges.billed IS NOT NULL
"""
"""What Claude Code was billed; keys that share a name stand together, as they do in the report."""


def _complete_sum(sql: str, rows: str) -> str:
    """A sum over some rows, null where one of them does not say."""
    return f"CASE WHEN count(*) FILTER ({rows}) = count({sql}) FILTER ({rows}) THEN sum({sql}) FILTER ({rows}) END"


def _used(sql: str) -> str:
    """The same over rows of a model; zero where there is none."""
    return f"coalesce({_complete_sum(sql, _USED)}, CASE WHEN count(*) FILTER ({_USED}) = 0 THEN 0 END)"


CLAUDE_CODE = Pivot(
    name="claude-code",
    money=False,
    dimensions=(
        *("organization", "person", "model", "terminal", "customer", "subscription", "remote"),
        *("day", "week", "month"),
    ),
    by=("person",),
    measures=(
        *(Measure(name, Kind.COUNT, None, aggregate=_complete_sum(name, _DONE)) for name in COUNTS),
        *(
            Measure(
                name, Kind.COUNT, None, aggregate=_complete_sum(" + ".join(f"{tool}_{name}" for tool in TOOLS), _DONE)
            )
            for name in _OUTCOMES
        ),
        Measure("tokens", Kind.COUNT, "tokens", aggregate=_used("input + output + cache_read + cache_write")),
        Measure("estimated", Kind.MONEY, "USD", aggregate=_used("estimated")),
        Measure("active_days", Kind.COUNT, None, aggregate=f"count(DISTINCT {_PEOPLE})"),
        Measure("paid_days", Kind.COUNT, None, aggregate=f"count(DISTINCT CASE WHEN {_PAID} THEN {_PEOPLE} END)"),
    ),
    order="estimated",
)
_DROP_ORDERS = {"lines_added": 1, "commits": 1}
_PRODUCT = (("product", "claude_code"),)
HEADINGS = (
    Heading("sessions", Kind.COUNT),
    Heading("active_days", Kind.COUNT),
    *(Heading(name, Kind.COUNT, drop_order=_DROP_ORDERS.get(name, 2)) for name in (*COUNTS[1:], *_OUTCOMES)),
    Heading("acceptance_rate", Kind.RATIO, drop_order=1),
    Heading("tokens", Kind.COUNT, "tokens", drop_order=3),
    Heading("estimated", Kind.MONEY, "USD"),
    Heading("billed", Kind.MONEY, "USD"),
    Heading("billed_per_active_day", Kind.MONEY, "USD", drop_order=3),
)
_NOTES = (
    "estimated is Anthropic's estimate in whole cents, of which the bill holds its own already: never add it to spend.",
    "active_days counts the days on which each person or key did something: developer-days.",
    (
        "People with a seat (subscription) are often missing from the report, and what a seat costs is in no report: "
        "what is not here is unknown, not zero. Use through Bedrock, Vertex and Foundry is not here either."
    ),
    (
        "Anthropic publishes no total to check this report by. Its tokens are compared with what Claude Code used by "
        "the usage report; a row of a person with a seat that it leaves out cannot be noticed."
    ),
)


def claude_code(context: Context, by: tuple[str, ...], days: Days, where: Where) -> Table:
    """The answer; InvalidQuestion where the question cannot be."""
    question = context.question("claude-code", by, days, where, known=CLAUDE_CODE.dimensions)
    engine, now = context.engine, context.now
    CLAUDE_CODE.check(question)
    by = dims_of(engine, question)
    filters = wanted(engine, ACTIVITY, {_CALLED.get(name, name): values for name, values in question.where.items()})
    conditions = [within(question.window, months=True), *filters]
    places = {"terminal", "customer", "subscription", "remote"} & {*by, *question.where}
    rows = _joined(engine, by, conditions, billed=not places)
    [total_row] = _joined(engine, (), conditions, billed=not places) or [{}]
    for row in rows if "model" in by else ():  # what was done is not counted by model
        row.update(dict.fromkeys((*COUNTS, *_OUTCOMES)))
    times = [name for name in by if name in TIMES]
    rows.sort(key=lambda row: ([row[name] for name in times], -(row["estimated"] or 0), [row[name] for name in by]))
    coverage, covered = cover(engine, ACTIVITY, replace(question, where=question.where_of("organization")), now)
    coverage["billed_days"] = _billed_days(engine, question)
    ended = sum(day < now.date() for day in question.window.days())
    names = {name: namer for name in by if (namer := _namer(engine, name))}
    return Table(
        question,
        (*dim_headings(by, names), *HEADINGS),
        [(*dim_cells({name: row[name] for name in by}, names), *_figures(row)) for row in rows],
        dict(zip((heading.name for heading in HEADINGS), _figures(total_row), strict=True)),
        (
            *covered,
            *_bill(coverage["billed_days"], ended, rows, places),
            *messages(engine, question, conditions, now),
            *lacking(engine, question, now),
            *map(note, _NOTES),
        ),
        coverage,
        engine.version.identity,
    )


def _joined(engine: Engine, by: Sequence[str], conditions: Sequence[str], *, billed: bool) -> list[dict[str, Any]]:
    """What was done and what was billed by group; a group that only one of them knows has nulls of the other."""
    dims = {name: column(_CALLED.get(name, name)) for name in by}
    sums = [f"{measure.aggregated} AS {measure.name}" for measure in CLAUDE_CODE.measures]
    query = _grouped(f"ledger.{ACTIVITY.name}", dims, sums, conditions)
    if "model" in by:
        query = query.where(_USED)
    counts = [measure.name for measure in CLAUDE_CODE.measures if measure.kind is Kind.COUNT]
    by_group = {
        tuple(row[name] for name in by): row | {name: None if row[name] is None else int(row[name]) for name in counts}
        for row in engine.rows(query)
    }
    bills: dict[tuple[str, ...], Any] = {}
    if billed:
        amounts = _grouped(f"({BILL}) AS bill", dims, ["sum(billed) AS billed"], conditions)
        bills = {tuple(row[name] for name in by): row["billed"] for row in engine.rows(amounts)}
    for group in {*bills} - {*by_group}:
        by_group[group] = dict(zip(by, group, strict=True)) | {measure.name: None for measure in CLAUDE_CODE.measures}
    for group, row in by_group.items():
        none = total([]) if billed and row["paid_days"] else None
        row["billed"] = bills.get(group, none)
    return list(by_group.values())


def _grouped(source: str, dims: Mapping[str, str], sums: Sequence[str], conditions: Sequence[str]) -> Select:
    query = select(*(f"{sql} AS {identifier(name)}" for name, sql in dims.items()), *sums)
    query = query.from_(source).where(*conditions)
    return query.group_by("ALL") if dims else query.having("count(*) > 0")


def _figures(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    if not row:
        return (None,) * len(HEADINGS)
    suggestions = None if row["accepted"] is None or row["rejected"] is None else row["accepted"] + row["rejected"]
    share = None if suggestions is None else ratio(row["accepted"], suggestions)
    daily = None if row["billed"] is None else ratio(row["billed"], row["paid_days"] or 0)
    derived = {"acceptance_rate": share, "billed_per_active_day": daily}
    return tuple(derived[heading.name] if heading.name in derived else row[heading.name] for heading in HEADINGS)


def _namer(engine: Engine, dimension: str) -> Callable[[str], str] | None:
    """What gives an id of a dimension its name, or a key the name that stands in its id; None where it has no names."""
    names = directory(engine, _CALLED.get(dimension, dimension))
    return (lambda id_: names.get(id_, id_.removeprefix("key:"))) if names else None


def _billed_days(engine: Engine, question: Question) -> int:
    query = select("count(DISTINCT day) AS days").from_("ledger.days")
    query = query.where(within(question.window), _NEWER)
    [row] = engine.rows(query.where(*wanted(engine, DAYS, question.where_of("organization"))))
    return int(row["days"])


def _bill(billed_days: int, ended: int, rows: list[dict[str, Any]], places: set[str]) -> Iterator[Message]:
    """What to say of the bill: where it is not known, and who is billed without being shown."""
    if places:
        yield note(f"billed is unknown by {' and '.join(sorted(places))}: the bill does not tell them apart.")
        return
    if billed_days < ended:
        yield warning(
            f"billed covers {billed_days} of {ended} ended days: only the newer reports have it, "
            "and they were not read for the others (unknown, not zero)."
        )
    if unseen := [row["billed"] for row in rows if row["active_days"] is None]:
        amount = total(unseen)
        text = "USD was billed where the ledger has no activity: the report has none, or was not read."
        yield warning(f"{plain(rounded(amount))} {text}", amount)


REPORT = Report(
    claude_code,
    (
        by(
            ("person",),
            CLAUDE_CODE.dimensions,
            "What to group by: person, day, week, month, model, terminal, customer, subscription, remote; '' for one "
            "row.",
        ),
        *WINDOW,
        narrowed_by(CLAUDE_CODE.dimensions),
    ),
    "Counts sessions, lines, commits and accepted edits; shows Anthropic's estimate of the cost beside the bill.",
    priced=False,
    strict=COMPLETE,
    charges={
        "billed": ChargeSum("billed", "billed", where=_PRODUCT),
        "billed_per_active_day": ChargeSum(half="billed", where=_PRODUCT),
    },
    no_charges="Told by Claude Code itself; no charge is behind it.",
)
