"""Events: what a user expects, as `[[event]]` tables say: when, of what, and how spend changes while it lasts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tallystick.core.filter import Filter
from tallystick.core.money import PLACES
from tallystick.errors import InvalidQuestion
from tallystick.tally.budgets import SCOPE
from tallystick.tally.rules import check_fields, day_of, values_of

_FIELDS = ("reason", *SCOPE, "day", "from", "until", "factor", "dollars_per_day")
_FACTOR = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?", re.ASCII)
_DOLLARS = re.compile(rf"-?[0-9]{{1,15}}(\.[0-9]{{1,{PLACES}}})?", re.ASCII)
_MEND = "`tallystick docs forecast` shows the tables."
_SPAN = "`from` is inclusive, `until` exclusive."


@dataclass(frozen=True, slots=True)
class Event:
    """One expected change of spend: `factor` times the usual spend, or `dollars` (US dollars a day) more or less.

    `spans` are half-open spans of UTC days; one that ends at `date.max` does not end. `scope` holds dimensions to the
    values that it is of, and is empty where it is of everything. Without factor and dollars the size is not known.
    `table` says where it stands in the settings.
    """

    table: str
    reason: str
    scope: Mapping[str, Filter]
    spans: tuple[tuple[date, date], ...]
    factor: Decimal | None = None
    dollars: Decimal | None = None

    def holds(self, day: date) -> bool:
        """Return whether it lasts on a UTC day."""
        return any(start <= day < end for start, end in self.spans)

    @property
    def days(self) -> int:
        """How many days it lasts."""
        return sum((end - start).days for start, end in self.spans)

    @property
    def scope_label(self) -> str:
        """What it is of, in words."""
        parts = (f"{name} = {' or '.join(part.values)}" for name, part in self.scope.items())
        return ", ".join(parts) or "everything"


@dataclass(frozen=True, slots=True)
class Events:
    """Every event, in the order of the settings."""

    rows: tuple[Event, ...] = ()

    @classmethod
    def read(cls, tables: Sequence[Any]) -> Events:
        """Return the events of `[[event]]` tables; InvalidQuestion names the one that cannot be."""
        return cls(tuple(_event(f"[[event]] {number}", table) for number, table in enumerate(tables, 1)))

    def during(self, first: date, last: date) -> list[Event]:
        """Return the events that last on one of these UTC days, both included."""
        return [row for row in self.rows if any(start <= last and first < end for start, end in row.spans)]


def _event(table: str, fields: Any) -> Event:
    check_fields(table, fields, _FIELDS, "event", _MEND)
    reason = fields.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise InvalidQuestion(f"{table}: reason {reason!r} is not a text, or is empty.", "Write what is planned.")
    if "factor" in fields and "dollars_per_day" in fields:
        raise InvalidQuestion(f"{table} has a factor, and dollars_per_day too.", "Leave one of them out.")
    scope = {name: Filter.of(*sorted({*values_of(table, name, fields[name])})) for name in SCOPE if name in fields}
    factor = _amount(table, "factor", fields, _FACTOR, 'Write "1.5" for half as much again, in quotes.')
    dollars = _amount(table, "dollars_per_day", fields, _DOLLARS, 'Write "250", or "-250" for less, in quotes.')
    return Event(table, reason.strip(), scope, _spans(table, fields), factor, dollars)


def _amount(table: str, name: str, fields: Mapping[str, Any], form: re.Pattern[str], hint: str) -> Decimal | None:
    """The exact number of a field, None where it is left out."""
    if name not in fields:
        return None
    text = fields[name]
    if not isinstance(text, str) or not form.fullmatch(text):
        raise InvalidQuestion(f"{table}: {name} {text!r} is not an exact text.", hint)
    return Decimal(text)


def _spans(table: str, fields: Mapping[str, Any]) -> tuple[tuple[date, date], ...]:
    """The days of an event: single ones, or those from its first to before its end."""
    if ("day" in fields) == ("from" in fields):
        raise InvalidQuestion(
            f"{table} needs either `day` or `from`.", "`day` is a day or a list of days; `from` begins a span."
        )
    if "day" in fields:
        if "until" in fields:
            raise InvalidQuestion(f"{table} has `day`, and `until` too.", f"Write `from` and `until`: {_SPAN}")
        days = fields["day"] if isinstance(fields["day"], list) else [fields["day"]]
        if not days:
            raise InvalidQuestion(f"{table}: `day` is an empty list.", "Write 2026-12-24.")
        single = sorted({day_of(table, "day", {"day": day}, date.max) for day in days})
        return tuple((day, day + timedelta(days=1)) for day in single)
    start, end = day_of(table, "from", fields, date.min), day_of(table, "until", fields, date.max)
    if not start < end:
        raise InvalidQuestion(f"{table} ends ({end}) before it begins ({start}).", _SPAN)
    return ((start, end),)
