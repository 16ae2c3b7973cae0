"""Chargeback: what every team is charged for a month, line by line, which adds up to the bill.

The charges are those of `reports.closed`: of a closed month the ones that it was closed with, else a draft of today's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.billing.statement_lines import PARTS, ZERO, line_totals, statement_lines
from tallystick.core.causes import CREDIT
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT, plain, rounded, total
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.errors import LedgerError
from tallystick.query.charge_source import from_sums
from tallystick.query.closed_months import Month, month_sums
from tallystick.query.closings import ADJUSTMENT, CHARGE
from tallystick.query.conditions import equals, within
from tallystick.query.coverage import cover
from tallystick.query.known_zeros import quiet
from tallystick.query.month_source import from_months
from tallystick.query.month_state import month_state
from tallystick.query.names import directory, named
from tallystick.query.owners import renaming
from tallystick.query.spelling import spellings
from tallystick.query.unused import AFTER, BEFORE
from tallystick.store.engine import Engine, per_version
from tallystick.tally.cents import cents
from tallystick.tally.owners import Owners
from tallystick.tally.rules import NO_CENTER, UNOWNED

_ALLOCATED = "`allocated` lines were billed to several users together and are split by use at list price."


@dataclass(frozen=True)
class Charged:
    """What every team is charged for a month: the lines of each, and what to say of them all.

    `name` is the organization's, `as_of` the version of the ledger that was asked, `state` how final the month is. Of
    `summed` lines there are the amounts alone.
    """

    month: Month
    name: str
    lines: Mapping[str, Sequence[Mapping[str, Any]]]
    messages: tuple[Message, ...]
    as_of: Mapping[str, Any]
    state: str
    summed: bool = False

    @cached_property
    def sums(self) -> Mapping[tuple[str, str, str], Decimal]:
        """The exact sum of each team, cost center and part, in the order of the teams, of their lines within one."""
        sums: dict[tuple[str, str, str], Decimal] = {}
        for team in self.teams:
            for line in self.lines[team]:
                group = team, line["cost_center"], line["part"]
                sums[group] = EXACT.add(sums.get(group, ZERO), line["amount"])
        return sums

    @property
    def teams(self) -> list[str]:
        """Every team that is charged anything, by name, what nobody owns last."""
        return sorted(self.lines, key=lambda team: (team == UNOWNED, team))

    def amount(self, team: str, *parts: str) -> Decimal:
        """The exact sum of a team's lines, of some parts or of all."""
        return total(
            [amount for (own, _, part), amount in self.sums.items() if own == team and part in (parts or PARTS)]
        )

    @property
    def loose(self) -> list[Message]:
        """What to say of amounts that nobody owns, and of those that have no cost center."""
        nobody = self.amount(UNOWNED)
        uncentered = {(team, part): sum_ for (team, center, part), sum_ in self.sums.items() if center == NO_CENTER}
        teams, without = ", ".join(sorted({team for team, _ in uncentered})), total([*uncentered.values()])
        messages = [warning(f"{rounded(nobody):,} USD is owned by nobody ({UNOWNED}).", nobody)] if nobody else []
        if uncentered:
            messages.append(warning(f"No cost center is known for {teams}: {rounded(without):,} USD.", without))
        return messages

    @cached_property
    def posted(self) -> Mapping[tuple[str, str], Decimal]:
        """What to post for each team and cost center, in cents that sum to the rounded whole."""
        sums: dict[tuple[str, str], Decimal] = {}
        for (team, center, _), amount in self.sums.items():
            sums[team, center] = EXACT.add(sums.get((team, center), ZERO), amount)
        return dict(zip(sums, cents([*sums.values()]), strict=True))

    @property
    def amount_due(self) -> Decimal:
        """What all statements come to."""
        return total([*self.sums.values()])


