"""Reconcile: billed against priced, and the difference by named cause; the arithmetic is in tally/reconcile.

A bridge for each group: `billed`, the causes, `priced`, what is `unexplained`. What modifiers (batch, geography, long
context, speed) did to `priced` adds nothing to it: a note, and a table of its own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from tallystick.core.causes import (
    ALONE,
    BILL_NOT_READ,
    NEW_SERVICE,
    NEW_TOKENS,
    NOT_BILLED_YET,
    PRIORITY,
    TO_PROFILE,
    USAGE_NOT_READ,
)
from tallystick.core.message import note
from tallystick.core.money import dollars, ratio, rounded
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.records import TOKENS
from tallystick.errors import InvalidQuestion
from tallystick.query.context import Context
from tallystick.query.names import dim_cells, dim_headings, dims_of, named
from tallystick.query.report import WINDOW, ChargeSum, Days, Form, Parameter, Report, Where, narrowed_by
from tallystick.query.strictness import INCOMPLETE, Strictness
from tallystick.reports.effective_rates import effective_rates
from tallystick.reports.judged_charges import judged
from tallystick.reports.reconcile_scope import RECONCILE, check, covered_charges
from tallystick.store.engine import Engine
from tallystick.tally.prices_in_force import Prices
from tallystick.tally.reconcile.causes import CAUSES
from tallystick.tally.reconcile.findings import Found, Group
from tallystick.tally.reconcile.own_prices import NOT_APPLIED
from tallystick.tally.reconcile.pieces import LARGE, MIXED, REFUSED, SEARCH, UNEXPLAINED, UNKNOWN_PRICE

BILLED, PRICED = "billed", "priced"
"""What stands in the place of a cause at both ends of a bridge."""
_BRIDGE = (
    Heading("cause", Kind.TEXT),
    Heading("amount", Kind.MONEY, "USD"),
    Heading("share", Kind.RATIO),
    Heading("quantity", Kind.NUMBER, drop_order=2),
    Heading("detail", Kind.TEXT, drop_order=3),
)
_FACTORS = (Heading("modifier", Kind.TEXT), Heading("in_priced", Kind.MONEY, "USD"), Heading("quantity", Kind.NUMBER))
_READING = "billed + each cause + unexplained = priced. Plus: used and not billed. Minus: billed beyond our price."


def answer(engine: Engine, question: Question, prices: Prices, now: datetime, *, factors: bool = False) -> Table:
    """The bridge from billed to priced of each group, or `factors`: what modifiers did to priced.

    InvalidQuestion where the question cannot be.

    `amount` is in US dollars: `billed` and the amounts of the causes and of `unexplained` add up to `priced`, to the
    picodollar. `share` is that of what was billed. Totals are those of the window, `difference` is billed - priced.
    LedgerError where the charges were tallied by other price lists: their `priced` would stand beside these rates.
    """
    check(engine, question, prices)
    by = dims_of(engine, question)
    charges = judged(engine, question, prices, by)
    groups, findings = charges.groups, charges.findings
    findings_by_group: dict[tuple[str, ...], list[Found]] = defaultdict(list)
    for finding in findings:
        findings_by_group[finding.group].append(finding)
    names = named(engine, by)
    cells: list[tuple[Cell, ...]] = []
    for group in sorted(groups, key=lambda group: _order(group, by)):
        group_cells = dim_cells(dict(zip(by, group.group, strict=True)), names)
        steps = (
            _modifiers(findings_by_group[group.group]) if factors else _bridge(group, findings_by_group[group.group])
        )
        cells += [(*group_cells, *row) for row in steps]
    headings = dim_headings(by, names, block=True)
    coverage, covered = covered_charges(engine, question, now, charges.billed)
    ordered = [finding for group_findings in findings_by_group.values() for finding in group_findings]
    billed, priced = sum(group.billed for group in groups), sum(group.priced for group in groups)
    totals = {"billed": dollars(billed), "priced": dollars(priced), "difference": dollars(billed - priced)}
    totals["unexplained"] = charges.unexplained
    known: Mapping[str, Cell] = totals if coverage["present"] or charges.any else dict.fromkeys(totals)
    messages = (note(_verdict(totals, ordered)), *covered, note(_READING), *map(note, _causes(ordered)))
    columns = _FACTORS if factors else _BRIDGE
    return Table(question, (*headings, *columns), cells, known, messages, coverage, engine.version.identity)


def _order(group: Group, by: tuple[str, ...]) -> tuple[Any, ...]:
    times = [value for name, value in zip(by, group.group, strict=True) if name in {"day", "week", "month"}]
    return times, -group.billed, group.group


def _bridge(group: Group, findings: list[Found]) -> list[tuple[Cell, ...]]:
    """The steps from billed to priced in the order of `CAUSES`, then what is unexplained.

    An amount that is not known stands in one row for each cause, one that is known in one for each detail.
    """
    billed, priced = dollars(group.billed), dollars(group.priced)
    rows: list[tuple[Cell, ...]] = [(BILLED, billed, ratio(billed, billed), None, "")]
    end: list[tuple[Cell, ...]] = [(PRICED, priced, ratio(priced, billed), None, "")]
    for (rank, cause, _), step_findings in sorted(_steps(findings).items()):
        amounts = [finding.amount for finding in step_findings if finding.amount is not None]
        amount = dollars(-sum(amounts)) if amounts or not step_findings else None
        share = None if amount is None else ratio(amount, billed)
        if rank <= len(CAUSES) and (amount != 0 or rank == len(CAUSES)):
            (end if rank == len(CAUSES) else rows).append((cause, amount, share, *_extent(step_findings)))
    return [*rows, *end]


def _modifiers(findings: list[Found]) -> list[tuple[Cell, ...]]:
    """What each modifier did to priced."""
    return [
        (cause, dollars(sum(finding.in_priced for finding in step_findings)), _extent(step_findings)[0])
        for (rank, cause, _), step_findings in sorted(_steps(findings).items())
        if rank > len(CAUSES)
    ]


def _extent(findings: list[Found]) -> tuple[Cell, Cell]:
    """The quantity and the details of findings."""
    counts = [finding.quantity for finding in findings if finding.quantity is not None]
    details = dict.fromkeys(finding.detail for finding in findings if finding.detail)
    return sum(counts) if counts else None, "; ".join(details)


def _steps(findings: list[Found]) -> dict[tuple[int, str, str], list[Found]]:
    """The findings of each step, by its place and name; `unexplained` always is one."""
    steps: dict[tuple[int, str, str], list[Found]] = {(len(CAUSES), UNEXPLAINED, ""): []}
    for finding in findings:
        rank = CAUSES.index(finding.cause) if finding.cause in CAUSES and not finding.zero else len(CAUSES) + 1
        rank = len(CAUSES) if finding.cause == UNEXPLAINED else rank
        detail = "" if finding.amount is None else finding.detail
        steps.setdefault((rank, finding.cause, detail), []).append(finding)
    return steps


def _causes(findings: list[Found]) -> list[str]:
    """What to say of causes that need words."""
    sentences = {
        REFUSED: "Refused or blocked: the gap is a whole number of tokens at their rate, at most those used. Which "
        "requests were refused is not reported.",
        LARGE: "Large-prompt range: so many tokens at the higher rate make up the gap; tokens refused among them would "
        "make it more, and cannot be told apart.",
        NOT_APPLIED: "Own prices not applied: the bill is the public list's, though your own prices differ.",
    }
    words = [
        words
        for cause, words in sentences.items()
        if any(finding.cause == cause and finding.amount is not None and not finding.zero for finding in findings)
    ]
    effects: dict[str, int] = defaultdict(int)
    for finding in findings:
        effects[finding.cause] += finding.in_priced
    if within_priced := [f"{cause} {rounded(dollars(sum_)):,}" for cause, sum_ in effects.items() if sum_]:
        words.append(f"Within priced, in USD: {', '.join(within_priced)} (--factors).")
    if any(finding.cause == MIXED for finding in findings):
        words.append("Mixed speed: fast and standard use that one line of the bill covers; it is judged as one.")
    if free := sum(
        finding.quantity or 0 for finding in findings if finding.cause == UNKNOWN_PRICE and finding.unbilled
    ):
        words.append(f"For {free:,} tokens of unknown price nothing was billed.")
    return words


def _verdict(totals: Mapping[str, Cell], findings: list[Found]) -> str:
    """Say what is explained of the difference, what could not be checked, and what the invoice alone shows."""
    unexplained = rounded(Decimal(totals["unexplained"] or 0))
    explained = f"all but {unexplained:,} USD" if totals["unexplained"] else "all"
    names = {PRIORITY: "prepaid priority tier", UNKNOWN_PRICE: "what has no known price"}
    names |= {cause: cause for cause in (NEW_SERVICE, NEW_TOKENS, USAGE_NOT_READ, NOT_BILLED_YET, BILL_NOT_READ)}
    causes = {finding.cause for finding in findings}
    unchecked = [words for cause, words in names.items() if cause in causes]
    return (
        f"Verdict: {explained} of the difference between billed and priced is explained. "
        + (f"Not checked: {', '.join(unchecked)}. " if unchecked else "")
        + "Compare credits and taxes with the invoice by hand."
    )


def _ask(context: Context, by: tuple[str, ...] | None, days: Days, where: Where, rates: bool, factors: bool) -> Table:
    question = context.question("reconcile", by or (), days, where)
    if rates and factors:
        raise InvalidQuestion("--rates and --factors are two tables.", "Ask for one, then for the other.")
    if rates:
        return effective_rates(context.engine, question, context.prices, context.now)
    return answer(context.engine, question, context.prices, context.now, factors=factors)


_MODEL = re.compile(r"(\S+): ")
"""What a detail begins with, or a part of it, that is of a model."""
_TOKENS, _BILLED = ChargeSum(kinds=TOKENS), ChargeSum(half="billed")
_ON_CHARGES = frozenset({*ALONE, PRIORITY, NOT_BILLED_YET, BILL_NOT_READ, TO_PROFILE})
"""Causes that stand on charges of their own."""


def _behind(row: Mapping[str, Any]) -> ChargeSum:
    """The charges that a step stands on; where they are not told apart, those of its models, else of all tokens."""
    cause = str(row.get("cause"))
    if cause in {BILLED, PRICED}:
        return ChargeSum("billed", "billed") if cause == BILLED else ChargeSum(half="used")
    if cause in _ON_CHARGES:
        return ChargeSum(where=(("cause", cause),))
    if cause == SEARCH:
        return ChargeSum(kinds=("web_search",))
    models = dict.fromkeys(_MODEL.findall(str(row.get("detail") or "")))
    return replace(_TOKENS, where=tuple(("model", model) for model in models))


REPORT = Report(
    _ask,
    (
        Parameter(
            "by",
            "One bridge for each day, model, workspace, ...; by default one for all.",
            Form.NAMES,
            metavar="DIM[,DIM]",
            choices=RECONCILE.dimensions,
        ),
        *WINDOW,
        narrowed_by(RECONCILE.dimensions),
        Parameter(
            "rates", "Show instead the effective rate of each model and kind, beside the list price.", Form.FLAG, False
        ),
        Parameter(
            "factors", "Show instead what batch, geography, long context and speed add to priced.", Form.FLAG, False
        ),
    ),
    "billed + each cause + unexplained = priced, to the picodollar. No cause is computed as a remainder.",
    strict=Strictness(INCOMPLETE, "anything is unexplained", lambda table: bool(table.totals.get("unexplained"))),
    charges={
        **dict.fromkeys(("amount", "share"), _behind),
        **dict.fromkeys(("billed", "rate", "of_list"), _BILLED),
        "in_priced": _TOKENS,
        "quantity": lambda row: _behind(row) if "cause" in row else _TOKENS if "modifier" in row else _BILLED,
    },
    no_charges="A price of the list, or a count of units.",
)
