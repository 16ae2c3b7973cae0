"""The format of a ledger: one small number in the file `format`, so that no release reads or writes what it misreads.

A change that older releases would misread raises `CURRENT`, and makes what is older anew in a commit of the next writer
(as the day sums were added): readers see the version before until then, and Delta keeps what was replaced.
"""

from __future__ import annotations

from pathlib import Path

from tallystick.errors import LedgerError
from tallystick.store import faults
from tallystick.store.copies import file_copy, put_twice
from tallystick.store.disk import Fsync

FILE = "format"
CURRENT = 1
"""What this release reads and writes. Builds before 0.1.0 state none, and are of the first."""


def supported(root: Path) -> bool:
    """Whether a ledger states its format, twice; LedgerError where a newer release wrote it, or the file is damaged."""
    path = root / FILE
    copied = file_copy(path)
    with faults.reading(root, f"the file {FILE}"):
        content = path.read_bytes() if path.exists() else copied
    try:
        stated = None if content is None else int(content)
    except ValueError:
        raise LedgerError(f"{path} is damaged: it should hold a number.", faults.REPAIR) from None
    if copied not in {None, content}:
        raise LedgerError(f"{path} is damaged: it is not as it was written.", faults.REPAIR)
    if stated is not None and stated > CURRENT:
        raise LedgerError(
            f"A newer tallystick wrote the ledger {root}: its format is {stated}, and this one knows {CURRENT}.",
            "Update tallystick: pip install --upgrade tallystick. Nothing was read or written.",
        )
    return path.exists() and copied is not None


def state(root: Path, sync: Fsync) -> None:
    """Let a ledger that states no format, or once, state this one twice; raise LedgerError as `supported` does."""
    if not supported(root):
        put_twice(root / FILE, f"{CURRENT}\n".encode(), sync)
