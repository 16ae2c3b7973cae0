"""What a ledger must say, in memory: the truth of each day as it was read last; and how files of it are damaged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from support.simulated_truth import Counts, Dims, spent, used
from tallystick.core.ledger_tables import CHARGES
from tallystick.sim import World
from tallystick.store.tables import Tables
from tallystick.store.version import Version

WAYS = ("delete", "empty", "halve", "flip")
"""How a file is damaged."""


def spoil(file: Path, content: bytearray, way: str) -> None:
    """Damage a file that has this content."""
    if way == "delete":
        file.unlink()
        return
    if way == "flip":
        content[len(content) // 3] ^= 1
    file.write_bytes({"empty": b"", "halve": content[: len(content) // 2], "flip": content}[way])


@dataclass(frozen=True)
class DayTruth:
    """What an ended day was used and billed, request by request."""

    used: dict[Dims, Counts]
    spent: dict[Dims, Decimal]

    @classmethod
    def of(cls, world: World, day: date) -> DayTruth:
        """The truth of a day as the world has it now."""
        return cls(used(world, day), spent(world, day))


@dataclass
class Model:
    """What the ledger must say: the truth of each ended day when it was read last, and when that was."""

    days: dict[date, DayTruth] = field(default_factory=dict)
    read_at: dict[date, datetime] = field(default_factory=dict)
    closed: dict[str, tuple[str, dict[str, Decimal]]] = field(default_factory=dict)
    """Of each closed month its digest and sums."""
    versions: dict[int, dict[date, Decimal]] = field(default_factory=dict)
    """What each version that was the newest one said was billed."""
    forgotten: set[str] = field(default_factory=set)
    """Names and e-mails of the people who were forgotten."""


def billed(tables: Tables, version: Version) -> dict[date, Decimal]:
    """What the charges of a version were billed, by day."""
    sums: dict[date, Decimal] = {}
    for row in tables.rows(CHARGES, version.tables[CHARGES.name], columns=["day", "billed"]).to_pylist():
        if row["billed"] is not None:
            sums[row["day"]] = sums.get(row["day"], Decimal(0)) + row["billed"]
    return sums
