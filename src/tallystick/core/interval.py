"""Interval: a length of time as it is written in a flag or a setting: 15m, 1h or 1d."""

from __future__ import annotations

from datetime import timedelta

from tallystick.errors import InvalidQuestion

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_MOST_DIGITS = 4


def interval(name: str, words: str, least: timedelta) -> timedelta:
    """Return the interval that a flag or setting is given; InvalidQuestion where it is none, or under the least."""
    number, unit = words[:-1], words[-1:]
    if unit not in _UNITS or not (number.isascii() and number.isdigit()) or len(number) > _MOST_DIGITS:
        raise InvalidQuestion(
            f"{name} cannot be {words!r}.", f"Write {'30d or 90d' if least.days else '15m, 1h or 1d'}."
        )
    if (length := int(number) * _UNITS[unit]) < least:
        shortest = f"{least.days}d" if least.days else f"{least.seconds // 60}m"
        raise InvalidQuestion(f"{name} {words} is too short.", f"The shortest is {shortest}.")
    return length
