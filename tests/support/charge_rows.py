"""What the tests of the tally are given: records written by hand, as the tables the match takes, and its answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tallystick.core.records import COUNTERS
from tallystick.core.report_tables import ANALYTICS_COST, ANALYTICS_USAGE, COST, USAGE_DAY
from tallystick.store.columns import schema
from tallystick.tally.late import Doubts
from tallystick.tally.match import charges
from tallystick.tally.prices_in_force import Prices

Row = dict[str, Any]
DAY = date(2026, 11, 10)
OPUS, SONNET, HAIKU = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"
PUBLIC = Prices.with_own()
PICO = Decimal("0.000000000001")
_USER = {
    "organization": "org",
    "day": DAY,
    "workspace": "default",
    "key": "key_a",
    "account": "none",
    "service_account": "none",
    "model": SONNET,
    "tier": "standard",
    "context": "0-200k",
    "geo": "global",
    "speed": "standard",
}
_LINE = {
    "organization": "org",
    "day": DAY,
    "workspace": "default",
    "description": "Claude Sonnet 5.5 Usage - Input Tokens",
    "cost_type": "tokens",
    "model": SONNET,
    "kind": "uncached_input",
    "tier": "standard",
    "context": "0-200k",
    "geo": "global",
    "speed": "unknown",
    "currency": "USD",
}
_SERVICE = dict.fromkeys(("model", "tier", "context", "geo", "speed"), "none")


def use(key: str = "key_a", **fields: Any) -> Row:
    """A usage record: ordinary unless said otherwise."""
    row = _USER | dict.fromkeys(COUNTERS, 0) | {"key": key} | fields
    return row | {"month": f"{row['day']:%Y-%m}"}


def line(billed: str | Decimal, **fields: Any) -> Row:
    """A cost record: Sonnet's input unless said otherwise."""
    row = _LINE | {"billed": Decimal(billed)} | fields
    return row | {"month": f"{row['day']:%Y-%m}"}


def service(billed: str | Decimal, kind: str, **fields: Any) -> Row:
    """A cost record of a service: it has no model, tier, context, geography or speed."""
    cost_type = "session_usage" if kind == "session_time" else kind
    return line(billed, **(_SERVICE | {"kind": kind, "cost_type": cost_type, "description": kind} | fields))


def usage_table(rows: Iterable[Row]) -> pa.Table:
    """Usage records as the ledger has them."""
    return pa.Table.from_pylist(list(rows), schema(USAGE_DAY))


def cost_table(rows: Iterable[Row]) -> pa.Table:
    """Cost records as the ledger has them."""
    return pa.Table.from_pylist(list(rows), schema(COST))


def tallied(
    used: Iterable[Row],
    billed: Iterable[Row],
    *,
    read: Iterable[date] = (DAY,),
    prices: Prices = PUBLIC,
    doubts: Doubts = Doubts(),  # noqa: B008 - it is frozen
) -> list[Row]:
    """The charges of these records; `read` are the days whose bill was read."""
    table = charges(usage_table(used), cost_table(billed), list(read), prices.listed, prices.in_force, doubts=doubts)
    rows: list[Row] = table.to_pylist()
    return rows


def tallied_newer(used: Iterable[Row], billed: Iterable[Row]) -> list[Row]:
    """The charges of these records of the newer dialect, which bills each key and actor of a product."""
    newer = {"actor": "user_1", "product": "messages_api", "requests": 1}
    usage = pa.Table.from_pylist([newer | row for row in used], schema(ANALYTICS_USAGE))
    lines = [{"key": "key_a", "speed": "standard", "list": None} | newer | row for row in billed]
    cost = pa.Table.from_pylist(lines, schema(ANALYTICS_COST))
    rows: list[Row] = charges(usage, cost, [DAY], PUBLIC.listed, PUBLIC.in_force, "analytics").to_pylist()
    return selection(rows, unit="tokens")


def selection(rows: Iterable[Row], **fields: Any) -> list[Row]:
    """The charges that have these values."""
    return [row for row in rows if all(row[name] == value for name, value in fields.items())]


def only(rows: Iterable[Row], **fields: Any) -> Row:
    """The one charge that has these values."""
    rows = list(rows)
    matches = selection(rows, **fields)
    assert len(matches) == 1, (fields, rows)
    return matches[0]


def billed(rows: Iterable[Row]) -> Decimal:
    """What these charges were billed together."""
    return sum((row["billed"] for row in rows if row["billed"] is not None), Decimal(0))
