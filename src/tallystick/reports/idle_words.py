"""Idle words: which active keys nobody uses, in a sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tallystick.core.text import cut, few, window_words
from tallystick.core.time import Window
from tallystick.query.names import apart


def idle_words(active: Mapping[str, str], idle: Collection[str], window: Window, year: int) -> str:
    """Say which of the `active` keys, names by id, are idle in a window; nothing where there are no active keys.

    The days have their year where it is not `year`.
    """
    if not active:
        return ""
    count, days = len(active), window_words(window, year)
    if not idle:
        return f"No key is idle: {count:,} of {count:,} active keys were used ({days})."
    names = few([cut(name) for id_, name in apart(active).items() if id_ in idle])
    return f"{len(idle):,} of {count:,} active keys {'is' if len(idle) == 1 else 'are'} idle ({days}): {names}."
