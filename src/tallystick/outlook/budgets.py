"""Budgets: what each may spend in its period, what it spent so far, and what it is forecast to come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from tallystick.core.filter import filters
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT, ratio, rounded, total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.time import Window
from tallystick.core.time_words import When, month_of
from tallystick.errors import InvalidQuestion
from tallystick.outlook.daily_spend import Basis, Day
from tallystick.outlook.forecast import Forecast, messages
from tallystick.outlook.forecaster import forecaster
from tallystick.query.context import Context
from tallystick.query.coverage import cover
from tallystick.query.gaps import LATE, messages as gaps
from tallystick.query.priority_tier import priority
from tallystick.query.report import Parameter, Report, Where, narrowed_by
from tallystick.query.strictness import INCOMPLETE, Strictness
from tallystick.tally.budgets import SCOPE, Budget, Budgets

_USD = "USD"
HEADINGS = (
    Heading("name", Kind.TEXT),
    Heading("scope", Kind.TEXT),
    Heading("period", Kind.TEXT),
    Heading("status", Kind.TEXT),
    Heading("budget", Kind.MONEY, _USD),
    Heading("carried_over", Kind.MONEY, _USD, drop_order=4),
    Heading("billed", Kind.MONEY, _USD, drop_order=2),
    Heading("not_billed_yet", Kind.MONEY, _USD, drop_order=2),
    Heading("spent", Kind.MONEY, _USD),
    Heading("unknown_days", Kind.COUNT, "days", drop_order=3),
    Heading("left", Kind.MONEY, _USD, drop_order=1),
    Heading("used", Kind.RATIO),
    Heading("forecast", Kind.MONEY, _USD, drop_order=1),
    Heading("low", Kind.MONEY, _USD, drop_order=2),
    Heading("high", Kind.MONEY, _USD, drop_order=2),
    Heading("forecast_used", Kind.RATIO, drop_order=5),
    Heading("exhausted_on", Kind.TEXT, drop_order=4),
    Heading("days_until", Kind.NUMBER, "days", drop_order=5),
    Heading("spent_status", Kind.TEXT, drop_order=6),
    Heading("forecast_status", Kind.TEXT, drop_order=6),
)
"""`budget` holds what is `carried_over`; both are None where a day of an earlier period is unknown.
`left` and `used` are None where ended days are unknown; `exhausted_on` is the day on which the forecast comes to
the budget, with the days until then, None where it lasts; `low` and `high` are its 80 % range. `status` is the graver
of what is spent and what is forecast."""

PASSED, FORECAST_FAR, FORECAST, MOST, HALF, UNKNOWN, OK = (
    "100 % passed",
    "forecast over 110 %",
    "forecast over 100 %",
    "80 % passed",
    "50 % passed",
    "unknown",
    "ok",
)
"""What a budget's status can be (finops: 50, 80, 100 % of actual, 100 and 110 % of forecast)."""
GRAVEST = (PASSED, FORECAST_FAR, FORECAST, UNKNOWN, MOST, HALF, OK)
"""Every status, the gravest first."""


def answer(context: Context, budgets: Budgets, window: Window) -> Table:
    """The budgets in force on the days asked about, each with the period that holds the last of these days.

    One row a budget, as `HEADINGS`. InvalidQuestion where a budget is of something that the ledger and the rules of the
    owners do not know, or none is set at all.
    """
    engine, now = context.engine, context.now
    if not budgets.rows:
        raise InvalidQuestion("The settings have no budget.", "`tallystick docs budgets` shows how to set one.")
    in_force = budgets.during(window)
    earlier = [budget.cycle.around(budget.start) for budget, _ in in_force if budget.carry_over]
    forecasts_of = forecaster(context, [*(period for _, period in in_force), *earlier])
    daily = forecasts_of.daily
    forecasts: list[Forecast] = []
    cells: list[tuple[Cell, ...]] = []
    unknown: list[Message] = []
    for budget, period in in_force:
        try:
            where = filters(budget.scope, budget.scope)
            days = daily.of(where)
        except InvalidQuestion as wrong:
            raise InvalidQuestion(f"{budget.table}: {wrong.what}", wrong.hint) from None
        forecasts.append(forecasts_of.of(where, period, days))
        rest = carried(budget, period, days, now.date())
        cells.append(_row(budget, period, forecasts[-1], rest, now))
        if rest is None:
            unknown.append(warning(f"What {budget.label} carries over is unknown: days since {budget.start} are."))
    start = min((period.start for _, period in in_force), default=window.start)
    question = Question("budget", Window(start, max(window.end, start)), ())  # what is to come is not absent
    coverage, _ = cover(engine, CHARGES, question, now)
    empty = note(f"No budget was in force from {window.start:%Y-%m-%d} to before {window.end:%Y-%m-%d}.")
    missing = (*([] if in_force else [empty]), *unknown, *gaps(coverage, now))
    beside = (*missing, *messages(forecasts, now), *daily.messages, *priority(engine, CHARGES, question))
    return Table(question, _headings(in_force), cells, {}, beside, coverage, engine.version.identity)


def _headings(in_force: Sequence[tuple[Budget, Window]]) -> tuple[Heading, ...]:
    """The columns; where every budget has a name, a narrow terminal leaves out what it is of."""
    have_names = all(budget.name for budget, _ in in_force)
    return tuple(
        replace(heading, drop_order=1) if have_names and heading.name == "scope" else heading for heading in HEADINGS
    )


