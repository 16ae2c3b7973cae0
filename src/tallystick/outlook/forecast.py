"""Forecast: what a period comes to: its known days as they are, its open days as expected, with ranges.

What is billed stands as billed, and use that is not billed yet at list price. A day that is absent, running or known in
part is open: it is expected, at no less than its known part, and never counted as low.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT, nearest, rounded, total
from tallystick.core.question import Cell
from tallystick.core.time import DAY, Window, spans
from tallystick.outlook.daily_spend import Basis, Day
from tallystick.outlook.forecast_effects import Effects
from tallystick.outlook.forecast_model import LEAST, Method, Model, fit
from tallystick.outlook.run_rate import RunRate

HISTORY = 182
"""How many days before today are looked at: half a year."""
RATE_HISTORY = 56
"""How many of them a run rate looks at."""
KNOWN = frozenset({Basis.BILLED, Basis.USED})
"""What a day is known by that is not open."""
RANGES = {50: (0.25, 0.75), 80: (0.1, 0.9), 95: (0.025, 0.975)}
"""The ranges by their percent, and the chances that the total stays below each end."""
FEW = 7
"""With fewer known days than this there is little to go by."""


@dataclass(frozen=True)
class Forecast:
    """What a period comes to, in US dollars.

    `billed` is what its days were billed so far, `used` what is used and not billed yet, as priced: spent together.
    `expected` is the whole period's, None where nothing is known to judge by. `ranges` are (low, high) by percent,
    none where too few days are known. An ended period of which every day is known comes to its spend.
    `known` is how many days it was judged by, none where all is known. `absent` and `part` are the days of the period
    up to today of which nothing or a part is known: they are expected, not zero. `days` is each day of the period with
    what it is or is expected to be, empty where nothing is known; `open` are those that are expected. `blank`: of
    no day of it is anything known, so its spend is unknown and not zero; `unbilled`: none is billed. `effects` are
    the known changes that it holds, `judged` the days that it was judged by, in US dollars.
    """

    window: Window
    billed: Decimal
    used: Decimal
    expected: Decimal | None
    ranges: Mapping[int, tuple[Decimal, Decimal]]
    known: int
    absent: tuple[date, ...]
    part: tuple[date, ...]
    days: tuple[tuple[date, Fraction], ...]
    open: tuple[date, ...] = ()
    method: Method = Method.NONE
    blank: bool = False
    unbilled: bool = False
    effects: tuple[str, ...] = ()
    judge: Model | RunRate | None = field(default=None, repr=False)
    """What its open days are expected by."""
    judged: Mapping[date, Decimal] = field(default_factory=dict, repr=False)

    @property
    def spent(self) -> Decimal:
        """What is billed and what is used together, of the days that are known."""
        return EXACT.add(self.billed, self.used)

    def absent_before(self, today: date) -> tuple[int, Decimal]:
        """How many ended days are absent from the ledger, and what they are expected to have come to."""
        absent = {day for day in self.absent if day < today}
        return len(absent), nearest(sum((amount for day, amount in self.days if day in absent), Fraction(0)))

    @property
    def so_far(self) -> tuple[Cell, Cell, Cell]:
        """What is billed, used and spent so far; unknown where nothing of the period is known, or no bill of it."""
        return (None, None, None) if self.blank else (None if self.unbilled else self.billed, self.used, self.spent)

    @property
    def low(self) -> Decimal | None:
        """The low end of the 80 % range."""
        return self.ranges[80][0] if self.ranges else None

    @property
    def high(self) -> Decimal | None:
        """The high end of the 80 % range."""
        return self.ranges[80][1] if self.ranges else None

    @property
    def range_text(self) -> str:
        """The 80 % range in words."""
        if self.low is None or self.high is None:
            return "too few days are known for a range"
        return f"80 % range {rounded(self.low):,} to {rounded(self.high):,}"

    @property
    def why(self) -> str:
        """Why this method spoke, in words."""
        if self.method is Method.LEVEL:
            return f"weekdays times the level of the last 3 weeks, by {self.known} known days"
        if self.method is Method.MEAN:
            return "nothing is spent on many days, so weekdays say little"
        if self.method is Method.RATE:
            return f"{self.known} known days; {LEAST} are needed for more than weekday means"
        if self.method is Method.REST:
            return "the whole is forecast by itself, and so is each part"
        return "every day of it is known" if self.method is Method.KNOWN else "no known day to judge by"

    def reached(self, amount: Decimal) -> date | None:
        """Return the day on which the period's spend comes to an amount; None where it stays under it."""
        so_far = Fraction(0)
        for day, spent in self.days:
            so_far += spent
            if so_far >= Fraction(amount) and so_far:
                return day
        return None


def history(now: datetime) -> Window:
    """The days that a forecast is judged by, the running one too."""
    today = Window.of_day(now.date())
    return Window(today.start - DAY * HISTORY, today.end)


def known_days(days: Sequence[Day], now: datetime) -> dict[date, Decimal]:
    """What was spent on the ended days that a forecast is judged by: billed ones, and used ones as priced."""
    first = history(now).start.date()
    return {day.day: day.spent for day in days if day.basis in KNOWN and first <= day.day < now.date()}


