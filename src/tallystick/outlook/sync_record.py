"""Sync record: what is written down of the outlook with a sync that changed anything: findings and forecasts."""

from __future__ import annotations

from contextlib import suppress

from tallystick.core.ledger_tables import CHARGES
from tallystick.errors import TallystickError
from tallystick.query.context import Context

LARGE = 200_000
"""Charges from which on to detect anew takes longer than anybody should wait for a first screen."""


def write(context: Context, organization: str, large: int = LARGE) -> None:
    """Write forecasts of the newest version, of a large one its findings too; no sync fails where that cannot be."""
    from tallystick.outlook.forecast_record import write_synced

    with suppress(TallystickError, OSError):
        charges = context.tables.newest_by_snapshot().contents.get(CHARGES.name)
        if charges is not None and charges.rows >= large:
            from tallystick.outlook.anomalies.ledger_findings import write_findings

            write_findings(context)
        write_synced(context, organization)
