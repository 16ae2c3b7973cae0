"""Forecast review: how good forecasts were: those that were written down, or those of a backtest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note
from tallystick.core.question import Question, Table
from tallystick.core.time import DAY, Window, midnight
from tallystick.errors import InvalidQuestion
from tallystick.outlook.daily_spend import Daily, Day, Where
from tallystick.outlook.forecast_record import Scope, written
from tallystick.outlook.forecast_score import HEADINGS, backtest, origins, reach, score
from tallystick.outlook.forecaster import forecaster
from tallystick.query.context import Context
from tallystick.query.coverage import cover
from tallystick.query.gaps import messages as gaps
from tallystick.store.version import Version
from tallystick.store.version_choice import unbroken


@dataclass
class Past:
    """The days of a scope as they were known at the beginning of a day, by the versions of the ledger.

    `before` counts the days for which no version reaches back so far: they have what the ledger says now.
    """

    context: Context
    where: Where
    now_known: Sequence[Day]
    before: int = 0
    versions: Sequence[Version] = ()

    def __post_init__(self) -> None:
        own = self.context.engine.version.number
        self.versions = unbroken([version for version in self.context.tables.every_version() if version.number <= own])

    def known(self, origin: date) -> Sequence[Day]:
        """Return the days up to an origin as they were known then."""
        moment = midnight(origin)
        version = next((version for version in self.versions if version.at and version.at <= moment), None)
        if version is None:
            self.before += 1
            return self.now_known
        engine = self.context.engine.of(version)
        window = Window(reach(Window(moment, moment + DAY)).start, moment + DAY)
        try:
            return Daily(engine, window, moment, self.context.owners).of(self.where)
        except InvalidQuestion:  # it had another name then, or was not there
            return []


def backtested(context: Context, question: Question) -> Table:
    """How good forecasts would have been on the days of the question's window, as `forecast_score.HEADINGS`."""
    daily = forecaster(context, [reach(question.window)]).daily
    days = daily.of(question.where)
    past = Past(context, question.where, days)
    rows = backtest(days, question.window, context.now, past.known)
    origin_count = len([*origins(question.window)])
    return _table(context, question, rows, [*_reach(past, origin_count), *daily.messages])


def _reach(past: Past, origin_count: int) -> Iterator[Message]:
    first = past.versions[-1].at if past.versions else None
    if past.before and first:
        yield note(
            f"Versions of the ledger reach back to {first:%Y-%m-%d}: {past.before} of {origin_count} days to forecast "
            "on are earlier, and are judged by days as they stand now, restatements in them."
        )
    if past.before < origin_count:
        yield note(
            "Each forecast is made from the days as they were known then, and held against them as they are now."
        )
    yield note("Planned events are not in a backtest.")


def scored(context: Context, where: Where) -> Table:
    """How good the forecasts were that were written down, as `forecast_score.HEADINGS`."""
    scope = Scope.of_where(context.engine, where)
    own = [("organization", "=", scope.organization), ("scope", "=", scope.rest)]
    forecasts = written(context.tables, [*own, ("version", "<=", context.engine.version.number)])
    today = midnight(context.now.date())
    first = min((midnight(row["first"]) for row in forecasts), default=today)
    question = Question("forecast", Window(first, max(first, today)), (), where)
    daily = Daily(context.engine, Window(first, max(today, first) + DAY), context.now, context.owners)
    rows, waiting = score(forecasts, daily.of(where), context.now)
    return _table(context, question, rows, [*_count_note(forecasts, waiting), *daily.messages])


def _count_note(forecasts: Sequence[dict[str, object]], waiting: int) -> Iterator[Message]:
    if not forecasts:
        yield note("No forecast of this is written down yet: the first sync of a day makes some, and who asks for one.")
        return
    first = min(str(row["made_at"])[:10] for row in forecasts)
    without = f"; not judged: {waiting}, with days not known yet or none before" if waiting else ""
    yield note(f"Forecasts written down since {first}: {len(forecasts)}{without}.")


def _table(
    context: Context, question: Question, rows: Sequence[tuple[object, ...]], beside: Sequence[Message]
) -> Table:
    coverage, _ = cover(context.engine, CHARGES, question, context.now)
    messages = (*beside, *gaps(coverage, context.now))
    return Table(question, HEADINGS, [*rows], {}, messages, coverage, context.engine.version.identity)  # type: ignore[list-item]
