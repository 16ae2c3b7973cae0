from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest

from support.api_pages import listed
from support.scripted_api import Connect, FakeClock, Json, Reply, Server, refusal, reply
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.api.directory import names, read
from tallystick.api.entries import Named, is_complete_list
from tallystick.api.leniency import Oddity
from tallystick.errors import ApiError, Refused, Unreachable

ORG: Json = {"id": "0f9e-org", "name": "Tally & Sons", "type": "organization", "colour": "blue"}
WORKSPACES: list[Json] = [
    {
        "id": "wrkspc_a",
        "type": "workspace",
        "name": "Search",
        "created_at": "2025-02-01T00:00:00Z",
        "archived_at": None,
        "tags": {"team": "find"},
        "data_residency": {"workspace_geo": "us"},
    },
    {
        "id": "wrkspc_b",
        "type": "workspace",
        "name": "Old",
        "created_at": "2024-02-01T00:00:00Z",
        "archived_at": "2026-03-01T00:00:00Z",
        "shape_of_tomorrow": 1,
    },
]
DEFAULT: Json = {"id": "wrkspc_real", "type": "workspace", "name": "Default", "archived_at": None}
KEYS: list[Json] = [
    {"id": "apikey_1", "name": "prod", "status": "active", "workspace_id": "wrkspc_a", "partial_key_hint": "sk-...x"},
    {"id": "apikey_2", "name": "new", "status": "expired", "scope": {"type": "workspace", "workspace_id": "wrkspc_b"}},
    {"id": "apikey_3", "name": "free", "status": "dormant", "scope": {"type": "organization"}, "created_by": None},
    {"id": "apikey_4", "name": "prod", "status": "inactive", "workspace_id": None, "created_by": {"id": "user_1"}},
]
USERS: list[Json] = [
    {"id": "user_1", "email": "ann@example.test", "name": "Ann", "role": "admin", "added_at": "2025-01-01T00:00:00Z"},
    {"id": "user_2", "email": "bob@example.test", "name": None, "role": "billing"},
    {"id": "user_3"},
]
ACCOUNTS: list[Json] = [{"id": "svac_1", "name": "ci", "archived_at": "2026-01-01T00:00:00Z", "description": "builds"}]


def directory(**instead: Reply) -> Reply:
    """A directory by path; `instead` gives another answer for one of its lists."""
    answers: dict[str, Reply] = {
        "me": reply(200, ORG),
        "workspaces": listed(*WORKSPACES),
        "default": listed(*WORKSPACES, DEFAULT),
        "api_keys": listed(*KEYS),
        "users": listed(*USERS),
        "service_accounts": reply(200, {"data": ACCOUNTS, "next_page": None}),
        **instead,
    }

    def answer(request: httpx2.Request) -> httpx2.Response:
        name = request.url.path.rpartition("/")[2]
        if "include_default=true" in str(request.url):
            name = "default"
        return answers[name](request)

    return answer


def ignore(_: str, __: ApiError) -> None:
    """Whatever is refused is left out."""


def everything(client: Client, refused: Callable[[str, Any], None] = ignore) -> dict[str, Named]:
    """The directory by id."""
    return {named.id: named for named in names(read(client, refused))}


TOKEN = Credential("oauth", bearer=True)


def test_the_whole_directory(connect: Connect) -> None:
    """Organization, workspaces, keys, users and service accounts have their names, whatever else they hold."""
    client, _ = connect(directory(), credential=TOKEN)
    assert [(named.type, named.id, named.name) for named in names(read(client, ignore))] == [
        ("key", "apikey_1", "prod"),
        ("key", "apikey_2", "new"),
        ("key", "apikey_3", "free"),
        ("key", "apikey_4", "prod"),
        ("organization", "0f9e-org", "Tally & Sons"),
        ("service_account", "svac_1", "ci"),
        ("user", "user_1", "Ann"),
        ("user", "user_2", "bob@example.test"),
        ("user", "user_3", "user_3"),
        ("workspace", "default", "Default"),
        ("workspace", "wrkspc_a", "Search"),
        ("workspace", "wrkspc_b", "Old"),
    ]


def test_archived_things_are_asked_for(connect: Connect) -> None:
    """Archived workspaces are asked for, keys of every status, a thousand a page (trap 34)."""
    client, server = connect(directory(), credential=TOKEN)
    everything(client)
    queries = [(request.url.path, parse_qs(request.url.query.decode())) for request in server.requests]
    assert all(query["limit"] == ["1000"] for path, query in queries if not path.endswith("/me"))
    assert all(query["include_archived"] == ["true"] for path, query in queries if path.endswith("/workspaces"))
    assert [query for path, query in queries if path.endswith("/api_keys")] == [{"limit": ["1000"]}]


def test_states_and_details(connect: Connect) -> None:
    """An archived thing says so and when; details keep what is there and nothing else."""
    things = everything(connect(directory(), credential=TOKEN)[0])
    assert (things["wrkspc_a"].status, things["wrkspc_a"].ended_at) == ("active", None)
    assert (things["wrkspc_b"].status, things["wrkspc_b"].ended_at) == ("archived", "2026-03-01T00:00:00Z")
    assert things["wrkspc_a"].details == {"tags": {"team": "find"}, "data_residency": {"workspace_geo": "us"}}
    assert things["wrkspc_b"].details == {}
    assert things["svac_1"].status == "archived"
    assert (things["user_1"].email, things["user_1"].details) == ("ann@example.test", {"role": "admin"})
    assert things["apikey_3"].status == "dormant"


def test_a_keys_workspace_in_either_shape(connect: Connect) -> None:
    """A key names its workspace flat (2023-06-01) or in its scope (2026-10-21); both are read."""
    things = everything(connect(directory())[0])
    assert [things[f"apikey_{number}"].workspace for number in (1, 2, 3, 4)] == ["wrkspc_a", "wrkspc_b", None, None]
    assert things["apikey_4"].created_by == "user_1"


