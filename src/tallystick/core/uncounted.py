"""Uncounted tokens: tokens of kinds that tallystick does not know, which are in no figure and are named beside each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

KIND = "uncounted tokens"
"""The kind of the notice of a source and day."""


def unknown_counters(usage: Mapping[str, Any], known: Iterable[str]) -> dict[str, int]:
    """The whole numbers of tokens in the figures of a row that are not among the `known` paths, by path."""
    waiting: list[tuple[str, Any]] = list(usage.items())
    counters: dict[str, int] = {}
    known = {*known}
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += ((f"{path}.{name}", inner) for name, inner in value.items())
        elif isinstance(value, int) and not isinstance(value, bool) and "token" in path and path not in known and value:
            counters[path] = value
    return counters


def text_of(count: int, fields: Iterable[str]) -> str:
    """The text of the notice: the count first, which `count_in` reads."""
    if not count:
        return "0 tokens are of kinds that tallystick does not know."
    names = ", ".join(sorted(fields)) or "total_tokens differs from the sum of what it counts"
    return f"{count:,} tokens of this day are of kinds that tallystick does not know and are in no figure: {names}."
