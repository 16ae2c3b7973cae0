"""Pace: what a period comes to if its remaining days go as their weekdays went: a run rate, with a range.

What is billed stands as billed. A remaining day is expected at the mean of its weekday over the known days of the last
eight weeks; a running day, or one of which a part is known, at no less than that part. Exact fractions, rounded once.
"""

from __future__ import annotations

import decimal
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import dropwhile

from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT, nearest, total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.text import choose
from tallystick.core.time import DAY, Window, spans
from tallystick.core.time_words import When
from tallystick.errors import InvalidQuestion
from tallystick.outlook.daily_spend import DIMENSIONS, Basis, Daily, Day
from tallystick.query.context import Context
from tallystick.query.coverage import cover
from tallystick.query.gaps import messages as gaps
from tallystick.query.priority_tier import priority
from tallystick.query.report import NOT_BILLED, ChargeSum, Form, Parameter, Report, Where, narrowed_by
from tallystick.store.engine import Engine
from tallystick.tally.cycles import Cycle, Every
from tallystick.tally.owners import Owners

HISTORY = 56
"""How many days before today are looked at: eight of each weekday."""
FREEDOM = 3
"""A range needs so many known days beyond one for each weekday among them and one for the drift."""
_Z = Fraction("1.2815515655")
"""80 % of a normal distribution lie within so many deviations; wider by (1 + z^2) / 4n where n days say how far."""
_ROUGH = decimal.Context(prec=50)
FEW = 7
"""With fewer known days than this there is little to go by."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a period comes to, in US dollars.

    `billed` is what its days were billed so far, `used` what is used and not billed yet, as priced: spent together.
    `expected` is the whole period's, None where nothing is known to judge by; `low` and `high` are an 80 % interval,
    None where too few days are known. An ended period of which every day is known has its spend for all three.
    `known` is how many days it was judged by, none where all is known. `absent` and `part` are the days of the period
    up to today of which nothing or a part is known: they are expected, not zero. `days` is each day of the period with
    what it is or is expected to be, empty where nothing is known. `blank`: of no day of it is anything known, so its
    spend is unknown and not zero.
    """

    window: Window
    billed: Decimal
    used: Decimal
    expected: Decimal | None
    low: Decimal | None
    high: Decimal | None
    known: int
    absent: tuple[date, ...]
    part: tuple[date, ...]
    days: tuple[tuple[date, Fraction], ...]
    blank: bool = False

    @property
    def spent(self) -> Decimal:
        """What is billed and what is used together, of the days that are known."""
        return EXACT.add(self.billed, self.used)

    @property
    def so_far(self) -> tuple[Cell, Cell, Cell]:
        """What is billed, used and spent so far; unknown where nothing of the period is known."""
        return (None, None, None) if self.blank else (self.billed, self.used, self.spent)

    def reached(self, amount: Decimal) -> date | None:
        """The day on which the period's spend comes to an amount at this pace; None where it stays under it."""
        so_far = Fraction(0)
        for day, spent in self.days:
            so_far += spent
            if so_far >= Fraction(amount) and so_far:
                return day
        return None


def history(now: datetime) -> Window:
    """The days that a pace is judged by, the running one too."""
    today = Window.of_day(now.date())
    return Window(today.start - DAY * HISTORY, today.end)


_MONEY = ("billed", "not_billed_yet", "spent", "pace", "low", "high")
HEADINGS = (*(Heading(name, Kind.MONEY, "USD") for name in _MONEY), Heading("judged_by", Kind.COUNT, "days"))


def answer(engine: Engine, question: Question, now: datetime, owners: Owners | None = None) -> Table:
    """The pace of the period that is the question's window, in one row, as `HEADINGS`; its `where` alone is asked.

    InvalidQuestion for a dimension that nothing is spent by, or a value that neither ledger nor rules know.
    """
    for name in question.where:
        if name not in DIMENSIONS:
            raise InvalidQuestion(f"There is no pace by {name}.", choose(name, DIMENSIONS))
    daily = reading(engine, [question.window], now, owners)
    period_pace = pace(daily.of(question.where), question.window, now)
    row = (*period_pace.so_far, period_pace.expected, period_pace.low, period_pace.high, period_pace.known)
    known_question = replace(question, window=question.window & Window(question.window.start, history(now).end))
    coverage, _ = cover(engine, CHARGES, known_question, now)
    missing = (*gaps(coverage, now), *messages([period_pace], now), *daily.messages)
    beside = (*missing, *priority(engine, CHARGES, known_question))
    return Table(question, HEADINGS, [row], {}, beside, coverage, engine.version.identity)