def charged(
    engine: Engine, organization: str, name: str, owners: Owners, now: datetime, *, sums: bool = False
) -> Charged:
    """What every team is charged for a month, in lines or in `sums`; LedgerError where they differ from the bill."""
    charged_month = month_sums(engine, organization, name, owners, lines=not sums)
    names = named(engine, ("workspace", "key"), charged_month.at)
    lines = line_totals(charged_month.lines) if sums else statement_lines(charged_month.lines, names)
    by_team: dict[str, list[Mapping[str, Any]]] = {}
    for line in lines:
        by_team.setdefault(line["team"], []).append(line)
    organization_name = directory(engine, "organization", charged_month.at).get(organization, organization)
    question = Question("statement", charged_month.window, (), {"organization": Filter.of(organization)})
    coverage, covered = cover(engine, CHARGES, question, now)
    if not (by_team or charged_month.closing or coverage["present"]):
        raise LedgerError(
            f"The ledger has no bill of {name}: what it came to is unknown.",
            f"`tallystick sync --since {name}` reads it.",
        )
    zero = None if by_team else quiet(engine, question, name, now)
    messages = (*([note(zero)] if zero else ()), *_messages(engine, charged_month, covered))
    state = month_state(engine, organization, name, now).sentence(now.date())
    statement = Charged(charged_month, organization_name, by_team, messages, engine.version.identity, state, sums)
    adjusted = charged_month.closing.billed[ADJUSTMENT] if charged_month.closing else charged_month.billed(ADJUSTMENT)
    if off := EXACT.subtract(statement.amount_due, EXACT.add(_bill(engine, charged_month), adjusted)):
        raise LedgerError(
            f"The statements of {name} differ from the bill by {plain(off)} USD.",
            "`tallystick verify` shows what does not add up; a sync or a rebuild may mend it.",
        )
    return statement


def _of(lines: Sequence[Mapping[str, Any]]) -> Decimal:
    return total([line["amount"] for line in lines])


def _bill(engine: Engine, charged_month: Month) -> Decimal:
    """What a month was billed by the control totals of its days; of a closed month what it was said to close with.

    Of a day that both dialects tell of, by the one that was charged.
    """
    if charged_month.closing:
        return charged_month.closing.billed[CHARGE]
    own, window = equals("organization", charged_month.organization), charged_month.window
    tallied = select("day", "source").distinct().from_("ledger.charges").where(own, within(window, months=True))
    charged_by = {row["day"]: row["source"] for row in engine.rows(from_sums(engine, tallied))}
    bill: dict[date, Decimal] = {}
    for row in engine.rows(select("day", "source", "billed").from_("ledger.days").where(own, within(window))):
        dialect = _DIALECTS.get(row["source"])
        if dialect and (row["day"] not in bill or charged_by.get(row["day"]) == dialect):
            bill[row["day"]] = row["billed"]
    return total(list(bill.values()))


_DIALECTS = {"analytics_cost": "analytics", "cost": "reports"}
"""The dialect of each bill, as the charges name it."""


def _messages(engine: Engine, charged_month: Month, covered: Sequence[Message]) -> Iterator[Message]:
    """What to know of the statements of a month, `covered` being what there is to say of its coverage as it is now."""
    credit = CREDIT in charged_month.lines["cause"].unique().to_pylist()
    yield note(f"In US dollars as billed by Anthropic, {AFTER if credit else BEFORE}.", is_general=True)
    if charged_month.closing is None:
        yield from map(warning, _renamed(engine, charged_month))
        yield from covered
    if "allocated" in charged_month.lines["method"].unique().to_pylist():
        yield note(_ALLOCATED, is_general=True)


def _renamed(engine: Engine, charged_month: Month) -> list[str]:
    """What to say of names that changed in a month or before, so that other rules match what was charged since."""
    owners, organization = charged_month.owners, charged_month.organization
    changes = owners.renamings(spellings(engine)) if owners.rules else []
    lines = charged_month.lines.filter(pc.is_valid(charged_month.lines["day"]))
    notes = []
    for changed in (changed for changed in changes if changed.organization == organization):
        name = "workspace" if changed.condition == "tag" else changed.condition
        since = pc.and_(pc.equal(lines[name], changed.id), pc.greater_equal(lines["day"], pa.scalar(changed.day)))
        last = _last_days(engine, organization, charged_month.name, name).get(changed.id, date.min)
        if last >= changed.day or pc.any(since).as_py():
            notes.append(renaming(owners, changed))
    return notes


@per_version
def _last_days(engine: Engine, organization: str, name: str, dimension: str) -> Mapping[str, date]:
    """The last day of a month on which each id of a dimension has charges."""
    query = select(dimension, "max(day) AS day").from_("ledger.charges").group_by(dimension)
    query = from_months(engine, query.where(equals("organization", organization), equals("month", name)))
    return {row[dimension]: row["day"] for row in engine.rows(query)}
