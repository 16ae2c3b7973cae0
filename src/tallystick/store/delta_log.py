"""Delta log: what a power cut left of the log of a table, and what its newest entry says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deltalake import DeltaTable


def restored(delta: DeltaTable) -> str | None:
    """The Delta version that the newest entry of a log restored; a power cut may have left that entry empty."""
    entries = delta.history(1)
    return entries[0].get("restored") if entries else None


def drop_empty_hint(log: Path) -> None:
    """Delete the hint to a checkpoint that a power cut left empty: the entries of the log hold all of it."""
    hint = log / "_last_checkpoint"
    try:
        number = json.loads(hint.read_bytes())["version"]
        empty = not (log / f"{number:020}.checkpoint.parquet").stat().st_size
    except (OSError, ValueError, KeyError, TypeError):
        return
    if empty:
        hint.unlink()


def drop_empty_log(log: Path) -> None:
    """Delete the log of a table of which nothing was ever committed, where a power cut left its first entry empty."""
    first = log / f"{0:020}.json"
    if first.exists() and not first.stat().st_size:
        shutil.rmtree(log)
