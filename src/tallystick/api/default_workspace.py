"""The default workspace: which real id it has in the directory (reports-api 1.5).

The older reports leave its id null, the newer dialect and a key's scope give the real one. A list of workspaces shows
it only when asked to, whatever its name; where that does not tell, a key without a `workspace_id` has it as its scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tallystick.api.client import Page

NAME = "Default"
"""What the API calls it unless somebody renamed it."""


def real_id(pages: Iterable[tuple[str, Page]]) -> str | None:
    """The real id of the default workspace by the pages of the directory; None where they do not tell."""
    lists: dict[str, list[dict[str, Any]]] = {}
    for purpose, page in pages:
        lists.setdefault(purpose, []).extend(_entries(page))
    plain = {str(entry.get("id")) for entry in lists.get("workspaces", ())}
    names = {str(entry["id"]): entry.get("name") for entry in lists.get("default_workspace", ()) if entry.get("id")}
    added = [id_ for id_ in names if id_ not in plain] if "workspaces" in lists else []
    if len(added) == 1:
        return added[0]
    scopes = {str(scope) for key in lists.get("keys", ()) if (scope := _scope(key))}
    among = scopes & set(added or names) or scopes
    if len(among) == 1:
        return among.pop()
    called = [id_ for id_ in added or names if names[id_] == NAME]
    return called[0] if len(called) == 1 else None


def _scope(key: dict[str, Any]) -> object:
    """The workspace in the scope of a key that has none by the older field: a null, not a missing one."""
    scope = key.get("scope")
    return scope.get("workspace_id") if isinstance(scope, dict) and key.get("workspace_id", "") is None else None


def _entries(page: Page) -> Iterator[dict[str, Any]]:
    """The entries of a list, as sent; what is odd about them is not judged here."""
    try:
        body = msgspec.json.decode(page.body)
    except (msgspec.DecodeError, RecursionError):
        return
    entries = body.get("data") if isinstance(body, dict) else None
    if isinstance(entries, list):
        yield from (entry for entry in entries if isinstance(entry, dict))
