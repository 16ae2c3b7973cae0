"""Reuse: which groups waste their cache stands first."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.time import Window
from tallystick.web.page import ask
from tallystick.web.reuse import reuse

RATIOS = ("reuse", "break_even_5m", "break_even_1h")
COUNTS = ("cache_write_5m", "cache_write_1h", "cache_read")


def row(name: str, share: str, net: str | None) -> tuple[Cell, ...]:
    """A key that wrote for five minutes, which pay from a fifth on; without a net its price is unknown."""
    even = None if net is None else Decimal("0.2")
    return (name, Decimal(share), even, None, 10, 0, 10, None if net is None else Decimal(net))


def test_what_loses_by_its_cache_stands_first() -> None:
    """Groups that waste stand before those that pay, these before what has no price, else as the answer has them."""
    headings = (
        Heading("key", Kind.DIMENSION),
        *(Heading(name, Kind.RATIO) for name in RATIOS),
        *(Heading(name, Kind.COUNT) for name in COUNTS),
        Heading("net", Kind.MONEY, "USD"),
    )
    rows = [
        row("no price", "0.9", None),
        row("pays", "0.9", "5"),
        row("wastes", "0.1", "-2"),
        row("pays too", "0.3", "1"),
    ]
    table = Table(Question("cache", Window.of_day(date(2026, 11, 1)), ("key",)), headings, rows, {})
    shown = reuse(table, ask("cache", by="key"), 3)
    assert [group.name for group in shown] == ["wastes", "pays", "pays too"]  # type: ignore[union-attr]
