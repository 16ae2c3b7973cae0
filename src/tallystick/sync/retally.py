"""Retally: charges by the price lists in force, from what the ledger has; the API is asked nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from tallystick.store.tables import Tables
from tallystick.sync.commit import Committer
from tallystick.tally.prices_in_force import Prices


def retally(
    tables: Tables,
    organizations: Iterable[str],
    prices: Prices,
    when: datetime,
    waiting: Callable[[str], None] | None,
) -> int:
    """Match used against billed anew where that was done by other price lists; how many days, of all organizations."""
    with tables.writing(waiting) as writer:
        return sum(Committer(writer, organization, prices).keep_prices(when) for organization in organizations)
