"""Rows of cost to write into ledgers by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa

from tallystick.core.report_tables import COST
from tallystick.store.columns import schema

ME = "some-organization"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def cost_of(*lines: tuple[date, str, str], organization: str = ME) -> pa.Table:
    """Rows of the cost table: day, model, amount."""
    texts = ("workspace", "description", "cost_type", "kind", "tier", "context", "geo", "speed")
    return pa.Table.from_pylist(
        [
            dict.fromkeys(texts, "x")
            | {"organization": organization, "month": f"{day:%Y-%m}", "day": day, "model": model}
            | {"currency": "USD", "billed": Decimal(amount)}
            for day, model, amount in lines
        ],
        schema(COST),
    )
