"""Findings file: what detection found with the last sync, beside the ledger, so that questions need not detect it anew.

It holds the findings of each organization by themselves, neither planned nor acknowledged: that is looked up when a
question is asked. A digest says what they depend on, another what the file holds. Where one is another, or the file
cannot be read, the answer is detected anew; both are the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from tallystick.core.ledger_tables import CLOSED, LOSSES, NOTICES
from tallystick.outlook.anomalies.finding import Finding
from tallystick.store.disk import private, put
from tallystick.store.version import Version
from tallystick.tally.owners import Owners

FILE = "findings.json"
"""The file in the folder of the ledger."""
REVISION = 7
"""Grows with each change of what detection finds in the same charges."""
_IRRELEVANT = frozenset({CLOSED.name, LOSSES.name, NOTICES.name})
"""Tables that change nothing of what detection finds."""


@dataclass(frozen=True)
class Detection:
    """The findings of an organization, their minimum in US dollars, and how many keys and people are too young."""

    findings: Sequence[Finding]
    minimum: Decimal
    young: int


@dataclass(frozen=True)
class FindingsFile:
    """What was detected of each organization by its id, and the digest of what that depends on."""

    digest: str = ""
    organizations: Mapping[str, Detection] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Path, digest: str) -> FindingsFile:
        """Return the file of a ledger; an empty one where it is of another digest, or none that can be read."""
        import msgspec

        with suppress(OSError, msgspec.MsgspecError, ArithmeticError):
            stored = (root / FILE).read_bytes()
            content = stored[2 * len(digest) :]
            if stored.startswith((digest + hashlib.sha256(content).hexdigest()).encode()):
                return cls(digest, msgspec.json.decode(content, type=dict[str, Detection]))
        return cls(digest)

    def write(self, root: Path) -> None:
        """Replace the last one, without a sync to the disk: what a power cut leaves of it cannot be read."""
        import msgspec

        with private(root):
            content = msgspec.json.encode(self.organizations)
            digests = self.digest + hashlib.sha256(content).hexdigest()
            put(root / FILE, digests.encode() + content, lambda _: None)


def digest_of(version: Version, owners: Owners, now: datetime) -> str:
    """Return the digest of what findings depend on: tables of the ledger, rules of owners, the UTC day, the release."""
    pins = {name: pin for name, pin in sorted(version.tables.items()) if name not in _IRRELEVANT}
    stated = f"{REVISION}\n{now.date()}\n{pins}\n{owners.rules}"
    return hashlib.sha256(stated.encode()).hexdigest()
