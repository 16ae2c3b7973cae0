"""Sync record: what is written down of the outlook with a sync that changed anything: findings and forecasts."""

from __future__ import annotations

from contextlib import suppress

from tallystick.errors import TallystickError
from tallystick.outlook.anomalies.ledger_findings import write_findings
from tallystick.outlook.forecast_record import write_synced
from tallystick.query.context import Context


def write(context: Context, organization: str) -> None:
    """Write findings and forecasts of the newest version; a sync does not fail where that cannot be."""
    with suppress(TallystickError, OSError):
        write_findings(context)
        write_synced(context, organization)
