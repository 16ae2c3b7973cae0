"""Daily spend: what each UTC day cost: billed where the bill was read, else the use of that day as priced.

The two are kept apart. A day of which neither is in the ledger is absent, which is not zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tallystick.core.causes import BILL_NOT_READ, NOT_BILLED_YET
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES, USED
from tallystick.core.message import Message
from tallystick.core.money import EXACT
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.core.time import Window
from tallystick.query.charge_groups import BILLED, OWNED, Figure
from tallystick.query.coverage import cover
from tallystick.query.filters import wanted, within
from tallystick.query.owners import attribution, known, messages, owned
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


@dataclass(frozen=True)
class Daily:
    """The days of a window up to the running one, of whatever is asked; `messages` say how owners share."""

    engine: Engine
    window: Window
    now: datetime
    owners: Owners = field(default_factory=Owners)
    messages: list[Message] = field(default_factory=list)
    _sums: dict[str, dict[tuple[date, str, str], Decimal]] = field(default_factory=dict)
    _states: dict[Filter, dict[date, Basis]] = field(default_factory=dict)

    def of(self, where: Where) -> list[Day]:
        """Each day of the window, none after today; InvalidQuestion for a value that neither ledger nor rules know."""
        question = Question("daily", self.window, (), where)
        self.messages.extend(formerly(self.engine, where))
        by_day = self._charges(question)
        if owned(question):
            known(question, self.owners)
            billed, used = (self._amounts(question, column) for column in ("billed", "priced"))
        else:
            billed, used = ({day: row[name] or _NOTHING for day, row in by_day.items()} for name in ("billed", "used"))
        rateless, unread = ({day for day, row in by_day.items() if row[name]} for name in ("rateless", "unread"))
        days = []
        for day, state in self._known(where.get("organization", Filter())).items():
            before, so_far = billed.get(day, _NOTHING), used.get(day, _NOTHING)
            basis = _basis(state, before, so_far, unread=day in unread, rateless=day in rateless)
            days.append(Day(day, before, so_far, basis))
        return days

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

    def _amounts(self, question: Question, column: str) -> dict[date, Decimal]:
        """US dollars by day of owners: what was billed, or what use that is not billed yet is priced at."""
        sums: dict[date, Decimal] = {}
        for (day, *whose), amount in self._attributed(question, column).items():
            asked = (question.where.get(name, Filter()) for name in OWNED)
            if all(part.takes(value) for part, value in zip(asked, whose, strict=True)):
                sums[day] = EXACT.add(sums.get(day, _NOTHING), amount)
        return sums

    def _attributed(self, question: Question, column: str) -> dict[tuple[date, str, str], Decimal]:
        """The same of every team and cost center, split by the owners' rules as the bill is."""
        where = question.where_but(*OWNED)
        cache_key = f"{column} {sorted(where.items())}"
        if cache_key not in self._sums:
            owned_question = Question("daily", question.window, ("day", *OWNED), where)
            amount = BILLED if column == "billed" else _USED
            owner_charges = attribution(self.engine, owned_question, self.owners, amount, amount)
            self.messages.extend(messages(self.owners, owner_charges))
            self._sums[cache_key] = {
                (row["day"], row["team"], row["cost_center"]): row["billed"]
                for row in owner_charges.sums(("day", *OWNED))
            }
        return self._sums[cache_key]

    def _charges(self, question: Question) -> dict[date, dict[str, Any]]:
        """US dollars billed and used by day, and whether use has no rate or the bill is unread, whoever owns it."""
        query = select(
            "day",
            "sum(billed) AS billed",
            f"sum(priced) FILTER ({_NOT_YET}) AS used",
            f"bool_or({_NOT_YET} AND priced IS NULL AND quantity IS NOT NULL) AS rateless",
            f"bool_or(cause = '{BILL_NOT_READ}') AS unread",
        )
        where = (within(question.window, months=True), *wanted(self.engine, CHARGES, question.where_but(*OWNED)))
        rows = self.engine.rows(query.from_("ledger.charges").where(*where).group_by("day"))
        return {row["day"]: row for row in rows}


def _basis(state: Basis, billed: Decimal, used: Decimal, *, unread: bool, rateless: bool) -> Basis:
    """What a day is known by, from what was read of it, its charges, and whether bill and rates are known."""
    if unread and state in {Basis.USED, Basis.PART}:
        state = Basis.ABSENT  # its bill is there and could not be read
    if (rateless and state in {Basis.BILLED, Basis.USED}) or (state is Basis.ABSENT and (billed or used)):
        return Basis.PART  # what the charges say of it goes before
    return Basis.USED if state is Basis.BILLED and used else state  # its bill is late
