"""Daily spend: what each UTC day cost: billed where the bill was read, else the use of that day as priced.

The two are kept apart. A day of which neither is in the ledger is absent, which is not zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from tallystick.core.causes import BILL_NOT_READ, NOT_BILLED_YET
from tallystick.core.dimensions import OWNED
from tallystick.core.filter import Filter, filters
from tallystick.core.ledger_tables import CHARGES, USED
from tallystick.core.message import Message
from tallystick.core.money import EXACT
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.core.text import choose
from tallystick.core.time import Window
from tallystick.errors import InvalidQuestion
from tallystick.query.charge_groups import BILLED, Figure
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import within as in_days
from tallystick.query.coverage import cover
from tallystick.query.filters import wanted
from tallystick.query.owners import attribution, known, messages
from tallystick.query.spelling import formerly
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners

Where = Mapping[str, Filter]
"""What is held fixed: dimensions of the charges, team and cost_center too, each to some ids or names."""
DIMENSIONS = ("organization", "workspace", "key", "actor", "product", "model", *OWNED)
"""What can be held fixed."""
_NOT_YET = f"cause = '{NOT_BILLED_YET}'"
_USED = Figure("priced", f"priced IS NOT NULL AND {_NOT_YET}")
_NOTHING = Decimal(0)


class Basis(StrEnum):
    """What a day's spend is known by.

    `billed`: the bill was read. `used`: the whole day's use was, all of it priced, and no bill yet of it or of a part.
    `part`: more is to come or is not known, as the day is running or has use without a known rate that is not billed
    yet. `absent`: nothing of it was read.
    """

    BILLED = "billed"
    USED = "used"
    PART = "part"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Day:
    """What was spent on a day in US dollars: `billed`, and `used` as priced by the lists where it is not billed yet."""

    day: date
    billed: Decimal
    used: Decimal
    basis: Basis

    @property
    def spent(self) -> Decimal:
        """Both together."""
        return EXACT.add(self.billed, self.used)


@dataclass(frozen=True, slots=True)
class _Sums:
    """What the charges say of a day: US dollars, and whether use has no rate or the bill could not be read."""

    billed: Decimal = _NOTHING
    used: Decimal = _NOTHING
    rateless: bool = False
    unread: bool = False


@dataclass(frozen=True, slots=True)
class _Shares:
    """US dollars of every day, value of a dimension, team and cost center, and what to say of them."""

    owners: Owners
    amounts: dict[tuple[date, str, str, str], Decimal]
    messages: Sequence[Message]


@dataclass(frozen=True)
class Daily:
    """The days of a window up to the running one, of whatever is asked; `messages` say how owners share."""

    engine: Engine
    window: Window
    now: datetime
    owners: Owners = field(default_factory=Owners)
    messages: list[Message] = field(default_factory=list)
    _cache: dict[str, dict[tuple[date, str, str, str], Decimal]] = field(default_factory=dict)
    _states: dict[Filter, dict[date, Basis]] = field(default_factory=dict)

    def of(self, where: Where) -> list[Day]:
        """Each day of the window, none after today; InvalidQuestion for a value that neither ledger nor rules know."""
        self.messages.extend(formerly(self.engine, where))
        return self._days(where, self._sums_of(where).get("", {}))

    def parts(self, where: Where, by: str) -> dict[str, list[Day]]:
        """The same by each value of a dimension that anything was spent by; the days of all parts sum to those."""
        return {value: self._days(where, sums) for value, sums in self._sums_of(where, by).items()}

    def spent(self, where: Where, within: Where, by: str = "") -> dict[str, dict[date, Decimal]]:
        """What was spent each day of what is asked within another scope too, by value; unknown names no day."""
        try:
            parts = self._sums_of(where, by, within)
        except InvalidQuestion:
            return {}
        return {
            value: {day: EXACT.add(row.billed, row.used) for day, row in sums.items()} for value, sums in parts.items()
        }

    def billed(self, question: Question) -> list[Mapping[str, Any]]:
        """Return what was billed by the dimensions of a question, US dollars; a group can have several rows."""
        if not question.owned:
            query = select(*question.by, "sum(billed) AS billed").from_("ledger.charges")
            conditions = (in_days(question.window, months=True), *wanted(self.engine, CHARGES, question.where))
            query = query.where("billed IS NOT NULL", *conditions).group_by("ALL")
            return list(self.engine.rows(from_sums(self.engine, query)))
        owned = [name for name in OWNED if name in question.where]
        rows = attribution(self.engine, question, self.owners).sums([*dict.fromkeys((*question.by, *owned))])
        return [row for row in rows if all(question.where[name].takes(row[name]) for name in owned)]

    def _days(self, where: Where, sums: Mapping[date, _Sums]) -> list[Day]:
        days = []
        for day, state in self._known(where.get("organization", Filter())).items():
            row = sums.get(day, _Sums())
            basis = _basis(state, row.billed, row.used, unread=row.unread, rateless=row.rateless)
            days.append(Day(day, row.billed, row.used, basis))
        return days

    def _sums_of(
        self, where: Where, by: str = "", within: Where = MappingProxyType({})
    ) -> dict[str, dict[date, _Sums]]:
        """The sums of each day, by the values of a dimension or under an empty text."""
        question = Question("daily", self.window, (by,) if by else (), where)
        if not question.owned and not {*within} & {*OWNED}:
            return self._charges(question, by, within)
        if {*where} & {*within} - {*OWNED}:
            raise InvalidQuestion("A scope names the same dimension twice.")
        known(question, self.owners)
        question = replace(
            question, where=question.where_but(*OWNED) | {n: f for n, f in within.items() if n not in OWNED}
        )
        owner_filters = [part for part in (where, within) for name in part if name in OWNED]
        flags = self._charges(question, "", {}).get("", {})
        plain = by if by not in OWNED else ""
        sums: dict[str, dict[date, _Sums]] = {}
        for column in ("billed", "used"):
            for (day, value, *whose), amount in self._attributed(question, column, plain).items():
                owner = dict(zip(OWNED, whose, strict=True))
                if all(part[name].takes(owner[name]) for part in owner_filters for name in OWNED if name in part):
                    part = sums.setdefault(owner.get(by, value), {})
                    row = part.get(day) or replace(flags.get(day, _Sums()), billed=_NOTHING, used=_NOTHING)
                    part[day] = (
                        replace(row, billed=EXACT.add(row.billed, amount))
                        if column == "billed"
                        else replace(row, used=EXACT.add(row.used, amount))
                    )
        if not by:
            sums.setdefault("", {})
        for part in sums.values():
            for day, row in flags.items():
                part.setdefault(day, replace(row, billed=_NOTHING, used=_NOTHING))
        return sums

    def _known(self, organizations: Filter) -> dict[date, Basis]:
        """What each day is known by, of all organizations that are asked about."""
        if organizations not in self._states:
            where = {} if organizations == Filter() else {"organization": organizations}
            question = Question("daily", self.window, (), where)
            bill, use = (cover(self.engine, table, question, self.now)[0] for table in (CHARGES, USED))
            without, running = set(bill["absent"]), {*bill["running"], *use["running"], str(self.now.date())}
            states = {}
            for day in self.window.days():
                if day > self.now.date():
                    break
                if str(day) not in without:
                    states[day] = Basis.PART if str(day) in bill["running"] else Basis.BILLED
                elif str(day) in use["absent"]:
                    states[day] = Basis.ABSENT
                else:
                    states[day] = Basis.PART if str(day) in running else Basis.USED
            self._states[organizations] = states
        return self._states[organizations]

    def _attributed(self, question: Question, column: str, by: str) -> dict[tuple[date, str, str, str], Decimal]:
        """US dollars of every day, value of a dimension, team and cost center, split by the rules as the bill is.

        What was billed, or what use that is not billed yet is priced at.
        """
        cache_key = f"{column} {by} {sorted(question.where.items())}"
        if cache_key not in self._cache:
            shares = self._shares(question, column, by, cache_key)
            self.messages.extend(shares.messages)
            self._cache[cache_key] = shares.amounts
        return self._cache[cache_key]

    def _shares(self, question: Question, column: str, by: str, cache_key: str) -> _Shares:
        """The same with what to say of it; of no dimension worked out once for each version and owners."""
        key = (_Shares, self.window, cache_key)
        known: _Shares | None = self.engine.results.get(key)
        if known and known.owners == self.owners:
            return known
        dims = ("day", *((by,) if by else ()), *OWNED)
        amount = BILLED if column == "billed" else _USED
        owner_charges = attribution(self.engine, replace(question, by=dims), self.owners, amount, amount)
        amounts = {
            (row["day"], row[by] if by else "", row["team"], row["cost_center"]): row["billed"]
            for row in owner_charges.sums(dims)
        }
        shares = _Shares(self.owners, amounts, messages(self.owners, owner_charges))
        if not by:
            self.engine.results[key] = shares
        return shares

    def _charges(self, question: Question, by: str, within: Where) -> dict[str, dict[date, _Sums]]:
        """US dollars billed and used by value and day, and whether use has no rate or the bill is unread."""
        query = select(
            "day",
            *([f"{by} AS value"] if by else []),
            "sum(billed) AS billed",
            f"sum(priced) FILTER ({_NOT_YET}) AS used",
            f"bool_or({_NOT_YET} AND priced IS NULL AND quantity IS NOT NULL) AS rateless",
            f"bool_or(cause = '{BILL_NOT_READ}') AS unread",
        )
        where = [
            in_days(question.window, months=True),
            *wanted(self.engine, CHARGES, question.where),
            *wanted(self.engine, CHARGES, within, strict=False),
        ]
        query = query.from_("ledger.charges").where(*where).group_by("day", *([by] if by else []))
        sums: dict[str, dict[date, _Sums]] = {}
        for row in self.engine.rows(from_sums(self.engine, query)):
            amounts = (row["billed"] or _NOTHING, row["used"] or _NOTHING)
            value = row["value"] or "" if by else ""
            sums.setdefault(value, {})[row["day"]] = _Sums(*amounts, bool(row["rateless"]), bool(row["unread"]))
        return sums


def scope(where: Mapping[str, str | Sequence[str]] | None) -> dict[str, Filter]:
    """Return what is written of each dimension as its filter; InvalidQuestion for one that nothing is spent by."""
    conditions = filters(where, DIMENSIONS)
    for name in conditions:
        if name not in DIMENSIONS:
            raise InvalidQuestion(f"No spend of days is known by {name}.", choose(name, DIMENSIONS))
    return conditions


def _basis(state: Basis, billed: Decimal, used: Decimal, *, unread: bool, rateless: bool) -> Basis:
    """What a day is known by, from what was read of it, its charges, and whether bill and rates are known."""
    if unread and state in {Basis.USED, Basis.PART}:
        state = Basis.ABSENT  # its bill is there and could not be read
    if (rateless and state in {Basis.BILLED, Basis.USED}) or (state is Basis.ABSENT and (billed or used)):
        return Basis.PART  # what the charges say of it goes before
    return Basis.USED if state is Basis.BILLED and used else state  # its bill is late
