"""Receipt: how a channel took a message."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Delivery(StrEnum):
    """What is known of a message that was sent."""

    SENT = "sent"
    REFUSED = "refused"
    """Nothing was delivered."""
    UNCERTAIN = "uncertain"
    """It may have arrived."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a channel took a message, and why it did not; `why` holds no secret and nothing that the channel wrote."""

    delivery: Delivery
    why: str = ""
