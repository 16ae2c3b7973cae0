"""FOCUS: a month as the FinOps Open Cost and Usage Specification has it, versions 1.2 and 1.4: a row for each charge.

What was billed is a row; so is use with a list price for which a bill that has been read has nothing, at 0. Use that is
not billed yet, or prepaid (priority tier), has a cost that nobody knows: it is left out and named, never 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import pyarrow as pa

from tallystick.core.causes import CREDIT
from tallystick.core.dimensions import TERMS
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT
from tallystick.core.price_entries import UNITS, Rate
from tallystick.core.prices import PriceList
from tallystick.core.question import Question
from tallystick.core.records import REQUESTS
from tallystick.core.rows import Rows
from tallystick.core.select import identifier, select
from tallystick.core.text import inert_json
from tallystick.core.time import Grain, Window
from tallystick.exports.focus_columns import schema
from tallystick.exports.tables import days, window_label
from tallystick.query.conditions import within
from tallystick.query.coverage import cover
from tallystick.query.grouping import tallied
from tallystick.query.names import directory
from tallystick.query.spelling import spellings
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners, Span
from tallystick.tally.prices_in_force import Prices
from tallystick.tally.rules import FIELDS, UNOWNED
from tallystick.tally.unit_prices import units

METERS = {
    "uncached_input": "Input Tokens",
    "cache_write_5m": "Cache Write Tokens (5 minutes)",
    "cache_write_1h": "Cache Write Tokens (1 hour)",
    "cache_read": "Cache Read Tokens",
    "output": "Output Tokens",
    "web_search": "Web Searches",
    "code_execution": "Code Execution",
    "session_time": "Session Time",
}
"""What each kind counts, in words; another kind keeps its own name."""
_UNITS = {
    "tokens": "Tokens",
    "searches": "Searches",
    "container-hours": "Container-Hours",
    "session-hours": "Session-Hours",
}
_DETAILS = ("x_Model", "x_Kind", "x_ServiceTier", "x_ContextWindow", "x_InferenceGeo", "x_Speed")
_READ = (
    *("organization", "day", "workspace", "workspace_name", "key", "key_name", "actor", "actor_name", "product"),
    *TERMS,
    *("quantity", "unit", "list", "billed", "method", "cause"),
)
_FIGURES = {"quantity", "unit", "list", "billed", "method", "cause"}
_TAGGED = ("key", "key_name", "actor", "actor_name", "product", "method")
_SAME = {
    "BillingAccountType": "Organization",
    "BillingCurrency": "USD",
    "ChargeCategory": "Usage",
    "ChargeFrequency": "Usage-Based",
    "HostProviderName": "Anthropic",
    "InvoiceIssuerName": "Anthropic",
    "PricingCategory": "Standard",
    "PricingCurrency": "USD",
    "ProviderName": "Anthropic",
    "PublisherName": "Anthropic",
    "ServiceCategory": "AI and Machine Learning",
    "ServiceName": "Claude API",
    "ServiceProviderName": "Anthropic",
    "ServiceSubcategory": "Generative AI",
    "SubAccountType": "Workspace",
}
_COUNTED = "(billed IS NOT NULL OR (cause = 'not billed' AND list IS NOT NULL))"
_UNKNOWN = "what they cost is unknown, not zero"
_WHY = {"not billed": "the bill has nothing for them, and no list price is known"}
_ROWS = 10_000


@dataclass(slots=True)
class _Estimates:
    """How many charges have no list price, no quantity, or one that is derived."""

    unlisted: int = 0
    unmeasured: int = 0
    derived: int = 0

    def sentences(self) -> list[str]:
        """What there is to say of them."""
        bought = "were billed without use (code execution, ...): their quantity is what they buy at the list price"
        counts = {
            bought: self.derived,
            "have no quantity: nobody says how much was used, and no list price tells": self.unmeasured,
            "have no known list price: ListUnitPrice is null, ListCost is what was billed (FOCUS)": self.unlisted,
        }
        return [f"{count:,} charges {text}." for text, count in counts.items() if count]


def export(
    engine: Engine, question: Question, now: datetime, prices: Prices, owners: Owners, version: str = "1.2"
) -> Rows:
    """The charges of the question's window, which lies in one month, a day at a time."""
    columns = schema(version)
    tallied(engine)
    coverage, covered = cover(engine, CHARGES, question, now)
    messages = [*_left_out(engine, question.window), *covered]
    batches = _batches(engine, question.window, columns, prices.listed, owners, messages)
    return Rows(f"FOCUS {version}, {window_label(question.window)}", columns, batches, messages, coverage)


def _left_out(engine: Engine, window: Window) -> list[Message]:
    """The use that has a cost which nobody knows, and so no row."""
    query = (
        select("cause", "unit", "sum(quantity) AS used")
        .from_("ledger.charges")
        .where(f"NOT {_COUNTED} AND kind <> '{REQUESTS}'", within(window, months=True))
        .group_by("cause", "unit")
        .order_by("cause", "unit")
    )
    return [
        (note if row["cause"] in _WHY else warning)(
            f"{int(row['used']):,} {row['unit']} are left out ({row['cause']}): {_WHY.get(row['cause'], _UNKNOWN)}."
        )
        for row in engine.rows(query)
    ]


