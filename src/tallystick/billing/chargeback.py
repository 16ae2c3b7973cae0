"""Chargeback: what every team is charged for a month, line by line, which adds up to the bill.

The charges are those of `reports.closed`: of a closed month the ones that it was closed with, else a draft of today's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.causes import CREDIT
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT, plain, ratio, rounded, total
from tallystick.core.price_entries import PLAIN, UNITS
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.errors import LedgerError
from tallystick.query.charge_source import from_sums
from tallystick.query.closed_months import Month, month, month_sums
from tallystick.query.closings import ADJUSTMENT, CHARGE
from tallystick.query.conditions import equals
from tallystick.query.coverage import cover
from tallystick.query.filters import within
from tallystick.query.known_zeros import quiet
from tallystick.query.month_state import month_state
from tallystick.query.names import directory, named
from tallystick.query.owners import renaming
from tallystick.query.spelling import spellings
from tallystick.query.unused import AFTER, BEFORE
from tallystick.store.engine import Engine
from tallystick.tally.cents import cents
from tallystick.tally.owners import Owners
from tallystick.tally.rules import FIELDS, NO_CENTER, UNOWNED

OWN, SHARED = "own", "shared"
PARTS = (OWN, SHARED, ADJUSTMENT)
"""What a line of a statement is: a team's own, its part of a shared line, or what was restated of a closed month."""
_DIMS = ("workspace", "key", "model", "kind", "tier", "context", "geo", "speed", "unit")
_SAME = ("cost_center", *_DIMS, "method", "rule", "how")
_ORDINARY = frozenset({*PLAIN.values(), "not_available", "unknown", "none"})
"""What need not be said of a line: nothing special was asked for, or no report tells."""
_ALLOCATED = "`allocated` lines were billed to several users together and are split by use at list price."
PLACES = 6
"""Places of a unit price: the effective one of the month, what was billed over what was used."""


@dataclass(frozen=True)
class Charged:
    """What every team is charged for a month: the lines of each, and what to say of them all.

    `name` is the organization's, `as_of` the version of the ledger that was asked, `state` how final the month is. Of
    `sums` there is one for each cost center and part, in the place of lines.
    """

    month: Month
    name: str
    lines: Mapping[str, Sequence[Mapping[str, Any]]]
    messages: tuple[Message, ...]
    as_of: Mapping[str, Any]
    state: str
    sums: bool = False

    @property
    def teams(self) -> list[str]:
        """Every team that is charged anything, by name, what nobody owns last."""
        return sorted(self.lines, key=lambda team: (team == UNOWNED, team))

    def amount(self, team: str, *parts: str) -> Decimal:
        """The exact sum of a team's lines, of some parts or of all."""
        return _of([line for line in self.lines.get(team, ()) if not parts or line["part"] in parts])

    @property
    def loose(self) -> list[Message]:
        """What to say of amounts that nobody owns, and of those that have no cost center."""
        nobody = _of(self.lines.get(UNOWNED, ()))
        lines = (line for team_lines in self.lines.values() for line in team_lines)
        uncentered = [line for line in lines if line["cost_center"] == NO_CENTER]
        teams, without = ", ".join(sorted({line["team"] for line in uncentered})), _of(uncentered)
        messages = [warning(f"{rounded(nobody):,} USD is owned by nobody ({UNOWNED}).", nobody)] if nobody else []
        if uncentered:
            messages.append(warning(f"No cost center is known for {teams}: {rounded(without):,} USD.", without))
        return messages

    @property
    def posted(self) -> dict[tuple[str, str], Decimal]:
        """What to post for each team and cost center, in cents that sum to the rounded whole."""
        sums: dict[tuple[str, str], list[Decimal]] = {}
        for team in self.teams:
            for line in self.lines[team]:
                sums.setdefault((team, line["cost_center"]), []).append(line["amount"])
        return dict(zip(sums, cents([total(amounts) for amounts in sums.values()]), strict=True))

    @property
    def amount_due(self) -> Decimal:
        """What all statements come to."""
        return total([self.amount(team) for team in self.teams])


