"""Unexplained: what no cause accounts for of the difference between billed and priced, without the bridge to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from tallystick.core.causes import REQUESTS_ONLY
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.money import total
from tallystick.core.question import Question
from tallystick.core.select import conjunction, select
from tallystick.query.charge_source import from_sums
from tallystick.query.coverage import cover
from tallystick.query.filters import wanted, within
from tallystick.query.gaps import LOST
from tallystick.reports import reconcile
from tallystick.reports.reconcile_scope import check
from tallystick.store.engine import Engine
from tallystick.tally.prices_in_force import Prices
from tallystick.tally.reconcile.agreement import AGREED


def unexplained(
    engine: Engine, question: Question, prices: Prices, now: datetime
) -> tuple[Decimal | None, Mapping[str, Any]]:
    """Return what `reconcile` leaves unexplained, in US dollars, and the coverage; None where nothing is known of it.

    Where every charge that is judged with its line is billed as it is priced no line has a gap, and no line is judged.
    Raises as `reconcile` does.
    """
    check(engine, question, prices)
    asked = conjunction(*wanted(engine, CHARGES, question.where))
    query = (
        select(f"coalesce(bool_or({asked}), false) AS charged", f"coalesce(bool_and({AGREED}), true) AS agreed")
        .from_("ledger.charges")
        .where(f"cause <> '{REQUESTS_ONLY}'", within(question.window, months=True))
    )
    [row] = engine.rows(from_sums(engine, query))
    coverage, _ = cover(engine, CHARGES, question, now)
    if not row["charged"]:
        return (total([]) if coverage["present"] and not coverage.get(LOST) else None), coverage
    if row["agreed"]:
        return total([]), coverage
    totals: Mapping[str, Any] = reconcile.answer(engine, question, prices, now).totals
    return totals["unexplained"], coverage
