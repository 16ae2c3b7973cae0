"""Closed months: the lines that a billing month is charged with: those it was closed with, else a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.ledger_tables import CLOSED
from tallystick.core.select import Select
from tallystick.core.time import Window
from tallystick.core.time_words import utc_month
from tallystick.query.closings import (
    ADJUSTMENT,
    CHARGE,
    RULES,
    Closing,
    closed_rows,
    closings,
    following,
    rows_of,
    rules,
)
from tallystick.query.conditions import among, equals
from tallystick.query.line_groups import KNOWN
from tallystick.query.month_lines import LINE, adjustments, attributed, line_sums, summed
from tallystick.store.columns import schema
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners
from tallystick.tally.rules import like

_WHO = ("organization", "month", "what", "team", "cost_center", "rule", "how", "method", "cause")
"""What says who is charged for a line, and how."""
_DAY = f"CASE WHEN what = '{ADJUSTMENT}' THEN day END AS day"


@dataclass(frozen=True)
class Month:
    """The lines of one organization's billing month, one for each charge and team that has a part in it.

    `lines` has the columns of the table `closed`, `what` being charge or adjustment; `owners` are the rules that they
    are owned by, and `closing` is None for a draft.
    """

    organization: str
    name: str
    lines: pa.Table
    owners: Owners
    closing: Closing | None = None

    @property
    def at(self) -> datetime | None:
        """By when a name must have been seen to be meant; None for the newest."""
        return self.closing.at if self.closing else None

    @property
    def window(self) -> Window:
        """The UTC days of the month."""
        return utc_month(self.name)

    def billed(self, part: str) -> Decimal:
        """The exact US dollars of its charges or of its adjustments."""
        return pc.sum(self.lines.filter(pc.equal(self.lines["what"], part))["billed"]).as_py() or Decimal(0)


def month(engine: Engine, organization: str, name: str, owners: Owners, at: datetime | None = None) -> Month:
    """The lines of a billing month: those it was closed with, else its charges as `owners` own them.

    Names of a draft are meant as they are, or had been seen by `at`.

    The first month after the newest closed one has what was restated of closed months too, as adjustments.
    """
    known = closings(engine, organization)
    if name in known:
        rows = closed_rows(engine, organization, name)
        lines = rows.filter(pc.is_in(rows["what"], pa.array([CHARGE, ADJUSTMENT])))
        return Month(organization, name, lines, rules(rows), known[name])
    draft = attributed(engine, organization, name, owners, at)
    if known and name == following(known):
        draft = pa.concat_tables([draft, adjustments(engine, organization, name)])
    return Month(organization, name, draft, owners)


def month_sums(engine: Engine, organization: str, name: str, owners: Owners, *, lines: bool) -> Month:
    """The same month with what was billed summed by who is charged and how, or by all that `lines` tell.

    All else is null; an adjustment keeps its day.
    """
    known = closings(engine, organization)
    if name in known:
        of_month = rows_of(organization).where(equals("month", name))
        sums = _closed_sums(engine, of_month, (*_WHO, *LINE, _DAY) if lines else _WHO)
        frozen_rules = rules(engine.ask(of_month.where(equals("what", RULES))))
        return Month(organization, name, sums, frozen_rules, known[name])
    draft = (line_sums if lines else summed)(engine, organization, name, owners)
    if known and name == following(known):
        draft = pa.concat_tables([draft, adjustments(engine, organization, name)])
    return Month(organization, name, draft, owners)


def _closed_sums(engine: Engine, rows: Select, by: Sequence[str]) -> pa.Table:
    """The sums of what is charged in a closed month, in the columns of `closed`."""
    sums = ("sum(billed) AS billed", "sum(list) AS list", "sum(quantity) AS quantity")
    charged = rows.where(among("what", (CHARGE, ADJUSTMENT)), "billed IS NOT NULL")
    groups = (*(sql.rpartition(" AS ")[0] or sql for sql in by), *KNOWN.values())
    lines = engine.rows(replace(charged, columns=(*by, *sums)).group_by(*groups))
    return pa.Table.from_pylist(lines, schema(CLOSED))


def frozen(owners: Owners, people: Mapping[tuple[str, str], frozenset[str]], draft: Month) -> str:
    """The rules as a closing keeps them: actors by their ids, so that no person is named; `*` is everybody and stays.

    `people` has all the words for each (organization, id).
    """
    ids = {id_: {id_, *words} for (organization, id_), words in people.items() if organization == draft.organization}
    ids |= {actor: {actor, *ids.get(actor, ())} for actor in draft.lines["actor"].drop_null().unique().to_pylist()}

    def known(value: str) -> set[str]:
        return {id_ for id_, words in ids.items() if any(like(value).fullmatch(word) for word in words)}

    def ids_of(values: tuple[str, ...]) -> tuple[str, ...]:
        matches = set().union(*map(known, values))
        return ("*",) if "*" in values else tuple(sorted(matches))

    rules = [
        replace(rule, conditions={**rule.conditions, "actor": ids_of(rule.conditions["actor"])})
        if "actor" in rule.conditions
        else rule
        for rule in owners.rules
    ]
    return msgspec.json.encode(rules).decode()
