"""Filter: the ids or names that a dimension is held to, and those that are left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tallystick.core.dimensions import NAMES, canonical
from tallystick.errors import InvalidQuestion

Where = Mapping[str, str | Sequence[str]]
"""Filters as they are written: `{"model": "claude-opus-*", "key!": ["ci", "nightly"]}`."""
EXCEPT = "!"
"""What ends the name of a dimension whose values are left out: `key!` is `--where key!=ci`."""
_WILD = re.compile(r"[*?]")
_BEFORE_DIMENSION = re.compile(r",(?=\s*([A-Za-z_-]+)\s*!?=)")
"""A comma that a word and an equal sign follow: where the word is no dimension, the comma belongs to a name."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Any of `values`, of all where there are none, and none of `without`.

    In a value `*` stands for any text and `?` for one character; such a pattern is matched in either case.
    """

    values: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @classmethod
    def of(cls, *values: str) -> Filter:
        """Return the filter that holds to these values."""
        return cls(values)

    @property
    def single(self) -> bool:
        """Whether it holds to one thing: a value without a wildcard."""
        return len(self.values) == 1 and not self.without and pattern(self.values[0]) is None

    def takes(self, *names: str) -> bool:
        """Return whether something with these names passes."""
        return (not self.values or _hits(self.values, names)) and not _hits(self.without, names)


def filters(where: Where | None, known: Iterable[str] = NAMES) -> dict[str, Filter]:
    """Return what is written of each dimension as its filter, by the names that are known (core.dimensions)."""
    by_name: dict[str, Filter] = {}
    for written, value in (where or {}).items():
        values = (value,) if isinstance(value, str) else tuple(value)
        name = canonical(written.removesuffix(EXCEPT), known)
        before = by_name.get(name, Filter())
        by_name[name] = (
            Filter(before.values, before.without + values)
            if written.endswith(EXCEPT)
            else Filter(before.values + values, before.without)
        )
    return by_name


def filter_texts(where: Mapping[str, Filter]) -> dict[str, list[str]]:
    """Return filters as they stand in an answer, which is how Python writes them."""
    parts = {}
    for name, part in where.items():
        if part.values or not part.without:
            parts[name] = list(part.values)
        if part.without:
            parts[f"{name}{EXCEPT}"] = list(part.without)
    return parts


def where_of(texts: Iterable[str]) -> dict[str, list[str]]:
    """Return the values of `--where` by dimension, as written; raise InvalidQuestion where one is not DIM=VALUE."""
    values: dict[str, list[str]] = {}
    for part in (part for text in texts for part in _parts(text)):
        name, equals, value = (word.strip() for word in part.partition("="))
        excludes = name.endswith(EXCEPT)
        name = name.removesuffix(EXCEPT).strip()
        if not equals or not name or not value:
            raise InvalidQuestion(
                f"--where {part!r} is not DIM=VALUE.",
                "Write --where model=claude-opus-*,workspace=Production, or --where key!=ci to leave one out.",
            )
        values.setdefault(f"{name}{EXCEPT * excludes}", []).append(value)
    return values


def _parts(text: str) -> Iterator[str]:
    """Cut a text at the commas before a dimension."""
    start = 0
    for comma in _BEFORE_DIMENSION.finditer(text):
        if canonical(comma[1]) in NAMES:
            yield text[start : comma.start()]
            start = comma.end()
    yield text[start:]


def pattern(value: str) -> re.Pattern[str] | None:
    """Return the pattern of a value with wildcards, for `fullmatch`; None for a plain value."""
    if not _WILD.search(value):
        return None
    parts = (".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.split(r"([*?])", value))
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def _hits(values: Iterable[str], names: Sequence[str]) -> bool:
    """Return whether one of the values is one of the names, or a pattern of one."""
    return any(value in names or ((wild := pattern(value)) and any(map(wild.fullmatch, names))) for value in values)
