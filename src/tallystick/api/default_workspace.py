"""The default workspace: which real id it has in the directory (reports-api 1.5).

The older reports leave its id null, the newer dialect and a key's scope give the real one. A list of workspaces shows
it only when asked to, whatever its name; where that does not tell, a key without a `workspace_id` has it as its scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tallystick.api.body import DECODER
from tallystick.api.page import Page

NAME = "Default"
"""What the API calls it unless somebody renamed it."""


def real_id(pages: Iterable[tuple[str, Page]]) -> str | None:
    """The real id of the default workspace by the pages of the directory; None where they do not tell."""
    lists: dict[str, list[Any]] = {}
    for purpose, page in pages:
        lists.setdefault(purpose, []).extend(_entries(page))
    plain = [_id(entry) for entry in lists.get("workspaces", ())]
    names = {id_: entry.get("name") for entry in lists.get("default_workspace", ()) if (id_ := _id(entry))}
    # A list that cannot be read, or not all of it, leaves out more than the default one.
    added = [id_ for id_ in names if id_ not in plain] if "workspaces" in lists and None not in plain else []
    if len(added) == 1:
        return added[0]
    scopes = {scope for key in lists.get("keys", ()) if (scope := _scope(key))}
    among = scopes & set(added or names) or scopes
    if len(among) == 1:
        return among.pop()
    ids = [id_ for id_ in added or names if names[id_] == NAME]
    return ids[0] if len(ids) == 1 else None


def _id(entry: Any) -> str | None:
    """The id of an entry; None where it tells none."""
    id_ = entry.get("id") if isinstance(entry, dict) else None
    return id_ if isinstance(id_, str) and id_ else None


def _scope(key: Any) -> str | None:
    """The workspace in the scope of a key that has none by the older field: a null, not a missing one."""
    scope = key.get("scope") if isinstance(key, dict) and key.get("workspace_id", "") is None else None
    id_ = scope.get("workspace_id") if isinstance(scope, dict) else None
    return id_ if isinstance(id_, str) and id_ else None


def _entries(page: Page) -> Iterator[Any]:
    """The entries of a list, as sent, and one None for a page that is no list."""
    try:
        body = DECODER.decode(page.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = None
    entries = body.get("data") if isinstance(body, dict) else None
    yield from entries if isinstance(entries, list) else (None,)
