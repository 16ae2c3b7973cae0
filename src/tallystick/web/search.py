"""Search: keys, people, teams, models, workspaces, reports and views by name or id, the best first."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from tallystick.address import Address
from tallystick.catalog import CATALOG
from tallystick.core.text import safe
from tallystick.core.time import DAY, Grain
from tallystick.core.time_words import names_month, period
from tallystick.errors import InvalidQuestion
from tallystick.saved_views import SavedView
from tallystick.web.links import SUBJECTS, month, subject
from tallystick.web.page import Page

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
    aliases: tuple[str, ...] = ()


WORDS: Mapping[str, tuple[str, ...]] = {
    "/": ("cost", "bill", "total", "month to date"),
    "/keys": ("who", "who spends", "api keys", "owners", "idle", "unused"),
    "/anomalies": ("unusual", "spikes", "why", "findings"),
    "/alerts": ("alerts", "notifications", "watch", "rules"),
    "/cache": ("caching", "savings"),
    "/reconcile": ("difference", "is the bill right", "invoice"),
    "/months": ("statements", "invoice", "chargeback", "teams are charged", "close"),
    "/budgets": ("money left", "limits"),
    "/forecast": ("prediction", "end of month", "expected"),
    "/what-if": ("cheaper", "batch", "other model", "scenario"),
    "/prices": ("rates", "price list"),
    "/ledger": ("days", "sync", "versions", "data"),
}
"""What pages are called in everyday words."""
_MONTHS = tuple(calendar.month_name[1:])
_DATED = re.compile(
    r"(?:(?P<day>[0-9]{1,2})\.? +)?(?P<month>[a-z]{3,})(?: +(?P<after>[0-9]{1,2}))?(?:,? +(?P<year>20[0-9]{2}))?"
)
"""A day or a month as people write it: 21 Nov, October, Oct 3, 21 November 2026."""


def page_hits(pages: Iterable[Page]) -> Iterator[Hit]:
    """Yield every page."""
    for page in pages:
        yield Hit("page", page.menu or page.title, "", page.path, page.about, WORDS.get(page.path, ()))


def time_hits(query: str, now: datetime) -> Iterator[Hit]:
    """Yield what a day, a month or another word for time leads to: the month's page, or who spent on these days."""
    word = query.strip().casefold()
    try:
        window = period(_dated(word, now) or word, now).days
    except InvalidQuestion:
        return
    if window.start > now:
        return
    if Grain.MONTH.is_bucket(window) or names_month(word):
        yield Hit("month", f"{window.start:%Y-%m}", "", month(f"{window.start:%Y-%m}", ""), f"{window.start:%B %Y}")
        return
    first, last = str(window.start.date()), str((window.end - DAY).date())
    address = Address("spend", (("since", first), ("until", last), ("by", "workspace")))
    yield Hit("days", first if first == last else f"{first} to {last}", "", address.url, "who spent on these days")


def _dated(word: str, now: datetime) -> str:
    """A day or month of the calendar as 2026-11-21 or 2026-11, the latest one without a year; else nothing."""
    match = _DATED.fullmatch(word)
    number = match and next((n for n, name in enumerate(_MONTHS, 1) if name.casefold().startswith(match["month"])), 0)
    if not match or not number:
        return ""
    day = match["day"] or match["after"]
    text = f"{number:02}" + (f"-{int(day):02}" if day else "")
    this_year = f"{now.year}-{text}"
    return (
        f"{match['year']}-{text}"
        if match["year"]
        else this_year
        if this_year <= f"{now:%Y-%m-%d}"
        else f"{now.year - 1}-{text}"
    )


def catalog_hits(pages: Iterable[Page]) -> Iterator[Hit]:
    """Yield every report but those whose name a page has, which leads to them."""
    paths = {page.path for page in pages}
    for listed in CATALOG:
        if f"/{listed.name}" in paths:
            continue
        yield Hit("report", listed.name, "", f"/ask/{listed.name}", listed.summary)


def view_hits(views: Iterable[SavedView]) -> Iterator[Hit]:
    """Yield every saved view."""
    for view in views:
        yield Hit("view", view.name, "", view.address.url)


def subjects_hits(names: Mapping[str, Mapping[str, str]]) -> Iterator[Hit]:
    """Yield everything that has a page of its own, by dimension; a key that stands for a person too is a key alone."""
    for dimension, known in names.items():
        keys = names.get("key", {}) if dimension == "actor" else {}
        for id_, name in known.items():
            if id_ not in keys:
                yield Hit(SUBJECTS[dimension], safe(name), "" if name == id_ else safe(id_), subject(dimension, id_))


def ranked(query: str, hits: Iterable[Hit], *, near: bool = True) -> list[Hit]:
    """Return what a text can mean: what is called so, begins so, has a word that does, holds it; else what is near it.

    The last only if `near`.
    """
    word = query.strip().casefold()
    if not word:
        return []
    scored = [(_rank(word, hit), index, hit) for index, hit in enumerate(hits)]
    matches = sorted((entry for entry in scored if entry[0] <= len(_TESTS)), key=lambda entry: entry[:2])
    if not matches and near and len(word) <= LONGEST:
        alike = [(-_likeness(word, hit.name), index, hit) for _, index, hit in scored]
        return [hit for likeness, _, hit in sorted(alike, key=lambda entry: entry[:2])[:MOST] if likeness <= -ALIKE]
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
    texts = [text.casefold() for text in (hit.name, hit.id, *hit.aliases) if text]
    ranks = (rank for rank, test in enumerate(_TESTS) if any(test(word, text) for text in texts))
    return next(ranks, len(_TESTS) if word in hit.about.casefold() else len(_TESTS) + 1)


def _likeness(word: str, name: str) -> float:
    return max(
        (SequenceMatcher(None, word, part.casefold()).ratio() for part in (name, *name.split())),
        default=0.0,
    )