def test_the_default_workspace(connect: Connect) -> None:
    """The default workspace has the id `default`, as in the reports, and its real id beside it (trap 15)."""
    things = everything(connect(directory())[0])
    assert things["default"].name == "Default"
    assert things["default"].workspace == "wrkspc_real"
    assert "wrkspc_real" not in things


def test_an_api_that_does_not_know_of_it(connect: Connect) -> None:
    """Where the list does not show the default workspace, or refuses to, no other takes its place."""
    for instead in (listed(*WORKSPACES), refusal(400)):
        assert "default" not in everything(connect(directory(default=instead))[0])


@pytest.mark.parametrize("order", [1, -1])
def test_a_workspace_made_meanwhile_is_not_the_default(connect: Connect, order: int) -> None:
    """A workspace that is made between the two lists does not become the default one."""
    late = {"id": "wrkspc_late", "type": "workspace", "name": "Made meanwhile", "archived_at": None}
    things = everything(connect(directory(default=listed(*WORKSPACES, *[DEFAULT, late][::order])))[0])
    assert things["default"].workspace == "wrkspc_real"


def test_without_the_first_list_none_is_default(connect: Connect) -> None:
    """Where the list that the default is told by is refused, no workspace is called the default by mistake."""
    shown = listed(DEFAULT, *WORKSPACES)
    things = everything(connect(directory(workspaces=refusal(403), default=shown))[0])
    assert things.get("default") is None or things["default"].workspace == "wrkspc_real"


def test_service_accounts_only_with_a_token(connect: Connect) -> None:
    """With a key, which is always refused there, service accounts are not asked for."""
    client, server = connect(directory())
    assert "svac_1" not in everything(client)
    assert not [request for request in server.requests if request.url.path.endswith("service_accounts")]


@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.parametrize(("path", "purpose"), [("api_keys", "keys"), ("users", "users"), ("workspaces", "workspaces")])
def test_a_list_that_is_refused(connect: Connect, status: int, path: str, purpose: str) -> None:
    """A list that may not be read is told and left out; the others are read (trap 33)."""
    refusals: dict[str, Refused] = {}
    things = everything(connect(directory(**{path: refusal(status)}))[0], refusals.__setitem__)
    assert list(refusals) == [purpose]
    assert refusals[purpose].status == status
    assert "0f9e-org" in things


@pytest.mark.parametrize(("path", "purpose"), [("api_keys", "keys"), ("users", "users"), ("workspaces", "workspaces")])
def test_a_list_that_only_errors(connect: Connect, path: str, purpose: str) -> None:
    """A list that answers 500 until patience ends is told and left out: names are a convenience."""
    refusals: dict[str, ApiError] = {}
    things = everything(connect(directory(**{path: refusal(500)}))[0], refusals.__setitem__)
    assert purpose in refusals
    assert all(isinstance(wrong, Unreachable) for wrong in refusals.values())
    assert "0f9e-org" in things


def test_an_api_that_only_errors(connect: Connect, clock: FakeClock) -> None:
    """Where a second list has nothing but errors, nothing is waited for any longer."""
    for lists in ({"users": refusal(529), "api_keys": refusal(529)}, {"me": refusal(529), "users": refusal(529)}):
        clock.seconds = 0
        with pytest.raises(Unreachable):
            everything(connect(directory(**lists))[0])
        assert clock.seconds < 660


@pytest.mark.parametrize("status", [400, 403, 404])
def test_an_organization_that_may_not_be_read(connect: Connect, status: int) -> None:
    """A credential that may not read who it belongs to is told so, and reads what it may."""
    refusals: dict[str, Refused] = {}
    things = everything(connect(directory(me=refusal(status)))[0], refusals.__setitem__)
    assert list(refusals) == ["organization"]
    assert things


def test_a_credential_revoked_meanwhile(connect: Connect) -> None:
    """A 401 in the middle is raised, not left out."""
    with pytest.raises(Refused):
        everything(connect(directory(users=refusal(401)))[0])


def test_a_lost_cursor_is_no_half_a_list(connect: Connect) -> None:
    """A list whose later page is lost is read once more from its start; lost again it is told, and left out whole."""
    refusals: dict[str, ApiError] = {}
    again = Server(listed(USERS[0], has_more=True), refusal(400), listed(USERS[0]))
    assert USERS[0]["id"] in everything(connect(directory(users=again))[0], refusals.__setitem__)
    assert refusals == {}
    lost = Server(listed(USERS[0], has_more=True), refusal(400), listed(USERS[0], has_more=True), refusal(400))
    assert USERS[0]["id"] not in everything(connect(directory(users=lost))[0], refusals.__setitem__)
    assert list(refusals) == ["users"]


@pytest.mark.parametrize(
    ("odd", "text"),
    [
        ({"data": [{"name": "no id"}], "has_more": False}, "an entry without an id"),
        ({"data": {}, "has_more": False}, "is no list"),
        ({"has_more": False}, "is no list"),
    ],
)
def test_a_list_that_cannot_be(connect: Connect, odd: object, text: str) -> None:
    """A list of another shape stops nothing: it is told, it is not the whole list, and the other names are read."""
    client, _ = connect(directory(api_keys=reply(200, odd)))
    pages, oddities = list(read(client, ignore)), set[Oddity]()
    assert {named.type for named in names(pages, oddities)} == {"organization", "workspace", "user"}
    assert [oddity.field for oddity in oddities if text in oddity.text] == ["keys"]
    assert [purpose for purpose, page in pages if purpose != "organization" and not is_complete_list(page)] == ["keys"]
