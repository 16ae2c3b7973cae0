"""Burn rate: what the last day and the last week were billed, beside the four weeks before that week."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from tallystick.core.dimensions import OWNED, SUBJECTS, TERMS
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT, ratio, total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.select import select
from tallystick.core.text import choose
from tallystick.core.time import DAY, Window, midnight
from tallystick.errors import InvalidQuestion
from tallystick.query.charge_groups import label
from tallystick.query.charge_source import from_sums
from tallystick.query.context import Context
from tallystick.query.coverage import cover
from tallystick.query.filters import wanted, within
from tallystick.query.gaps import LATE, UNREAD
from tallystick.query.names import dim_cells, dim_headings, dims_of, named
from tallystick.query.owners import attribution, known as check_owners, messages
from tallystick.query.report import ChargeSum, Report, Where, by as grouped_by, narrowed_by
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners

DIMENSIONS = (*SUBJECTS, *TERMS, *OWNED)
LATEST = 3
"""Ended days among which the last one is that is all billed."""
DAYS = {"last_day": 1, "last_week": 7, "four_weeks": 28}
"""How many days each figure is of; the four weeks end where the last week begins."""
RATES = ("day_rate", "week_rate")
"""The last day and the last week in times of as many days of the four weeks before."""


def answer(context: Context, by: tuple[str, ...], where: Where = None) -> Table:
    """Return a row for each group, the largest rate of a day first.

    A figure is None where one of its days is absent or not all billed; a rate also where the four weeks before were
    billed nothing. Raises InvalidQuestion, LedgerError.
    """
    engine = context.engine
    asked = context.question("burn-rate", by, (f"{LATEST}d", None, None), where, known=DIMENSIONS)
    for word in (*asked.by, *asked.where):
        if word not in DIMENSIONS:
            raise InvalidQuestion(f"The burn rate knows no {word!r}.", choose(word, DIMENSIONS))
    coverage, _ = cover(engine, CHARGES, asked, context.now)
    ended = [day for day in asked.window.days() if day < context.now.date()]
    last = max({*ended} - _unknown(coverage), default=ended[-1])
    windows = {name: window_of(name, last) for name in DAYS}
    window = Window(windows["four_weeks"].start, windows["last_week"].end)
    question = Question(asked.report, window, asked.by, asked.where)
    coverage, covered = cover(engine, CHARGES, question, context.now)
    unknown = _unknown(coverage)
    known = {name for name in DAYS if unknown.isdisjoint(windows[name].days())}
    dims = dims_of(engine, question)
    names = named(engine, dims)
    beside: list[Message] = []
    if question.owned:
        groups, beside = _owned(engine, question, context.owners, windows)
    else:
        sums = [f"coalesce(sum(billed) FILTER ({within(windows[name])}), 0) AS {name}" for name in DAYS]
        query = select(*dims, *sums).from_("ledger.charges").where("billed IS NOT NULL", within(window, months=True))
        query = query.where(*wanted(engine, CHARGES, question.where)).group_by(*dims)
        groups = engine.rows(from_sums(engine, query))
    groups.sort(key=lambda row: (-(_rates(row, known)[0] or 0), -row["last_day"], [row[dim] for dim in dims]))
    rows = [(*dim_cells({dim: row[dim] for dim in dims}, names), *_figures(row, known)) for row in groups]
    figures = (*(Heading(name, Kind.MONEY, "USD") for name in DAYS), *(Heading(name, Kind.RATIO) for name in RATES))
    totals = _figures({name: total([row[name] for row in groups]) for name in DAYS}, known)
    return Table(
        question,
        (*dim_headings(dims, names), *figures),
        rows,
        {heading.name: cell for heading, cell in zip(figures, totals, strict=True)},
        (*covered, *beside, *_messages(last, known)),
        coverage,
        engine.version.identity,
    )


def _owned(
    engine: Engine, question: Question, owners: Owners, windows: Mapping[str, Window]
) -> tuple[list[dict[str, Any]], list[Message]]:
    """The groups of a question about owners, and what to say of them; the rules split all days' charges at once."""
    check_owners(question, owners)
    apart = {name: within(window) for name, window in windows.items()}
    charges = attribution(engine, question, owners, further=apart)
    columns = {name: label(name) for name in dims_of(engine, question)}
    filters = [name for name in OWNED if name in question.where]
    groups: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in charges.sums(list(dict.fromkeys([*columns.values(), *filters, *apart]))):
        if all(question.where[name].takes(row[name]) for name in filters):
            cells = tuple(row[column] for column in columns.values())
            group = groups.setdefault(cells, dict(zip(columns, cells, strict=True)) | dict.fromkeys(apart, Decimal(0)))
            for name in apart:
                if row[name]:
                    group[name] = EXACT.add(group[name], row["billed"])
    return [*groups.values()], messages(owners, charges)


def window_of(name: str, last: date) -> Window:
    """Return the days of a figure, where `last` is the last day."""
    end = midnight(last) + DAY
    if name == "four_weeks":
        end -= DAY * DAYS["last_week"]
    return Window(end - DAY * DAYS[name], end)


def _unknown(coverage: Mapping[str, Any]) -> set[date]:
    """The days of a coverage whose bill is not known, or not all of it."""
    late = [day for gap in (LATE, UNREAD) if gap in coverage for day in coverage[gap]["days"]]
    return {date.fromisoformat(day) for day in (*coverage["absent"], *coverage["running"], *late)}


def _figures(row: Mapping[str, Decimal], known: Collection[str]) -> tuple[Cell, ...]:
    return (*(row[name] if name in known else None for name in DAYS), *_rates(row, known))


def _rates(row: Mapping[str, Decimal], known: Collection[str]) -> tuple[Decimal | None, ...]:
    """The rates of a row of sums, in the order of RATES."""
    usual = row["four_weeks"] if "four_weeks" in known else Decimal(0)
    return tuple(
        ratio(EXACT.multiply(row[name], DAYS["four_weeks"] // DAYS[name]), usual) if name in known else None
        for name in ("last_day", "last_week")
    )


def _messages(last: date, known: Collection[str]) -> Iterator[Message]:
    if unknown := [name for name in DAYS if name not in known]:
        yield warning(f"Unknown: {', '.join(unknown)}. A day of it is absent or not all billed.")
    yield note(
        f"last_day is {last}, the last that is all billed; last_week ends with it, and four_weeks where that begins. "
        "A rate of 100 % is as usual."
    )


def _days(name: str, window: Window) -> Window:
    """The days of a figure by those of the question, which end with the last day."""
    return window_of(name, (window.end - DAY).date())


REPORT = Report(
    answer,
    (
        grouped_by(("workspace",), DIMENSIONS),
        narrowed_by(DIMENSIONS),
    ),
    "A rate of 300 % is three times what a day, or a week, of the four weeks before was billed.",
    priced=False,
    teams=True,
    charges={
        **{name: ChargeSum("billed", "billed", days=partial(_days, name)) for name in DAYS},
        **dict.fromkeys(RATES, ChargeSum(half="billed")),
    },
)
