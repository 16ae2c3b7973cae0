"""Judged charges: the charges of a window, and the cause of every difference between billed and priced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tallystick.core.causes import REQUESTS_ONLY
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.money import dollars
from tallystick.core.question import Question
from tallystick.core.records import TOKENS
from tallystick.core.select import Select, conjunction, select
from tallystick.query.charge_groups import in_picodollars
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import among, within
from tallystick.query.facts import UNREPORTED_SUM, Billed
from tallystick.query.filters import wanted
from tallystick.reports.reconcile_scope import LINE
from tallystick.store.engine import Engine
from tallystick.tally.prices_in_force import Prices
from tallystick.tally.reconcile.causes import reconcile
from tallystick.tally.reconcile.findings import Found, Group
from tallystick.tally.reconcile.pieces import UNEXPLAINED

_UNREPORTED = "unreported"
_TOTALS = f"""
SELECT count(*) > 0, coalesce(sum(billed) FILTER (wanted), 0)::HUGEINT,
    coalesce(sum({_UNREPORTED}) FILTER (wanted), 0)
FROM charges
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class JudgedCharges:
    """The groups of the charges that are wanted, what makes up the gaps of each, and what was billed of all.

    `any` is whether there are charges in the window.
    """

    groups: Sequence[Group]
    findings: Sequence[Found]
    billed: Billed
    any: bool

    @property
    def unexplained(self) -> Decimal:
        """US dollars by which no named cause makes priced more than billed; less where they are negative."""
        return dollars(-sum(finding.amount or 0 for finding in self.findings if finding.cause == UNEXPLAINED))


def judged(engine: Engine, question: Question, prices: Prices, by: Sequence[str], *only: str) -> JudgedCharges:
    """Judge the charges of a question, grouped `by` dimensions; `only` those of whole lines that meet conditions."""
    with engine.cursor() as duck:
        engine.make(duck, "charges", _charges(engine, question, only, own=prices.listed is not prices.in_force))
        engine.make(duck, "coarse", _coarse(question))
        groups, findings = reconcile(duck, prices.in_force, prices.listed, by)
        [(has_charges, billed, unreported)] = duck.execute(_TOTALS).fetchall()
    return JudgedCharges(groups, findings, Billed(dollars(billed), unreported), has_charges)


def _charges(engine: Engine, question: Question, only: Iterable[str], *, own: bool) -> str:
    """The query of the charges of the window, summed over who used them, money in whole picodollars.

    Also of what is not wanted, for prices show in all of it. What they cost by the public list is read where prices are
    one's `own`.
    """
    dims = ("organization", "day", *LINE, "speed", "cause")
    query = (
        select(*dims, f"{conjunction(*wanted(engine, CHARGES, question.where))} AS wanted", "count(*) AS rows")
        .select(*(f"sum({name}) AS {name}" for name in ("quantity", "billed", "priced")))
        .select(f"{'sum(list)' if own else 'NULL::HUGEINT'} AS listed", f"{UNREPORTED_SUM} AS {_UNREPORTED}")
        .from_("ledger.charges")
        .where(of_lines(question), *only)
        .group_by("ALL")
    )
    return in_picodollars(from_sums(engine, query), "priced", *(("listed",) if own else ()))


def of_lines(question: Question) -> str:
    """The condition that a charge is in the window and can have a line of the bill."""
    return conjunction(f"cause <> '{REQUESTS_ONLY}'", within(question.window, months=True))


def _coarse(question: Question) -> Select:
    """In which dimensions the bill is coarser than the use."""
    key = ("organization", "day", "workspace", "model", "kind")
    unknown = {name: among(name, ("unknown", "none")) for name in ("tier", "context", "geo")}
    return (
        select(*key, *(f"bool_or({condition}) AS {name}" for name, condition in unknown.items()))
        .from_("ledger.cost")
        .where(within(question.window, months=True), among("kind", TOKENS))
        .where(" OR ".join(unknown.values()))
        .group_by("ALL")
    )
