"""Statement: what a team is charged for a month, line by line; the statements of all teams add up to the bill.

The lines are those of `reports.closed`: of a closed month the ones that it was closed with, else a draft of today's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from tallystick.core.document import Chart, Document, Figure, Section
from tallystick.core.money import EXACT, plain, ratio, rounded, total
from tallystick.core.prices import PLAIN, UNITS
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.records import CHARGES, DAYS
from tallystick.core.time import text
from tallystick.errors import AskedWrongly, LedgerError
from tallystick.ledger.engine import Engine
from tallystick.reports.closed import ADJUSTMENT, CHARGE, Month, month
from tallystick.reports.coverage import cover, spans
from tallystick.reports.names import directory, named
from tallystick.tally.owners import UNOWNED, Owners

OWN, SHARED = "own", "shared"
PARTS = (OWN, SHARED, ADJUSTMENT)
"""What a line of a statement is: a team's own, its part of a shared line, or what was restated of a closed month."""
_DIMS = ("workspace", "key", "model", "kind", "tier", "context", "geo", "speed", "unit")
_SAME = ("cost_center", *_DIMS, "method", "rule", "how")
_ORDINARY = frozenset({*PLAIN.values(), "not_available", "unknown", "none"})
"""What need not be said of a line: nothing special was asked for, or no report tells."""
PLACES = 6
"""Places of a unit price: the effective one of the month, what was billed over what was used."""

LINES = (
    Heading("organization", Kind.DIMENSION),
    Heading("month", Kind.DIMENSION),
    Heading("team", Kind.DIMENSION),
    Heading("cost_center", Kind.DIMENSION),
    Heading("part", Kind.TEXT),
    Heading("day", Kind.DIMENSION),
    Heading("workspace", Kind.DIMENSION),
    Heading("workspace_name", Kind.NAME),
    Heading("key", Kind.DIMENSION),
    Heading("key_name", Kind.NAME),
    Heading("model", Kind.DIMENSION),
    Heading("kind", Kind.DIMENSION),
    Heading("terms", Kind.TEXT),
    Heading("quantity", Kind.COUNT),
    Heading("unit", Kind.TEXT),
    Heading("unit_price", Kind.NUMBER, "USD"),
    Heading("per", Kind.TEXT),
    Heading("list", Kind.MONEY, "USD"),
    Heading("line_total", Kind.MONEY, "USD"),
    Heading("amount", Kind.MONEY, "USD"),
    Heading("method", Kind.DIMENSION),
    Heading("rule", Kind.TEXT),
    Heading("how", Kind.TEXT),
)
"""Every column of a statement's lines, as formats of rows have them; pages show those that matter in each section."""
_USE = ("workspace_name", "key_name", "model", "kind", "terms", "quantity")
_SECTIONS = {
    OWN: (
        "What the team used",
        (*_USE, "unit_price", "per", "amount", "method"),
        "A unit price is the effective one of the month: what was billed over what was used, at these terms.",
    ),
    SHARED: (
        "Its parts of shared costs",
        (*_USE, "line_total", "amount", "rule"),
        "line_total is what the line costs all its teams; each charge of it is split by the rule, to the picodollar.",
    ),
    ADJUSTMENT: (
        "Adjustments of closed months",
        ("day", *_USE, "amount", "rule"),
        "What Anthropic restated after those months were closed: the difference to what was charged for them then.",
    ),
}


@dataclass(frozen=True)
class Charged:
    """What every team is charged for a month: the lines of each, and what to say of them all.

    `name` is the organization's.
    """

    month: Month
    name: str
    lines: Mapping[str, Sequence[Mapping[str, Any]]]
    caveats: tuple[str, ...]

    @property
    def teams(self) -> list[str]:
        """Every team that is charged anything, by name, what nobody owns last."""
        return sorted(self.lines, key=lambda it: (it == UNOWNED, it))

    def amount(self, team: str, *parts: str) -> Decimal:
        """The exact sum of a team's lines, of some parts or of all."""
        return total([it["amount"] for it in self.lines[team] if not parts or it["part"] in parts])

    @property
    def whole(self) -> Decimal:
        """What all statements come to."""
        return total([self.amount(team) for team in self.teams])


def charged(engine: Engine, organization: str, name: str, owners: Owners, now: datetime) -> Charged:
    """What every team is charged for a month; LedgerError where the lines do not add up to the bill."""
    found = month(engine, organization, name, owners)
    names = named(engine, ("workspace", "key"), found.at)
    by_team: dict[str, list[dict[str, Any]]] = {}
    for line in _lines(found.lines, names):
        by_team.setdefault(line["team"], []).append(line)
    called = directory(engine, "organization", found.at).get(organization, organization)
    made = Charged(found, called, by_team, tuple(_said(engine, found, now)))
    if off := EXACT.subtract(made.whole, EXACT.add(_bill(engine, found), found.billed(ADJUSTMENT))):
        raise LedgerError(
            f"The statements of {name} differ from the bill by {plain(off)} USD.",
            "This is a defect of tallystick: please report it with these figures.",
        )
    return made


