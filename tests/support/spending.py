"""Spending: a ledger of charges that are written by hand, so that what is planted is known to the cent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa

from support.written_ledger import charge
from tallystick import Ledger
from tallystick.clock import SystemClock
from tallystick.core.ledger_tables import CHARGES, DAYS, NAMES, TALLIED_BY
from tallystick.core.time import DAY
from tallystick.settings import Settings
from tallystick.store.columns import schema
from tallystick.store.tables import Tables
from tallystick.sync.summing import Summing
from tallystick.tally.prices_in_force import Prices

FIRST = date(2026, 6, 1)
"""A Monday."""
LENGTH = 100
LAST = FIRST + DAY * (LENGTH - 1)
NOW = datetime(2026, 9, 9, 10, tzinfo=UTC)
RATE = Decimal("0.000004")
"""US dollars for a token of output."""
Tokens = Callable[[date], int]


def steady(mean: int, seed: str = "k") -> Tokens:
    """Tokens of a key that works less on weekends, give or take a tenth."""

    def tokens(day: date) -> int:
        rng = Random(f"{seed} {day}")  # noqa: S311 - repeatable, not secret
        return mean * (30 if day.weekday() > 4 else 100) * rng.randrange(900, 1100) // 100_000

    return tokens


def rows_of(keys: Mapping[str, Tokens], days: Iterable[date], **fields: Any) -> list[dict[str, Any]]:
    """Charges of output tokens, as billed at one rate."""
    return [
        charge(day, key=key, workspace="w", quantity=count, billed=count * RATE, list=count * RATE, priced=count * RATE)
        | fields
        for day in days
        for key, tokens in keys.items()
        if (count := tokens(day))
    ]


def ledger(
    folder: Path, rows: list[dict[str, Any]], now: datetime = NOW, text: str = "", unread: Collection[date] = ()
) -> Ledger:
    """A ledger of these charges, every ended day read but `unread`; where one is there, a further version of it."""
    tables = Tables(folder / "ledger")
    known = {row["day"] for row in tables.rows(DAYS).to_pylist()} if tables.exists() else set()
    days = [day for index in range((now.date() - FIRST).days) if (day := FIRST + DAY * index) not in {*known, *unread}]
    with tables.writing() as writer:
        charges = pa.Table.from_pylist(rows, schema(CHARGES))
        charged = sorted({row["day"] for row in rows})
        Summing(writer, "o").replace(charged, charged, charges)
        billed = {day: sum((row["billed"] or 0 for row in rows if row["day"] == day), Decimal(0)) for day in days}
        states = [
            {"organization": "o", "source": source, "grain": "day", "day": day, "state": "settled", "rows": 1} | amount
            for day in days
            for source, amount in (("usage", {}), ("cost", {"billed": billed[day]}))
        ]
        writer.append(DAYS, pa.Table.from_pylist(states, schema(DAYS)))
        names = [{"organization": "o", "type": "organization", "id": "o", "name": "Org", "seen_at": now}]
        writer.append(NAMES, pa.Table.from_pylist(names, schema(NAMES)))
        writer.commit("o", "records", now, {f"{TALLIED_BY}o": Prices.with_own().digest})
    file = folder / "tallystick.toml"
    file.write_text(text, encoding="utf-8")
    loaded = Settings.load(config=str(file), ledger=str(folder / "ledger"), environment={})
    return Ledger(loaded.ledger, SystemClock(now), loaded.price_lists(), loaded)


DAYS_OF = [FIRST + DAY * index for index in range(LENGTH)]
USUAL = {f"key{index}": steady(4_000_000, f"key{index}") for index in range(6)}
"""Six keys that spend 16 USD on a working day."""
SINCE = "2026-06-01"
