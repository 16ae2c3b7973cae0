from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from support.plain_bridge import Found, bridge
from support.plain_lines import Part, tables
from tallystick.core.price_entries import Rate
from tallystick.core.prices import PriceList
from tallystick.core.time import DAY
from tallystick.store.session import scratch
from tallystick.tally.prices_in_force import Prices
from tallystick.tally.reconcile import findings as reconcile_findings
from tallystick.tally.reconcile.agreement import agreed
from tallystick.tally.reconcile.arithmetic import MOST_MONEY
from tallystick.tally.reconcile.causes import reconcile
from tallystick.tally.reconcile.lines import parts as parts_of

OWN = """
[[model]]
id = "odd"
name = "Odd"
[[price]]
for = "odd"
from = 2026-01-01
usd = { output = "0.33333333", uncached_input = "0.1" }
large = { uncached_input = "0.20000007" }
[[modifier]]
name = "agreement"
from = 2026-10-06
factor = "0.88"
"""
MODELS = ("claude-opus-5-5", "claude-sonnet-4-6", "claude-haiku-4-5-20251001", "odd", "no-such-model")
DIMENSIONS = ("organization", "workspace", "model", "kind", "tier", "context", "geo", "day")
ALONE = (("code_execution", "code execution"), ("web_search", "credit"), ("new_tokens", "unknown kind of token"))
LATE = ("not billed yet", "priority tier", "bill not read", "billed to a user profile")
Coarse = dict[tuple[str, date, str, str, str], frozenset[str]]