def statement(made: Charged, team: str) -> Document:
    """A team's statement; that of `unowned` holds what nobody owns. AskedWrongly for a team that is charged nothing."""
    if team not in made.lines:
        raise AskedWrongly(
            f"No team {team!r} is charged anything for {made.month.name}.", f"There are {', '.join(made.teams)}."
        )
    mine = made.lines[team]
    amount = made.amount(team)
    sections = [
        Section(f"By {word}", _by(mine, column), chart=Chart("bars", column, ("amount",)))
        for word, column in (("workspace", "workspace_name"), ("model", "model"))
    ]
    for part, (title, names, words) in _SECTIONS.items():
        lines = [it for it in mine if it["part"] == part]
        if lines:
            sections.append(Section(title, _table(lines, names), (words,)))
        if part == SHARED and lines:
            sections.append(
                Section("The rules that split them", _rules(made.month.owners, {it["rule"] for it in lines}))
            )
    sections.append(Section("How the statements add up", _together(made), (_adds_up(made),)))
    return Document(
        "statement",
        f"Statement: {team}",
        f"Claude, {made.month.name}, UTC days, for {made.name}. {_state(made.month)}",
        tuple(sections),
        (
            Figure(Heading("amount", Kind.MONEY, "USD"), amount, f"exactly {plain(amount)}"),
            *(
                Figure(Heading(part, Kind.MONEY, "USD"), made.amount(team, part))
                for part in PARTS
                if any(it["part"] == part for it in mine)
            ),
            Figure(Heading("share", Kind.RATIO), ratio(amount, made.whole), f"of {rounded(made.whole):,} USD"),
        ),
        made.caveats,
        _facts(made) | {"team": team},
        _table(mine, [it.name for it in LINES]),
    )


def overview(made: Charged) -> Document:
    """What all teams are charged for a month, one line a team; in formats of rows every line of every statement."""
    every = [line for team in made.teams for line in made.lines[team]]
    section = Section("By team", _together(made), (_adds_up(made),), Chart("bars", "team", ("amount",)))
    return Document(
        "statement",
        f"Statements of {made.month.name}",
        f"Claude, UTC days, for {made.name}. {_state(made.month)}",
        (section,),
        (Figure(Heading("amount", Kind.MONEY, "USD"), made.whole, f"exactly {plain(made.whole)}"),),
        made.caveats,
        _facts(made),
        _table(every, [it.name for it in LINES]),
    )


def _facts(made: Charged) -> dict[str, Any]:
    closing = made.month.closing
    closed = closing and {"at": text(closing.at), "version": closing.version, "digest": closing.digest}
    return {"month": made.month.name, "organization": made.month.organization, "closed": closed}


def _lines(rows: pa.Table, names: Mapping[str, Callable[[str], str]]) -> list[dict[str, Any]]:
    """The lines of statements: charges of a team that are alike in all but the day; an adjustment keeps its day.

    `list` and `quantity` are None where one of the charges does not know it; `line_total` is what the line costs all.
    """
    found: list[dict[str, Any]] = []
    totals: dict[tuple[Any, ...], list[Decimal]] = {}
    for line in _summed(rows):
        at = tuple(line[name] for name in ("part", "day", "counted", *_SAME[1:]))
        totals.setdefault(at, []).append(line["billed_sum"])
        found.append(line | {"at": at})
    lines = []
    for line in found:
        amount, count = line["billed_sum"], UNITS.get(line["kind"], (line["unit"], 1))[1]
        quantity = line["quantity_sum"] if line["counted"] else None
        priced = quantity and line["part"] != ADJUSTMENT
        lines.append(
            {name: line[name] for name in ("organization", "month", "team", "part", *_SAME)}
            | {
                "day": line["day"] and str(line["day"]),
                "terms": ", ".join(it for it in (line[name] for name in PLAIN) if it not in _ORDINARY),
                "quantity": quantity,
                "unit_price": ratio(EXACT.multiply(amount, Decimal(count)), quantity or 1, PLACES) if priced else None,
                "per": line["unit"] if count == 1 else f"{count:,} {line['unit']}",
                "list": line["list_sum"] if line["list_count"] == line["billed_count"] else None,
                "line_total": total(totals[line["at"]]),
                "amount": amount,
                **{f"{it}_name": names[it](line[it]) for it in names},
            }
        )
    order = ("day", "workspace_name", "workspace", "key_name", "key", "model", "kind", "terms", "method", "rule")
    return sorted(lines, key=lambda it: (PARTS.index(it["part"]), *(it[name] or "" for name in order)))


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
    found: list[dict[str, Any]] = rows.group_by(by).aggregate(sums).to_pylist()
    return found


