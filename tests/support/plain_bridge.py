"""Plain bridge: the difference between billed and priced by named cause, charge by charge, in fractions.

What the engine's bridge is compared with: one object a charge and a line, no SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from support.plain_lines import Line, Part, WholeRate
from tallystick.core.causes import (
    ALONE,
    BILL_NOT_READ,
    CODE,
    NOT_BILLED_YET,
    PRIORITY,
    SESSION,
    TO_PROFILE,
    USAGE_NOT_READ,
)
from tallystick.core.price_entries import Unpriced
from tallystick.core.prices import PriceList
from tallystick.tally.reconcile.own_prices import NOT_APPLIED
from tallystick.tally.reconcile.pieces import (
    LARGE,
    MIXED,
    REFUSED,
    ROUNDING,
    SEARCH,
    UNEXPLAINED,
    UNKNOWN_PRICE,
)
from tallystick.tally.reconcile.price_factors import Cell, changes
from tallystick.tally.split import split

_PLAIN = {CODE, SESSION, USAGE_NOT_READ}
MODIFIERS = {"batch": "batch", "us": "geography", "long_context": "long context", "fast": "speed"}


@dataclass(frozen=True, slots=True)
class Found:
    """An amount of a part's gap by cause, None where it is not known; `in_priced` is what a modifier did to `priced`.

    The amounts of all that is found sum to the gaps of all parts; `in_priced` adds nothing to them.
    """

    part: Part
    cause: str
    amount: int | None
    quantity: int | None = None
    detail: str = ""
    in_priced: int = 0


def bridge(
    parts: Iterable[Part],
    prices: PriceList,
    coarse: Mapping[tuple[str, date, str, str, str], frozenset[str]],
    listed: PriceList | None = None,
) -> list[Found]:
    """The causes of every difference, and what modifiers did to the priced amounts.

    `prices` are the lists in force, `listed` is the public one where that is another; `coarse` says in which of tier,
    context and geo the bill is coarser than the use, by organization, day, workspace, model and kind.
    """
    rates = _whole_rates(prices)
    public_rates = None if listed is None or listed is prices else _whole_rates(listed)
    lines: dict[tuple[object, ...], Line] = defaultdict(Line)
    public: dict[tuple[object, ...], Line] = defaultdict(Line)
    causes: list[Found] = []
    for part in parts:
        rate = rates(part)
        causes += _modified(part, rate)
        if part.cause in ALONE:
            causes.append(Found(part, part.cause, part.billed, None, part.kind if part.cause not in _PLAIN else ""))
        elif part.cause in {NOT_BILLED_YET, BILL_NOT_READ, TO_PROFILE} or (
            part.cause == PRIORITY and part.kind != "web_search"
        ):
            causes.append(Found(part, part.cause, None if part.priced is None else part.gap, part.quantity))
        else:
            key = (part.organization, part.day, part.workspace, part.model, part.kind)
            free = coarse.get(key, frozenset())
            fixed = tuple(None if name in free else getattr(part, name) for name in ("tier", "context", "geo"))
            line_key: tuple[object, ...] = (*key[:3], part.kind) if part.kind == "web_search" else (*key, *fixed)
            lines[line_key].add(part, rate)
            if public_rates:
                public[line_key].add(replace(part, priced=part.listed), public_rates(part))
    for line_at, detail in (not_applied(lines, public) if public_rates else {}).items():
        causes += [
            Found(part, NOT_APPLIED, (part.listed or 0) - (part.priced or 0), part.quantity, detail)
            for part in lines[line_at].parts
        ]
        lines[line_at] = public[line_at]
    cells = {
        key: Cell(first.organization, first.day, first.model, first.kind, line.ratio, line.own, 1)
        for key, line in lines.items()
        for first in line.parts[:1]
        if line.billed > 0 and line.units and not line.unpriced
    }
    changes([*cells.values()])
    for key, cell in cells.items():
        lines[key].change = cell.change
    for line in lines.values():
        causes += _judged(line)
    return causes


def _whole_rates(prices: PriceList) -> Callable[[Part], WholeRate | Unpriced]:
    """What gives the rate of a part in whole picodollars."""
    known: dict[tuple[date | str, ...], WholeRate] = {}

    def rate_of(part: Part) -> WholeRate | Unpriced:
        terms = (part.model, part.kind, prices.since(part.day), part.tier, part.context, part.geo, part.speed)
        if rate := known.get(terms):
            return rate
        dated = prices.rate(
            part.model, part.kind, part.day, tier=part.tier, context=part.context, geo=part.geo, speed=part.speed
        )
        if isinstance(dated, Unpriced):
            return dated
        known[terms] = WholeRate.of(dated)
        return known[terms]

    return rate_of


def _modified(part: Part, rate: WholeRate | Unpriced) -> Iterator[Found]:
    """What each modifier did to the priced amount."""
    if isinstance(rate, Unpriced) or part.priced is None or part.quantity is None:
        return
    for name, added in rate.modifiers:
        by = round(Fraction(added * part.quantity, rate.per))
        yield Found(part, MODIFIERS.get(name, name), 0, part.quantity, "within priced", by)


def _judged(line: Line) -> Iterator[Found]:
    """The causes of a line's gap, each part's with the part."""
    first = line.parts[0]
    if line.unpriced:
        for part in line.parts:
            amount = None if part.billed is None and part.priced is None else part.gap
            why = line.unpriced.removesuffix(f" on {part.day}")
            yield Found(part, UNKNOWN_PRICE, amount, part.quantity, f"{part.model}: {why}")
        return
    if len({part.speed for part in line.parts if part.quantity}) > 1 and first.kind != "web_search":
        yield Found(first, MIXED, 0, sum(part.quantity or 0 for part in line.parts), "within priced")
    causes = _causes(line)
    if len({(part.model, part.tier, part.context, part.geo, part.wanted) for part in line.parts}) == 1:
        yield from (Found(first, *cause) for cause in causes)
        return
    weights = [part.priced or 0 for part in line.parts]
    gaps = [part.gap for part in line.parts]
    among = (SEARCH, 0, None, "one line of the bill for all models and tiers")
    *others, last = causes or [among if first.kind == "web_search" else (UNEXPLAINED, 0, None, "")]
    for cause, amount, quantity, detail in others:
        for index, share in enumerate(split(amount, weights)):
            gaps[index] -= share
            yield Found(line.parts[index], cause, share, None if index else quantity, detail)
    yield from (
        Found(part, last[0], gap, None if index else last[2], last[3])
        for index, (part, gap) in enumerate(zip(line.parts, gaps, strict=True))
        if gap
    )


def _causes(line: Line) -> list[tuple[str, int, int | None, str]]:
    """Cause, amount, tokens and detail; the amounts sum to the line's gap."""
    factor = line.change.factor if line.change else Fraction(1)
    listed = line.billed - round(line.billed / factor) if line.change else 0
    causes: list[tuple[str, int, int | None, str]] = []
    if line.units and line.fits(factor, line.exact):
        pass
    elif less := line.missing(factor):
        causes.append((REFUSED, -round(less[0]), less[1], ""))
    elif large := line.larger(factor):
        causes.append((LARGE, round(large[0]), large[1], f"{line.parts[0].model}: no report shows which prompts"))
        causes += [(REFUSED, -round(large[2]), large[3], "")] if large[3] else []
    else:
        listed = round((factor - 1) * line.exact)
        causes.append((UNEXPLAINED, line.billed - round(factor * line.exact), None, ""))
    if line.change:
        causes.insert(0, (line.change.cause, listed, sum(part.quantity or 0 for part in line.parts), str(line.change)))
    if rest := line.gap - sum(cause[1] for cause in causes):
        causes.append((ROUNDING if abs(rest) <= line.rows else UNEXPLAINED, rest, None, ""))
    return [cause for cause in causes if cause[1]]


