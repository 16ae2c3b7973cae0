"""Table of the ledger: its columns, described as data, and the columns that several tables have."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tallystick.core.dimensions import NAMED


class Type(StrEnum):
    """The types a ledger column can have; money is DECIMAL(28,12) US dollars."""

    TEXT = "text"
    COUNT = "count"
    DAY = "day"
    INSTANT = "instant"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a ledger table."""

    name: str
    type: Type
    meaning: str


@dataclass(frozen=True, slots=True)
class LedgerTable:
    """One table of the ledger: its columns and how its files are partitioned.

    `pinned` tables are part of every version; the archive's index is append-only and is not.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    partitions: tuple[str, ...] = ("organization",)
    pinned: bool = True

    def __hash__(self) -> int:
        """By its name alone: to hash all its columns takes an eighth of the time of a commit."""
        return hash(self.name)


COUNTS = tuple(
    Column(name, Type.COUNT, meaning)
    for name, meaning in {
        "uncached_input": "input tokens read afresh",
        "cache_write_5m": "tokens written to the cache for five minutes",
        "cache_write_1h": "tokens written to the cache for an hour",
        "cache_read": "tokens read from the cache",
        "output": "tokens the model wrote",
        "web_searches": "web searches",
    }.items()
)
"""The counters of usage."""
ORGANIZATION = Column("organization", Type.TEXT, "id of the organization")
WHEN = (ORGANIZATION, Column("month", Type.TEXT, "UTC month, as 2026-10"), Column("day", Type.DAY, "UTC day"))
HOUR = Column("hour_of_day", Type.COUNT, "hour of the UTC day, 0 to 23")


def dims(*names: str) -> tuple[Column, ...]:
    """Columns of these dimensions."""
    return tuple(Column(name, Type.TEXT, NAMED[name].meaning) for name in names)


ACTOR_DIMS = ("workspace", "key", "actor", "product", "model")
SMALL_DIMS = ("tier", "context", "geo", "speed")
REQUEST_COUNT = Column("requests", Type.COUNT, "requests; null where the API does not count them")
LIST_PRICE = Column("list", Type.MONEY, "the same before contract discounts, US dollars")
