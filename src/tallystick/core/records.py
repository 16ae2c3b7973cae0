"""Records: what a page says, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from tallystick.core.time import DAY, Window

COUNTERS = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "web_searches")
"""The six counters of the usage report, five in tokens and one in searches."""

REQUESTS = "requests"
"""What the newer dialect counts besides; a kind of charge that is never billed."""

TOKENS = COUNTERS[:5]
"""The five token kinds; `total_tokens` is their sum."""


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """Tokens used in one bucket by one group.

    `dims` holds exactly the dimensions that were asked for, by our names; counters are tokens and searches.
    `extra` keeps, as sent, any field of the row that tallystick does not know (reports-api 1.2.2). `requests` is None
    where the report does not count them.
    """

    window: Window
    dims: Mapping[str, str]
    uncached_input: int
    cache_write_5m: int
    cache_write_1h: int
    cache_read: int
    output: int
    web_searches: int
    extra: Mapping[str, object] = field(default_factory=dict)
    requests: int | None = None

    @property
    def total_tokens(self) -> int:
        """Uncached input, both cache writes, cache reads and output together."""
        return self.uncached_input + self.cache_write_5m + self.cache_write_1h + self.cache_read + self.output


@dataclass(frozen=True, slots=True)
class CostRecord:
    """What was billed in one bucket for one group, in exact US dollars (reports-api 1.3.2).

    `list` is the same before contract discounts, `requests` how many it was for; None where the report does not say.
    """

    window: Window
    dims: Mapping[str, str]
    billed: Decimal
    currency: str
    extra: Mapping[str, object] = field(default_factory=dict)
    list: Decimal | None = None
    requests: int | None = None


SETTLING = DAY * 35
"""Time after its end until which a day may be restated; a day that is read later has settled."""


class State(StrEnum):
    """How far a day can be trusted: read while running, read after its end, or read 35 days after it."""

    RUNNING = "running"
    PROVISIONAL = "provisional"
    SETTLED = "settled"
