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
    """Raise LedgerError where a file of a version is lost, cut short, or may not be read.

    Of a bucket only what is here is opened: the others are held to their hashes when they are fetched.
    """
    for table in (*PINNED, PAGES):
        part = f"the table {table.name}"
        for file in tables.listed(table, version):
            if tables.source and not Path(file).exists():
                continue
            with faults.reading(tables.name, part), Path(file).open("rb") as opened:
                size = opened.seek(0, os.SEEK_END)
                opened.seek(max(size - len(_END), 0))
                if opened.read() != _END:
                    raise LedgerError(
                        f"A file of {part} of the ledger {tables.name} is cut short: {Path(file).name}.", faults.REPAIR
                    )
