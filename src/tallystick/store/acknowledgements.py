"""Acknowledgements: findings that somebody knows, a line each in a file beside the ledger; none is rewritten."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from tallystick.errors import LedgerError
from tallystick.store import faults, lock
from tallystick.store.copies import copy_file, file_copy
from tallystick.store.disk import fsync, private

FILE = "acknowledgements.jsonl"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A finding that was acknowledged: what it is of, since when (a UTC day), why, and at which instant."""

    finding: str
    organization: str
    level: str
    subject: str
    since: str
    reason: str
    at: str

    @property
    def day(self) -> date:
        """The day since which."""
        return date.fromisoformat(self.since)


def acknowledgements(root: Path) -> list[Acknowledgement]:
    """Return every acknowledgement of a ledger, the oldest first; raise LedgerError where a line is damaged."""
    path = root / FILE
    with faults.reading(root, f"the file {FILE}"):
        content = path.read_bytes() if path.exists() else b""
        text = content.decode()
    if not content.startswith(file_copy(path) or b""):
        raise LedgerError(f"The file {path} is damaged: it is not as it was written.", faults.REPAIR)
    entries = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            entries.append(Acknowledgement(**json.loads(line)))
            entries[-1].day  # noqa: B018 - it raises where it is no day
        except (ValueError, TypeError):
            raise LedgerError(f"Line {number} of {path} is damaged.", faults.REPAIR) from None
    return entries


def acknowledge(root: Path, acknowledgement: Acknowledgement, waiting: Callable[[str], None] | None = None) -> None:
    """Add an acknowledgement for good; writers of the ledger take turns."""
    path = root / FILE
    with faults.writing(root), private(root), lock.turn(root, waiting):
        acknowledgements(root)  # which raises where the file is damaged: nothing is added to it then
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(acknowledgement)) + "\n")
        fsync(path)
        fsync(root)
        copy_file(path, path.read_bytes())
