"""Message: what stands beside an answer. A warning changes how to read its figures, a note explains them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence or two beside an answer.

    `dollars` is the money that a warning is about, in US dollars; None where nobody knows how much it is. One that
    `is_general` counts and names nothing that others used: whoever is shown a single team alone may read it.
    """

    text: str
    is_warning: bool = False
    dollars: Decimal | None = None
    is_general: bool = False

    @property
    def kind(self) -> str:
        """The word that stands before it."""
        return "warning" if self.is_warning else "note"


def warning(text: str, dollars: Decimal | None = None, *, is_general: bool = False) -> Message:
    """Make a message that changes how to read a figure; `dollars` and `is_general` as in Message."""
    return Message(text, True, dollars, is_general)


def note(text: str, *, is_general: bool = False) -> Message:
    """Make a message that explains a figure; `is_general` as in Message."""
    return Message(text, is_general=is_general)


def ordered(messages: Iterable[Message]) -> tuple[Message, ...]:
    """Order messages, each text once: warnings first, of them unknown money and then the most dollars, then notes."""
    once: dict[str, Message] = {}
    for message in sorted(messages, key=_weight):
        once.setdefault(message.text, message)
    return tuple(once.values())


def _weight(message: Message) -> tuple[bool, bool, Decimal]:
    return not message.is_warning, message.dollars is not None, -abs(message.dollars or Decimal(0))


class Messages:
    """The messages of an answer, apart by kind; what has it keeps them in `messages`."""

    messages: Iterable[Message]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What changes how to read the figures, the gravest first."""
        return tuple(message.text for message in ordered(self.messages) if message.is_warning)

    @property
    def notes(self) -> tuple[str, ...]:
        """What explains the figures."""
        return tuple(message.text for message in ordered(self.messages) if not message.is_warning)
