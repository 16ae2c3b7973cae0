"""Redaction of findings: their events without the names and e-mails of persons that may no longer be kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tallystick.sync.redaction import PERSONS, People

_TEXTS = ("who", "text")
_JSON = ("subject", "facts")
"""The columns that can name a person: as they are written, or within JSON."""


def substitutes(people: People, names: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What stands for each name and e-mail of `names` that may not be kept, in lower case: a hash, else the id."""
    words: dict[str, str] = {}
    for row in names:
        if row["type"] in PERSONS:
            new = people.renamed(row)
            for column in ("name", "email"):
                if row[column] and row[column] not in {new[column], row["id"]}:
                    words[row[column].casefold()] = new[column] or row["id"]
    return words


def redacted(events: list[dict[str, Any]], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of findings with the substitutes in the place of names, wherever one stands as a word."""
    if not names:
        return events
    listed = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    pattern = re.compile(rf"(?<!\w)(?:{listed})(?!\w)", re.IGNORECASE)

    def written(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(lambda match: names.get(match[0].casefold(), match[0]), value)
        if isinstance(value, dict):
            return {name: written(entry) for name, entry in value.items()}
        return [written(entry) for entry in value] if isinstance(value, list) else value

    return [
        event
        | {column: written(event[column]) for column in _TEXTS}
        | {
            column: json.dumps(written(json.loads(event[column])), sort_keys=True, ensure_ascii=column == "facts")
            for column in _JSON
        }
        for event in events
    ]
