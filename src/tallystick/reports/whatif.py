"""What-if: the same usage at other prices, beside what it costs by the price lists in force."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES, USED
from tallystick.core.message import note, warning
from tallystick.core.money import EXACT, ratio, rounded, total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.records import TOKENS
from tallystick.core.select import select
from tallystick.core.text import change_words, window_words
from tallystick.query import grouping as plain
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import among, within
from tallystick.query.context import Context
from tallystick.query.filters import wanted
from tallystick.query.pivot import TIERS_APART, Measure, Pivot
from tallystick.query.report import TOP, WINDOW, ChargeSum, Days, Form, Parameter, Report, Where, by, narrowed_by
from tallystick.query.strictness import INCOMPLETE, UNPRICED, Strictness
from tallystick.reports.cache import by_rate, grouped, models, price_messages
from tallystick.reports.prices import unlisted
from tallystick.reports.usage import DIMENSIONS, USAGE
from tallystick.store.engine import Engine
from tallystick.tally.cache import MARK, sums
from tallystick.tally.prices_in_force import Prices
from tallystick.tally.whatif import SHARE, Change, Compared, compare, moved

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NOTE = (
    "priced and what_if are at the price lists in force on each day, {own}, not as billed: refused requests that were "
    "not billed are in both. Lines unpriced on one side are in neither; excluded is what they cost as they are, where "
    "that is known."
)
WHATIF = Pivot(
    name="whatif",
    money=False,
    dimensions=tuple(name for name in DIMENSIONS if name != "hour"),
    by=("model",),
    measures=(
        Measure(
            "total_tokens",
            Kind.COUNT,
            "tokens",
            " + ".join(TOKENS),
            drop_order=2,
            charges=ChargeSum("quantity", "used", TOKENS),
        ),
    ),
    order="total_tokens",
    refused={**USAGE.refused, "hour": "prices are by UTC day."},
    apart=TIERS_APART,
)
HEADINGS = (
    Heading("priced", Kind.MONEY, "USD"),
    Heading("what_if", Kind.MONEY, "USD"),
    Heading("difference", Kind.MONEY, "USD"),
    Heading("change", Kind.RATIO, drop_order=1),
    Heading("excluded", Kind.MONEY, "USD", drop_order=3),
    Heading("unpriced", Kind.COUNT, "tokens", drop_order=3),
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
    """Priced, what-if and difference of each group; InvalidQuestion where the question or the change cannot be."""
    change = change.of(prices.in_force.model)
    _check(engine, question, prices, change)
    table = plain.answer(WHATIF, engine, question, now)
    measures = (
        *(Measure(kind, Kind.COUNT, "tokens", kind) for kind in TOKENS),
        *(Measure(f"new_{kind}", Kind.COUNT, "tokens", sql) for kind, sql in moved(change.hit).items()),
    )
    query, _ = plain.query(replace(WHATIF, measures=measures), engine, question, now)
    dims = [heading.name for heading in table.headings if heading.kind is Kind.DIMENSION]
    with engine.cursor() as used:
        engine.make(used, "used", from_sums(engine, by_rate(query)))
        by_group, doubts = compare(used, dims, prices.in_force, change)
        unwritten = _unwritten(used) if change.hit else []
    group_figures = list(by_group.values())
    groups = grouped(by_group, table, question)
    names = [heading.name for heading in HEADINGS]
    costs = [(group.actual, group.excluded) for group in by_group.values()]
    of_models = [dict(zip(dims, group, strict=True)).get("model", "") for group in by_group]
    largest = dearest(zip(of_models, costs, strict=True))
    figures = _figures(group_figures) if group_figures else (None,) * len(names)
    return replace(
        table,
        headings=(*table.headings, *HEADINGS),
        cells=[(*cell, *_figures(group)) for cell, group in zip(table.cells, groups, strict=True)],
        totals={**table.totals, **dict(zip(names, figures, strict=True))},
        headline=_headline(change, figures, window_words(question.window, now.year), largest),
        messages=(
            *table.messages,
            note(_NOTE.format(own="your own included" if len(prices.texts) > 1 else "without discounts")),
            *map(note, _services(engine, question)),
            *map(note, _assumptions(change)),
            *map(warning, unwritten),
            *map(note, _retiring(change, prices, now)),
            *price_messages(doubts, "tokens"),
        ),
        coverage={**table.coverage, "unpriced": models(doubts)},
    )


def _check(engine: Engine, question: Question, prices: Prices, change: Change) -> None:
    WHATIF.check(question)
    known = {*prices.in_force.models, *(price.subject for price in prices.in_force.on(question.window.days()[-1]))}
    for model in change.batches:
        wanted(engine, USED, {"model": Filter.of(model)})
    for old, new in change.swap.items():
        wanted(engine, USED, {"model": Filter.of(old)})
        if new not in known:
            raise unlisted(new, known)


def _figures(groups: list[Compared]) -> tuple[Cell, ...]:
    """The cells of a row that is made of these groups."""
    known = [
        (group.actual, group.what_if) for group in groups if group.actual is not None and group.what_if is not None
    ]
    unpriced = sum(group.unpriced for group in groups)
    excluded_amounts = [group.excluded for group in groups if group.excluded is not None]
    excluded = total(excluded_amounts) if excluded_amounts or not unpriced else None
    if not known:
        return None, None, None, None, excluded, unpriced
    actual, what_if = total([amount for amount, _ in known]), total([amount for _, amount in known])
    difference = EXACT.subtract(what_if, actual)
    return actual, what_if, difference, ratio(difference, actual), excluded, unpriced


def _headline(change: Change, figures: Sequence[Cell], days: str, dearest: str) -> str:
    """What a change comes to, in a sentence; nothing where that is unknown. `dearest` is the model that costs most."""
    priced, _, difference, growth, *_ = figures
    if not isinstance(priced, Decimal) or not isinstance(difference, Decimal):
        return ""
    words = [f"all of {old}{' (costs most)' * (old == dearest)} as {new}" for old, new in change.swap.items()]
    words += [f"{_percent(share)} of {model} as batch" for model, share in change.batches.items()]
    words += [f"{_percent(change.batch)} as batch"] if change.batch else []
    words += [f"{_percent(change.hit)} read from the cache"] if change.hit is not None else []
    words += [f"geography {change.geo}"] if change.geo is not None else []
    changes = " and ".join(words) or "as it is"
    compared = change_words(difference, growth if isinstance(growth, Decimal) else None)
    compared = f"{compared} than" if rounded(difference) else "the same as"
    return f"{changes[:1].upper()}{changes[1:]}: {compared} {rounded(priced):,} at list price, {days}."


def dearest(amounts: Iterable[tuple[str, Sequence[Cell]]]) -> str:
    """Return the model that costs most at list price, of models with what they cost; nothing where there is none.

    A model may come again; what is not known of it does not count.
    """
    sums: dict[str, Decimal] = {}
    for model, costs in amounts:
        known = [cost for cost in costs if isinstance(cost, Decimal)]
        sums[model] = total([sums.get(model, Decimal(0)), *known])
    return max(sums, key=lambda model: sums[model], default="")


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"


def _services(engine: Engine, question: Question) -> list[str]:
    """What was billed besides tokens, which no what-if changes."""
    query = select("kind", "sum(billed) AS billed").from_("ledger.charges").group_by("kind").order_by("kind")
    query = query.where("billed IS NOT NULL", f"NOT {among('kind', TOKENS)}", within(question.window, months=True))
    rows = engine.rows(from_sums(engine, query.where(*wanted(engine, CHARGES, question.where))))
    billed = {row["kind"]: row["billed"] for row in rows}
    services = ", ".join(f"{rounded(amount):,} USD for {kind.replace('_', ' ')}" for kind, amount in billed.items())
    return [f"Also billed, and in neither: {services}."] if services else []


def _unwritten(used: DuckDBPyConnection) -> list[str]:
    """The models that would read from the cache what none of their use writes to it."""
    names = ("new_cache_read", "new_cache_write_5m", "new_cache_write_1h")
    reads = {
        row[f"{MARK}model"]: int(row["new_cache_read_sum"]) // SHARE
        for row in sums(used, [f"{MARK}model"], names)
        if row["new_cache_read_sum"] and not row["new_cache_write_5m_sum"] and not row["new_cache_write_1h_sum"]
    }
    listed = ", ".join(f"{model} (reads {tokens:,} tokens)" for model, tokens in sorted(reads.items()))
    needed = "these reads are priced without the writes that they would need, so the what-if is too low by as much"
    return [f"Nothing is written to the cache by {listed}: {needed}."] if reads else []


def _assumptions(change: Change) -> Iterator[str]:
    """What a change takes for granted, in words."""
    for old, new in change.swap.items():
        yield (
            f"The same tokens are priced for {new} as {old} used, but token counts of different model generations are "
            f"not comparable: {_recounted(old, new)}. Nor would another model write answers of the same length."
        )
    shares = [f"{share} of {model}" for model, share in change.batches.items()]
    if change.batch is not None:
        shares.append(f"{change.batch} of all {'others ' if shares else ''}that was standard tier")
    if shares:
        yield (
            f"{', '.join(shares)} is priced as batch; what was batch stays so, and fast mode "
            "cannot be batch. Whether the work could have waited is not known."
        )
    if change.hit is not None:
        yield (
            f"Reads are {change.hit} of all input on every line (the hit rate of `cache`); writes stay as they are so "
            "far as the rest reaches, and what is left is uncached. Whether it would be read so often is not known."
        )
    if change.geo is not None:
        yield f"All is priced as geo {change.geo}, but for models that take no inference geography."


def _recounted(old: str, new: str) -> str:
    """Whether a model would count more or fewer tokens than another for the same text, so far as that is published."""
    before, after = _counts(old), _counts(new)
    if before == after:
        return f"both count alike: {before}" if before else "no figure is published for these two"
    if not (before and after):
        return f"{new} would count {'fewer' if before else 'more'}: {before or after}"
    return f"whether {new} would count more or fewer is not published: {before}; {after}"


def _counts(model: str) -> str:
    """What is known of how a model counts tokens; empty where nothing is."""
    match = _ID.match(model)
    if not match:
        return ""
    version = int(match[2]), int(match[3] or 0)
    return next((fact for family, since, fact in _GENERATIONS if match[1] == family and version >= since), "")


def _retiring(change: Change, prices: Prices, now: datetime) -> list[str]:
    days: dict[str, Any] = {new: prices.in_force.retires(new) for new in change.swap.values()}
    return [
        f"{model} {'was retired' if day <= now.date() else 'retires'} on {day}."
        for model, day in days.items()
        if day and day <= now.date() + SOON
    ]


def _ask(
    context: Context,
    by: tuple[str, ...],
    days: Days,
    where: Where,
    top: int | None,
    cache_hit: str | None,
    **spelt: Any,
) -> Table:
    change = Change.read(hit=cache_hit, **spelt)
    question = context.question("whatif", by, days, where, top)
    return context.warned(answer(context.engine, question, context.now, context.prices, change))


REPORT = Report(
    _ask,
    (
        Parameter("swap", "Price use of the first model as the second. May be repeated.", Form.MANY, (), "MODEL=MODEL"),
        Parameter(
            "batch",
            "Share of standard-tier use to price as batch: 0.4, or MODEL=0.4 for one model. May be repeated.",
            Form.MANY,
            (),
            "[MODEL=]SHARE",
        ),
        Parameter("cache_hit", "Share of all input to price as read from the cache: 0.7.", metavar="SHARE"),
        Parameter("geo", "Inference geography: global or us.", metavar="GEO"),
        by(("model",), WHATIF.dimensions),
        *WINDOW,
        narrowed_by(WHATIF.dimensions),
        TOP,
    ),
    "Shows each row priced as it was and as asked, and the difference; names what has no price.",
    strict=Strictness({"absent": INCOMPLETE["absent"], **UNPRICED}),
    charges={
        **WHATIF.charges,
        **{heading.name: ChargeSum(half="used", kinds=TOKENS) for heading in HEADINGS},
    },
)
