"""Crosscheck of keys: what the older dialect's tally gives each key, held against what the newer dialect reports of it.

The older dialect bills no key, so this shows how far an allocation can be trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tallystick.core.money import EXACT, plain, ratio, rounded, total
from tallystick.core.question import Cell, Heading, Kind, Question
from tallystick.core.records import TOKENS
from tallystick.core.report_tables import COST, USAGE_DAY
from tallystick.core.select import literal
from tallystick.core.table import LedgerTable
from tallystick.core.time import spans
from tallystick.query.names import named, organizations
from tallystick.reports.crosscheck_workspaces import MONEY, OLDER, At, Compared, Read, ask, money_totals
from tallystick.store.columns import schema
from tallystick.store.engine import Engine
from tallystick.tally.match import charges
from tallystick.tally.prices_in_force import Prices

KINDS = (*TOKENS, "web_search")
"""What the older dialect can allocate: of anything else it does not say by which key it was used."""

_KEYS = """
SELECT organization, day, key, sum(CASE WHEN {kinds} THEN billed ELSE 0 END) AS billed,
    sum(CASE WHEN {kinds} THEN 0 ELSE billed END) AS others
FROM ledger.analytics_cost WHERE {within} GROUP BY ALL
"""


def by_key(
    engine: Engine, question: Question, read: Read, prices: Prices, *, every: bool, coverage: dict[str, Any]
) -> Compared:
    """What the older dialect's tally allocates to each key, and what the newer one reports of it."""
    billed, used = read
    able = billed & used
    key_costs, unallocated = _costs_by_key(engine, question, able, prices)
    several = len(organizations(engine)) > 1
    calls = named(engine, ("key",))["key"]
    rows: list[tuple[Cell, ...]] = []
    for (organization, key), (before, after) in sorted(key_costs.items(), key=lambda entry: (-entry[1][1], entry[0])):
        gap = EXACT.subtract(after, before)
        if gap or every:
            key_cells = (*((organization,) if several else ()), key, calls(key))
            rows.append((*key_cells, before, after, gap, ratio(abs(gap), after)))
    unequal = sum(before != after for before, after in key_costs.values())
    coverage |= {"compared": len({day for _, day in able}), "equal": len(key_costs) - unequal, "unequal": unequal}
    notes = _errors(key_costs, coverage["compared"], calls)
    if unallocated:
        notes.append(
            f"{plain(unallocated)} USD for anything but tokens and searches is left out: the older bill does not "
            "say whose."
        )
    if unread := sorted({day for _, day in billed - able}):
        notes.append(f"{spans(unread)} cannot be allocated: the use of one of the reports is not in the ledger.")
    headings = (
        *([Heading("organization", Kind.DIMENSION)] if several else []),
        Heading("key", Kind.DIMENSION),
        Heading("key_name", Kind.NAME),
        *MONEY,
        Heading("error", Kind.RATIO),
    )
    return headings, rows, money_totals(list(key_costs.values())) | {"error": None}, notes


def _costs_by_key(
    engine: Engine, question: Question, days: set[At], prices: Prices
) -> tuple[dict[tuple[str, str], tuple[Decimal, Decimal]], Decimal]:
    """By organization and key what is allocated and what is reported, and what is reported of other kinds."""
    newer: dict[tuple[str, str], list[Decimal]] = {}
    unallocated: list[Decimal] = []
    kinds = f"kind IN ({', '.join(repr(kind) for kind in KINDS)})"
    for row in ask(engine, question, _KEYS, kinds=kinds):
        if (row["organization"], row["day"]) in days:
            newer.setdefault((row["organization"], row["key"]), []).append(row["billed"])
            unallocated.append(row["others"])
    older: dict[tuple[str, str], list[Decimal]] = {}
    for organization_day in sorted(days):
        for key, billed in _allocated(engine, organization_day, prices):
            older.setdefault((organization_day[0], key), []).append(billed)
    pairs = {key: (total(older.get(key, [])), total(newer.get(key, []))) for key in {**newer, **older}}
    return {key: pair for key, pair in pairs.items() if any(pair)}, total(unallocated)


def _allocated(engine: Engine, organization_day: At, prices: Prices) -> list[tuple[str, Decimal]]:
    """What the tally makes of a day by the older dialect alone, written nowhere: billed amounts and their keys."""
    organization, day = organization_day
    on = f"organization = {literal(organization)} AND day = DATE '{day}'"

    def half(table: LedgerTable, source: str) -> pa.Table:
        fits = schema(table)
        query = f"SELECT {', '.join(fits.names)} FROM {source} WHERE {on}"  # noqa: S608 - our own names
        return engine.ask(query).select(fits.names).cast(fits)

    usage = half(USAGE_DAY, OLDER.format(columns=", ".join(schema(USAGE_DAY).names)))
    rows = charges(usage, half(COST, "ledger.cost"), [day], prices.listed, prices.in_force)
    return [
        (row["key"], row["billed"])
        for row in rows.select(["key", "kind", "billed"]).to_pylist()
        if row["billed"] is not None and row["kind"] in KINDS
    ]


def _errors(
    key_costs: Mapping[tuple[str, str], tuple[Decimal, Decimal]], days: int, calls: Callable[[str], str]
) -> list[str]:
    """By which share of its reported cost a key's allocated cost errs."""
    gaps = {key: abs(EXACT.subtract(after, before)) for key, (before, after) in key_costs.items()}
    errors = {key: share for key, (_, after) in key_costs.items() if (share := ratio(gaps[key], after)) is not None}
    if not errors:
        return []
    worst = max(errors, key=errors.__getitem__)
    mean = ratio(total(list(errors.values())), len(errors))
    twice = EXACT.multiply(Decimal(2), total([after for _, after in key_costs.values()]))
    sentence = (
        f"Over {days} days the allocated cost of a key errs by {_percent(mean)} of its reported cost in the mean of "
        f"{len(errors)} keys, and by {_percent(errors[worst])} at worst ({calls(worst[1])}). "
        f"{_percent(ratio(total(list(gaps.values())), twice))} of all cost is allocated to another key."
    )
    return [sentence]


def _percent(share: Decimal | None) -> str:
    return "none" if share is None else f"{plain(rounded(EXACT.multiply(share, Decimal(100)), 2))} %"