def reading(engine: Engine, periods: Sequence[Window], now: datetime, owners: Owners | None = None) -> Daily:
    """What `pace` needs to know of these periods: `pace(reading(...).of(where), period, now)`."""
    past = history(now)
    window = Window(min((past.start, *(period.start for period in periods))), past.end)
    return Daily(engine, window, now, owners or Owners())


def messages(paces: Sequence[Pace], now: datetime) -> Iterator[Message]:
    """What to say of paces: what is expected rather than known, and how little there is to go by."""
    today = now.date()
    if ended := [day for pace in paces for day in pace.absent if day < today]:
        yield warning(
            f"Ended days absent from the ledger, unknown rather than zero, are expected at the run rate: "
            f"{spans(sorted(set(ended)))}. `tallystick sync --since {min(ended)}` reads them, if it can."
        )
    if rateless := sorted({day for pace in paces for day in pace.part if day < today}):
        known = "a part is known alone: it is expected at the run rate, or that part if more"
        yield warning(f"Of {spans(rateless)} {known}.")
    if any(today in pace.absent for pace in paces):
        yield note(f"What was used on {today}, which is running, was not read: it is expected at the run rate.")
    if any(pace.used for pace in paces):
        yield note("What is not billed yet is use as the price lists have it, without code execution and session time.")
    judged = [pace for pace in paces if pace.known or pace.expected is None]
    least = min((pace.known for pace in judged), default=HISTORY)
    if least < FEW:
        yield warning(f"There is little to go by: {least} billed days are known of the {HISTORY} before today.")
    elif any(pace.low is None for pace in judged):
        yield note(f"There is no range where so few days are known: {least}.")


def pace(days: Sequence[Day], window: Window, now: datetime) -> Pace:
    """The pace of a period of whole UTC days; `days` are those of the period and of `history(now)` up to today."""
    past, today = history(now), now.date()
    judged = {day.day: Fraction(day.billed) for day in days if day.basis is Basis.BILLED and day.day in past.days()}
    rate = _Rate.of(judged)
    by_date = {day.day: day for day in days}
    expected: list[tuple[date, Fraction]] = []
    open_: list[date] = []
    absent: list[date] = []
    part: list[date] = []
    for day in window.days():
        known = by_date.get(day)
        so_far = Fraction(known.spent) if known else Fraction(0)
        if known and known.basis in {Basis.BILLED, Basis.USED}:
            expected.append((day, so_far))
            continue
        open_.append(day)
        if day <= today:
            (part if known and known.basis is Basis.PART else absent).append(day)
        if rate is not None:
            expected.append((day, max(so_far, rate.mean(day))))
    period_days = [known_day for day in window.days() if (known_day := by_date.get(day))]
    billed, used = total([day.billed for day in period_days]), total([day.used for day in period_days])
    blank = all(day.basis is Basis.ABSENT for day in period_days)
    if rate is None and open_:
        return Pace(window, billed, used, None, None, None, 0, tuple(absent), tuple(part), (), blank)
    expected_sum = nearest(sum((amount for _, amount in expected), Fraction(0)))
    margins = rate.margins(open_) if open_ and rate is not None else (Decimal(0), Decimal(0))
    low = high = None
    if margins is not None:
        low = max(EXACT.subtract(expected_sum, margins[0]), EXACT.add(billed, used))
        high = EXACT.add(expected_sum, margins[1])
    known_days = sum(rate.counts.values()) if open_ and rate else 0
    return Pace(
        window, billed, used, expected_sum, low, high, known_days, tuple(absent), tuple(part), tuple(expected), blank
    )