def _spent_or_unknown(table: Table) -> bool:
    """Whether a budget is spent, or has days of which that is not known."""
    return any(row["status"] == PASSED or row["unknown_days"] for row in table.rows)


def carried(budget: Budget, period: Window, days: Sequence[Day], today: date) -> Decimal | None:
    """What the periods before this one leave, in US dollars, never below zero; None where a day of them is unknown.

    A period that spent more than it had leaves nothing and takes nothing from the next; so does a budget that carries
    no rest over.
    """
    if not budget.carry_over:
        return Decimal(0)
    known = {day.day: day for day in days}
    rest = Decimal(0)
    for earlier in budget.cycle.since(budget.start, period):
        spent = [known.get(day) for day in earlier.days()]
        if any(day is None or (day.basis in {Basis.ABSENT, Basis.PART} and day.day < today) for day in spent):
            return None
        remainder = EXACT.subtract(EXACT.add(budget.amount, rest), total([day.spent for day in spent if day]))
        rest = max(Decimal(0), remainder)
    return rest


def _row(budget: Budget, period: Window, ahead: Forecast, rest: Decimal | None, now: datetime) -> tuple[Cell, ...]:
    today = now.date()
    unknown = len([day for day in (*ahead.absent, *ahead.part) if day < today])
    amount = EXACT.add(budget.amount, rest or Decimal(0))
    vague = rest is None
    known = (_spent_status(amount, ahead, unknown), _forecast_status(amount, ahead, unknown))
    statuses = (UNKNOWN, UNKNOWN) if vague else known
    on = ahead.reached(amount) if not vague else None
    remaining = (EXACT.subtract(amount, ahead.spent), ratio(ahead.spent, amount))
    return (
        budget.name or None,
        budget.scope_label,
        budget.cycle.label(period),
        min(statuses, key=GRAVEST.index),
        None if vague else amount,
        rest,
        *ahead.so_far,
        unknown,
        *(remaining if not (unknown or ahead.blank or vague) else (None, None)),
        ahead.expected,
        ahead.low,
        ahead.high,
        None if ahead.expected is None or vague else ratio(ahead.expected, amount),
        str(on) if on else None,
        max(0, (on - today).days) if on else None,
        *statuses,
    )


def _spent_status(budget: Decimal, ahead: Forecast, unknown: int) -> str:
    """What part of a budget is spent; what unknown days cost can only make it graver."""
    if ahead.spent >= budget and (budget or ahead.spent):
        return PASSED
    if unknown or ahead.blank:
        return UNKNOWN
    if not budget:
        return OK
    return MOST if ahead.spent >= _part(budget, 80) else HALF if ahead.spent >= _part(budget, 50) else OK


def _forecast_status(budget: Decimal, ahead: Forecast, unknown: int) -> str:
    """How the forecast stands to a budget."""
    if ahead.expected is not None and ahead.expected > budget:
        return FORECAST_FAR if ahead.expected > _part(budget, 110) else FORECAST
    return UNKNOWN if unknown or ahead.blank or ahead.expected is None else OK


def _part(budget: Decimal, percent: int) -> Decimal:
    return EXACT.scaleb(EXACT.multiply(budget, Decimal(percent)), -2)


def note_of(row: Mapping[str, Cell]) -> str:
    """Return what stands beside the used share of a budget's row: of what, in which period, and its forecast."""
    amount, ahead = row["budget"], row["forecast"]
    budget_text, outlook = "an unknown amount", UNKNOWN
    if isinstance(amount, Decimal):
        budget_text = f"{rounded(amount):,} USD"
        share = ratio(ahead, amount) if isinstance(ahead, Decimal) and row["status"] != UNKNOWN else None
        outlook = f"forecast {rounded(share * 100, 1)} %" if share is not None else str(row["status"])
    return f"of {budget_text}, {row['period']}; {outlook}"


def _ask(context: Context, on: When | None, month: When | None, where: Where) -> Table:
    if on is not None and month is not None:
        raise InvalidQuestion("A day is asked for, and a month too.", "Use --on or --month.")
    days = month_of(month, context.now) if month else Window.of_day(context.day(on))
    budgets = context.budgets.within(filters(where))
    if context.budgets.rows and not budgets.rows:
        raise InvalidQuestion("The settings have no budget of this alone.", "Leave out --where to see all.")
    return context.warned(answer(context, budgets, days))


REPORT = Report(
    _ask,
    (
        Parameter("on", "Budgets in force on this UTC day; by default today.", metavar="DAY"),
        Parameter("month", "Budgets in force at the end of a month: 2026-10, last-month or mtd.", metavar="MONTH"),
        narrowed_by(SCOPE, "Only budgets of nothing but these: team=search, as the settings name it. May be repeated."),
    ),
    teams=True,
    about="Budgets are set in tallystick.toml (`tallystick docs budgets`). `forecast` is the spend at the end of the "
    "period (`tallystick docs forecast`); low and high bound 80 % of cases. Use without a bill so far is a column of "
    "its own, at list price.",
    strict=Strictness(
        {LATE: INCOMPLETE[LATE]}, "a budget is spent or has unknown days, whatever its forecast", _spent_or_unknown
    ),
    no_charges="From a budget of the settings, what its days came to, and a forecast.",
)
