"""Effective rates: what each model and kind was billed for a unit, beside what the list asks for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from tallystick.core.dimensions import UNKNOWN
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import note
from tallystick.core.money import total
from tallystick.core.price_entries import UNITS
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.select import select
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import within
from tallystick.query.filters import wanted
from tallystick.query.names import dims_of
from tallystick.reports.reconcile_scope import check, covered_charges
from tallystick.store.engine import Engine
from tallystick.tally.prices_in_force import Prices
from tallystick.tally.reconcile.causes import effective


def effective_rates(engine: Engine, question: Question, prices: Prices, now: datetime) -> Table:
    """The effective rate of each model and kind from the bill itself, beside the list's: USD for `per` of a unit.

    What was billed without use that is known is a row too, without a rate, so that the rows are the bill.
    """
    check(engine, question, prices)
    by = dims_of(engine, replace(question, by=tuple(dict.fromkeys((*question.by, "model", "kind")))))
    query = (
        select(
            *by,
            *(f"sum({measure}) AS {measure}" for measure in ("quantity", "billed", "list")),
        )
        .select("bool_or(list IS NULL) AS unlisted")
        .from_("ledger.charges")
        .where("billed IS NOT NULL")
        .where(within(question.window, months=True), *wanted(engine, CHARGES, question.where))
        .group_by(*by, "quantity IS NULL")
        .order_by(*by, "quantity IS NULL")
    )
    cells: list[tuple[Cell, ...]] = []
    paid: list[Decimal] = []
    for row in engine.rows(from_sums(engine, query)):
        listed = None if row["unlisted"] else row["list"]
        quantity = None if row["quantity"] is None else int(row["quantity"])
        figures = (None,) * 3 if quantity is None else effective(row["kind"], quantity, row["billed"], listed)
        unit, per = UNITS.get(row["kind"], (UNKNOWN, None))
        paid.append(row["billed"])
        cells.append((*(str(row[name]) for name in by), quantity, row["billed"], *figures, per, unit))
    headings = (
        *(Heading(name, Kind.DIMENSION) for name in by),
        Heading("quantity", Kind.COUNT, drop_order=4),
        Heading("billed", Kind.MONEY, "USD", drop_order=1),
        *(Heading(name, Kind.NUMBER, "USD") for name in ("rate", "list_rate")),
        Heading("of_list", Kind.RATIO),
        Heading("per", Kind.COUNT, drop_order=2),
        Heading("unit", Kind.TEXT, drop_order=3),
    )
    coverage, covered = covered_charges(engine, question, now)
    method = note(
        "rate = billed for `per` units used (of tokens a million); list_rate is the same use at list price, tier by "
        "tier, refusals included. Where the usage report does not say how much was used, there is no rate."
    )
    billed = total(paid) if paid or coverage["present"] else None
    return Table(question, headings, cells, {"billed": billed}, (*covered, method), coverage, engine.version.identity)
