"""Lists: the two ways in which the directory pages (reports-api 1.5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from tallystick.sim.wire.answer import Json, Refusal
from tallystick.sim.wire.query import Query, read, written

_T = TypeVar("_T")

Entry = dict[str, Json]
"""An object of the directory."""


def listed(query: Query, entries: Iterable[Entry], name: str = "id") -> Json:
    """A list that pages by ids; `last_id` stands on the final page too."""
    rows, limit = list(entries), query.limit(20, 1000)
    after, before = query.one("after_id"), query.one("before_id")
    places = {str(entry[name]): index for index, entry in enumerate(rows)}
    cursors = [cursor for cursor in (after, before) if cursor]
    if len(cursors) > 1 or not places.keys() >= set(cursors):
        raise Refusal(400, "after_id, before_id: give one of them, an id of this list.")
    if before:
        end = places[before]
        page, has_more = rows[max(0, end - limit) : end], end > limit
    else:
        start = places[after] + 1 if after else 0
        page, has_more = rows[start : start + limit], start + limit < len(rows)
    first, last = (page[0][name], page[-1][name]) if page else (None, None)
    return {"data": [*page], "first_id": first, "has_more": has_more, "last_id": last}


def tokened(query: Query, entries: Iterable[Entry], usual: int, *, bound: bool = False) -> Json:
    """A list that pages by token, and does not say `has_more`."""
    page, token = paged(query, entries, usual, bound=bound)
    return {"data": [*page], "next_page": token}


def paged(query: Query, items: Iterable[_T], usual: int, *, bound: bool = False) -> tuple[list[_T], str | None]:
    """The items of the page that is asked for, and the token of the next one, None on the last.

    A `bound` token is refused once another parameter has changed (analytics-api 3.3).
    """
    entries, limit = list(items), query.limit(usual, 1000)
    token = query.one("page")
    start, _, fingerprint = (read(token) if token else "0").partition(" ")
    if not start.isdigit():
        raise Refusal(400, "page: not a valid page token.")
    if bound and token and fingerprint != query.fingerprint():
        raise Refusal(400, "page: the cursor does not match the other query parameters.")
    first = int(start[:9])
    end = first + limit
    inside = f"{end} {query.fingerprint()}" if bound else str(end)
    return entries[first:end], written(inside) if end < len(entries) else None
