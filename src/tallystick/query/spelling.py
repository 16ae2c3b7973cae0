"""Spelling: the words by which rules and filters can name an id, each from the UTC day on which it was first seen.

The directory tells the present's names alone, so a name holds from the day of the sync that first saw it, the whole of
that day, until another takes its place. Days before the first sighting go by the earliest name that is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tallystick.core.filter import Filter
from tallystick.core.message import Message, note, warning
from tallystick.query.names import history
from tallystick.store.engine import Engine, per_version
from tallystick.store.views import NAMED_BY

if TYPE_CHECKING:
    from tallystick.tally.owners import Spelling, Spellings

Field = tuple[str, str]
"""What is told of something: ("word", field of the names table) or ("tag", name of a tag)."""


@per_version
def spellings(engine: Engine, instant: datetime | None = None) -> Spellings:
    """The words for every id over time: its name, e-mail, real id; the tags of a workspace.

    As they are known now, or as they had been seen by an instant.
    """
    by_dimension: dict[str, dict[tuple[str, str], tuple[Spelling, ...]]] = {
        "tag": {},
        **{name: {} for name in NAMED_BY},
    }
    for (organization, type_, id_), rows in sightings(engine, instant).items():
        for name, types in NAMED_BY.items():
            if type_ in types:
                by_dimension[name][organization, id_] = _over_time(rows, "word", id_)
        if type_ == "workspace":
            by_dimension["tag"][organization, id_] = _over_time(rows, "tag")
    return by_dimension


@per_version
def sightings(
    engine: Engine, instant: datetime | None
) -> Mapping[tuple[str, str, str], list[tuple[date, Mapping[Field, str | None]]]]:
    """What was told of each (organization, type, id), with the UTC day, the oldest first."""
    by_id: dict[tuple[str, str, str], list[tuple[date, Mapping[Field, str | None]]]] = {}
    for row in history(engine, instant):
        day = row["seen_at"].astimezone(UTC).date()
        by_id.setdefault((row["organization"], row["type"], row["id"]), []).append((day, dict(_fields(row))))
    return by_id


def every(spelt: Iterable[Spelling]) -> frozenset[str]:
    """All words of all days."""
    return frozenset(word for _, words in spelt for word in words)


def once(engine: Engine, dimension: str, word: str) -> set[str]:
    """The ids of a dimension that something was ever spelt by: a former name, an e-mail, a real id."""
    return {id_ for (_, id_), spelt in spellings(engine).get(dimension, {}).items() if word in every(spelt)}


def formerly(engine: Engine, where: Mapping[str, Filter]) -> Iterator[Message]:
    """Say of filters by a name that something had and has no longer what they take: a filter takes things, whole."""
    filters = [
        (name, value, values is part.values)
        for name, part in where.items()
        if name in NAMED_BY
        for values in (part.values, part.without)
        for value in values
    ]
    over_time = spellings(engine) if filters else {}
    for name, value, counted in filters:
        spelt_by_id = {id_: spelt for (_, id_), spelt in over_time[name].items() if value in every(spelt)}
        ids = [id_ for id_, spelt in spelt_by_id.items() if value in spelt[-1][1]]
        for id_, spelt in spelt_by_id.items():
            if id_ in ids or value == id_:
                continue
            since = next(later for (_, words), (later, _) in pairwise(spelt) if value in words)
            if ids:
                days = f"its days are {'not ' * counted}counted here"
                yield warning(f"{name} {id_} was called {value!r} before {since}: {days}.")
            else:
                days = f"{'all its days are' if counted else 'none of its days is'} counted here"
                yield note(f"{name} {id_} is called otherwise than {value!r} since {since}: {days}.")


def renamed(engine: Engine, day: date) -> list[str]:
    """What was called otherwise until a UTC day: each with its words before and since."""
    changes: dict[str, str] = {}
    for name, spelt_by_id in spellings(engine).items():
        for (_, id_), spelt in spelt_by_id.items():
            for (_, before), (since, after) in pairwise(spelt):
                if since == day and before - after:
                    subject = f"the tags of workspace {id_}" if name == "tag" else f"{name} {id_}"
                    changes.setdefault(
                        id_ + str(name == "tag"), f"{subject}, {quoted(before - after)} to {quoted(after - before)}"
                    )
    return sorted(changes.values())


def quoted(words: Iterable[str]) -> str:
    """Words as they are quoted in a sentence."""
    return " and ".join(f"{word!r}" for word in sorted(words)) or "nothing"


def _fields(row: Mapping[str, Any]) -> Iterator[tuple[Field, str | None]]:
    """What a row of `names` tells; an id that stands for a name tells nothing."""
    for field in ("name", "email", *(("workspace",) if row["type"] == "workspace" else ())):
        if row[field] and row[field] != row["id"]:
            yield ("word", field), row[field]
    tags = json.loads(row["details"] or "{}").get("tags") or {}
    for name, value in tags.items() if isinstance(tags, dict) else ():
        yield ("tag", name), f"{name}={value}"


def _over_time(rows: list[tuple[date, Mapping[Field, str | None]]], sort: str, *always: str) -> tuple[Spelling, ...]:
    """The words of each day on which they changed. A word that is told no longer stays, but for a tag."""
    if len(rows) == 1:  # of nearly everything
        spellings = [value for (kind, _), value in rows[0][1].items() if kind == sort and value]
        return ((date.min, frozenset((*always, *spellings))),)
    fields = dict.fromkeys(field for _, sighting in rows for field in sighting if field[0] == sort)
    lasts = sort == "word"
    by_field: dict[Field, list[tuple[date, str | None]]] = {}
    for field in fields:
        first = next(index for index, (_, sighting) in enumerate(rows) if field in sighting)
        by_field[field] = [
            (day, sighting.get(field)) for day, sighting in rows[first:] if field in sighting or not lasts
        ]
    spelt: list[Spelling] = []
    for day in sorted({date.min, *(day for day, _ in rows)}):
        values = (_on(day, dated) for dated in by_field.values())
        words = frozenset((*always, *(value for value in values if value)))
        if not spelt or spelt[-1][1] != words:
            spelt.append((day, words))
    return tuple(spelt)


def _on(day: date, dated: list[tuple[date, str | None]]) -> str | None:
    """What was told last by the end of a day; of days before all, what was told first."""
    return next((value for when, value in reversed(dated) if when <= day), dated[0][1])
