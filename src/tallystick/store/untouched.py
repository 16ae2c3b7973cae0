"""Untouched files: whether what a question reads is as it was written, without reading what nobody wrote to since.

A file that has the time at which it was written is taken for whole; any other is held to its hash or its copy. What a
disk changes by itself, without a trace, `tallystick verify` and `tallystick doctor` see, which read everything.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from tallystick.store.contents import Listing


def stamps(folder: Path, listing: Listing) -> dict[str, int]:
    """When each file of a table was written, in nanoseconds, by path; a lost file has no such time."""
    root = str(folder)
    times = {path: _written_at(root, path) for path in listing.files}
    return {path: written_at for path, written_at in times.items() if written_at is not None}


def fault(
    folder: Path, listing: Listing, known: Mapping[str, int], hashes: Callable[[], Mapping[str, str]]
) -> str | None:
    """Say which file is lost, or is not as it was written by the hash of its name; None where all are."""
    written = stamps(folder, listing)
    for path in listing.files:
        if path not in written:
            return f"{Path(path).name} is lost"
        if written[path] != known.get(path):
            file = folder / path
            expected = hashes().get(file.name)
            if expected and hashlib.sha256(file.read_bytes()).hexdigest() != expected:
                return f"{file.name} has been altered"
    return None


def touched(folder: Path, listing: Listing, known: Mapping[str, int]) -> bool:
    """Whether a file was written to since the time that is known of it."""
    return any(written_at != known.get(path, written_at) for path, written_at in stamps(folder, listing).items())


def _written_at(root: str, path: str) -> int | None:
    try:
        return os.stat(f"{root}/{path}").st_mtime_ns  # noqa: PTH116 - a Path takes three times as long as the disk
    except OSError:
        return None
