"""Values that a field can have and should not, each with its name and whether it is harmless."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

MISSING = object()
"""The value of a field that is taken out."""
RAW = "@raw@"
"""Stands before and after what is to be without quotes."""
Value = Callable[[Any], Any]


def raw(text: str) -> str:
    """Mark a text that is to stand in the JSON without quotes."""
    return f"{RAW}{text}{RAW}"


def same(text: Callable[[str], str]) -> Value:
    """Write the same value otherwise; a null stays one."""
    return lambda value: None if value is None else text(str(value))


def always(value: Any) -> Value:
    """Write this in the place of whatever was there."""
    return lambda _value: value


def _zeros(text: str) -> str:
    """Write an amount with thirty places."""
    return text + ("" if "." in text else ".") + "0" * (30 - len(text.partition(".")[2]))


def _exponent(text: str) -> str:
    return f"{Decimal(text).scaleb(3)}e-3"


COUNT_VALUES: tuple[tuple[str, Value, bool], ...] = (
    ("null", always(None), False),
    ("missing", always(MISSING), False),
    ("below zero", always(-5), False),
    ("2^62", always(2**62), False),
    ("2^63", always(2**63), False),
    ("10^30", always(10**30), False),
    ("half", always(1.5), False),
    ("with .0", same(lambda text: raw(text + ".0")), True),
    ("as 1e3", always(raw("1e3")), False),
    ("as 1e400", always(raw("1e400")), False),
    ("a string", same(str), False),
    ("true", always(True), False),
    ("a list", always([1]), False),
    ("an object", always({"a": 1}), False),
    ("NaN", always(raw("NaN")), False),
)
AMOUNT_VALUES: tuple[tuple[str, Value, bool], ...] = (
    ("null", always(None), False),
    ("missing", always(MISSING), False),
    ("blank", always(""), False),
    ("a word", always("free"), False),
    ("NaN", always("NaN"), False),
    ("Infinity", always("Infinity"), False),
    ("minus", same(lambda text: "-" + text), False),
    ("with an exponent", same(_exponent), False),
    ("with 30 places", same(_zeros), True),
    ("with 30 places that count", same(lambda text: _zeros(text)[:-1] + "1"), False),
    ("a JSON number", same(raw), True),
    ("a JSON number with an exponent", same(lambda text: raw(_exponent(text))), False),
    ("with commas", always("1,234.5"), False),
    ("with spaces", same(lambda text: f" {text} "), False),
    ("with an underscore", always("1_000"), False),
    ("in Arabic digits", always("\u0661\u0662"), False),
    ("with a plus", same(lambda text: "+" + text), False),
    ("of 40 digits", always("9" * 40), False),
    ("a list", always([1]), False),
    ("true", always(True), False),
)
TEXT_VALUES: tuple[tuple[str, Value], ...] = (
    ("null", always(None)),
    ("missing", always(MISSING)),
    ("blank", always("")),
    ("a number", always(7)),
    ("a list", always(["a"])),
    ("an object", always({"a": 1})),
    ("of 1 MB", always("n" * 1_000_000)),
    ("with controls", always("a\u0000b\u001b[2Jc\r\n")),
    ("with a lone surrogate", always("\ud800")),
    ("another", always("something_else")),
)
ENUM_VALUES = TEXT_VALUES[:2] + TEXT_VALUES[3:4] + (("never heard of", always("never_heard_of")),)
OBJECT_VALUES = (
    ("null", always(None)),
    ("missing", always(MISSING)),
    ("a string", always("x")),
    ("a list", always([])),
)
DATE_VALUES: tuple[tuple[str, Value], ...] = (
    ("null", always(None)),
    ("missing", always(MISSING)),
    ("no time", always("soon")),
    ("in 2019", always("2019-01-01T00:00:00Z")),
    ("in 2031", always("2031-01-01T00:00:00Z")),
    ("in another zone", same(lambda text: text.replace("T00:00:00Z", "T02:00:00+02:00"))),
    ("without a zone", same(lambda text: text.rstrip("Z"))),
    ("two hours off", same(lambda text: text.replace("T00:00:00Z", "T02:00:00Z"))),
    ("a number", always(1_764_000_000)),
)


CURRENCIES: tuple[tuple[str, Value, bool], ...] = (
    ("EUR", always("EUR"), False),
    ("null", always(None), False),
    ("missing", always(MISSING), False),
    ("a number", always(7), False),
)
