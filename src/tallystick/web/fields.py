"""Fields: what a reader can set on a page, each a part of its address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tallystick.core.document import Answer

Inputs = Mapping[str, str]
"""What the address of a page says."""
PERIODS = {
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "mtd": "this month",
    "last-month": "last month",
}
"""The days that a page can be of, as words for time, and what they are called."""
MONTHS = ("mtd", "last-month")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name in the address, its label, the value that it has.

    Of `choices`, each a value and its words, one is chosen. With a `step` it is a slider over percent from `least`,
    which reads `first`. `kind` is the type of the input of any other.
    """

    name: str
    label: str
    value: str
    choices: tuple[tuple[str, str], ...] = ()
    step: int = 0
    least: int = 0
    first: str = ""
    kind: str = "text"
    hint: str = ""


Choices = tuple[Answer | None, ...]
Fields = Callable[[Inputs, Choices], tuple[Field, ...]]
"""The fields of a page, by its address and by the answers that have what they choose among, None where unknown."""


def period(inputs: Inputs) -> dict[str, str]:
    """Return the days that a page is of as parameters of a report; 30 days unless said."""
    word = _days(inputs)
    return {"month" if word in MONTHS else "since": word}


def days_label(inputs: Inputs) -> str:
    """Return what these days are called."""
    return PERIODS[_days(inputs)]


def period_field(inputs: Inputs, _: Choices = ()) -> tuple[Field, ...]:
    """Return the field for the days of a page."""
    return (Field("days", "Days", _days(inputs), tuple(PERIODS.items())),)


def _days(inputs: Inputs) -> str:
    word = inputs.get("days", "")
    return word if word in PERIODS else "30d"