def not_applied(lines: Mapping[Any, Line], public: Mapping[Any, Line]) -> dict[Any, str]:
    """The lines that were billed at public prices though their own differ, each with the words for it.

    `lines` are at one's own prices, `public` are the same at the public list's. Those whose prices differ are marked.
    """
    keys_by_group: dict[tuple[tuple[str, str], date], list[Any]] = defaultdict(list)
    sure: dict[Any, bool] = {}
    votes: dict[tuple[tuple[str, str], date], int] = defaultdict(int)
    for key, line in lines.items():
        twin, first = public[key], line.parts[0]
        line.own = (line.coins, line.steps) != (twin.coins, twin.steps)
        if not line.own or line.billed <= 0 or not line.units or line.unpriced or twin.unpriced:
            continue
        whom = "web searches" if first.kind == "web_search" else first.model
        keys_by_group[(first.organization, whom), first.day].append(key)
        own_fits, public_fits = line.fits(Fraction(1), line.exact), twin.fits(Fraction(1), twin.exact)
        if own_fits != public_fits:
            sure[key] = public_fits
            for group in ((first.organization, whom), (first.organization, "")):
                votes[group, first.day] += 1 if public_fits else -1
    reasons: dict[Any, str] = {}
    before: dict[tuple[str, str], bool] = {}
    since: dict[tuple[str, str], date | None] = {}
    for (group, day), keys in sorted(keys_by_group.items(), key=lambda entry: entry[0][1]):
        vote = votes.get((group, day)) or votes.get(((group[0], ""), day))
        before[group] = vote > 0 if vote else before.get(group, False)
        public_keys = [key for key in keys if sure.get(key, before[group])]
        since[group] = (since.get(group) or day) if public_keys else None
        reasons |= dict.fromkeys(public_keys, f"{group[1]} since {since[group]}: billed at the public list's price")
    return reasons
