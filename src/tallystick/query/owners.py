"""Owners: spend by team and cost center, and the rules with what each caught.

The charges are attributed in `tally.attribute`: owners are settings, not records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tallystick.core.dimensions import OWNED
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note, warning
from tallystick.core.money import total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.select import select
from tallystick.core.text import did_you_mean, few
from tallystick.errors import InvalidQuestion
from tallystick.query.charge_groups import BILLED, ChargeGroups, Figure, label
from tallystick.query.conditions import within
from tallystick.query.coverage import cover
from tallystick.query.facts import UNREPORTED, Billed
from tallystick.query.filters import wanted
from tallystick.query.match_shares import billed_coverage
from tallystick.query.misspelt import misspelt
from tallystick.query.names import dims_of
from tallystick.query.spelling import quoted, spellings
from tallystick.store.engine import Engine
from tallystick.store.views import OWNED as OWNED_VIEW, VIEWS
from tallystick.tally.owners import Owners, Renaming
from tallystick.tally.rules import UNOWNED

if TYPE_CHECKING:
    import pyarrow as pa

    from tallystick.tally.attribute import Attribution

SHOWN = "`tallystick docs owners` shows how."

APART = {"unreported": UNREPORTED}
"""By what charges are told apart where all that was billed is summed too."""


def unasked(question: Question, owners: Owners) -> Question:
    """The question as the ledger itself can be asked: by what the rules look at in place of teams."""
    by = dict.fromkeys(
        name for name in (*question.by, *sorted(owners.looks_at & {"key", "actor"})) if name not in OWNED
    )
    return replace(question, by=tuple(by), where=question.where_but(*OWNED))


def attributed(
    engine: Engine, question: Question, owners: Owners
) -> tuple[list[str], list[dict[str, Any]], list[Message], list[str], Billed]:
    """The dimensions of a question about owners, its rows (`billed` beside them), and what to say of them.

    Then the ids that are named otherwise since a day of the question, so that other rules match them, and what was
    billed to all owners together.
    """
    known(question, owners)
    dims = list(dims_of(engine, question))
    charges = attribution(engine, question, owners, further=APART)
    columns = {name: label(name) for name in dims}
    filters = [name for name in OWNED if name in question.where]
    sums: dict[tuple[Any, ...], list[Any]] = {}
    for row in charges.sums(list(dict.fromkeys([*columns.values(), *filters]))):
        if all(question.where[name].takes(row[name]) for name in filters):
            sums.setdefault(tuple(row[column_name] for column_name in columns.values()), []).append(row["billed"])
    beside = [*messages(owners, charges), *misspelt(engine, owners, charges, question.window)]
    if filters:
        owned_names = " and ".join(name.replace("_", " ") for name in filters)
        beside.append(note(f"The coverage is that of every {owned_names} together."))
    rows = [dict(zip(dims, group, strict=True)) | {"billed": total(amounts)} for group, amounts in sums.items()]
    return dims, rows, beside, sorted({changed.id for changed in charges.renamings}), billed_of(charges)


def known(question: Question, owners: Owners) -> None:
    """Raise InvalidQuestion where a question holds a team or cost center that no rule has."""
    for name, choices in (("team", owners.teams), ("cost_center", owners.centers)):
        condition = question.where.get(name, Filter())
        for value in (*condition.values, *condition.without):
            if not any(map(Filter.of(value).takes, choices)):
                near = did_you_mean(value, choices, cutoff=0.5)
                raise InvalidQuestion(
                    f"No rule has the {name} {value!r}.", near or "`tallystick owners` lists the rules."
                )


def billed_of(charges: Attribution) -> Billed:
    """What was billed to all owners of charges together; they were told `APART`."""
    return Billed(charges.total, total([row["billed"] for row in charges.sums([*APART]) if row["unreported"]]))


def attribution(
    engine: Engine,
    question: Question,
    owners: Owners,
    amount: Figure = BILLED,
    weighed: Figure = BILLED,
    further: Mapping[str, str] | None = None,
    beside: Mapping[str, str] | None = None,
) -> Attribution:
    """The charges of a question with their owners; a part of a day's charges is split as the whole day is.

    They can be summed by what the question asks by, as `charge_groups.label` calls it, and by columns `further` to it.
    An `amount` besides what was billed is split by what is `weighed`; sums `beside` it are of no use where it is split.
    """
    from tallystick.tally.attribute import Attribution

    charges = ChargeGroups(engine, question, owners, spellings(engine), amount, weighed, further or {}, beside or {})
    return Attribution(owners, charges, charges.spellings)


def owned_charges(engine: Engine, owners: Owners, question: Question | None = None) -> pa.Table:
    """Every charge with its team and cost center, as the view `owned` has them.

    With a question those of its days and filters but on owners: a part of a day's charges is split as the whole day is.
    """
    from tallystick.tally.figures import figures

    columns = [name for name, *_ in next(view for view in VIEWS if view.name == OWNED_VIEW).columns]
    query = select("*").from_("charges")
    if question is None:
        return figures(owners, engine.ask(query), spellings(engine)).select(columns)
    days = query.where(within(question.window, months=True))
    basis = days.where(*wanted(engine, CHARGES, question.where_of("organization")))
    charges = engine.ask(days.where(*wanted(engine, CHARGES, question.where_but(*OWNED))))
    return figures(owners, charges, spellings(engine), lambda: engine.ask(basis)).select(columns)


def messages(owners: Owners, charges: Attribution) -> list[Message]:
    """What to say of an attribution."""
    if not owners.rules:
        return [warning(f"The settings name no owners, so everything is unowned. {owners.unnamed or SHOWN}")]
    beside = [warning(renaming(owners, changed)) for changed in charges.renamings]
    beside += [note(owners.ignored)] if owners.ignored else []
    for index, rule in enumerate(owners.rules):
        if days := sorted(day for rule_index, day in charges.evenly if rule_index == index):
            evenly = f"is split evenly on {len(days)} {'day' if len(days) == 1 else 'days'}"
            why = "on which its teams had no spend of their own to go by"
            beside.append(note(f"{rule.name} {evenly} {why}: {few([str(day) for day in days], 3)}."))
    return beside


def renaming(owners: Owners, changed: Renaming) -> str:
    """What to say of a name that changed: from when, which rules match it no longer or only since, what to do."""
    subject = "The tags of workspace" if changed.condition == "tag" else changed.condition.capitalize()
    ends, begins = (
        ", ".join(f"{owners.rules[index].name} ({owners.rules[index].to})" for index in places)
        for places in (changed.ends, changed.begins)
    )
    return (
        f"{subject} {changed.id} went from {quoted(changed.before)} to {quoted(changed.after)} on {changed.day}"
        + (f"; {ends} matches it before that day only" if ends else "")
        + (f"; {begins} matches it from that day on" if begins else "")
        + ". Name both in the rule, or its id."
    )


def rules(engine: Engine, question: Question, owners: Owners, now: datetime) -> Table:
    """The rules in their order with what each caught, and what none caught."""
    charges = attribution(engine, replace(question, by=()), owners, further=APART)
    caught = {row["rule"]: row for row in charges.sums(["rule"])}
    coverage, _ = cover(engine, CHARGES, question, now)
    none = {"rows": 0, "billed": total([])} if coverage["present"] else {"rows": None, "billed": None}
    cells: list[tuple[Cell, ...]] = []
    for index, rule in (*enumerate(owners.rules), (-1, None)):
        row = caught.get(index, none)
        to = (rule.name, " + ".join(team for team, _ in rule.teams), rule.how) if rule else (UNOWNED, UNOWNED, "none")
        center, matches = (rule.cost_center, rule.label) if rule else (UNOWNED, "everything else")
        cells.append((*to, center, matches, row["rows"], row["billed"]))
    names = ("rule", "team", "how", "cost_center", "matches")
    return answered(
        engine,
        question,
        owners,
        now,
        names,
        cells,
        messages(owners, charges),
        billed_of(charges),
        drop_orders={"how": 2},
    )


def answered(
    engine: Engine,
    question: Question,
    owners: Owners,
    now: datetime,
    names: Sequence[str],
    cells: Sequence[tuple[Cell, ...]],
    beside: Sequence[Message],
    sums: Billed,
    further: Mapping[str, Heading] | None = None,
    drop_orders: Mapping[str, int] | None = None,
) -> Table:
    """A Table of these cells: columns of names, `further` ones (else rows), billed; with the coverage.

    `sums` is what was billed for the whole question.
    """
    further = further or {"rows": Heading("rows", Kind.COUNT, "charges", drop_order=1)}
    kinds = {name: Kind.NAME if name.endswith("_name") else Kind.DIMENSION for name in names}
    headings = (
        *(Heading(name, kind, drop_order=(drop_orders or {}).get(name, 0)) for name, kind in kinds.items()),
        *further.values(),
        Heading("billed", Kind.MONEY, "USD"),
    )
    coverage, covered = billed_coverage(engine, unasked(question, owners), now, sums)
    known = coverage["present"] > 0 or any(row[-1] for row in cells)
    billed = total([row[-1] for row in cells if row[-1] is not None])  # type: ignore[misc]  # the last cell is money
    totals: dict[str, Cell] = {"billed": billed if known else None}
    if "rows" in further:
        totals["rows"] = sum(int(row[-2] or 0) for row in cells) if known else None
    return Table(question, headings, cells, totals, (*covered, *beside), coverage, engine.version.identity)
