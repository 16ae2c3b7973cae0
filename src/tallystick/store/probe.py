"""Probe: whether the files of a version are there and whole, without reading what they hold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.core.ledger_tables import PAGES, PINNED
from tallystick.errors import LedgerError
from tallystick.store import faults

if TYPE_CHECKING:
    from tallystick.store.tables import Tables
    from tallystick.store.version import Version

_END = b"PAR1"
"""What a whole Parquet file ends with."""


def check_files(tables: Tables, version: Version) -> None:
    """Raise LedgerError where a file of a version is lost, cut short, or may not be read."""
    for table in (*PINNED, PAGES):
        part = f"the table {table.name}"
        for file in tables.listed(table, version):
            with faults.reading(tables.root, part), Path(file).open("rb") as opened:
                size = opened.seek(0, os.SEEK_END)
                opened.seek(max(size - len(_END), 0))
                if opened.read() != _END:
                    raise LedgerError(
                        f"A file of {part} of the ledger {tables.root} is cut short: {Path(file).name}.", faults.REPAIR
                    )
