"""Statement: the Documents that teams receive, and the overview of all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any

from tallystick.billing.chargeback import Charged
from tallystick.billing.statement_lines import OWN, PARTS, SHARED, ZERO
from tallystick.core.document import Chart, Document, Figure, Section
from tallystick.core.filter import Filter
from tallystick.core.money import EXACT, plain, ratio, rounded, total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.text import choose
from tallystick.core.time import spans, text
from tallystick.errors import InvalidQuestion
from tallystick.query.closings import ADJUSTMENT, CHARGE
from tallystick.query.groups import OTHERS
from tallystick.query.names import apart
from tallystick.tally.cents import cents
from tallystick.tally.owners import Owners
from tallystick.tally.rules import UNOWNED

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
    Heading("terms", Kind.DIMENSION),
    Heading("quantity", Kind.COUNT, drop_order=1),
    Heading("unit", Kind.TEXT),
    Heading("unit_price", Kind.NUMBER, "USD", drop_order=2),
    Heading("per", Kind.TEXT, drop_order=3),
    Heading("list", Kind.MONEY, "USD"),
    Heading("line_total", Kind.MONEY, "USD", drop_order=3),
    Heading("amount", Kind.MONEY, "USD"),
    Heading("to_post", Kind.MONEY, "USD"),
    Heading("method", Kind.DIMENSION, drop_order=4),
    Heading("rule", Kind.TEXT, drop_order=2),
    Heading("how", Kind.TEXT),
)
"""Every column of a statement's lines, as formats of rows have them; pages show those that matter in each section."""
_ROUNDED = "rounded so that all teams add up to the bill"
_USE = ("workspace_name", "key_name", "model", "kind", "terms", "amount")
_SECTIONS = {
    OWN: (
        "What the team used",
        (*_USE, "quantity", "unit_price", "per", "method"),
        "A unit price is the effective one of the month: what was billed over what was used, at these terms.",
    ),
    SHARED: (
        "Its parts of shared costs",
        (*_USE, "line_total", "quantity", "rule"),
        "line_total is what the line costs all its teams; each charge of it is split by the rule, to the picodollar.",
    ),
    ADJUSTMENT: (
        "Adjustments of closed months",
        ("day", *_USE, "quantity", "rule"),
        "What Anthropic restated after those months were closed: the difference to what was charged for them then.",
    ),
}


def statement(charged: Charged, team: str) -> Document:
    """A team's statement; that of `unowned` holds what nobody owns.

    InvalidQuestion for a team that is charged nothing; where nobody is charged anything, each team's is of 0.00 USD.
    """
    _check(charged, team)
    team_lines = _posted(charged, team)
    amount = charged.amount(team)
    posted = {center: amount for (owner, center), amount in charged.posted.items() if owner == team}
    to_post = total(list(posted.values()))
    center = f"; cost center {', '.join(posted)}" if posted else ""
    sections = [
        Section(f"By {dim}", _by(team_lines, dim), chart=Chart("bars", dim, ("amount",)))
        for dim in (("workspace", "model") if team_lines else ())
    ]
    for part, (title, names, words) in _SECTIONS.items():
        lines = [line for line in team_lines if line["part"] == part]
        if lines:
            sections.append(_part(title, lines, names, words))
        if part == SHARED and lines:
            sections.append(
                Section("The rules that split them", _rules(charged.month.owners, {line["rule"] for line in lines}))
            )
    sections.append(Section("How the statements add up", _together(charged, team), (_adds_up(charged),)))
    parts = [part for part in PARTS if any(line["part"] == part for line in team_lines)]
    question = _question(charged, team)
    return Document(
        "statement",
        f"Statement: {team}",
        f"Claude, {charged.month.name}, UTC days, for {charged.name}{center}.",
        tuple(sections),
        (
            *(
                []
                if to_post == rounded(amount)
                else [Figure(Heading("to post", Kind.MONEY, "USD"), to_post, _ROUNDED, question)]
            ),
            Figure(Heading("amount", Kind.MONEY, "USD"), amount, f"exactly {plain(amount)}", question),
            *(
                Figure(Heading(part, Kind.MONEY, "USD"), charged.amount(team, part), question=question)
                for part in parts
                if len(parts) > 1
            ),
            Figure(
                Heading("share", Kind.RATIO),
                ratio(amount, charged.amount_due),
                f"of {rounded(charged.amount_due):,} USD",
                question,
            ),
        ),
        charged.messages,
        _facts(charged) | {"team": team},
        _table(team_lines, [heading.name for heading in LINES]),
        _state(charged),
    )


