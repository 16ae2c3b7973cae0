"""Since closed: where an answer by owner differs from what its months were closed with, and by how much.

Answers go by the rules, names and figures of today; statements of a closed month hold as they were sent. Both amounts
are named, so that nobody takes the one for the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.filter import Filter
from tallystick.core.message import Message, warning
from tallystick.core.money import EXACT, rounded
from tallystick.core.question import Question
from tallystick.core.time import Window
from tallystick.core.time_words import utc_month
from tallystick.query.closed_months import CHARGE, closings, kept, rules
from tallystick.query.names import organizations
from tallystick.query.owners import attribution
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners
from tallystick.tally.rules import Rule

_NAMED = 3
"""Teams that a message names; the others are counted."""
_OWNER = tuple[str, str]


def otherwise(engine: Engine, asked_window: Window, owners: Owners) -> list[Message]:
    """What to say of closed months in a window whose teams have other amounts by today's rules, names and bill."""
    warnings = []
    for organization in organizations(engine):
        for name in closings(engine, organization):
            days = asked_window & utc_month(name)
            if not days:
                continue
            rows = kept(engine, organization, name)
            then = _closed(rows, days)
            now = _today(engine, organization, days, owners)
            differ = [owner for owner in {**then, **now} if then.get(owner, Decimal(0)) != now.get(owner, Decimal(0))]
            if not differ:
                continue
            same = _rules(rules(rows).rules) == _rules(owners.rules)
            reason = "with other amounts" if same else "by other rules of the owners"
            text = f"{name} was closed {reason}: {_listed(differ, then, now)}. Its statements hold as sent."
            largest = max(
                abs(EXACT.subtract(now.get(owner, Decimal(0)), then.get(owner, Decimal(0)))) for owner in differ
            )
            warnings.append(warning(text, largest))
    return warnings


def _closed(rows: pa.Table, days: Window) -> dict[_OWNER, Decimal]:
    """What each team and cost center was charged for these days when their month was closed."""
    start, end = (pa.scalar(when.date(), pa.date32()) for when in (days.start, days.end))
    within = pc.and_(pc.greater_equal(rows["day"], start), pc.less(rows["day"], end))
    rows = rows.filter(pc.and_kleene(within, pc.equal(rows["what"], CHARGE)))
    sums = rows.group_by(["team", "cost_center"]).aggregate([("billed", "sum")]).to_pylist()
    return {(row["team"], row["cost_center"]): row["billed_sum"] or Decimal(0) for row in sums}


def _today(engine: Engine, organization: str, days: Window, owners: Owners) -> dict[_OWNER, Decimal]:
    """The same by the rules, names and bill of today."""
    question = Question("closed", days, (), {"organization": Filter.of(organization)})
    sums = attribution(engine, question, owners).sums(["team", "cost_center"])
    return {(row["team"], row["cost_center"]): row["billed"] for row in sums}


def _rules(owner_rules: Iterable[Rule]) -> list[Rule]:
    """Rules as they can be compared: a closing keeps actors by their ids alone."""
    return [replace(rule, conditions={**rule.conditions, "actor": ()}) for rule in owner_rules]


def _listed(differ: Iterable[_OWNER], then: dict[_OWNER, Decimal], now: dict[_OWNER, Decimal]) -> str:
    """Owners with both amounts, the largest change first."""

    def amounts(owner: _OWNER) -> tuple[Decimal, Decimal]:
        return then.get(owner, Decimal(0)), now.get(owner, Decimal(0))

    largest = sorted(differ, key=lambda owner: (-abs(EXACT.subtract(*amounts(owner))), owner))
    teams = [team for team, _ in largest]
    words = []
    for team, center in largest[:_NAMED]:
        before, here = (f"{rounded(amount):,}" for amount in amounts((team, center)))
        called = f"{team} ({center})" if teams.count(team) > 1 else team
        words.append(f"{called} {before} USD then, {here} here")
    rest = [f"{len(largest) - _NAMED} more"] if len(largest) > _NAMED else []
    return "; ".join([*words, *rest])
