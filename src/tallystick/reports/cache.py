"""Cache: how much of the input was read from the cache and written to it, by lifetime, and what that was worth.

Hit rate = reads / (reads + writes + uncached). Priority-tier use stands apart: its cost is in no report, so it has no
dollars. Dollars are at the price lists in force, not billed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT, ratio, rounded, total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.records import TOKENS
from tallystick.core.text import cut, few, window_words
from tallystick.query.charge_source import from_sums
from tallystick.query.context import Context
from tallystick.query.groups import OTHERS
from tallystick.query.pivot import TIERS_APART, Measure, Pivot
from tallystick.query.pivot_report import pivot_report
from tallystick.query.report import ChargeSum
from tallystick.reports.usage import DIMENSIONS, USAGE

if TYPE_CHECKING:
    from tallystick.core.select import Select
    from tallystick.store.engine import Engine
    from tallystick.tally.cache import Doubts, Economics
    from tallystick.tally.prices_in_force import Prices

_Group = TypeVar("_Group")
_INPUT = TOKENS[:4]
WHOLE = frozenset({"organization", "workspace", "model"})
"""Dimensions that no cache crosses: only what is asked by these holds every read of what it wrote."""


def hit_rate(row: Mapping[str, Any]) -> Cell:
    """The share of all input that was read from the cache; None where there was no input."""
    return ratio(row["cache_read"], sum(row[name] for name in _INPUT))


CACHE = Pivot(
    name="cache",
    money=False,
    dimensions=DIMENSIONS,
    by=("model",),
    measures=(
        *(
            Measure(
                name,
                Kind.COUNT,
                "tokens",
                name,
                drop_order=2 if name == "cache_read" else 4,
                charges=ChargeSum("quantity", "used", (name,)),
            )
            for name in _INPUT
        ),
        Measure("hit_rate", Kind.RATIO, None, derived=hit_rate, charges=ChargeSum(half="used", kinds=_INPUT)),
    ),
    order="cache_read",
    refused=USAGE.refused,
    apart=TIERS_APART,
    notes=("hit_rate = cache_read / (cache_read + cache_write_5m + cache_write_1h + uncached_input).",),
)

HEADINGS = (
    Heading("saved", Kind.MONEY, "USD"),
    Heading("extra_5m", Kind.MONEY, "USD", drop_order=1),
    Heading("extra_1h", Kind.MONEY, "USD", drop_order=1),
    Heading("net", Kind.MONEY, "USD"),
    Heading("reuse", Kind.RATIO, drop_order=3),
    Heading("break_even_5m", Kind.RATIO, drop_order=5),
    Heading("break_even_1h", Kind.RATIO, drop_order=5),
    Heading("unread", Kind.COUNT, "tokens", drop_order=6),
    Heading("cheaper", Kind.TEXT, drop_order=6),
    Heading("unpriced", Kind.COUNT, "tokens", drop_order=6),
)
"""The columns in dollars, and those that follow from prices, after the columns in tokens."""

_SAVED = (
    "Compared with no caching: saved is what the reads would have cost as plain input, less what they cost; extra is "
    "what the writes cost above plain input; net = saved - extra_5m - extra_1h. "
    "At the price lists in force, not as billed."
)
_REUSE = (
    "reuse = cache_read / (cache_read + cache_write_5m + cache_write_1h); caching pays where it is above "
    "(w - 1) / (w - r), the break-even share at that day's prices, w and r the write and the read over plain input; "
    "it is - where a row has several of them, or no known rate."
)
_BOUND = (
    "unread is the least that was written and never read in this window (writes - reads, where above 0, no cache being "
    "shared by two models or workspaces); the reports do not show what each read was of, so it may be more."
)
_UNTOLD = (
    "Which written tokens were never read, and which lifetime would have been cheaper, can only be told by "
    "organization, workspace and model: another key, day or tier may have read what was written here."
)
_LIFETIME = (
    "cheaper says 5m where that lifetime would have cost less for what was written for 1h, even if it had missed every "
    "read. Elsewhere, and whether 1h would have been cheaper than 5m, cannot be told: the reports do not show how far "
    "apart requests were. 1h is the cheaper where more than (w1h - w5m) / (w1h - r) of 5m writes repeat earlier ones."
)


def answer(engine: Engine, question: Question, now: datetime, prices: Prices) -> Table:
    """The report in tokens, with its dollars beside them; InvalidQuestion where the question cannot be."""
    from tallystick.query import grouping as plain
    from tallystick.query.gaps import LOST
    from tallystick.tally.cache import combinations, economics, is_exact

    query, _ = plain.query(CACHE, engine, question, now)
    dims = [name for name in query.names if name not in _INPUT]
    complete = {*question.by, *question.where} <= WHOLE
    with engine.cursor() as used:
        engine.make(used, "used", from_sums(engine, by_rate(query, _same_prices(question, prices))))
        if not is_exact(combined := combinations(used), prices.in_force):
            engine.make(used, "used", from_sums(engine, by_rate(query)))
            combined = combinations(used)
        by_group, doubts = economics(used, dims, prices.in_force, combined, complete=complete)
    summed = [{**dict(zip(dims, group, strict=True)), **worth.tokens} for group, worth in by_group.items()]
    table = plain.answer(CACHE, engine, question, now, read=summed)
    group_figures = list(by_group.values())
    groups = grouped(by_group, table, question)
    cells = [(*cell, *_figures(row, group)) for cell, row, group in zip(table.cells, table.rows, groups, strict=True)]
    names = [heading.name for heading in HEADINGS]
    totals = (
        dict(zip(names, _figures(table.totals, group_figures), strict=True)) if group_figures else dict.fromkeys(names)
    )
    if not group_figures and table.coverage["present"] and not table.coverage.get(LOST):  # read, and nothing was used
        totals |= {heading.name: total([]) for heading in HEADINGS if heading.kind is Kind.MONEY}
    totals.pop("cheaper")
    return replace(
        table,
        headings=(*table.headings, *HEADINGS),
        cells=cells,
        totals={**table.totals, **totals},
        messages=(
            *table.messages,
            note(_SAVED),
            note(_REUSE),
            *map(note, ([_BOUND, _LIFETIME] if group_figures else []) if complete else [_UNTOLD]),
            *price_messages(doubts, "cached tokens"),
        ),
        coverage={**table.coverage, "unpriced": models(doubts)},
        headline=_headline(table, cells, totals, now.year),
    )


def _headline(table: Table, cells: Sequence[tuple[Cell, ...]], totals: Mapping[str, Cell], year: int) -> str:
    """What caching saved net and for what it does not pay, in a sentence; nothing where that is not known."""
    net, saved, *extra = (totals[name] for name in ("net", "saved", "extra_5m", "extra_1h"))
    if not isinstance(net, Decimal) or not isinstance(saved, Decimal) or not table.question:
        return ""
    writes = total([cell for cell in extra if isinstance(cell, Decimal)])
    days = window_words(table.question.window, year)
    words = f"Caching {'cost' if net < 0 else 'saved'} {rounded(abs(net)):,} USD net, {days}: "
    words += f"reads saved {rounded(saved):,}, writes cost {rounded(writes):,} more than plain input."
    if len(table.question.by) != 1:
        return words
    [by] = table.question.by
    places = {heading.name: place for place, heading in enumerate((*table.headings, *HEADINGS))}
    place = places.get(f"{by}_name", places[by])  # the tier can stand behind it
    nets = [(row[place], cell) for row in cells if isinstance(cell := row[places["net"]], Decimal)]
    if not nets:
        return words
    losing = [cut(str(name)) for name, cell in nets if cell < 0]
    if losing:
        return f"{words} It does not pay by {by} for {few(losing)}."
    is_cut = any(name == OTHERS for name, _ in nets)  # of which the sum alone is known
    return words if is_cut else f"{words} It pays for every {by} with a price."


def by_rate(query: Select, day: str = "day") -> Select:
    """The same query, its groups cut further by what decides a rate; those columns stand behind MARK.

    `day` is the SQL of a day that has the prices of a charge's day.
    """
    from tallystick.core.select import identifier
    from tallystick.tally.cache import KEY, MARK

    key_columns = (f"{day if name == 'day' else name} AS {identifier(MARK + name)}" for name in KEY)
    return query.select(*key_columns).group_by("ALL")


def _same_prices(question: Question, prices: Prices) -> str:
    """The first day of the question from which on prices are those of a charge's day, as SQL."""
    firsts = {prices.in_force.since(day): day for day in reversed(question.window.days())}.values()
    cases = " ".join(f"WHEN day >= DATE '{first}' THEN DATE '{first}'" for first in firsts)
    return f"CASE {cases} ELSE day END"


