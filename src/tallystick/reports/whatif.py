"""What-if: the same usage at other prices, beside what it costs by the price lists in force."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from tallystick.core.money import EXACT, ratio, total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.records import TOKENS, USED
from tallystick.errors import AskedWrongly
from tallystick.ledger.engine import Engine
from tallystick.reports import answer as plain
from tallystick.reports.cache import by_rate, grouped, models, spoken
from tallystick.reports.conditions import wanted
from tallystick.reports.report import Measure, Report
from tallystick.reports.usage import DIMENSIONS, USAGE
from tallystick.tally.prices import Prices
from tallystick.tally.whatif import Change, Compared, compare, moved

_NOTE = (
    "actual and what_if are priced at the price lists in force on each day, not billed: without discounts, refused "
    "requests that were not billed, web searches and other services. Lines unpriced on one side are in neither."
)
WHATIF = Report(
    name="whatif",
    meaning="The same usage at other prices: another model, batch, cache hit rate or geography",
    money=False,
    dimensions=tuple(name for name in DIMENSIONS if name != "hour"),
    by=("model",),
    measures=(Measure("total_tokens", Kind.COUNT, "tokens", " + ".join(TOKENS)),),
    order="total_tokens",
    refused={**USAGE.refused, "hour": "prices are by UTC day."},
    apart=("tier", "CASE WHEN tier = 'priority' THEN 'priority' ELSE 'all but priority' END"),
    notes=(_NOTE,),
)
HEADINGS = (
    Heading("actual", Kind.MONEY, "USD"),
    Heading("what_if", Kind.MONEY, "USD"),
    Heading("difference", Kind.MONEY, "USD"),
    Heading("change", Kind.RATIO),
    Heading("unpriced", Kind.COUNT, "tokens"),
)

_GENERATIONS = (
    ("opus", (4, 7), "Opus 4.7 and later count up to about 35 % more tokens for the same text than earlier models"),
    ("sonnet", (5, 0), "Sonnet 5 and later count about 30 % more tokens for the same text than earlier models"),
    ("fable", (5, 0), "Fable 5 and later count about 30 % more tokens for the same text than earlier models"),
)
"""Families, the version from which a generation counts otherwise, and how (reports-api 4.2)."""
_ID = re.compile(r"claude-([a-z]+)-([0-9]{1,2})(?:-([0-9]{1,2}))?(?![0-9])")
SOON = timedelta(days=30)
"""How long before its last day a model is said to retire."""


def answer(engine: Engine, question: Question, now: datetime, prices: Prices, change: Change) -> Table:
    """Actual, what-if and difference of each group; AskedWrongly where the question or the change cannot be."""
    _check(engine, question, prices, change)
    table = plain.answer(WHATIF, engine, question, now)
    measures = (
        *(Measure(kind, Kind.COUNT, "tokens", kind) for kind in TOKENS),
        *(Measure(f"new_{kind}", Kind.COUNT, "tokens", sql) for kind, sql in moved(change.hit).items()),
    )
    asked, _ = plain.query(replace(WHATIF, measures=measures), engine, question)
    dims = [it.name for it in table.headings if it.kind is Kind.DIMENSION]
    found, doubts = compare(engine.ask(by_rate(asked)), dims, prices.own, change)
    every = list(found.values())
    groups = grouped(found, table, question)
    return replace(
        table,
        headings=(*table.headings, *HEADINGS),
        cells=[(*cell, *_figures(them)) for cell, them in zip(table.cells, groups, strict=True)],
        totals={
            **table.totals,
            **dict(zip((it.name for it in HEADINGS), _figures(every) if every else (None,) * 5, strict=True)),
        },
        caveats=(
            *table.caveats,
            *_spoken(change),
            *_retiring(change, prices, now),
            *spoken(doubts, "tokens"),
        ),
        coverage={**table.coverage, "unpriced": models(doubts)},
    )


def _check(engine: Engine, question: Question, prices: Prices, change: Change) -> None:
    WHATIF.check(question)
    known = {*prices.own.models, *(price.subject for price in prices.own.on(question.window.days()[-1]))}
    for old, new in change.swap.items():
        wanted(engine, USED, {"model": (old,)})
        if new not in known:
            near = get_close_matches(new, sorted(known), n=3, cutoff=0.5)
            raise AskedWrongly(
                f"{new} is not in the price list.",
                f"Near it: {', '.join(near)}." if near else "`tallystick prices` lists every model.",
            )


def _figures(them: list[Compared]) -> tuple[Cell, ...]:
    """The cells of a row that is made of these groups."""
    known = [(it.actual, it.what_if) for it in them if it.actual is not None and it.what_if is not None]
    unpriced = sum(it.unpriced for it in them)
    if not known:
        return None, None, None, None, unpriced
    actual, what_if = total([one for one, _ in known]), total([other for _, other in known])
    difference = EXACT.subtract(what_if, actual)
    return actual, what_if, difference, ratio(difference, actual), unpriced


def _spoken(change: Change) -> list[str]:
    """What a change takes for granted, in words."""
    said = []
    for old, new in change.swap.items():
        facts = list(dict.fromkeys(fact for fact in map(_counts, (old, new)) if fact))
        how = "; ".join(facts) if facts else "no figure is published for these two"
        said.append(
            f"The same tokens are priced for {new} as {old} used, but token counts of different model generations are "
            f"not comparable: {how}. Nor would another model write answers of the same length."
        )
    if change.batch is not None:
        said.append(
            f"{change.batch} of all that was standard tier is priced as batch; what was batch stays so, and fast mode "
            "cannot be batch. Whether the work could have waited is not known."
        )
    if change.hit is not None:
        said.append(
            f"Reads are {change.hit} of all input on every line (the hit rate of `cache`); writes stay as they are so "
            "far as the rest reaches, and what is left is uncached. Whether it would be read so often is not known."
        )
    if change.geo is not None:
        said.append(f"All is priced as geo {change.geo}, but for models that take no inference geography.")
    return said


def _counts(model: str) -> str:
    """What is known of how a model counts tokens; empty where nothing is."""
    found = _ID.match(model)
    if not found:
        return ""
    version = int(found[2]), int(found[3] or 0)
    return next((fact for family, since, fact in _GENERATIONS if found[1] == family and version >= since), "")


def _retiring(change: Change, prices: Prices, now: datetime) -> list[str]:
    days: Mapping[str, Any] = {new: prices.own.retires(new) for new in change.swap.values()}
    return [
        f"{model} {'was retired' if day <= now.date() else 'retires'} on {day}."
        for model, day in days.items()
        if day and day <= now.date() + SOON
    ]
