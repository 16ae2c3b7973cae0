"""Repeated rows: rows of Claude Code that nothing in the report tells apart, named beside its answers."""

from __future__ import annotations

import re

KIND = "repeated rows"
"""The kind of the notice of a day; the newest one of them holds."""
_COUNT = re.compile(r"[\d,]+")


def text_of(count: int) -> str:
    """The text of the notice: the count first, which `count_in` reads."""
    if not count:
        return "0 rows are like another one in actor and place."
    return (
        f"{count:,} rows are like another one in actor and place. They are added, as keys of one name have; rows of a "
        "person alike in all figures are counted once."
    )


def count_in(text: str) -> int:
    """The count that a notice names."""
    match = _COUNT.match(text)
    return int(match[0].replace(",", "")) if match else 0
