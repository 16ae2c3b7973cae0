"""Tallying anew: charges by the price lists in force, from what the ledger has; the API is asked nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from tallystick.ledger.tables import Tables
from tallystick.sync.keep import Keeper
from tallystick.tally.prices import Prices


def retally(
    tables: Tables,
    organizations: Iterable[str],
    prices: Prices,
    when: datetime,
    waiting: Callable[[str], None] | None = None,
) -> int:
    """Match used against billed anew where that was done by other price lists; how many days, of all organizations."""
    with tables.writing(waiting) as writer:
        return sum(Keeper(writer, organization, prices).keep_prices(when) for organization in organizations)
