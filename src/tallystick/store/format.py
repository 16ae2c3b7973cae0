"""The format of a ledger: one small number in the file `format`, so that no release reads or writes what it misreads.

A change that older releases would misread raises `CURRENT`, and makes what is older anew in a commit of the next writer
(as the day sums were added): readers see the version before until then, and Delta keeps what was replaced.
"""

from __future__ import annotations

from pathlib import Path

from tallystick.errors import LedgerError
from tallystick.store import faults
from tallystick.store.disk import Fsync, put

FILE = "format"
CURRENT = 1
"""What this release reads and writes. Builds before 0.1.0 state none, and are of the first."""


def supported(root: Path) -> bool:
    """Whether a ledger states its format; LedgerError where a newer release wrote it, or the file is damaged."""
    try:
        with faults.reading(root, f"the file {FILE}"):
            stated = int((root / FILE).read_bytes()) if (root / FILE).exists() else None
    except ValueError:
        raise LedgerError(f"{root / FILE} is damaged: it should hold a number.", f"Write {CURRENT} into it.") from None
    if stated is not None and stated > CURRENT:
        raise LedgerError(
            f"A newer tallystick wrote the ledger {root}: its format is {stated}, and this one knows {CURRENT}.",
            "Update tallystick: pip install --upgrade tallystick. Nothing was read or written.",
        )
    return stated is not None


def state(root: Path, sync: Fsync) -> None:
    """Let a ledger that states no format state this one; raise LedgerError as `supported` does."""
    if not supported(root):
        put(root / FILE, f"{CURRENT}\n".encode(), sync)
