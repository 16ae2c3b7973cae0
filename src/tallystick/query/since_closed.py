"""Since closed: where an answer by owner differs from what its months were closed with, and by how much.

Answers go by the rules, names and figures of today; statements of a closed month hold as they were sent. Both amounts
are named, so that nobody takes the one for the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from tallystick.core.filter import Filter
from tallystick.core.message import Message, warning
from tallystick.core.money import EXACT, rounded
from tallystick.core.question import Question
from tallystick.core.time import Window
from tallystick.core.time_words import utc_month
from tallystick.query.closings import CHARGE, closed_rows, closings, rules
from tallystick.query.names import organizations
from tallystick.query.owners import attribution
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners
from tallystick.tally.rules import Rule

if TYPE_CHECKING:
    import pyarrow as pa

_NAMED = 3
"""Teams that a message names; the others are counted."""
_OWNER = tuple[str, str]
_Amounts = defaultdict[_OWNER, Decimal]
"""What each team and cost center is charged: nothing where it is not named."""


def otherwise(engine: Engine, asked_window: Window, owners: Owners) -> list[Message]:
    """What to say of closed months in a window whose teams have other amounts by today's rules, names and bill."""
    warnings = []
    for organization in organizations(engine):
        for name in closings(engine, organization):
            days = asked_window & utc_month(name)
            if not days:
                continue
            rows = closed_rows(engine, organization, name)
            then = _closed(rows, days)
            now = _today(engine, organization, days, owners)
            changes = {owner: EXACT.subtract(now[owner], then[owner]) for owner in {**then, **now}}
            if not any(changes.values()):
                continue
            is_same = _rules(rules(rows).rules) == _rules(owners.rules)
            reason = "with other amounts" if is_same else "by other rules of the owners"
            text = f"{name} was closed {reason}: {_listed(changes, then, now)}. Its statements hold as sent."
            warnings.append(warning(text, max(map(abs, changes.values()))))
    return warnings


def _closed(rows: pa.Table, days: Window) -> _Amounts:
    """What each team and cost center was charged for these days when their month was closed."""
    import pyarrow as pa
    import pyarrow.compute as pc

    start, end = (pa.scalar(when.date(), pa.date32()) for when in (days.start, days.end))
    within = pc.and_(pc.greater_equal(rows["day"], start), pc.less(rows["day"], end))
    rows = rows.filter(pc.and_kleene(within, pc.equal(rows["what"], CHARGE)))
    sums = rows.group_by(["team", "cost_center"]).aggregate([("billed", "sum")]).to_pylist()
    return defaultdict(Decimal, {(row["team"], row["cost_center"]): row["billed_sum"] or Decimal(0) for row in sums})


def _today(engine: Engine, organization: str, days: Window, owners: Owners) -> _Amounts:
    """The same by the rules, names and bill of today."""
    question = Question("closed", days, (), {"organization": Filter.of(organization)})
    sums = attribution(engine, question, owners).sums(["team", "cost_center"])
    return defaultdict(Decimal, {(row["team"], row["cost_center"]): row["billed"] for row in sums})


def _rules(owner_rules: Iterable[Rule]) -> list[Rule]:
    """Rules as they can be compared: a closing keeps actors by their ids alone."""
    return [replace(rule, conditions={**rule.conditions, "actor": ()}) for rule in owner_rules]


def _listed(changes: Mapping[_OWNER, Decimal], then: _Amounts, now: _Amounts) -> str:
    """The owners whose amount changed with both amounts, the largest change first."""
    largest = sorted(filter(changes.get, changes), key=lambda owner: (-abs(changes[owner]), owner))
    teams = [team for team, _ in largest]
    words = []
    for team, center in largest[:_NAMED]:
        label = f"{team} ({center})" if teams.count(team) > 1 else team
        before, here = (f"{rounded(amounts[team, center]):,}" for amounts in (then, now))
        words.append(f"{label} {before} USD then, {here} here")
    rest = [f"{len(largest) - _NAMED} more"] if len(largest) > _NAMED else []
    return "; ".join([*words, *rest])
