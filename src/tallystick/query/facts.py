"""Facts: what the messages beside an answer need to know of its charges, without reading most of them.

Nearly every charge is reported, explained and priced. Those that are not are found by conditions that a file's own
bounds answer; what is left of the whole is the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tallystick.core.ledger_tables import CHARGES
from tallystick.core.question import Question
from tallystick.core.select import Select, select
from tallystick.query.filters import wanted, within
from tallystick.store.engine import Engine, per_version

_BY = ("method", "cause", "kind", "model", "tier")
_UNKNOWN = ("NULL::DECIMAL(38, 12)", "NULL::HUGEINT", "NULL::HUGEINT")
UNREPORTED = "method <> 'reported'"
"""Holds of a charge whose billed amount is not what the API reports of it alone."""
UNREPORTED_SUM = f"sum(CASE WHEN {UNREPORTED} THEN billed END)"
_PARTS = (
    ("cause <> 'none'", ("sum(billed)", "sum(quantity)", "sum(quantity) FILTER (priced IS NULL)")),
    ("cause = 'none' AND tier = 'priority'", (_UNKNOWN[0], "sum(quantity)", _UNKNOWN[2])),
    ("cause = 'none' AND priced IS NULL AND quantity IS NOT NULL", (*_UNKNOWN[:2], "sum(quantity)")),
)
"""Charges that a message can be about, and what is summed of them; of a charge each figure is summed once."""


def facts(engine: Engine, question: Question) -> Sequence[Mapping[str, Any]]:
    """What is out of the ordinary of a question's days and filters, by method, cause, kind, model and tier.

    `billed` are US dollars of what has a cause, `quantity` is what was used with a cause or in
    priority tier, `unpriced` what was without a known price; each is None in a row that is not about it.
    """
    return _facts(engine, question.scope())


@dataclass(frozen=True, slots=True)
class Billed:
    """All that was billed for a question's days and filters, US dollars, and how much of it is `UNREPORTED`."""

    amount: Decimal
    unreported: Decimal


def billed(engine: Engine, question: Question) -> Billed:
    """Sum what was billed for a question's days and filters."""
    [row] = engine.rows(_charges(engine, question.scope(), "sum(billed) AS billed", f"{UNREPORTED_SUM} AS unreported"))
    return Billed(row["billed"] or Decimal(0), row["unreported"] or Decimal(0))


@per_version
def _facts(engine: Engine, question: Question) -> Sequence[Mapping[str, Any]]:
    names = ("billed", "quantity", "unpriced")
    parts = (
        _charges(engine, question, *_BY, *(f"{sum_} AS {name}" for name, sum_ in zip(names, sums, strict=True)))
        .where(condition)
        .group_by(*_BY)
        for condition, sums in _PARTS
    )
    return engine.rows(" UNION ALL ".join(map(str, parts)))


def _charges(engine: Engine, question: Question, *columns: str) -> Select:
    where = (within(question.window, months=True), *wanted(engine, CHARGES, question.where, strict=False))
    return select(*columns).from_("ledger.charges").where(*where)
