"""Allowances that the API gave an organization, remembered in the ledger's folder: where the next sync begins.

A memory that is lost or cannot be read is harmless: the next sync begins as the first one did.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec

from tallystick.api.allowance import Allowed
from tallystick.api.client import Client
from tallystick.store.disk import put

NAME = "allowances.json"

Memory = dict[str, dict[str, Allowed]]
"""By organization and dialect."""


def recall(ledger: Path, organization: str, client: Client) -> None:
    """Let a client begin with what the last sync of this organization was allowed."""
    for dialect, allowed in _memory(ledger).get(organization, {}).items():
        if dialect in client.allowances:
            client.allowances[dialect].begin(allowed)


def remember(ledger: Path, organization: str, client: Client) -> None:
    """Keep what this sync was allowed at its end, where that is another than before."""
    memory = _memory(ledger)
    allowed = {dialect: allowance.allowed for dialect, allowance in client.allowances.items()}
    if memory.get(organization) != allowed:
        with suppress(OSError):
            put(ledger / NAME, msgspec.json.encode(memory | {organization: allowed}))


def _memory(ledger: Path) -> Memory:
    try:
        return msgspec.json.decode((ledger / NAME).read_bytes(), type=Memory)
    except (OSError, msgspec.DecodeError):
        return {}
