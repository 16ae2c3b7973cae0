"""The directory: organization, workspaces, keys, users, service accounts, to turn ids into names (reports-api 1.5).

Archived workspaces and keys of every status are asked for. The default workspace has a real id here and none in the
reports; it is the one that a list shows only when asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from tallystick.api import default_workspace
from tallystick.api.endpoints import API_KEYS, ORGANIZATION, SERVICE_ACCOUNTS, USERS, WORKSPACES
from tallystick.api.entries import OWN_NAME, READERS, Named, is_list
from tallystick.api.leniency import Oddity, deep
from tallystick.api.page import Page, Query
from tallystick.core.dimensions import NAMED
from tallystick.errors import ApiError, CursorExpired, Refused, UnexpectedResponse, Unreachable

_EVERYTHING = ("limit", str(WORKSPACES.limits[""]))
_ARCHIVED = ("include_archived", "true")
LISTS: tuple[tuple[str, Query], ...] = (
    ("organization", Query(ORGANIZATION)),
    ("workspaces", Query(WORKSPACES, (_EVERYTHING, _ARCHIVED))),
    ("default_workspace", Query(WORKSPACES, (_EVERYTHING, _ARCHIVED, ("include_default", "true")))),
    ("keys", Query(API_KEYS, (_EVERYTHING,))),
    ("users", Query(USERS, (_EVERYTHING,))),
    ("service_accounts", Query(SERVICE_ACCOUNTS, (_EVERYTHING, _ARCHIVED))),
)
"""What is read for names, each with the purpose under which its pages are archived."""


class Asker(Protocol):
    """What asks the API: a client, or what looks at its answers."""

    @property
    def bearer(self) -> bool:
        """Whether the credential is a token rather than a key."""

    def pages(self, query: Query) -> Iterator[Page]:
        """Every page of a query."""


UNKNOWN_KEY = 401
"""The status of a credential that nothing may be read with."""


def read(client: Asker, refused: Callable[[str, ApiError], None]) -> Iterator[tuple[str, Page]]:
    """The pages of the directory with the purpose of each, the organization first.

    A list comes whole or not at all. One that this credential may not read, or that cannot be read, is told to
    `refused` and left out: names are a convenience (trap 33). Service accounts are not asked for with a key, to which
    they are always refused. One list whose answers are errors for as long as
    patience lasts is left out likewise; a second one, or no answer at all, raises Unreachable. Raises Refused for a
    credential that is not known, UnexpectedResponse of the organization.
    """
    down: dict[str, Unreachable] = {}
    for purpose, query in LISTS:
        if query.endpoint is SERVICE_ACCOUNTS and not client.bearer:
            continue
        if query.endpoint.path in down:
            refused(purpose, down[query.endpoint.path])
            continue
        try:
            pages = _all_pages(client, query)
        except (Refused, UnexpectedResponse, Unreachable) as no:
            if no.status == UNKNOWN_KEY or (isinstance(no, UnexpectedResponse) and query.endpoint is ORGANIZATION):
                raise
            if isinstance(no, Unreachable):
                if down or no.status is None:
                    raise
                down[query.endpoint.path] = no
            refused(purpose, no)
        else:
            yield from ((purpose, page) for page in pages)


def _all_pages(client: Asker, query: Query) -> list[Page]:
    """Every page of a list, read once more where it changed meanwhile."""
    try:
        return list(client.pages(query))
    except CursorExpired:
        return list(client.pages(query))


def names(pages: Iterable[tuple[str, Page]], odd: set[Oddity] | None = None) -> list[Named]:
    """The directory that these pages say, by type and id; UnexpectedResponse for a page that is no list.

    The default workspace comes as the id `default` with its real id in `workspace`. An entry without a name is called
    by its id; what does not fit of it is left out, and an entry without an id altogether: `odd` is told.
    """
    odd = set() if odd is None else odd
    pages = list(pages)
    default = default_workspace.real_id(pages)
    names_by_id: dict[tuple[str, str], Named] = {}
    if default:
        absent = Named(type="workspace", id=NAMED["workspace"].absent, name=default_workspace.NAME, workspace=default)
        names_by_id[absent.type, absent.id] = absent
    for purpose, page in pages:
        if purpose not in {"organization", OWN_NAME} and not is_list(page):
            odd.add(Oddity(purpose.replace("_", " "), "is no list; names stay as they were"))
            continue
        for entry in READERS[purpose](page, odd):
            if purpose == "default_workspace" and (entry.type, entry.id) in names_by_id:
                continue
            if entry.type == "workspace" and entry.id == default:
                entry.workspace, entry.id = entry.id, NAMED["workspace"].absent
            entry.details = {name: detail for name, detail in entry.details.items() if detail and not deep(detail)}
            names_by_id[entry.type, entry.id] = entry
    return [names_by_id[key] for key in sorted(names_by_id)]