def models(doubts: Doubts) -> dict[str, int]:
    """The tokens of each model without a rate, as coverage has them."""
    tokens: dict[str, int] = {}
    for (model, _), count in sorted(doubts.unpriced.items()):
        tokens[model] = tokens.get(model, 0) + count
    return tokens


def grouped(by_group: Mapping[tuple[str, ...], _Group], table: Table, question: Question) -> list[list[_Group]]:
    """The groups that each row is made of: one, or all that `top` left to a row of the others.

    A row of the others agrees with its groups in what stands apart though nobody asked.
    """
    rest = dict(by_group)
    dims = [heading.name for heading in table.headings if heading.kind is Kind.DIMENSION]
    keys = [tuple(str(row[name]) for name in dims) for row in table.rows]
    row_groups = [rest.pop(key, None) for key in keys]
    unasked = [index for index, name in enumerate(dims) if name not in question.by]
    return [
        [row_group]
        if row_group
        else [group for rest_key, group in rest.items() if all(rest_key[index] == key[index] for index in unasked)]
        for row_group, key in zip(row_groups, keys, strict=True)
    ]


def price_messages(doubts: Doubts, noun: str) -> Iterator[Message]:
    """What is doubtful of the prices, in words; tokens without a rate are named, never counted as 0 dollars."""
    why: dict[str, dict[str, int]] = {}
    for (model, reason), count in sorted(doubts.unpriced.items()):
        why.setdefault(reason, {})[model] = count
    for reason, tokens in why.items():
        count, largest = sum(tokens.values()), few(_largest(tokens))
        yield warning(f"{count:,} {noun} have no price and are in no dollar figure: {reason} ({largest}).")
    if doubts.ranged:
        unsure = "large prompts cost more and no report shows which they are; the low rate is used for all"
        yield note(f"{', '.join(doubts.ranged)}: {unsure}.")
    if doubts.assumed:
        yield note(f"Where {' and '.join(doubts.assumed)} is unknown, the plain rate is used.")


