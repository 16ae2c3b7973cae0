"""Head: the one object that names a committed state of a ledger in a bucket, replaced under a condition."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tallystick.errors import LedgerError
from tallystick.store.bucket import Bucket
from tallystick.store.disk import put
from tallystick.store.remote.lease import Lease
from tallystick.store.remote.manifest import LEDGER, PAGES
from tallystick.store.remote.objects import Changed, Content, Objects

NAME = "head"
"""The object."""
FORMAT = 1
"""What this release reads and writes."""


class Head(msgspec.Struct, frozen=True):
    """A committed state: its number, the epoch of the lease under which it was put, and the segments of its manifests.

    `gone` are objects that no state names any more, and from when on they may be deleted, in seconds since 1970: until
    then readers of an older state have them. `token` tells it from every other head.
    """

    number: int
    epoch: int
    token: str
    segments: dict[str, list[tuple[str, int]]] = msgspec.field(default_factory=lambda: {LEDGER: [], PAGES: []})
    gone: dict[str, float] = {}
    format: int = FORMAT


class State(msgspec.Struct, frozen=True):
    """The head that a copy on this machine is of."""

    head: Head
    tag: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> State | None:
        """The state of a copy; None where it has none that can be read."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError):
            return None

    def write(self, path: Path) -> None:
        """Replace the last one."""
        put(path, msgspec.json.encode(self))


def state_of(content: Content, bucket: Bucket) -> State:
    """The head that an object holds; LedgerError where a newer release wrote it, or it is none."""
    try:
        head = msgspec.json.decode(content.data, type=Head)
    except msgspec.DecodeError:
        raise LedgerError(
            f"The object {NAME} of {bucket} is not that of a ledger.", "Name the URL of a ledger, or of an empty path."
        ) from None
    if head.format > FORMAT:
        raise LedgerError(
            f"A newer tallystick wrote the ledger {bucket}: its format is {head.format}, and this one knows {FORMAT}.",
            "Update tallystick: pip install --upgrade tallystick. Nothing was read or written.",
        )
    return State(head, dict(content.tag))


def commit(objects: Objects, lease: Lease, head: Head, before: State | None) -> State:
    """Put a head in the place of that of a state, or the first; LedgerError where the turn is lost."""
    data = msgspec.json.encode(head)
    lease.confirm()
    try:
        tag = objects.replace(NAME, data, before.tag) if before else objects.create(NAME, data)
    except Changed:
        content = objects.get(NAME)
        if content is None or content.data != data:  # else an answer was lost, and the put was sent again
            raise LedgerError(
                f"Another has written the ledger {objects.bucket} meanwhile, so this writer commits nothing.",
                "What was committed before stays. Run the same again.",
            ) from None
        tag = content.tag
    return State(head, dict(tag))