def _check(charged: Charged, team: str) -> None:
    """Raise InvalidQuestion for a team that no statement of the month is of."""
    if team in charged.lines:
        return
    if charged.lines:
        raise InvalidQuestion(
            f"No team {team!r} is charged anything for {charged.month.name}.", choose(team, charged.teams)
        )
    if team not in charged.month.owners.teams:
        raise InvalidQuestion(f"No rule has the team {team!r}.", "`tallystick owners` lists the rules.")


def overview(charged: Charged) -> Document:
    """What all teams are charged for a month, one line a team; in formats of rows every line of every statement.

    Of sums there is no line: formats of rows have the teams.
    """
    teams = _together(charged)
    lines = [line for team in charged.teams for line in _posted(charged, team)] if not charged.summed else ()
    section = Section("By team", teams, (_adds_up(charged),), Chart("bars", "team", ("amount",)))
    return Document(
        "statement",
        f"Statements of {charged.month.name}",
        f"Claude, UTC days, for {charged.name}.",
        (section,),
        (
            Figure(
                Heading("amount", Kind.MONEY, "USD"),
                charged.amount_due,
                f"exactly {plain(charged.amount_due)}",
                _question(charged),
            ),
        ),
        (*charged.loose, *charged.messages),
        _facts(charged),
        teams if charged.summed else _table(lines, [heading.name for heading in LINES]),
        _state(charged),
    )


def _posted(charged: Charged, team: str) -> list[dict[str, Any]]:
    """Return a team's lines, each with the cents to post of it: those of a cost center sum to what is posted to it."""
    lines = [dict(line) for line in charged.lines.get(team, ())]
    for center in {line["cost_center"] for line in lines}:
        of_center = [line for line in lines if line["cost_center"] == center]
        for line, share in zip(of_center, cents([line["amount"] for line in of_center]), strict=True):
            line["to_post"] = share
        largest = max(of_center, key=lambda line: abs(line["amount"]))
        off = EXACT.subtract(charged.posted[team, center], total([line["to_post"] for line in of_center]))
        largest["to_post"] = EXACT.add(largest["to_post"], off)
    return lines


def _question(charged: Charged, team: str = "") -> Question:
    """Of which days and of what a statement is; that of all teams without a team."""
    where = {"organization": Filter.of(charged.month.organization), **({"team": Filter.of(team)} if team else {})}
    return Question("chargeback", charged.month.window, (), where)


def _facts(charged: Charged) -> dict[str, Any]:
    closing = charged.month.closing
    closed = closing and {"at": text(closing.at), "digest": closing.digest}
    subject = {"month": charged.month.name, "organization": charged.month.organization}
    return {**subject, "closed": closed, **({} if closing else {"as_of": dict(charged.as_of)})}


def _part(title: str, lines: Sequence[Mapping[str, Any]], names: Sequence[str], words: str) -> Section:
    """One part of a statement; a method that all its lines have is said in words, not in a column."""
    methods = {line["method"] for line in lines} if "method" in names else set()
    if len(methods) != 1:
        return Section(title, _table(lines, names), (words,))
    columns = [name for name in names if name != "method"]
    return Section(title, _table(lines, columns), (f"{words} Every amount is {methods.pop()}.",))


