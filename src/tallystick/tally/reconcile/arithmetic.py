"""Arithmetic of whole numbers in SQL: fractions are two HUGEINT, a numerator and a denominator above zero."""

from __future__ import annotations

MOST_MONEY, MOST_UNITS, MOST_FACTOR = 10**24, 10**30, 10**6
"""Picodollars, units and terms of a factor up to which every product of a line is of 128 bits."""


def nearest(numerator: str, denominator: str) -> str:
    """The nearest whole number, half to even."""
    doubled, twice = f"(2 * abs({numerator}) + {denominator})", f"(2 * {denominator})"
    size = f"({doubled} // {twice})"
    even = f"CASE WHEN {doubled} % {twice} = 0 AND {size} % 2 = 1 THEN {size} - 1 ELSE {size} END"
    return f"CASE WHEN {denominator} = 1 THEN {numerator} ELSE sign({numerator}) * {even} END"


def fits(line: str, factor: str = "1", base: str = "1", units: str = "") -> str:
    """Whether what was billed of a line is `factor / base` of list price, of all its units or of these.

    Where the price is no whole number of picodollars the API may have rounded, less than one a row.
    """
    price, divisor = f"({factor} * ({units or f'{line}.units'}))", f"({base} * {line}.per)"
    off = f"({line}.billed * {divisor} - {price})"
    return (
        f"CASE WHEN {off} = 0 THEN true WHEN {divisor} = 1 OR abs({off}) >= {line}.charges * {divisor} THEN false "
        f"ELSE {price} % {divisor} <> 0 END"
    )
