"""Search: keys, people, teams, models, workspaces, reports and views by name or id, the best first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from tallystick.catalog import CATALOG
from tallystick.core.text import safe
from tallystick.saved_views import SavedView
from tallystick.web.links import SUBJECTS, subject

MOST = 50
"""Things that a search lists."""
ALIKE = 0.75
"""How much a name is like a misspelt word at least."""
LONGEST = 100
"""Letters of a text that may be a misspelt name."""
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing: what it is, its name, its id where that is another, where it leads, and words about it."""

    kind: str
    name: str
    id: str
    url: str
    about: str = ""


def catalog_hits() -> Iterator[Hit]:
    """Yield every report."""
    for listed in CATALOG:
        yield Hit("report", listed.name, "", f"/ask/{listed.name}", listed.summary)


def view_hits(views: Iterable[SavedView]) -> Iterator[Hit]:
    """Yield every saved view."""
    for view in views:
        yield Hit("view", view.name, "", view.address.url)


def subject_hits(dimension: str, names: Mapping[str, str]) -> Iterator[Hit]:
    """Yield everything of a dimension that has a page of its own."""
    for id_, name in names.items():
        yield Hit(SUBJECTS[dimension], safe(name), "" if name == id_ else safe(id_), subject(dimension, id_))


def ranked(query: str, hits: Iterable[Hit]) -> list[Hit]:
    """Return what a text can mean: what is called so, begins so, has a word that does, holds it; else what is near."""
    word = query.strip().casefold()
    if not word:
        return []
    scored = [(_rank(word, hit), index, hit) for index, hit in enumerate(hits)]
    matches = sorted((entry for entry in scored if entry[0] <= len(_TESTS)), key=lambda entry: entry[:2])
    if not matches and len(word) <= LONGEST:
        near = [(-_likeness(word, hit.name), index, hit) for _, index, hit in scored]
        return [hit for likeness, _, hit in sorted(near, key=lambda entry: entry[:2])[:MOST] if likeness <= -ALIKE]
    return [hit for _, _, hit in matches[:MOST]]


def _begins(word: str, text: str) -> bool:
    return any(text[match.start() :].startswith(word) for match in _WORD.finditer(text))


_TESTS: tuple[Callable[[str, str], bool], ...] = (
    lambda word, text: text == word,
    lambda word, text: text.startswith(word),
    _begins,
    lambda word, text: word in text,
)
"""How a text can answer to a word, the best first."""


def _rank(word: str, hit: Hit) -> int:
    texts = [text.casefold() for text in (hit.name, hit.id) if text]
    ranks = (rank for rank, test in enumerate(_TESTS) if any(test(word, text) for text in texts))
    return next(ranks, len(_TESTS) if word in hit.about.casefold() else len(_TESTS) + 1)


def _likeness(word: str, name: str) -> float:
    return max(
        (SequenceMatcher(None, word, part.casefold()).ratio() for part in (name, *name.split())),
        default=0.0,
    )
