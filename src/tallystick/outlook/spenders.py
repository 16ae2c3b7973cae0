"""Spenders: what each workspace, model, key or team was billed in two windows, all dimensions by one scan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from tallystick.core.dimensions import OWNED
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.money import EXACT
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.core.time import Window
from tallystick.query.conditions import within, within_any
from tallystick.query.filters import wanted
from tallystick.query.month_source import from_months
from tallystick.query.owners import attribution
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners

Amounts = Mapping[str, tuple[Decimal, Decimal]]
"""US dollars before and now by id; 0 of what one of both windows alone has."""


def spenders(engine: Engine, question: Question, owners: Owners) -> dict[str, Amounts]:
    """What was billed in the window of a question and in the one it is compared with, by each of its dimensions."""
    plain = () if replace(question, by=()).owned else tuple(name for name in question.by if name not in OWNED)
    amounts = _billed(engine, replace(question, by=plain)) if plain else {}
    if rest := tuple(name for name in question.by if name not in plain):
        amounts |= _owned(engine, replace(question, by=rest), owners)
    return {name: amounts[name] for name in question.by}


def _billed(engine: Engine, question: Question) -> dict[str, Amounts]:
    windows = _windows(question)
    sums = [
        f"sum(billed) FILTER ({within(window)}) AS {name}"
        for name, window in zip(("before", "now"), windows, strict=True)
    ]
    query = select(*question.by, *sums).from_("ledger.charges").where("billed IS NOT NULL", within_any(windows))
    query = query.where(*wanted(engine, CHARGES, question.where))
    query = query.group_by(f"GROUPING SETS ({', '.join(f'({name})' for name in question.by)})")
    rows = engine.rows(from_months(engine, query, *windows))
    return {
        name: {row[name]: (_known(row["before"]), _known(row["now"])) for row in rows if row[name] is not None}
        for name in question.by
    }


def _known(amount: Decimal | None) -> Decimal:
    return Decimal(0) if amount is None else amount


def _owned(engine: Engine, question: Question, owners: Owners) -> dict[str, Amounts]:
    """The same by owners, or of some owners: the rules split the charges of both windows at once."""
    windows = _windows(question)
    span = Window(min(window.start for window in windows), max(window.end for window in windows))
    further = {f"in_{index}": within(window) for index, window in enumerate(windows)}
    charges = attribution(engine, replace(question, window=span), owners, further=further)
    filters = [name for name in OWNED if name in question.where]
    sums: dict[str, dict[str, list[Decimal]]] = {
        name: defaultdict(lambda: [Decimal(0), Decimal(0)]) for name in question.by
    }
    for name in question.by:
        for row in charges.sums(list(dict.fromkeys((name, *filters, *further)))):
            if all(question.where[dim].takes(row[dim]) for dim in filters):
                for index, column in enumerate(further):
                    if row[column]:
                        amounts = sums[name][row[name]]
                        amounts[index] = EXACT.add(amounts[index], row["billed"])
    return {name: {id_: (before, now) for id_, (before, now) in by_id.items()} for name, by_id in sums.items()}


def _windows(question: Question) -> Sequence[Window]:
    """The window that a question is compared with, and its own."""
    return [question.against or question.window, question.window]
