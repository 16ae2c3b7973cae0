"""Facts: what the messages beside an answer need to know of its charges, of those that stand out alone.

Nearly every charge is reported, explained and priced; what is left of the whole is the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from tallystick.core.causes import EXCEPTIONAL, EXCEPTIONS
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.money import total
from tallystick.core.question import Question
from tallystick.core.select import Select, select
from tallystick.core.time import FIRST_DAY, Window
from tallystick.query.conditions import within
from tallystick.query.filters import wanted
from tallystick.query.month_source import from_months
from tallystick.store.engine import Engine, per_version

_BY = ("method", "cause", "kind", "model", "tier")
_SUMS = ("billed", "quantity", "unpriced")
_ANY = Window.of_day(FIRST_DAY)
UNREPORTED = "method <> 'reported'"
"""Holds of a charge whose billed amount is not what the API reports of it alone."""
UNREPORTED_SUM = f"sum(CASE WHEN {UNREPORTED} THEN billed END)"
_FIGURES = (
    "sum(billed) FILTER (cause <> 'none') AS billed",
    "sum(quantity) FILTER (cause <> 'none' OR tier = 'priority') AS quantity",
    "sum(quantity) FILTER (priced IS NULL) AS unpriced",
)


def facts(engine: Engine, question: Question) -> Sequence[Mapping[str, Any]]:
    """What is exceptional of a question's days and filters, by method, cause, kind, model and tier.

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
    query = _charges(engine, question.scope(), "sum(billed) AS billed", f"{UNREPORTED_SUM} AS unreported")
    [row] = engine.rows(from_months(engine, query, question.window))
    return Billed(row["billed"] or Decimal(0), row["unreported"] or Decimal(0))


def foresee(engine: Engine, question: Question) -> None:
    """Read the facts of a question's days at once, for questions of parts of them that have the same filters."""
    foreseen = engine.results.get(_parts_of(question))
    if foreseen is None or not foreseen.window.covers(question.window):
        engine.results[_parts_of(question)] = replace(question.scope(), by=("day",))


def _parts_of(question: Question) -> Hashable:
    """What is alike of a question and of all that `foresee` reads for."""
    return foresee, replace(question.scope(), window=_ANY)


@per_version
def _facts(engine: Engine, question: Question) -> Sequence[Mapping[str, Any]]:
    foreseen = engine.results.get(_parts_of(question))
    if foreseen is None or not foreseen.window.covers(question.window):
        return [row for rows in _read(engine, question).values() for row in rows]
    start, end = (when.date() for when in (question.window.start, question.window.end))
    days = _read(engine, foreseen)
    return [*_summed(row for day, rows in days.items() if day and start <= day < end for row in rows)]


@per_version
def _read(engine: Engine, question: Question) -> Mapping[date | None, Sequence[Mapping[str, Any]]]:
    """The facts of a question: of each day where it is asked by day, else of all under None."""
    query = _charges(engine, question, *question.by, *_BY, *_FIGURES).group_by(*question.by, *_BY)
    parts = [from_months(engine, query.where(EXCEPTIONAL), question.window)]
    if parts[0].source == query.source:  # of charges each by itself is read by few columns
        parts = [query.where(exception) for exception in EXCEPTIONS]
    facts = defaultdict[date | None, list[Mapping[str, Any]]](list)
    for row in engine.rows(" UNION ALL ".join(map(str, parts))):
        facts[row.get("day")].append(row)
    return facts


def _summed(rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The same facts without their day."""
    groups = defaultdict[tuple[Any, ...], list[Mapping[str, Any]]](list)
    for row in rows:
        groups[tuple(row[name] for name in _BY)].append(row)
    for group, group_rows in groups.items():
        known = {name: [row[name] for row in group_rows if row[name] is not None] for name in _SUMS}
        sums = {
            name: (total(cells) if name == "billed" else sum(cells)) if cells else None for name, cells in known.items()
        }
        yield dict(zip(_BY, group, strict=True)) | sums


def _charges(engine: Engine, question: Question, *columns: str) -> Select:
    where = (within(question.window, months=True), *wanted(engine, CHARGES, question.where, strict=False))
    return select(*columns).from_("ledger.charges").where(*where)
