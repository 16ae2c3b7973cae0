"""Lines together: what was billed on lines of several users, which the bill does not tell apart.

Which days of a month have several users on a line is told by the bits of the days of each, in the sums of the month.
What was billed on these days is read by day only where a line has others, or the window ends within a month.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tallystick.core.ledger_tables import CHARGES, MONTH_SUMS
from tallystick.core.money import total
from tallystick.core.question import Question
from tallystick.core.select import Select, literal, select
from tallystick.core.time import Grain, Window
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import in_months, within
from tallystick.query.filters import wanted
from tallystick.store.engine import Engine

_ALLOCATED = "method = 'allocated' AND billed IS NOT NULL"
_FIXED = ("organization", "workspace", "kind")
"""Dimensions in which the charges of a line are alike."""
_TERMS = {
    name: f"CASE WHEN kind = 'web_search' THEN 'none' ELSE {name} END" for name in ("model", "tier", "context", "geo")
}
"""The others: a line of web searches is for all models and tiers. None is told apart by speed."""
_NAMES = ", ".join(("month", *_FIXED, *_TERMS))
_LINE = ("month", *_FIXED, *(f"{sql} AS {name}" for name, sql in _TERMS.items()))
_GROUPS = ("month", *_FIXED, *_TERMS.values())
_SUMS = ("bit_or(days) AS days", "sum(billed) AS billed")
_SEVERAL = "list_reduce(list(days::HUGEINT), lambda seen, own: seen | own | ((seen & own & 4294967295) << 32)) >> 32"
"""The days that several users have: each that comes again is marked above the bits of the days that came."""
_LINES = f"""
WITH several AS ({{several}})
SELECT {_NAMES}, several, days & several & {{window}} = days AS is_whole, billed FROM {{lines}}
"""  # noqa: S608 - our own names
_WHOLE = "SELECT sum(billed) FILTER (is_whole), count(*) FILTER (NOT is_whole) FROM lines"
_OTHERS = f"""
SELECT sum(charges.billed) AS billed FROM {{charges}} JOIN lines USING ({_NAMES})
WHERE NOT is_whole AND (several >> day(day)::INT) & 1 = 1
"""  # noqa: S608


def billed_together(engine: Engine, question: Question, user_dims: Sequence[str]) -> Decimal:
    """Sum what was billed on lines of a day whose users differ in these dimensions, also where one is held fixed."""
    of_lines = wanted(engine, CHARGES, question.where_of(*_FIXED))
    in_lines = wanted(engine, CHARGES, question.where_but(*_FIXED))
    sums = select(*_LINE, *_SUMS).from_(_sums(engine)).where(_ALLOCATED, in_months(question.window), *of_lines)
    users = sums.select(*user_dims).group_by(*_GROUPS, *user_dims)
    selection = sums.where(*in_lines).group_by(*_GROUPS)
    lines = "several"
    if in_lines:
        users = users.where(f"workspace IN ({_workspaces(selection)})")
        users_of = f"(SELECT {_NAMES}, several FROM several) AS several"  # noqa: S608 - our own names
        lines = f"{selection.subquery('asked')} JOIN {users_of} USING ({_NAMES})"
    several = select(_NAMES, f"{_SEVERAL} AS several", *_SUMS).from_(users.subquery("users")).group_by(_NAMES)
    with engine.cursor() as duck:
        engine.make(duck, "lines", _LINES.format(several=several, lines=lines, window=_bits(question.window)))
        [(billed, others)] = duck.execute(_WHOLE).fetchall()
        amounts = [billed]
        if others:
            charges = select(*_LINE, "day", "billed").from_("ledger.charges")
            charges = charges.where(_ALLOCATED, within(question.window, months=True), *of_lines, *in_lines)
            engine.make(duck, "others", _OTHERS.format(charges=from_sums(engine, charges).subquery("charges")))
            amounts += duck.execute("SELECT billed FROM others").fetchone() or ()
    return total([amount for amount in amounts if amount is not None])


def _sums(engine: Engine) -> str:
    """The sums of months; of a version without them its charges, each with the bit of its day."""
    if engine.version.has_months:
        return f"ledger.{MONTH_SUMS.name}"
    return select("*", "1::BIGINT << day(day)::INT AS days").from_(f"ledger.{CHARGES.name}").subquery("charges")


def _workspaces(selection: Select) -> Select:
    return Select(("workspace",), selection.source, selection.conditions)


def _bits(window: Window) -> str:
    """The days of a window in a month, as bits; of a month that it has whole all."""
    parts = [piece for piece in window.split(Grain.MONTH) if piece != Grain.MONTH.around(piece.start)]
    bits = [(f"{piece.start:%Y-%m}", sum(1 << day.day for day in piece.days())) for piece in parts]
    cases = " ".join(f"WHEN {literal(month)} THEN {days}" for month, days in bits)
    return f"CASE month {cases} ELSE -1 END" if cases else "-1"