def forecast(
    days: Sequence[Day],
    window: Window,
    now: datetime,
    effects: Effects | None = None,
    judged: Mapping[date, Decimal] | None = None,
) -> Forecast:
    """Forecast a period of whole UTC days; `days` are those of the period and of `history(now)` up to today.

    `judged` are its `known_days`, where they are known already.
    """
    today, by_date = now.date(), {day.day: day for day in days}
    changes = effects or Effects()
    judged = known_days(days, now) if judged is None else judged
    open_ = tuple(day for day in window.days() if day not in by_date or by_date[day].basis not in KNOWN)
    judge = _judge(judged, changes, window, today) if open_ else None
    part = tuple(day for day in open_ if day <= today and day in by_date and by_date[day].basis is Basis.PART)
    absent = tuple(day for day in open_ if day <= today and day not in part)
    period_days = [by_date[day] for day in window.days() if day in by_date]
    billed, used = total([day.billed for day in period_days]), total([day.used for day in period_days])
    blank = all(day.basis is Basis.ABSENT for day in period_days)
    unbilled = not billed and all(day.basis is not Basis.BILLED for day in period_days)
    if judge is None and open_:
        return Forecast(window, billed, used, None, {}, 0, absent, part, (), open_, blank=blank, unbilled=unbilled)
    opened = frozenset(open_)

    def amount_of(day: date) -> Fraction:
        spent = Fraction(by_date[day].spent) if day in by_date else Fraction(0)
        return max(spent, _ahead(judge, changes, day)) if judge and day in opened else spent

    expected = tuple((day, amount_of(day)) for day in window.days())
    period_total = nearest(sum((amount for _, amount in expected), Fraction(0)))
    reasons = changes.reasons(open_)
    if isinstance(judge, Model) and judge.year_end and any(map(judge.rests, open_)):
        reasons.append(judge.year_end.reason)
    return Forecast(
        window,
        billed,
        used,
        period_total,
        ranges_of(period_total, EXACT.add(billed, used), expected, open_, judge),
        len(judge.days) if isinstance(judge, Model) else sum(judge.counts.values()) if judge else 0,
        absent,
        part,
        expected,
        open_,
        judge.method if isinstance(judge, Model) else Method.RATE if judge else Method.KNOWN,
        blank,
        unbilled,
        tuple(reasons),
        judge,
        judged,
    )


def _ahead(judge: Model | RunRate, changes: Effects, day: date) -> Fraction:
    """What an open day is expected to cost, with the changes that are known of."""
    if isinstance(judge, Model):
        return Fraction(changes.on(day, judge.day(day)))
    mean = judge.mean(day)
    return Fraction(changes.on(day, float(mean))) if changes.rows else mean


def _judge(judged: Mapping[date, Decimal], changes: Effects, window: Window, today: date) -> Model | RunRate | None:
    """The model of known days, or where they are too few for one their run rate."""
    usual = changes.usual({day: float(amount) for day, amount in judged.items()})
    model = _model(tuple(usual.items()), changes.whole_days(window.days()))
    if model is not None:
        return model
    recent = {day: Fraction(judged[day]) for day in sorted(judged) if (today - day).days <= RATE_HISTORY}
    return RunRate.of(recent)


@lru_cache(maxsize=16)
def _model(judged: tuple[tuple[date, float], ...], planned: frozenset[date]) -> Model | None:
    """The model of these days, which several periods are forecast by."""
    return fit(dict(judged), planned)


def ranges_of(
    period_total: Decimal,
    spent: Decimal,
    expected: Sequence[tuple[date, Fraction]],
    open_: Sequence[date],
    judge: Model | RunRate | None,
) -> dict[int, tuple[Decimal, Decimal]]:
    """Return the ranges of the whole, never below what is spent; none where too few days are known."""
    if not open_:
        return dict.fromkeys(RANGES, (period_total, period_total))
    opened = set(open_)
    ahead = nearest(sum((amount for day, amount in expected if day in opened), Fraction(0)))
    closed = EXACT.subtract(period_total, ahead)
    part = 0.0
    if isinstance(judge, Model) and ahead:
        resting = [amount for day, amount in expected if day in opened and judge.rests(day)]
        part = float(sum(resting, Fraction(0)) / Fraction(ahead))
    ranges = {}
    for percent, chances in RANGES.items():
        if isinstance(judge, Model):
            ends = [nearest(Fraction(judge.bound(float(ahead), len(open_), chance, part))) for chance in chances]
            low, high = (EXACT.add(closed, end) for end in ends)
        elif judge is None or (margins := judge.margins(open_, percent)) is None:
            return {}
        else:
            low, high = EXACT.subtract(period_total, margins[0]), EXACT.add(period_total, margins[1])
        ranges[percent] = (max(low, spent), max(high, spent))
    return ranges


def messages(forecasts: Sequence[Forecast], now: datetime) -> Iterator[Message]:
    """What to say of forecasts: what is expected rather than known, and how little there is to go by."""
    today = now.date()
    if ended := [day for entry in forecasts for day in entry.absent if day < today]:
        yield warning(
            f"Ended days absent from the ledger, unknown rather than zero, are expected like days to come: "
            f"{spans(sorted(set(ended)))}. `tallystick sync --since {min(ended)}` reads them, if it can."
        )
    if rateless := sorted({day for entry in forecasts for day in entry.part if day < today}):
        known = "a part is known alone: it is expected like days to come, or that part if more"
        yield warning(f"Of {spans(rateless)} {known}.")
    if any(today in entry.absent for entry in forecasts):
        yield note(f"What was used on {today}, which is running, was not read: it is expected like days to come.")
    if any(entry.used for entry in forecasts):
        yield note("What is not billed yet is use as the price lists have it, without code execution and session time.")
    for reason in dict.fromkeys(reason for entry in forecasts for reason in entry.effects):
        yield note(f"Expected: {reason}.")
    judged = [entry for entry in forecasts if entry.known or entry.expected is None]
    least = min((entry.known for entry in judged), default=HISTORY)
    if least < FEW:
        yield warning(f"There is little to go by: {least} billed days are known of the {HISTORY} before today.")
    elif any(not entry.ranges for entry in judged):
        yield note(f"There is no range where so few days are known: {least}.")
