"""Burn rate: what the last day and the last week were billed, beside the weeks before that week.

What four weeks were billed is exact. How far the last day is from what is usual is an estimate: in deviations, by the
weekday and by how far the days of each group scattered in eight weeks, as anomalies are judged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from math import log
from typing import Any

from tallystick.core.dimensions import OWNED, SUBJECTS, TERMS
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT, ratio, rounded, total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.select import select
from tallystick.core.text import choose
from tallystick.core.time import DAY, Window, midnight
from tallystick.errors import InvalidQuestion
from tallystick.outlook.anomalies.baseline import MEMORY, Baseline, UsualDay
from tallystick.outlook.anomalies.series import FLOOR
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import day_of, within
from tallystick.query.context import Context
from tallystick.query.coverage import cover
from tallystick.query.filters import wanted
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
OFFSET = 50
"""So much of a mean day is added to a day before its log is taken: amounts far below it do not matter."""


def answer(context: Context, by: tuple[str, ...], where: Where = None) -> Table:
    """Return a row for each group, the largest rate of a day first.

    A figure is None where one of its days is absent or not all billed; a rate also where the four weeks before were
    billed nothing, deviations where a group has no two weeks of use. Raises InvalidQuestion, LedgerError.
    """
    engine = context.engine
    latest_question = context.question("burn-rate", by, (f"{LATEST}d", None, None), where, known=DIMENSIONS)
    for word in (*latest_question.by, *latest_question.where):
        if word not in DIMENSIONS:
            raise InvalidQuestion(f"The burn rate knows no {word!r}.", choose(word, DIMENSIONS))
    coverage, _ = cover(engine, CHARGES, latest_question, context.now)
    ended = [day for day in latest_question.window.days() if day < context.now.date()]
    last = max({*ended} - _unknown(coverage), default=ended[-1])
    windows = {name: window_of(name, last) for name in DAYS}
    question = replace(latest_question, window=Window(windows["four_weeks"].start, windows["last_week"].end))
    coverage, covered = cover(engine, CHARGES, question, context.now)
    unknown = _unknown(coverage)
    known = {name for name in DAYS if unknown.isdisjoint(windows[name].days())}
    usual = Window(windows["four_weeks"].end - DAY * MEMORY, windows["four_weeks"].end)
    before, _ = cover(engine, CHARGES, replace(latest_question, window=usual), context.now)
    unusual = _unknown(before)
    days = [(index, day.weekday()) for index, day in enumerate(usual.days()) if day not in unusual]
    dims = dims_of(engine, question)
    names = named(engine, dims)
    beside: list[Message] = []
    if question.owned:
        groups, beside = _owned(engine, question, context.owners, windows, usual)
    else:
        groups = _groups(engine, question, windows, usual)
    groups.sort(key=lambda row: (-(_rates(row, known)[0] or 0), -row["last_day"], [row[dim] for dim in dims]))
    figures = (
        *(Heading(name, Kind.MONEY, "USD") for name in DAYS),
        *(Heading(name, Kind.RATIO) for name in RATES),
        Heading("deviations", Kind.NUMBER),
    )
    everything = {name: total([row[name] for row in groups]) for name in DAYS}
    amounts = [sum(row["amounts"][index] for row in groups) for index in range(MEMORY)]
    totals = _figures(everything | {"amounts": amounts}, known, days, last)
    groups = [row for row in groups if any(row[name] for name in DAYS)]  # the usual weeks begin earlier
    return Table(
        question,
        (*dim_headings(dims, names), *figures),
        [(*dim_cells({dim: row[dim] for dim in dims}, names), *_figures(row, known, days, last)) for row in groups],
        {heading.name: cell for heading, cell in zip(figures, totals, strict=True)},
        (*covered, *beside, *_messages(last, known)),
        coverage,
        engine.version.identity,
    )


def _groups(engine: Engine, question: Question, windows: Mapping[str, Window], usual: Window) -> list[dict[str, Any]]:
    """The sums of each group, and its `amounts` in US dollars on each day of the usual weeks, as floats."""
    dims = dims_of(engine, question)
    span = Window(usual.start, question.window.end)
    query = select(*dims, "day", "sum(billed) AS billed").from_("ledger.charges")
    query = query.where("billed IS NOT NULL", within(span, months=True), *wanted(engine, CHARGES, question.where))
    daily = from_sums(engine, query.group_by(*dims, "day")).subquery("daily")
    sums = [f"coalesce(sum(billed) FILTER ({within(windows[name])}), 0) AS {name}" for name in DAYS]
    lists = [
        f"list({column}) FILTER ({within(usual)}) AS {name}"
        for column, name in ((f"day - {day_of(usual.start)}", "indexes"), ("billed::DOUBLE", "daily"))
    ]
    groups = engine.rows(select(*dims, *sums, *lists).from_(daily).group_by(*dims))
    for row in groups:
        row["amounts"] = [0.0] * MEMORY
        for index, amount in zip(row.pop("indexes") or (), row.pop("daily") or (), strict=True):
            row["amounts"][index] = amount
    return groups


def _owned(
    engine: Engine, question: Question, owners: Owners, windows: Mapping[str, Window], usual: Window
) -> tuple[list[dict[str, Any]], list[Message]]:
    """The groups of a question about owners, and what to say of them; the rules split all days' charges at once."""
    check_owners(question, owners)
    dims = dims_of(engine, question)
    span = Window(usual.start, question.window.end)
    charges = attribution(engine, replace(question, window=span, by=("day", *question.by)), owners)
    filters = [name for name in OWNED if name in question.where]
    groups: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in charges.sums(list(dict.fromkeys([*dims, *filters, "day"]))):
        if all(question.where[name].takes(row[name]) for name in filters):
            cells = tuple(row[dim] for dim in dims)
            nothing = dict.fromkeys(windows, Decimal(0)) | {"amounts": [0.0] * MEMORY}
            group = groups.setdefault(cells, dict(zip(dims, cells, strict=True)) | nothing)
            for name, window in windows.items():
                if window.start.date() <= row["day"] < window.end.date():
                    group[name] = EXACT.add(group[name], row["billed"])
            if row["day"] < usual.end.date():
                group["amounts"][(row["day"] - usual.start.date()).days] += float(row["billed"])
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


