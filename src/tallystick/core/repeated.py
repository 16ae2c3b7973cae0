"""Repeated rows: rows of Claude Code that nothing in the report tells apart, named beside its answers."""

from __future__ import annotations

KIND = "repeated rows"
"""The kind of the notice of a day; the newest one of them holds."""


def text_of(count: int) -> str:
    """The text of the notice: the count first, which `count_in` reads."""
    if not count:
        return "0 rows are like another one in actor and place."
    return (
        f"{count:,} rows are like another one in actor and place. They are added, as keys of one name have; rows of a "
        "person alike in all figures are counted once."
    )
