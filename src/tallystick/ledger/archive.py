"""The archive: every answer byte for byte, compressed, named by the hash of its content, never rewritten."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

import zstandard

from tallystick.errors import LedgerError

_MOVING = re.compile(rb'"data_refreshed_at"\s*:\s*"[^"]*"')


def named(body: bytes) -> str:
    """The hash of a page (SHA-256, hexadecimal), less `data_refreshed_at`, which moves by itself."""
    return hashlib.sha256(_MOVING.sub(b"", body)).hexdigest()


class Archive:
    """Pages on disk under `pages/`; keeping the same page twice keeps it once."""

    def __init__(self, ledger: Path) -> None:
        self.root = ledger / "pages"

    def keep(self, body: bytes) -> str:
        """Store a page whole or not at all; its hash."""
        name = named(body)
        path = self._path(name)
        if not path.exists() or not path.stat().st_size:  # a power cut can leave an empty file behind
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
            with os.fdopen(handle, "wb") as file:
                file.write(zstandard.compress(body))
            Path(part).replace(path)
        return name

    def body(self, name: str) -> bytes:
        """The page of that hash; LedgerError where it is missing or no longer what it was."""
        try:
            body = zstandard.decompress(self._path(name).read_bytes())
        except (OSError, MemoryError, zstandard.ZstdError) as wrong:
            raise LedgerError(
                f"The archived page {name} cannot be read: {wrong}.", "Restore pages/ from a backup."
            ) from None
        if named(body) != name:
            raise LedgerError(f"The archived page {name} has been altered.", "Restore pages/ from a backup.")
        return body

    def _path(self, name: str) -> Path:
        return self.root / name[:2] / f"{name}.zst"
