"""Damage: a part of the ledger that is not as it was written, what that costs, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tallystick.core.table import LedgerTable


class Kind(StrEnum):
    """What is damaged, by how it is mended."""

    NEWEST = "newest"
    VERSIONS = "versions"
    SNAPSHOT = "snapshot"
    COPIES = "copies"
    GROWING = "growing"
    LOG = "log"
    FILES = "files"
    OLD = "old"
    PAGE = "page"
    ACKNOWLEDGEMENTS = "acknowledgements"
    FORGOTTEN = "forgotten"
    FORMAT = "format"
    FIGURES = "figures"


REPAIR = "tallystick doctor --repair"
SYNC = "tallystick doctor --repair, then tallystick sync"
RESTORE = "tallystick restore"
NOTHING = "nothing: newer versions are not concerned"


@dataclass(frozen=True, slots=True)
class Damage:
    """One damage: the part, what is wrong, what it costs, and what mends it.

    `table` and `paths` say where it is, `hash` which page is damaged.
    """

    kind: Kind
    part: str
    problem: str
    cost: str
    remedy: str = REPAIR
    table: LedgerTable | None = None
    paths: tuple[Path, ...] = ()
    hash: str = ""


@dataclass(slots=True)
class Examination:
    """What an examination found: damages, and notes of what is no damage; `parts` counts what was looked at."""

    damages: list[Damage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    parts: dict[str, int] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """Whether the ledger is as it was written, but for old states that nothing brings back."""
        return all(damage.remedy == NOTHING for damage in self.damages)

    def of(self, *kinds: Kind) -> list[Damage]:
        """The damages of these kinds."""
        return [damage for damage in self.damages if damage.kind in kinds]
