"""Snapshot: the newest version and the files of its tables in one file, so that a question opens no log.

It says nothing that the logs do not say, and counts only while they agree: it is the same to the byte as it was
written, and no log that it is of has grown since. Where it does not count, the logs are read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tallystick.store.contents import Listing
from tallystick.store.disk import put
from tallystick.store.version import Version

NAME = "snapshot"
"""The file in the folder of the ledger."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A version, the files of each table by its name, and the Delta versions of the logs that grow without versions.

    `stamps` are when each file was written, in nanoseconds, by table and path.
    """

    version: Version
    listings: Mapping[str, Listing]
    heads: Mapping[str, int]
    stamps: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def write(self, root: Path) -> None:
        """Replace the last one, without a sync to the disk: what a power cut leaves of it does not count."""
        row = self.version.row()
        files = {name: listing.files for name, listing in self.listings.items()}
        stated = {
            "version": row | {"committed_at": row["committed_at"].isoformat()},
            "files": files,
            "heads": self.heads,
            "stamps": self.stamps,
        }
        content = json.dumps(stated, separators=(",", ":")).encode()
        put(root / NAME, hashlib.sha256(content).hexdigest().encode() + b"\n" + content, lambda _: None)

    @classmethod
    def read(cls, root: Path) -> Snapshot | None:
        """The snapshot of a ledger as it was written; None where there is none."""
        try:
            digest, _, content = (root / NAME).read_bytes().partition(b"\n")
        except OSError:
            return None
        if hashlib.sha256(content).hexdigest().encode() != digest:
            return None
        stated = json.loads(content)
        try:
            row = stated["version"]
            return cls(
                Version.of_row(row | {"committed_at": datetime.fromisoformat(row["committed_at"])}),
                {name: Listing(files) for name, files in stated["files"].items()},
                stated["heads"],
                stated["stamps"],
            )
        except (KeyError, TypeError):  # another release of tallystick wrote another shape
            return None


def mark(root: Path) -> tuple[int, int] | None:
    """What tells the snapshot of a ledger from every other that stood there; None where there is none."""
    try:
        status = (root / NAME).stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def is_head(log: Path, number: int) -> bool:
    """Whether the entry of that number is in a log of Delta and none is after it."""
    entry, following = (log / f"{index:020}.json" for index in (number, number + 1))
    try:
        return entry.stat().st_size > 0 and not following.exists()
    except OSError:
        return False
