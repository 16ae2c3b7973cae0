"""Unneeded files: the rows of a table that no version has, and the entries of its log by which none is opened."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable

from tallystick.core.table import LedgerTable
from tallystick.store import faults
from tallystick.store.contents import Listing
from tallystick.store.disk import LOG
from tallystick.store.tables import Tables
from tallystick.store.version import Version
from tallystick.store.version_choice import unbroken

GRACE = timedelta(hours=1)
"""How long what was replaced stays, for whoever still reads it."""
_ENTRY = re.compile(r"(\d{20})\.(json|checkpoint.*\.parquet)")


class Unneeded:
    """What of one table no version needs; `every` is all versions, the newest first.

    The newest versions, before which one was dropped, are told by the log from the oldest of them on, each older one
    that stays by a checkpoint of its own.
    """

    def __init__(self, tables: Tables, table: LedgerTable, versions: Sequence[Version]) -> None:
        recent = unbroken(versions)
        pins = [pin for version in recent if (pin := version.tables.get(table.name, 0))]
        older = {version.tables.get(table.name, 0) for version in versions[len(recent) :]} - {0}
        self._tables = tables
        self._table = table
        self._folder = tables.folder(table)
        self._log = self._folder / LOG
        self._first = min(pins, default=0)
        """The Delta version of the oldest of the newest versions; 0 where none has the table, or each has."""
        self._starts = sorted({self._first, *older} - {0})
        self._is_complete = len(recent) == len(versions)

    def checkpoint(self) -> None:
        """Write a checkpoint of each state that is opened without the entries before it, for good."""
        for start in () if self._is_complete else self._starts:
            if not any(self._log.glob(f"{start:020}.checkpoint*")):
                self._open(start).create_checkpoint()
                for path in (*self._log.glob(f"{start:020}.checkpoint*"), self._log):
                    self._tables.sync(path)

    def log_entries(self) -> list[Path]:
        """The entries of the log, and checkpoints, by which no version is opened."""
        if self._is_complete or not self._first:
            return []
        numbers = ((path, _ENTRY.fullmatch(path.name)) for path in sorted(self._log.iterdir()))
        return [
            path
            for path, entry in numbers
            if entry and int(entry[1]) < self._first and int(entry[1]) not in self._starts
        ]

    def files(self) -> Iterator[Path]:
        """The files that no version has; none of a table that no version has."""
        if not self._first:
            return
        names = {Path(file).name for start in self._starts for file in Listing.of(self._open(start)).files}
        names |= {Path(file).name for file in self._added()}  # a name of Delta's, never used twice
        for path in sorted(self._folder.rglob("part-*.parquet")):
            if LOG not in path.parts and path.name not in names:
                yield path

    def _added(self) -> Iterator[str]:
        """The files that entries after the first have added."""
        with faults.reading(self._tables.root, f"the log of the table {self._table.name}"):
            for number in range(self._first + 1, self._tables.open(self._table).version() + 1):
                for line in (self._log / f"{number:020}.json").read_text(encoding="utf-8").splitlines():
                    if added := json.loads(line).get("add"):
                        yield unquote(added["path"])

    def _open(self, number: int) -> DeltaTable:
        return self._tables.open(self._table, number)


def replaced(tables: Tables, table: LedgerTable, now: datetime) -> list[Path]:
    """Return the files of a table that grows without versions that were replaced an hour ago."""
    folder, delta = tables.folder(table), tables.open(table)
    hours = GRACE // timedelta(hours=1)
    names = delta.vacuum(hours, dry_run=True, enforce_retention_duration=False)
    paths = (folder / unquote(name) for name in names)
    return [path for path in paths if path.stat().st_mtime <= (now - GRACE).timestamp()]


def outdated_entries(tables: Tables, table: LedgerTable, now: datetime) -> list[Path]:
    """Return the log entries of such a table before a checkpoint that was there an hour ago."""
    log, limit = tables.folder(table) / LOG, (now - GRACE).timestamp()
    entries = [(int(entry[1]), path) for path in log.iterdir() if (entry := _ENTRY.fullmatch(path.name))]
    known = [number for number, path in entries if "checkpoint" in path.name and path.stat().st_mtime <= limit]
    return sorted(path for number, path in entries if known and number < max(known))
