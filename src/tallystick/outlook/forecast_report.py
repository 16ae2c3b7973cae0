"""Forecast report: what a month, a quarter, a year or the days to a date come to, of all or of each part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note
from tallystick.core.money import EXACT, ratio, rounded, total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.text import change_words, choose, did_you_mean, window_words
from tallystick.core.time import DAY, Grain, Window
from tallystick.core.time_words import When, period, window
from tallystick.errors import InvalidQuestion
from tallystick.outlook.daily_spend import DIMENSIONS, Day
from tallystick.outlook.forecast import KNOWN, Forecast, history, messages
from tallystick.outlook.forecast_days import each_day
from tallystick.outlook.forecast_model import Method
from tallystick.outlook.forecast_parts import reconciling
from tallystick.outlook.forecast_record import write_asked
from tallystick.outlook.forecast_review import backtested, scored
from tallystick.outlook.forecaster import forecaster
from tallystick.query.context import Context
from tallystick.query.coverage import cover
from tallystick.query.gaps import messages as gaps
from tallystick.query.groups import RECONCILING
from tallystick.query.names import dim_cells, dim_headings, directory, named, organizations
from tallystick.query.priority_tier import priority
from tallystick.query.report import NOT_BILLED, ChargeSum, Form, Parameter, Report, Where, narrowed_by
from tallystick.tally.cycles import Cycle, Every

PERIODS = (Every.WEEK, Every.MONTH, Every.QUARTER, Every.YEAR)
DAY_BY_DAY = "day"
BY = (*DIMENSIONS, DAY_BY_DAY)
"""What a forecast can be by."""
FARTHEST = 731
"""How many days ahead a forecast goes at most."""
_RANGES = {80: 0, 50: 8, 95: 4}
"""Of each range by its percent the order in which a narrow terminal leaves it out."""
HEADINGS = (
    *(
        Heading(name, Kind.MONEY, "USD", drop_order=order)
        for name, order in (("billed", 5), ("not_billed_yet", 6), ("spent", 0), ("expected", 0))
    ),
    *(
        Heading(f"{end}_{percent}", Kind.MONEY, "USD", drop_order=order, range=str(percent))
        for percent, order in _RANGES.items()
        for end in ("low", "high")
    ),
    Heading("judged_by", Kind.COUNT, "days", drop_order=7),
    Heading("method", Kind.TEXT, drop_order=1),
    Heading("why", Kind.TEXT, drop_order=9),
)


def period_to(until: When | None, now: datetime) -> Window:
    """Return the days of a forecast: the week, month, quarter or year of today, or those to the end of a date.

    To a date it is from the first of its month, or of this month where the date lies ahead.
    """
    if until is None or until in PERIODS:
        return Cycle(Every(str(until or Every.MONTH))).around(now.date())
    if isinstance(until, str) and (hint := did_you_mean(until, PERIODS)):
        raise InvalidQuestion(f"--until cannot be {until!r}.", hint)
    days = period(until, now).days
    if days.end > Grain.DAY.floor(now) + DAY * FARTHEST:
        raise InvalidQuestion(f"--until {until} is more than two years ahead.", "Forecast to an earlier day.")
    return Window(Grain.MONTH.floor(min(days.start, now)), days.end)


def answer(context: Context, question: Question) -> Table:
    """The forecast of the period that is the question's window, as `HEADINGS`, a row or one of each part.

    InvalidQuestion for a dimension that nothing is spent by, or a value that neither ledger nor rules know.
    """
    _dimensions(question)
    by = question.by[0] if question.by else ""
    _check(context, question)
    engine, now, days = context.engine, context.now, question.window
    forecasts_of = forecaster(context, [days])
    known = forecasts_of.daily.of(question.where)
    period_forecast = forecasts_of.of(question.where, days, known)
    forecasts: Mapping[str, Forecast] = {"": period_forecast}
    beside: list[Message] = []
    if by == DAY_BY_DAY:
        forecasts = {
            str(day_forecast.window.start.date()): day_forecast for day_forecast in each_day(period_forecast, known)
        }
        beside.append(note("A range is of its day alone: ranges of days do not add up."))
    elif by:
        parts = forecasts_of.parts(question.where, days, by, [*directory(engine, by).values()])
        forecasts = {value: part for value, part in parts.items() if _counts(part)}
    write_asked(context, question.where, period_forecast, by, forecasts if by in DIMENSIONS else {})
    names = named(engine, question.by)
    if by == DAY_BY_DAY:  # the days to come first
        order = sorted(forecasts, key=lambda day: (forecasts[day].method is Method.KNOWN, day))
    else:
        order = sorted(forecasts, key=lambda value: (-(forecasts[value].expected or 0), value))
    cells = [(*(dim_cells({by: value}, names) if by else ()), *_row(forecasts[value])) for value in order]
    if by in DIMENSIONS and (rest := reconciling(forecasts.values(), period_forecast)):
        cells.append((*dim_cells({by: RECONCILING}, names), *_row(rest)))
        beside.append(_reconciled(by))
    past = replace(question, window=days & Window(days.start, history(now).end), by=())
    coverage, _ = cover(engine, CHARGES, past, now)
    beside += [
        *gaps(coverage, now),
        *messages([period_forecast], now),
        *forecasts_of.daily.messages,
        *priority(engine, CHARGES, past),
    ]
    if not by:
        beside.append(note(f"Method: {period_forecast.method}: {period_forecast.why}."))
    headings = (*(dim_headings(question.by, names)), *HEADINGS)
    totals: dict[str, Cell] = {}
    if by:
        totals = dict(zip(("billed", "not_billed_yet", "spent", "expected"), _row(period_forecast), strict=False))
    headline = _headline(period_forecast, known, now.date())
    return Table(question, headings, cells, totals, tuple(beside), coverage, engine.version.identity, headline)


def _headline(period_forecast: Forecast, known: Sequence[Day], today: date) -> str:
    """What the period comes to, against the month before where it is a month, in a sentence."""
    year = today.year
    if period_forecast.expected is None:
        return ""
    window = period_forecast.window
    comes = "is expected to come" if period_forecast.open else "came"
    words = f"{window_words(window, year)} {comes} to {rounded(period_forecast.expected):,} USD"
    count, absent = period_forecast.absent_before(today)
    if count:
        words += f", {rounded(absent):,} of it for {count:,} ended day{'s' * (count > 1)} absent from the ledger"
    before = Grain.MONTH.around(window.start - DAY)
    days = {*before.days()}
    earlier = [day for day in known if day.day in days]
    is_known = len(earlier) == len(days) and all(day.basis in KNOWN for day in earlier)
    if window == Grain.MONTH.around(window.start) and is_known:
        spent = total([day.spent for day in earlier])
        change = EXACT.subtract(period_forecast.expected, spent)
        words += f", {change_words(change, ratio(change, spent))} than {window_words(before, year)}"
    words += f"; {period_forecast.range_text}" if period_forecast.open else ""
    if period_forecast.used and not period_forecast.blank:
        part = (
            f"{rounded(period_forecast.used):,} of it not billed yet"
            if period_forecast.billed
            else "none of it billed yet"
        )
        words += f". So far {rounded(period_forecast.spent):,} USD is spent, {part}"
    return f"{words}."


def _dimensions(question: Question) -> None:
    for name, names in (*((name, DIMENSIONS) for name in question.where), *((name, BY) for name in question.by)):
        if name not in names:
            raise InvalidQuestion(f"There is no forecast by {name}.", choose(name, names))


def _check(context: Context, question: Question) -> None:
    if len(question.by) > 1:
        raise InvalidQuestion("A forecast is by one dimension.", f"Ask by {question.by[0]} alone.")
    several = len(organizations(context.engine)) > 1
    parts = question.by not in {(), (DAY_BY_DAY,)}
    if several and parts and not {"organization"} & {*question.by, *question.where}:
        raise InvalidQuestion(
            "The ledger has several organizations, and a forecast by parts is of one.",
            "Add --where organization=ID, or ask --by organization.",
        )


def _counts(part: Forecast) -> bool:
    """Whether a part has spent or is expected to spend anything."""
    return bool(part.spent or part.expected)


def _row(forecast: Forecast) -> tuple[Cell, ...]:
    ends = [end for percent in _RANGES for end in forecast.ranges.get(percent, (None, None))]
    return (*forecast.so_far, forecast.expected, *ends, forecast.known, str(forecast.method), forecast.why)


def _reconciled(by: str) -> Message:
    return note(
        f"Each {by.replace('_', ' ')} is forecast by itself, as where it is asked for alone; the {RECONCILING} makes "
        "them add up to the forecast of the whole. Ranges do not add up."
    )


def _ask(
    context: Context,
    by: tuple[str, ...],
    until: When | None,
    where: Where,
    past: When | None = None,
    score: bool = False,
) -> Table:
    question = context.question("forecast", by, where=where)
    if past is not None or score:
        if by or until is not None or (past is not None and score):
            raise InvalidQuestion(
                "--score and --backtest are of past days, and of one row a horizon.",
                "Take one of them, without --by and --until.",
            )
        _dimensions(question)
        if past is None:
            return context.warned(scored(context, question.where))
        return context.warned(backtested(context, replace(question, window=window(past, None, context.now))))
    question = replace(question, window=period_to(until, context.now))
    return context.warned(answer(context, question))


REPORT = Report(
    _ask,
    (
        Parameter(
            "by", "Forecast each value of one dimension, or each day.", Form.NAMES, (), metavar="DIM", choices=BY
        ),
        Parameter(
            "until",
            "The end of this week, month, quarter or year, or a last day, as 2026-12-15; by default month.",
            metavar="WHEN",
        ),
        narrowed_by(DIMENSIONS),
        Parameter(
            "past",
            "Test forecasts on past days instead: 180d, or since a day, as 2026-06-01.",
            metavar="WHEN",
            option="--backtest",
        ),
        Parameter("score", "Score the forecasts that were written down.", Form.FLAG, False),
    ),
    charges={"spent": ChargeSum(), "not_billed_yet": NOT_BILLED},
    no_charges="A forecast by the level of the last three weeks: no charge is behind it yet.",
    teams=True,
    about="Days to come are expected by their weekday and the level of the last three weeks, with month ends and "
    "steady growth as far as half a year shows them; planned [[event]] tables, price changes and retirements are "
    "applied. low_80 and high_80 hold the total in 80 % of cases. An ended period shows its actual total.",
)
