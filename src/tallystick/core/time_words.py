"""Words for time: what `--since`, `--until`, `--month` and `--on` take, and the UTC days that they name.

`--since` and `--until` both include what they name: a day, week, month, quarter or year. Windows stay half-open.
Python takes the same words, dates and datetimes; a datetime names the UTC day that it lies in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta

from tallystick.core.text import did_you_mean
from tallystick.core.time import DAY, FIRST_DAY, Grain, Window, midnight
from tallystick.errors import InvalidQuestion

When = str | date
"""A word for time, or a day (a datetime is a date)."""
DEFAULT = "30d"
"""What is asked about where no time is given."""
FIRST = midnight(FIRST_DAY)
AHEAD = timedelta(days=366)
"""How far ahead a day may lie that is asked about."""

TO_DATE = {"mtd": 1, "qtd": 3, "ytd": 12}
"""Words for the running month, quarter and year, with their months."""
LAST = {"last-week": "1w", "last-month": "1m"}
"""Words for the last ended week and month, with what says the same."""
MONTHS = ("last-month", "mtd")
"""Words for one month."""
EXAMPLES = (
    *("2026-10-01", "2026-10", "2026-Q3", "2026"),
    *("today", "yesterday", "7d", "4w", "3m", *TO_DATE, *LAST),
)
"""One word of each kind."""
_WORDS = f"Write {', '.join(EXAMPLES[:-1])} or {EXAMPLES[-1]}."
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_QUARTER = re.compile(r"([0-9]{4})-?q([1-4])")
_YEAR = re.compile(r"[0-9]{4}")
_BACK = re.compile(r"([1-9][0-9]{0,3})([dwm])")
_COUNT = re.compile(r"[1-9][0-9]{0,2}")
_FIRST_MONTH, _LAST_MONTH = MINYEAR * 12, MAXYEAR * 12 + 11
_LENGTH = 30


@dataclass(frozen=True, slots=True)
class Period:
    """The UTC days that a word names; `ended` where the word alone, as `--since`, ends with them (7d, yesterday)."""

    days: Window
    ended: bool = False


def window(
    since: When | None,
    until: When | None,
    now: datetime,
    zone: str = "UTC",
    *,
    month: When | None = None,
    first: datetime | None = FIRST,
) -> Window:
    """Return the UTC days from the first that `since` names to the last that `until` names, or those of `month`.

    No window goes beyond the running day, nor begins before `first`: nothing was used before. Without `until` it ends
    with `since` where that has ended by its own words (7d, 3m, yesterday, last-month), else with the running day.
    Without `since` it is the last 30 ended days, or the 30 that end with `until`. `now` may be what the clocks of a
    `zone` show, and the days are then those of that zone (core.zones). Raises InvalidQuestion where no day is named.
    """
    if month is not None:
        if since is not None or until is not None:
            raise InvalidQuestion("--month is both --since and --until.", "Use --month alone, or the two others.")
        return month_of(month, now, zone)
    since, until = (when if when is None else _written(when) for when in (since, until))
    tomorrow = Grain.DAY.after(Grain.DAY.floor(now))
    last = None if until is None else period(until, now)
    end = min(last.days.end, tomorrow) if last else tomorrow
    if first and end <= first:
        raise _too_early(until, first)
    if since is None and last:
        start = end - DAY * _LENGTH
    else:
        span = period(DEFAULT if since is None else since, now)
        start, end = span.days.start, span.days.end if span.ended and not last else end
    if start >= tomorrow:
        raise InvalidQuestion(f"{since} is in the future: today is {now:%Y-%m-%d}, {zone}.", _WORDS)
    if start >= end:
        raise InvalidQuestion(
            f"--until {until} ends on {end - DAY:%Y-%m-%d}, before --since {since} begins on {start:%Y-%m-%d}.",
            "Both include what they name: the days from --since to --until.",
        )
    if first and end <= first:
        raise _too_early(since, first)
    return Window(max(start, first) if first else start, end)


def period(when: When, now: datetime) -> Period:
    """Return the days that a word, date or datetime names; InvalidQuestion where it names none."""
    word = _written(when).casefold()
    today = Grain.DAY.floor(now)
    if word == "today":
        return Period(Window(today, today + DAY))
    if word == "yesterday":
        return Period(Window(today - DAY, today), ended=True)
    if word in TO_DATE:
        count = TO_DATE[word]
        return Period(Window(_first_of(_number(today) // count * count), today + DAY))
    if back := _BACK.fullmatch(LAST.get(word, word)):
        return Period(_back(int(back[1]), back[2], today), ended=True)
    if (days := _calendar(word)) is not None:
        return Period(days)
    raise _unknown(f"{when}", "a day, month, quarter or year", EXAMPLES, _WORDS)


def month_of(when: When | None, now: datetime, zone: str = "UTC") -> Window:
    """Return the days of a month up to the running day (2026-10, last-month, mtd); the last ended one for None.

    A date or datetime names the month that it lies in. Raises InvalidQuestion where no month is named.
    """
    word = _written("last-month" if when is None else when)
    word = month_word(word.rpartition("-")[0] if isinstance(when, date) else word)
    return window(word, word, now, zone)


def names_month(word: str) -> bool:
    """Whether a word names one month: 2026-10, last-month or mtd."""
    return word.casefold() in MONTHS or bool(_MONTH.fullmatch(word))


def month_word(word: str) -> str:
    """Return a word that names one month, as it is; InvalidQuestion for any other."""
    if names_month(word):
        return word
    raise _unknown(word, "a month", ("2026-10", *MONTHS), f"Write 2026-10, {' or '.join(MONTHS)}.")


def month_name(when: When, now: datetime) -> str:
    """Return a month as `2026-10`, by any of its words; it may not have begun. InvalidQuestion where it is none."""
    if isinstance(when, str) and _MONTH.fullmatch(when):
        return f"{utc_month(when).start:%Y-%m}"
    return f"{month_of(when, now).start:%Y-%m}"


def utc_day(when: When, now: datetime, ahead: timedelta = AHEAD) -> date:
    """Return a UTC day (2026-10-01, today, yesterday), so far ahead at most; InvalidQuestion where it is none."""
    hint = "Write 2026-10-01, today or yesterday."
    word = _written(when).casefold()
    if word not in {"today", "yesterday"} and not (_DAY.fullmatch(word) and _calendar(word) is not None):
        raise _unknown(f"{when}", "a UTC day", EXAMPLES, hint)
    start = period(when, now).days.start
    if start < FIRST:
        raise _too_early(when, FIRST)
    if start > now + ahead:
        far = "more than a year ahead" if ahead else f"in the future: today is {now:%Y-%m-%d}, UTC"
        raise InvalidQuestion(f"{when} is {far}.", hint)
    return start.date()


def utc_month(name: str) -> Window:
    """Return the UTC days of a month by its name, 2026-10; InvalidQuestion where it is none."""
    days = _calendar(name) if _MONTH.fullmatch(name) else None
    if days is None:
        raise InvalidQuestion(f"{name!r} is not a month.", "Write 2026-10.")
    if not days:
        raise InvalidQuestion(f"{name} is too far ahead.", "Write 2026-10.")
    if days.start < FIRST:
        raise _too_early(name, FIRST)
    return days


def _written(when: When) -> str:
    """Return a word as it is, a date or datetime as its day; InvalidQuestion for local time, which is not guessed."""
    if isinstance(when, str):
        return when
    if not isinstance(when, date):
        raise InvalidQuestion(f"{when!r} is not a time.", "Give a text such as '2026-10-01', a date or a datetime.")
    if isinstance(when, datetime):
        if when.tzinfo is None and when != datetime.combine(when.date(), time()):
            raise InvalidQuestion(f"{when!r} has no time zone.", "Give a date, or a datetime with a zone.")
        when = when if when.tzinfo is None else when.astimezone(UTC)
    return (when.date() if isinstance(when, datetime) else when).isoformat()


def _calendar(word: str) -> Window | None:
    """Return the days of a day, month, quarter or year by its name in the calendar; None where it has none."""
    try:
        if _DAY.fullmatch(word):
            start = midnight(date.fromisoformat(word))
            return Window(start, start + DAY if start.date() < date.max else start)
        if month := _MONTH.fullmatch(word):
            first, length = midnight(date(int(month[1]), int(month[2]), 1)), 1
        elif quarter := _QUARTER.fullmatch(word.casefold()):
            first, length = midnight(date(int(quarter[1]), int(quarter[2]) * 3 - 2, 1)), 3
        elif _YEAR.fullmatch(word):
            first, length = midnight(date(int(word), 1, 1)), 12
        else:
            return None
    except ValueError:
        return None
    return Window(first, _first_of(_number(first) + length))


def _back(count: int, unit: str, today: datetime) -> Window:
    """Return the last ended days, weeks (from Monday) or months."""
    if unit == "m":
        return Window(_first_of(_number(today) - count), _first_of(_number(today)))
    end = Grain.WEEK.floor(today) if unit == "w" else today
    return Window(end - DAY * count * (7 if unit == "w" else 1), end)


def _number(when: datetime) -> int:
    """Return the number of a month, counted from year 0."""
    return when.year * 12 + when.month - 1


def _first_of(number: int) -> datetime:
    """Return where the month of a number begins; for one beyond the calendar its first or last month."""
    number = max(_FIRST_MONTH, min(number, _LAST_MONTH))
    return midnight(date(number // 12, number % 12 + 1, 1))


def _unknown(word: str, kind: str, choices: tuple[str, ...], hint: str) -> InvalidQuestion:
    if (day := _DAY.match(word)) and _calendar(day[0]) is not None and word != day[0]:
        return InvalidQuestion(f"{word!r} is an instant, and {kind} is asked for.", f"Write the day: {day[0]}.")
    words = [choice for choice in choices if choice[0].isalpha()]
    near = f"Did you mean {word}d?" if _COUNT.fullmatch(word) else did_you_mean(word.strip(), words)
    return InvalidQuestion(f"{word!r} is not {kind}.", f"{near} {hint}".strip())


def _too_early(when: When | None, first: datetime) -> InvalidQuestion:
    return InvalidQuestion(f"{when} is too early: nothing was used before {first:%Y-%m-%d}.", _WORDS)