@dataclass(frozen=True, slots=True)
class _Rate:
    """What a day costs: the mean of its weekday over known days, how that drifted, and how far days stray from both.

    `drift` is US dollars a day, by least squares; `middle` is the day number at which it is zero, `leverage` the sum of
    squared distances from there, `reach` how far from there it is believed: as long as it was seen, past the last day.
    """

    means: Mapping[int, Fraction]
    counts: Mapping[int, int]
    of_all: Fraction
    middle: Fraction
    leverage: Fraction
    reach: Fraction
    drift: Fraction
    variance: Fraction
    freedom: int

    @classmethod
    def of(cls, known: Mapping[date, Fraction]) -> _Rate | None:
        """The rate of these days, from the first on which anything was spent; None where there are none."""
        days = list(dropwhile(lambda day: not known[day], sorted(known))) or sorted(known)
        if not days:
            return None
        by: dict[int, list[Fraction]] = {}
        for day in days:
            by.setdefault(day.weekday(), []).append(known[day])
        means = {weekday: _mean(amounts) for weekday, amounts in by.items()}
        middle = _mean([Fraction(day.toordinal()) for day in days])
        off = [(day.toordinal() - middle, known[day] - means[day.weekday()]) for day in days]
        leverage = sum((distance * distance for distance, _ in off), Fraction(0))
        drift = sum((distance * stray for distance, stray in off), Fraction(0)) / leverage if leverage else Fraction(0)
        freedom = len(days) - len(by) - 1
        squares = sum(((stray - distance * drift) ** 2 for distance, stray in off), Fraction(0))
        return cls(
            means,
            {weekday: len(amounts) for weekday, amounts in by.items()},
            _mean([known[day] for day in days]),
            middle,
            leverage,
            off[-1][0] + len(days),
            drift,
            squares / freedom if freedom > 0 else Fraction(0),
            freedom,
        )

    def mean(self, day: date) -> Fraction:
        """What a day is expected to cost: the mean of its weekday, of all days where that was never seen."""
        return self.means.get(day.weekday(), self.of_all)

    def margins(self, days: Sequence[date]) -> tuple[Decimal, Decimal] | None:
        """How far the sum of these days may come out below and above the means; None where too few days are known."""
        if self.freedom < FREEDOM:
            return None
        ahead = sum(
            (max(-self.reach, min(day.toordinal() - self.middle, self.reach)) for day in days), start=Fraction(0)
        )
        drifted = nearest(ahead * self.drift)
        weekdays = Counter(day.weekday() for day in days)
        unsure = sum(
            (Fraction(count * count, self.counts.get(weekday, 1)) for weekday, count in weekdays.items()), Fraction(0)
        )
        spread = self.variance * (len(days) + unsure + ahead * ahead / self.leverage)
        root = _ROUGH.sqrt(_ROUGH.divide(Decimal(spread.numerator), Decimal(spread.denominator)))
        strays = nearest(_Z * (1 + (_Z * _Z + 1) / (4 * self.freedom)) * Fraction(root))
        zero = Decimal(0)
        return EXACT.subtract(strays, min(drifted, zero)), EXACT.add(strays, max(drifted, zero))


def _mean(amounts: Sequence[Fraction]) -> Fraction:
    return sum(amounts, Fraction(0)) / len(amounts)


def _ask(context: Context, where: Where, every: str, on: When | None) -> Table:
    question = replace(context.question("pace", where=where), window=Cycle(Every(every)).around(context.day(on)))
    return context.warned(answer(context.engine, question, context.now, context.owners_of(question)))


REPORT = Report(
    _ask,
    (
        Parameter(
            "every",
            "Forecast to the end of the week, month, quarter or year.",
            Form.CHOICE,
            "month",
            choices=("week", "month", "quarter", "year"),
        ),
        Parameter("on", "The period that holds this UTC day, as 2026-10-01; by default today.", metavar="DAY"),
        narrowed_by(DIMENSIONS),
    ),
    teams=True,
    about="Each day left costs what its weekday cost in recent weeks. low and high bound the total in 80 % of cases. "
    "An ended period shows its actual total.",
    charges={"spent": ChargeSum(), "not_billed_yet": NOT_BILLED},
    no_charges="A forecast by the weekdays of the last eight weeks: no charge is behind it yet.",
)