def _largest(tokens: Mapping[str, int]) -> list[str]:
    """What has tokens and how many, the most first."""
    return [f"{name} {count:,}" for name, count in sorted(tokens.items(), key=lambda entry: (-entry[1], entry[0]))]


def _figures(row: Mapping[str, Any], groups: list[Economics]) -> tuple[Cell, ...]:
    """The cells of a row that is made of these groups."""
    saved, extra_5m, extra_1h = (
        total(known) if (known := [amount for amount in amounts if amount is not None]) else None
        for amounts in zip(*((group.saved, group.extra_5m, group.extra_1h) for group in groups), strict=True)
    )
    net = None
    if saved is not None and extra_5m is not None and extra_1h is not None:
        net = EXACT.subtract(saved, EXACT.add(extra_5m, extra_1h))
    unread = [group.unread for group in groups if group.unread is not None]
    evens = ({group.even_5m for group in groups}, {group.even_1h for group in groups})
    return (
        saved,
        extra_5m,
        extra_1h,
        net,
        ratio(row["cache_read"], sum(row[name] for name in _INPUT[1:])) if row["cache_read"] is not None else None,
        *(only.pop() if len(only) == 1 else None for only in evens),
        sum(unread) if len(unread) == len(groups) else None,
        "5m" if all(group.five for group in groups) else None,
        sum(group.unpriced for group in groups),
    )


def _ask(context: Context, question: Question) -> Table:
    return context.warned(answer(context.engine, question, context.now, context.prices))


CACHED = _INPUT[1:]
"""The kinds of tokens that are written to the cache or read from it."""
_KINDS = {
    "saved": ("cache_read",),
    "extra_5m": ("cache_write_5m",),
    "extra_1h": ("cache_write_1h",),
    **dict.fromkeys(("net", "reuse", "unread", "unpriced"), CACHED),
}
"""From which tokens a figure is computed; a break-even share is of prices alone."""
REPORT = pivot_report(
    CACHE, _ask, computed={name: ChargeSum(half="used", kinds=kinds) for name, kinds in _KINDS.items()}
)
