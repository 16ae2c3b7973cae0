"""Retally: charges by the price lists in force, from what the ledger has; the API is asked nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from tallystick.core.ledger_tables import DAYS
from tallystick.store.tables import Tables
from tallystick.store.version import Version
from tallystick.sync.commit import Committer
from tallystick.tally.prices_in_force import Prices


def stale(tables: Tables, version: Version, prices: Prices) -> list[str]:
    """The organizations of a version whose charges were tallied by other price lists, or are in no sums."""
    files = tables.listed(DAYS, version)
    organizations = sorted({unquote(Path(file).parent.name.partition("=")[2]) for file in files})
    return [name for name in organizations if not (version.is_summed and version.is_tallied_by(name, prices.digest))]


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
