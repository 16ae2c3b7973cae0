"""Billed days: what each day, and each team on it, had been billed, so that a later restatement can be told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tallystick.catalog import entry
from tallystick.core.money import total
from tallystick.core.question import Table
from tallystick.core.time import DAY, Window
from tallystick.delivery.order import Order
from tallystick.query.context import Context


@dataclass(frozen=True)
class BilledDays:
    """US dollars by day and team, None where unknown; without teams their name is empty. `absent` are days."""

    amounts: Mapping[tuple[str, str], Decimal | None]
    absent: Collection[str]

    @property
    def teams(self) -> set[str]:
        """The teams that have any."""
        return {team for _, team in self.amounts}

    def amount(self, window: Window, team: str) -> Decimal | None:
        """Return what a team was billed for these days; None where one is absent or its amount unknown."""
        days = [str(day) for day in window.days()]
        parts = [None if day in self.absent else self.amounts.get((day, team), Decimal(0)) for day in days]
        known = [part for part in parts if part is not None]
        return total(known) if len(known) == len(parts) else None


def billed_days(context: Context, order: Order, window: Window) -> BilledDays:
    """Return what the days of a window were billed, of the organization of an order."""
    first, last = window.start.date(), (window.end - DAY).date()
    by = ("day", *(["team"] if order.is_by_team else ()))
    values: dict[str, Any] = {"since": str(first), "until": str(last), "by": by}
    if organization := order.address.text("organization"):
        values["where"] = {"organization": organization}
    report = entry("spend").report
    answer = report.answer(context, **report.values("spend", values))
    parts: dict[tuple[str, str], list[Any]] = {}
    for row in answer.rows if isinstance(answer, Table) else ():
        parts.setdefault((str(row["day"]), str(row.get("team", ""))), []).append(row["billed"])
    amounts = {key: None if None in listed else total(listed) for key, listed in parts.items()}
    return BilledDays(amounts, answer.coverage["absent"] if isinstance(answer, Table) else ())