def scene(seed: int, in_force: PriceList, listed: PriceList) -> tuple[list[Part], Coarse]:
    """Charges of a few days: fitting, refused, rounded, with changed prices, in one line, without a price, very large.

    The bill of some follows the public list where own prices differ.
    """
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    factor = Fraction(*rng.choice([(1, 1), (1, 1), (5, 4), (2, 3), (22, 25), (1, 5000)]))
    everywhere, changed, public = rng.random() < 0.5, rng.choice(MODELS), rng.random() < 0.5
    big = 10 ** rng.choice([0, 0, 0, 9, 12])
    days = [date(2026, 10, 3) + DAY * number for number in range(rng.choice([2, 6, 9]))]
    coarse: Coarse = {}
    used: dict[tuple[Any, ...], Part] = {}
    for _ in range(rng.choice([1, 20, 200])):
        kind = rng.choice(("output", "output", "uncached_input", "cache_read", "web_search"))
        terms = {
            "model": rng.choice(MODELS),
            "kind": kind,
            "tier": rng.choice(("standard", "batch", "flex")),
            "context": rng.choice(("0-200k", "unknown")),
            "geo": rng.choice(("global", "us", "not_available")),
            "speed": rng.choice(("standard", "standard", "fast")),
        }
        key = {"organization": rng.choice("pq"), "day": rng.choice(days), "workspace": rng.choice(("a", "b"))}
        if kind != "web_search" and rng.random() < 0.3:
            line = (key["organization"], key["day"], key["workspace"], terms["model"], kind)
            coarse.setdefault(line, frozenset(rng.sample(("tier", "context", "geo"), rng.randint(1, 3))))
        quantity = rng.choice((0, 1, 7, 10**6, rng.randrange(1, 10**7))) * big
        paid = rng.choice((quantity, quantity, quantity, quantity - quantity // 3, 0))
        rates = [prices.rate(day=key["day"], **terms) for prices in (in_force, listed)]  # type: ignore[arg-type]
        exact = [Fraction(rate.low) * 10**12 / rate.per if isinstance(rate, Rate) else None for rate in rates]
        due = exact[1] if public and exact[1] is not None else exact[0]
        if due is not None and (terms["model"] == changed or everywhere):
            due *= factor
        extra = rng.choice((0,) * 8 + (1, -1, 137))
        part = Part(
            **key,
            **terms,
            cause="none",
            rows=rng.choice((1, 1, 3)),
            quantity=quantity,
            billed=rng.choice((None, 5)) if due is None else round(paid * due) + extra,
            priced=None if exact[0] is None else round(quantity * exact[0]),
            listed=None if exact[1] is None else round(quantity * exact[1]),
            wanted=terms["model"] != MODELS[1] or seed % 3 > 0,
        )
        used[*key.values(), *terms.values()] = part
    parts = [*used.values(), *_alone(rng, days)]
    return sorted(parts, key=lambda part: tuple(getattr(part, name) for name in (*ORDER, "cause"))), coarse


ORDER = ("organization", "day", "workspace", "model", "kind", "tier", "context", "geo", "speed")


def _alone(rng: Random, days: list[date]) -> Iterator[Part]:
    """Charges that the bill alone knows, or that have no bill."""
    for day in rng.sample(days, 2):
        key = {"organization": "p", "day": day, "workspace": "a"}
        terms = {"tier": "standard", "context": "0-200k", "geo": "global", "speed": "standard", "rows": 1}
        kind, cause = rng.choice(ALONE)
        yield Part(**key, **terms, model="none", kind=kind, cause=cause, quantity=None, billed=-7, priced=None)
        unused = {"cause": "no usage", "quantity": None, "billed": rng.choice((0, 9)), "priced": None}
        yield Part(**key, **terms, model=MODELS[1], kind="output", **unused)
        priced = rng.choice((None, 0, 12))
        late = {"cause": rng.choice(LATE), "quantity": 3, "billed": None, "priced": priced, "listed": priced}
        yield Part(**key, **terms, model=MODELS[2], kind="output", **late)


def summed(findings: list[Found], by: tuple[str, ...]) -> dict[tuple[Any, ...], list[int | None]]:
    """Amounts, quantities and what is within priced, as the engine's bridge sums them."""
    sums: dict[tuple[Any, ...], list[int | None]] = {}
    for finding in findings:
        if not finding.part.wanted:
            continue
        group = tuple(str(getattr(finding.part, name)) for name in by)
        unbilled = finding.part.billed is None and finding.cause == "unknown price"
        key = (group, finding.cause, finding.detail, unbilled, finding.amount == 0, finding.amount is None)
        row = sums.setdefault(key, [None, None, 0])
        for index, number in enumerate((finding.amount, finding.quantity, finding.in_priced)):
            row[index] = row[index] if number is None else (row[index] or 0) + number
    return sums


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_the_bridge_is_that_of_plain_fractions(seed: int, own: bool) -> None:
    """Causes, amounts, tokens and their order are those of a bridge made charge by charge; they sum to the gap."""
    prices = Prices.with_own(OWN) if own else Prices.with_own()
    compare(*scene(seed, prices.in_force, prices.listed), prices)


@pytest.mark.parametrize("seed", range(4))
def test_what_agrees_is_found_without_judging_lines(seed: int) -> None:
    """Where all that has a line is billed as listed, what is found is the same, and no line was made for it."""
    prices = Prices.with_own()
    parts, coarse = scene(seed, prices.in_force, prices.listed)
    known = [part for part in parts if part.cause in {*LATE, *(cause for _, cause in ALONE)}]
    known += [
        replace(part, billed=part.priced)
        for part in parts
        if part.cause == "none" and part.priced is not None and part.priced <= MOST_MONEY
    ]
    with scratch() as duck:
        tables(duck, known, coarse)
        parts_of(duck, prices.in_force, None)
        assert agreed(duck)
    compare(known, coarse, prices)


def reconciled(
    parts: list[Part], coarse: Coarse, prices: Prices, by: Sequence[str] = ()
) -> tuple[list[reconcile_findings.Group], list[reconcile_findings.Found]]:
    """What the engine's bridge has of the charges."""
    with scratch() as duck:
        tables(duck, parts, coarse)
        return reconcile(duck, prices.in_force, prices.listed, by)


def compare(parts: list[Part], coarse: Coarse, prices: Prices) -> None:
    """Compare the bridge with that of plain fractions."""
    parts = sorted(parts, key=lambda part: tuple(getattr(part, name) for name in (*ORDER, "cause")))
    findings = bridge(parts, prices.in_force, coarse, prices.listed)
    for by in ((), ("model", "kind"), DIMENSIONS):
        groups, found = reconciled(parts, coarse, prices, by)
        sums: dict[tuple[Any, ...], list[int | None]] = {}
        amounts: dict[tuple[str, ...], int] = defaultdict(int)
        for entry in found:
            unbilled = entry.unbilled and entry.cause == "unknown price"
            key = (entry.group, entry.cause, entry.detail, unbilled, entry.zero, entry.amount is None)
            assert key not in sums or entry.cause != "unknown price"
            row = sums.setdefault(key, [None, None, 0])
            for index, number in enumerate((entry.amount, entry.quantity, entry.in_priced)):
                row[index] = row[index] if number is None else (row[index] or 0) + number
            amounts[entry.group] += entry.amount or 0
        assert sums == summed(findings, by)
        assert {group.group: group.billed - group.priced for group in groups} == {
            group.group: amounts[group.group] for group in groups
        }
    modifiers = [finding.cause for finding in findings if finding.detail == "within priced" and finding.part.wanted]
    _, found = reconciled(parts, coarse, prices)
    assert [entry.cause for entry in found if entry.detail == "within priced"] == list(dict.fromkeys(modifiers))