def _batches(
    engine: Engine, window: Window, columns: pa.Schema, listed: PriceList, owners: Owners, messages: list[Message]
) -> Iterator[pa.RecordBatch]:
    names, owned, estimates = directory(engine, "organization"), _owned(engine, window, owners), _Estimates()

    @cache
    def rate(day: date, *price_key: str) -> Rate | None:
        terms = dict(zip(TERMS, price_key, strict=True))
        price = listed.rate(terms.pop("model"), terms.pop("kind"), day, **terms)
        return price if isinstance(price, Rate) else None

    order = [identifier(name) for name in _READ if name not in _FIGURES]
    for day in days(engine, CHARGES, window):
        query = (
            select(*(identifier(name) for name in _READ))
            .from_(CHARGES.name)
            .where(_COUNTED, within(Window.of_day(day), months=True))
            .order_by(*order, "list", "billed", "quantity")
        )
        constants = _SAME | _periods(day)
        for batch in engine.stream(query, _ROWS):
            rows = []
            for row in batch.to_pylist():
                bought = row["quantity"] is None and row["cause"] != CREDIT
                known = rate(day, *(row[name] for name in TERMS)) if bought else None
                account = {"BillingAccountName": names.get(row["organization"], row["organization"])}
                owner = _owner(owners, owned[tuple(row[name] for name in FIELDS)], day)
                rows.append(constants | account | _costs(row, known, estimates) | _identity(row, owner))
            yield pa.RecordBatch.from_pylist(rows, columns)
    messages += map(note, estimates.sentences())


def _periods(day: date) -> dict[str, datetime]:
    charged = Window.of_day(day)
    billed = Grain.MONTH.around(charged.start)
    return {
        "BillingPeriodStart": billed.start,
        "BillingPeriodEnd": billed.end,
        "ChargePeriodStart": charged.start,
        "ChargePeriodEnd": charged.end,
    }


def _costs(row: Mapping[str, Any], rate: Rate | None, estimates: _Estimates) -> dict[str, Any]:
    """The amounts of a charge; a use that a read bill has nothing for was billed at 0."""
    _, per = UNITS.get(row["kind"], ("", 1))
    billed = EXACT.create_decimal(0) if row["billed"] is None else row["billed"]
    amounts = units(row["quantity"], per, row["list"], billed, rate)
    estimates.derived += amounts.derived
    estimates.unmeasured += amounts.used is None
    estimates.unlisted += amounts.list_price is None
    unit = _UNITS.get(row["unit"], "Units") if amounts.used is not None else None
    return {
        **({"ChargeCategory": "Credit"} if row["cause"] == CREDIT else {}),
        "BilledCost": billed,
        "ContractedCost": billed,
        "EffectiveCost": billed,
        "ListCost": billed if row["list"] is None else row["list"],
        "ConsumedQuantity": amounts.used,
        "ConsumedUnit": unit,
        "PricingQuantity": amounts.priced,
        "PricingUnit": f"{per} {unit}" if unit and per > 1 else unit,
        "ListUnitPrice": amounts.list_price,
        "ContractedUnitPrice": amounts.price,
        "PricingCurrencyContractedUnitPrice": amounts.price,
        "PricingCurrencyEffectiveCost": billed,
        "PricingCurrencyListUnitPrice": amounts.list_price,
    }


def _identity(row: Mapping[str, Any], owner: Mapping[str, str]) -> dict[str, str]:
    """What was charged and to whom."""
    meter = METERS.get(row["kind"], row["kind"])
    details = [row[name] for name in TERMS if name != "kind" and row[name] not in {"none", "unknown", "not_available"}]
    tags = {name: row[name] for name in _TAGGED}
    return {
        "BillingAccountId": row["organization"],
        "SubAccountId": row["workspace"],
        "SubAccountName": row["workspace_name"],
        "ChargeDescription": ", ".join([meter, *details]),
        "SkuId": f"{row['model']}/{row['kind']}",
        "SkuMeter": meter,
        "SkuPriceId": "/".join(row[name] for name in TERMS),
        "SkuPriceDetails": _json({key: row[name] for key, name in zip(_DETAILS, TERMS, strict=True)}),
        "Tags": _json({**tags, **owner}),
    }


def _owned(engine: Engine, window: Window, owners: Owners) -> dict[tuple[str, ...], list[Span]]:
    """The rules that own each of those who were charged."""
    query = select(*FIELDS).distinct().from_("ledger.charges").where(within(window, months=True))
    subjects = sorted(tuple(row[name] for name in FIELDS) for row in engine.rows(query))
    spans_by_subject: dict[tuple[str, ...], list[Span]] = {subject: [] for subject in subjects}
    for span in owners.owned(subjects, spellings(engine)):
        spans_by_subject[span[0]].append(span)
    return spans_by_subject


def _owner(owners: Owners, spans: list[Span], day: date) -> dict[str, str]:
    """The tags of who owns a charge; one that is shared names its teams and their shares, and is not split."""
    index = next(rule for _, start, end, rule in spans if start <= day < end)
    if index < 0:
        return {"team": UNOWNED, "cost_center": UNOWNED, "rule": "none"}
    rule = owners.rules[index]
    if rule.how == "team":
        return {"team": rule.teams[0][0], "cost_center": rule.cost_center, "rule": rule.name}
    weight_sum = sum(weight for _, weight in rule.teams)
    shares = [team if rule.how == "proportional" else f"{team} {weight}/{weight_sum}" for team, weight in rule.teams]
    return {"team": "shared", "rule": rule.name, "shared_by": rule.how, "shared_teams": ", ".join(shares)}


def _json(fields: Mapping[str, str]) -> str:
    return inert_json(json.dumps(fields, ensure_ascii=False, separators=(",", ":")))