def _bill(engine: Engine, found: Month) -> Decimal:
    """What a month was billed by the control totals of its days; of a closed month what it was closed with."""
    if found.closing:
        return found.billed(CHARGE)
    source = "CASE days.source WHEN 'analytics_cost' THEN 'analytics' WHEN 'cost' THEN 'reports' END"
    tallied = exp.select("organization", "day", "source").distinct().from_(exp.table_(CHARGES.name, db="ledger"))
    query = (
        exp.select(exp.alias_(exp.maybe_parse("sum(days.billed)"), "billed"))
        .from_(exp.table_(DAYS.name, db="ledger"))
        .join(
            tallied.subquery("tallied"),
            on=f"tallied.organization = days.organization AND tallied.day = days.day AND tallied.source = {source}",
        )
        .where(exp.column("organization", table="days").eq(exp.Literal.string(found.organization)))
        .where(f"strftime(days.day, '%Y-%m') = '{found.name}'")
    )
    return engine.ask(query).to_pylist()[0]["billed"] or Decimal(0)


def _table(lines: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Table:
    """Lines as a Table of these columns, with the sum of the amounts."""
    of = {it.name: it for it in LINES}
    headings = tuple(of[name] for name in names)
    cells = [tuple(line[name] for name in names) for line in lines]
    return Table(None, headings, cells, {"amount": total([it["amount"] for it in lines])})


def _rules(owners: Owners, used: Collection[str]) -> Table:
    """What the rules of shared costs match, and how they split it."""
    names = ("rule", "matches", "how", "between")
    cells: list[tuple[Cell, ...]] = [
        (
            rule.name,
            rule.spoken,
            rule.how,
            ", ".join(f"{team} {weight}" if rule.how == "fixed" else team for team, weight in rule.teams),
        )
        for rule in owners.rules
        if rule.name in used
    ]
    return Table(None, tuple(Heading(name, Kind.TEXT) for name in names), cells, {})


def _by(lines: Sequence[Mapping[str, Any]], column: str) -> Table:
    """The amounts by one column, the largest first, with their share."""
    sums: dict[str, list[Decimal]] = {}
    for line in lines:
        sums.setdefault(line[column], []).append(line["amount"])
    whole = total([line["amount"] for line in lines])
    rows = sorted(((name, total(them)) for name, them in sums.items()), key=lambda it: (-it[1], it[0]))
    cells: list[tuple[Cell, ...]] = [(name, amount, ratio(amount, whole)) for name, amount in rows]
    headings = (Heading(column, Kind.NAME), Heading("amount", Kind.MONEY, "USD"), Heading("share", Kind.RATIO))
    return Table(None, headings, cells, {"amount": whole, "share": ratio(whole, whole)})


def _together(made: Charged) -> Table:
    """What each team is charged, part by part, down to the whole."""
    headings = (
        Heading("team", Kind.DIMENSION),
        *(Heading(part, Kind.MONEY, "USD") for part in PARTS),
        Heading("amount", Kind.MONEY, "USD"),
    )
    cells: list[tuple[Cell, ...]] = [
        (team, *(made.amount(team, part) for part in PARTS), made.amount(team)) for team in made.teams
    ]
    totals = {part: total([made.amount(team, part) for team in made.teams]) for part in PARTS}
    return Table(None, headings, cells, {**totals, "amount": made.whole})


def _adds_up(made: Charged) -> str:
    bill, adjusted = (made.month.billed(it) for it in (CHARGE, ADJUSTMENT))
    more = f" and adjustments of closed months, {plain(adjusted)} USD" if adjusted else ""
    return (
        f"{len(made.teams)} statements, that of what nobody owns among them, come to {plain(made.whole)} USD: the bill "
        f"of {made.month.name}, {plain(bill)} USD{more}. Difference: 0."
    )


def _state(found: Month) -> str:
    if found.closing is None:
        return "A draft: the month is not closed, and its figures can change."
    at = found.closing
    return f"Closed on {at.at:%Y-%m-%d} as version {at.version} of the ledger, digest {at.digest[:16]}."


def _said(engine: Engine, found: Month, now: datetime) -> list[str]:
    """What to know of a statement."""
    said = ["In US dollars as billed by Anthropic, before credits and taxes."]
    if found.closing is None:
        question = Question("statement", found.window, (), {"organization": (found.organization,)})
        said += cover(engine, CHARGES, question, now)[1]
    elif found.closing.provisional:
        days = spans(list(found.closing.provisional))
        said.append(f"Days that could still be restated when the month was closed: {days}. Changes are charged later.")
    if "allocated" in found.lines["method"].unique().to_pylist():
        said.append("`allocated` lines were billed to several users together and are split by use at list price.")
    return said
