"""Setting types: whether a table of the settings holds settings that there are, each of its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallystick.core.text import did_you_mean
from tallystick.errors import InvalidQuestion

_WORDS = {str: "a text in quotes", list: "a list", dict: "a table", bool: "true or false"}


def check_settings(where: str, table: Mapping[str, Any], known: Mapping[str, type], hint: str) -> None:
    """Raise InvalidQuestion for a setting that there is not, or one of another type; `hint` names all that there are.

    The value is not shown: it may be a secret that stands in a wrong place.
    """
    for name, value in table.items():
        if name not in known:
            raise InvalidQuestion(
                f"{where} holds {name!r}, which is not a setting.", f"{did_you_mean(name, known)} {hint}".strip()
            )
        if not isinstance(value, known[name]):
            raise InvalidQuestion(f"{where} holds {name!r}, which is not {_WORDS[known[name]]}.", hint)