def _figures(
    row: Mapping[str, Any], known: Collection[str], days: Sequence[tuple[int, int]], last: date
) -> tuple[Cell, ...]:
    sums = (row[name] if name in known else None for name in DAYS)
    furthest = _deviations(row, days, last) if "last_day" in known else None
    return (*sums, *_rates(row, known), furthest)


def _deviations(row: Mapping[str, Any], days: Sequence[tuple[int, int]], last: date) -> Decimal | None:
    """How far the last day lies above what is usual, below it where negative; `days` are index and weekday."""
    amounts = row["amounts"]
    first = next((number for number, (index, _) in enumerate(days) if amounts[index]), len(days))
    used = [(weekday, amounts[index]) for index, weekday in days[first:]]
    offset = sum(amount for _, amount in used) / (OFFSET * len(used)) if used else 0.0
    if offset <= 0:
        return None
    usual_days: list[UsualDay] = [(weekday, log(max(amount, 0.0) + offset), amount > 0) for weekday, amount in used]
    baseline = Baseline.of(usual_days, FLOOR)
    if not baseline.ready:
        return None
    usual, scatter = baseline.expected(last.weekday())
    furthest = (log(max(float(row["last_day"]), 0.0) + offset) - usual) / scatter
    return rounded(Decimal(repr(furthest)), 1)


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
        "A rate of 100 % is as usual. deviations: how far the last day is from usual, by its weekday and scatter."
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
    "A rate of 300 % is three times what a day, or a week, of the four weeks before was billed. deviations: how far "
    "the last day is from usual, by its weekday and how far days scatter; above five is hardly chance.",
    priced=False,
    teams=True,
    charges={
        **{name: ChargeSum("billed", "billed", days=partial(_days, name)) for name in DAYS},
        **dict.fromkeys((*RATES, "deviations"), ChargeSum(half="billed")),
    },
)
