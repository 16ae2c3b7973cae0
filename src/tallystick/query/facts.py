"""Facts: what the messages beside an answer need to know of its charges, by one scan of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.core.ledger_tables import CHARGES
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.query.filters import wanted, within
from tallystick.store.engine import Engine, per_version

_BY = ("method", "cause", "kind", "model", "tier")
_SUMS = (
    "sum(billed) AS billed",
    "sum(quantity) AS quantity",
    "sum(quantity) FILTER (priced IS NULL) AS unpriced",
)


def facts(engine: Engine, question: Question) -> Sequence[Mapping[str, Any]]:
    """The charges of a question's days and filters by method, cause, kind, model and tier.

    `billed` are US dollars, `quantity` is what was used, `unpriced` the part of it without a known price; each is None
    where nothing is known of it.
    """
    return _facts(engine, question.scope())


@per_version
def _facts(engine: Engine, question: Question) -> Sequence[Mapping[str, Any]]:
    where = (within(question.window, months=True), *wanted(engine, CHARGES, question.where, strict=False))
    return engine.rows(select(*_BY, *_SUMS).from_("ledger.charges").where(*where).group_by(*_BY))