def _table(lines: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Table:
    """Lines as a Table of these columns, with the sum of the amounts."""
    by_name = {heading.name: heading for heading in LINES}
    headings = tuple(by_name[name] for name in names)
    cells = [*map(itemgetter(*names), lines)]
    sums = [name for name in ("amount", "to_post") if name in names]
    return Table(None, headings, cells, {name: total([line[name] for line in lines]) for name in sums})


def _rules(owners: Owners, used: Collection[str]) -> Table:
    """What the rules of shared costs match, and how they split it."""
    names = ("rule", "matches", "how", "between")
    cells: list[tuple[Cell, ...]] = [
        (
            rule.name,
            rule.label,
            rule.how,
            ", ".join(f"{team} {weight}" if rule.how == "fixed" else team for team, weight in rule.teams),
        )
        for rule in owners.rules
        if rule.name in used
    ]
    return Table(None, tuple(Heading(name, Kind.TEXT) for name in names), cells, {})


def _by(lines: Sequence[Mapping[str, Any]], dim: str) -> Table:
    """The amounts by a dimension, the largest first, with their share."""
    sums: dict[str, list[Decimal]] = {}
    for line in lines:
        sums.setdefault(line[dim], []).append(line["amount"])
    names = apart({line[dim]: line.get(f"{dim}_name", line[dim]) for line in lines})
    amount_due = total([line["amount"] for line in lines])
    rows = sorted(
        ((names[id_], total(amounts)) for id_, amounts in sums.items()), key=lambda entry: (-entry[1], entry[0])
    )
    cells: list[tuple[Cell, ...]] = [(name, amount, ratio(amount, amount_due)) for name, amount in rows]
    headings = (Heading(dim, Kind.NAME), Heading("amount", Kind.MONEY, "USD"), Heading("share", Kind.RATIO))
    return Table(None, headings, cells, {"amount": amount_due, "share": ratio(amount_due, amount_due)})


def _together(charged: Charged, own_team: str | None = None) -> Table:
    """What each team and cost center is charged, part by part, down to the whole; `to_post` is in cents that add up.

    For one team, `own_team`, the others stand in one row: what they are charged is theirs to know. It is sent, so
    it has what is to post alone: beside the exact amounts it would look like a difference of a cent.
    """
    groups: dict[tuple[str, str], dict[str, Decimal]] = {}
    posted: dict[tuple[str, str], list[Decimal]] = {}
    rows = {key: key if own_team in {None, key[0]} else (OTHERS, "") for key in charged.posted}
    for key, amount in charged.posted.items():
        posted.setdefault(rows[key], []).append(amount)
    for (team, center, part), amount in charged.sums.items():
        parts = groups.setdefault(rows[team, center], dict.fromkeys(PARTS, ZERO))
        parts[part] = EXACT.add(parts[part], amount)
    cells: list[tuple[Cell, ...]] = [
        (*row, *parts.values(), total([*parts.values()]), total(posted[row]))
        for row, parts in sorted(groups.items(), key=lambda entry: (entry[0][0] in {UNOWNED, OTHERS}, entry[0]))
    ]
    money = (*PARTS, "amount", "to_post")
    headings = (
        *(Heading(name, Kind.DIMENSION) for name in ("team", "cost_center")),
        *(Heading(name, Kind.MONEY, "USD") for name in money),
    )
    amounts = list(charged.posted.values())
    sums = {part: total([charged.amount(team, part) for team in charged.teams]) for part in PARTS}
    totals = {**sums, "amount": charged.amount_due, "to_post": total(amounts)}
    table = Table(None, headings, cells, totals)
    return table if own_team is None else table.of_columns(("team", "cost_center", "to_post"))


def _adds_up(charged: Charged) -> str:
    bill, adjusted = (charged.month.billed(part) for part in (CHARGE, ADJUSTMENT))
    adjustment = f" and adjustments of closed months, {plain(adjusted)} USD" if adjusted else ""
    count = len(charged.teams)
    statements = (
        f"{count} statements, that of what nobody owns among them, come" if count > 1 else "One statement comes"
    )
    return (
        f"{statements} to {plain(charged.amount_due)} USD: "
        f"the bill of {charged.month.name}, {plain(bill)} USD{adjustment}. Difference: 0."
    )


def _state(charged: Charged) -> str:
    """How final a statement is, in a sentence or two."""
    closing = charged.month.closing
    if closing is None:
        return f"Draft. {charged.state}"
    days = f" Anthropic could still change {spans(closing.provisional)} then; changes are charged later."
    return f"Closed on {closing.at:%Y-%m-%d}, digest {closing.digest[:16]}.{days if closing.provisional else ''}"
