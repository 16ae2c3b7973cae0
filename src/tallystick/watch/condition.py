"""Condition: what a row of an answer must be for a rule to speak, as `billed > 500 and status != ok`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from tallystick.core.dimensions import UNKNOWN
from tallystick.core.question import Cell
from tallystick.errors import InvalidQuestion

_COMPARISON = re.compile(r"(\|?)([a-z][a-z0-9_]*)\1\s*(>=|<=|!=|=|>|<|\bhas\b)\s*(.+)", re.DOTALL)
_AND = re.compile(r"\s+and\s+")
_ORDERS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_HINT = "Write `billed > 500`, `|amount| > 1`, `growth < -20 %`, `status != ok`, `attention has expired, deleted`."
NONE = "none"
"""Stands for a cell without a value: `billed_before = none`."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One column against a value; an amount in percent is of a ratio.

    `has` takes texts with commas between: a part of the cell, between its commas, begins with one of them.

    With `size` an amount is taken without its sign.
    """

    column: str
    sign: str
    value: str
    size: bool = False

    def holds(self, row: Mapping[str, Cell]) -> bool | None:
        """Return whether a row fits; None where its cell is unknown, be it without a value or by the word for that."""
        cell = row[self.column]
        if self.value == NONE and self.sign in {"=", "!="}:
            return (cell is None) == (self.sign == "=")
        if cell is None:
            return None
        if self.sign == "has":
            parts, words = ([piece.strip().casefold() for piece in text.split(",")] for text in (str(cell), self.value))
            return any(part.startswith(word) for part in parts for word in words)
        if order := _ORDERS.get(self.sign):
            number = _number(cell, self.column)
            return order(abs(number) if self.size else number, _amount(self.value))
        if cell == UNKNOWN != self.value:
            return None
        is_equal = Decimal(cell) == _amount(self.value) if isinstance(cell, int | Decimal) else cell == self.value
        return is_equal == (self.sign == "=")


@dataclass(frozen=True, slots=True)
class Condition:
    """Comparisons that all hold."""

    text: str
    comparisons: tuple[Comparison, ...]

    @classmethod
    def read(cls, text: str) -> Condition:
        """Return the condition that a text is; raise InvalidQuestion where it is none."""
        comparisons = []
        for part in _AND.split(text.strip()):
            if not (match := _COMPARISON.fullmatch(part.strip())):
                raise InvalidQuestion(f"{part!r} is no condition.", _HINT)
            bars, column, sign, value = match.groups()
            comparison = Comparison(column, sign, value.strip("'\""), size=bool(bars))
            if comparison.sign in _ORDERS:
                _amount(comparison.value)
            comparisons.append(comparison)
        return cls(text, tuple(comparisons))

    def holds(self, row: Mapping[str, Cell]) -> bool | None:
        """Return whether every comparison holds of a row; None where that depends on a cell that is unknown."""
        verdicts = [comparison.holds(row) for comparison in self.comparisons]
        return False if False in verdicts else None if None in verdicts else True


def _amount(text: str) -> Decimal:
    """A number as it is written; `20 %` is 0.2."""
    percent = text.endswith("%")
    try:
        amount = Decimal(text.removesuffix("%").strip().replace(",", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise InvalidQuestion(f"{text!r} is no amount to compare with.", _HINT)
    return amount.scaleb(-2) if percent else amount


def _number(cell: Cell, column: str) -> Decimal:
    if not isinstance(cell, int | Decimal):
        raise InvalidQuestion(f"{column} holds texts, and cannot be larger or smaller.", _HINT)
    return Decimal(cell)
