"""Stale tally: charges that were tallied by other price lists than those in force, and the warning of it."""

from __future__ import annotations

from dataclasses import replace

from tallystick.core.message import warning
from tallystick.core.question import Table
from tallystick.query.names import organizations
from tallystick.store.engine import Engine
from tallystick.tally.prices_in_force import Prices

OTHERS = "The charges were tallied by other price lists than those in force"
MEND = "`tallystick tally` matches them anew."


def by_others(engine: Engine, prices: Prices) -> list[str]:
    """The organizations whose charges were tallied by other price lists than these."""
    return [name for name in organizations(engine) if not engine.version.is_tallied_by(name, prices.digest)]


def warned(table: Table, engine: Engine, prices: Prices) -> Table:
    """Return the answer, warned first where its charges were tallied by other price lists."""
    if not by_others(engine, prices):
        return table
    message = warning(f"{OTHERS}: what is split or priced here mixes the two. {MEND}")
    return replace(table, messages=(message, *table.messages))
