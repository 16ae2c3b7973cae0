"""Unexplained: what no cause accounts for of the difference between billed and priced, without the bridge to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from tallystick.core.ledger_tables import CHARGES
from tallystick.core.money import total
from tallystick.core.question import Question
from tallystick.core.select import conjunction, select
from tallystick.query.charge_source import from_sums
from tallystick.query.coverage import cover
from tallystick.query.filters import wanted
from tallystick.query.gaps import LOST
from tallystick.reports.judged_charges import judged, of_lines
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
    condition = conjunction(*wanted(engine, CHARGES, question.where))
    query = select(f"coalesce(bool_or({condition}), false) AS charged", f"coalesce(bool_and({AGREED}), true) AS agreed")
    [row] = engine.rows(from_sums(engine, query.from_("ledger.charges").where(of_lines(question))))
    coverage, _ = cover(engine, CHARGES, question, now)
    if not row["charged"]:
        return (total([]) if coverage["present"] and not coverage.get(LOST) else None), coverage
    if row["agreed"]:
        return total([]), coverage
    own = prices.listed is not prices.in_force
    charges = judged(engine, question, prices, (), *(() if own else (_of_gaps(engine, question),)))
    return charges.unexplained, coverage


def _of_gaps(engine: Engine, question: Question) -> str:
    """The condition that a charge is among those by which gaps are judged: all of whole lines.

    Those are the kinds of a workspace's day in which a charge makes a gap; and of each model, kind and day the largest
    other, for a line without a gap says that its price is the list's. Where prices are one's own each line has a vote.
    """
    by_model = select(_KINDS, "model", "sum(billed) AS billed", f"bool_and({_CLEAR}) AS clear").from_("ledger.charges")
    by_model = from_sums(engine, by_model.where(of_lines(question)).group_by(_KINDS, "model"))
    return f"({_KINDS}) IN ({_LINES.format(by_model=by_model)})"


_CLEAR = f"({AGREED}) AND coalesce(billed = 0 OR abs(billed) >= 0.01, true)"
"""Holds of charges without a gap whose amount is no smaller than that rounding could hide their price."""
_KINDS = "organization, day, workspace, kind"
"""What no line of the bill goes across."""
_LINES = f"""
WITH by_model AS MATERIALIZED ({{by_model}}),
kinds AS MATERIALIZED (SELECT {_KINDS}, bool_and(clear) AS clear FROM by_model GROUP BY {_KINDS})
SELECT {_KINDS} FROM kinds WHERE NOT clear OR kind = 'web_search'
UNION ALL
SELECT organization, day, arg_max(workspace, billed), kind FROM by_model JOIN kinds USING ({_KINDS})
WHERE kinds.clear AND billed > 0 GROUP BY organization, day, model, kind
"""  # noqa: S608 - our own names