def charged(
    engine: Engine, organization: str, name: str, owners: Owners, now: datetime, *, sums: bool = False
) -> Charged:
    """What every team is charged for a month, in lines or in `sums`; LedgerError where they differ from the bill."""
    if sums:
        charged_month = month_sums(engine, organization, name, owners)
        lines = [line | {"amount": line["billed_sum"]} for line in _summed(charged_month.lines)]
    else:
        charged_month = month(engine, organization, name, owners)
        lines = _lines(charged_month.lines, named(engine, ("workspace", "key"), charged_month.at))
    by_team: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        by_team.setdefault(line["team"], []).append(line)
    called = directory(engine, "organization", charged_month.at).get(organization, organization)
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
    made = Charged(charged_month, called, by_team, messages, engine.version.identity, state, sums)
    adjusted = charged_month.closing.billed[ADJUSTMENT] if charged_month.closing else charged_month.billed(ADJUSTMENT)
    if off := EXACT.subtract(made.amount_due, EXACT.add(_bill(engine, charged_month), adjusted)):
        raise LedgerError(
            f"The statements of {name} differ from the bill by {plain(off)} USD.",
            "`tallystick verify` shows what does not add up; a sync or a rebuild may mend it.",
        )
    return made


def _of(lines: Sequence[Mapping[str, Any]]) -> Decimal:
    return total([line["amount"] for line in lines])


def _lines(rows: pa.Table, names: Mapping[str, Callable[[str], str]]) -> list[dict[str, Any]]:
    """The lines of statements: charges of a team that are alike in all but the day; an adjustment keeps its day.

    `list` and `quantity` are None where one of the charges does not know it; `line_total` is what the line costs all.
    """
    summed: list[dict[str, Any]] = []
    totals: dict[tuple[Any, ...], list[Decimal]] = {}
    for line in _summed(rows):
        line_key = tuple(line[name] for name in ("part", "day", "counted", *_SAME[1:]))
        totals.setdefault(line_key, []).append(line["billed_sum"])
        summed.append(line | {"at": line_key})
    lines = []
    for line in summed:
        amount, count = line["billed_sum"], UNITS.get(line["kind"], (line["unit"], 1))[1]
        quantity = line["quantity_sum"] if line["counted"] else None
        priced = EXACT.divide(Decimal(quantity), Decimal(count)) if quantity and line["part"] != ADJUSTMENT else None
        lines.append(
            {name: line[name] for name in ("organization", "month", "team", "part", *_SAME)}
            | {
                "day": line["day"] and str(line["day"]),
                "terms": ", ".join(term for term in (line[name] for name in PLAIN) if term not in _ORDINARY),
                "quantity": quantity,
                "unit_price": ratio(amount, priced, PLACES) if priced else None,
                "per": line["unit"] if count == 1 else f"{count:,} {line['unit']}",
                "list": line["list_sum"] if line["list_count"] == line["billed_count"] else None,
                "line_total": total(totals[line["at"]]),
                "amount": amount,
                **{f"{name}_name": names[name](line[name]) for name in names},
            }
        )
    order = ("day", "workspace_name", "workspace", "key_name", "key", "model", "kind", "terms", "method", "rule")
    return sorted(lines, key=lambda line: (PARTS.index(line["part"]), *(line[name] or "" for name in order)))


def _summed(rows: pa.Table) -> list[dict[str, Any]]:
    """Billed charges summed over the days, `counted` apart from those whose quantity no report tells."""
    rows = rows.filter(pc.is_valid(rows["billed"]))
    adjusted = pc.equal(rows["what"], ADJUSTMENT)
    shared = pc.invert(pc.is_in(rows["how"], pa.array(["team", "none"])))
    part = pc.case_when(pc.make_struct(adjusted, shared), ADJUSTMENT, SHARED, OWN)
    day = pc.if_else(adjusted, rows["day"], pa.scalar(None, pa.date32()))
    rows = rows.drop_columns(["day"]).append_column("part", part).append_column("day", day)
    rows = rows.append_column("counted", pc.is_valid(rows["quantity"]))
    by = ["organization", "month", "team", "part", "day", "counted", *_SAME]
    sums = [("billed", "sum"), ("billed", "count"), ("list", "sum"), ("list", "count"), ("quantity", "sum")]
    summed: list[dict[str, Any]] = rows.group_by(by).aggregate(sums).to_pylist()
    return summed


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
    lines = charged_month.lines.select(["organization", "day", *FIELDS[1:]])
    changes = charged_month.owners.renamings(spellings(engine)) if charged_month.owners.rules else []
    notes = [renaming(charged_month.owners, changed) for changed in charged_month.renamings]
    for changed in changes:
        name = "workspace" if changed.condition == "tag" else changed.condition
        since = pc.and_(pc.equal(lines[name], changed.id), pc.greater_equal(lines["day"], pa.scalar(changed.day)))
        if changed.organization == charged_month.organization and pc.any(since).as_py():
            notes.append(renaming(charged_month.owners, changed))
    return notes
