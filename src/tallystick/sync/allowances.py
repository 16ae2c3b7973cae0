"""Allowances that the API gave an organization, remembered in the ledger's folder: where the next sync begins.

A memory that is lost or cannot be read is harmless: the next sync begins as the first one did.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec

from tallystick.api.allowance import Limits
from tallystick.api.client import Client
from tallystick.store.disk import put
from tallystick.store.tables import Tables

NAME = "allowances.json"

Memory = dict[str, dict[str, Limits]]
"""By organization and dialect."""


def recall(tables: Tables, organization: str, client: Client) -> None:
    """Let a client begin with what the last sync of this organization was allowed."""
    for dialect, limits in _memory(tables).get(organization, {}).items():
        if dialect in client.allowances:
            client.allowances[dialect].begin(limits)


def remember(tables: Tables, organization: str, client: Client) -> None:
    """Keep what this sync was allowed at its end, where that is another than before."""
    memory = _memory(tables)
    limits = {dialect: allowance.limits for dialect, allowance in client.allowances.items()}
    if memory.get(organization) != limits:
        with suppress(OSError):
            put(tables.root / NAME, msgspec.json.encode(memory | {organization: limits}), tables.sync)


def _memory(tables: Tables) -> Memory:
    try:
        return msgspec.json.decode((tables.root / NAME).read_bytes(), type=Memory)
    except (OSError, msgspec.DecodeError):
        return {}
